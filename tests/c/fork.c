/* fork: a cache from before works in parent and child, other objects may only be destroyed in the
 * child, and whatever the child does the parent's cache is unharmed. */
#define _POSIX_C_SOURCE 200809L

#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define URL "http://h.test/"

static size_t large = 200000;

static void check_stored(hc_cache *c, const char *url, uint64_t seed, size_t len) {
    seen s = look_at(c, url);
    check_note("%s in process %d", url, (int)getpid());
    CHECK_INT(s.decision, HC_FRESH);
    CHECK_INT(s.body_len, (int64_t)len);
    CHECK(body_is(s.body, len, seed, 0));
}

/* Whether something is stored there already or not. */
static void store_body(hc_cache *c, const char *url, uint64_t seed, size_t len) {
    hc_request *r = request(text("GET %s", url), "Cache-Control: no-cache");
    check_note("%s in process %d", url, (int)getpid());
    CHECK_INT(ask(c, r, answer_of(200, "", body_of(seed, len), len)).outcome, HC_STORED);
}

/* A cache with something stored, for this process and for others. */
static hc_cache *filled(const char *directory) {
    hc_cache *c = open_cache(directory, NULL, "");
    store_body(c, URL "small", 1, 100);
    store_body(c, URL "large", 2, large);
    flush(c);
    return c;
}

static int use_in_child(void *user) {
    hc_cache *c = (hc_cache *)user;
    check_stored(c, URL "small", 1, 100);
    check_stored(c, URL "large", 2, large);
    store_body(c, URL "child-small", 3, 100);
    store_body(c, URL "child-large", 4, large);
    check_stored(c, URL "child-large", 4, large);
    flush(c);
    CHECK_INT(stats_of(c).errors, 0);
    return 0;
}

static int use_in_child_and_close(void *user) {
    use_in_child(user);
    hc_close((hc_cache *)user);
    return 0;
}

static int used[2]; /* The pipe through which a child says that it is ready to be killed. */

static int use_in_child_and_die(void *user) {
    use_in_child(user);
    tell(used[1]);
    for (;;)
        pause();
    return 1;
}

static int close_in_child(void *user) {
    hc_close((hc_cache *)user);
    return 0;
}

static void check_parent(hc_cache *c, int has_childs) {
    check_stored(c, URL "small", 1, 100);
    check_stored(c, URL "large", 2, large);
    if (has_childs) {
        check_stored(c, URL "child-small", 3, 100);
        check_stored(c, URL "child-large", 4, large);
    }
    store_body(c, URL "parent", 5, large);
    check_stored(c, URL "parent", 5, large);
    flush(c);
    CHECK_INT(stats_of(c).errors, 0);
}

static void the_cache_works_in_child_and_parent(void) {
    static int (*const tasks[])(void *) = {use_in_child, use_in_child_and_close,
                                           use_in_child_and_die, close_in_child};
    size_t i;
    for (i = 0; i < NELEMS(tasks); i++) {
        const char *directory = fresh_directory();
        hc_cache *c = filled(directory);
        pid_t child;
        CHECK_INT(pipe(used), 0);
        child = in_child(tasks[i], c);
        close(used[1]);
        if (tasks[i] == use_in_child_and_die) {
            CHECK(hear(used[0]));
            kill(child, SIGKILL);
        }
        CHECK_INT(reap(child), tasks[i] == use_in_child_and_die ? -SIGKILL : 0);
        close(used[0]);
        check_parent(c, tasks[i] != close_in_child);
        hc_close(c);
        c = open_cache(directory, NULL, "");
        check_parent(c, tasks[i] != close_in_child);
        hc_close(c);
    }
}

typedef struct {
    hc_cache *cache;
    int from_parent[2], from_child[2];
} pair;

static int work_beside_parent(void *user) {
    pair *p = (pair *)user;
    int i;
    for (i = 0; i < 20; i++) {
        store_body(p->cache, text("%schild-%d", URL, i), (uint64_t)i, i % 2 ? large : 100);
        flush(p->cache);
        tell(p->from_child[1]);
        CHECK(hear(p->from_parent[0]));
        check_stored(p->cache, text("%sparent-%d", URL, i), (uint64_t)i + 50, i % 2 ? 100 : large);
    }
    hc_close(p->cache);
    return 0;
}

static void both_see_what_the_other_stores(void) {
    pair p;
    pid_t child;
    int i;
    p.cache = filled(fresh_directory());
    CHECK_INT(pipe(p.from_parent), 0);
    CHECK_INT(pipe(p.from_child), 0);
    child = in_child(work_beside_parent, &p);
    for (i = 0; i < 20; i++) {
        store_body(p.cache, text("%sparent-%d", URL, i), (uint64_t)i + 50, i % 2 ? 100 : large);
        flush(p.cache);
        tell(p.from_parent[1]);
        CHECK(hear(p.from_child[0]));
        check_stored(p.cache, text("%schild-%d", URL, i), (uint64_t)i, i % 2 ? large : 100);
    }
    CHECK_INT(reap(child), 0);
    check_parent(p.cache, 0);
    hc_close(p.cache);
    for (i = 0; i < 2; i++) {
        close(p.from_parent[i]);
        close(p.from_child[i]);
    }
}

/* ---- objects from before ---- */

typedef struct {
    hc_cache *cache;
    hc_options *options;
    hc_request *request;
    hc_response *stored, *built;
    hc_exchange *miss, *hit, *storing;
    hc_iter *begun, *met;
    hc_error *error;
    const char *elsewhere; /* Another directory. */
} objects;

static void make_objects(objects *o, const char *directory) {
    int32_t outcome = -1;
    memset(o, 0, sizeof *o);
    o->cache = filled(directory);
    o->elsewhere = fresh_directory();
    o->options = hc_options_new();
    CHECK_STATUS(hc_request_new("GET", 3, URL "large", HC_NTS, &o->request, &err), HC_OK);
    CHECK_STATUS(hc_response_new(200, NULL, 0, &o->built, &err), HC_OK);
    CHECK_STATUS(hc_lookup(o->cache, o->request, NULL, &o->hit, &err), HC_OK);
    CHECK_STATUS(hc_exchange_response(o->hit, &o->stored, &err), HC_OK);
    CHECK_STATUS(hc_lookup(o->cache, request("GET " URL "miss", ""), NULL, &o->miss, &err), HC_OK);
    CHECK_STATUS(hc_lookup(o->cache, request("GET " URL "storing", ""), NULL, &o->storing, &err),
                 HC_OK);
    CHECK_STATUS(hc_store_begin(o->storing, o->built, &outcome, NULL, &err), HC_OK);
    CHECK_STATUS(hc_store_write(o->storing, body_of(6, large), large / 2, &err), HC_OK);
    CHECK_STATUS(hc_iter_new(o->cache, NULL, &o->begun, &err), HC_OK);
    CHECK_STATUS(hc_iter_new(o->cache, NULL, &o->met, &err), HC_OK);
    CHECK_STATUS(hc_iter_next(o->met, NULL, NULL, &err), HC_OK);
    CHECK_INT(hc_open(NULL, NULL, NULL, &o->error), HC_E_ARGUMENT);
}

static void free_objects(objects *o) {
    hc_iter_free(o->begun);
    hc_iter_free(o->met);
    hc_exchange_free(o->storing);
    hc_exchange_free(o->miss);
    hc_exchange_free(o->hit);
    hc_response_free(o->stored);
    hc_response_free(o->built);
    hc_request_free(o->request);
    hc_options_free(o->options);
    hc_error_free(o->error);
    hc_close(o->cache);
}

static int destroy_in_child(void *user) {
    free_objects((objects *)user);
    return 0;
}

static int misuse_exchanges_in_child(void *user) {
    objects *o = (objects *)user;
    hc_response *own = answer(200, "", "x");
    hc_response *out = NULL;
    hc_view view = new_view();
    char buffer[16];
    const void *body = NULL;
    size_t n = 0;
    int32_t outcome = -1;
    CHECK_STATUS(hc_store(o->miss, own, &outcome, NULL, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_store_begin(o->miss, own, &outcome, NULL, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_store_failure(o->miss, &view, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_store_write(o->storing, "x", 1, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_store_end(o->storing, &outcome, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_store_failure(o->storing, &view, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_exchange_response(o->hit, &out, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_response_read(o->stored, buffer, sizeof buffer, &n, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_response_body(o->stored, &body, &n, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_response_view(o->stored, &view), HC_E_MISUSE);
    CHECK_STATUS(hc_iter_next(o->begun, &view, NULL, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_iter_next(o->met, &view, &out, &err), HC_E_MISUSE);
    /* The cache itself works. */
    use_in_child(o->cache);
    CHECK_INT(look_at(o->cache, URL "storing").decision, HC_FORWARD);
    free_objects(o);
    return 0;
}

static int use_plain_data_in_child(void *user) {
    objects *o = (objects *)user;
    hc_cache *c = NULL;
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    CHECK_STATUS(hc_request_add(o->request, "A", 1, "b", 1, &err), HC_OK);
    CHECK_STATUS(hc_request_set(o->request, HC_OPT_FOLLOW, 1, &err), HC_OK);
    CHECK_STATUS(hc_response_add(o->built, "A", 1, "b", 1, &err), HC_OK);
    CHECK_STATUS(hc_options_set(o->options, HC_OPT_FOLLOW, 1, &err), HC_OK);
    CHECK_STATUS(hc_open(o->elsewhere, o->options, &c, &err), HC_OK);
    CHECK_STATUS(hc_lookup(c, o->request, NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store(x, o->built, &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    hc_exchange_free(x);
    hc_close(c);
    return 0;
}

/* The cache is looked into and after in the child by itself. */
static int inspect_in_child(void *user) {
    objects *o = (objects *)user;
    hc_iter *it = NULL;
    CHECK_STATUS(hc_iter_new(o->cache, NULL, &it, &err), HC_OK);
    CHECK_STATUS(hc_iter_next(it, NULL, NULL, &err), HC_OK);
    CHECK_STATUS(hc_get(o->cache, hc_iter_key(it), HC_NTS, NULL, &err), HC_OK);
    hc_iter_free(it);
    free_objects(o);
    return 0;
}

/* After whatever the child did, what was begun before goes on in the parent. */
static void check_objects_in_parent(objects *o) {
    const void *body = NULL;
    size_t len = 0;
    int32_t outcome = -1;
    CHECK_STATUS(hc_store_write(o->storing, body_of(6, large) + large / 2, large / 2, &err), HC_OK);
    CHECK_STATUS(hc_store_end(o->storing, &outcome, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    check_stored(o->cache, URL "storing", 6, large);
    CHECK_STATUS(hc_response_body(o->stored, &body, &len, &err), HC_OK);
    CHECK_INT(len, (int64_t)large);
    CHECK(body_is(body, len, 2, 0));
    CHECK_STATUS(hc_store(o->miss, o->built, &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    check_parent(o->cache, 0);
}

static void check_with_objects(int (*task)(void *user)) {
    objects o;
    make_objects(&o, fresh_directory());
    CHECK_INT(reap(in_child(task, &o)), 0);
    check_objects_in_parent(&o);
    free_objects(&o);
}

static void what_was_before_can_be_destroyed_in_the_child(void) {
    check_with_objects(destroy_in_child);
}

static void using_exchanges_and_responses_from_before_is_misuse(void) {
    check_with_objects(misuse_exchanges_in_child);
}

static void a_cache_from_before_is_walked_over_in_the_child(void) {
    check_with_objects(inspect_in_child);
}

static void plain_data_from_before_works_in_the_child(void) {
    check_with_objects(use_plain_data_in_child);
}

/* ---- forks of a process with threads ----
 *
 * Not under AddressSanitizer: its own allocator has locks that a thread may hold at a fork, and
 * that nobody gives back in the child. */
#ifndef __SANITIZE_ADDRESS__

/* Another thread may hold the lock of AddressSanitizer's own allocator at the fork, and then the
 * child waits for it for ever. */
#ifndef __SANITIZE_ADDRESS__

enum {
    THREADS = 4
};

typedef struct {
    hc_cache *cache;
    int number;
    int stop;
} busy;

static int stopped(busy *b) {
    return __atomic_load_n(&b->stop, __ATOMIC_SEQ_CST);
}

/* Stores and looks until it is told to stop. */
static void *be_busy(void *user) {
    busy *b = (busy *)user;
    char *body = (char *)malloc(large);
    int version;
    for (version = 1; !stopped(b); version++) {
        char url[64];
        hc_request *r = NULL;
        hc_response *p = NULL;
        hc_exchange *x = NULL;
        size_t len = version % 4 ? 500 : large;
        snprintf(url, sizeof url, URL "thread-%d-%d", b->number, version % 16);
        CHECK_STATUS(hc_request_new("GET", 3, url, HC_NTS, &r, &err), HC_OK);
        CHECK_STATUS(hc_request_add(r, "Cache-Control", 13, "no-cache", 8, &err), HC_OK);
        CHECK_STATUS(hc_response_new(200, NULL, 0, &p, &err), HC_OK);
        body_fill(body, len, (uint64_t)version, 0);
        CHECK_STATUS(hc_response_set_body(p, body, len, &err), HC_OK);
        CHECK_STATUS(hc_lookup(b->cache, r, NULL, &x, &err), HC_OK);
        CHECK_STATUS(hc_store(x, p, NULL, NULL, &err), HC_OK);
        hc_exchange_free(x);
        hc_response_free(p);
        hc_request_free(r);
    }
    free(body);
    return NULL;
}

static int use_quickly(void *user) {
    hc_cache *c = (hc_cache *)user;
    alarm(60); /* A lock that a thread held at the fork would be waited for for ever. */
    check_stored(c, URL "large", 2, large);
    store_body(c, URL "child-small", 3, 100);
    store_body(c, URL "child-large", 4, large);
    check_stored(c, URL "child-large", 4, large);
    flush(c);
    hc_close(c);
    return 0;
}

static void a_process_with_threads_may_fork(void) {
    hc_cache *c = filled(fresh_directory());
    pthread_t threads[THREADS];
    static busy busies[THREADS]; /* If a check fails, the threads outlive this function. */
    int forks = repeats(5, 100);
    int i;
    for (i = 0; i < THREADS; i++) {
        busies[i].cache = c;
        busies[i].number = i;
        busies[i].stop = 0;
        CHECK_INT(pthread_create(&threads[i], NULL, be_busy, &busies[i]), 0);
    }
    for (i = 0; i < forks; i++) {
        check_note("fork %d", i);
        CHECK_INT(reap(in_child(use_quickly, c)), 0);
    }
    for (i = 0; i < THREADS; i++) {
        __atomic_store_n(&busies[i].stop, 1, __ATOMIC_SEQ_CST);
        pthread_join(threads[i], NULL);
    }
    check_parent(c, 1);
    hc_close(c);
}
#endif

#endif

static int fork_again(void *user) {
    hc_cache *c = (hc_cache *)user;
    store_body(c, URL "child-small", 3, 100);
    if (reap(in_child(use_in_child_and_close, c)) != 0)
        return 1;
    check_stored(c, URL "child-large", 4, large);
    hc_close(c);
    return 0;
}

static void a_child_may_fork_as_well(void) {
    hc_cache *c = filled(fresh_directory());
    CHECK_INT(reap(in_child(fork_again, c)), 0);
    check_parent(c, 1);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(the_cache_works_in_child_and_parent),
    TEST(both_see_what_the_other_stores),
    TEST(what_was_before_can_be_destroyed_in_the_child),
    TEST(using_exchanges_and_responses_from_before_is_misuse),
    TEST(a_cache_from_before_is_walked_over_in_the_child),
    TEST(plain_data_from_before_works_in_the_child),
#ifndef __SANITIZE_ADDRESS__
    TEST(a_process_with_threads_may_fork),
#endif
    TEST(a_child_may_fork_as_well),
};

CHECK_MAIN(tests)
