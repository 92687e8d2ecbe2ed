/* http — where a host's addresses come from: a resolver that is fine, wrong, or dead. */
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>

#include "../lib/asker.h"

/* ---- a resolver of our own: api.test is here, dead.test never answers, others fail ---- */

static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_moved = PTHREAD_COND_INITIALIZER;
static bool resolver_alive;
static unsigned resolver_asked, resolver_inside;

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
    (void)service, (void)hints;
    pthread_mutex_lock(&resolver_lock);
    resolver_asked++;
    resolver_inside++;
    while (!resolver_alive && strcmp(host, "dead.test") == 0)
        pthread_cond_wait(&resolver_moved, &resolver_lock);
    resolver_inside--;
    pthread_cond_broadcast(&resolver_moved);
    pthread_mutex_unlock(&resolver_lock);
    if (strcmp(host, "api.test") != 0 && strcmp(host, "dead.test") != 0)
        return EAI_NONAME;
    struct addrinfo *info = calloc(1, sizeof *info);
    struct sockaddr_in *address = calloc(1, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    info->ai_family = AF_INET;
    info->ai_addr = (struct sockaddr *)address;
    *ret = info;
    return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
    free(info->ai_addr);
    free(info);
}

/* Lets the threads that hang in it come home. */
static void resolver_wake(void)
{
    pthread_mutex_lock(&resolver_lock);
    resolver_alive = true;
    pthread_cond_broadcast(&resolver_moved);
    while (resolver_inside > 0)
        pthread_cond_wait(&resolver_moved, &resolver_lock);
    resolver_alive = false;
    pthread_mutex_unlock(&resolver_lock);
}

/* ---- what it means for a request ---- */

TEST(name_is_looked_up_once_and_kept_on_disk)
{
    struct asker asker;
    char dir[] = "/tmp/holdfast-http-XXXXXX", path[64], line[128] = "";
    CHECK(mkdtemp(dir) != NULL);
    open_asker_at(&asker, dir);
    resolver_asked = 0;
    struct http_order order = order_of(&asker, "api.test", PORT_GOOD, "/echo");
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_ANSWERED);
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_ANSWERED);
    CHECK_EQ(resolver_asked, 1);
    close_asker(&asker);
    snprintf(path, sizeof path, "%s/api-addresses", dir);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL && fgets(line, sizeof line, file) != NULL);
    CHECK_STR(line, "api.test 127.0.0.1\n");
    if (file != NULL)
        fclose(file);
    nftw(dir, child_remove, 8, FTW_DEPTH | FTW_PHYS);
}

TEST(dead_resolver_stops_nobody_who_is_known)
{
    struct asker asker;
    char dir[] = "/tmp/holdfast-http-XXXXXX", path[64];
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/api-addresses", dir);
    FILE *file = fopen(path, "w");
    fprintf(file, "\xff\xfe rubbish\n-bad- 1.2.3.4\ndead.test nonsense 127.0.0.9 127.0.0.1 \n");
    fclose(file);
    open_asker_at(&asker, dir);
    struct http_order order = order_of(&asker, "dead.test", PORT_GOOD, "/echo");
    run_order(&asker, &order); /* nobody listens at the first address: the second is used */
    CHECK_EQ(asker.answer.end, HTTP_ANSWERED);
    CHECK_HAS(asker.body, "\"Host\": \"dead.test:");
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_ANSWERED);
    printf("resolver dead, host known: %lld ms, longest stall %lld ms\n",
           (long long)asker.answer.took_ms, (long long)asker.stall_ms);
    CHECK(asker.stall_ms < 1000); /* a joined thread would be seen; load must not be */
    close_asker(&asker);
    nftw(dir, child_remove, 8, FTW_DEPTH | FTW_PHYS);
    resolver_wake();
}

TEST(dead_resolver_and_unknown_host_end_at_the_deadline)
{
    struct asker asker;
    open_asker(&asker);
    resolver_asked = 0;
    struct http_order order = order_of(&asker, "dead.test", PORT_GOOD, "/echo");
    order.deadline_ms = 300;
    for (int i = 0; i < 3; i++) {
        run_order(&asker, &order);
        CHECK_EQ(asker.answer.end, HTTP_UNSENT);
        CHECK_HAS(asker.detail, "could not be looked up (is the resolver alive?) "
                                "within 300 ms");
    }
    CHECK_EQ(resolver_asked, 1); /* one thread hangs, not three */
    CHECK(asker.stall_ms < 1000);
    resolver_wake(); /* and the answer that comes late is used */
    spin_for(&asker.loop, 50);
    order.deadline_ms = 5000;
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_ANSWERED);
    close_asker(&asker);
}

TEST(name_that_is_not_there)
{
    struct asker asker;
    open_asker(&asker);
    struct http_order order = order_of(&asker, "none.test", PORT_GOOD, "/echo");
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_UNSENT);
    CHECK_HAS(asker.detail, "none.test");
    CHECK_HAS(asker.detail, "cannot be looked up: Name or service not known");
    close_asker(&asker);
}

/* The resolver still hangs when everything is closed. */
TEST(closing_waits_for_no_resolver)
{
    struct asker asker;
    struct err err = {0};
    open_asker(&asker);
    struct http_order order = order_of(&asker, "dead.test", PORT_GOOD, "/echo");
    CHECK(http_start(asker.http, &order, &err) != NULL);
    spin_for(&asker.loop, 20);
    mono_ms before = clock_now();
    close_asker(&asker);
    CHECK(clock_now() - before < 1000);
    CHECK_EQ(asker.ended, 0);
    resolver_wake();
}

/* [dns] doh: the machine's own resolver is dead, and not even asked. */
TEST(name_is_looked_up_over_https)
{
    struct asker asker;
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%u/dns-query",
             (unsigned)server.ports[PORT_GOOD]);
    open_asker_with(&asker, NULL, url);
    resolver_asked = 0;
    struct http_order order = order_of(&asker, "dead.test", PORT_GOOD, "/echo");
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_ANSWERED);
    CHECK_HAS(asker.body, "\"Host\": \"dead.test:");
    CHECK_EQ(resolver_asked, 0);
    CHECK(asker.stall_ms < 1000);
    close_asker(&asker);
    snprintf(url, sizeof url, "https://127.0.0.1:1/dns-query"); /* nobody listens there */
    open_asker_with(&asker, NULL, url);
    order = order_of(&asker, "dead.test", PORT_GOOD, "/echo");
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_UNSENT);
    CHECK_EQ(resolver_asked, 0); /* no way around it */
    close_asker(&asker);
}

int main(int argc, char **argv)
{
    return asker_main(argc, argv);
}
