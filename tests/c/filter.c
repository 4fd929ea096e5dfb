/* The filter: the caller's own say in what is stored and what stays. */
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define URL "http://h.test/"

/* What a filter was asked, and what it says. */
typedef struct {
    int32_t verdict;
    int asked;
    int destroyed;
    int from_cache; /* Of the last response it saw. */
    int is_expired;
    int32_t status;
    size_t body_len;
    int body_is_right;
    char method[8];
    char url[64];
    hc_cache *cache; /* To be called from inside. */
    int32_t inner_decision;
    hc_status added;
} judge;

static int32_t ask_judge(void *user, const hc_request *r, hc_response *p) {
    judge *j = (judge *)user;
    hc_view view = new_view();
    const void *body = NULL;
    size_t len = 0;
    j->asked++;
    strncpy(j->method, hc_request_method(r), sizeof j->method - 1);
    strncpy(j->url, hc_request_url(r), sizeof j->url - 1);
    hc_response_view(p, &view);
    j->status = hc_response_status(p);
    j->from_cache = hc_response_from_cache(p);
    j->is_expired = (view.flags & HC_EXPIRED) != 0;
    j->added = hc_response_add(p, "A", HC_NTS, "b", HC_NTS, NULL);
    j->body_is_right = hc_response_body(p, &body, &len, NULL) == HC_OK && body_is(body, len, 7, 0);
    j->body_len = len;
    if (j->cache != NULL) {
        hc_exchange *x = NULL;
        hc_request *other = NULL;
        j->inner_decision = -1;
        if (hc_request_new("GET", HC_NTS, "http://other.test/", HC_NTS, &other, NULL) == HC_OK &&
            hc_lookup(j->cache, other, NULL, &x, NULL) == HC_OK)
            j->inner_decision = hc_exchange_decision(x);
        hc_exchange_free(x);
        hc_request_free(other);
    }
    return j->verdict;
}

static void judge_destroyed(void *user) {
    ((judge *)user)->destroyed++;
}

static judge *new_judge(int32_t verdict) {
    judge *j = (judge *)calloc(1, sizeof *j);
    CHECK(j != NULL);
    j->verdict = verdict;
    check_defer(free, j);
    return j;
}

static hc_cache *open_judged(const char *directory, test_clock *clock, const char *settings,
                             judge *j) {
    hc_options *o = options(clock, settings);
    CHECK_INT(hc_options_filter(o, ask_judge, j, judge_destroyed), HC_OK);
    return open_with(directory, o);
}

static void what_it_refuses_is_not_stored(void) {
    judge *j = new_judge(0);
    hc_cache *c = open_judged(fresh_directory(), new_clock(), "", j);
    static const size_t sizes[] = {0, 1, 1000, 3 * 1000 * 1000};
    size_t i;
    for (i = 0; i < NELEMS(sizes); i++) {
        hc_response *origin = answer_of(200, "", body_of(7, sizes[i]), sizes[i]);
        check_note("%d bytes", (int)sizes[i]);
        seen s = fetch_from(c, URL, origin);
        CHECK_INT(s.outcome, HC_NOT_STORED);
        CHECK_STR(s.why, "filter");
        CHECK_INT(j->asked, i + 1);
        CHECK_INT(j->body_len, sizes[i]);
        CHECK(j->body_is_right);
        CHECK_INT(j->from_cache, 0);
        CHECK_INT(j->added, HC_E_MISUSE);
        CHECK_STR(j->method, "GET");
        CHECK_STR(j->url, URL);
    }
    CHECK_INT(stats_of(c).responses, 0);
    j->verdict = 1;
    CHECK_INT(fetch_from(c, URL, answer(200, "", "x")).outcome, HC_STORED);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
}

static void what_it_refuses_later_is_answered_once_more_and_deleted(void) {
    static const size_t sizes[] = {10, 200 * 1000};
    size_t i;
    for (i = 0; i < NELEMS(sizes); i++) {
        const char *directory = fresh_directory();
        judge *j = new_judge(1);
        hc_cache *c = open_judged(directory, new_clock(), "", j);
        j->verdict = 1;
        CHECK_INT(fetch_from(c, URL, answer_of(200, "", body_of(7, sizes[i]), sizes[i])).outcome,
                  HC_STORED);
        CHECK_INT(look_at(c, URL).decision, HC_FRESH);
        CHECK_INT(j->from_cache, 1);
        CHECK(j->body_is_right);
        CHECK_INT(j->body_len, sizes[i]);
        j->verdict = 0;
        seen s = look_at(c, URL);
        CHECK_INT(s.decision, HC_FRESH);
        CHECK_INT(s.body_len, sizes[i]);
        CHECK_INT(s.created_at, HC_UNSET);
        CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
        CHECK_INT(stats_of(c).responses, 0);
        hc_close(c);
    }
}

static void of_variants_only_the_refused_one_goes(void) {
    judge *j = new_judge(1);
    hc_cache *c = open_judged(fresh_directory(), new_clock(), "", j);
    j->verdict = 1;
    CHECK_INT(ask(c, request("GET " URL, "A: 1"), answer(200, "Vary: A", "one")).outcome,
              HC_STORED);
    CHECK_INT(ask(c, request("GET " URL, "A: 2"), answer(200, "Vary: A", "two")).outcome,
              HC_STORED);
    j->verdict = 0;
    CHECK_INT(look(c, request("GET " URL, "A: 1")).decision, HC_FRESH);
    j->verdict = 1;
    CHECK_INT(look(c, request("GET " URL, "A: 1")).decision, HC_FORWARD);
    CHECK_STR(look(c, request("GET " URL, "A: 2")).body, "two");
    hc_close(c);
}

static void it_is_asked_once_of_what_a_304_freshened(void) {
    judge *j = new_judge(1);
    test_clock *clock = new_clock();
    hc_cache *c = open_judged(fresh_directory(), clock, "expire_after 1000", j);
    j->verdict = 1;
    CHECK_INT(fetch_from(c, URL, answer(200, "ETag: \"a\"", "x")).outcome, HC_STORED);
    pass(clock, 2 * SECONDS);
    j->asked = 0;
    CHECK_INT(fetch_from(c, URL, answer(304, "ETag: \"a\"", NULL)).outcome, HC_FRESHENED);
    CHECK_INT(j->asked, 1);
    CHECK_INT(j->is_expired, 0);
    pass(clock, 2 * SECONDS);
    j->verdict = 0;
    seen s = fetch_from(c, URL, answer(304, "ETag: \"a\"", NULL));
    CHECK_INT(s.outcome, HC_FRESHENED);
    CHECK_STR(s.body, "x");
    CHECK_INT(stats_of(c).responses, 0);
    hc_close(c);
}

static void it_is_asked_of_stale_answers(void) {
    judge *j = new_judge(1);
    test_clock *clock = new_clock();
    hc_cache *c =
        open_judged(fresh_directory(), clock, "expire_after 1000, stale_if_error never", j);
    j->verdict = 1;
    CHECK_INT(fetch_from(c, URL, answer(200, "", "x")).outcome, HC_STORED);
    pass(clock, 2 * SECONDS);
    j->asked = 0;
    j->verdict = 0;
    CHECK_INT(ask_unreachable(c, request("GET " URL, "")).reported, HC_OK);
    CHECK_INT(j->asked, 1);
    CHECK_INT(j->is_expired, 1);
    CHECK_INT(ask_unreachable(c, request("GET " URL, "")).reported, HC_NOT_FOUND);
    hc_close(c);
}

static void one_that_fails_stores_nothing_and_deletes_nothing(void) {
    judge *j = new_judge(1);
    hc_options *o = options(NULL, "");
    test_log *log = log_of(o, HC_LOG_WARNING);
    CHECK_INT(hc_options_filter(o, ask_judge, j, judge_destroyed), HC_OK);
    hc_cache *c = open_with(fresh_directory(), o);
    j->verdict = -99;
    CHECK_INT(fetch_from(c, URL, answer(200, "", "x")).outcome, HC_NOT_STORED);
    CHECK(log_holds(log, "-99"));
    j->verdict = 1;
    CHECK_INT(fetch_from(c, URL, answer(200, "", "x")).outcome, HC_STORED);
    j->verdict = -99;
    log_clear(log);
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    CHECK_INT(log_lines(log), 2);
    hc_close(c);
}

static void a_head_is_not_judged_by_the_content_it_has_not(void) {
    judge *j = new_judge(1);
    hc_cache *c = open_judged(fresh_directory(), new_clock(), "cache_control 1", j);
    j->verdict = 1;
    CHECK_INT(fetch_from(c, URL, answer(200, "Cache-Control: max-age=60", "x")).outcome, HC_STORED);
    j->verdict = 0;
    j->asked = 0;
    CHECK_INT(look(c, request("HEAD " URL, "")).decision, HC_FRESH);
    CHECK_INT(j->asked, 0);
    j->verdict = 1;
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    hc_close(c);
}

static void it_sees_all_that_is_stored_where_a_part_is_handed_on(void) {
    judge *j = new_judge(1);
    hc_cache *c = open_judged(fresh_directory(), new_clock(), "", j);
    CHECK_INT(fetch_from(c, URL, answer(200, "ETag: \"a\"", "x")).outcome, HC_STORED);
    j->body_len = 9;
    CHECK_INT(look(c, request("GET " URL, "If-None-Match: \"a\"")).status, 304);
    CHECK_INT(j->status, 200);
    CHECK_INT(j->body_len, 1);
    CHECK_INT(look(c, request("GET " URL, "Range: bytes=5-")).status, 416);
    CHECK_INT(j->status, 200);
    CHECK_INT(j->body_len, 1);
    j->verdict = 0;
    CHECK_INT(look(c, request("GET " URL, "If-None-Match: \"a\"")).status, 304);
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    hc_close(c);
}

static void what_it_refuses_stays_where_nothing_may_be_written(void) {
    judge *j = new_judge(1);
    const char *directory = fresh_directory();
    hc_cache *c = open_judged(directory, new_clock(), "", j);
    hc_request *r = request("GET " URL, "");
    CHECK_INT(fetch_from(c, URL, answer(200, "", "x")).outcome, HC_STORED);
    j->verdict = 0;
    CHECK_STATUS(hc_request_set(r, HC_OPT_READ_ONLY, 1, NULL), HC_OK);
    CHECK_INT(look(c, r).decision, HC_FRESH);
    CHECK_INT(look(c, r).decision, HC_FRESH);
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    hc_close(c);
}

static void it_may_call_the_cache_and_is_destroyed_once(void) {
    judge *j = new_judge(1);
    hc_options *o = options(NULL, "");
    CHECK_INT(hc_options_filter(o, ask_judge, j, judge_destroyed), HC_OK);
    hc_cache *c = open_with(fresh_directory(), o);
    j->cache = c;
    j->verdict = 1;
    CHECK_INT(fetch_from(c, URL, answer(200, "", "x")).outcome, HC_STORED);
    CHECK_INT(j->inner_decision, HC_FORWARD);
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    CHECK_INT(j->inner_decision, HC_FORWARD);
    CHECK_INT(hc_options_filter(o, NULL, j, judge_destroyed), HC_OK);
    CHECK_INT(j->destroyed, 1);
    CHECK_INT(hc_options_filter(NULL, ask_judge, j, judge_destroyed), HC_E_ARGUMENT);
    CHECK_INT(j->destroyed, 2);
    hc_close(c);
    CHECK_INT(j->destroyed, 3);
}

static const check_test tests[] = {
    TEST(what_it_refuses_is_not_stored),
    TEST(what_it_refuses_later_is_answered_once_more_and_deleted),
    TEST(of_variants_only_the_refused_one_goes),
    TEST(it_is_asked_once_of_what_a_304_freshened),
    TEST(it_is_asked_of_stale_answers),
    TEST(one_that_fails_stores_nothing_and_deletes_nothing),
    TEST(a_head_is_not_judged_by_the_content_it_has_not),
    TEST(it_sees_all_that_is_stored_where_a_part_is_handed_on),
    TEST(what_it_refuses_stays_where_nothing_may_be_written),
    TEST(it_may_call_the_cache_and_is_destroyed_once),
};

CHECK_MAIN(tests)
