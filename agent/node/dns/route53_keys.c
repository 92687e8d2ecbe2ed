/* Happy path: a file is read once, and again when it was replaced, for which every request has it
 * looked at. A role's keys are asked for in three steps (a token for asking, the role's name, its
 * keys), and anew long before they end.
 *
 * Failure modes: a file that is gone or unusable; a disk that answers no more (the look hangs, on
 * a thread of its own, and the keys stay as they are); an instance without a role; no instance at
 * all; keys that Amazon refuses early. While new keys cannot be had, the old ones are used as long
 * as they live, and it is asked again after 1 s, then less and less often. */
#include "route53_keys.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../peer/clock.h"
#include "../../peer/keys.h"
#include "../blocking.h"
#include "route53_file.h"

#define STEP_MS 2000         /* for one step: the service is on the same host */
#define AHEAD_MS 600000      /* renewed so long before the end; Amazon has new keys 5 min before */
#define MARGIN_MS 2000       /* keys that end sooner are not used any more */
#define AGAIN_MS_MIN 1000
#define AGAIN_MS_MAX 60000
#define LOOK_MS_MAX 3600000  /* between two renewals */
#define ROLE_SIZE 65
#define WHY_SIZE 640
#define ASK_TOKEN_HEADER "X-aws-ec2-metadata-token: "
#define ASK_TOKEN_SIZE 512
#define ENDPOINT_VARIABLE "AWS_EC2_METADATA_SERVICE_ENDPOINT" /* as the AWS tools read it */

enum step { STEP_TOKEN, STEP_NAME, STEP_KEYS };

/* All that is secret, in locked memory. */
struct hidden {
    struct route53_secret secret, fresh;
    char ask_token[ASK_TOKEN_SIZE]; /* a whole header line */
};

/* What a file is, as far as its content and its mode depend on it. */
struct look {
    char path[PATH_SIZE];
    bool there;
    struct timespec changed;
    ino_t inode;
};

struct route53_keys {
    struct http *http;
    char path[PATH_SIZE]; /* of the file; "" = the instance's role */
    char profile[NAME_SIZE];
    struct look seen;          /* the file, as last read */
    struct blocking *looking;  /* NULL = nobody looks at it just now */
    struct hidden *hidden;
    struct http_sign sign;
    bool have;
    char words[PATH_SIZE + 32], why[WHY_SIZE];
    /* of a role: */
    char base[PATH_SIZE], role[ROLE_SIZE];
    enum step step;
    struct http_call *call; /* NULL = nothing runs */
    uv_timer_t again;
    mono_ms end; /* of the keys, by this machine's own clock */
    span_ms wait_ms;
    route53_keys_on_news *on_news;
    void *owner;
};

/* ---- a file ---- */

/* May hang: on a thread of its own. */
static void look(void *block)
{
    struct look *file = block;
    struct stat info;
    file->there = stat(file->path, &info) == 0;
    if (file->there) {
        file->changed = info.st_ctim;
        file->inode = info.st_ino;
    }
}

static int read_file(struct route53_keys *keys, struct err *err)
{
    char *text = sodium_malloc(KEYS_SECRET_TEXT_SIZE);
    if (text == NULL)
        return err_set(err, ERR_SYSTEM, "no locked memory for the keys (see ulimit -l)");
    int code = keys_secret_text(keys->path, text, KEYS_SECRET_TEXT_SIZE, err);
    if (code == 0 && route53_file_parse(text, keys->profile, &keys->hidden->secret, err) != 0)
        code = err_wrap(err, "%s", keys->path);
    sodium_free(text);
    keys->have = code == 0;
    if (code != 0)
        (void)snprintf(keys->why, sizeof keys->why, "credentials-file: %s", err->text);
    return code;
}

static bool is_same(const struct look *one, const struct look *other)
{
    return one->there == other->there && one->inode == other->inode &&
           one->changed.tv_sec == other->changed.tv_sec &&
           one->changed.tv_nsec == other->changed.tv_nsec;
}

/* Read on the loop: who could look at it just now can read its few lines. */
static void on_look(void *owner, void *block)
{
    struct route53_keys *keys = owner;
    const struct look *file = block;
    struct err err = {0};
    keys->looking = NULL;
    if (keys->have && is_same(file, &keys->seen))
        return;
    keys->seen = *file;
    (void)read_file(keys, &err);
}

/* The file, beside the loop; one look at a time. */
static void look_again(struct route53_keys *keys)
{
    struct look file = {.there = false};
    struct blocking_order order = {
        .block = &file, .size = sizeof file, .call = look, .on_end = on_look, .owner = keys};
    if (keys->looking != NULL)
        return;
    (void)snprintf(file.path, sizeof file.path, "%s", keys->path);
    keys->looking = blocking_start(keys->again.loop, &order);
}

/* ---- a role ---- */

static void ask_now(struct route53_keys *keys);

static void on_again(uv_timer_t *timer)
{
    ask_now(timer->data);
}

static void ask_in(struct route53_keys *keys, span_ms ms)
{
    uv_timer_start(&keys->again, on_again, (uint64_t)ms, 0);
}

/* How long to leave keys alone that live so long. */
static span_ms next_look(span_ms left)
{
    if (left > AHEAD_MS + LOOK_MS_MAX)
        return LOOK_MS_MAX;
    if (left > AHEAD_MS + AGAIN_MS_MAX)
        return left - AHEAD_MS;
    return left / 2 < AGAIN_MS_MAX ? left / 2 : AGAIN_MS_MAX;
}

/* The end of an attempt; `why` NULL = well. */
static void conclude(struct route53_keys *keys, const char *why)
{
    span_ms left = keys->have ? keys->end - clock_now() : 0;
    keys->call = NULL;
    if (why == NULL) {
        keys->wait_ms = AGAIN_MS_MIN;
        ask_in(keys, next_look(left));
    } else {
        (void)snprintf(keys->why, sizeof keys->why, "%s", why);
        ask_in(keys, keys->wait_ms);
        keys->wait_ms = keys->wait_ms * 2 < AGAIN_MS_MAX ? keys->wait_ms * 2 : AGAIN_MS_MAX;
    }
    if (keys->on_news != NULL)
        keys->on_news(keys->owner);
}

/* Amazon's clock says when they end; the answer's date says how far off that is. */
static bool take_keys(struct route53_keys *keys, const struct http_answer *answer,
                      struct err *err)
{
    struct hidden *hidden = keys->hidden;
    char date[64];
    int64_t end_s;
    if (route53_file_role(answer->body, &hidden->fresh, &end_s, err) != 0)
        return false;
    http_header(answer, "Date", date, sizeof date);
    int64_t now_s = route53_file_date(date);
    span_ms left = (end_s - (now_s != 0 ? now_s : clock_wall_s())) * 1000;
    if (left <= MARGIN_MS) {
        (void)err_set(err, ERR_REMOTE, "the keys of the role %s ended already", keys->role);
        return false;
    }
    hidden->secret = hidden->fresh;
    keys->end = clock_now() + left;
    keys->have = true;
    (void)snprintf(keys->words, sizeof keys->words, "the role %s of this instance", keys->role);
    return true;
}

static bool take_line(const struct http_answer *answer, char *ret, size_t size, const char *allowed)
{
    size_t length = strcspn(answer->body, "\r\n");
    if (length == 0 || length >= size || strspn(answer->body, allowed) < length)
        return false;
    memcpy(ret, answer->body, length);
    ret[length] = 0;
    return true;
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* What one step brought. False: why in err. */
static bool take_step(struct route53_keys *keys, const struct http_answer *answer, struct err *err)
{
    const size_t name = sizeof ASK_TOKEN_HEADER - 1;
    char *token = keys->hidden->ask_token;
    switch (keys->step) {
    case STEP_TOKEN:
        memcpy(token, ASK_TOKEN_HEADER, name + 1);
        if (take_line(answer, token + name, ASK_TOKEN_SIZE - name, LETTERS "+/=_-."))
            return true;
        break;
    case STEP_NAME:
        if (take_line(answer, keys->role, sizeof keys->role, LETTERS "+=,.@_-"))
            return true;
        break;
    case STEP_KEYS:
        return take_keys(keys, answer, err);
    }
    (void)err_set(err, ERR_REMOTE, "the instance's metadata service answers what it never does");
    return false;
}

static void start_step(struct route53_keys *keys);

static void on_step(void *owner, const struct http_answer *answer)
{
    struct route53_keys *keys = owner;
    char why[WHY_SIZE] = "";
    struct err err = {0};
    keys->call = NULL;
    if (answer->end != HTTP_ANSWERED)
        (void)snprintf(why, sizeof why, "without credentials-file the role of an EC2 instance is "
                       "used, and this machine tells of none (%.400s): set credentials-file",
                       answer->why->text);
    else if (answer->status == 404 && keys->step != STEP_TOKEN)
        (void)snprintf(why, sizeof why, "this instance has no role: attach one that may change the "
                       "zone, or set credentials-file");
    else if (answer->status != 200)
        (void)snprintf(why, sizeof why, "the instance's metadata service answers %d: is IMDSv2 "
                       "switched on for it? Or set credentials-file", answer->status);
    else if (!take_step(keys, answer, &err))
        (void)snprintf(why, sizeof why, "%s", err.text);
    if (why[0] != 0) {
        conclude(keys, why);
    } else if (keys->step == STEP_KEYS) {
        conclude(keys, NULL);
    } else {
        keys->step++;
        start_step(keys);
    }
}

static void start_step(struct route53_keys *keys)
{
    static const char *const lifetime[] = {"X-aws-ec2-metadata-token-ttl-seconds: 300", NULL};
    const char *const token[] = {keys->hidden->ask_token, NULL};
    bool first = keys->step == STEP_TOKEN;
    char url[PATH_SIZE + 128];
    struct err err = {0};
    (void)snprintf(url, sizeof url, "%s/latest/%s%s", keys->base,
                   first ? "api/token" : "meta-data/iam/security-credentials/",
                   keys->step == STEP_KEYS ? keys->role : "");
    struct http_order order = {.method = first ? "PUT" : "GET",
                               .url = url,
                               .headers = first ? lifetime : token,
                               .body = first ? "" : NULL,
                               .metadata = true,
                               .deadline_ms = STEP_MS,
                               .on_end = on_step,
                               .owner = keys};
    keys->call = http_start(keys->http, &order, &err);
    if (keys->call == NULL) {
        (void)snprintf(keys->why, sizeof keys->why, "%s", err.text);
        ask_in(keys, AGAIN_MS_MAX);
    }
}

static void ask_now(struct route53_keys *keys)
{
    if (keys->call != NULL)
        return;
    uv_timer_stop(&keys->again);
    keys->step = STEP_TOKEN;
    start_step(keys);
}

/* ---- the door ---- */

const struct http_sign *route53_keys_sign(struct route53_keys *keys)
{
    if (keys->path[0] != 0) {
        look_again(keys);
    } else if (keys->have && keys->end - clock_now() <= MARGIN_MS) {
        keys->have = false;
        (void)snprintf(keys->why, sizeof keys->why, "the keys of %s have ended, and new ones are "
                       "not there yet", keys->words);
    }
    return keys->have ? &keys->sign : NULL;
}

const char *route53_keys_token(const struct route53_keys *keys)
{
    return keys->hidden->secret.token[0] != 0 ? keys->hidden->secret.token : NULL;
}

bool route53_keys_ask(struct route53_keys *keys)
{
    if (keys->path[0] != 0)
        return false;
    ask_now(keys);
    return keys->call != NULL;
}

void route53_keys_refused(struct route53_keys *keys)
{
    if (keys->path[0] != 0)
        return; /* each request has it looked at */
    keys->have = false;
    (void)snprintf(keys->why, sizeof keys->why, "Amazon does not take the keys of %s any more, and "
                   "new ones are not there yet", keys->words);
    ask_now(keys);
}

const char *route53_keys_words(const struct route53_keys *keys)
{
    return keys->words;
}

const char *route53_keys_why(const struct route53_keys *keys)
{
    return keys->why;
}

bool route53_keys_of_role(const struct route53_keys *keys)
{
    return keys->path[0] == 0;
}

void route53_keys_listen(struct route53_keys *keys, route53_keys_on_news *on_news, void *owner)
{
    keys->on_news = on_news;
    keys->owner = owner;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void route53_keys_close(struct route53_keys *keys)
{
    http_cancel(keys->call);
    blocking_cancel(keys->looking);
    sodium_free(keys->hidden);
    uv_close((uv_handle_t *)&keys->again, on_closed);
}

static void use_role(struct route53_keys *keys)
{
    const char *base = getenv(ENDPOINT_VARIABLE);
    size_t length = base == NULL ? 0 : strlen(base);
    while (length > 0 && base[length - 1] == '/')
        length--;
    if (length > 0 && length < sizeof keys->base)
        (void)snprintf(keys->base, sizeof keys->base, "%.*s", (int)length, base);
    else
        (void)snprintf(keys->base, sizeof keys->base, "%s", HTTP_METADATA);
    (void)snprintf(keys->words, sizeof keys->words, "the role of this instance");
    (void)snprintf(keys->why, sizeof keys->why, "the role of this instance is being asked for");
}

int route53_keys_open(struct route53_keys **ret, const struct provider_world *world,
                      const struct record_config *config, struct err *err)
{
    struct route53_keys *keys = calloc(1, sizeof *keys);
    struct hidden *hidden =
        keys == NULL || sodium_init() < 0 ? NULL : sodium_malloc(sizeof *hidden);
    if (hidden == NULL) {
        free(keys);
        return err_set(err, ERR_SYSTEM, "no locked memory for the keys (see ulimit -l)");
    }
    memset(hidden, 0, sizeof *hidden);
    keys->http = world->http;
    keys->hidden = hidden;
    keys->wait_ms = AGAIN_MS_MIN;
    keys->sign = (struct http_sign){.scope = "aws:amz:us-east-1:route53",
                                    .key_id = hidden->secret.key_id,
                                    .secret = hidden->secret.secret};
    (void)snprintf(keys->path, sizeof keys->path, "%s", config->credentials_file);
    (void)snprintf(keys->profile, sizeof keys->profile, "%s",
                   config->credentials_profile[0] != 0 ? config->credentials_profile : "default");
    (void)snprintf(keys->words, sizeof keys->words, "the keys in %s", keys->path);
    (void)snprintf(keys->seen.path, sizeof keys->seen.path, "%s", keys->path);
    if (keys->path[0] != 0)
        look(&keys->seen); /* before reading: what comes after is a change */
    if (keys->path[0] != 0 && read_file(keys, err) != 0) {
        sodium_free(hidden);
        free(keys);
        return err_wrap(err, "credentials-file");
    }
    uv_timer_init(world->loop, &keys->again);
    keys->again.data = keys;
    if (keys->path[0] == 0) {
        use_role(keys);
        if (keys->http != NULL)
            ask_now(keys);
    }
    *ret = keys;
    return 0;
}
