/* http — requests against a server that misbehaves and certificates that are no good. */
#include <fcntl.h>
#include <netinet/in.h>

#include "../lib/asker.h"

/* ---- what works ---- */

TEST(request_arrives_whole_over_tls)
{
    static const char *const headers[] = {"Content-Type: application/json", "X-Api-Key: sekret",
                                          NULL};
    struct asker asker;
    open_asker(&asker);
    struct http_order order = order_of(&asker, "localhost", PORT_GOOD, "/echo?a=1");
    order.method = "PATCH";
    order.headers = headers;
    order.body = "{\"x\": 1}";
    order.body_size = 8;
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_ANSWERED);
    CHECK_EQ(asker.answer.status, 200);
    CHECK_EQ(asker.answer.sendings, 1);
    CHECK_EQ(asker.answer.retry_after_ms, -1);
    CHECK_EQ(asker.may_asked, 1);
    CHECK_STR(asker.detail, "");
    CHECK_STR(asker.mark, "seen");
    CHECK_HAS(asker.body, "\"method\": \"PATCH\", \"path\": \"/echo?a=1\"");
    CHECK_HAS(asker.body, "\"body\": \"{\\\"x\\\": 1}\"");
    CHECK_HAS(asker.body, "\"X-Api-Key\": \"sekret\"");
    CHECK_HAS(asker.body, "\"User-Agent\": \"holdfast/" HOLDFAST_VERSION "\"");
    close_asker(&asker);
}

TEST(post_without_body_and_status_of_an_error)
{
    struct asker asker;
    open_asker(&asker);
    struct http_order order = order_of(&asker, "127.0.0.1", PORT_PLAIN, "/echo");
    order.method = "POST";
    run_order(&asker, &order);
    CHECK_HAS(asker.body, "\"Content-Length\": \"0\"");
    get(&asker, PORT_PLAIN, "/nowhere");
    CHECK_EQ(asker.answer.end, HTTP_ANSWERED);
    CHECK_EQ(asker.answer.status, 404);
    CHECK_STR(asker.body, "{\"error\": \"no such path\"}");
    get(&asker, PORT_PLAIN, "/empty");
    CHECK_EQ(asker.answer.status, 204);
    CHECK_STR(asker.body, "");
    get(&asker, PORT_PLAIN, "/busy");
    CHECK_EQ(asker.answer.status, 429);
    CHECK_EQ(asker.answer.retry_after_ms, 7000);
    close_asker(&asker);
}

TEST(signed_by_libcurl)
{
    struct asker asker;
    struct http_sign sign = {"aws:amz:us-east-1:route53", "AKIDEXAMPLE", "hush"};
    static const char *const headers[] = {"Content-Type: text/xml", "X-Amz-Security-Token: tok",
                                          NULL};
    open_asker(&asker);
    struct http_order order = order_of(&asker, "localhost", PORT_GOOD, "/echo");
    order.method = "POST";
    order.body = "<x/>";
    order.body_size = 4;
    order.headers = headers;
    order.sign = &sign;
    run_order(&asker, &order);
    CHECK_HAS(asker.body, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/");
    CHECK_HAS(asker.body, "/us-east-1/route53/aws4_request, SignedHeaders=content-type;host;"
                          "x-amz-date;x-amz-security-token, Signature=");
    CHECK(strstr(asker.body, "hush") == NULL);
    close_asker(&asker);
}

/* ---- answers that are none ---- */

TEST(answer_that_breaks_off)
{
    struct asker asker;
    get_once(&asker, PORT_PLAIN, "/truncated");
    CHECK_EQ(asker.answer.end, HTTP_LOST);
    CHECK_STR(asker.body, "");
    CHECK_HAS(asker.detail, "ended in the middle of the answer");
    get_once(&asker, PORT_GOOD, "/closed");
    CHECK_EQ(asker.answer.end, HTTP_LOST);
    CHECK_HAS(asker.detail, "localhost:");
    CHECK_HAS(asker.detail, "without an answer");
    get_once(&asker, PORT_PLAIN, "/rubbish");
    CHECK_EQ(asker.answer.end, HTTP_LOST);
    CHECK_HAS(asker.detail, "is not HTTP");
}

TEST(answers_without_end_are_cut)
{
    static const char *const paths[] = {"/big", "/chunks", "/headers"};
    struct asker asker;
    for (size_t i = 0; i < 3; i++) {
        get_once(&asker, PORT_GOOD, paths[i]);
        CHECK_EQ(asker.answer.end, HTTP_LOST);
        CHECK_EQ(asker.answer.body_size, 0);
        CHECK_HAS(asker.detail, "longer than 64 KiB");
    }
}

TEST(redirect_is_not_followed)
{
    struct asker asker;
    get_once(&asker, PORT_GOOD, "/redirect");
    CHECK_EQ(asker.answer.end, HTTP_REFUSED);
    CHECK_HAS(asker.detail, "a redirect (302 to https://elsewhere.example/x)");
}

TEST(silence_ends_at_the_deadline)
{
    static const char *const paths[] = {"/slow", "/drip"};
    static const char *const details[] = {"no answer within 1500 ms",
                                          "the answer did not come to its end within 1500 ms"};
    struct asker asker;
    for (size_t i = 0; i < 2; i++) {
        open_asker(&asker);
        struct http_order order = order_of(&asker, "localhost", PORT_GOOD, paths[i]);
        order.deadline_ms = 1500; /* it is sent by then */
        run_order(&asker, &order);
        CHECK_EQ(asker.answer.end, HTTP_LOST);
        CHECK(asker.answer.took_ms >= 1499 && asker.answer.took_ms < 4000);
        CHECK_HAS(asker.detail, details[i]);
        close_asker(&asker);
    }
}

TEST(certificates_that_are_no_good)
{
    static const int ports[] = {PORT_MISNAMED, PORT_STRANGE, PORT_EXPIRED};
    static const char *const details[] = {"no alternative certificate subject name matches",
                                          "unable to get local issuer", "certificate has expired"};
    struct asker asker;
    for (size_t i = 0; i < 3; i++) {
        get_once(&asker, ports[i], "/echo");
        CHECK_EQ(asker.answer.end, HTTP_REFUSED);
        CHECK_EQ(asker.answer.sendings, 0);
        CHECK_HAS(asker.detail, details[i]);
        CHECK_HAS(asker.detail, "set ca-file");
    }
    open_asker(&asker);
    struct http_order order = order_of(&asker, "localhost", PORT_GOOD, "/echo");
    order.ca_file = ""; /* the system's list does not know the test's authority */
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_REFUSED);
    CHECK_HAS(asker.detail, "unable to get local issuer");
    order.ca_file = "/nowhere/ca.pem";
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_REFUSED);
    CHECK_HAS(asker.detail, "ca-file must be a readable file");
    close_asker(&asker);
}

TEST(plain_server_where_tls_is_meant)
{
    struct asker asker;
    open_asker(&asker);
    struct http_order order = order_of(&asker, "localhost", PORT_GOOD, "/echo");
    snprintf(asker.url, sizeof asker.url, "https://localhost:%u/echo", server.ports[PORT_PLAIN]);
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_UNSENT);
    CHECK_EQ(asker.may_asked, 0);
    snprintf(asker.url, sizeof asker.url, "https://127.0.0.1:1/echo");
    run_order(&asker, &order);
    CHECK_EQ(asker.answer.end, HTTP_UNSENT);
    CHECK_HAS(asker.detail, "127.0.0.1:1");
    close_asker(&asker);
}

/* ---- may_send, cancel, kept connections ---- */

TEST(without_permit_nothing_is_sent)
{
    struct asker asker;
    open_asker(&asker);
    asker.may = false;
    get(&asker, PORT_GOOD, "/echo");
    CHECK_EQ(asker.answer.end, HTTP_UNSENT);
    CHECK_EQ(asker.answer.sendings, 0);
    CHECK_HAS(asker.detail, "not sent: the permit to act ended");
    close_asker(&asker);
}

TEST(cancelled_says_nothing)
{
    struct asker asker;
    struct err err = {0};
    open_asker(&asker);
    struct http_order order = order_of(&asker, "localhost", PORT_GOOD, "/slow");
    order.deadline_ms = 200;
    struct http_call *call = http_start(asker.http, &order, &err);
    spin_for(&asker.loop, 50);
    http_cancel(call);
    http_cancel(NULL);
    call = http_start(asker.http, &order, &err);
    http_cancel(call);
    spin_for(&asker.loop, 400);
    CHECK_EQ(asker.ended, 0);
    (void)http_start(asker.http, &order, &err); /* http_close cancels it */
    close_asker(&asker);
}

/* What this process starts inherits no connection. */
TEST(connections_are_closed_on_exec)
{
    struct asker asker;
    open_asker(&asker);
    get(&asker, PORT_GOOD, "/echo");
    unsigned sockets = 0, kept = 0;
    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0 || peer.sin_family != AF_INET)
            continue;
        sockets++;
        kept += (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
    }
    CHECK_EQ(sockets, 1);
    CHECK_EQ(kept, 0);
    close_asker(&asker);
}

TEST(kept_connection_that_died_is_told)
{
    struct asker asker;
    open_asker(&asker);
    get(&asker, PORT_GOOD, "/last");
    CHECK_EQ(asker.answer.end, HTTP_ANSWERED);
    get(&asker, PORT_GOOD, "/echo");
    CHECK_EQ(asker.answer.end, HTTP_ANSWERED);
    CHECK(asker.answer.sendings >= 1 && asker.answer.sendings == asker.may_asked - 1);
    close_asker(&asker);
}

/* The first sending may have been done: what the second one meets says nothing about it. */
TEST(refusal_after_a_sending_is_lost)
{
    static const char *const paths[] = {"/moved", "/replaced"};
    static const char *const details[] = {"a redirect", "unable to get local issuer"};
    for (unsigned i = 0; i < 2; i++) {
        struct asker asker;
        open_asker(&asker);
        get(&asker, PORT_GOOD, paths[i]);
        CHECK_EQ(asker.answer.end, HTTP_ANSWERED);
        get(&asker, PORT_GOOD, paths[i]);
        CHECK_EQ(asker.answer.end, HTTP_LOST);
        CHECK_EQ(asker.answer.sendings, 2 - i);
        CHECK_HAS(asker.detail, details[i]);
        close_asker(&asker);
    }
}

TEST(orders_that_are_no_good)
{
    static const char *const bad[] = {"X-A: b\r\nX-Evil: 1", "no colon", "X-A:", "X A: b", NULL};
    static const char *const urls[] = {
        "http://example.com/", "ftp://127.0.0.1/", "https://", "https://user:hush@example.com/",
        "https://example.com/a b", "https://example.com/\x01", "https://exam ple.com/",
        "http://127.0.0.1.example.com/", "https://example.com:0/", "file:///etc/passwd"};
    struct asker asker;
    struct err err = {0};
    open_asker(&asker);
    struct http_order order = order_of(&asker, "localhost", PORT_GOOD, "/echo");
    for (size_t i = 0; bad[i] != NULL; i++) {
        const char *const headers[] = {"X-Fine: 1", bad[i], NULL};
        order.headers = headers;
        CHECK(http_start(asker.http, &order, &err) == NULL);
        CHECK_EQ(err.code, ERR_USAGE);
        CHECK_HAS(err.text, "header 2");
    }
    order.headers = NULL;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        order.url = urls[i];
        CHECK(http_start(asker.http, &order, &err) == NULL);
        CHECK_EQ(err.code, ERR_USAGE);
        CHECK(strstr(err.text, "hush") == NULL);
    }
    order.url = asker.url;
    order.method = "BREW";
    CHECK(http_start(asker.http, &order, &err) == NULL);
    close_asker(&asker);
}

TEST(too_many_at_once_are_refused)
{
    struct asker asker;
    struct err err = {0};
    open_asker(&asker);
    struct http_order order = order_of(&asker, "localhost", PORT_PLAIN, "/slow");
    for (int i = 0; i < HTTP_CALL_MAX; i++)
        CHECK(http_start(asker.http, &order, &err) != NULL);
    CHECK(http_start(asker.http, &order, &err) == NULL);
    CHECK_EQ(err.code, ERR_SYSTEM);
    close_asker(&asker);
}

int main(int argc, char **argv)
{
    return asker_main(argc, argv);
}
