/* How check.h runs tests and tells of them. */
#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *running;  /* The name of the test. */
static volatile int failed;  /* Whether it failed. */
static pid_t own_process;    /* The process that runs the tests. */
static pthread_t own_thread; /* Its thread that does. */
static jmp_buf after_the_test;
static int passed_count, failed_count;
static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;
static __thread char note[256];

typedef struct {
    void (*undo)(void *user);
    void *user;
} deferral;

static deferral *deferred;
static size_t deferred_count, deferred_room;

void check_note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note, sizeof note, format, arguments);
    va_end(arguments);
}

void check_defer(void (*undo)(void *user), void *user) {
    if (deferred_count == deferred_room) {
        deferred_room = deferred_room * 2 + 64;
        deferred = (deferral *)realloc(deferred, deferred_room * sizeof *deferred);
    }
    deferred[deferred_count].undo = undo;
    deferred[deferred_count].user = user;
    deferred_count++;
}

void check_fail(const char *file, int line, const char *format, ...) {
    va_list arguments;
    pthread_mutex_lock(&printing);
    printf("FAILED %s: %s:%d: ", running ? running : "(no test)", file, line);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    if (*note != '\0')
        printf(" [%s]", note);
    printf("\n");
    fflush(stdout);
    pthread_mutex_unlock(&printing);
    failed = 1;
    if (running == NULL || getpid() != own_process)
        _exit(1);
    if (!pthread_equal(pthread_self(), own_thread))
        pthread_exit(NULL);
    longjmp(after_the_test, 1);
}

void check_int(const char *file, int line, const char *what, int64_t actual, int64_t expected) {
    if (actual != expected)
        check_fail(file, line, "%s is %" PRId64 ", not %" PRId64, what, actual, expected);
}

void check_str(const char *file, int line, const char *what, const char *actual,
               const char *expected) {
    if (actual == NULL || strcmp(actual, expected) != 0)
        check_fail(file, line, "%s is \"%s\", not \"%s\"", what, actual ? actual : "(NULL)",
                   expected);
}

void check_status(const char *file, int line, const char *what, hc_status actual,
                  hc_status expected, hc_error *err, const char *text) {
    char message[512];
    hc_status told = hc_error_status(err);
    int has_error = err != NULL;
    snprintf(message, sizeof message, "%s", hc_error_message(err));
    hc_error_free(err);
    if (actual != expected)
        check_fail(file, line, "%s is %d (%s: %s), not %d (%s)", what, (int)actual,
                   hc_strerror(actual), message, (int)expected, hc_strerror(expected));
    if (has_error && told != actual)
        check_fail(file, line, "%s is %d, its error says %d", what, (int)actual, (int)told);
    if (has_error && *message == '\0')
        check_fail(file, line, "%s: the error has no message", what);
    if (strstr(message, text) == NULL)
        check_fail(file, line, "%s: \"%s\" does not hold \"%s\"", what, message, text);
}

size_t check_mark(void) {
    return deferred_count;
}

void check_undo(size_t mark) {
    while (deferred_count > mark) {
        deferral last = deferred[--deferred_count];
        last.undo(last.user);
    }
}

static int is_wanted(const char *name, int argc, char **argv) {
    int i;
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return 1;
    }
    return argc < 2;
}

int check_case(const char *name, void (*run)(void *user), void *user) {
    /* static: what longjmp must not lose. A case has no cases of its own. */
    static jmp_buf outer;
    static const char *test;
    static size_t mark;
    static int has_passed;
    memcpy(&outer, &after_the_test, sizeof outer);
    test = running;
    mark = check_mark();
    running = name;
    failed = 0;
    note[0] = '\0';
    if (setjmp(after_the_test) == 0)
        run(user);
    has_passed = !failed;
    passed_count += has_passed;
    failed_count += !has_passed;
    running = test;
    failed = 0;
    memcpy(&after_the_test, &outer, sizeof outer);
    check_undo(mark);
    return has_passed;
}

int check_run(const check_test *tests, size_t count, int argc, char **argv) {
    /* static: what longjmp must not lose. */
    static size_t i;
    setvbuf(stdout, NULL, _IOLBF, 0);
    own_process = getpid();
    own_thread = pthread_self();
    for (i = 0; i < count; i++) {
        if (!is_wanted(tests[i].name, argc, argv))
            continue;
        running = tests[i].name;
        failed = 0;
        note[0] = '\0';
        if (setjmp(after_the_test) == 0)
            tests[i].run();
        check_undo(0);
        if (failed) {
            failed_count++;
        } else {
            passed_count++;
            printf("ok %s\n", running);
        }
    }
    free(deferred);
    printf("%d passed, %d failed\n", passed_count, failed_count);
    return failed_count > 0 || passed_count == 0;
}
