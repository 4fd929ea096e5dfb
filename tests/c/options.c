/* Options: which values each takes, who may set it, and what contradicts what. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define URL "http://h.test/"

typedef struct {
    hc_option key;
    int per_request;
    int64_t taken[6]; /* 0-terminated after the first. */
    int64_t refused[6];
} rule;

#define MAX INT64_MAX
#define MIN INT64_MIN
#define UNKNOWN_NAME INT64_C(-2147483644) /* Beside the named values. */

/* As the header words them. The first value may be 0, another 0 ends the list. */
static const rule rules[] = {
    {HC_OPT_CACHE_CONTROL, 0, {0, 1}, {2, -1, HC_UNSET, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_EXPIRE_AFTER,
     1,
     {0, 1, MAX, HC_UNSET, HC_NEVER_EXPIRE, HC_DO_NOT_CACHE},
     {-1, UNKNOWN_NAME, MIN}},
    {HC_OPT_EXPIRE_AT, 1, {0, 1, T0, MAX}, {-1, HC_NEVER_EXPIRE, HC_DO_NOT_CACHE, MIN}},
    {HC_OPT_HEURISTIC_PERCENT, 0, {0, 10, 100}, {101, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_STALE_IF_ERROR, 1, {0, 1, MAX, HC_NEVER_EXPIRE}, {-1, HC_DO_NOT_CACHE, MIN}},
    {HC_OPT_ONLY_IF_CACHED, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_MAX_RESPONSE_BYTES, 0, {0, 1, MAX, HC_NEVER_EXPIRE}, {-1, HC_DO_NOT_CACHE, MIN}},
    {HC_OPT_DURABILITY, 0, {0, 1, 2}, {3, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_MAX_VARIANTS, 0, {1, 64, 4096}, {4097, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_HEAD_TIMEOUT, 1, {0, 1, MAX, HC_NEVER_EXPIRE}, {-1, HC_DO_NOT_CACHE, MIN}},
    {HC_OPT_CONNECT_TIMEOUT, 1, {0, 1, MAX, HC_NEVER_EXPIRE}, {-1, HC_DO_NOT_CACHE, MIN}},
    {HC_OPT_MAX_REDIRECTS, 1, {0, 30, 1000}, {1001, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_IDLE_TIMEOUT, 1, {0, 1, MAX, HC_NEVER_EXPIRE}, {-1, HC_DO_NOT_CACHE, MIN}},
    {HC_OPT_TOTAL_TIMEOUT, 1, {0, 1, MAX, HC_NEVER_EXPIRE}, {-1, HC_DO_NOT_CACHE, MIN}},
    {HC_OPT_ALLOW_DOWNGRADE, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_MAX_HEAD_BYTES, 0, {1024, 262144}, {1023, -1, HC_NEVER_EXPIRE, MIN}},
    {HC_OPT_MAX_FIELDS, 0, {1, 1000}, {-1, HC_NEVER_EXPIRE, MIN}},
    {HC_OPT_FOLLOW, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_RETRY, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_SORT_QUERY, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_STALE_WHILE_REVALIDATE, 1, {0, 1, MAX, HC_NEVER_EXPIRE}, {-1, HC_DO_NOT_CACHE, MIN}},
    {HC_OPT_COMPLETE, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_KEEP_REQUEST, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_PLACE, 0, {0, 1, 2}, {3, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_WORKERS, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_SHARED, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_ALWAYS_REVALIDATE, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_REFRESH, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_FORCE_REFRESH, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_BYPASS, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_READ_ONLY, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_INVALIDATE, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_NO_VARY_SEARCH, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_GROUPS, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_SELECT_LANGUAGE, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_CACHE_STATUS, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_IMMUTABLE_FOREVER, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_MATCH_ALL_FIELDS, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_IGNORED_PRESENCE_COUNTS, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_SHARE_CREDENTIALS, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_VERIFY_TLS, 1, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_UNORDERED_FIELDS, 0, {0, 1}, {2, -1, HC_NEVER_EXPIRE, MAX, MIN}},
    {HC_OPT_MAX_URL_BYTES, 0, {16, 65536, 16777216}, {15, 16777217, -1, HC_NEVER_EXPIRE, MIN}},
};

static size_t length_of(const int64_t *values) {
    size_t n = 1;
    while (n < 6 && values[n] != 0)
        n++;
    return n;
}

static void a_value_in_its_range_is_taken(void) {
    size_t i, k;
    for (i = 0; i < NELEMS(rules); i++) {
        for (k = 0; k < length_of(rules[i].taken); k++) {
            hc_options *o = options(NULL, "");
            check_note("option %d, value %" PRId64, (int)rules[i].key, rules[i].taken[k]);
            CHECK_STATUS(hc_options_set(o, rules[i].key, rules[i].taken[k], &err), HC_OK);
        }
    }
}

static void a_value_out_of_its_range_is_refused_and_the_option_named(void) {
    hc_options *o = options(NULL, "");
    size_t i, k;
    for (i = 0; i < NELEMS(rules); i++) {
        for (k = 0; k < length_of(rules[i].refused); k++) {
            check_note("option %d, value %" PRId64, (int)rules[i].key, rules[i].refused[k]);
            CHECK_MESSAGE(hc_options_set(o, rules[i].key, rules[i].refused[k], &err), HC_E_ARGUMENT,
                          "HC_OPT_");
        }
    }
}

static void zero_is_out_of_range_where_the_least_is_one(void) {
    hc_options *o = options(NULL, "");
    CHECK_STATUS(hc_options_set(o, HC_OPT_MAX_VARIANTS, 0, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_options_set(o, HC_OPT_MAX_FIELDS, 0, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_options_set(o, HC_OPT_MAX_HEAD_BYTES, 0, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_options_set(o, HC_OPT_MAX_URL_BYTES, 0, &err), HC_E_ARGUMENT);
}

static void a_request_takes_the_options_that_are_marked(void) {
    hc_request *r = request("GET " URL, "");
    size_t i, k;
    for (i = 0; i < NELEMS(rules); i++) {
        for (k = 0; k < length_of(rules[i].taken); k++) {
            check_note("option %d, value %" PRId64, (int)rules[i].key, rules[i].taken[k]);
            CHECK_STATUS(hc_request_set(r, rules[i].key, rules[i].taken[k], &err),
                         rules[i].per_request ? HC_OK : HC_E_ARGUMENT);
        }
        for (k = 0; k < length_of(rules[i].refused); k++) {
            /* Of a request, "unset" is always a value. */
            if (rules[i].refused[k] == HC_UNSET)
                continue;
            check_note("option %d, value %" PRId64, (int)rules[i].key, rules[i].refused[k]);
            CHECK_STATUS(hc_request_set(r, rules[i].key, rules[i].refused[k], &err), HC_E_ARGUMENT);
        }
        check_note("option %d unset", (int)rules[i].key);
        CHECK_STATUS(hc_request_set(r, rules[i].key, HC_UNSET, &err),
                     rules[i].per_request ? HC_OK : HC_E_ARGUMENT);
    }
}

static int is_known(hc_option key) {
    size_t i;
    for (i = 0; i < NELEMS(rules); i++) {
        if (rules[i].key == key)
            return 1;
    }
    return 0;
}

static void an_unknown_number_is_unsupported(void) {
    static const hc_option far[] = {INT32_MIN, -1, 0, 1, 99, 9999, INT32_MAX};
    hc_options *o = options(NULL, "");
    hc_request *r = request("GET " URL, "");
    hc_option key;
    size_t i;
    for (i = 0; i < NELEMS(far); i++) {
        check_note("option %d", (int)far[i]);
        CHECK_STATUS(hc_options_set(o, far[i], 1, &err), HC_E_UNSUPPORTED);
        CHECK_STATUS(hc_request_set(r, far[i], 1, &err), HC_E_UNSUPPORTED);
        CHECK_STATUS(hc_request_set(r, far[i], HC_UNSET, &err), HC_E_UNSUPPORTED);
    }
    /* Also those in between: no option is without a rule above. */
    for (key = 100; key < 200; key++) {
        check_note("option %d", (int)key);
        if (!is_known(key))
            CHECK_STATUS(hc_options_set(o, key, 1, &err), HC_E_UNSUPPORTED);
    }
}

static void a_refused_value_changes_nothing(void) {
    test_clock *clock = new_clock();
    hc_options *o = options(clock, "expire_after 60000");
    hc_cache *c;
    CHECK_STATUS(hc_options_set(o, HC_OPT_EXPIRE_AFTER, -7, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_options_set(o, HC_OPT_EXPIRE_AT, -7, &err), HC_E_ARGUMENT);
    c = open_with(fresh_directory(), o);
    store(c, URL, answer(200, "", "a"));
    CHECK_INT(look_at(c, URL).expires_at, T0 + 60000);
    hc_close(c);
}

static void the_last_way_to_say_an_expiry_holds(void) {
    hc_cache *c =
        open_cache(fresh_directory(), new_clock(), "expire_at 1700000090000, expire_after 60000");
    hc_cache *d =
        open_cache(fresh_directory(), new_clock(), "expire_after 60000, expire_at 1700000090000");
    store(c, URL, answer(200, "", "a"));
    store(d, URL, answer(200, "", "a"));
    CHECK_INT(look_at(c, URL).expires_at, T0 + 60000);
    CHECK_INT(look_at(d, URL).expires_at, T0 + 90000);
    hc_close(c);
    hc_close(d);
}

static void an_open_cache_keeps_the_options_it_was_opened_with(void) {
    hc_options *o = options(new_clock(), "expire_after 60000");
    hc_cache *c = open_with(fresh_directory(), o);
    CHECK_STATUS(hc_options_set(o, HC_OPT_EXPIRE_AFTER, 1, &err), HC_OK);
    CHECK_STATUS(hc_options_clock(o, NULL, NULL, NULL), HC_OK);
    store(c, URL, answer(200, "", "a"));
    CHECK_INT(look_at(c, URL).expires_at, T0 + 60000);
    hc_close(c);
}

static void contradictions_are_refused_and_both_named(void) {
    static const struct {
        const char *settings, *other;
    } cases[] = {
        {"expire_after do_not_cache, only_if_cached 1", "HC_OPT_ONLY_IF_CACHED"},
        {"only_if_cached 1, expire_after do_not_cache", "HC_OPT_ONLY_IF_CACHED"},
        {"expire_after do_not_cache, stale_if_error 1000", "HC_OPT_STALE_IF_ERROR"},
        {"expire_after do_not_cache, stale_if_error never", "HC_OPT_STALE_IF_ERROR"},
    };
    size_t i;
    for (i = 0; i < NELEMS(cases); i++) {
        const char *directory = fresh_directory();
        hc_options *o = options(NULL, cases[i].settings);
        hc_cache *c = NULL;
        check_note("%s", cases[i].settings);
        CHECK_MESSAGE(hc_open(directory, o, &c, &err), HC_E_CONFLICT, "HC_OPT_EXPIRE_AFTER");
        CHECK_MESSAGE(hc_open(directory, o, &c, &err), HC_E_CONFLICT, cases[i].other);
        CHECK(c == NULL);
        CHECK_INT(count_files(directory, ""), 0);
    }
}

static void durability_is_a_property_of_the_directory(void) {
    int made, later;
    for (made = 0; made <= 2; made++) {
        const char *directory = fresh_directory();
        hc_close(open_cache(directory, NULL, text("durability %d", made)));
        for (later = 0; later <= 2; later++) {
            hc_options *o = options(NULL, text("durability %d", later));
            hc_cache *c = NULL;
            check_note("made with %d, opened with %d", made, later);
            CHECK_MESSAGE(hc_open(directory, o, &c, &err), later == made ? HC_OK : HC_E_MISMATCH,
                          later == made ? "" : directory);
            hc_close(c);
        }
        check_note("made with %d, opened without", made);
        hc_close(open_cache(directory, NULL, ""));
    }
}

static void durability_is_checked_while_the_directory_is_open(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    hc_cache *d = NULL;
    CHECK_MESSAGE(hc_open(directory, options(NULL, "durability 2"), &d, &err), HC_E_MISMATCH,
                  directory);
    CHECK_STATUS(hc_open(directory, options(NULL, "durability 1"), &d, &err), HC_OK);
    hc_close(c);
    hc_close(d);
}

static void a_clock_is_destroyed_once_after_its_last_use(void) {
    test_clock *clock = new_clock();
    hc_options *o = hc_options_new();
    hc_cache *c = NULL;
    hc_exchange *x = NULL;
    CHECK_STATUS(hc_options_clock(o, clock_now, clock, clock_destroyed), HC_OK);
    CHECK_STATUS(hc_open(fresh_directory(), o, &c, &err), HC_OK);
    hc_options_free(o);
    CHECK_INT(clock->destroyed, 0);
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    hc_close(c);
    CHECK_INT(clock->destroyed, 0);
    hc_exchange_free(x);
    CHECK_INT(clock->destroyed, 1);
}

static void a_clock_that_is_replaced_or_refused_is_destroyed(void) {
    test_clock *first = new_clock(), *second = new_clock(), *third = new_clock();
    hc_options *o = options(NULL, "");
    CHECK_STATUS(hc_options_clock(o, clock_now, first, clock_destroyed), HC_OK);
    CHECK_STATUS(hc_options_clock(o, clock_now, second, clock_destroyed), HC_OK);
    CHECK_INT(first->destroyed, 1);
    CHECK_STATUS(hc_options_clock(o, NULL, third, clock_destroyed), HC_OK);
    CHECK_INT(second->destroyed, 1);
    CHECK_INT(third->destroyed, 1);
    CHECK_STATUS(hc_options_clock(NULL, clock_now, third, clock_destroyed), HC_E_ARGUMENT);
    CHECK_INT(third->destroyed, 2);
}

static void count_line(void *user, int32_t level, const char *message, size_t len) {
    test_clock *counter = (test_clock *)user;
    (void)message;
    (void)len;
    if (level > counter->now)
        counter->now = level;
}

static void a_log_is_destroyed_once_after_its_last_use(void) {
    test_clock *user = new_clock();
    hc_options *o = hc_options_new();
    hc_cache *c = NULL;
    CHECK_STATUS(hc_options_log(o, HC_LOG_DEBUG, count_line, user, clock_destroyed), HC_OK);
    CHECK_STATUS(hc_open(fresh_directory(), o, &c, &err), HC_OK);
    hc_options_free(o);
    CHECK_INT(user->destroyed, 0);
    hc_close(c);
    CHECK_INT(user->destroyed, 1);
    CHECK_STATUS(hc_options_log(NULL, HC_LOG_DEBUG, count_line, user, clock_destroyed),
                 HC_E_ARGUMENT);
    CHECK_INT(user->destroyed, 2);
}

static void log_lines_graver_than_the_level_are_all_that_come(void) {
    const char *directory = fresh_directory();
    test_clock *user = new_clock();
    hc_options *o = options(NULL, "");
    hc_cache *c;
    user->now = 0;
    hc_close(open_cache(directory, NULL, ""));
    write_file(data_file(directory), "garbage", 7);
    CHECK_STATUS(hc_options_log(o, HC_LOG_WARNING, count_line, user, NULL), HC_OK);
    c = open_with(directory, o);
    store(c, URL, answer(200, "", "a"));
    look_at(c, URL);
    hc_close(c);
    CHECK(user->now == HC_LOG_ERROR || user->now == HC_LOG_WARNING);
}

static void large_bodies_pass_through_where_there_is_a_limit(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "max_response_bytes 3");
    CHECK_INT(fetch_from(c, URL "a", answer(200, "", "abc")).outcome, HC_STORED);
    CHECK_INT(fetch_from(c, URL "b", answer(200, "", "abcd")).outcome, HC_NOT_STORED);
    CHECK_INT(look_at(c, URL "b").decision, HC_FORWARD);
    hc_close(c);
}

static void a_large_body_in_pieces_passes_through_as_well(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "max_response_bytes 3");
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store_begin(x, answer(200, "", NULL), &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, HC_STORING);
    CHECK_STATUS(hc_store_write(x, "abc", 3, &err), HC_OK);
    CHECK_STATUS(hc_store_write(x, "d", 1, &err), HC_DONE);
    CHECK_STATUS(hc_store_write(x, "e", 1, &err), HC_DONE);
    CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
    CHECK_INT(outcome, HC_NOT_STORED);
    hc_exchange_free(x);
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    hc_close(c);
}

static void a_large_body_that_is_announced_is_not_begun(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "max_response_bytes 3");
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store_begin(x, answer(200, "Content-Length: 4", NULL), &outcome, NULL, &err),
                 HC_OK);
    CHECK_INT(outcome, HC_NOT_STORED);
    hc_exchange_free(x);
    hc_close(c);
}

static void long_urls_are_too_large(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "max_url_bytes 20");
    hc_exchange *x = NULL;
    CHECK_INT(look_at(c, "http://h.test/123456").decision, HC_FORWARD);
    CHECK_STATUS(hc_lookup(c, request("GET http://h.test/1234567", ""), NULL, &x, &err),
                 HC_E_TOO_LARGE);
    CHECK(x == NULL);
    hc_close(c);
}

static void query_parameters_are_sorted_in_the_key_and_sent_as_given(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    seen s = fetch_from(c, URL "?b=2&a=1&b=1", answer(200, "", "x"));
    CHECK_STR(s.forward_url, URL "?b=2&a=1&b=1");
    CHECK_INT(s.outcome, HC_STORED);
    CHECK_INT(look_at(c, URL "?a=1&b=2&b=1").decision, HC_FRESH);
    /* Equal names keep their order. */
    CHECK_INT(look_at(c, URL "?a=1&b=1&b=2").decision, HC_FORWARD);
    hc_close(c);
}

static void query_parameters_keep_their_order_with_cache_control(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "cache_control 1");
    hc_cache *d = open_cache(fresh_directory(), NULL, "cache_control 1, sort_query 1");
    store(c, URL "?b=2&a=1", answer(200, "Cache-Control: max-age=60", "x"));
    store(d, URL "?b=2&a=1", answer(200, "Cache-Control: max-age=60", "x"));
    CHECK_INT(look_at(c, URL "?a=1&b=2").decision, HC_FORWARD);
    CHECK_INT(look_at(d, URL "?a=1&b=2").decision, HC_FRESH);
    hc_close(c);
    hc_close(d);
}

static void lists_take_items_of_their_kind(void) {
    static const struct {
        hc_option list;
        const char *good, *bad;
    } items[] = {
        {HC_LIST_METHOD, "POST", "PO ST"},
        {HC_LIST_STATUS, "404", "99"},
        {HC_LIST_STATUS, "999", "1000"},
        {HC_LIST_STATUS, "404", "4o4"},
        {HC_LIST_IGNORED, "session id", "$.a["},
        {HC_LIST_IGNORED, "$..session", "$"},
        {HC_LIST_TARGETED_FIELD, "CDN-Cache-Control", "a:"},
        {HC_LIST_IGNORED, "auth token", "$."},
        {HC_LIST_IGNORED, "$.a.b", "$.a["},
        {HC_LIST_MATCH_FIELD, "Accept", "a b"},
        {HC_LIST_UNORDERED_FIELD, "X-Tags", "a:"},
    };
    hc_options *o = options(NULL, "");
    size_t i;
    for (i = 0; i < NELEMS(items); i++) {
        check_note("%s", items[i].good);
        CHECK_STATUS(hc_options_add(o, items[i].list, items[i].good, HC_NTS, &err), HC_OK);
        CHECK_MESSAGE(hc_options_add(o, items[i].list, items[i].bad, HC_NTS, &err), HC_E_ARGUMENT,
                      items[i].bad);
        CHECK_STATUS(hc_options_add(o, items[i].list, "", 0, &err), HC_E_ARGUMENT);
        CHECK_STATUS(hc_options_add(o, items[i].list, "a\0b", 3, &err), HC_E_ARGUMENT);
        CHECK_STATUS(hc_options_clear(o, items[i].list, &err), HC_OK);
    }
    CHECK_STATUS(hc_options_add(o, 299, "x", 1, &err), HC_E_UNSUPPORTED);
    CHECK_STATUS(hc_options_clear(o, HC_OPT_FOLLOW, &err), HC_E_UNSUPPORTED);
    CHECK_STATUS(hc_options_set_string(o, HC_STR_CACHE_NAME, "mine", 4, &err), HC_OK);
    CHECK_STATUS(hc_options_set_string(o, HC_STR_CACHE_NAME, "", 0, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_options_set_string(o, HC_STR_CACHE_NAME, "\xff", 1, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_options_set_string(o, HC_LIST_METHOD, "x", 1, &err), HC_E_UNSUPPORTED);
}

static void check_items(const hc_options *o, hc_option list, const char *const *items, size_t n) {
    size_t i;
    for (i = 0; i < n; i++)
        CHECK_STR(hc_options_item(o, list, i), items[i]);
    CHECK(hc_options_item(o, list, n) == NULL);
    CHECK(hc_options_item(o, list, SIZE_MAX) == NULL);
}

static void lists_are_read_as_they_stand(void) {
    static const char *const methods[] = {"GET", "HEAD"};
    static const char *const statuses[] = {"200", "404"};
    static const char *const ignored[] = {
        "Authorization",  "Proxy-Authorization", "X-API-Key", "X-Auth-Token", "X-API-Token",
        "X-Access-Token", "access_token",        "api_key",   "apikey",       "page"};
    hc_options *o = options(NULL, "");
    const char *lent;
    check_items(o, HC_LIST_METHOD, methods, 2);
    check_items(o, HC_LIST_STATUS, statuses, 1);
    check_items(o, HC_LIST_IGNORED, ignored, 9);
    check_items(o, HC_LIST_TARGETED_FIELD, NULL, 0);
    check_items(o, HC_STR_CACHE_NAME, NULL, 0);
    check_items(o, -1, NULL, 0);
    CHECK_STATUS(hc_options_add(o, HC_LIST_STATUS, "404", 3, &err), HC_OK);
    CHECK_STATUS(hc_options_add(o, HC_LIST_IGNORED, "page", HC_NTS, &err), HC_OK);
    lent = hc_options_item(o, HC_LIST_IGNORED, 9);
    check_items(o, HC_LIST_STATUS, statuses, 2);
    check_items(o, HC_LIST_IGNORED, ignored, 10);
    CHECK_STR(lent, "page");
    CHECK_STATUS(hc_options_clear(o, HC_LIST_IGNORED, &err), HC_OK);
    check_items(o, HC_LIST_IGNORED, NULL, 0);
}

static void a_url_with_a_secret_in_it_is_not_stored(void) {
    hc_options *o = options(NULL, "expire_after 60000");
    hc_cache *c;
    CHECK_STATUS(hc_options_add(o, HC_LIST_IGNORED, "page", HC_NTS, &err), HC_OK);
    c = open_with(fresh_directory(), o);
    CHECK_INT(fetch_from(c, URL "1", answer(200, "Link: </?PAGE=2>; rel=next", "x")).outcome,
              HC_NOT_STORED);
    CHECK_INT(fetch_from(c, URL "2", answer(200, "Location: //user@h/", "x")).outcome,
              HC_NOT_STORED);
    CHECK_INT(fetch_from(c, URL "3", answer(200, "Link: </?pages=2>; rel=next", "x")).outcome,
              HC_STORED);
    hc_close(c);
}

static void what_belongs_to_rfc_9111_needs_it(void) {
    hc_cache *c = NULL;
    hc_options *o = options(NULL, "shared 1");
    CHECK_MESSAGE(hc_open(fresh_directory(), o, &c, &err), HC_E_ARGUMENT, "HC_OPT_SHARED");
    o = options(NULL, "");
    CHECK_STATUS(hc_options_add(o, HC_LIST_TARGETED_FIELD, "X", 1, &err), HC_OK);
    CHECK_MESSAGE(hc_open(fresh_directory(), o, &c, &err), HC_E_ARGUMENT, "HC_LIST_TARGETED_FIELD");
}

static void a_status_has_an_expiry_of_its_own(void) {
    test_clock *clock = new_clock();
    hc_options *o = options(clock, "expire_after 60000");
    hc_cache *c;
    CHECK_STATUS(hc_options_add(o, HC_LIST_STATUS, "404", 3, &err), HC_OK);
    CHECK_STATUS(hc_options_add(o, HC_LIST_STATUS, "410", 3, &err), HC_OK);
    CHECK_STATUS(hc_options_status_expiry(o, 4, 10000, &err), HC_OK);
    CHECK_STATUS(hc_options_status_expiry(o, 410, HC_DO_NOT_CACHE, &err), HC_OK);
    CHECK_STATUS(hc_options_status_expiry(o, 199, 1, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_options_status_expiry(o, 1, 1, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_options_status_expiry(o, 1000, 1, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_options_status_expiry(o, 404, -1, &err), HC_E_ARGUMENT);
    c = open_with(fresh_directory(), o);
    CHECK_INT(fetch_from(c, URL "200", answer(200, "", "x")).expires_at, T0 + 60000);
    CHECK_INT(fetch_from(c, URL "404", answer(404, "", "x")).expires_at, T0 + 10000);
    CHECK_INT(fetch_from(c, URL "410", answer(410, "", "x")).outcome, HC_NOT_STORED);
    hc_close(c);
}

static void add_rule(hc_options *o, int32_t kind, const char *pattern, int64_t expiry) {
    CHECK_STATUS(hc_options_add_url_rule(o, kind, pattern, HC_NTS, expiry, &err), HC_OK);
}

static void the_first_url_rule_that_matches_has_its_expiry(void) {
    test_clock *clock = new_clock();
    hc_options *o = options(clock, "expire_after 60000");
    hc_cache *c;
    add_rule(o, HC_GLOB, "*/unset", HC_UNSET);
    add_rule(o, HC_GLOB, "*.h.test/a", 1000);
    add_rule(o, HC_REGEX, "/a[0-9]+$", HC_NEVER_EXPIRE);
    add_rule(o, HC_GLOB, "H.test/a", 2000);
    add_rule(o, HC_GLOB, "h.test/private/", HC_DO_NOT_CACHE);
    c = open_with(fresh_directory(), o);
    CHECK_INT(fetch_from(c, "http://x.h.test/a1", answer(200, "", "x")).expires_at, T0 + 1000);
    CHECK_INT(fetch_from(c, "http://h.test/a1", answer(200, "", "x")).expires_at, HC_NEVER_EXPIRE);
    CHECK_INT(fetch_from(c, "http://h.test/a", answer(200, "", "x")).expires_at, T0 + 2000);
    CHECK_INT(fetch_from(c, "http://h.test/unset", answer(200, "", "x")).expires_at, T0 + 60000);
    CHECK_INT(fetch_from(c, "http://h.test/private/x", answer(200, "", "x")).outcome,
              HC_NOT_STORED);
    hc_close(c);
}

static void a_pattern_that_is_none_is_refused_and_named(void) {
    static const struct {
        int32_t kind;
        const char *pattern, *said;
    } refused[] = {
        {HC_GLOB, "h.test/[a", "h.test/[a"},
        {HC_GLOB, "h.test/[]", "is empty"},
        {HC_GLOB, "h.test/[z-a]", "z-a"},
        {HC_GLOB, "/a", "host"},
        {HC_GLOB, "user:word@h.test", "@h.test"},
        {HC_REGEX, "(a", "unclosed group"},
        {HC_REGEX, "(?!a)", "look-around"},
        {HC_REGEX, "((a{100}){100}){100}", "memory"},
        {0, "*", "0 is no kind"},
        {3, "*", "3 is no kind"},
    };
    hc_options *o = options(NULL, "");
    char *large = (char *)calloc(1, 1 << 20);
    size_t i;
    for (i = 0; i < NELEMS(refused); i++) {
        check_note("%s", refused[i].pattern);
        CHECK_MESSAGE(
            hc_options_add_url_rule(o, refused[i].kind, refused[i].pattern, HC_NTS, 1, &err),
            HC_E_ARGUMENT, refused[i].said);
    }
    CHECK_MESSAGE(hc_options_add_url_rule(o, HC_GLOB, "h.test", HC_NTS, -1, &err), HC_E_ARGUMENT,
                  "h.test");
    memset(large, 'a', 1 << 20);
    CHECK_MESSAGE(hc_options_add_url_rule(o, HC_REGEX, large, 1 << 20, 1, &err), HC_E_ARGUMENT,
                  "1048576 bytes");
    free(large);
}

static void a_session_that_caches_nothing_may_use_what_a_rule_allows(void) {
    hc_options *o = options(NULL, "expire_after do_not_cache, stale_if_error never");
    hc_cache *c = NULL;
    CHECK_MESSAGE(hc_open(fresh_directory(), o, &c, &err), HC_E_CONFLICT, "HC_OPT_STALE_IF_ERROR");
    add_rule(o, HC_GLOB, "h.test", 1000);
    hc_close(open_with(fresh_directory(), o));
}

static const check_test tests[] = {
    TEST(the_first_url_rule_that_matches_has_its_expiry),
    TEST(a_pattern_that_is_none_is_refused_and_named),
    TEST(a_session_that_caches_nothing_may_use_what_a_rule_allows),
    TEST(lists_take_items_of_their_kind),
    TEST(lists_are_read_as_they_stand),
    TEST(a_url_with_a_secret_in_it_is_not_stored),
    TEST(what_belongs_to_rfc_9111_needs_it),
    TEST(a_status_has_an_expiry_of_its_own),
    TEST(a_value_in_its_range_is_taken),
    TEST(a_value_out_of_its_range_is_refused_and_the_option_named),
    TEST(zero_is_out_of_range_where_the_least_is_one),
    TEST(a_request_takes_the_options_that_are_marked),
    TEST(an_unknown_number_is_unsupported),
    TEST(a_refused_value_changes_nothing),
    TEST(the_last_way_to_say_an_expiry_holds),
    TEST(an_open_cache_keeps_the_options_it_was_opened_with),
    TEST(contradictions_are_refused_and_both_named),
    TEST(durability_is_a_property_of_the_directory),
    TEST(durability_is_checked_while_the_directory_is_open),
    TEST(a_clock_is_destroyed_once_after_its_last_use),
    TEST(a_clock_that_is_replaced_or_refused_is_destroyed),
    TEST(a_log_is_destroyed_once_after_its_last_use),
    TEST(log_lines_graver_than_the_level_are_all_that_come),
    TEST(large_bodies_pass_through_where_there_is_a_limit),
    TEST(a_large_body_in_pieces_passes_through_as_well),
    TEST(a_large_body_that_is_announced_is_not_begun),
    TEST(long_urls_are_too_large),
    TEST(query_parameters_are_sorted_in_the_key_and_sent_as_given),
    TEST(query_parameters_keep_their_order_with_cache_control),
};

CHECK_MAIN(tests)
