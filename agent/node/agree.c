/* agree — see agree.h.
 *
 * Happy path: every record shows the holder's epoch and addresses: all of them agree.
 * Failure modes: a record that cannot be read is unknown to a standby, and behind to a holder that
 * has not seen its own write there. */
#include "agree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../peer/clock.h"
#include "record_serve.h"

#define TIME_TEXT_SIZE 32
#define BEHIND_TEXT_SIZE (2 * SERVE_TEXT_SIZE + 128)

bool agree_saw(struct agree *agree, uint64_t epoch, mono_ms now)
{
    if (epoch <= agree->top)
        return false;
    agree->top = epoch;
    agree->top_at = now;
    return true;
}

void agree_heard(struct agree *agree, const char *holder, mono_ms now)
{
    if (strcmp(agree->holder, holder) == 0)
        return;
    (void)snprintf(agree->holder, sizeof agree->holder, "%s", holder);
    agree->holder_at = now;
}

static enum agree_verdict judge_held(const struct record_glance *glance, mono_ms *ret_since)
{
    *ret_since = glance->wrong_since;
    if (glance->guarded && glance->can_read && !glance->readable)
        return AGREE_UNKNOWN; /* it was right; nobody can look whether it is yet */
    return glance->right ? AGREE_YES : AGREE_NO;
}

enum agree_verdict agree_judge(const struct agree *agree, const struct record_glance *glance,
                               mono_ms *ret_since)
{
    if (glance->holding)
        return judge_held(glance, ret_since);
    *ret_since = agree->top_at;
    if (!glance->can_read || !glance->readable || agree->top == 0)
        return AGREE_UNKNOWN;
    bool other = agree->holder[0] != 0 && strcmp(agree->holder, glance->node) != 0;
    if (glance->epoch == agree->top && other) { /* nobody wrote since the holder changed */
        *ret_since = agree->holder_at;
        return glance->read_at > agree->holder_at ? AGREE_NO : AGREE_UNKNOWN;
    }
    if (glance->epoch == agree->top) {
        *ret_since = glance->wrong_since;
        return glance->right ? AGREE_YES : AGREE_NO;
    }
    return glance->read_at > agree->top_at ? AGREE_NO : AGREE_UNKNOWN;
}

/* "last seen with 192.0.2.1, and the fence of server1 under epoch 17". */
static void behind_text(const struct record_glance *glance, char ret[BEHIND_TEXT_SIZE])
{
    char a[SERVE_TEXT_SIZE], aaaa[SERVE_TEXT_SIZE], fence[96] = "without a fence of holdfast";
    record_serve_a(glance->serve, a);
    record_serve_aaaa(glance->serve, aaaa);
    if (glance->epoch != 0)
        snprintf(fence, sizeof fence, "the fence of %s under epoch %" PRIu64, glance->node,
                 glance->epoch);
    if (!glance->can_read)
        snprintf(ret, BEHIND_TEXT_SIZE, "its command did not do it yet");
    else if (glance->read_at == MONO_LONG_AGO)
        snprintf(ret, BEHIND_TEXT_SIZE, "it was never read");
    else
        snprintf(ret, BEHIND_TEXT_SIZE, "last seen with %s%s%s, %s%s", a,
                 a[0] != 0 && aaaa[0] != 0 ? "," : "",
                 a[0] == 0 && aaaa[0] == 0 ? "no address" : aaaa,
                 glance->epoch != 0 ? "and " : "", fence);
}

static json_t *behind_json(const struct record_glance *glance, mono_ms since, mono_ms now,
                           int64_t wall_ms)
{
    char text[BEHIND_TEXT_SIZE], at[TIME_TEXT_SIZE];
    behind_text(glance, text);
    clock_text(wall_ms - (now - since), at, sizeof at);
    return json_pack("{s:s, s:s, s:I}", "text", text, "since", at, "for_ms",
                     (json_int_t)(now - since));
}

void agree_put(const struct agree *agree, const struct record_glance *glance, mono_ms now,
               int64_t wall_ms, json_t *record)
{
    mono_ms since = now;
    enum agree_verdict verdict = agree_judge(agree, glance, &since);
    json_t *readable = glance->can_read ? json_boolean(glance->readable) : json_null();
    json_t *agrees = verdict == AGREE_UNKNOWN ? json_null() : json_boolean(verdict == AGREE_YES);
    json_t *behind =
        verdict == AGREE_NO ? behind_json(glance, since, now, wall_ms) : json_null();
    (void)json_object_set_new(record, "readable", readable);
    (void)json_object_set_new(record, "agrees", agrees);
    (void)json_object_set_new(record, "behind", behind);
}
