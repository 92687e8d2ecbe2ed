/* cloudflare — what Cloudflare's API may answer, be it honest, broken or somebody else.
 *
 * Whatever the bytes are: what is taken from a list is within its bounds; the batch that is made
 * of it can be read as JSON again, deletes what it rests on, touches only records that were
 * listed, no more than there were, and brings exactly the new fence; an error is one printable
 * line.
 * Input: first byte: 0 a list, 1 an error, 2 names of a zone (modulo 3); then the bytes. */
#include "agent/node/dns/cloudflare_json.h"

#define ANSWERS_HEAD 1
#include "answers.h"

#define NEW "v=1;e=11;h=server2;t=00112233445566ff"

static bool was_listed(const struct cloudflare_seen *seen, const char *id)
{
    for (size_t i = 0; i < seen->address_count; i++)
        if (strcmp(seen->addresses[i].id, id) == 0)
            return true;
    return false;
}

static const char *id_of(const json_t *item)
{
    const char *id = json_string_value(json_object_get(item, "id"));
    FUZZ_CHECK(id != NULL && id[0] != 0);
    return id;
}

/* The first of the deletes is what it rests on; a list that is honest has no id twice. */
static void check_ids(const struct cloudflare_seen *seen, const json_t *batch, const char *rests)
{
    const json_t *deletes = json_object_get(batch, "deletes");
    const json_t *patches = json_object_get(batch, "patches");
    size_t start = rests[0] != 0;
    FUZZ_CHECK(!start || strcmp(id_of(json_array_get(deletes, 0)), rests) == 0);
    for (size_t i = start; i < json_array_size(deletes); i++)
        FUZZ_CHECK(was_listed(seen, id_of(json_array_get(deletes, i))));
    for (size_t i = 0; i < json_array_size(patches); i++)
        FUZZ_CHECK(was_listed(seen, id_of(json_array_get(patches, i))));
    FUZZ_CHECK(json_array_size(deletes) - start + json_array_size(patches) <=
               seen->address_count);
}

static void check_posts(const json_t *batch, size_t least)
{
    const json_t *posts = json_object_get(batch, "posts");
    size_t fences = 0;
    for (size_t i = 0; i < json_array_size(posts); i++) {
        const char *content =
            json_string_value(json_object_get(json_array_get(posts, i), "content"));
        FUZZ_CHECK(content != NULL);
        fences += strcmp(content, "\"" NEW "\"") == 0;
    }
    FUZZ_CHECK(fences == 1 && json_array_size(posts) >= least);
    FUZZ_CHECK(json_array_size(posts) <= least + 3);
}

static void play_change(const struct cloudflare_names *names, const struct cloudflare_seen *seen)
{
    struct provider_change change = {
        .new_fence = NEW,
        .new_serve = {.a = {"192.0.2.1", "192.0.2.2"}, .a_count = 2,
                      .aaaa = {"2001:DB8::1"}, .aaaa_count = 1},
        .ttl_s = 60};
    memcpy(change.old_fence, seen->state.fence, sizeof change.old_fence);
    char *text = cloudflare_json_batch(names, seen, &change);
    FUZZ_CHECK((text != NULL) == (seen->state.fence_count == (change.old_fence[0] != 0)));
    if (text != NULL) {
        bool first = change.old_fence[0] == 0;
        json_t *batch = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        FUZZ_CHECK(batch != NULL);
        check_ids(seen, batch, first ? seen->first_id : seen->fence_id);
        check_posts(batch, first ? 2 : 1);
        json_decref(batch);
    }
    free(text);
    memcpy(change.old_fence, "other", 6);
    text = cloudflare_json_batch(names, seen, &change);
    FUZZ_CHECK(text == NULL || strcmp(seen->state.fence, "other") == 0);
    free(text);
}

static void play_list(const char *body, size_t size)
{
    struct cloudflare_names names;
    struct cloudflare_seen seen = {.alias = false};
    char stray[HOST_SIZE];
    FUZZ_CHECK(cloudflare_json_names("pbx.example.com", &names));
    if (cloudflare_json_applied(body, size, &names, stray))
        FUZZ_CHECK(is_printable(stray));
    if (!cloudflare_json_take(body, size, &names, names.fence, &seen) ||
        !cloudflare_json_take(body, size, &names, names.first, &seen) ||
        !cloudflare_json_take(body, size, &names, names.name, &seen))
        return;
    FUZZ_CHECK(strlen(seen.state.fence) < FENCE_SIZE);
    FUZZ_CHECK(seen.state.serve.a_count <= ADDRESS_MAX);
    FUZZ_CHECK(seen.state.serve.aaaa_count <= ADDRESS_MAX);
    FUZZ_CHECK(seen.address_count <= CLOUDFLARE_RECORD_MAX);
    FUZZ_CHECK((seen.state.fence_count > 0) == (seen.fence_id[0] != 0));
    play_change(&names, &seen);
}

static void play_error(const char *body, size_t size)
{
    struct cloudflare_fault fault;
    cloudflare_json_fault(body, size, &fault);
    FUZZ_CHECK(is_printable(fault.text) && fault.text[0] != 0 && fault.code >= 0);
}

static void play_zone(const char *body, size_t size)
{
    char other[HOST_SIZE] = "";
    (void)cloudflare_json_same_zone(body, size, "pbx.example.com", "", other);
    FUZZ_CHECK(is_printable(other));
}

static void play(const uint8_t *head, const char *text, size_t size)
{
    switch (head[0] % 3) {
    case 0:
        play_list(text, size);
        break;
    case 1:
        play_error(text, size);
        break;
    default:
        play_zone(text, size);
    }
}
