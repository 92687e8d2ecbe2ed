/* ready_test — words to the service manager: paths, abstract names, the watchdog, a full queue. */
#include "agent/peer/ready.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/lib/await.h"

struct rig {
    uv_loop_t loop;
    struct ready ready;
    int manager;
    char text[512];
};

static void rig_open(struct rig *rig, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *rig = (struct rig){.manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)};
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = 0;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    CHECK_EQ(bind(rig->manager, (struct sockaddr *)&address, size), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    uv_loop_init(&rig->loop);
    ready_open(&rig->ready, &rig->loop);
}

static void rig_close(struct rig *rig)
{
    ready_close(&rig->ready);
    await_end(&rig->loop);
    close(rig->manager);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

/* The next datagram, or "". */
static const char *taken(struct rig *rig)
{
    ssize_t size = recv(rig->manager, rig->text, sizeof rig->text - 1, 0);
    rig->text[size > 0 ? size : 0] = 0;
    return rig->text;
}

TEST(words_to_a_path_and_to_an_abstract_name)
{
    char names[2][64], big[1000];
    snprintf(names[0], sizeof names[0], "/tmp/holdfast-ready-%d", getpid());
    snprintf(names[1], sizeof names[1], "@holdfast-ready-%d", getpid());
    (void)unlink(names[0]); /* of a process that had this id before */
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    for (int i = 0; i < 2; i++) {
        struct rig rig;
        rig_open(&rig, names[i]);
        ready_up(&rig.ready);
        CHECK_HAS(taken(&rig), "READY=1");
        ready_status(&rig.ready, "standby");
        CHECK_HAS(taken(&rig), "STATUS=standby");
        ready_status(&rig.ready, big);
        CHECK_HAS(taken(&rig), "STATUS=xxx");
        CHECK(strlen(rig.text) < 300);
        ready_reloading(&rig.ready);
        CHECK_HAS(taken(&rig), "RELOADING=1");
        CHECK_HAS(rig.text, "\nMONOTONIC_USEC=");
        ready_stopping(&rig.ready);
        CHECK_HAS(taken(&rig), "STOPPING=1");
        CHECK_STR(taken(&rig), ""); /* no watchdog was asked for */
        rig_close(&rig);
    }
    unlink(names[0]);
}

TEST(watchdog_at_half_its_time)
{
    struct rig rig;
    char name[64], pid[16];
    snprintf(name, sizeof name, "@holdfast-watchdog-%d", getpid());
    snprintf(pid, sizeof pid, "%d", getpid());
    setenv("WATCHDOG_USEC", "100000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    rig_open(&rig, name);
    double start = await_ms(), took = 0;
    for (int turn = 0; turn < 5 && (turn == 0 || took >= 400); turn++) { /* a busy machine */
        int count = 0;
        start = await_ms();
        AWAIT(&rig.loop, (count += strcmp(taken(&rig), "WATCHDOG=1") == 0) >= 5, 5000);
        took = await_ms() - start;
    }
    CHECK(took > 140 && took < 400); /* 4 or 5 times 50 ms */
    rig_close(&rig);
    setenv("WATCHDOG_USEC", "100000", 1);
    setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
    rig_open(&rig, name);
    for (start = await_ms(); await_ms() < start + 150;)
        (void)await_turn(&rig.loop);
    CHECK_STR(taken(&rig), "");
    rig_close(&rig);
}

TEST(nobody_or_nonsense)
{
    static const char *const names[] = {"", "x", "@", "/nonexistent/notify", "vsock:2:1"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct rig rig = {.manager = -1};
        setenv("NOTIFY_SOCKET", names[i], 1);
        setenv("WATCHDOG_USEC", "garbage", 1);
        uv_loop_init(&rig.loop);
        ready_open(&rig.ready, &rig.loop);
        ready_up(&rig.ready);
        ready_status(&rig.ready, "x");
        CHECK_EQ(rig.ready.file, -1);
        ready_close(&rig.ready);
        await_end(&rig.loop);
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
}

TEST(manager_that_reads_nothing)
{
    struct rig rig;
    char name[64];
    snprintf(name, sizeof name, "@holdfast-full-%d", getpid());
    rig_open(&rig, name);
    double start = await_own_ms();
    for (int i = 0; i < 2000; i++)
        ready_status(&rig.ready, "never waits");
    CHECK(await_own_ms() - start < 500);
    rig_close(&rig);
}

CHECK_MAIN
