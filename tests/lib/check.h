/* check — assert macros that print both values, and a main that runs every TEST of a file.
 *
 * Usage: TEST(name) { CHECK_EQ(1 + 1, 2); } ... and CHECK_MAIN at the end of the file.
 * Output ends in "N passed, N failed"; exit 1 when one failed. An argument runs only the tests
 * whose name contains it. */
#ifndef HOLDFAST_TESTS_CHECK_H
#define HOLDFAST_TESTS_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check_test {
    const char *name;
    void (*run)(void);
    struct check_test *next;
};
static struct check_test *check_first, **check_last = &check_first;
static unsigned check_failures;

#define TEST(test)                                                                              \
    static void test_##test(void);                                                              \
    __attribute__((constructor)) static void register_##test(void)                              \
    {                                                                                           \
        static struct check_test entry = {#test, test_##test, NULL};                            \
        *check_last = &entry;                                                                   \
        check_last = &entry.next;                                                               \
    }                                                                                           \
    static void test_##test(void)

#define CHECK(condition)                                                                        \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                    \
            check_failures++;                                                                   \
        }                                                                                       \
    } while (0)
#define CHECK_EQ(actual, expected)                                                              \
    do {                                                                                        \
        long long check_a = (long long)(actual), check_e = (long long)(expected);               \
        if (check_a != check_e) {                                                               \
            printf("%s:%d: %s is %lld, expected %s = %lld\n", __FILE__, __LINE__, #actual,      \
                   check_a, #expected, check_e);                                                \
            check_failures++;                                                                   \
        }                                                                                       \
    } while (0)
#define CHECK_STR(actual, expected)                                                             \
    do {                                                                                        \
        const char *check_a = (actual), *check_e = (expected);                                  \
        if (check_a == NULL || strcmp(check_a, check_e) != 0) {                                 \
            printf("%s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, #actual,       \
                   check_a == NULL ? "(null)" : check_a, check_e);                              \
            check_failures++;                                                                   \
        }                                                                                       \
    } while (0)
#define CHECK_HAS(actual, part)                                                                 \
    do {                                                                                        \
        const char *check_a = (actual), *check_p = (part);                                      \
        if (check_a == NULL || check_p == NULL || strstr(check_a, check_p) == NULL) {           \
            printf("%s:%d: %s is \"%s\", expected \"%s\" in it\n", __FILE__, __LINE__, #actual, \
                   check_a == NULL ? "(null)" : check_a, check_p == NULL ? "(null)" : check_p); \
            check_failures++;                                                                   \
        }                                                                                       \
    } while (0)

static int check_run(int argc, char **argv)
{
    unsigned passed = 0, failed = 0;
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* a crash must not take along what was said */
    for (struct check_test *test = check_first; test != NULL; test = test->next) {
        if (argc > 1 && strstr(test->name, argv[1]) == NULL)
            continue;
        unsigned before = check_failures;
        test->run();
        if (check_failures == before)
            passed++;
        else {
            failed++;
            printf("FAILED %s\n", test->name);
        }
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0 || passed == 0;
}
#define CHECK_MAIN                                                                              \
    int main(int argc, char **argv) { return check_run(argc, argv); }

#endif
