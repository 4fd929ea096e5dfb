/* Caches where nothing can be written: on a file system that is mounted read-only, and in a
 * directory that only lets itself be read. Each test runs in a child, which alone has the mount. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define URL "http://h.test/"
#define NOBODY 65534
#define LARGE 200000

/* ---- ways to forbid writing ---- */

static int write_text(const char *path, const char *data) {
    int file = open(path, O_WRONLY);
    ssize_t n = file < 0 ? -1 : write(file, data, strlen(data));
    if (file >= 0)
        close(file);
    return n == (ssize_t)strlen(data);
}

/* Mounts of its own for this process; 0 where the system does not let it have them. */
static int has_own_mounts(void) {
    int user = (int)geteuid(), group = (int)getegid();
    if (user == 0)
        return unshare(CLONE_NEWNS) == 0 &&
               mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0;
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           write_text("/proc/self/setgroups", "deny") &&
           write_text("/proc/self/uid_map", text("%d %d 1", user, user)) &&
           write_text("/proc/self/gid_map", text("%d %d 1", group, group));
}

static int mount_read_only(const char *directory) {
    if (!has_own_mounts())
        return 0;
    CHECK_INT(mount(directory, directory, "none", MS_BIND, NULL), 0);
    CHECK_INT(mount("none", directory, "none", MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
    return 1;
}

static int give_away(const char *path, void *user) {
    (void)user;
    return lchown(path, NOBODY, NOBODY);
}

/* The administrator may write whatever the modes say. */
static int close_directory(const char *directory) {
    if (geteuid() == 0) {
        char above[4096];
        snprintf(above, sizeof above, "%s", directory);
        CHECK_INT(walk(directory, give_away, NULL), 0);
        CHECK_INT(give_away(directory, NULL), 0);
        *strrchr(above, '/') = 0;
        CHECK_INT(chmod(above, 0755), 0);
        CHECK_INT(chmod(directory, 0500), 0);
        CHECK_INT(setgid(NOBODY), 0);
        CHECK_INT(setuid(NOBODY), 0);
        return 1;
    }
    CHECK_INT(chmod(directory, 0500), 0);
    return 1;
}

typedef struct {
    int (*forbid)(const char *directory);
    hc_status refusal;
} way;

static const way mounted = {mount_read_only, HC_E_READ_ONLY};
static const way closed = {close_directory, HC_E_PERMISSION};

/* A container may keep its processes from mounting. That is said, and the other way is left. */
static void run(int (*task)(void *), const way *of) {
    static const int refused = 77;
    pid_t child = in_child(task, (void *)of);
    int status = reap(child);
    if (status == refused && of == &mounted) {
        printf("note: nothing can be mounted here; the closed directory alone is tested\n");
        return;
    }
    CHECK_INT(status, 0);
}

static void forbid(const way *of, const char *directory) {
    if (!of->forbid(directory))
        end_child(77);
}

/* ---- what is stored ---- */

static void store_body(hc_cache *c, const char *url, uint64_t seed, size_t len) {
    hc_request *r = request(text("GET %s", url), "Cache-Control: no-cache");
    CHECK_INT(ask(c, r, answer_of(200, "", body_of(seed, len), len)).outcome, HC_STORED);
}

static void check_stored(hc_cache *c, const char *url, uint64_t seed, size_t len) {
    seen s = look_at(c, url);
    check_note("%s", url);
    CHECK_INT(s.decision, HC_FRESH);
    CHECK_INT(s.body_len, (int64_t)len);
    CHECK(body_is(s.body, len, seed, 0));
}

static const char *filled_directory(const char *settings) {
    const char *directory = text("%s/cache", fresh_directory());
    hc_cache *c = open_cache(directory, NULL, settings);
    store_body(c, URL "small", 1, 100);
    store_body(c, URL "large", 2, LARGE);
    hc_close(c);
    return directory;
}

/* ---- tests ---- */

static int read_what_is_there(void *user) {
    const way *of = (const way *)user;
    const char *directory = filled_directory("");
    hc_cache *c = NULL;
    forbid(of, directory);
    CHECK_STATUS(hc_open(directory, NULL, &c, &err), of->refusal);
    c = open_cache(directory, NULL, "read_only 1, cache_control 0, invalidate 1");
    check_stored(c, URL "small", 1, 100);
    check_stored(c, URL "large", 2, LARGE);
    CHECK_INT(fetch_from(c, URL "other", answer(200, "", "x")).outcome, HC_NOT_STORED);
    CHECK_INT(fetch_from(c, URL "other", answer_of(200, "", body_of(3, LARGE), LARGE)).outcome,
              HC_NOT_STORED);
    CHECK_INT(stats_of(c).responses, 2);
    flush(c);
    CHECK_INT(stats_of(c).errors, 0);
    CHECK_INT(ask(c, request("DELETE " URL "small", ""), answer(204, "", NULL)).outcome,
              HC_NOT_STORED);
    CHECK_INT(look_at(c, URL "small").decision, HC_FORWARD);
    check_stored(c, URL "large", 2, LARGE);
    CHECK_STATUS(hc_open(directory, NULL, &c, &err),
                 of->refusal == HC_E_PERMISSION ? HC_E_READ_ONLY : of->refusal);
    return 0;
}

static void what_is_there_is_read(void) {
    run(read_what_is_there, &mounted);
    run(read_what_is_there, &closed);
}

static int fail_to_write_and_go_on(void *user) {
    const char *directory = filled_directory("");
    hc_request *r = request_with("GET " URL "other", "", "read_only 0");
    hc_cache *c;
    forbid((const way *)user, directory);
    c = open_cache(directory, NULL, "read_only 1");
    CHECK_INT(ask(c, r, answer(200, "", "x")).outcome, HC_NOT_STORED);
    CHECK_INT(ask(c, r, answer_of(200, "", body_of(3, LARGE), LARGE)).outcome, HC_NOT_STORED);
    CHECK_INT(stats_of(c).errors, 2);
    check_stored(c, URL "small", 1, 100);
    hc_close(c);
    c = open_cache(directory, NULL, "read_only 1");
    check_stored(c, URL "small", 1, 100);
    hc_close(c);
    return 0;
}

static void a_request_that_writes_all_the_same_passes(void) {
    run(fail_to_write_and_go_on, &mounted);
    run(fail_to_write_and_go_on, &closed);
}

/* Deletions are the user's own, and yet cannot be where nothing can be written. */
static int fail_to_delete(void *user) {
    const char *directory = filled_directory("");
    hc_query q;
    hc_cache *c;
    uint64_t n = 7;
    char key[HC_KEY_SIZE];
    forbid((const way *)user, directory);
    c = open_cache(directory, NULL, "read_only 1");
    memset(&q, 0, sizeof q);
    q.struct_size = sizeof q;
    q.match = HC_MATCH_FRESH;
    CHECK_STATUS(hc_key(c, request("GET " URL "small", ""), key, &err), HC_OK);
    CHECK_MESSAGE(hc_delete(c, key, HC_NTS, &n, &err), HC_E_READ_ONLY, directory);
    CHECK_INT((int64_t)n, 0);
    CHECK_MESSAGE(hc_delete_where(c, &q, NULL, &err), HC_E_READ_ONLY, directory);
    CHECK_MESSAGE(hc_clear(c, NULL, &err), HC_E_READ_ONLY, directory);
    check_stored(c, URL "small", 1, 100);
    check_stored(c, URL "large", 2, LARGE);
    hc_close(c);
    return 0;
}

static void nothing_is_deleted_where_nothing_can_be_written(void) {
    run(fail_to_delete, &mounted);
    run(fail_to_delete, &closed);
}

static int use_after_fork(void *user) {
    hc_cache *c = (hc_cache *)user;
    check_stored(c, URL "small", 1, 100);
    check_stored(c, URL "large", 2, LARGE);
    hc_close(c);
    return 0;
}

static int fork_in_it(void *user) {
    const char *directory = filled_directory("durability 0");
    hc_cache *c;
    forbid((const way *)user, directory);
    c = open_cache(directory, NULL, "read_only 1");
    check_in_child(use_after_fork, c);
    check_stored(c, URL "small", 1, 100);
    hc_close(c);
    return 0;
}

static void it_works_in_a_forked_child(void) {
    run(fork_in_it, &mounted);
    run(fork_in_it, &closed);
}

static int open_what_is_not_there(void *user) {
    const way *of = (const way *)user;
    const char *directory = text("%s/cache", fresh_directory());
    hc_options *o = options(NULL, "read_only 1");
    hc_cache *c = NULL;
    CHECK_INT(mkdir(directory, 0700), 0);
    forbid(of, directory);
    CHECK_STATUS(hc_open(directory, o, &c, &err), of->refusal);
    CHECK(c == NULL);
    return 0;
}

static void where_nothing_is_there_the_error_tells_why(void) {
    run(open_what_is_not_there, &mounted);
    run(open_what_is_not_there, &closed);
}

static int open_what_is_damaged(void *user) {
    const char *directory = filled_directory("");
    hc_options *o = options(NULL, "read_only 1");
    hc_cache *c = NULL;
    CHECK_INT(truncate(data_file(directory), 5000), 0);
    forbid((const way *)user, directory);
    CHECK_STATUS(hc_open(directory, o, &c, &err), HC_E_CORRUPT);
    return 0;
}

static void what_is_damaged_is_not_opened(void) {
    run(open_what_is_damaged, &mounted);
    run(open_what_is_damaged, &closed);
}

/* ---- beside a writer, which sees the directory where it is writable ---- */

static const char *shared;
static int to_reader[2], to_writer[2];

static int read_beside_a_writer(void *user) {
    hc_cache *c;
    int i, hits = 0;
    forbid((const way *)user, shared);
    c = open_cache(shared, NULL, "read_only 1");
    CHECK_INT(fcntl(to_reader[0], F_SETFL, O_NONBLOCK), 0);
    tell(to_writer[1]);
    while (hear(to_reader[0]) == 0 && errno == EAGAIN) {
        for (i = 0; i < 20; i++) {
            size_t len = i % 2 ? LARGE : 100 + (size_t)i;
            seen s = look_at(c, text(URL "%d", i));
            if (s.decision == HC_FRESH) {
                hits++;
                CHECK_INT(s.body_len, (int64_t)len);
                CHECK(body_is(s.body, len, (uint64_t)i, 0));
            }
        }
    }
    CHECK(hits > 0);
    CHECK_INT(stats_of(c).errors, 0);
    check_stored(c, URL "last", 99, 100);
    hc_close(c);
    return 0;
}

static void what_others_write_is_read(void) {
    hc_cache *c;
    pid_t child;
    int i, k, status, rounds = repeats(2, 20);
    shared = filled_directory("durability 0");
    CHECK_INT(pipe(to_reader), 0);
    CHECK_INT(pipe(to_writer), 0);
    c = open_cache(shared, NULL, "");
    child = in_child(read_beside_a_writer, (void *)&mounted);
    close(to_writer[1]);
    if (hear(to_writer[0])) {
        for (k = 0; k < rounds; k++) {
            for (i = 0; i < 20; i++)
                store_body(c, text(URL "%d", i), (uint64_t)i, i % 2 ? LARGE : 100 + (size_t)i);
        }
        store_body(c, URL "last", 99, 100);
        tell(to_reader[1]);
    }
    status = reap(child);
    CHECK(status == 0 || status == 77);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(what_is_there_is_read),
    TEST(a_request_that_writes_all_the_same_passes),
    TEST(nothing_is_deleted_where_nothing_can_be_written),
    TEST(it_works_in_a_forked_child),
    TEST(where_nothing_is_there_the_error_tells_why),
    TEST(what_is_damaged_is_not_opened),
    TEST(what_others_write_is_read),
};

CHECK_MAIN(tests)
