/* Threads: one cache, many threads, requests of their own. Every body that is handed on is whole,
 * and is one that was stored under its URL. */
#define _POSIX_C_SOURCE 200809L

#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    THREADS = 8,
    URLS = 12 /* Every third is large. */
};

static int rounds(int usual) {
    return repeats(usual / 20 + 1, usual);
}

/* ---- messages without anything that is shared between threads ---- */

static size_t size_of(int url) {
    return url % 3 == 0 ? 100000 + (size_t)url : 300 + (size_t)url;
}

static uint64_t seed_of(int url, int version) {
    return (uint64_t)url * 1000003 + (uint64_t)version;
}

typedef struct {
    hc_cache *cache;
    int number;
    pthread_barrier_t *start;
    unsigned chance;
    /* One of each serves all exchanges of a thread. */
    hc_request *request;
    hc_response *answer;
    char *body;
} worker;

static unsigned any(worker *w, unsigned below) {
    w->chance = w->chance * 1103515245u + 12345u;
    return (w->chance >> 16) % below;
}

static void assign(worker *w, int url, int revalidates) {
    char text_url[64];
    snprintf(text_url, sizeof text_url, "http://h.test/%d", url);
    CHECK_STATUS(hc_request_assign(w->request, "GET", 3, text_url, HC_NTS, &err), HC_OK);
    if (revalidates)
        CHECK_STATUS(hc_request_add(w->request, "Cache-Control", HC_NTS, "no-cache", HC_NTS, &err),
                     HC_OK);
}

static void build(worker *w, int status, int url, int version) {
    char value[64];
    CHECK_STATUS(hc_response_assign(w->answer, status, "OK", 2, &err), HC_OK);
    snprintf(value, sizeof value, "\"%d-%d\"", url, version);
    CHECK_STATUS(hc_response_add(w->answer, "ETag", 4, value, HC_NTS, &err), HC_OK);
    if (status == 304)
        return;
    snprintf(value, sizeof value, "%d", version);
    CHECK_STATUS(hc_response_add(w->answer, "X-Version", 9, value, HC_NTS, &err), HC_OK);
    body_fill(w->body, size_of(url), seed_of(url, version), 0);
    CHECK_STATUS(hc_response_set_body(w->answer, w->body, size_of(url), &err), HC_OK);
}

/* Checks that what is handed on is a whole response of `url`. Reads large bodies in pieces. */
static void check_response(hc_exchange *x, int url) {
    hc_response *p = NULL;
    const char *version;
    char buffer[9999];
    size_t n = 0, total = 0;
    hc_status status;
    CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
    version = hc_response_get(p, "X-Version", 9, NULL);
    CHECK(version != NULL);
    while ((status = hc_response_read(p, buffer, sizeof buffer, &n, NULL)) == HC_OK) {
        CHECK(body_is(buffer, n, seed_of(url, atoi(version)), total));
        total += n;
    }
    CHECK_INT(status, HC_DONE);
    CHECK_INT(total, (int64_t)size_of(url));
    hc_response_free(p);
}

/* The version in an ETag that is to be revalidated. */
static int version_asked_for(hc_exchange *x) {
    size_t count = 0, i;
    const hc_field *fields = hc_request_fields(hc_exchange_forward(x), &count);
    for (i = 0; i < count; i++) {
        if (strcmp(fields[i].name, "If-None-Match") == 0)
            return atoi(strchr(fields[i].value, '-') + 1);
    }
    return 0;
}

static void store_in_pieces(worker *w, hc_exchange *x, int url) {
    int32_t outcome = -1;
    size_t done, len = size_of(url);
    CHECK_STATUS(hc_store_begin(x, w->answer, &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, HC_STORING);
    for (done = 0; done < len; done += 7777) {
        size_t now = len - done < 7777 ? len - done : 7777;
        CHECK_STATUS(hc_store_write(x, w->body + done, now, &err), HC_OK);
    }
    /* Some are abandoned. */
    if (any(w, 8) == 0)
        return;
    CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
}

static void one_exchange(worker *w, int version) {
    int url = (int)any(w, URLS);
    int revalidates = any(w, 4) == 0;
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    assign(w, url, revalidates);
    CHECK_STATUS(hc_lookup(w->cache, w->request, NULL, &x, &err), HC_OK);
    switch (hc_exchange_decision(x)) {
    case HC_FRESH:
        check_response(x, url);
        break;
    case HC_REVALIDATE:
        if (any(w, 2) == 0) {
            build(w, 304, url, version_asked_for(x));
            CHECK_STATUS(hc_store(x, w->answer, &outcome, NULL, &err), HC_OK);
            CHECK_INT(outcome, HC_FRESHENED);
            check_response(x, url);
            break;
        }
        /* fall through */
    default:
        build(w, 200, url, version);
        if (any(w, 2) == 0) {
            store_in_pieces(w, x, url);
        } else {
            CHECK_STATUS(hc_store(x, w->answer, &outcome, NULL, &err), HC_OK);
            CHECK_INT(outcome, HC_STORED);
            check_response(x, url);
        }
    }
    hc_exchange_free(x);
}

static void begin_work(worker *w) {
    w->chance = 77u + (unsigned)w->number * 1000u;
    w->body = (char *)malloc(200000);
    w->request = NULL;
    w->answer = NULL;
    CHECK_STATUS(hc_request_new("GET", 3, "http://h.test/", HC_NTS, &w->request, &err), HC_OK);
    CHECK_STATUS(hc_response_new(200, NULL, 0, &w->answer, &err), HC_OK);
    pthread_barrier_wait(w->start);
}

static void end_work(worker *w) {
    hc_request_free(w->request);
    hc_response_free(w->answer);
    free(w->body);
}

/* Runs `task` in all threads at once. */
static void run(hc_cache *c, void *(*task)(void *worker)) {
    pthread_barrier_t start;
    pthread_t threads[THREADS];
    worker workers[THREADS];
    int i;
    pthread_barrier_init(&start, NULL, THREADS);
    for (i = 0; i < THREADS; i++) {
        workers[i].cache = c;
        workers[i].number = i;
        workers[i].start = &start;
        CHECK_INT(pthread_create(&threads[i], NULL, task, &workers[i]), 0);
    }
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
}

/* ---- the tests ---- */

static void *mixed(void *user) {
    worker *w = (worker *)user;
    int i;
    begin_work(w);
    for (i = 1; i <= rounds(600); i++)
        one_exchange(w, w->number * 100000 + i);
    end_work(w);
    return NULL;
}

static void all_that_is_done_at_once_leaves_whole_responses(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_stats stats;
    run(c, mixed);
    stats = stats_of(c);
    CHECK_INT(stats.errors, 0);
    CHECK(stats.responses > 0 && stats.responses <= URLS);
    CHECK(stats.stores > 0 && stats.hits > 0);
    if (!is_slow())
        CHECK(stats.revalidations > 0);
    flush(c);
    hc_close(c);
}

static void *only_hits(void *user) {
    worker *w = (worker *)user;
    int i;
    begin_work(w);
    for (i = 0; i < rounds(2000); i++) {
        hc_exchange *x = NULL;
        assign(w, i % URLS, 0);
        CHECK_STATUS(hc_lookup(w->cache, w->request, NULL, &x, &err), HC_OK);
        CHECK_INT(hc_exchange_decision(x), HC_FRESH);
        check_response(x, i % URLS);
        hc_exchange_free(x);
    }
    end_work(w);
    return NULL;
}

static void hits_of_all_threads_are_counted(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    int url;
    for (url = 0; url < URLS; url++) {
        store(c, text("http://h.test/%d", url),
              answer_of(200, "X-Version: 1", body_of(seed_of(url, 1), size_of(url)), size_of(url)));
    }
    run(c, only_hits);
    CHECK_INT(stats_of(c).hits, (int64_t)THREADS * rounds(2000));
    hc_close(c);
}

static const char *storm_directory;

static void *open_and_close(void *user) {
    worker *w = (worker *)user;
    int i;
    begin_work(w);
    for (i = 1; i <= rounds(60); i++) {
        hc_cache *c = NULL;
        CHECK_STATUS(hc_open(storm_directory, NULL, &c, &err), HC_OK);
        w->cache = c;
        one_exchange(w, w->number * 100000 + i);
        hc_close(c);
    }
    end_work(w);
    return NULL;
}

static void a_directory_is_opened_and_closed_by_all_at_once(void) {
    hc_cache *c;
    int url;
    storm_directory = fresh_directory();
    run(NULL, open_and_close);
    c = open_cache(storm_directory, NULL, "");
    CHECK(stats_of(c).responses > 0);
    for (url = 0; url < URLS; url++) {
        hc_exchange *x = NULL;
        CHECK_STATUS(hc_lookup(c, request(text("GET http://h.test/%d", url), ""), NULL, &x, &err),
                     HC_OK);
        if (hc_exchange_decision(x) == HC_FRESH)
            check_response(x, url);
        hc_exchange_free(x);
    }
    hc_close(c);
}

/* An exchange is of one thread at a time, not always the same. */
static void *end_exchange(void *user) {
    hc_exchange *x = (hc_exchange *)user;
    int32_t outcome = -1;
    CHECK_STATUS(hc_store_write(x, "dy", 2, &err), HC_OK);
    CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    hc_exchange_free(x);
    return NULL;
}

static void an_exchange_moves_between_threads(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_exchange *x = NULL;
    pthread_t thread;
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET http://h.test/", ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store_begin(x, answer(200, "", NULL), &outcome, NULL, &err), HC_OK);
    CHECK_STATUS(hc_store_write(x, "bo", 2, &err), HC_OK);
    CHECK_INT(pthread_create(&thread, NULL, end_exchange, x), 0);
    pthread_join(thread, NULL);
    CHECK_STR(look_at(c, "http://h.test/").body, "body");
    hc_close(c);
}

static void *close_cache(void *user) {
    hc_close((hc_cache *)user);
    return NULL;
}

static void a_cache_is_closed_by_another_thread_while_it_is_used(void) {
    int i;
    for (i = 0; i < rounds(50); i++) {
        hc_cache *c = open_cache(fresh_directory(), NULL, "");
        hc_exchange *x = NULL;
        hc_response *p = NULL;
        pthread_t thread;
        const void *body = NULL;
        size_t len = 0;
        store(c, "http://h.test/", answer(200, "", "body"));
        CHECK_STATUS(hc_lookup(c, request("GET http://h.test/", ""), NULL, &x, &err), HC_OK);
        CHECK_INT(pthread_create(&thread, NULL, close_cache, c), 0);
        CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
        hc_exchange_free(x);
        CHECK_STATUS(hc_response_body(p, &body, &len, &err), HC_OK);
        CHECK_INT(len, 4);
        pthread_join(thread, NULL);
        hc_response_free(p);
    }
}

static const check_test tests[] = {
    TEST(all_that_is_done_at_once_leaves_whole_responses),
    TEST(hits_of_all_threads_are_counted),
    TEST(a_directory_is_opened_and_closed_by_all_at_once),
    TEST(an_exchange_moves_between_threads),
    TEST(a_cache_is_closed_by_another_thread_while_it_is_used),
};

CHECK_MAIN(tests)
