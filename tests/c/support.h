/* support.h - what the tests are made of: directories, a clock, messages, whole exchanges.
 *
 * What these functions return is freed after the test, caches excepted: those you close. They
 * check, and so are for the test's own thread; those marked [any] are not. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "check.h"

#ifndef NELEMS
#define NELEMS(array) (sizeof(array) / sizeof *(array))
#endif

/* ---- strings and directories ---- */

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
const char *text(const char *format, ...);

/* A new, empty directory; it goes, with all that is in it, after the test. */
const char *fresh_directory(void);

/* [any] */
int remove_tree(const char *path);

/* Copies a directory and all below it. */
void copy_tree(const char *from, const char *to);

/* Calls `each` with every path below `directory`, depth first, directories after what is in them.
 * [any] */
int walk(const char *directory, int (*each)(const char *path, void *user), void *user);

/* How many files below `directory` have a name that begins with `prefix`. [any] */
int count_files(const char *directory, const char *prefix);

/* The data file of the cache in `directory`. */
const char *data_file(const char *directory);

/* The bytes of a file, `*len` of them. */
char *read_file(const char *path, size_t *len);
void write_file(const char *path, const void *data, size_t len);

/* ---- time ---- */

/* 2023-11-14 22:13:20 UTC: where the tests' clocks begin. */
#define T0 INT64_C(1700000000000)
#define SECONDS INT64_C(1000)
#define MINUTES (60 * SECONDS)
#define DAYS (24 * 60 * MINUTES)

typedef struct {
    int64_t now;
    int destroyed; /* How often the library said that it is done with it. */
} test_clock;

test_clock *new_clock(void);
void pass(test_clock *clock, int64_t milliseconds); /* [any] */
int64_t clock_now(void *clock);                     /* An hc_clock_fn. */
void clock_destroyed(void *clock);                  /* An hc_destroy_fn. */

/* The HTTP date of an instant. */
const char *http_date(int64_t at);

/* ---- log lines ---- */

typedef struct test_log test_log;

/* Takes the lines of `o` up to `level`. */
test_log *log_of(hc_options *o, int32_t level);
int log_lines(const test_log *log);                     /* [any] */
int log_holds(const test_log *log, const char *needle); /* [any] */
void log_clear(test_log *log);                          /* [any] */

/* ---- caches ---- */

/* Options from a text like "cache_control 1, expire_after 60000, stale_if_error never". `clock` may
 * be NULL. */
hc_options *options(test_clock *clock, const char *settings);
hc_cache *open_cache(const char *directory, test_clock *clock, const char *settings);
hc_cache *open_with(const char *directory, const hc_options *o);
hc_stats stats_of(hc_cache *c);
void flush(hc_cache *c);

/* The number of an option by its name in lower case without HC_OPT_. [any] */
hc_option option_number(const char *name);

/* ---- messages ---- */

/* `line` is "GET http://h.test/", `fields` is "Name: value\nName: value". */
hc_request *request(const char *line, const char *fields);

/* The same with options of its own, as in options(). */
hc_request *request_with(const char *line, const char *fields, const char *settings);

/* An origin's answer. `body` may be NULL. */
hc_response *answer(int status, const char *fields, const char *body);
hc_response *answer_of(int status, const char *fields, const void *body, size_t len);

/* The fields as "Name: value\n...". */
const char *fields_text(const hc_field *fields, size_t count);

/* The value of one field in such a text; "" if there is none. */
const char *value_in(const char *fields, const char *name);

/* ---- exchanges ---- */

hc_view new_view(void); /* [any] */

/* What a user sees of one exchange. */
typedef struct {
    int32_t decision;
    int32_t outcome;    /* -1: nothing was reported. */
    hc_status reported; /* What the verb that reported returned. */
    char why[32];       /* hc_exchange_reason. */
    /* What the origin gets; NULL: nothing. */
    const char *forward_url;
    const char *forward_fields;
    /* What is handed on. */
    int32_t status;
    uint32_t flags;
    const char *reason;
    const char *fields;
    const char *url;
    const char *body; /* NUL-terminated; NULL: it is the origin's. */
    size_t body_len;
    int64_t created_at, expires_at, age, lifetime;
} seen;

/* hc_lookup alone. */
seen look(hc_cache *c, const hc_request *r);

/* hc_lookup and, where the cache forwards, hc_store of `origin`. Checks that nothing is asked of
 * the origin otherwise. */
seen ask(hc_cache *c, const hc_request *r, const hc_response *origin);

/* hc_lookup and, where the cache forwards, hc_store_failure. */
seen ask_unreachable(hc_cache *c, const hc_request *r);

/* look() and ask() of a GET without fields. */
seen look_at(hc_cache *c, const char *url);
seen fetch_from(hc_cache *c, const char *url, const hc_response *origin);

/* Stores `origin` as the answer to a GET of `url`, and checks that it was. */
void store(hc_cache *c, const char *url, const hc_response *origin);

/* ---- bodies: bytes that are a function of a seed and an offset [any] ---- */

void body_fill(void *out, size_t len, uint64_t seed, uint64_t offset);
int body_is(const void *data, size_t len, uint64_t seed, uint64_t offset);
char *body_of(uint64_t seed, size_t len);

/* FNV-1a, to be continued from `hash`. */
#define HASH_BEGIN UINT64_C(14695981039346656037)
uint64_t body_hash(uint64_t hash, const void *data, size_t len);

/* ---- processes [any] ---- */

/* Runs `task(user)` in a forked child and returns its pid; the child's exit status is what task
 * returns. */
pid_t in_child(int (*task)(void *user), void *user);

/* Ends a forked child. Where a tool looks for leaks it must not look here: all that the parent
 * still has, and the child only inherited, would be one. */
void end_child(int status);

/* Waits for a child: its exit status, or minus the signal that ended it. */
int reap(pid_t child);

/* Checks that `task(user)` returns 0 in a child. */
void check_in_child(int (*task)(void *user), void *user);

/* One byte through a pipe: how threads and processes wait for each other. */
void tell(int fd);
int hear(int fd); /* 0 at the end of the pipe. */

/* Whether the program runs under a tool that makes it slow, as the environment says (SLOW=1). */
int is_slow(void);

/* How often to do a thing: `slow` times where the program is slow, ten times `usual` when the environment
 * says FULL=1. */
int repeats(int slow, int usual);

#endif
