/* Happy path: each argument is looked up in the table and its value put in place.
 *
 * Failure modes: unknown option, missing value, value where none belongs, bad length, too many
 * words: one line that names it, one line of usage. */
#include "args.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../peer/config_value.h"

int args_wrong(const char *usage, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("holdfast: ", stderr);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\nusage: %s\n", usage);
    return 2;
}

static const struct args_option *find(const struct args *args, const char *word, size_t length)
{
    for (size_t i = 0; i < args->option_count; i++) {
        const char *name = args->options[i].name;
        if (strlen(name) == length && memcmp(name, word, length) == 0)
            return &args->options[i];
    }
    return NULL;
}

/* Takes the option at argv[*index]; moves *index over a value that stands apart. */
static bool take_option(const struct args *args, int argc, char **argv, int *index)
{
    const char *word = argv[*index], *value = NULL;
    size_t length = strcspn(word, "=");
    const struct args_option *option = find(args, word, length);
    if (option == NULL)
        return (void)args_wrong(args->usage, "unknown option %s", word), false;
    if (word[length] == '=')
        value = word + length + 1;
    if (option->flag != NULL) {
        if (value != NULL)
            return (void)args_wrong(args->usage, "%s takes no value", option->name), false;
        *option->flag = true;
        return true;
    }
    if (value == NULL && *index + 1 < argc)
        value = argv[++*index];
    if (value == NULL || value[0] == 0)
        return (void)args_wrong(args->usage, "%s needs a value", option->name), false;
    if (option->text != NULL) {
        *option->text = value;
        return true;
    }
    struct err err = {0};
    if (config_value_span(value, option->span_ms, &err) == 0 && *option->span_ms > 0)
        return true;
    return (void)args_wrong(args->usage, "%s: %s", option->name,
                            err.code != 0 ? err.text : "0 is no length"),
           false;
}

bool args_parse(const struct args *args, int argc, char **argv, size_t *ret_word_count)
{
    size_t count = 0;
    bool only_words = false;
    for (int i = 1; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] == '-') {
            if (!take_option(args, argc, argv, &i))
                return false;
        } else if (count == args->word_max) {
            return (void)args_wrong(args->usage, "unexpected argument %s", argv[i]), false;
        } else {
            args->words[count++] = argv[i];
        }
    }
    if (ret_word_count != NULL)
        *ret_word_count = count;
    return true;
}
