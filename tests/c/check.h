/* check.h - a test is a function, and what it checks ends it where it does not hold.
 *
 * A program is a table of tests and CHECK_MAIN(table). It prints `ok NAME` or `FAILED NAME: where:
 * what` for each, and as its last line how many there were. Arguments are names of the tests to
 * run. A check that fails in another thread ends that thread, and in a forked child the child;
 * either way the test fails. Callbacks of the library must not check: they may not jump out of its
 * calls. */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stddef.h>

#include "httpcache.h"

typedef struct {
    const char *name;
    void (*run)(void);
} check_test;

#define TEST(function) {#function, function}

#define CHECK_MAIN(tests)                                                                          \
    int main(int argc, char **argv) {                                                              \
        return check_run(tests, sizeof(tests) / sizeof *(tests), argc, argv);                      \
    }

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            check_fail(__FILE__, __LINE__, "%s", #condition);                                      \
    } while (0)

#define CHECK_INT(actual, expected) check_int(__FILE__, __LINE__, #actual, actual, expected)
#define CHECK_STR(actual, expected) check_str(__FILE__, __LINE__, #actual, actual, expected)

/* The expression may pass `&err`, which is declared here. Besides the status it is checked that
 * there is an error if and only if the status is one, and that it tells the same. */
#define CHECK_STATUS(expression, status) CHECK_MESSAGE(expression, status, "")

/* As CHECK_STATUS; and the error's message holds `text`. */
#define CHECK_MESSAGE(expression, status, text)                                                    \
    do {                                                                                           \
        hc_error *err = NULL;                                                                      \
        hc_status got = (expression);                                                              \
        check_status(__FILE__, __LINE__, #expression, got, status, err, text);                     \
    } while (0)

/* Says of what is checked until the next note: printed when a check fails. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void check_note(const char *format, ...);

/* Runs `undo(user)` after the test, the last one first. From the test's own thread. check_undo runs
 * what was deferred since check_mark, for loops that would hold too much until then. */
void check_defer(void (*undo)(void *user), void *user);
size_t check_mark(void);
void check_undo(size_t mark);

/* Runs `run(user)` as a case of the running test: it is counted by itself, and the test goes on when it fails. Says
 * whether it passed; `name` is printed where it did not. What is deferred in it is undone at its end. */
int check_case(const char *name, void (*run)(void *user), void *user);

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4), noreturn))
#endif
void check_fail(const char *file, int line, const char *format, ...);
void check_int(const char *file, int line, const char *what, int64_t actual, int64_t expected);
void check_str(const char *file, int line, const char *what, const char *actual,
               const char *expected);
void check_status(const char *file, int line, const char *what, hc_status actual,
                  hc_status expected, hc_error *err, const char *text);

/* Runs the tests, and returns the exit status of the program. */
int check_run(const check_test *tests, size_t count, int argc, char **argv);

#endif
