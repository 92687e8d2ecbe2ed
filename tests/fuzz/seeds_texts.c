/* Files and requests, for config, control and state. */
#include "agent/peer/store.h"
#include "seeds.h"
#include "tests/lib/config_text.h"
#include "tests/lib/peers.h"

/* ---- config ---- */

static void write_example(void)
{
    struct seed seed = {.size = 0};
    FILE *file = fopen("deploy/holdfast.conf.example", "r");
    FUZZ_CHECK(file != NULL);
    seed.size = fread(seed.bytes, 1, sizeof seed.bytes, file);
    FUZZ_CHECK(seed.size > 0 && seed.size < sizeof seed.bytes);
    (void)fclose(file);
    /* Comments only cost time here. */
    struct seed bare = {.size = 0};
    bool comment = false;
    for (size_t i = 0; i < seed.size; i++) {
        comment = (comment || seed.bytes[i] == '#') && seed.bytes[i] != '\n';
        if (!comment)
            seed_byte(&bare, seed.bytes[i]);
    }
    seed_write("config", &bare);
}

/* The right one of the unit tests with one line put in; line 0: none. */
static void write_config(int line, const char *text)
{
    struct seed seed = {.size = 0};
    for (int i = 0; i < TEXT_LINE_COUNT; i++) {
        const char *given = i + 1 == line ? text : text_lines[i];
        seed_add(&seed, given, strlen(given));
        seed_byte(&seed, '\n');
    }
    seed_write("config", &seed);
}

/* As short as a right one can be: room for what the fuzzer adds. */
static void write_short_config(void)
{
    static const char text[] = "[cluster]\nname=a\n"
                               "[node b]\naddress=::1\nserve=::1\npublic-key=" TEXT_KEY_1 "\n"
                               "[node c]\naddress=::2\nserve=::2\npublic-key=" TEXT_KEY_2 "\n"
                               "[witness d]\naddress=::3\npublic-key=" TEXT_KEY_3 "\n";
    static const char record[] = "[record e.f]\nprovider=exec\ncommand=/g\n";
    static const char probe[] = "[probe h]\ntype=exec\ncommand=/i\n";
    static const char local[] = "[local]\nkey=/k\n";
    static const char dns[] = "[record j.k]\nzone=k\nserver=::4\ntsig-name=l\n"
                              "tsig-secret-file=m\nprovider=rfc2136\n";
    static const char *const more[] = {"", record, probe, local, dns};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        struct seed seed = {.size = 0};
        seed_add(&seed, text, sizeof text - 1);
        seed_add(&seed, more[i], strlen(more[i]));
        seed_write("config", &seed);
    }
}

static void write_configs(void)
{
    static const struct {
        int line;
        const char *text;
    } rows[] = {
        {0, ""},
        {3, "profile = fast\nprefer = server2\nfailback-after = 5m"},
        {3, "profile = patient"},
        {3, "interval = 100ms\nlease = 1s\ndrift = 2%\ndemote-lead = 100ms"},
        {3, "min-hold = 90s\npromote-delay = 1s # a comment"},
        {3, "lease = 1h"},
        {6, "address = node1.example.com:9931\naddress = [2001:db8::10]"},
        {8, "serve = 203.0.113.10\nserve = 2001:db8::10"},
        {16, "[witness second]"},
        {22, "tsig-algorithm = hmac-sha512\nttl = 60\ncheck-every = 30s\ndrift = alert"},
        {24, "authoritative = 192.0.2.1:5353\n[dns]\nresolver = ::1\nresolver = 9.9.9.9\n"
             "doh = https://9.9.9.9/q"},
        {24, "[dns]\nresolver = none"},
        {24, "serve.server1 = 192.0.2.1\nserve.server2 = 192.0.2.2, 2001:db8::2"},
        {28, "ttl = 5\nname = phone.example.com\ncheck-every = 1m"},
        {32, "interval = 2s\ntimeout = 1500ms\nfall = 3\nrise = 2\nweight = warn"},
        {36, "key = /etc/hf/key\nstate-dir = state\nsocket = /run/hf/sock\nlisten = 0.0.0.0:9930"},
        {17, "[record pbx"},
        {2, "name = \nname = x\nunknown = 3"},
    };
    write_example();
    write_short_config();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        write_config(rows[i].line, rows[i].text);
}

/* ---- control ---- */

static const char *const requests[] = {
    "\"status\"", "\"status\",\"poke\":true", "\"why\"", "\"is-active\"", "\"ready\"",
    "\"proof\"", "\"version\"", "\"events\"", "\"events\",\"cursor\":5,\"max\":10",
    "\"events\",\"from_end\":true,\"max\":20", "\"switchover\"",
    "\"switchover\",\"to\":\"server2\"", "\"switchover\",\"to\":\"server1\",\"anyway\":true",
    "\"switchover\",\"to\":\"cloud\"", "\"takeover\",\"peer\":\"server1\"",
    "\"takeover\",\"peer\":\"server2\"", "\"release\"", "\"pause\"",
    "\"pause\",\"for_ms\":60000", "\"pause\",\"for_ms\":-1", "\"resume\"", "\"restart\"",
    "\"maintenance\",\"on\":true,\"reason\":\"new disk\",\"for_ms\":3600000",
    "\"maintenance\",\"on\":false", "\"maintenance\",\"on\":true,\"anyway\":true",
    "\"recover\",\"peer\":\"cloud\"", "\"recover\",\"peer\":\"server1\"", "\"dance\"",
    "null", "\"status\"}{",
};

/* From a reader; from an operator whose disk works, fails, or is late; in two pieces; heard a
 * word of another peer before. */
static void write_requests(void)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        for (unsigned core = 0; core < 8; core++) {
            struct seed seed = {.size = 0};
            char line[256];
            int size = snprintf(line, sizeof line, "{\"v\":1,\"command\":%s}\n", requests[i]);
            unsigned kind = core | (core == i % 8 ? 0 : 8u) | (i % 3 == 1 ? 16u : 0) |
                            (i % 5 == 2 ? 32u : 0) | (unsigned)(i + core) % 4 << 6;
            seed_byte(&seed, kind);
            if (core % 2 == 0)
                seed_byte(&seed, 0);
            else
                seed_add(&seed, "\x08\x00\x01\x0a\x1a\x02\x01\x00\x05", 9);
            seed_add(&seed, line, (size_t)size);
            seed_write("control", &seed);
        }
    }
}

static void write_long_requests(void)
{
    static char text[8100];
    static const char *const lines[] = {"[1]\n", "{}\n", "\n",
                                        "{\"v\":2,\"command\":\"status\"}\n"};
    struct seed seed = {.size = 0};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        seed_add(&seed, "\x09\x00", 2);
        seed_add(&seed, lines[i], strlen(lines[i]));
        seed_write("control", &seed);
    }
    memset(text, '[', sizeof text);
    seed_add(&seed, "\x29\x00", 2);
    seed_add(&seed, text, 3000);
    seed_write("control", &seed);
}

/* ---- state ---- */

static void write_state(const struct stored *stored)
{
    char text[STORE_TEXT_SIZE];
    struct seed seed = {.size = 0};
    store_print(stored, text);
    for (unsigned self = 0; self < PEER_COUNT; self++) {
        seed_byte(&seed, self << 2);
        seed_add(&seed, text, strlen(text));
        seed_write("state", &seed);
        /* Without its checksum: the fuzzer adds a right one after each change. */
        seed_byte(&seed, self << 2 | 1);
        seed_add(&seed, text, (size_t)(strstr(text, " sum=") - text));
        seed_write("state", &seed);
    }
}

static void write_states(void)
{
    struct stored nobody = peers_file(100, PEER_NONE), first = peers_file(102, 0);
    struct stored second = peers_file(101, 1), paused = peers_file(1700000002, 0);
    struct stored genesis = {.present = true, .genesis = true, .holder = PEER_NONE};
    struct seed seed = {.size = 0};
    paused.pause_order = 3;
    paused.pause_until_wall_s = WALL + 60;
    second.length_ms = 60000;
    write_state(&nobody);
    write_state(&first);
    write_state(&second);
    write_state(&paused);
    write_state(&genesis);
    for (unsigned kind = 0; kind < 32; kind++) {
        seed_byte(&seed, 2 | kind % PEER_COUNT << 2);
        seed_byte(&seed, kind);
        seed_add(&seed, "\x00\x00\x00\x00\x00\x00\x00\x66\x00\x13\x88\x00\x00\x00\x05\x70", 16);
        seed_add(&seed, peers_settings(0).members.key_hash, sizeof(struct members));
        seed_write("state", &seed);
    }
}

void seeds_texts(void)
{
    write_configs();
    write_requests();
    write_long_requests();
    write_states();
}
