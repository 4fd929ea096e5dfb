/* Validation: the conditions that are sent, and what a 304 freshens (RFC 9111 4.3). */
#include "support.h"

#include <string.h>

#define URL "http://h.test/"

/* A cache whose response of URL has become stale. */
static hc_cache *with_stale(test_clock *clock, const char *settings, const char *fields) {
    hc_cache *c = open_cache(fresh_directory(), clock, settings);
    store(c, URL, answer(200, fields, "body"));
    pass(clock, 100 * SECONDS);
    return c;
}

static void validators_of_what_is_stored_are_sent(void) {
    test_clock *clock = new_clock();
    const char *date = http_date(T0 - DAYS);
    hc_cache *c =
        with_stale(clock, "expire_after 60000", text("ETag: \"a\"\nLast-Modified: %s", date));
    seen s = look(c, request("GET " URL, "X-A: 1"));
    CHECK_INT(s.decision, HC_REVALIDATE);
    CHECK_STR(s.why, "stale");
    CHECK_STR(s.forward_url, URL);
    CHECK_STR(value_in(s.forward_fields, "X-A"), "1");
    CHECK_STR(value_in(s.forward_fields, "If-None-Match"), "\"a\"");
    CHECK_STR(value_in(s.forward_fields, "If-Modified-Since"), date);
    hc_close(c);
}

static void only_validators_that_there_are_are_sent(void) {
    test_clock *clock = new_clock();
    const char *date = http_date(T0 - DAYS);
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
    seen s;
    store(c, URL "etag", answer(200, "ETag: W/\"weak\"", "x"));
    store(c, URL "date", answer(200, text("Last-Modified: %s", date), "x"));
    store(c, URL "none", answer(200, "", "x"));
    pass(clock, 100 * SECONDS);
    s = look_at(c, URL "etag");
    CHECK_STR(s.forward_fields, "If-None-Match: W/\"weak\"\n");
    s = look_at(c, URL "date");
    CHECK_STR(s.forward_fields, text("If-Modified-Since: %s\n", date));
    s = look_at(c, URL "none");
    CHECK_INT(s.decision, HC_FORWARD);
    CHECK_STR(s.forward_fields, "");
    hc_close(c);
}

static void a_304_freshens(void) {
    test_clock *clock = new_clock();
    hc_cache *c = with_stale(clock, "expire_after 60000",
                             "ETag: \"a\"\nX-A: old\nX-B: kept\nX-A: older\n"
                             "Content-Type: text/plain\nContent-Length: 4");
    seen s = fetch_from(c, URL,
                        answer(304,
                               "ETag: \"a\"\nX-A: new\nX-C: added\nContent-Type: text/html\n"
                               "Content-Length: 0\nContent-Encoding: gzip\nContent-Range: x",
                               NULL));
    int again;
    CHECK_INT(s.decision, HC_REVALIDATE);
    CHECK_INT(s.outcome, HC_FRESHENED);
    for (again = 0; again <= 1; again++) {
        check_note(again ? "a hit" : "the answer to the 304");
        CHECK_INT(s.status, 200);
        CHECK_STR(s.reason, "Reason");
        CHECK_STR(s.body, "body");
        CHECK_INT(s.flags, again ? HC_FROM_CACHE : HC_FROM_CACHE | HC_REVALIDATED);
        CHECK_INT(s.created_at, T0 + 100 * SECONDS);
        CHECK_INT(s.expires_at, T0 + 160 * SECONDS);
        CHECK_STR(value_in(s.fields, "X-A"), "new");
        CHECK(strstr(s.fields, "older") == NULL);
        CHECK_STR(value_in(s.fields, "X-B"), "kept");
        CHECK_STR(value_in(s.fields, "X-C"), "added");
        CHECK_STR(value_in(s.fields, "Content-Type"), "text/plain");
        CHECK_STR(value_in(s.fields, "Content-Length"), "4");
        CHECK_STR(value_in(s.fields, "Content-Encoding"), "");
        CHECK_STR(value_in(s.fields, "Content-Range"), "");
        s = look_at(c, URL);
        CHECK_INT(s.decision, HC_FRESH);
    }
    CHECK_INT(stats_of(c).responses, 1);
    CHECK_INT(stats_of(c).revalidations, 1);
    hc_close(c);
}

static void a_304_without_fields_freshens_what_was_asked_about(void) {
    test_clock *clock = new_clock();
    hc_cache *c = with_stale(clock, "expire_after 60000", "ETag: \"a\"\nX-A: 1");
    seen s = fetch_from(c, URL, answer(304, "", NULL));
    CHECK_INT(s.outcome, HC_FRESHENED);
    CHECK_STR(s.fields, "ETag: \"a\"\nX-A: 1\n");
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    hc_close(c);
}

static void a_304_freshens_by_last_modified(void) {
    test_clock *clock = new_clock();
    const char *fields = text("Last-Modified: %s", http_date(T0 - DAYS));
    hc_cache *c = with_stale(clock, "expire_after 60000", fields);
    CHECK_INT(fetch_from(c, URL, answer(304, fields, NULL)).outcome, HC_FRESHENED);
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    hc_close(c);
}

static void a_304_reported_as_a_head_freshens_as_well(void) {
    test_clock *clock = new_clock();
    hc_cache *c = with_stale(clock, "expire_after 60000", "ETag: \"a\"");
    hc_exchange *x = NULL;
    hc_view view = new_view();
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store_begin(x, answer(304, "ETag: \"a\"", NULL), &outcome, &view, &err), HC_OK);
    CHECK_INT(outcome, HC_FRESHENED);
    CHECK_INT(view.status, 200);
    CHECK_INT(view.flags, HC_FROM_CACHE | HC_REVALIDATED);
    hc_exchange_free(x);
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    hc_close(c);
}

static void a_large_body_stays_when_it_is_freshened(void) {
    test_clock *clock = new_clock();
    size_t large = 300001;
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
    seen s;
    store(c, URL, answer_of(200, "ETag: \"a\"", body_of(5, large), large));
    pass(clock, 100 * SECONDS);
    s = fetch_from(c, URL, answer(304, "ETag: \"a\"\nX-A: new", NULL));
    CHECK_INT(s.outcome, HC_FRESHENED);
    CHECK_INT(s.body_len, (int64_t)large);
    CHECK(body_is(s.body, large, 5, 0));
    s = look_at(c, URL);
    CHECK_STR(value_in(s.fields, "X-A"), "new");
    CHECK(body_is(s.body, large, 5, 0));
    hc_close(c);
}

static void a_304_of_another_response_repeats_the_request(void) {
    test_clock *clock = new_clock();
    hc_cache *c = with_stale(clock, "expire_after 60000", "ETag: \"a\"\nX-A: 1");
    hc_request *r = request("GET " URL, "X-B: 2");
    hc_exchange *x = NULL;
    hc_view view = new_view();
    int32_t outcome = -1;
    size_t n = 0;
    const hc_field *fields;
    CHECK_STATUS(hc_lookup(c, r, NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store(x, answer(304, "ETag: \"b\"", NULL), &outcome, &view, &err), HC_OK);
    CHECK_INT(outcome, HC_REPEAT);
    CHECK_INT(view.status, 0);
    CHECK(hc_exchange_forward(x) != NULL);
    fields = hc_request_fields(hc_exchange_forward(x), &n);
    CHECK_STR(fields_text(fields, n), "X-B: 2\n");
    /* Nothing of the 304 came into what is stored. */
    CHECK_INT(look_at(c, URL).decision, HC_REVALIDATE);
    CHECK_STATUS(hc_store(x, answer(200, "ETag: \"b\"", "new"), &outcome, &view, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    hc_exchange_free(x);
    CHECK_STR(look_at(c, URL).body, "new");
    CHECK_STR(look_at(c, URL).fields, "ETag: \"b\"\n");
    hc_close(c);
}

static void a_304_freshens_what_it_was_asked_about_though_it_is_replaced_meanwhile(void) {
    static const size_t sizes[] = {4, 300001};
    size_t i;
    for (i = 0; i < NELEMS(sizes); i++) {
        test_clock *clock = new_clock();
        hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
        hc_exchange *x = NULL;
        hc_response *p = NULL;
        const void *body = NULL;
        int32_t outcome = -1;
        size_t len = 0;
        check_note("%zu bytes", sizes[i]);
        store(c, URL, answer_of(200, "ETag: \"a\"", body_of(1, sizes[i]), sizes[i]));
        pass(clock, 100 * SECONDS);
        CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
        CHECK_INT(fetch_from(c, URL, answer_of(200, "ETag: \"b\"", body_of(2, sizes[i]), sizes[i]))
                      .outcome,
                  HC_STORED);
        flush(c);
        CHECK_STATUS(hc_store(x, answer(304, "ETag: \"a\"", NULL), &outcome, NULL, &err), HC_OK);
        CHECK_INT(outcome, HC_FRESHENED);
        CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
        CHECK_STATUS(hc_response_body(p, &body, &len, &err), HC_OK);
        CHECK_INT(len, (int64_t)sizes[i]);
        CHECK(body_is(body, len, 1, 0));
        hc_response_free(p);
        hc_exchange_free(x);
        /* The newer one stays. */
        CHECK_STR(look_at(c, URL).fields, "ETag: \"b\"\n");
        CHECK(body_is(look_at(c, URL).body, sizes[i], 2, 0));
        CHECK_INT(stats_of(c).errors, 0);
        hc_close(c);
    }
}

static void a_200_replaces_what_was_asked_about(void) {
    test_clock *clock = new_clock();
    hc_cache *c = with_stale(clock, "expire_after 60000", "ETag: \"a\"\nX-A: 1");
    seen s = fetch_from(c, URL, answer(200, "ETag: \"b\"", "new"));
    CHECK_INT(s.outcome, HC_STORED);
    CHECK_INT(s.flags, 0);
    CHECK_STR(s.body, "new");
    s = look_at(c, URL);
    CHECK_INT(s.decision, HC_FRESH);
    CHECK_STR(s.body, "new");
    CHECK_STR(s.fields, "ETag: \"b\"\n");
    CHECK_INT(s.created_at, T0 + 100 * SECONDS);
    CHECK_INT(stats_of(c).responses, 1);
    hc_close(c);
}

static void another_answer_is_handed_on(void) {
    test_clock *clock = new_clock();
    hc_cache *c = with_stale(clock, "expire_after 60000", "ETag: \"a\"");
    seen s = fetch_from(c, URL, answer(404, "X-A: 1", "gone"));
    CHECK_INT(s.outcome, HC_NOT_STORED);
    CHECK_INT(s.status, 404);
    CHECK_STR(s.fields, "X-A: 1\n");
    hc_close(c);
}

static void conditions_of_the_caller_are_judged_by_what_is_stored(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
    store(c, URL, answer(200, "ETag: \"a\"\nContent-Type: text/x\nX-A: 1", "body"));
    seen s = look(c, request("GET " URL, "If-None-Match: \"b\", W/\"a\""));
    CHECK_INT(s.decision, HC_FRESH);
    CHECK_INT(s.status, 304);
    CHECK_STR(value_in(s.fields, "ETag"), "\"a\"");
    CHECK_STR(value_in(s.fields, "Content-Type"), "");
    CHECK_INT(s.body_len, 0);
    s = look(c, request("GET " URL, "If-None-Match: \"b\""));
    CHECK_INT(s.status, 200);
    CHECK_STR(s.body, "body");
    hc_close(c);
}

static void conditions_of_the_caller_wait_until_the_origin_was_asked(void) {
    test_clock *clock = new_clock();
    hc_cache *c = with_stale(clock, "expire_after 60000", "ETag: \"a\"");
    seen s =
        ask(c, request("GET " URL, "If-None-Match: \"mine\""), answer(304, "ETag: \"a\"", NULL));
    CHECK_INT(s.decision, HC_REVALIDATE);
    CHECK_STR(s.forward_fields, "If-None-Match: \"a\"\n");
    CHECK_INT(s.outcome, HC_FRESHENED);
    CHECK_INT(s.status, 200);
    CHECK_STR(s.body, "body");
    pass(clock, 61 * SECONDS);
    s = ask(c, request("GET " URL, "If-None-Match: \"a\""), answer(304, "ETag: \"a\"", NULL));
    CHECK_INT(s.outcome, HC_FRESHENED);
    CHECK_INT(s.status, 304);
    hc_close(c);
}

static void conditions_for_the_origin_go_there(void) {
    static const char *const conditions[] = {
        "If-Match: \"a\"\n",
        "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:20 GMT\n",
    };
    test_clock *clock = new_clock();
    hc_cache *c = with_stale(clock, "expire_after 60000", "ETag: \"a\"\nX-A: 1");
    size_t i;
    for (i = 0; i < NELEMS(conditions); i++) {
        seen s =
            ask(c, request("GET " URL, conditions[i]), answer(304, "ETag: \"b\"\nX-A: 2", NULL));
        check_note("%s", conditions[i]);
        /* They are sent as they are, and the answer to them is his; nothing of it is stored. */
        CHECK_INT(s.decision, HC_FORWARD);
        CHECK_STR(s.forward_fields, conditions[i]);
        CHECK_INT(s.outcome, HC_NOT_STORED);
        CHECK_INT(s.status, 304);
        CHECK_STR(value_in(s.fields, "X-A"), "2");
        s = look_at(c, URL);
        CHECK_INT(s.decision, HC_REVALIDATE);
        CHECK_STR(s.forward_fields, "If-None-Match: \"a\"\n");
    }
    hc_close(c);
}

static void freshening_with_rfc_9111_takes_the_new_lifetime(void) {
    test_clock *clock = new_clock();
    hc_cache *c = with_stale(clock, "cache_control 1", "Cache-Control: max-age=60\nETag: \"a\"");
    seen s = fetch_from(c, URL, answer(304, "Cache-Control: max-age=10\nETag: \"a\"", NULL));
    CHECK_INT(s.outcome, HC_FRESHENED);
    CHECK_INT(s.expires_at, T0 + 110 * SECONDS);
    CHECK_STR(value_in(s.fields, "Cache-Control"), "max-age=10");
    pass(clock, 9 * SECONDS);
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    pass(clock, 1 * SECONDS);
    CHECK_INT(look_at(c, URL).decision, HC_REVALIDATE);
    hc_close(c);
}

static void a_304_that_forbids_storing_serves_once(void) {
    test_clock *clock = new_clock();
    hc_cache *c = with_stale(clock, "cache_control 1", "Cache-Control: max-age=60\nETag: \"a\"");
    seen s = fetch_from(c, URL, answer(304, "Cache-Control: no-store\nETag: \"a\"", NULL));
    CHECK_INT(s.status, 200);
    CHECK_STR(s.body, "body");
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(validators_of_what_is_stored_are_sent),
    TEST(only_validators_that_there_are_are_sent),
    TEST(a_304_freshens),
    TEST(a_304_without_fields_freshens_what_was_asked_about),
    TEST(a_304_freshens_by_last_modified),
    TEST(a_304_reported_as_a_head_freshens_as_well),
    TEST(a_large_body_stays_when_it_is_freshened),
    TEST(a_304_of_another_response_repeats_the_request),
    TEST(a_304_freshens_what_it_was_asked_about_though_it_is_replaced_meanwhile),
    TEST(a_200_replaces_what_was_asked_about),
    TEST(another_answer_is_handed_on),
    TEST(conditions_of_the_caller_are_judged_by_what_is_stored),
    TEST(conditions_of_the_caller_wait_until_the_origin_was_asked),
    TEST(conditions_for_the_origin_go_there),
    TEST(freshening_with_rfc_9111_takes_the_new_lifetime),
    TEST(a_304_that_forbids_storing_serves_once),
};

CHECK_MAIN(tests)
