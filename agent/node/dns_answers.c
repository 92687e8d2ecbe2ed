/* dns_answers — see dns_answers.h.
 *
 * Happy path: the record is found by its label, asked or ordered, and the call answered at once;
 * what an order brings about is seen in `status`.
 * Failure modes: no such label, a malformed order: code 2. No right to change, a node that does
 * not hold, something else there than the operator saw: code 4 with the reason. */
#include "dns_answers.h"

#include <stdio.h>
#include <string.h>

#include "record_adopt.h"
#include "record_show.h"

#define TEXT_SIZE ((size_t)2 * RECORD_DETAIL_SIZE)

enum { CODE_DONE = 0, CODE_USAGE = 2, CODE_REFUSED = 4 };

/* One call under way. */
struct dns_call {
    struct duty *duty;
    struct control_call *call;
    const json_t *request;
};

static const char *label_of(const struct record *record)
{
    return record_config_of(record)->label;
}

static void refuse(const struct dns_call *dns, int code, const char *text)
{
    control_reply(dns->call, code, text, NULL);
}

static void refuse_label(const struct dns_call *dns, const char *label)
{
    char text[TEXT_SIZE];
    size_t used = (size_t)snprintf(text, sizeof text, "%s%.200s%s; the records are",
                                   label == NULL ? "say which record" : "no record is called '",
                                   label == NULL ? "" : label, label == NULL ? "" : "'");
    for (size_t i = 0; i < duty_record_count(dns->duty) && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s %s", i > 0 ? "," : "",
                                 label_of(duty_record(dns->duty, i)));
    refuse(dns, CODE_USAGE, duty_record_count(dns->duty) > 0 ? text : "there is no record");
}

/* The label that was asked for; NULL: none was. */
static const char *wanted_label(const struct dns_call *dns)
{
    return json_string_value(json_object_get(dns->request, "label"));
}

/* The record of the label, or the only one; answers and returns NULL when there is none such. */
static struct record *find(const struct dns_call *dns)
{
    const char *label = wanted_label(dns);
    size_t count = duty_record_count(dns->duty);
    for (size_t i = 0; i < count; i++) {
        struct record *record = duty_record(dns->duty, i);
        if (label == NULL ? count == 1 : strcmp(label_of(record), label) == 0)
            return record;
    }
    refuse_label(dns, label);
    return NULL;
}

/* ---- dns-read ---- */

static void answer_read(const struct dns_call *dns)
{
    const char *label = wanted_label(dns);
    if (!control_may_change(dns->call)) {
        refuse(dns, CODE_REFUSED, "reading anew costs queries: only root and the group "
                                  "holdfast-admin may ask for it; 'holdfast dns show' shows what "
                                  "was read last");
        return;
    }
    if (label != NULL && find(dns) == NULL)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < duty_record_count(dns->duty); i++) {
        struct record *record = duty_record(dns->duty, i);
        if (label != NULL && strcmp(label_of(record), label) != 0)
            continue;
        json_t *one = json_pack("{s:s, s:I}", "label", label_of(record), "count",
                                (json_int_t)record_look(record));
        (void)json_array_append_new(list, one);
    }
    control_reply(dns->call, CODE_DONE, "", list);
}

/* ---- dns-adopt ---- */

/* A list of addresses as texts. False: it is none. */
static bool take_list(const json_t *list, char *ret, size_t width, size_t *ret_count)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > ADDRESS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL || strlen(text) >= width)
            return false;
        memcpy(ret + i * width, text, strlen(text) + 1);
    }
    *ret_count = count;
    return true;
}

static bool take_order(const json_t *request, struct record_adopt_order *ret)
{
    const json_t *seen = json_object_get(request, "seen");
    const char *fence = json_string_value(json_object_get(seen, "fence"));
    const json_t *fences = json_object_get(seen, "fences");
    struct serve *serve = &ret->serve;
    memset(ret, 0, sizeof *ret);
    if (fence == NULL || strlen(fence) >= sizeof ret->fence || !json_is_integer(fences) ||
        json_integer_value(fences) < 0 || json_integer_value(fences) > 1)
        return false;
    memcpy(ret->fence, fence, strlen(fence) + 1);
    ret->fence_count = (size_t)json_integer_value(fences);
    ret->move = json_is_true(json_object_get(request, "move"));
    return take_list(json_object_get(seen, "a"), serve->a[0], sizeof serve->a[0],
                     &serve->a_count) &&
           take_list(json_object_get(seen, "aaaa"), serve->aaaa[0], sizeof serve->aaaa[0],
                     &serve->aaaa_count);
}

static void tell_order(const struct dns_call *dns, const struct record *record)
{
    char text[HOST_SIZE + 80];
    unsigned uid = control_uid(dns->call);
    snprintf(text, sizeof text, "an operator (uid %u) orders: dns adopt %s", uid,
             label_of(record));
    struct view view;
    duty_view(dns->duty, &view);
    struct happening happening = {
        .event = "order",
        .level = REASON_NOTICE,
        .epoch = view.epoch,
        .text = text,
        .fields = json_pack("{s:s, s:I, s:s}", "order", "dns-adopt", "uid", (json_int_t)uid,
                            "record", label_of(record))};
    duty_tell(dns->duty, &happening);
}

static bool is_paused(const struct dns_call *dns)
{
    struct view view;
    duty_view(dns->duty, &view);
    return view.paused_until > view.now;
}

/* False, and answered, on a node that is not the holder. */
static bool holds_here(const struct dns_call *dns, const struct record *record)
{
    struct view view;
    char text[TEXT_SIZE];
    duty_view(dns->duty, &view);
    const char *self = duty_peer_name(dns->duty, view.self);
    if (view.standing == STANDING_HOLDER || view.standing == STANDING_FORCED)
        return true;
    if (view.holder < PEER_COUNT && view.holder != view.self)
        snprintf(text, sizeof text,
                 "%s does not hold, %s does; run it there: holdfast dns adopt %s", self,
                 duty_peer_name(dns->duty, view.holder), label_of(record));
    else
        snprintf(text, sizeof text, "%s does not hold, and no holder is known; what is missing: "
                 "holdfast why", self);
    refuse(dns, CODE_REFUSED, text);
    return false;
}

static void answer_adopt(const struct dns_call *dns)
{
    struct record *record = find(dns);
    struct record_adopt_order order;
    char text[TEXT_SIZE] = "";
    if (record == NULL || !holds_here(dns, record))
        return;
    if (json_object_get(dns->request, "seen") == NULL) {
        control_reply(dns->call, CODE_DONE, "", record_adopt_preview(record));
    } else if (!take_order(dns->request, &order)) {
        refuse(dns, CODE_USAGE, "dns-adopt: expected seen {fence, fences (0 or 1), a[], aaaa[]} as "
                                "the preview shows it");
    } else if (!control_may_change(dns->call)) {
        refuse(dns, CODE_REFUSED, "it needs root or membership of group holdfast-admin");
    } else if (is_paused(dns)) {
        refuse(dns, CODE_REFUSED, "the cluster is paused, so nothing is written; end that first: "
                                  "holdfast resume");
    } else if (!record_adopt(record, &order, text, sizeof text)) {
        refuse(dns, CODE_REFUSED, text);
    } else {
        tell_order(dns, record);
        control_reply(dns->call, CODE_DONE, "", NULL);
    }
}

bool dns_answer(struct duty *duty, struct control_call *call, const char *command,
                const json_t *request)
{
    struct dns_call dns = {.duty = duty, .call = call, .request = request};
    if (strcmp(command, "dns-read") == 0)
        answer_read(&dns);
    else if (strcmp(command, "dns-adopt") == 0)
        answer_adopt(&dns);
    else
        return false;
    return true;
}
