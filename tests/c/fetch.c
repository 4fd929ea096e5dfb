/* hc_fetch over the library's own transport, against an origin that does what the URL tells it.
 * Broken origins are in fetch_broken.c, transports of one's own in transport.c. */
#define _POSIX_C_SOURCE 200809L

#include "origin.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_miss_is_fetched_and_then_a_hit(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    const char *url = at(o, "/body/100000?seed=7");
    fetched f = get(c, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.decision, HC_FORWARD);
    CHECK_INT(f.view.outcome, HC_STORING);
    CHECK_INT(f.view.flags, 0);
    CHECK_INT(f.view.body_size, 100000);
    CHECK_STR(f.url, url);
    CHECK_INT(f.body_len, 100000);
    CHECK(is_origin_body(f.body, f.body_len, 7, 0));
    f = get(c, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.decision, HC_FRESH);
    CHECK_INT(f.view.flags, HC_FROM_CACHE);
    CHECK_INT(f.view.elapsed, 0);
    CHECK_INT(f.body_len, 100000);
    CHECK(is_origin_body(f.body, f.body_len, 7, 0));
    CHECK_INT(requests_of(o, url), 1);
    hc_close(c);
}

static void chunks_and_empty_bodies_are_bodies(void) {
    static const char *const targets[] = {"/body/70000?chunked=1", "/body/0", "/body/0?chunked=1",
                                          "/body/70000?chunk=1000", "/body/1?chunked=1"};
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    size_t i;
    int again;
    for (i = 0; i < NELEMS(targets); i++) {
        const char *url = at(o, "%s", targets[i]);
        for (again = 0; again <= 1; again++) {
            fetched f = get(c, url);
            check_note("%s, time %d", targets[i], again + 1);
            check_fetched(&f, 200);
            CHECK_INT(f.body_len, atoi(targets[i] + strlen("/body/")));
            CHECK(is_origin_body(f.body, f.body_len, 0, 0));
            CHECK_INT((f.view.flags & HC_FROM_CACHE) != 0, again);
        }
        CHECK_INT(requests_of(o, url), 1);
    }
    hc_close(c);
}

static void what_is_stored_is_revalidated_and_replaced(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "expire_after immediately");
    const char *url = at(o, "/version/a?etag=1");
    fetched f = get(c, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.outcome, HC_STORING);
    CHECK(strchr(f.body, '1') != NULL);
    f = get(c, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.decision, HC_REVALIDATE);
    CHECK_INT(f.view.outcome, HC_FRESHENED);
    CHECK_INT(f.view.flags & (HC_FROM_CACHE | HC_REVALIDATED), HC_FROM_CACHE | HC_REVALIDATED);
    CHECK(strchr(f.body, '1') != NULL);
    f = fetch(c, request(text("POST %s", at(o, "/change/a")), ""));
    check_fetched(&f, 200);
    f = get(c, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.outcome, HC_STORING);
    /* Stored, and stale at once. */
    CHECK_INT(f.view.flags, HC_EXPIRED);
    CHECK(strchr(f.body, '2') != NULL);
    CHECK_INT(requests_of(o, url), 3);
    CHECK_INT(stats_of(c).revalidations, 1);
    hc_close(c);
}

static void a_stale_response_is_used_when_the_origin_is_gone(void) {
    test_clock *clock = new_clock();
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000, stale_if_error never");
    hc_cache *d = open_cache(fresh_directory(), clock, "expire_after 60000");
    const char *url = at(o, "/text/hello");
    fetched f = get(c, url);
    check_fetched(&f, 200);
    f = get(d, url);
    check_fetched(&f, 200);
    stop_origin(o);
    f = get(d, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.flags, HC_FROM_CACHE);
    pass(clock, 61 * SECONDS);
    f = get(c, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.outcome, HC_USED_STALE);
    CHECK_INT(f.view.flags, HC_FROM_CACHE | HC_EXPIRED);
    CHECK_STR(f.body, "hello");
    f = get(d, url);
    CHECK_INT(f.status, HC_E_CONNECT);
    hc_close(c);
    hc_close(d);
}

static void only_if_cached_asks_nobody(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    const char *url = at(o, "/text/hello");
    fetched f = fetch(c, request(text("GET %s", url), "Cache-Control: only-if-cached"));
    check_fetched(&f, 504);
    CHECK_INT(f.view.decision, HC_UNSATISFIABLE);
    CHECK_INT(f.view.flags, 0);
    f = fetch(c, request_with(text("GET %s", url), "", "only_if_cached 1"));
    check_fetched(&f, 504);
    CHECK_INT(requests_of(o, url), 0);
    f = get(c, url);
    check_fetched(&f, 200);
    f = fetch(c, request_with(text("GET %s", url), "", "only_if_cached 1"));
    check_fetched(&f, 200);
    CHECK_INT(requests_of(o, url), 1);
    hc_close(c);
}

static void redirects_are_followed_within_the_limit(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    const char *line = text("GET %s", at(o, "/redirect/3"));
    fetched f = fetch(c, request(line, ""));
    check_fetched(&f, 200);
    CHECK_STR(f.url, at(o, "/redirect/0"));
    f = fetch(c, request_with(line, "", "max_redirects 3"));
    check_fetched(&f, 200);
    f = fetch(c, request_with(line, "", "max_redirects 2"));
    CHECK_INT(f.status, HC_E_REDIRECT);
    f = fetch(c, request_with(line, "", "max_redirects 0"));
    CHECK_INT(f.status, HC_E_REDIRECT);
    /* One more than by default. */
    f = get(c, at(o, "/redirect/30"));
    check_fetched(&f, 200);
    f = get(c, at(o, "/redirect/31"));
    CHECK_INT(f.status, HC_E_REDIRECT);
    hc_close(c);
}

static void a_redirect_is_handed_on_where_none_is_followed(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    const char *line = text("GET %s", at(o, "/redirect/3"));
    fetched f = fetch(c, request_with(line, "", "follow 0"));
    check_fetched(&f, 302);
    CHECK(*value_in(f.fields, "Location") != '\0');
    CHECK_STR(f.url, at(o, "/redirect/3"));
    CHECK_INT(requests_of(o, at(o, "/redirect/2")), 0);
    hc_close(c);
}

static void redirects_that_lead_astray_are_refused(void) {
    static const char *const places[] = {"file:///etc/passwd", "gopher://127.0.0.1/",
                                         "ldap://127.0.0.1/", "javascript:alert(1)", "http://"};
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    size_t i;
    fetched f;
    for (i = 0; i < NELEMS(places); i++) {
        check_note("to %s", places[i]);
        f = get(c, at(o, "/redirect?to=%s", escaped(places[i])));
        CHECK_INT(f.status, HC_E_REDIRECT);
    }
    check_note("to itself");
    f = get(c, at(o, "/redirect?to=%s", escaped("#here")));
    CHECK_INT(f.status, HC_E_REDIRECT);
    hc_close(c);
}

/* A walk that asks for aliases meets that of this URL. */
static void check_listed_alias(hc_cache *c, const char *url) {
    hc_query q;
    hc_iter *it;
    hc_response *p;
    hc_view view;
    int met = 0;
    memset(&q, 0, sizeof q);
    q.struct_size = sizeof q;
    q.match = HC_MATCH_ALIASES;
    q.url = url;
    CHECK_STATUS(hc_iter_new(c, &q, &it, &err), HC_OK);
    view = new_view();
    while (hc_iter_next(it, &view, &p, NULL) == HC_OK) {
        met++;
        CHECK(p == NULL);
        CHECK_INT(view.flags, HC_IS_ALIAS);
        CHECK_INT(view.status, 0);
        CHECK_STR(view.url, url);
        CHECK(view.expires_at - view.created_at > 0);
        CHECK_STATUS(hc_get(c, hc_iter_key(it), HC_NTS, NULL, &err), HC_OK);
    }
    CHECK_INT(met, 1);
    hc_iter_free(it);
}

static void redirects_that_were_followed_are_known_and_lead_on(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "cache_control 1");
    const char *cached = escaped("Cache-Control: max-age=600");
    const char *target = at(o, "/text/there?field=%s", cached);
    const char *second = at(o, "/redirect?status=301&to=%s&field=%s", escaped(target), cached);
    const char *first = at(o, "/redirect?status=301&to=%s&field=%s", escaped(second), cached);
    const hc_request *follows = request(text("GET %s", first), "");
    const hc_request *stays = request_with(text("GET %s", first), "", "follow 0");
    hc_response *p;
    const char *key = NULL;
    const void *body;
    size_t len;
    int again;
    for (again = 0; again <= 2; again++) {
        hc_view view;
        memset(&view, 0, sizeof view);
        view.struct_size = sizeof view;
        check_note("time %d", again + 1);
        CHECK_STATUS(hc_fetch(c, follows, NULL, &p, &err), HC_OK);
        CHECK_STATUS(hc_response_body(p, &body, &len, &err), HC_OK);
        CHECK_STR(text("%.*s", (int)len, (const char *)body), "there");
        CHECK_INT(hc_response_from_cache(p), again > 0);
        key = text("%s", hc_response_key(p));
        CHECK(hc_response_alias_of(p) == NULL);
        CHECK_INT(hc_response_status(hc_response_history(p, 1)), 301);
        CHECK(hc_response_history(p, 2) == NULL);
        CHECK_STATUS(hc_response_view(hc_response_history(p, 0), &view), HC_OK);
        CHECK_STR(view.url, first);
        CHECK_INT(view.flags & HC_FROM_CACHE, again > 0 ? HC_FROM_CACHE : 0);
        CHECK_STATUS(hc_response_body(hc_response_history(p, 0), &body, &len, &err), HC_OK);
        CHECK_INT(len, 0);
        CHECK(hc_response_history(hc_response_history(p, 0), 0) == NULL);
        hc_response_free(p);
    }
    CHECK_INT(requests_of(o, first) + requests_of(o, second) + requests_of(o, target), 3);
    check_listed_alias(c, first);
    /* Whoever does not follow gets the redirect, which says where it leads. */
    CHECK_STATUS(hc_fetch(c, stays, NULL, &p, &err), HC_OK);
    CHECK_INT(hc_response_status(p), 301);
    CHECK_STR(hc_response_alias_of(p), key);
    CHECK(hc_response_history(p, 0) == NULL);
    hc_response_free(p);
    /* What it led to is gone. */
    {
        fetched f = fetch(c, request(text("PUT %s", target), ""));
        check_fetched(&f, 200);
    }
    CHECK_STATUS(hc_fetch(c, stays, NULL, &p, &err), HC_OK);
    CHECK_INT(hc_response_status(p), 301);
    CHECK(hc_response_alias_of(p) == NULL);
    hc_response_free(p);
    hc_close(c);
}

static void each_hop_is_a_stored_response_of_its_own(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "cache_control 1");
    const char *cached = escaped("Cache-Control: max-age=600");
    const char *target = at(o, "/text/there?field=%s", cached);
    const char *first = at(o, "/redirect?to=%s&field=%s", escaped(target), cached);
    fetched f = get(c, first);
    check_fetched(&f, 200);
    CHECK_STR(f.body, "there");
    f = get(c, first);
    check_fetched(&f, 200);
    CHECK_STR(f.body, "there");
    CHECK_INT(f.view.flags, HC_FROM_CACHE);
    CHECK_INT(requests_of(o, first), 1);
    CHECK_INT(requests_of(o, target), 1);
    f = get(c, target);
    CHECK_INT(f.view.flags, HC_FROM_CACHE);
    hc_close(c);
}

static void a_body_is_read_in_small_pieces(void) {
    static const size_t pieces[] = {1, 7, 1000};
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    size_t i;
    int again;
    for (i = 0; i < NELEMS(pieces); i++) {
        const char *line = text("GET %s", at(o, "/body/20000?seed=%zu", i));
        for (again = 0; again <= 1; again++) {
            fetched f = fetch_in_pieces(c, request(line, ""), pieces[i]);
            check_note("pieces of %zu, time %d", pieces[i], again + 1);
            check_fetched(&f, 200);
            CHECK_INT(f.body_len, 20000);
            CHECK(is_origin_body(f.body, f.body_len, i, 0));
            CHECK_INT((f.view.flags & HC_FROM_CACHE) != 0, again);
        }
    }
    hc_close(c);
}

static void a_body_that_is_abandoned_is_not_stored(void) {
    origin *o = start_origin();
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    const char *url = at(o, "/body/200000");
    hc_response *p = NULL;
    char buffer[1000];
    size_t n = 0, total = 0;
    fetched f;
    CHECK_STATUS(hc_fetch(c, request(text("GET %s", url), ""), NULL, &p, &err), HC_OK);
    while (total < 100000) {
        CHECK_STATUS(hc_response_read(p, buffer, sizeof buffer, &n, &err), HC_OK);
        total += n;
    }
    hc_response_free(p);
    CHECK_INT(stats_of(c).stores, 0);
    CHECK_INT(stats_of(c).responses, 0);
    flush(c);
    CHECK_INT(count_files(directory, "tmp-"), 0);
    /* And one of which nothing was read. */
    CHECK_STATUS(hc_fetch(c, request(text("GET %s", url), ""), NULL, &p, &err), HC_OK);
    hc_response_free(p);
    f = get(c, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.flags, 0);
    CHECK_INT(requests_of(o, url), 3);
    f = get(c, url);
    CHECK_INT(f.view.flags, HC_FROM_CACHE);
    hc_close(c);
}

static void the_first_bytes_are_there_before_the_last_are_sent(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    const char *url = raw(o, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "&gate=g&more=def");
    hc_response *p = NULL;
    char body[8] = "";
    size_t n = 0, total = 0;
    hc_status status;
    fetched f;
    CHECK_STATUS(hc_fetch(c, request(text("GET %s", url), ""), NULL, &p, &err), HC_OK);
    while (total < 3) {
        CHECK_STATUS(hc_response_read(p, body + total, sizeof body - total, &n, &err), HC_OK);
        total += n;
    }
    CHECK_INT(total, 3);
    CHECK(memcmp(body, "abc", 3) == 0);
    /* Only now the rest is sent. */
    ask_origin(o, "/open/g");
    while ((status = hc_response_read(p, body + total, sizeof body - total, &n, NULL)) == HC_OK)
        total += n;
    CHECK_INT(status, HC_DONE);
    CHECK(memcmp(body, "abcdef", 6) == 0);
    hc_response_free(p);
    f = get(c, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.flags, HC_FROM_CACHE);
    CHECK_STR(f.body, "abcdef");
    hc_close(c);
}

static void the_whole_body_is_there_though_part_of_it_was_read(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_response *p = NULL;
    char buffer[10];
    const void *body = NULL;
    size_t n = 0;
    CHECK_STATUS(hc_fetch(c, request(text("GET %s", at(o, "/body/100000")), ""), NULL, &p, &err),
                 HC_OK);
    CHECK_STATUS(hc_response_read(p, buffer, sizeof buffer, &n, &err), HC_OK);
    CHECK_STATUS(hc_response_body(p, &body, &n, &err), HC_OK);
    CHECK_INT(n, 100000);
    CHECK(is_origin_body((const char *)body, n, 0, 0));
    hc_response_free(p);
    /* Of one that is not stored what was read is gone. */
    CHECK_STATUS(
        hc_fetch(c, request(text("GET %s", at(o, "/body/100000?status=404")), ""), NULL, &p, &err),
        HC_OK);
    CHECK_STATUS(hc_response_read(p, buffer, sizeof buffer, &n, &err), HC_OK);
    CHECK_STATUS(hc_response_body(p, &body, &n, &err), HC_E_MISUSE);
    hc_response_free(p);
    CHECK_STATUS(
        hc_fetch(c, request(text("GET %s", at(o, "/body/100000?status=404")), ""), NULL, &p, &err),
        HC_OK);
    CHECK_STATUS(hc_response_body(p, &body, &n, &err), HC_OK);
    CHECK_INT(n, 100000);
    hc_response_free(p);
    hc_close(c);
}

static void a_response_outlives_its_cache_and_is_stored_at_its_end(void) {
    origin *o = start_origin();
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    const char *url = at(o, "/body/100000");
    hc_response *p = NULL;
    const void *body = NULL;
    size_t n = 0;
    fetched f;
    CHECK_STATUS(hc_fetch(c, request(text("GET %s", url), ""), NULL, &p, &err), HC_OK);
    hc_close(c);
    CHECK_STATUS(hc_response_body(p, &body, &n, &err), HC_OK);
    CHECK(is_origin_body((const char *)body, n, 0, 0));
    hc_response_free(p);
    c = open_cache(directory, NULL, "");
    f = get(c, url);
    CHECK_INT(f.view.flags, HC_FROM_CACHE);
    hc_close(c);
}

static void the_request_is_sent_as_it_was_made(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_request *r = request(text("POST %s", at(o, "/echo?b=2&a=1")), "X-A: 1\nX-A: \xff\nx-b: 2");
    fetched f;
    CHECK_STATUS(hc_request_set_body(r, "content", 7, &err), HC_OK);
    f = fetch(c, r);
    check_fetched(&f, 200);
    CHECK(strncmp(f.body, "POST /echo?b=2&a=1 HTTP/1.1\r\n", 29) == 0);
    CHECK(strstr(f.body, "X-A: 1\r\n") != NULL);
    CHECK(strstr(f.body, "X-A: \xff\r\n") != NULL);
    CHECK(strstr(f.body, "x-b: 2\r\n") != NULL);
    CHECK(strstr(f.body, "\r\n\r\ncontent") != NULL);
    CHECK(strstr(f.body, "Expect:") == NULL);
    f = fetch(c, request(text("HEAD %s", at(o, "/body/1000")), ""));
    check_fetched(&f, 200);
    CHECK_INT(f.body_len, 0);
    CHECK_STR(value_in(f.fields, "Content-Length"), "1000");
    hc_close(c);
}

static void variants_are_fetched_apart(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    const char *line = text("GET %s", at(o, "/vary/a?on=X-Kind"));
    static const char *const kinds[] = {"one", "two", "one", "two"};
    size_t i;
    for (i = 0; i < NELEMS(kinds); i++) {
        fetched f = fetch(c, request(line, text("X-Kind: %s", kinds[i])));
        check_fetched(&f, 200);
        CHECK(strstr(f.body, kinds[i]) != NULL);
        CHECK_INT((f.view.flags & HC_FROM_CACHE) != 0, i >= 2);
    }
    hc_close(c);
}

/* ---- a fork ---- */

typedef struct {
    hc_cache *cache;
    hc_response *begun;
    const char *url;
} forked;

static int fetch_in_child(void *user) {
    forked *f = (forked *)user;
    char buffer[100];
    const void *body = NULL;
    size_t n = 0;
    fetched of_child = get(f->cache, f->url);
    check_fetched(&of_child, 200);
    CHECK_INT(of_child.body_len, 50000);
    CHECK(is_origin_body(of_child.body, of_child.body_len, 9, 0));
    CHECK_STATUS(hc_response_read(f->begun, buffer, sizeof buffer, &n, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_response_body(f->begun, &body, &n, &err), HC_E_MISUSE);
    hc_response_free(f->begun);
    of_child = get(f->cache, f->url);
    check_fetched(&of_child, 200);
    CHECK_INT(of_child.view.flags, HC_FROM_CACHE);
    hc_close(f->cache);
    return 0;
}

static void a_child_fetches_beside_its_parent(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    const char *line = text("GET %s", at(o, "/body/100000"));
    forked f;
    char buffer[100];
    const void *body = NULL;
    size_t n = 0;
    fetched of_parent = get(c, at(o, "/body/1000"));
    check_fetched(&of_parent, 200);
    f.cache = c;
    f.url = at(o, "/body/50000?seed=9");
    CHECK_STATUS(hc_fetch(c, request(line, ""), NULL, &f.begun, &err), HC_OK);
    CHECK_STATUS(hc_response_read(f.begun, buffer, sizeof buffer, &n, &err), HC_OK);
    check_in_child(fetch_in_child, &f);
    /* What was on its way goes on here. */
    CHECK_STATUS(hc_response_body(f.begun, &body, &n, &err), HC_OK);
    CHECK_INT(n, 100000);
    CHECK(is_origin_body((const char *)body, n, 0, 0));
    hc_response_free(f.begun);
    of_parent = get(c, f.url);
    CHECK_INT(of_parent.view.flags, HC_FROM_CACHE);
    of_parent = get(c, at(o, "/body/2000"));
    check_fetched(&of_parent, 200);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
}

/* ---- many threads ---- */

enum {
    THREADS = 8,
    URLS = 16
};

typedef struct {
    hc_cache *cache;
    const char *urls[URLS];
    int number;
} fetcher;

static void *fetch_many(void *user) {
    fetcher *f = (fetcher *)user;
    int i, rounds = repeats(10, 100);
    for (i = 0; i < rounds; i++) {
        int which = (f->number * 7 + i * 3) % URLS;
        hc_request *r = NULL;
        hc_response *p = NULL;
        const void *body = NULL;
        size_t len = 0;
        CHECK_STATUS(hc_request_new("GET", 3, f->urls[which], HC_NTS, &r, &err), HC_OK);
        CHECK_STATUS(hc_fetch(f->cache, r, NULL, &p, &err), HC_OK);
        CHECK_INT(hc_response_status(p), 200);
        CHECK_STATUS(hc_response_body(p, &body, &len, &err), HC_OK);
        CHECK_INT(len, 10000 + which * 10000);
        CHECK(is_origin_body((const char *)body, len, (uint64_t)which, 0));
        hc_response_free(p);
        hc_request_free(r);
    }
    return NULL;
}

static void many_threads_fetch_at_once(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    pthread_t threads[THREADS];
    fetcher fetchers[THREADS];
    hc_stats stats;
    int i, k;
    for (i = 0; i < THREADS; i++) {
        fetchers[i].cache = c;
        fetchers[i].number = i;
        for (k = 0; k < URLS; k++)
            fetchers[i].urls[k] = at(o, "/body/%d?seed=%d", 10000 + k * 10000, k);
    }
    for (i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, fetch_many, &fetchers[i]), 0);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    stats = stats_of(c);
    CHECK_INT(stats.errors, 0);
    CHECK_INT(stats.responses, URLS);
    CHECK(stats.hits > 0);
    hc_close(c);
}

static void a_stored_beginning_is_completed(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "cache_control 1, complete 1");
    const char *url = at(
        o,
        "/body/300000?seed=5&ranges=1&field=ETag:%%20%%22a%%22&field=Cache-Control:%%20max-age=60");
    fetched f = fetch(c, request(text("GET %s", url), "Range: bytes=0-99999"));
    check_fetched(&f, 206);
    CHECK_INT(f.body_len, 100000);
    f = get(c, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.flags, 0);
    CHECK_INT(f.view.body_size, 300000);
    CHECK_INT(f.body_len, 300000);
    CHECK(is_origin_body(f.body, f.body_len, 5, 0));
    f = get(c, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.decision, HC_FRESH);
    CHECK_INT(f.body_len, 300000);
    CHECK(is_origin_body(f.body, f.body_len, 5, 0));
    CHECK_INT(requests_of(o, url), 2);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(a_stored_beginning_is_completed),
    TEST(a_miss_is_fetched_and_then_a_hit),
    TEST(chunks_and_empty_bodies_are_bodies),
    TEST(what_is_stored_is_revalidated_and_replaced),
    TEST(a_stale_response_is_used_when_the_origin_is_gone),
    TEST(only_if_cached_asks_nobody),
    TEST(redirects_are_followed_within_the_limit),
    TEST(a_redirect_is_handed_on_where_none_is_followed),
    TEST(redirects_that_lead_astray_are_refused),
    TEST(redirects_that_were_followed_are_known_and_lead_on),
    TEST(each_hop_is_a_stored_response_of_its_own),
    TEST(a_body_is_read_in_small_pieces),
    TEST(a_body_that_is_abandoned_is_not_stored),
    TEST(the_first_bytes_are_there_before_the_last_are_sent),
    TEST(the_whole_body_is_there_though_part_of_it_was_read),
    TEST(a_response_outlives_its_cache_and_is_stored_at_its_end),
    TEST(the_request_is_sent_as_it_was_made),
    TEST(variants_are_fetched_apart),
    TEST(a_child_fetches_beside_its_parent),
    TEST(many_threads_fetch_at_once),
};

static void there_is_no_hc_fetch_without_libcurl(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_response *p = NULL;
    CHECK_STATUS(hc_fetch(c, request("GET http://h.test/", ""), NULL, &p, &err), HC_E_UNSUPPORTED);
    CHECK(p == NULL);
    hc_close(c);
}

static const check_test tests_without[] = {
    TEST(there_is_no_hc_fetch_without_libcurl),
};

int main(int argc, char **argv) {
    if (hc_has_feature("fetch"))
        return check_run(tests, NELEMS(tests), argc, argv);
    return check_run(tests_without, NELEMS(tests_without), argc, argv);
}
