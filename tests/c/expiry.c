/* Expiry: when a stored response becomes stale, as the settings say, and what the clock does to it.
 */
#include "support.h"

#define URL "http://h.test/"
#define ETAG "ETag: \"a\""

static void without_an_expiry_a_response_never_becomes_stale(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "");
    seen s = fetch_from(c, URL, answer(200, "Cache-Control: max-age=1\nExpires: 0", "x"));
    CHECK_INT(s.outcome, HC_STORED);
    CHECK_INT(s.created_at, T0);
    CHECK_INT(s.expires_at, HC_NEVER_EXPIRE);
    CHECK_INT(s.lifetime, HC_NEVER_EXPIRE);
    pass(clock, 100 * 365 * DAYS);
    s = look_at(c, URL);
    CHECK_INT(s.decision, HC_FRESH);
    CHECK_INT(s.flags, HC_FROM_CACHE);
    CHECK_INT(s.age, 100 * 365 * DAYS);
    CHECK_INT(s.created_at, T0);
    hc_close(c);
}

static void a_duration_counts_from_the_response(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
    seen s = fetch_from(c, URL, answer(200, ETAG, "x"));
    CHECK_INT(s.created_at, T0);
    CHECK_INT(s.expires_at, T0 + 60000);
    CHECK_INT(s.lifetime, 60000);
    CHECK_INT(s.age, 0);
    pass(clock, 59999);
    s = look_at(c, URL);
    CHECK_INT(s.decision, HC_FRESH);
    CHECK_INT(s.age, 59999);
    pass(clock, 1);
    s = look_at(c, URL);
    CHECK_INT(s.decision, HC_REVALIDATE);
    CHECK_STR(s.why, "stale");
    hc_close(c);
}

static void the_response_time_is_that_of_the_store(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
    hc_exchange *x = NULL;
    hc_view view = new_view();
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    pass(clock, 5 * SECONDS);
    CHECK_STATUS(hc_store(x, answer(200, "", "x"), NULL, &view, &err), HC_OK);
    hc_exchange_free(x);
    CHECK_INT(view.created_at, T0 + 5000);
    CHECK_INT(view.expires_at, T0 + 65000);
    CHECK_INT(view.elapsed, 5000);
    /* The time that the origin took is part of the age (RFC 9111 4.2.3). */
    CHECK_INT(look_at(c, URL).age, 5000);
    hc_close(c);
}

static void age_counts_what_passed_before_the_response_came(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "");
    store(c, URL "age", answer(200, "Age: 10", "x"));
    store(c, URL "date", answer(200, text("Date: %s", http_date(T0 - 20 * SECONDS)), "x"));
    store(c, URL "both", answer(200, text("Age: 30\nDate: %s", http_date(T0 - 20 * SECONDS)), "x"));
    store(c, URL "future", answer(200, text("Date: %s", http_date(T0 + 20 * SECONDS)), "x"));
    store(c, URL "nonsense", answer(200, "Age: x\nDate: y", "x"));
    pass(clock, 1 * SECONDS);
    CHECK_INT(look_at(c, URL "age").age, 11 * SECONDS);
    CHECK_INT(look_at(c, URL "date").age, 21 * SECONDS);
    CHECK_INT(look_at(c, URL "both").age, 31 * SECONDS);
    CHECK_INT(look_at(c, URL "future").age, 1 * SECONDS);
    CHECK_INT(look_at(c, URL "nonsense").age, 1 * SECONDS);
    hc_close(c);
}

static void an_instant_is_when_it_becomes_stale(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_at 1700000090000");
    CHECK_INT(fetch_from(c, URL, answer(200, ETAG, "x")).expires_at, T0 + 90000);
    pass(clock, 89999);
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    pass(clock, 1);
    CHECK_INT(look_at(c, URL).decision, HC_REVALIDATE);
    hc_close(c);
}

static void an_instant_in_the_past_is_stored_stale(void) {
    hc_cache *c = open_cache(fresh_directory(), new_clock(), "expire_at 1000");
    CHECK_INT(fetch_from(c, URL, answer(200, ETAG, "x")).outcome, HC_STORED);
    CHECK_INT(look_at(c, URL).decision, HC_REVALIDATE);
    hc_close(c);
}

static void immediately_needs_a_validator(void) {
    hc_cache *c = open_cache(fresh_directory(), new_clock(), "expire_after immediately");
    CHECK_INT(fetch_from(c, URL "none", answer(200, "", "x")).outcome, HC_NOT_STORED);
    CHECK_INT(look_at(c, URL "none").decision, HC_FORWARD);
    CHECK_INT(fetch_from(c, URL "etag", answer(200, ETAG, "x")).outcome, HC_STORED);
    CHECK_INT(look_at(c, URL "etag").decision, HC_REVALIDATE);
    CHECK_INT(
        fetch_from(c, URL "date", answer(200, text("Last-Modified: %s", http_date(T0 - DAYS)), "x"))
            .outcome,
        HC_STORED);
    CHECK_INT(look_at(c, URL "date").decision, HC_REVALIDATE);
    /* And so on each use: a 304 does not make it fresh. */
    CHECK_INT(fetch_from(c, URL "etag", answer(304, ETAG, NULL)).outcome, HC_FRESHENED);
    CHECK_INT(look_at(c, URL "etag").decision, HC_REVALIDATE);
    hc_close(c);
}

static void do_not_cache_neither_reads_nor_writes(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    hc_cache *d = open_cache(directory, NULL, "expire_after do_not_cache");
    store(c, URL, answer(200, "", "stored"));
    CHECK_INT(look_at(d, URL).decision, HC_FORWARD);
    CHECK_INT(fetch_from(d, URL, answer(200, "", "other")).outcome, HC_NOT_STORED);
    CHECK_STR(look_at(c, URL).body, "stored");
    CHECK_INT(fetch_from(d, URL "b", answer(200, ETAG, "other")).outcome, HC_NOT_STORED);
    CHECK_INT(look_at(c, URL "b").decision, HC_FORWARD);
    hc_close(c);
    hc_close(d);
}

static void a_request_has_an_expiry_of_its_own(void) {
    static const struct {
        const char *settings;
        int64_t expires_at;
    } cases[] = {
        {"expire_after 5000", T0 + 5000},
        {"expire_at 1700000090000", T0 + 90000},
        {"expire_after never", HC_NEVER_EXPIRE},
        {"expire_after 5000, expire_at 1700000090000", T0 + 90000},
        {"expire_at 1700000090000, expire_after 5000", T0 + 5000},
        {"expire_after 5000, expire_after unset", T0 + 60000},
        {"expire_at 1700000090000, expire_after unset", T0 + 60000},
    };
    hc_cache *c = open_cache(fresh_directory(), new_clock(), "expire_after 60000");
    size_t i;
    for (i = 0; i < NELEMS(cases); i++) {
        const char *line = text("GET %s%zu", URL, i);
        check_note("%s", cases[i].settings);
        CHECK_INT(ask(c, request_with(line, "", cases[i].settings), answer(200, "", "x")).outcome,
                  HC_STORED);
        CHECK_INT(look(c, request(line, "")).expires_at, cases[i].expires_at);
    }
    hc_close(c);
}

static void a_request_can_leave_the_cache_alone(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_request *r = request_with("GET " URL, "", "expire_after do_not_cache");
    store(c, URL, answer(200, "", "stored"));
    CHECK_INT(look(c, r).decision, HC_FORWARD);
    CHECK_INT(ask(c, r, answer(200, "", "other")).outcome, HC_NOT_STORED);
    CHECK_STR(look_at(c, URL).body, "stored");
    hc_close(c);
}

static void a_request_can_use_a_cache_that_is_left_alone(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "expire_after do_not_cache");
    hc_request *r = request_with("GET " URL, "", "expire_after 60000");
    CHECK_INT(ask(c, r, answer(200, "", "x")).outcome, HC_STORED);
    CHECK_INT(look(c, r).decision, HC_FRESH);
    hc_close(c);
}

static void max_age_of_a_request_comes_before_its_expiry(void) {
    hc_cache *c = open_cache(fresh_directory(), new_clock(), "expire_after 60000");
    hc_request *r = request_with("GET " URL, "Cache-Control: max-age=30", "expire_after 5000");
    CHECK_INT(ask(c, r, answer(200, "", "x")).expires_at, T0 + 30000);
    hc_close(c);
}

static void what_was_written_holds_whatever_the_reader_is_set_to(void) {
    const char *directory = fresh_directory();
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(directory, clock, "expire_after 60000");
    hc_cache *d = open_cache(directory, clock, "expire_after 1");
    store(c, URL, answer(200, "", "x"));
    pass(clock, 30 * SECONDS);
    CHECK_INT(look_at(d, URL).decision, HC_FRESH);
    CHECK_INT(look_at(d, URL).expires_at, T0 + 60000);
    hc_close(c);
    hc_close(d);
}

static void the_clock_may_jump(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
    hc_cache *d = open_cache(fresh_directory(), clock, "");
    store(c, URL, answer(200, ETAG, "x"));
    store(d, URL, answer(200, ETAG, "x"));
    pass(clock, -30 * SECONDS);
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    CHECK(look_at(c, URL).age >= 0);
    /* Received more than a minute from now: stale, unless it never is. */
    pass(clock, -365 * DAYS);
    CHECK_INT(look_at(c, URL).decision, HC_REVALIDATE);
    CHECK_INT(look_at(d, URL).decision, HC_FRESH);
    CHECK_INT(look_at(d, URL).age, 0);
    pass(clock, 2 * 365 * DAYS);
    CHECK_INT(look_at(c, URL).decision, HC_REVALIDATE);
    CHECK_INT(look_at(d, URL).decision, HC_FRESH);
    hc_close(c);
    hc_close(d);
}

static void the_farthest_times_do_not_overflow(void) {
    static const char *const settings[] = {"expire_after 9223372036854775807",
                                           "expire_at 9223372036854775807"};
    size_t i;
    for (i = 0; i < NELEMS(settings); i++) {
        test_clock *clock = new_clock();
        hc_cache *c = open_cache(fresh_directory(), clock, settings[i]);
        check_note("%s", settings[i]);
        CHECK_INT(fetch_from(c, URL, answer(200, "", "x")).outcome, HC_STORED);
        CHECK_INT(look_at(c, URL).decision, HC_FRESH);
        CHECK(look_at(c, URL).expires_at > T0);
        pass(clock, 200 * 365 * DAYS);
        CHECK_INT(look_at(c, URL).decision, HC_FRESH);
        hc_close(c);
    }
}

static const check_test tests[] = {
    TEST(without_an_expiry_a_response_never_becomes_stale),
    TEST(a_duration_counts_from_the_response),
    TEST(the_response_time_is_that_of_the_store),
    TEST(age_counts_what_passed_before_the_response_came),
    TEST(an_instant_is_when_it_becomes_stale),
    TEST(an_instant_in_the_past_is_stored_stale),
    TEST(immediately_needs_a_validator),
    TEST(do_not_cache_neither_reads_nor_writes),
    TEST(a_request_has_an_expiry_of_its_own),
    TEST(a_request_can_leave_the_cache_alone),
    TEST(a_request_can_use_a_cache_that_is_left_alone),
    TEST(max_age_of_a_request_comes_before_its_expiry),
    TEST(what_was_written_holds_whatever_the_reader_is_set_to),
    TEST(the_clock_may_jump),
    TEST(the_farthest_times_do_not_overflow),
};

CHECK_MAIN(tests)
