/* Happy path: the key names a peer, the secrets are there and private, the commands can run.
 *
 * Failure modes: what this machine's daemon would refuse is an error; what cannot be judged from
 * here (another user, another machine) is a warning. Secrets are wiped after the look. */
#include "check_files.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../node/dns/route53_file.h"
#include "../peer/complaint.h"
#include "../peer/keys.h"

#define CA_FILE_MAX_KIB 64 /* some 40 certificates; the daemon reads them on its loop */

/* An error for a machine that needs it, else a warning. */
static void complain(struct complaints *complaints, const struct complaint_place *place,
                     bool needed, const char *text)
{
    if (needed)
        complaint_error(complaints, place, "%s", text);
    else
        complaint_warning(complaints, place, "%s", text);
}

uint8_t check_files_self(const struct config *config, const char *path,
                         struct complaints *complaints)
{
    struct err err = {0};
    uint8_t key[KEY_SIZE], *secret = NULL;
    struct complaint_place place = {path, 0, "", ""};
    if (access(path, F_OK) != 0) {
        complaint_warning(complaints, &place, "%s; so this machine is none of the three yet (make "
                                              "a key with 'holdfast keygen', or see --key)",
                          strerror(errno));
        return PEER_NONE;
    }
    if (keys_read(path, &secret, key, &err) != 0) {
        place.path = "private key";
        complain(complaints, &place, geteuid() == 0 || access(path, R_OK) == 0, err.text);
        return PEER_NONE;
    }
    keys_close(secret);
    uint8_t self = config_peer_of_key(config, key);
    char text[KEY_TEXT_SIZE];
    keys_text(key, text);
    if (self == PEER_NONE)
        complaint_error(complaints, &place, "its public half, %s, is none of the three in %.100s; "
                                            "expected it as a public-key there",
                        text, config->path);
    return self;
}

static int judge_base64(const char *path, const char *text, struct err *err)
{
    uint8_t bytes[KEYS_SECRET_SIZE];
    size_t size = 0;
    int bad = sodium_base642bin(bytes, sizeof bytes, text, strlen(text), NULL, &size, NULL,
                                sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(bytes, sizeof bytes);
    if (bad == 0 && size > 0)
        return 0;
    return err_set(err, ERR_USAGE, "%s: holds no base64; expected the secret of the TSIG key "
                                   "alone, as in the secret = of the DNS server", path);
}

static int judge_credentials(const struct record_config *record, const char *text, struct err *err)
{
    struct route53_secret secret;
    const char *profile = record->credentials_profile;
    int code = route53_file_parse(text, profile[0] != 0 ? profile : "default", &secret, err);
    sodium_memzero(&secret, sizeof secret);
    return code == 0 ? 0 : err_wrap(err, "%s", record->credentials_file);
}

int check_files_secret(const struct record_config *record, enum check_secret kind,
                       const char *path, struct err *err)
{
    char text[KEYS_SECRET_TEXT_SIZE];
    bool lines = kind == CHECK_SECRET_CREDENTIALS;
    int code = lines ? keys_secret_text(path, text, sizeof text, err)
                     : keys_secret(path, text, KEYS_SECRET_SIZE, err);
    if (code == 0 && kind == CHECK_SECRET_BASE64)
        code = judge_base64(path, text, err);
    else if (code == 0 && lines)
        code = judge_credentials(record, text, err);
    sodium_memzero(text, sizeof text);
    return code;
}

/* One secret file of a record: would the daemon take it? */
struct secret {
    const char *key, *path;
    enum check_secret kind;
};

/* needed: this machine is a node, its daemon would refuse. */
static void check_secret(const struct config *config, const struct record_config *record,
                         const struct secret *secret, bool needed, struct complaints *complaints)
{
    struct err err = {0};
    char section[HOST_SIZE + 8];
    (void)snprintf(section, sizeof section, "record %s", record->label);
    struct complaint_place place = {config->path, record->line, section, secret->key};
    bool blind = geteuid() != 0 && access(secret->path, R_OK) != 0;
    if (check_files_secret(record, secret->kind, secret->path, &err) != 0)
        complain(complaints, &place, needed && !blind, err.text);
}

static void check_ca(const struct config *config, const struct record_config *record,
                     struct complaints *complaints)
{
    char section[HOST_SIZE + 8];
    (void)snprintf(section, sizeof section, "record %s", record->label);
    struct complaint_place place = {config->path, record->line, section, "ca-file"};
    struct stat info;
    if (record->ca_file[0] == 0)
        return;
    if (access(record->ca_file, R_OK) != 0 || stat(record->ca_file, &info) != 0)
        complaint_warning(complaints, &place, "%.160s: %s (on this machine)", record->ca_file,
                          strerror(errno));
    else if (info.st_size / 1024 > CA_FILE_MAX_KIB)
        complaint_warning(complaints, &place, "%.160s: holds %lld KiB of certificates, which keeps "
                          "the daemon from everything else while it reads them; expected only who "
                          "signed the certificate of endpoint, at most %d KiB. For a public "
                          "interface leave ca-file out", record->ca_file,
                          (long long)info.st_size / 1024, CA_FILE_MAX_KIB);
}

static void check_secrets(const struct config *config, const struct record_config *record,
                          bool needed, struct complaints *complaints)
{
    const struct secret secrets[] = {
        {"tsig-secret-file", record->tsig_secret_file, CHECK_SECRET_BASE64},
        {"credentials-file", record->credentials_file, CHECK_SECRET_CREDENTIALS},
        {"token-file", record->token_file, CHECK_SECRET_LINE},
        {"api-key-file", record->api_key_file, CHECK_SECRET_LINE},
    };
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        if (secrets[i].path[0] != 0)
            check_secret(config, record, &secrets[i], needed, complaints);
}

static void check_command(const struct complaint_place *place, const char *command,
                          struct complaints *complaints)
{
    char program[PATH_SIZE];
    size_t length = strcspn(command, " \t");
    struct stat status;
    memcpy(program, command, length);
    program[length] = 0;
    if (length == 0)
        return;
    if (stat(program, &status) != 0)
        complaint_warning(complaints, place, "%.160s: %s (on this machine)", program,
                          strerror(errno));
    else if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0)
        complaint_warning(complaints, place, "%.160s is no program (on this machine)", program);
    else if ((status.st_mode & S_IWOTH) != 0)
        complaint_warning(complaints, place, "%.160s can be changed by everybody: chmod o-w it",
                          program);
}

static void check_modes(const struct config *config, struct complaints *complaints)
{
    struct stat status;
    struct complaint_place place = {config->path, 0, "", ""};
    if (stat(config->path, &status) == 0 && (status.st_mode & S_IWOTH) != 0)
        complaint_warning(complaints, &place, "everybody can change this file, and with it the "
                                              "commands in it: chmod o-w it");
}

void check_files_commands(const struct config *config, uint8_t self, struct complaints *complaints)
{
    char section[HOST_SIZE + 8];
    check_modes(config, complaints);
    struct complaint_place place = {config->path, 0, "notify", "command"};
    check_command(&place, config->notify_command, complaints);
    for (size_t i = 0; self != PEER_WITNESS && i < config->record_count; i++) {
        const struct record_config *record = &config->records[i];
        check_ca(config, record, complaints);
        (void)snprintf(section, sizeof section, "record %s", record->label);
        place = (struct complaint_place){config->path, record->line, section, "command"};
        check_command(&place, record->command, complaints);
    }
    for (size_t i = 0; self != PEER_WITNESS && i < config->probe_count; i++) {
        const struct probe_config *probe = &config->probes[i];
        (void)snprintf(section, sizeof section, "probe %s", probe->name);
        place = (struct complaint_place){config->path, probe->line, section, "command"};
        check_command(&place, probe->command, complaints);
    }
}

void check_files_named(const struct config *config, uint8_t self, struct complaints *complaints)
{
    check_files_commands(config, self, complaints);
    for (size_t i = 0; self != PEER_WITNESS && i < config->record_count; i++)
        check_secrets(config, &config->records[i], self != PEER_NONE, complaints);
}
