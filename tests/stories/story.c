/* story — runs text transcripts of a whole cluster and compares what it decides.
 *
 *   story [--rewrite] FILE...
 *
 * A file is a list of scenes: commands, a line "----", what is expected, an empty line. Lines
 * that begin with # are comments. What is printed are decisions (notes), not packets. The net
 * delays 10 ms each way, disks 5 ms, no jitter: a story reads the same every time.
 *
 * Commands (one a line, or separated by ;):
 *   interval MS lease MS              before the first start; default 500 and 5000
 *   start NAME|all    fresh NAME|all  with a state file (epoch 100, nobody) / without one
 *   crash NAME        lose NAME       kill -9 / and its state file is gone
 *   freeze NAME MS    run MS          stand still (clock goes on) / let time pass
 *   until NAME|nobody MS              holds; fails the story when it takes longer
 *   cut A B   cut A > B   isolate A   deaf A   mute A   heal   loss PERCENT
 *   fit NAME  unfit NAME  disk NAME ok|fail   fence NAME EPOCH
 *   switchover NAME  stop NAME  maintenance NAME MS  pause NAME MS  force NAME  release NAME
 *   recover NAME GONE    quiet       (forget the notes so far) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../agent/peer/happen.h"
#include "../sim/world.h"

#define TEXT_SIZE 65536
#define WORD_MAX 6

static const char *const names[PEER_COUNT] = {"server1", "server2", "witness"};

struct story {
    struct world *world;
    char *transcript; /* of the present scene */
    size_t size;
    bool failed;
};

static void say(struct story *story, const char *text)
{
    size_t length = strlen(text);
    if (length + 2 > TEXT_SIZE - story->size) {
        story->failed = true;
        return;
    }
    memcpy(story->transcript + story->size, text, length);
    story->size += length;
    story->transcript[story->size++] = '\n';
    story->transcript[story->size] = '\0';
}

static void on_note(void *owner, const struct world *world, uint8_t peer,
                    const struct note *note)
{
    char sentence[300], line[400];
    if (reason_level(note->reason) == REASON_DEBUG)
        return;
    struct note shown = *note;
    if (note->number > 1000000000) /* never in the screen of a story */
        shown.number = 0;
    happen_render(&shown, names, sentence, sizeof sentence);
    snprintf(line, sizeof line, "[%lld] %s > %s", (long long)(world->now / 1000), names[peer],
             sentence);
    say(owner, line);
}

static uint8_t peer_of(struct story *story, const char *name)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    story->failed = true;
    printf("no peer \"%s\"\n", name);
    return 0;
}

static void order(struct story *story, const char *name, enum order what, const char *number)
{
    uint8_t peer = peer_of(story, name);
    struct obstacle obstacles[OBSTACLE_COUNT_MAX];
    struct event event = {.kind = EVENT_ORDER, .order = {.order = what, .peer = PEER_NONE}};
    if (what == ORDER_RECOVER)
        event.order.peer = peer_of(story, number);
    else
        event.order.span_ms = atoll(number);
    const struct core *core = &story->world->peers[peer].core;
    size_t count =
        core_order_obstacles(core, world_clock(story->world, peer), &event, obstacles);
    for (size_t i = 0; i < count; i++) {
        struct note note = {obstacles[i].reason, obstacles[i].peer, obstacles[i].epoch, 0};
        char sentence[300], line[400];
        happen_render(&note, names, sentence, sizeof sentence);
        snprintf(line, sizeof line, "[%lld] %s refuses: %s",
                 (long long)(story->world->now / 1000), names[peer], sentence);
        say(story, line);
    }
    world_event(story->world, peer, &event);
}

static void start(struct story *story, const char *name, bool fresh)
{
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        struct world_disk *disk = &story->world->peers[peer].disk;
        if (strcmp(name, "all") != 0 && strcmp(name, names[peer]) != 0)
            continue;
        if (!fresh && disk->file.epoch == 0)
            disk->file = (struct stored){.present = true,
                                         .epoch = 100,
                                         .holder = PEER_NONE,
                                         .members = story->world->settings.members};
        disk->delay_min = disk->delay_max = 5;
        world_start(story->world, peer);
    }
}

static void cut(struct story *story, uint8_t from, uint8_t to, bool both)
{
    story->world->net.cut[from][to] = true;
    if (both)
        story->world->net.cut[to][from] = true;
}

static void cut_all(struct story *story, uint8_t peer, bool out, bool in)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++) {
        if (i == peer)
            continue;
        if (out)
            story->world->net.cut[peer][i] = true;
        if (in)
            story->world->net.cut[i][peer] = true;
    }
}

static void run_until(struct story *story, const char *name, span_ms limit)
{
    struct world *world = story->world;
    uint8_t wanted = strcmp(name, "nobody") == 0 ? PEER_NONE : peer_of(story, name);
    true_us end = world->now + limit * 1000;
    while (world_holder(world) != wanted && world->now < end)
        if (!world_run(world, world->now + 1000))
            return;
    if (world_holder(world) == wanted)
        return;
    story->failed = true;
    say(story, "(did not happen in time)");
}

static bool net_command(struct story *story, char **word)
{
    struct world *world = story->world;
    if (strcmp(word[0], "cut") == 0 && strcmp(word[2], ">") == 0)
        cut(story, peer_of(story, word[1]), peer_of(story, word[3]), false);
    else if (strcmp(word[0], "cut") == 0)
        cut(story, peer_of(story, word[1]), peer_of(story, word[2]), true);
    else if (strcmp(word[0], "isolate") == 0)
        cut_all(story, peer_of(story, word[1]), true, true);
    else if (strcmp(word[0], "deaf") == 0)
        cut_all(story, peer_of(story, word[1]), false, true);
    else if (strcmp(word[0], "mute") == 0)
        cut_all(story, peer_of(story, word[1]), true, false);
    else if (strcmp(word[0], "heal") == 0) {
        memset(world->net.cut, 0, sizeof world->net.cut);
        world->net.loss_ppt = 0;
    } else if (strcmp(word[0], "loss") == 0)
        world->net.loss_ppt = (uint32_t)atoi(word[1]) * 10;
    else
        return false;
    return true;
}

static bool process_command(struct story *story, char **word)
{
    struct world *world = story->world;
    if (strcmp(word[0], "start") == 0 || strcmp(word[0], "fresh") == 0)
        start(story, word[1], word[0][0] == 'f');
    else if (strcmp(word[0], "crash") == 0)
        world_crash(world, peer_of(story, word[1]));
    else if (strcmp(word[0], "lose") == 0) {
        uint8_t peer = peer_of(story, word[1]);
        world_crash(world, peer);
        world->peers[peer].disk.file = (struct stored){.holder = PEER_NONE};
    } else if (strcmp(word[0], "freeze") == 0)
        world_freeze(world, peer_of(story, word[1]), atoll(word[2]));
    else if (strcmp(word[0], "fit") == 0 || strcmp(word[0], "unfit") == 0)
        world_fit(world, peer_of(story, word[1]), word[0][0] == 'f');
    else if (strcmp(word[0], "disk") == 0)
        world->peers[peer_of(story, word[1])].disk.failing = strcmp(word[2], "fail") == 0;
    else if (strcmp(word[0], "fence") == 0)
        world_event(world, peer_of(story, word[1]),
                    &(struct event){.kind = EVENT_FENCE,
                                    .fence.epoch = strtoull(word[2], NULL, 10)});
    else
        return false;
    return true;
}

static bool order_command(struct story *story, char **word)
{
    static const struct {
        const char *word;
        enum order order;
    } table[] = {{"switchover", ORDER_HANDOVER}, {"stop", ORDER_STOP},
                 {"maintenance", ORDER_MAINTENANCE}, {"pause", ORDER_PAUSE},
                 {"force", ORDER_FORCE}, {"release", ORDER_RELEASE},
                 {"recover", ORDER_RECOVER}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(word[0], table[i].word) != 0)
            continue;
        order(story, word[1], table[i].order, word[2]);
        return true;
    }
    return false;
}

static void command(struct story *story, char *text)
{
    char *word[WORD_MAX] = {"", "", "", "", "", ""}, *rest = NULL;
    size_t count = 0;
    for (char *next = strtok_r(text, " \t", &rest); next != NULL && count < WORD_MAX;
         next = strtok_r(NULL, " \t", &rest))
        word[count++] = next;
    if (count == 0)
        return;
    if (strcmp(word[0], "interval") == 0) {
        world_init(story->world, 1, atoll(word[1]), atoll(word[3]));
        for (uint8_t slot = 0; slot < SLOT_COUNT; slot++)
            story->world->peers[slot].settings.jitter_ppt = 0;
        story->world->net.delay_min = story->world->net.delay_max = 10;
        story->world->on_note = on_note;
        story->world->owner = story;
    } else if (strcmp(word[0], "run") == 0)
        world_run(story->world, story->world->now + atoll(word[1]) * 1000);
    else if (strcmp(word[0], "until") == 0)
        run_until(story, word[1], atoll(word[2]));
    else if (strcmp(word[0], "quiet") == 0)
        story->size = 0;
    else if (!net_command(story, word) && !process_command(story, word) &&
             !order_command(story, word)) {
        printf("unknown command \"%s\"\n", word[0]);
        story->failed = true;
    }
}

static void commands(struct story *story, char *line)
{
    char *rest = NULL;
    for (char *part = strtok_r(line, ";", &rest); part != NULL;
         part = strtok_r(NULL, ";", &rest))
        command(story, part);
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, TEXT_SIZE);
    if (file == NULL || text == NULL || fread(text, 1, TEXT_SIZE - 1, file) == 0) {
        printf("%s: cannot be read\n", path);
        free(text);
        text = NULL;
    }
    if (file != NULL)
        fclose(file);
    return text;
}

/* Copies the expected part of a scene and returns where the next begins. */
static char *take_expected(char *at, char *ret)
{
    size_t size = 0;
    while (*at != '\0' && *at != '\n') {
        char *end = strchr(at, '\n');
        size_t length = end == NULL ? strlen(at) : (size_t)(end - at) + 1;
        memcpy(ret + size, at, length);
        size += length;
        at += length;
    }
    ret[size] = '\0';
    return at;
}

/* Ends a scene: compares, and writes down what really happened. */
static void end_scene(struct story *story, const char *path, const char *expected, FILE *out)
{
    if (story->size == 0)
        say(story, "(nothing)");
    if (check_failed(story->world)) {
        say(story, story->world->check.text);
        story->failed = true;
    }
    if (out != NULL)
        fputs(story->transcript, out);
    else if (strcmp(story->transcript, expected) != 0) {
        printf("%s: expected\n%sgot\n%s", path, expected, story->transcript);
        story->failed = true;
    }
    story->size = 0;
    story->transcript[0] = '\0';
}

static bool run_file(struct story *story, const char *path, bool rewrite)
{
    char *text = read_all(path), *expected = malloc(TEXT_SIZE), *copy = malloc(TEXT_SIZE);
    char first[] = "interval 500 lease 5000";
    FILE *out = NULL;
    story->failed = text == NULL || expected == NULL || copy == NULL;
    story->size = 0;
    command(story, first);
    if (!story->failed && rewrite)
        out = fopen(path, "w");
    for (char *at = text; !story->failed && *at != '\0';) {
        char *end = strchr(at, '\n');
        size_t length = end == NULL ? strlen(at) : (size_t)(end - at);
        memcpy(copy, at, length);
        copy[length] = '\0';
        at += length + (end != NULL);
        if (out != NULL)
            fprintf(out, "%s\n", copy);
        if (strcmp(copy, "----") == 0) {
            at = take_expected(at, expected);
            end_scene(story, path, expected, out);
        } else if (copy[0] != '#')
            commands(story, copy);
    }
    if (out != NULL)
        fclose(out);
    free(text);
    free(expected);
    free(copy);
    return !story->failed;
}

int main(int argc, char **argv)
{
    struct story story = {.world = calloc(1, sizeof *story.world), .transcript = malloc(TEXT_SIZE)};
    bool rewrite = argc > 1 && strcmp(argv[1], "--rewrite") == 0;
    int passed = 0, failed = 0;
    if (story.world == NULL || story.transcript == NULL)
        return 2;
    for (int i = rewrite ? 2 : 1; i < argc; i++) {
        if (run_file(&story, argv[i], rewrite))
            passed++;
        else {
            failed++;
            printf("FAILED %s\n", argv[i]);
        }
    }
    free(story.world);
    free(story.transcript);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0 || passed == 0;
}
