/* record_adopt — see record_adopt.h.
 *
 * Happy path: the preview says what is there and what will be; the order repeats what the operator
 * saw; the next read shows just that, and record_hold writes over it as it always writes: under a
 * permit, compared and set, read back.
 * Failure modes: something else is there by then: the order ends, and is told as ended. No permit
 * or no answer: it stands for 30 s. A higher epoch, several TXT, a text that no write can compare
 * with: not adopted; the sentence says what to do by hand. */
#include "record_adopt.h"

#include <stdio.h>
#include <string.h>

#include "../peer/clock.h"
#include "record_inside.h"
#include "record_serve.h"
#include "record_view.h"

#define SENTENCE_SIZE ((size_t)2 * RECORD_DETAIL_SIZE)
#define JOINED_SIZE ((size_t)2 * SERVE_TEXT_SIZE)

enum adopt_kind {
    ADOPT_UNADOPTED, /* the four that an order can take over */
    ADOPT_FOREIGN,
    ADOPT_GARBAGE,
    ADOPT_POISONED,
    ADOPT_OWN,
    ADOPT_PENDING, /* holdfast writes it by itself */
    ADOPT_HIGHER,
    ADOPT_SEVERAL,
    ADOPT_UNREADABLE,
    ADOPT_COMMAND,
    ADOPT_STANDBY,
};

/* ---- while holding ---- */

bool record_adopt_is_unadopted(const struct record *record)
{
    const struct provider_state *last = &record->picture.last;
    bool there = last->more || !record_serve_is_empty(&last->serve);
    return record->config.adopt == ADOPT_MANUAL && !record->met && there &&
           last->fence_count == 0 && record->operations->can_read;
}

/* Is what was read last just what the operator saw? */
static bool is_as_seen(const struct record *record, const struct record_adopt_order *order)
{
    const struct provider_state *last = &record->picture.last;
    return last->fence_count == order->fence_count && strcmp(last->fence, order->fence) == 0 &&
           record_serve_same(&last->serve, &order->serve);
}

static void end_order(struct record *record, const char *why)
{
    char before[RECORD_DETAIL_SIZE];
    enum trouble_kind fault = record->picture.fault;
    record->adoption.ordered = false;
    if (why == NULL)
        return;
    memcpy(before, record->picture.detail, sizeof before);
    record_inside_set(record, record->picture.state, why);
    record_inside_tell(record, "record-adopt-ended", REASON_WARNING, NULL);
    record_inside_trouble(record, record->picture.state, fault, before);
}

void record_adopt_settle(struct record *record, enum record_plan plan)
{
    if (!record->adoption.ordered)
        return;
    if (plan == PLAN_RIGHT || plan == PLAN_DRIFTED)
        end_order(record, NULL); /* the fence is this node's */
    else if (clock_now() > record->adoption.until)
        end_order(record, "what was ordered to be adopted could not be written within 30 s");
    else if (!is_as_seen(record, &record->adoption.order))
        end_order(record, "what was ordered to be adopted has changed meanwhile: nothing was "
                          "written over it, look again");
}

bool record_adopt_waits(struct record *record, enum record_plan plan)
{
    char text[RECORD_DETAIL_SIZE];
    if (plan != PLAN_WRITE || record->adoption.ordered || !record_adopt_is_unadopted(record))
        return false;
    record_show_unadopted(&record->picture, text);
    record_inside_trouble(record, RECORD_UNADOPTED, TROUBLE_UNADOPTED, text);
    if (!record->unadopted_told)
        record_inside_tell(record, "record-unadopted", REASON_WARNING, NULL);
    record->unadopted_told = true;
    return true;
}

bool record_adopt_allows(const struct record *record, enum record_plan plan)
{
    const struct provider_state *last = &record->picture.last;
    if (!record->adoption.ordered)
        return false;
    if (plan == PLAN_GARBAGE)
        return last->fence_count == 1 && last->exact;
    return plan == PLAN_FOREIGN || plan == PLAN_POISONED;
}

/* ---- the preview ---- */

static enum adopt_kind kind_of(const struct record *record)
{
    static const enum adopt_kind kinds[] = {
        [PLAN_WRITE] = ADOPT_PENDING,   [PLAN_RIGHT] = ADOPT_OWN,
        [PLAN_DRIFTED] = ADOPT_PENDING, [PLAN_HIGHER] = ADOPT_HIGHER,
        [PLAN_FOREIGN] = ADOPT_FOREIGN, [PLAN_POISONED] = ADOPT_POISONED,
        [PLAN_GARBAGE] = ADOPT_GARBAGE};
    struct record_question question = record_hold_question(record);
    struct record_fence fence;
    if (!record->operations->can_read)
        return ADOPT_COMMAND;
    if (record->epoch == 0)
        return ADOPT_STANDBY;
    if (!record->picture.seen || record->reads_fail)
        return ADOPT_UNREADABLE;
    if (record->picture.last.fence_count > 1)
        return ADOPT_SEVERAL;
    if (record_adopt_is_unadopted(record))
        return ADOPT_UNADOPTED;
    return kinds[record_plan_for(&question, &fence)];
}

static bool is_adoptable(const struct record *record, enum adopt_kind kind)
{
    return kind <= ADOPT_POISONED && (kind != ADOPT_GARBAGE || record->picture.last.exact);
}

/* Do callers get other addresses from it? Where nothing is, nobody is moved. */
static bool would_move(const struct record *record)
{
    const struct provider_state *last = &record->picture.last;
    return last->more || (!record_serve_is_empty(&last->serve) &&
                          !record_serve_same(&last->serve, record->want));
}

static void about(const struct record *record, enum adopt_kind kind, char ret[SENTENCE_SIZE])
{
    const char *name = record->config.name;
    const struct provider_state *last = &record->picture.last;
    struct record_fence fence = {.epoch = 0};
    (void)record_fence_parse(last->fence, &fence);
    unsigned long long epoch = fence.epoch;
    const char *text = "";
    char own[SENTENCE_SIZE] = "";
    if (kind == ADOPT_UNADOPTED)
        text = "the name exists and was never holdfast's";
    else if (kind == ADOPT_OWN)
        text = "it is this node's already, and right: there is nothing to adopt";
    else if (kind == ADOPT_PENDING)
        text = "there is nothing to adopt: what is there is holdfast's already, or there is "
               "nothing; 'holdfast status' says what the holder does about it";
    else if (kind == ADOPT_COMMAND)
        text = "a command changes this record, nothing can be read: there is nothing to adopt";
    else if (kind == ADOPT_STANDBY)
        text = "this node does not hold: only the holder adopts";
    else if (kind == ADOPT_FOREIGN)
        snprintf(own, sizeof own, "the fence has this node's epoch %llu, but a token that is not "
                 "its own: " RECORD_FOREIGN_CAUSES, epoch);
    else if (kind == ADOPT_POISONED)
        snprintf(own, sizeof own, "the epoch %llu in the fence is too high to be true", epoch);
    else if (kind == ADOPT_HIGHER)
        snprintf(own, sizeof own, "the fence is of %s under the higher epoch %llu, another "
                 "holder's: that is never adopted; this node takes a number above it by itself",
                 fence.node, epoch);
    else if (kind == ADOPT_SEVERAL)
        snprintf(own, sizeof own, "there are %zu TXT records at _holdfast.%s, the first is \"%s\"; "
                 "holdfast writes exactly one", last->fence_count, name, last->fence);
    else if (kind == ADOPT_GARBAGE)
        snprintf(own, sizeof own, "the TXT record at _holdfast.%s is \"%s\", which holdfast did "
                 "not write: make sure that nothing needs it", name, last->fence);
    else
        snprintf(own, sizeof own, "it cannot be read: %s",
                 record->reads_fail ? record->read_detail : "not read yet");
    snprintf(ret, SENTENCE_SIZE, "%s%s", text, own);
}

static void join(const struct serve *serve, char ret[JOINED_SIZE])
{
    char a[SERVE_TEXT_SIZE], aaaa[SERVE_TEXT_SIZE];
    record_serve_a(serve, a);
    record_serve_aaaa(serve, aaaa);
    snprintf(ret, JOINED_SIZE, "%s%s%s", a, a[0] != 0 && aaaa[0] != 0 ? "," : "", aaaa);
}

static void effect(const struct record *record, char ret[SENTENCE_SIZE])
{
    const struct provider_state *last = &record->picture.last;
    const uint8_t other = record->self == 0 ? 1 : 0;
    char there[JOINED_SIZE], wanted[JOINED_SIZE];
    const char *self = record->node_names[record->self], *owner = record->node_names[other];
    join(&last->serve, there);
    join(record->want, wanted);
    if (!last->more && record_serve_is_empty(&last->serve))
        snprintf(ret, SENTENCE_SIZE, "the name has no address; it gets %s", wanted);
    else if (!would_move(record))
        snprintf(ret, SENTENCE_SIZE, "the addresses stay as they are");
    else if (!last->more && record_serve_same(&last->serve, &record->config.serve[other]))
        snprintf(ret, SENTENCE_SIZE, "MOVES from %s (%.400s) to %s (%.400s): run 'holdfast "
                 "switchover --to %s' first to keep it where it is, or allow it with --move", owner,
                 there, self, wanted, owner);
    else
        snprintf(ret, SENTENCE_SIZE,
                 "CHANGES from %.400s%s to those of %s (%.400s): allow it with --move", there,
                 last->more ? " and more" : "", self, wanted);
}

/* What is left to a hand when holdfast cannot replace it in one step. */
static void remedy(const struct record *record, enum adopt_kind kind, char ret[SENTENCE_SIZE])
{
    const char *name = record->config.name;
    ret[0] = 0;
    if (is_adoptable(record, kind) || (kind != ADOPT_SEVERAL && kind != ADOPT_GARBAGE))
        return;
    if (record->config.provider == PROVIDER_RFC2136)
        snprintf(ret, SENTENCE_SIZE, "holdfast cannot compare with that. When nothing needs it, "
                 "delete it by hand: nsupdate -k KEYFILE, then 'server %s %u', 'zone %s', 'update "
                 "delete _holdfast.%s. TXT', 'send'; the holder then writes its own",
                 record->config.servers[0].host, (unsigned)record->config.servers[0].port,
                 record->config.zone, name);
    else
        snprintf(ret, SENTENCE_SIZE, "holdfast cannot compare with that. When nothing needs it, "
                 "delete every TXT record at _holdfast.%s by hand at the provider; the holder then "
                 "writes its own", name);
}

static json_t *text_or_null(const char *text)
{
    json_t *value = text[0] == 0 ? NULL : json_string(text);
    return value != NULL ? value : json_null();
}

json_t *record_adopt_preview(const struct record *record)
{
    static const char *const names[] = {"unadopted", "foreign", "garbage", "poisoned",
                                        "own",       "pending", "higher",  "several",
                                        "unreadable", "command", "standby"};
    enum adopt_kind kind = kind_of(record);
    bool possible = is_adoptable(record, kind);
    char about_text[SENTENCE_SIZE], effect_text[SENTENCE_SIZE] = "", remedy_text[SENTENCE_SIZE];
    about(record, kind, about_text);
    remedy(record, kind, remedy_text);
    if (possible)
        effect(record, effect_text);
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:I}", "label",
                     record->config.label, "name", record->config.name, "provider",
                     record->operations->name, "kind", names[kind], "about",
                     text_or_null(about_text), "possible", possible, "moves",
                     possible && would_move(record), "effect", text_or_null(effect_text), "remedy",
                     text_or_null(remedy_text), "seen", record_view_seen(record), "wanted",
                     record_view_wanted(record), "epoch", (json_int_t)record->epoch);
}

/* ---- the order ---- */

bool record_adopt(struct record *record, const struct record_adopt_order *order, char ret_text[],
                  size_t size)
{
    enum adopt_kind kind = kind_of(record);
    char text[SENTENCE_SIZE];
    if (!is_adoptable(record, kind)) {
        about(record, kind, text);
        snprintf(ret_text, size, "%s", text);
        return false;
    }
    if (!is_as_seen(record, order)) {
        snprintf(ret_text, size, "what is there changed meanwhile: look again");
        return false;
    }
    if (would_move(record) && !order->move) {
        effect(record, text);
        snprintf(ret_text, size, "%s", text);
        return false;
    }
    record->adoption = (struct record_adoption){
        .ordered = true, .order = *order, .until = clock_now() + ADOPT_MS_MAX};
    record_inside_act_in(record, 0);
    return true;
}
