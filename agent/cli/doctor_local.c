/* Happy path: the file is right, the keys are there, private and the right ones, the state
 * directory takes files.
 *
 * Failure modes: each thing that the daemon would refuse, or could not do, is a line with the
 * command that mends it. Run by root, the files are looked at as the daemon's user sees them. */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../peer/keys.h"
#include "check_files.h"
#include "doctor.h"

#define GROUP_MAX 64
#define COMMAND_SIZE (3 * PATH_SIZE + 160)

/* ---- whose eyes ---- */

/* Who owns the state directory is who the daemon runs as. */
static const char *user_of(const struct doctor *doctor, char ret[64])
{
    struct stat status;
    const struct passwd *user = NULL;
    if (stat(doctor->options->state_dir, &status) == 0)
        user = getpwuid(status.st_uid);
    (void)snprintf(ret, 64, "%.60s", user != NULL ? user->pw_name : "holdfast");
    return ret;
}

/* Root's own groups, while they are put away. */
struct eyes {
    gid_t groups[GROUP_MAX];
    int count; /* -1 = root looks as root */
};

/* With the daemon's groups alone: root's would open to it what is closed to the daemon. */
static void see_as_daemon(const struct doctor *doctor, struct eyes *ret)
{
    struct stat status;
    ret->count = -1;
    if (geteuid() != 0 || stat(doctor->options->state_dir, &status) != 0)
        return;
    const struct passwd *user = getpwuid(status.st_uid);
    ret->count = getgroups(GROUP_MAX, ret->groups);
    int failed = ret->count < 0   ? -1
                 : user != NULL ? initgroups(user->pw_name, status.st_gid)
                                : setgroups(1, &status.st_gid);
    if (failed != 0 || setegid(status.st_gid) != 0 || seteuid(status.st_uid) != 0)
        errno = 0; /* then as root: what is wrong for root is wrong */
}

static void see_as_before(const struct eyes *eyes)
{
    if (eyes->count >= 0 && (seteuid(0) != 0 || setegid(0) != 0 ||
                             setgroups((size_t)eyes->count, eyes->groups) != 0))
        errno = 0; /* cannot happen; what follows only asks the daemon */
}

/* ---- configuration ---- */

static void look_at_config(struct doctor *doctor)
{
    struct err err = {0};
    struct complaints *complaints = &doctor->complaints;
    const char *path = doctor->options->config;
    char remedy[COMMAND_SIZE];
    int code = config_read(path, &doctor->config, complaints, &err);
    doctor->readable = code == 0;
    if (code != 0 && complaints->error_count == 0) {
        (void)snprintf(remedy, sizeof remedy, "ls -l %s: it must be there and readable; the same "
                       "file as on the other machines", path);
        DOCTOR_SAY(doctor, DOCTOR_CONFIG, "file", DOCTOR_FAIL, remedy, "%s", err.text);
    }
    for (size_t i = 0; i < complaints->count; i++) {
        const struct complaint *one = &complaints->list[i];
        (void)snprintf(remedy, sizeof remedy, "${EDITOR:-nano} +%u %s; then: holdfast check && "
                       "holdfast restart", one->line, path);
        DOCTOR_SAY(doctor, DOCTOR_CONFIG, "file", one->warning ? DOCTOR_WARN : DOCTOR_FAIL, remedy,
                   "%s", one->text);
    }
    if (doctor->readable)
        DOCTOR_SAY(doctor, DOCTOR_CONFIG, "file", DOCTOR_OK, NULL,
                   "%s: cluster %s, %zu record%s, settings %016" PRIx64, path,
                   doctor->config.cluster, doctor->config.record_count,
                   doctor->config.record_count == 1 ? "" : "s",
                   config_settings_hash(&doctor->config));
}

/* ---- files ---- */

/* The command that mends what is wrong with the file itself; false: its text is what is wrong. */
static bool mend_file(const struct doctor *doctor, const char *path, const char *make,
                      char ret[COMMAND_SIZE])
{
    struct stat status;
    char user[64];
    (void)user_of(doctor, user);
    if (lstat(path, &status) != 0)
        (void)snprintf(ret, COMMAND_SIZE, "%s", make);
    else if (S_ISLNK(status.st_mode))
        (void)snprintf(ret, COMMAND_SIZE, "cp --remove-destination \"$(readlink -f %s)\" %s && "
                       "chmod 0600 %s", path, path, path);
    else if ((status.st_mode & 0177) != 0)
        (void)snprintf(ret, COMMAND_SIZE, "chmod 0600 %s", path);
    else if (status.st_uid != 0 && status.st_uid != geteuid())
        (void)snprintf(ret, COMMAND_SIZE, "chown %s %s", user, path);
    else
        return false;
    return true;
}

static void look_at_key(struct doctor *doctor)
{
    struct err err = {0};
    const struct config *config = &doctor->config;
    const char *path = doctor->options->key;
    uint8_t key[KEY_SIZE], *secret = NULL;
    char text[KEY_TEXT_SIZE], remedy[COMMAND_SIZE], make[COMMAND_SIZE];
    (void)snprintf(make, sizeof make, "holdfast keygen --output %s; then put what it prints into "
                   "%s as this machine's public-key", path, config->path);
    if (keys_read(path, &secret, key, &err) != 0) {
        if (!mend_file(doctor, path, make, remedy))
            (void)snprintf(remedy, sizeof remedy, "mv %s %s.bad; then make one anew: holdfast "
                           "keygen --output %s, and put what it prints into the file", path, path,
                           path);
        DOCTOR_SAY(doctor, DOCTOR_KEYS, "private", DOCTOR_FAIL, remedy, "%s", err.text);
        return;
    }
    keys_close(secret);
    keys_text(key, text);
    if (!doctor->readable)
        return;
    doctor->self = config_peer_of_key(config, key);
    if (doctor->self != PEER_NONE) {
        DOCTOR_SAY(doctor, DOCTOR_KEYS, "private", DOCTOR_OK, NULL, "%s is that of %s", path,
                   config->peers[doctor->self].name);
        return;
    }
    (void)snprintf(remedy, sizeof remedy, "set public-key = %s in this machine's section of %s, on "
                   "all three machines, then: holdfast restart", text, config->path);
    DOCTOR_SAY(doctor, DOCTOR_KEYS, "private", DOCTOR_FAIL, remedy,
               "the public half of %s is none of the three in %s", path, config->path);
}

struct secret {
    const char *key, *path, *what;
    enum check_secret kind;
};

static void look_at_secret(struct doctor *doctor, const struct record_config *record,
                           const struct secret *secret)
{
    struct err err = {0};
    char user[64], make[COMMAND_SIZE], remedy[COMMAND_SIZE], subject[2 * HOST_SIZE];
    bool good = check_files_secret(record, secret->kind, secret->path, &err) == 0;
    (void)snprintf(subject, sizeof subject, "%s %s", record->label, secret->key);
    (void)snprintf(make, sizeof make, "type %s: install -m 0600 -o %s /dev/stdin %s; then: "
                   "holdfast restart", secret->what, user_of(doctor, user), secret->path);
    if (!good && !mend_file(doctor, secret->path, make, remedy))
        (void)snprintf(remedy, sizeof remedy, "type %s: cat >%s; then: holdfast restart",
                       secret->what, secret->path);
    if (good)
        DOCTOR_SAY(doctor, DOCTOR_FILES, subject, DOCTOR_OK, NULL, "%s is there, and private",
                   secret->path);
    else
        DOCTOR_SAY(doctor, DOCTOR_FILES, subject, DOCTOR_FAIL, remedy, "%s", err.text);
}

static void look_at_secrets(struct doctor *doctor)
{
    const struct config *config = &doctor->config;
    for (size_t i = 0; i < config->record_count && doctor->self != PEER_WITNESS; i++) {
        const struct record_config *record = &config->records[i];
        const struct secret secrets[] = {
            {"tsig-secret-file", record->tsig_secret_file, "the secret of the TSIG key",
             CHECK_SECRET_BASE64},
            {"credentials-file", record->credentials_file, "the credentials, as in "
             "holdfast.conf(5)", CHECK_SECRET_CREDENTIALS},
            {"token-file", record->token_file, "the token", CHECK_SECRET_LINE},
            {"api-key-file", record->api_key_file, "the api-key", CHECK_SECRET_LINE},
        };
        for (size_t k = 0; k < sizeof secrets / sizeof secrets[0]; k++)
            if (secrets[k].path[0] != 0)
                look_at_secret(doctor, record, &secrets[k]);
    }
}

/* The programs that the file names, and who may change the file. */
static void look_at_commands(struct doctor *doctor)
{
    struct complaints complaints = {.count = 0};
    check_files_commands(&doctor->config, doctor->self, &complaints);
    for (size_t i = 0; i < complaints.count; i++)
        DOCTOR_SAY(doctor, DOCTOR_FILES, "commands", DOCTOR_WARN, "holdfast check",
                   "%s", complaints.list[i].text);
}

/* ---- state ---- */

static void look_at_state(struct doctor *doctor)
{
    const char *path = doctor->options->state_dir;
    char remedy[COMMAND_SIZE], user[64];
    struct stat status;
    (void)user_of(doctor, user);
    if (stat(path, &status) != 0) {
        (void)snprintf(remedy, sizeof remedy, "install -d -m 0700 -o %s %s", user, path);
        DOCTOR_SAY(doctor, DOCTOR_STATE, "directory", DOCTOR_FAIL, remedy, "%s: %s", path,
                   strerror(errno));
    } else if (!S_ISDIR(status.st_mode) || eaccess(path, W_OK | X_OK) != 0) {
        (void)snprintf(remedy, sizeof remedy, "chown %s %s && chmod 0700 %s", user, path, path);
        DOCTOR_SAY(doctor, DOCTOR_STATE, "directory", DOCTOR_FAIL, remedy,
                   "%s: user %s cannot write into it", path, user);
    } else {
        DOCTOR_SAY(doctor, DOCTOR_STATE, "directory", DOCTOR_OK, NULL, "%s can be written", path);
    }
}

void doctor_local(struct doctor *doctor)
{
    struct eyes eyes;
    see_as_daemon(doctor, &eyes);
    look_at_config(doctor);
    look_at_key(doctor);
    if (doctor->readable) {
        look_at_secrets(doctor);
        look_at_commands(doctor);
    }
    look_at_state(doctor);
    see_as_before(&eyes);
}
