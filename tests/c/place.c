/* Where a cache lies: a name in the directory of the user's caches, or a temporary directory. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "support.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define URL "http://h.test/"

static int is_directory(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static hc_cache *open_at(const char *path, const char *settings) {
    hc_cache *c = NULL;
    CHECK_STATUS(hc_open(path, options(NULL, settings), &c, &err), HC_OK);
    return c;
}

static void check_holds(hc_cache *c, const char *url) {
    CHECK_INT(look_at(c, url).decision, HC_FRESH);
}

/* The environment is the child's own. */

static int keep_in_home(void *user) {
    const char *home = (const char *)user;
    hc_cache *c;
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", home, 1);
    c = open_at("mine", "place 1");
    store(c, URL, answer(200, "", "x"));
    CHECK(is_directory(text("%s/.cache/mine", home)));
    hc_close(c);
    c = open_at(text("%s/.cache/mine", home), "");
    check_holds(c, URL);
    hc_close(c);
    hc_close(open_at(NULL, "place 1"));
    CHECK(is_directory(text("%s/.cache/http_cache", home)));
    return 0;
}

static void a_name_lies_among_the_caches_of_the_user(void) {
    check_in_child(keep_in_home, (char *)fresh_directory());
}

static int keep_in_xdg(void *user) {
    const char *caches = (const char *)user;
    setenv("XDG_CACHE_HOME", caches, 1);
    hc_close(open_at("mine", "place 1"));
    CHECK(is_directory(text("%s/mine", caches)));
    return 0;
}

static void the_environment_says_where_they_are(void) {
    check_in_child(keep_in_xdg, (char *)fresh_directory());
}

static int open_without_home(void *user) {
    hc_cache *c = NULL;
    (void)user;
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    CHECK_MESSAGE(hc_open("mine", options(NULL, "place 1"), &c, &err), HC_E_UNSUPPORTED, "HOME");
    CHECK(c == NULL);
    return 0;
}

static void without_a_home_the_error_says_so(void) { check_in_child(open_without_home, NULL); }

static void what_is_no_name_is_refused(void) {
    static const char *const names[] = {"", ".", "..", "a/b", "/tmp/a", "../a"};
    size_t i;
    for (i = 0; i < NELEMS(names); i++) {
        hc_cache *c = NULL;
        CHECK_MESSAGE(hc_open(names[i], options(NULL, "place 1"), &c, &err), HC_E_ARGUMENT, "name");
        CHECK(c == NULL);
    }
}

static void without_a_place_a_path_is_needed(void) {
    hc_cache *c = NULL;
    CHECK_MESSAGE(hc_open(NULL, NULL, &c, &err), HC_E_ARGUMENT, "path is NULL");
}

static void what_is_temporary_goes_when_it_is_closed(void) {
    const char *parent = fresh_directory();
    hc_cache *c = open_at(parent, "place 2");
    hc_cache *d = open_at(parent, "place 2");
    CHECK_INT(count_files(parent, "owner"), 2);
    store(c, URL, answer(200, "", "x"));
    store(c, URL "large", answer_of(200, "", body_of(1, 300001), 300001));
    check_holds(c, URL);
    check_holds(c, URL "large");
    /* Each is its own. */
    CHECK_INT(look_at(d, URL).decision, HC_FORWARD);
    hc_close(c);
    CHECK_INT(count_files(parent, "owner"), 1);
    hc_close(d);
    CHECK_INT(count_files(parent, ""), 0);
    CHECK(is_directory(parent));
}

static int use_temporary_directory(void *user) {
    const char *parent = (const char *)user;
    hc_cache *c;
    setenv("TMPDIR", parent, 1);
    c = open_at(NULL, "place 2");
    CHECK_INT(count_files(parent, "owner"), 1);
    store(c, URL, answer(200, "", "x"));
    check_holds(c, URL);
    hc_close(c);
    CHECK_INT(count_files(parent, ""), 0);
    return 0;
}

static void the_system_says_where_temporary_ones_are(void) {
    check_in_child(use_temporary_directory, (char *)fresh_directory());
}

typedef struct {
    hc_cache *cache;
    int opened[2];
    int closed[2];
} shared;

static int go_on_in_the_child(void *user) {
    const shared *s = (const shared *)user;
    check_holds(s->cache, URL);
    tell(s->opened[1]);
    CHECK(hear(s->closed[0]));
    check_holds(s->cache, URL);
    hc_close(s->cache);
    return 0;
}

static void a_child_keeps_what_is_temporary(void) {
    const char *parent = fresh_directory();
    shared s;
    pid_t child;
    CHECK_INT(pipe(s.opened), 0);
    CHECK_INT(pipe(s.closed), 0);
    s.cache = open_at(parent, "place 2");
    store(s.cache, URL, answer(200, "", "x"));
    flush(s.cache);
    child = in_child(go_on_in_the_child, &s);
    CHECK(hear(s.opened[0]));
    hc_close(s.cache);
    CHECK_INT(count_files(parent, "owner"), 1);
    tell(s.closed[1]);
    CHECK_INT(reap(child), 0);
    CHECK_INT(count_files(parent, ""), 0);
}

typedef struct {
    const char *parent;
    int opened[2];
    int never[2];
} doomed;

static int wait_with_it_open(void *user) {
    const doomed *d = (const doomed *)user;
    store(open_at(d->parent, "place 2"), URL, answer(200, "", "x"));
    tell(d->opened[1]);
    hear(d->never[0]);
    return 1;
}

static void what_a_killed_process_left_goes_with_the_next(void) {
    const char *parent = fresh_directory();
    hc_cache *c;
    doomed d;
    pid_t child;
    d.parent = parent;
    CHECK_INT(pipe(d.opened), 0);
    CHECK_INT(pipe(d.never), 0);
    child = in_child(wait_with_it_open, &d);
    CHECK(hear(d.opened[0]));
    CHECK_INT(kill(child, SIGKILL), 0);
    CHECK_INT(reap(child), -SIGKILL);
    CHECK_INT(count_files(parent, "owner"), 1);
    /* What only has such a name is no cache, and stays. */
    CHECK_INT(mkdir(text("%s/httpcache-temporary-mine", parent), 0700), 0);
    write_file(text("%s/httpcache-temporary-mine/file", parent), "mine", 4);
    c = open_at(parent, "place 2");
    CHECK_INT(count_files(parent, "owner"), 1);
    hc_close(c);
    CHECK_INT(count_files(parent, "owner"), 0);
    CHECK_INT(count_files(parent, "file"), 1);
}

static const check_test tests[] = {
    TEST(a_name_lies_among_the_caches_of_the_user),
    TEST(the_environment_says_where_they_are),
    TEST(without_a_home_the_error_says_so),
    TEST(what_is_no_name_is_refused),
    TEST(without_a_place_a_path_is_needed),
    TEST(what_is_temporary_goes_when_it_is_closed),
    TEST(the_system_says_where_temporary_ones_are),
    TEST(a_child_keeps_what_is_temporary),
    TEST(what_a_killed_process_left_goes_with_the_next),
};

CHECK_MAIN(tests)
