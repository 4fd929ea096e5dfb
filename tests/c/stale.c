/* Stale use: when the origin fails, and when it must not be asked. */
#include "support.h"

#include <string.h>

#define URL "http://h.test/"

/* A response that became stale `staleness` ms ago. */
static hc_cache *with_stale(const char *settings, const char *fields, int64_t staleness) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, settings);
    store(c, URL, answer(200, fields, "stale"));
    pass(clock, 60 * SECONDS + staleness);
    return c;
}

typedef struct {
    const char *settings, *fields, *request;
    int64_t staleness;
    int is_used;
} stale_case;

#define OFF "expire_after 60000"
#define ON "cache_control 1"

static const stale_case cases[] = {
    {OFF, "", "", 1, 0},
    {OFF ", stale_if_error 10000", "", "", 10 * SECONDS, 1},
    {OFF ", stale_if_error 10000", "", "", 10 * SECONDS + 1, 0},
    {OFF ", stale_if_error never", "", "", 3650 * DAYS, 1},
    {OFF ", stale_if_error 10000", "ETag: \"a\"", "", 5 * SECONDS, 1},
    /* Without RFC 9111 the fields of the response forbid nothing and allow nothing. */
    {OFF ", stale_if_error 10000", "Cache-Control: must-revalidate", "", 5 * SECONDS, 1},
    {OFF, "Cache-Control: stale-if-error=10", "", 5 * SECONDS, 0},
    /* A request may ask for it in either policy. */
    {OFF, "", "Cache-Control: stale-if-error=10", 9 * SECONDS, 1},
    {OFF, "", "Cache-Control: stale-if-error=10", 11 * SECONDS, 0},
    {ON, "Cache-Control: max-age=60", "", 1, 0},
    {ON, "Cache-Control: max-age=60, stale-if-error=10", "", 9 * SECONDS, 1},
    {ON, "Cache-Control: max-age=60, stale-if-error=10", "", 11 * SECONDS, 0},
    {ON ", stale_if_error 10000", "Cache-Control: max-age=60", "", 9 * SECONDS, 1},
    {ON ", stale_if_error 10000", "Cache-Control: max-age=60, must-revalidate", "", 5 * SECONDS, 0},
    {ON ", stale_if_error never", "Cache-Control: max-age=60, no-cache", "", 5 * SECONDS, 0},
    {ON, "Cache-Control: max-age=60", "Cache-Control: stale-if-error=10", 9 * SECONDS, 1},
};

static void check_used(const seen *s, int is_used) {
    if (is_used) {
        CHECK_INT(s->outcome, HC_USED_STALE);
        CHECK_INT(s->status, 200);
        CHECK_STR(s->body, "stale");
        CHECK_INT(s->flags, HC_FROM_CACHE | HC_EXPIRED);
        CHECK_INT(s->created_at, T0);
        CHECK_INT(s->expires_at, T0 + 60 * SECONDS);
    } else {
        CHECK(s->outcome != HC_USED_STALE);
        CHECK(s->body == NULL || strcmp(s->body, "stale") != 0);
    }
}

static void a_failing_origin_is_covered_within_bounds(void) {
    static const int errors[] = {500, 502, 503, 504};
    size_t i, k;
    for (i = 0; i < NELEMS(cases); i++) {
        const stale_case *now = &cases[i];
        hc_cache *c = with_stale(now->settings, now->fields, now->staleness);
        hc_request *r = request("GET " URL, now->request);
        seen s;
        for (k = 0; k < NELEMS(errors); k++) {
            s = ask(c, r, answer(errors[k], "X-A: 1", "error"));
            check_note("%d, case %zu: %s, \"%s\", \"%s\"", errors[k], i, now->settings, now->fields,
                       now->request);
            check_used(&s, now->is_used);
            if (!now->is_used) {
                CHECK_INT(s.outcome, HC_NOT_STORED);
                CHECK_INT(s.status, errors[k]);
            }
        }
        s = ask_unreachable(c, r);
        check_note("unreachable, case %zu: %s, \"%s\", \"%s\"", i, now->settings, now->fields,
                   now->request);
        check_used(&s, now->is_used);
        CHECK_INT(s.reported, now->is_used ? HC_OK : HC_NOT_FOUND);
        if (!now->is_used)
            CHECK_INT(s.status, 0);
        CHECK_INT(stats_of(c).stale_hits, now->is_used ? NELEMS(errors) + 1 : 0);
        hc_close(c);
    }
}

static void the_head_of_an_error_is_covered_as_well(void) {
    hc_cache *c = with_stale(OFF ", stale_if_error never", "", SECONDS);
    hc_exchange *x = NULL;
    hc_view view = new_view();
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store_begin(x, answer(503, "", NULL), &outcome, &view, &err), HC_OK);
    CHECK_INT(outcome, HC_USED_STALE);
    CHECK_INT(view.status, 200);
    CHECK_INT(view.body_len, 5);
    hc_exchange_free(x);
    hc_close(c);
}

static void other_answers_are_no_failures(void) {
    static const int statuses[] = {401, 403, 407, 410};
    hc_cache *c = with_stale(OFF ", stale_if_error never", "", SECONDS);
    size_t i;
    for (i = 0; i < NELEMS(statuses); i++) {
        seen s = fetch_from(c, URL, answer(statuses[i], "", "no"));
        check_note("status code %d", statuses[i]);
        CHECK_INT(s.outcome, HC_NOT_STORED);
        CHECK_INT(s.status, statuses[i]);
    }
    hc_close(c);
}

static void a_failure_on_a_miss_leaves_nothing_to_use(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "stale_if_error never");
    seen s = ask_unreachable(c, request("GET " URL, ""));
    CHECK_INT(s.reported, HC_NOT_FOUND);
    CHECK_INT(s.outcome, 0);
    CHECK_INT(s.status, 0);
    hc_close(c);
}

static void a_request_has_bounds_of_its_own(void) {
    hc_cache *c = with_stale(OFF, "", 5 * SECONDS);
    hc_request *allowed = request_with("GET " URL, "", "stale_if_error 10000");
    hc_request *shorter = request_with("GET " URL, "", "stale_if_error 1000");
    CHECK_INT(ask_unreachable(c, allowed).outcome, HC_USED_STALE);
    CHECK_INT(ask_unreachable(c, shorter).reported, HC_NOT_FOUND);
    hc_close(c);
}

static void what_was_used_stale_stays_stale(void) {
    hc_cache *c = with_stale(OFF ", stale_if_error never", "", SECONDS);
    CHECK_INT(ask_unreachable(c, request("GET " URL, "")).outcome, HC_USED_STALE);
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    CHECK_STR(look_at(c, URL).why, "stale");
    hc_close(c);
}

static void only_if_cached_never_forwards(void) {
    static const char *const settings[] = {"only_if_cached 1", "cache_control 1, only_if_cached 1"};
    size_t i;
    for (i = 0; i < NELEMS(settings); i++) {
        const char *directory = fresh_directory();
        test_clock *clock = new_clock();
        hc_cache *c = open_cache(directory, clock, i ? "cache_control 1" : "expire_after 60000");
        hc_cache *d = open_cache(directory, clock, settings[i]);
        seen s;
        check_note("%s", settings[i]);
        store(c, URL, answer(200, "Cache-Control: max-age=60\nETag: \"a\"", "x"));
        CHECK_INT(look_at(d, URL).decision, HC_FRESH);
        s = look_at(d, URL "b");
        CHECK_INT(s.decision, HC_UNSATISFIABLE);
        CHECK_INT(s.status, 504);
        CHECK_INT(s.created_at, HC_UNSET);
        pass(clock, 61 * SECONDS);
        CHECK_INT(look_at(d, URL).decision, HC_UNSATISFIABLE);
        CHECK_INT(look_at(c, URL).decision, HC_REVALIDATE);
        CHECK_INT(look(d, request("GET " URL, "Cache-Control: max-stale")).decision, HC_STALE);
        hc_close(c);
        hc_close(d);
    }
}

static void only_if_cached_may_be_of_a_request(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_cache *d = open_cache(fresh_directory(), NULL, "only_if_cached 1");
    CHECK_INT(look(c, request_with("GET " URL, "", "only_if_cached 1")).decision, HC_UNSATISFIABLE);
    CHECK_INT(look(d, request_with("GET " URL, "", "only_if_cached 0")).decision, HC_FORWARD);
    CHECK_INT(look(c, request("POST " URL, "Cache-Control: only-if-cached")).decision,
              HC_UNSATISFIABLE);
    hc_close(c);
    hc_close(d);
}

static void offline_a_stale_response_is_better_than_none(void) {
    hc_cache *c = with_stale(OFF ", stale_if_error never", "", SECONDS);
    seen s = look(c, request_with("GET " URL, "", "only_if_cached 1"));
    CHECK_INT(s.decision, HC_STALE);
    CHECK_STR(s.body, "stale");
    CHECK_INT(s.flags, HC_FROM_CACHE | HC_EXPIRED);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(a_failing_origin_is_covered_within_bounds),
    TEST(the_head_of_an_error_is_covered_as_well),
    TEST(other_answers_are_no_failures),
    TEST(a_failure_on_a_miss_leaves_nothing_to_use),
    TEST(a_request_has_bounds_of_its_own),
    TEST(what_was_used_stale_stays_stale),
    TEST(only_if_cached_never_forwards),
    TEST(only_if_cached_may_be_of_a_request),
    TEST(offline_a_stale_response_is_better_than_none),
};

CHECK_MAIN(tests)
