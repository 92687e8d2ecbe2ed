/* seeds — writes the first inputs of every corpus.  Usage: fuzz_seeds DIRECTORY
 *
 * Run from the top of the sources. `tests/fuzz/run --minimize` calls it, lets the fuzzers grow
 * what they find in it, and keeps the fewest files that reach the same code. */
#include "seeds.h"

#include <sodium.h>
#include <sys/stat.h>

static const char *folder;
static unsigned written;

void seed_write(const char *target, struct seed *seed)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, target);
    (void)mkdir(path, 0755);
    (void)snprintf(path, sizeof path, "%s/%s/%03u", folder, target, written++);
    FILE *file = fopen(path, "wb");
    FUZZ_CHECK(file != NULL);
    FUZZ_CHECK(fwrite(seed->bytes, 1, seed->size, file) == seed->size);
    FUZZ_CHECK(fclose(file) == 0);
    seed->size = 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz_seeds DIRECTORY\n");
        return 2;
    }
    FUZZ_CHECK(sodium_init() >= 0);
    folder = argv[1];
    (void)mkdir(folder, 0755);
    seeds_speech();
    seeds_texts();
    seeds_dns();
    seeds_api();
    seeds_cloudflare();
    seeds_route53();
    seeds_plays();
    printf("%u seeds\n", written);
    return 0;
}
