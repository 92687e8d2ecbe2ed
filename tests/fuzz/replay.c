/* replay — plays the files of a corpus to a fuzzer's target, without libFuzzer.
 *
 * Usage: NAME_replay DIRECTORY_OR_FILE...; a directory that is not there counts as empty. Ends in
 * "N inputs"; a finding aborts, after the name of its file. */
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_SIZE_MAX (1 << 20)
#define PATH_SIZE 4096

static unsigned inputs;
static char playing[PATH_SIZE];

/* The input lies in a block of just its size, so that a sanitizer sees a read beyond it. */
static bool play(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *room = malloc(INPUT_SIZE_MAX);
    size_t size = file == NULL || room == NULL ? 0 : fread(room, 1, INPUT_SIZE_MAX, file);
    bool good = file != NULL && room != NULL && !ferror(file) && size < INPUT_SIZE_MAX;
    uint8_t *input = good ? malloc(size) : NULL;
    if (good && size > 0)
        memcpy(input, room, size);
    free(room);
    if (file != NULL)
        fclose(file);
    if (!good) {
        fprintf(stderr, "%s: cannot be read, or is longer than 1 MiB\n", path);
        return false;
    }
    snprintf(playing, sizeof playing, "%s", path);
    inputs++;
    LLVMFuzzerTestOneInput(input, size);
    free(input);
    playing[0] = 0;
    return true;
}

static bool play_all(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    bool good = true;
    for (int i = 0; i < count; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            good = play(path) && good;
        free(entries[i]);
    }
    free(entries);
    return good;
}

/* An assert, a FUZZ_CHECK or a sanitizer ends the process: which input was it? */
static void name_it(void)
{
    if (playing[0] != 0)
        fprintf(stderr, "%s: this input shows a finding\n", playing);
}

/* Of the sanitizers' runtime; NULL in a build without. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*on_death)(void));

static void on_abort(int number)
{
    (void)number;
    name_it();
}

int main(int argc, char **argv)
{
    bool good = true;
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(name_it);
    (void)signal(SIGABRT, on_abort);
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        struct stat found;
        if (stat(argv[i], &found) != 0)
            continue;
        good = (S_ISDIR(found.st_mode) ? play_all(argv[i]) : play(argv[i])) && good;
    }
    printf("%u inputs\n", inputs);
    return good && inputs > 0 ? 0 : 1;
}
