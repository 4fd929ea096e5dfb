/* A damaged data file: the cache opens empty, says so in the log, and keeps the damaged one aside.
 */
#define _POSIX_C_SOURCE 200809L

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define URL "http://h.test/"

/* Fills a cache with enough for a data file of many pages. */
static void fill(const char *directory) {
    hc_cache *c = open_cache(directory, NULL, "");
    int i;
    for (i = 0; i < 100; i++)
        store(c, text("%s%d", URL, i), answer_of(200, "", body_of((uint64_t)i, 2000), 2000));
    store(c, URL "large", answer_of(200, "", body_of(1, 300001), 300001));
    flush(c);
    hc_close(c);
}

struct damaged {
    const char *current;
    const char *bytes;
    size_t len;
    int found;
};

static int find_damaged(const char *path, void *user) {
    struct damaged *damaged = (struct damaged *)user;
    struct stat status;
    char *bytes;
    FILE *file;
    if (strcmp(path, damaged->current) == 0 || lstat(path, &status) != 0 ||
        !S_ISREG(status.st_mode) || (size_t)status.st_size != damaged->len)
        return 0;
    bytes = (char *)malloc(damaged->len + 1);
    file = fopen(path, "rb");
    if (file != NULL && fread(bytes, 1, damaged->len, file) == damaged->len)
        damaged->found += memcmp(bytes, damaged->bytes, damaged->len) == 0;
    if (file != NULL)
        fclose(file);
    free(bytes);
    return 0;
}

/* Opens a directory whose data file was damaged and checks what becomes of it. */
static void check_recovery(const char *directory) {
    struct damaged damaged;
    hc_options *o = options(NULL, "");
    test_log *log = log_of(o, HC_LOG_WARNING);
    hc_cache *c;
    damaged.bytes = read_file(data_file(directory), &damaged.len);
    damaged.found = 0;
    c = open_with(directory, o);
    CHECK(log_lines(log) >= 1);
    CHECK(log_holds(log, directory));
    CHECK_INT(stats_of(c).responses, 0);
    CHECK_INT(look_at(c, URL "1").decision, HC_FORWARD);
    store(c, URL "new", answer(200, "", "x"));
    CHECK_INT(look_at(c, URL "new").decision, HC_FRESH);
    damaged.current = data_file(directory);
    walk(directory, find_damaged, &damaged);
    CHECK_INT(damaged.found, 1);
    hc_close(c);
    /* And from then on it is a cache like any other. */
    log_clear(log);
    c = open_with(directory, o);
    CHECK_INT(log_lines(log), 0);
    CHECK_INT(look_at(c, URL "new").decision, HC_FRESH);
    hc_close(c);
}

static void garbage_is_moved_aside(void) {
    static const size_t sizes[] = {1, 100, 4096, 8192, 100000};
    size_t i;
    for (i = 0; i < NELEMS(sizes); i++) {
        const char *directory = fresh_directory();
        fill(directory);
        check_note("%zu bytes of garbage", sizes[i]);
        write_file(data_file(directory), body_of(9, sizes[i]), sizes[i]);
        check_recovery(directory);
    }
}

static void a_truncated_file_is_moved_aside(void) {
    static const int percents[] = {1, 10, 50, 90};
    size_t i;
    for (i = 0; i < NELEMS(percents); i++) {
        const char *directory = fresh_directory();
        struct stat status;
        fill(directory);
        CHECK_INT(stat(data_file(directory), &status), 0);
        check_note("truncated to %d percent", percents[i]);
        CHECK_INT(truncate(data_file(directory), status.st_size * percents[i] / 100), 0);
        check_recovery(directory);
    }
}

static void a_file_of_another_program_is_moved_aside(void) {
    const char *directory = fresh_directory();
    static const char other[] = "SQLite format 3";
    fill(directory);
    write_file(data_file(directory), other, sizeof other);
    check_recovery(directory);
}

static int remove_bodies(const char *path, void *user) {
    (void)user;
    if (strstr(path, "/bodies/") != NULL)
        unlink(path);
    return 0;
}

static int damage_bodies(const char *path, void *user) {
    if (strstr(path, "/bodies/") != NULL) {
        FILE *file = fopen(path, "r+b");
        if (file != NULL) {
            fseek(file, *(long *)user, SEEK_SET);
            fputc(0x5a ^ 0xff, file);
            fputc(0x5a, file);
            fclose(file);
        }
    }
    return 0;
}

static void a_body_that_is_gone_is_a_miss(void) {
    const char *directory = fresh_directory();
    hc_cache *c;
    fill(directory);
    walk(directory, remove_bodies, NULL);
    c = open_cache(directory, NULL, "");
    CHECK_INT(look_at(c, URL "large").decision, HC_FORWARD);
    CHECK_INT(look_at(c, URL "1").decision, HC_FRESH);
    store(c, URL "large", answer_of(200, "", body_of(1, 300001), 300001));
    CHECK_INT(look_at(c, URL "large").decision, HC_FRESH);
    hc_close(c);
}

/* Where a body is damaged inside, reading it ends in an error or the cache forwards; its bytes are
 * never handed on. */
static void a_damaged_body_is_never_handed_on(void) {
    static long places[] = {0, 65535, 65536, 200000, 300000, 300010};
    size_t i;
    for (i = 0; i < NELEMS(places); i++) {
        const char *directory = fresh_directory();
        hc_options *o = options(NULL, "");
        test_log *log = log_of(o, HC_LOG_WARNING);
        hc_cache *c;
        hc_exchange *x = NULL;
        hc_response *p = NULL;
        fill(directory);
        walk(directory, damage_bodies, &places[i]);
        check_note("damaged at %ld", places[i]);
        c = open_with(directory, o);
        CHECK_STATUS(hc_lookup(c, request("GET " URL "large", ""), NULL, &x, &err), HC_OK);
        if (hc_exchange_decision(x) == HC_FRESH) {
            char buffer[10000];
            size_t n = 0, total = 0;
            hc_status status;
            CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
            while ((status = hc_response_read(p, buffer, sizeof buffer, &n, NULL)) == HC_OK) {
                CHECK(body_is(buffer, n, 1, total));
                total += n;
            }
            CHECK(status < 0);
            CHECK(total < 300001);
            hc_response_free(p);
        }
        hc_exchange_free(x);
        CHECK(stats_of(c).errors >= 1);
        CHECK(log_lines(log) >= 1);
        /* It was noticed: the next one is a miss. */
        CHECK_INT(look_at(c, URL "large").decision, HC_FORWARD);
        hc_close(c);
    }
}

static const check_test tests[] = {
    TEST(garbage_is_moved_aside),
    TEST(a_truncated_file_is_moved_aside),
    TEST(a_file_of_another_program_is_moved_aside),
    TEST(a_body_that_is_gone_is_a_miss),
    TEST(a_damaged_body_is_never_handed_on),
};

CHECK_MAIN(tests)
