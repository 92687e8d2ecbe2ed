#include "proto/seal.h"

#include "tests/lib/check.h"
#include "tests/lib/doors.h"

static const uint8_t body[] = "any bytes at all";

TEST(a_tag_depends_on_the_name_alone)
{
    uint8_t a[SEAL_TAG_SIZE], b[SEAL_TAG_SIZE], c[SEAL_TAG_SIZE];
    seal_cluster_tag("pbx.example.com", a);
    seal_cluster_tag("pbx.example.com", b);
    seal_cluster_tag("pbx.example.co", c);
    CHECK_EQ(memcmp(a, b, sizeof a), 0);
    CHECK(memcmp(a, c, sizeof a) != 0);
}

TEST(both_sides_of_a_pair_have_the_same_key_and_no_other_pair_has)
{
    struct doors doors;
    doors_open(&doors);
    for (int a = 0; a < PEER_COUNT; a++)
        for (int b = 0; b < a; b++)
            CHECK_EQ(memcmp(doors.intake[a].pairs[b], doors.intake[b].pairs[a], SEAL_PAIR_SIZE),
                     0);
    CHECK(memcmp(doors.intake[0].pairs[1], doors.intake[0].pairs[2], SEAL_PAIR_SIZE) != 0);
    doors_close(&doors);
}

TEST(another_cluster_makes_another_pair_key)
{
    struct doors doors;
    uint8_t tag[SEAL_TAG_SIZE] = {1}, key[SEAL_PAIR_SIZE];
    doors_open(&doors);
    CHECK(seal_pair_key(doors.secret[0], doors.keys[1], tag, key));
    CHECK(memcmp(key, doors.intake[0].pairs[1], sizeof key) != 0);
    doors_close(&doors);
}

TEST(a_key_that_is_no_point_or_a_weak_one_is_refused)
{
    struct doors doors;
    uint8_t key[SEAL_PAIR_SIZE], bad[SEAL_PUBLIC_SIZE];
    doors_open(&doors);
    memset(bad, 0, sizeof bad);
    CHECK(!seal_pair_key(doors.secret[0], bad, doors.intake[0].tag, key));
    memset(bad, 0xff, sizeof bad);
    CHECK(!seal_pair_key(doors.secret[0], bad, doors.intake[0].tag, key));
    memset(bad, 0, sizeof bad);
    bad[0] = 1; /* the neutral element */
    CHECK(!seal_pair_key(doors.secret[0], bad, doors.intake[0].tag, key));
    doors_close(&doors);
}

TEST(a_signature_holds_for_its_key_its_cluster_and_its_exact_bytes_only)
{
    struct doors doors;
    uint8_t text[SIGNED_SIZE_MAX], other[SEAL_TAG_SIZE];
    doors_open(&doors);
    const uint8_t *tag = doors.intake[0].tag;
    size_t size = seal_sign(doors.secret[0], tag, body, sizeof body, text);
    CHECK_EQ(size, SEAL_SIGNATURE_SIZE + sizeof body);
    CHECK(seal_verify(doors.keys[0], tag, text, size));
    CHECK(!seal_verify(doors.keys[1], tag, text, size));
    seal_cluster_tag("other", other);
    CHECK(!seal_verify(doors.keys[0], other, text, size));
    CHECK(!seal_verify(doors.keys[0], tag, text, size - 1));
    for (size_t i = 0; i < size; i++) {
        text[i] ^= 1;
        CHECK(!seal_verify(doors.keys[0], tag, text, size));
        text[i] ^= 1;
    }
    doors_close(&doors);
}

TEST(a_plain_signature_without_the_domain_prefix_is_worth_nothing)
{
    struct doors doors;
    uint8_t text[SEAL_SIGNATURE_SIZE + sizeof body];
    doors_open(&doors);
    (void)crypto_sign_detached(text, NULL, body, sizeof body, doors.secret[0]);
    memcpy(text + SEAL_SIGNATURE_SIZE, body, sizeof body);
    CHECK(!seal_verify(doors.keys[0], doors.intake[0].tag, text, sizeof text));
    doors_close(&doors);
}

TEST(what_is_too_long_or_empty_is_not_signed_and_not_verified)
{
    uint8_t secret[SEAL_SECRET_SIZE] = {0}, tag[SEAL_TAG_SIZE] = {0}, key[SEAL_PUBLIC_SIZE] = {0};
    uint8_t bytes[SIGNED_SIZE_MAX + 1] = {0}, text[SIGNED_SIZE_MAX];
    CHECK_EQ(seal_sign(secret, tag, bytes, 0, text), 0);
    CHECK_EQ(seal_sign(secret, tag, bytes, SIGNED_SIZE_MAX - SEAL_SIGNATURE_SIZE + 1, text), 0);
    CHECK(!seal_verify(key, tag, bytes, sizeof bytes));
    CHECK(!seal_verify(key, tag, bytes, SEAL_SIGNATURE_SIZE));
    CHECK(!seal_verify(key, tag, bytes, 0));
}

TEST(a_sealed_text_opens_with_its_key_nonce_and_head_only)
{
    uint8_t pair[SEAL_PAIR_SIZE] = {3}, nonce[SEAL_NONCE_SIZE] = {4}, head[4] = {1, 2, 3, 4};
    uint8_t text[sizeof body + SEAL_MAC_SIZE];
    struct seal_text plain = {head, sizeof head, text, sizeof body};
    struct seal_text sealed = {head, sizeof head, text, sizeof text};
    uint8_t *change[] = {pair, nonce, head, text};
    for (int broken = 0; broken < 4; broken++) {
        memcpy(text, body, sizeof body);
        seal_close(pair, nonce, &plain);
        CHECK(memcmp(text, body, sizeof body) != 0);
        change[broken][0] ^= 0x80;
        CHECK(!seal_open(pair, nonce, &sealed));
        change[broken][0] ^= 0x80;
    }
    memcpy(text, body, sizeof body);
    seal_close(pair, nonce, &plain);
    CHECK(seal_open(pair, nonce, &sealed));
    CHECK_EQ(memcmp(text, body, sizeof body), 0);
    sealed.size = SEAL_MAC_SIZE - 1;
    CHECK(!seal_open(pair, nonce, &sealed));
}

TEST(the_members_hash_changes_with_every_key_and_with_their_order)
{
    struct members members, other;
    memset(&members, 0, sizeof members);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        uint8_t key[SEAL_PUBLIC_SIZE] = {peer};
        seal_key_hash(key, members.key_hash[peer]);
    }
    other = members;
    other.key_hash[2][15] ^= 1;
    CHECK(seal_members_hash(&members) != seal_members_hash(&other));
    other = members;
    memcpy(other.key_hash[0], members.key_hash[1], KEY_HASH_SIZE);
    memcpy(other.key_hash[1], members.key_hash[0], KEY_HASH_SIZE);
    CHECK(seal_members_hash(&members) != seal_members_hash(&other));
}

TEST(of_a_name_as_much_counts_as_a_dns_name_has)
{
    char name[301];
    uint8_t a[SEAL_TAG_SIZE], b[SEAL_TAG_SIZE];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    seal_cluster_tag(name, a);
    name[255] = 'b';
    seal_cluster_tag(name, b);
    CHECK_EQ(memcmp(a, b, sizeof a), 0);
    name[254] = 'b';
    seal_cluster_tag(name, b);
    CHECK(memcmp(a, b, sizeof a) != 0);
    name[254] = 'a';
    name[255] = '\0'; /* the longest one that is complete */
    seal_cluster_tag(name, b);
    CHECK_EQ(memcmp(a, b, sizeof a), 0);
}

TEST(what_is_no_signed_text_by_its_size_is_not_verified)
{
    static uint8_t bytes[SIGNED_SIZE_MAX + 1];
    struct doors doors;
    doors_open(&doors);
    const uint8_t *tag = doors.intake[0].tag;
    size_t size = seal_sign(doors.secret[0], tag, body, 1, bytes);
    CHECK_EQ(size, SEAL_SIGNATURE_SIZE + 1);
    CHECK(seal_verify(doors.keys[0], tag, bytes, size));
    for (size_t shorter = 0; shorter < size; shorter++)
        CHECK(!seal_verify(doors.keys[0], tag, bytes, shorter));
    CHECK(!seal_verify(doors.keys[0], tag, bytes, sizeof bytes));
    CHECK_EQ(seal_sign(doors.secret[0], tag, bytes, 0, bytes), 0);
    CHECK_EQ(seal_sign(doors.secret[0], tag, bytes, SIGNED_SIZE_MAX - SEAL_SIGNATURE_SIZE + 1,
                       bytes),
             0);
    static uint8_t longest[SIGNED_SIZE_MAX - SEAL_SIGNATURE_SIZE];
    CHECK_EQ(seal_sign(doors.secret[0], tag, longest, sizeof longest, bytes), SIGNED_SIZE_MAX);
    CHECK(seal_verify(doors.keys[0], tag, bytes, SIGNED_SIZE_MAX));
    doors_close(&doors);
}

TEST(a_bad_key_gives_no_pair_key_at_all)
{
    static const uint8_t bad[SEAL_PUBLIC_SIZE];
    uint8_t key[SEAL_PAIR_SIZE], before[SEAL_PAIR_SIZE];
    struct doors doors;
    doors_open(&doors);
    memset(key, 0x5a, sizeof key);
    memcpy(before, key, sizeof key);
    CHECK(!seal_pair_key(doors.secret[0], bad, doors.intake[0].tag, key));
    CHECK_EQ(memcmp(key, before, sizeof key), 0);
    doors_close(&doors);
}

/* Only a hostile peer signs nothing; its signature is right. */
TEST(a_signature_of_nothing_is_no_statement)
{
    static const char domain[] = "holdfast statement v1";
    uint8_t text[sizeof domain + SEAL_TAG_SIZE], signature[SEAL_SIGNATURE_SIZE + 1] = {0};
    struct doors doors;
    doors_open(&doors);
    const uint8_t *tag = doors.intake[0].tag;
    memcpy(text, domain, sizeof domain);
    memcpy(text + sizeof domain, tag, SEAL_TAG_SIZE);
    crypto_sign_detached(signature, NULL, text, sizeof text, doors.secret[0]);
    CHECK(!seal_verify(doors.keys[0], tag, signature, SEAL_SIGNATURE_SIZE));
    doors_close(&doors);
}

TEST(an_empty_text_can_be_sealed_and_opened)
{
    struct doors doors;
    uint8_t bytes[SEAL_MAC_SIZE], nonce[SEAL_NONCE_SIZE] = {3};
    doors_open(&doors);
    const uint8_t *pair = doors.intake[0].pairs[1];
    struct seal_text text = {.head = nonce, .head_size = 4, .text = bytes, .size = 0};
    seal_close(pair, nonce, &text);
    text.size = sizeof bytes;
    CHECK(seal_open(pair, nonce, &text));
    text.size--;
    CHECK(!seal_open(pair, nonce, &text));
    doors_close(&doors);
}

CHECK_MAIN
