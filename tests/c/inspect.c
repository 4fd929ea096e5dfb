/* Looking into the cache, and deleting what is found there. */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define URL "http://h.test/"
#define LARGE 200000

static hc_query new_query(void) {
    hc_query q;
    memset(&q, 0, sizeof q);
    q.struct_size = sizeof q;
    return q;
}

static hc_iter *walk_over(hc_cache *c, const hc_query *q) {
    hc_iter *it = NULL;
    CHECK_STATUS(hc_iter_new(c, q, &it, &err), HC_OK);
    return it;
}

/* The last letters of the URLs that a walk meets, in its order. */
static const char *letters(hc_cache *c, const hc_query *q) {
    static char met[64];
    hc_iter *it = walk_over(c, q);
    hc_view v = new_view();
    hc_status status;
    size_t n = 0;
    while ((status = hc_iter_next(it, &v, NULL, NULL)) == HC_OK && n + 1 < sizeof met)
        met[n++] = v.flags & HC_UNREADABLE ? '!' : v.url[strlen(v.url) - 1];
    met[n] = 0;
    CHECK_INT(status, HC_DONE);
    hc_iter_free(it);
    return met;
}

static int compare(const void *a, const void *b) {
    return *(const char *)a - *(const char *)b;
}

static const char *sorted_letters(hc_cache *c, const hc_query *q) {
    char *met = (char *)letters(c, q);
    qsort(met, strlen(met), 1, compare);
    return met;
}

/* The key of what is stored for a GET. */
static const char *key_of(hc_cache *c, const char *url) {
    static char key[HC_KEY_SIZE];
    CHECK_STATUS(hc_key(c, request(text("GET %s", url), ""), key, &err), HC_OK);
    return key;
}

static void a_walk_shows_what_a_hit_shows(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
    hc_view v = new_view();
    hc_response *p = NULL, *again = NULL;
    hc_iter *it;
    store(c, URL "a", answer(200, "ETag: \"x\"\nX-A: 1\nX-A: 2", "body"));
    pass(clock, 61 * SECONDS);
    it = walk_over(c, NULL);
    CHECK(hc_iter_key(it) == NULL && hc_iter_request(it) == NULL);
    CHECK_STATUS(hc_iter_next(it, &v, &p, &err), HC_OK);
    CHECK_INT(v.status, 200);
    CHECK_INT(v.flags, HC_FROM_CACHE | HC_EXPIRED);
    CHECK_STR(fields_text(v.fields, v.field_count), "ETag: \"x\"\nX-A: 1\nX-A: 2\n");
    CHECK_STR(v.url, URL "a");
    CHECK_STR(v.reason, "Reason");
    CHECK_INT(v.body_size, 4);
    CHECK(v.body_len == 4 && memcmp(v.body, "body", 4) == 0);
    CHECK_INT(v.created_at, T0);
    CHECK_INT(v.expires_at, T0 + 60 * SECONDS);
    CHECK_INT(v.freshness_lifetime, 60 * SECONDS);
    CHECK_INT(v.age, 61 * SECONDS);
    CHECK_INT(hc_response_status(p), 200);
    CHECK_STR(hc_response_key(p), hc_iter_key(it));
    CHECK_STR(hc_request_method(hc_response_request(p)), "GET");
    CHECK_STR(hc_request_url(hc_iter_request(it)), URL "a");
    CHECK_STATUS(hc_get(c, hc_iter_key(it), HC_NTS, &again, &err), HC_OK);
    CHECK_STR(hc_response_key(again), hc_iter_key(it));
    CHECK_INT(hc_iter_next(it, &v, NULL, NULL), HC_DONE);
    CHECK_INT(hc_iter_next(it, &v, NULL, NULL), HC_DONE);
    CHECK(hc_iter_key(it) == NULL);
    hc_iter_free(it);
    hc_close(c);
    /* What was taken out of the walk outlives it, and the cache. */
    CHECK_INT(hc_response_status(p), 200);
    hc_response_free(p);
    hc_response_free(again);
}

static void a_body_is_read_only_where_a_response_is_asked_for(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_view v = new_view();
    hc_response *p = NULL;
    const void *data = NULL;
    size_t len = 0;
    hc_iter *it;
    store(c, URL, answer_of(200, "", body_of(1, LARGE), LARGE));
    it = walk_over(c, NULL);
    CHECK_STATUS(hc_iter_next(it, &v, NULL, &err), HC_OK);
    CHECK(v.body == NULL);
    CHECK_INT(v.body_size, LARGE);
    hc_iter_free(it);
    it = walk_over(c, NULL);
    CHECK_STATUS(hc_iter_next(it, NULL, &p, &err), HC_OK);
    CHECK_STATUS(hc_clear(c, NULL, &err), HC_OK);
    CHECK_STATUS(hc_response_body(p, &data, &len, &err), HC_OK);
    CHECK_INT((int64_t)len, LARGE);
    CHECK(body_is(data, len, 1, 0));
    hc_response_free(p);
    hc_iter_free(it);
    hc_close(c);
}

static void what_is_met_is_what_is_asked_for(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
    hc_query q = new_query();
    store(c, URL "a", answer(200, "", "xxx"));
    pass(clock, 30 * SECONDS);
    store(c, URL "b", answer(200, "", "x"));
    store(c, URL "b?c", answer(200, "", "xx"));
    pass(clock, 31 * SECONDS);
    CHECK_STR(sorted_letters(c, NULL), "abc");
    CHECK_STR(sorted_letters(c, &q), "abc");
    q.match = HC_MATCH_EXPIRED;
    CHECK_STR(letters(c, &q), "a");
    q.match = HC_MATCH_FRESH;
    CHECK_STR(sorted_letters(c, &q), "bc");
    q.match = HC_MATCH_UNREADABLE | HC_MATCH_ALIASES;
    CHECK_STR(letters(c, &q), "");
    q = new_query();
    q.created_before = T0 + 1;
    CHECK_STR(letters(c, &q), "a");
    q = new_query();
    q.expires_before = T0 + 61 * SECONDS;
    CHECK_STR(letters(c, &q), "a");
    q = new_query();
    q.url = "HTTP://H.test:80/./b";
    CHECK_STR(letters(c, &q), "b");
    q = new_query();
    q.url_glob = "*/b";
    CHECK_STR(sorted_letters(c, &q), "bc");
    q.method = "POST";
    CHECK_STR(letters(c, &q), "");
    q = new_query();
    q.order = HC_ORDER_SIZE;
    CHECK_STR(letters(c, &q), "bca");
    q.order = HC_ORDER_SIZE | HC_DESCENDING;
    q.limit = 2;
    CHECK_STR(letters(c, &q), "ac");
    hc_close(c);
}

static void a_bad_query_is_named(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_iter *it = NULL;
    hc_query q = new_query();
    uint64_t n = 7;
    q.match = 16;
    CHECK_MESSAGE(hc_iter_new(c, &q, &it, &err), HC_E_ARGUMENT, "query.match is 16");
    q = new_query();
    q.order = 4;
    CHECK_MESSAGE(hc_iter_new(c, &q, &it, &err), HC_E_ARGUMENT, "query.order");
    q = new_query();
    q.created_before = -1;
    CHECK_MESSAGE(hc_iter_new(c, &q, &it, &err), HC_E_ARGUMENT, "query.created_before");
    q = new_query();
    q.expires_before = HC_NEVER_EXPIRE;
    CHECK_MESSAGE(hc_iter_new(c, &q, &it, &err), HC_E_ARGUMENT, "query.expires_before");
    q = new_query();
    q.url = "no url";
    CHECK_STATUS(hc_iter_new(c, &q, &it, &err), HC_E_URL);
    q = new_query();
    q.url_glob = "h[";
    CHECK_MESSAGE(hc_iter_new(c, &q, &it, &err), HC_E_ARGUMENT, "h[");
    CHECK(it == NULL);
    q = new_query();
    CHECK_MESSAGE(hc_delete_where(c, &q, &n, &err), HC_E_ARGUMENT, "hc_clear");
    CHECK_INT((int64_t)n, 0);
    CHECK_MESSAGE(hc_delete(c, "0f", 2, &n, &err), HC_E_ARGUMENT, "key");
    CHECK_MESSAGE(hc_get(c, "", 0, NULL, &err), HC_E_ARGUMENT, "key");
    hc_close(c);
}

static void keys_find_and_delete(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    const hc_request *en = request("GET " URL, "Accept-Language: en");
    const hc_request *de = request("GET " URL, "Accept-Language: de");
    hc_response *p = NULL;
    char one[HC_KEY_SIZE];
    uint64_t n = 0;
    CHECK_INT(hc_get(c, key_of(c, URL), HC_NTS, &p, NULL), HC_NOT_FOUND);
    CHECK(p == NULL);
    CHECK_INT(hc_get(c, key_of(c, URL), HC_NTS, NULL, NULL), HC_NOT_FOUND);
    ask(c, en, answer(200, "Vary: Accept-Language", "en"));
    ask(c, de, answer(200, "Vary: Accept-Language", "de"));
    CHECK_STATUS(hc_get(c, key_of(c, URL), HC_NTS, &p, &err), HC_OK);
    strcpy(one, hc_response_key(p));
    hc_response_free(p);
    CHECK_STATUS(hc_get(c, one, strlen(one), NULL, &err), HC_OK);
    CHECK_STATUS(hc_delete(c, one, HC_NTS, &n, &err), HC_OK);
    CHECK_INT((int64_t)n, 1);
    CHECK_INT(hc_delete(c, one, HC_NTS, &n, NULL), HC_NOT_FOUND);
    CHECK_INT((int64_t)n, 0);
    CHECK_INT(hc_get(c, one, HC_NTS, NULL, NULL), HC_NOT_FOUND);
    CHECK_INT(stats_of(c).responses, 1);
    CHECK_STATUS(hc_delete(c, key_of(c, URL), HC_NTS, NULL, &err), HC_OK);
    CHECK_INT(stats_of(c).responses, 0);
    CHECK_INT(look(c, en).decision, HC_FORWARD);
    CHECK_INT(look(c, de).decision, HC_FORWARD);
    hc_close(c);
}

static void deletions_say_how_many(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
    hc_query q = new_query();
    uint64_t n = 0;
    int i;
    for (i = 0; i < 300; i++)
        store(c, text(URL "%d", i), answer(200, "", "x"));
    pass(clock, 61 * SECONDS);
    store(c, URL "last", answer_of(200, "", body_of(1, LARGE), LARGE));
    q.match = HC_MATCH_EXPIRED;
    CHECK_STATUS(hc_delete_where(c, &q, &n, &err), HC_OK);
    CHECK_INT((int64_t)n, 300);
    CHECK_STATUS(hc_delete_where(c, &q, &n, &err), HC_OK);
    CHECK_INT((int64_t)n, 0);
    CHECK_INT(stats_of(c).responses, 1);
    CHECK_STATUS(hc_clear(c, &n, &err), HC_OK);
    CHECK_INT((int64_t)n, 1);
    CHECK_INT(stats_of(c).responses, 0);
    CHECK_STATUS(hc_clear(c, &n, &err), HC_OK);
    CHECK_INT((int64_t)n, 0);
    hc_close(c);
}

/* ---- beside another process ---- */

static const char *shared;
static int to_child[2], to_parent[2];

static int store_and_look(void *user) {
    hc_cache *c = open_cache(shared, NULL, "");
    int i;
    (void)user;
    for (i = 0; i < 200; i++) {
        store(c, text(URL "%d", i), answer(200, "", "x"));
        if (i == 20)
            tell(to_parent[1]);
    }
    /* Other processes see what is committed. */
    flush(c);
    tell(to_parent[1]);
    if (!hear(to_child[0]))
        return 1;
    for (i = 0; i < 200; i++)
        CHECK_INT(look_at(c, text(URL "%d", i)).decision, HC_FORWARD);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
    return 0;
}

static void everything_is_deleted_beside_other_processes(void) {
    hc_cache *c;
    pid_t child;
    shared = fresh_directory();
    CHECK_INT(pipe(to_child), 0);
    CHECK_INT(pipe(to_parent), 0);
    child = in_child(store_and_look, NULL);
    close(to_parent[1]);
    c = open_cache(shared, NULL, "");
    CHECK(hear(to_parent[0]));
    CHECK_STATUS(hc_clear(c, NULL, &err), HC_OK);
    CHECK(hear(to_parent[0]));
    CHECK_STATUS(hc_clear(c, NULL, &err), HC_OK);
    flush(c);
    tell(to_child[1]);
    CHECK_INT(reap(child), 0);
    CHECK_INT(stats_of(c).responses, 0);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(a_walk_shows_what_a_hit_shows),
    TEST(a_body_is_read_only_where_a_response_is_asked_for),
    TEST(what_is_met_is_what_is_asked_for),
    TEST(a_bad_query_is_named),
    TEST(keys_find_and_delete),
    TEST(deletions_say_how_many),
    TEST(everything_is_deleted_beside_other_processes),
};

CHECK_MAIN(tests)
