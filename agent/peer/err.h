/* err — a code and a sentence that says what, where and what to do.
 *
 * Functions of the shell return 0 or a negative code and take `struct err *err` last. The text
 * grows from inside out: err_wrap puts the outer words in front. */
#ifndef HOLDFAST_PEER_ERR_H
#define HOLDFAST_PEER_ERR_H

#define ERR_TEXT_SIZE 512

enum err_code {
    ERR_NONE = 0,
    ERR_USAGE = -1,  /* exit 2: command line, configuration, key */
    ERR_STATE = -2,  /* exit 5: state directory */
    ERR_IN_USE = -3, /* exit 6: address or socket in use */
    ERR_SYSTEM = -4, /* the operating system said no */
    ERR_REMOTE = -5, /* somebody else said something unusable */
};

/* Filled on failure; plain data, the caller's. */
/* The caller's; text is always terminated. */
struct err {
    int code;
    char text[ERR_TEXT_SIZE];
};

/* Sets code and text (cut at the size). Returns the code, so `return err_set(...)` works. */
int err_set(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "format: " in front of the present text. Returns the present code. */
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
