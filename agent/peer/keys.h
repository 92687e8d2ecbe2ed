/* keys — the own private key: made, read, checked, and shown only as its public half.
 *
 * A key file is one line: 44 characters of base64, the 32-byte Ed25519 seed. It must be a
 * regular file (no symbolic link), owned by root or the reading user, mode 0600 or stricter.
 * Secrets live in locked memory (sodium_malloc) and are wiped on close. */
#ifndef HOLDFAST_PEER_KEYS_H
#define HOLDFAST_PEER_KEYS_H

#include <stdint.h>

#include "config.h"
#include "err.h"

#define KEY_TEXT_SIZE 45 /* base64 of 32 bytes and the final 0 */
#define KEYS_SECRET_SIZE 1024      /* a secret of one line and the final 0: TSIG, token, api-key */
#define KEYS_SECRET_TEXT_SIZE 65536 /* one of several lines: credentials */

/* Reads the key file. On success *ret_secret points to 64 bytes (libsodium's secret key form)
 * in locked memory, freed by keys_close. ERR_USAGE names the file and what is wrong. */
int keys_read(const char *path, uint8_t **ret_secret, uint8_t ret_public[KEY_SIZE],
              struct err *err);
void keys_close(uint8_t *secret); /* NULL is fine */
/* Makes a key. path NULL: prints nothing, only fills. Never overwrites (O_EXCL), 0600. */
int keys_make(const char *path, uint8_t ret_public[KEY_SIZE], struct err *err);
/* base64 text of a public key, and back. Decoding refuses wrong length, low-order points. */
void keys_text(const uint8_t key[KEY_SIZE], char ret[KEY_TEXT_SIZE]);
int keys_parse(const char *text, uint8_t ret[KEY_SIZE], struct err *err);
/* Reads a secret (TSIG, token) of at most size-1 bytes from a file that group and world cannot
 * read; strips the final newline. */
int keys_secret(const char *path, char *ret, size_t size, struct err *err);
/* The same for a secret file of several lines (credentials): the whole text, ends in 0. */
int keys_secret_text(const char *path, char *ret, size_t size, struct err *err);

#endif
