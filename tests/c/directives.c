/* Directives: what RFC 9111 makes of the fields of a response where it decides, and of those of a
 * request always. */
#include "support.h"

#include <string.h>

#define URL "http://h.test/"

typedef struct {
    const char *fields;
    int64_t lifetime; /* ms; -1: not stored; 0: stored, and stale at once. */
} lifetime_case;

/* Stores an answer with `fields`, with Date at T0, and checks when it becomes stale. */
static void check_lifetime(const char *settings, const char *fields, int64_t lifetime) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, settings);
    seen s = fetch_from(c, URL,
                        answer(200, text("ETag: \"a\"\nDate: %s\n%s", http_date(T0), fields), "x"));
    check_note("\"%s\" with %s", fields, settings);
    CHECK_INT(s.outcome, lifetime < 0 ? HC_NOT_STORED : HC_STORED);
    CHECK_INT(s.status, 200);
    if (lifetime < 0) {
        CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    } else if (lifetime == 0) {
        CHECK_INT(look_at(c, URL).decision, HC_REVALIDATE);
    } else {
        CHECK_INT(s.expires_at, T0 + lifetime);
        pass(clock, lifetime - 1);
        CHECK_INT(look_at(c, URL).decision, HC_FRESH);
        pass(clock, 1);
        CHECK_INT(look_at(c, URL).decision, HC_REVALIDATE);
    }
    hc_close(c);
}

static void fields_of_a_response_decide_its_lifetime(void) {
    const char *in_90 = http_date(T0 + 90 * SECONDS);
    const char *before_100 = http_date(T0 - 100 * SECONDS);
    const lifetime_case cases[] = {
        {"Cache-Control: max-age=60", 60 * SECONDS},
        {"Cache-Control: MAX-AGE=60", 60 * SECONDS},
        {"Cache-Control: max-age=\"60\"", 60 * SECONDS},
        {"Cache-Control: public, max-age=60", 60 * SECONDS},
        {"Cache-Control: public\nCache-Control: max-age=60", 60 * SECONDS},
        {"Cache-Control: private, max-age=60", 60 * SECONDS},
        /* s-maxage is for shared caches, and this is a private one. */
        {"Cache-Control: s-maxage=600, max-age=60", 60 * SECONDS},
        {"Cache-Control: max-age=60\nAge: 10", 50 * SECONDS},
        {"Cache-Control: max-age=60\nAge: 60", 0},
        {"Cache-Control: max-age=0", 0},
        {"Cache-Control: max-age=-1", 0},
        {"Cache-Control: max-age=x", 0},
        {"Cache-Control: max-age", 0},
        {"Cache-Control: max-age=1, max-age=2", 0},
        {text("Expires: %s", in_90), 90 * SECONDS},
        {text("Cache-Control: max-age=60\nExpires: %s", in_90), 60 * SECONDS},
        {"Expires: 0", 0},
        {"Expires: nonsense", 0},
        {text("Expires: %s", before_100), 0},
        {"Cache-Control: no-store", -1},
        {"Cache-Control: max-age=60, no-store", -1},
        {"Cache-Control: No-Store", -1},
        {"Cache-Control: no-cache", 0},
        {"Cache-Control: no-cache, max-age=60", 0},
        /* Pragma is no response field. */
        {"Pragma: no-cache\nCache-Control: max-age=60", 60 * SECONDS},
        /* A directive inside a quoted string is none. */
        {"Cache-Control: x=\"no-store\", max-age=60", 60 * SECONDS},
        {text("Last-Modified: %s", before_100), 10 * SECONDS},
        {"", 0},
    };
    size_t i;
    for (i = 0; i < NELEMS(cases); i++)
        check_lifetime("cache_control 1", cases[i].fields, cases[i].lifetime);
}

static void fields_of_a_response_decide_nothing_without_rfc_9111(void) {
    const lifetime_case cases[] = {
        {"Cache-Control: max-age=1", 60 * SECONDS},
        {"Cache-Control: no-store", 60 * SECONDS},
        {"Cache-Control: no-cache", 60 * SECONDS},
        {"Cache-Control: private, must-revalidate, max-age=0", 60 * SECONDS},
        {"Expires: 0", 60 * SECONDS},
        {"Pragma: no-cache", 60 * SECONDS},
    };
    size_t i;
    for (i = 0; i < NELEMS(cases); i++)
        check_lifetime("expire_after 60000", cases[i].fields, cases[i].lifetime);
}

static void settings_come_after_fields_and_before_heuristics(void) {
    const char *settings = "cache_control 1, expire_after 30000";
    const char *modified = text("Last-Modified: %s", http_date(T0 - 100 * SECONDS));
    check_lifetime(settings, "Cache-Control: max-age=60", 60 * SECONDS);
    check_lifetime(settings, "Cache-Control: no-store", -1);
    check_lifetime(settings, modified, 30 * SECONDS);
    check_lifetime(settings, "", 30 * SECONDS);
}

static void the_heuristic_is_a_share_of_the_time_since_the_last_change(void) {
    const char *modified = text("Last-Modified: %s", http_date(T0 - 100 * SECONDS));
    check_lifetime("cache_control 1, heuristic_percent 50", modified, 50 * SECONDS);
    check_lifetime("cache_control 1, heuristic_percent 0", modified, 0);
    check_lifetime("cache_control 1, heuristic_percent 100",
                   text("Last-Modified: %s", http_date(T0 + 100 * SECONDS)), 0);
}

static void a_hit_tells_its_age(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "cache_control 1");
    seen s;
    store(c, URL, answer(200, "Cache-Control: max-age=60\nAge: 7", "x"));
    pass(clock, 5999);
    s = look_at(c, URL);
    CHECK_STR(value_in(s.fields, "Age"), "12");
    CHECK_INT(s.age, 12999);
    hc_close(c);
}

/* What a request with `fields` gets of a response that is `age` old and fresh for 60 s. */
typedef struct {
    const char *fields;
    int64_t age;
    int32_t decision;
} reuse_case;

static const reuse_case reuse_cases[] = {
    {"", 30 * SECONDS, HC_FRESH},
    {"Cache-Control: max-age=31", 30 * SECONDS, HC_FRESH},
    {"Cache-Control: max-age=30", 30 * SECONDS + 1, HC_REVALIDATE},
    {"Cache-Control: max-age=0", 1, HC_REVALIDATE},
    {"Cache-Control: max-age=600", 60 * SECONDS, HC_REVALIDATE},
    {"Cache-Control: min-fresh=30", 29 * SECONDS, HC_FRESH},
    {"Cache-Control: min-fresh=30", 31 * SECONDS, HC_REVALIDATE},
    {"Cache-Control: max-stale", 60 * SECONDS, HC_STALE},
    {"Cache-Control: max-stale", 600 * SECONDS, HC_STALE},
    {"Cache-Control: max-stale=10", 69 * SECONDS, HC_STALE},
    {"Cache-Control: max-stale=10", 71 * SECONDS, HC_REVALIDATE},
    {"Cache-Control: max-stale=10", 59 * SECONDS, HC_FRESH},
    {"Cache-Control: no-cache", 0, HC_REVALIDATE},
    {"Cache-Control: NO-CACHE", 0, HC_REVALIDATE},
    {"Pragma: no-cache", 0, HC_REVALIDATE},
    {"Pragma: no-cache\nCache-Control: max-age=60", 0, HC_FRESH},
    {"Cache-Control: only-if-cached", 30 * SECONDS, HC_FRESH},
    {"Cache-Control: only-if-cached", 61 * SECONDS, HC_UNSATISFIABLE},
    {"Cache-Control: only-if-cached, max-stale", 61 * SECONDS, HC_STALE},
    {"Cache-Control: only-if-cached, no-cache", 0, HC_UNSATISFIABLE},
    {"Cache-Control: unknown, max-ag=0, x=\"max-age=0\"", 30 * SECONDS, HC_FRESH},
};

static void directives_of_a_request_bound_reuse_in_either_policy(void) {
    static const char *const policies[] = {"cache_control 1", "expire_after 60000"};
    size_t i, k;
    for (k = 0; k < NELEMS(policies); k++) {
        test_clock *clock = new_clock();
        hc_cache *c = open_cache(fresh_directory(), clock, policies[k]);
        int64_t age = 0;
        store(c, URL, answer(200, "Cache-Control: max-age=60\nETag: \"a\"", "x"));
        for (i = 0; i < NELEMS(reuse_cases); i++) {
            seen s;
            pass(clock, reuse_cases[i].age - age);
            age = reuse_cases[i].age;
            s = look(c, request("GET " URL, reuse_cases[i].fields));
            check_note("\"%s\" at %" PRId64 " ms, %s", reuse_cases[i].fields, age, policies[k]);
            CHECK_INT(s.decision, reuse_cases[i].decision);
            if (s.decision == HC_STALE)
                CHECK_STR(s.body, "x");
            if (s.decision == HC_STALE && age > 60 * SECONDS)
                CHECK_INT(s.flags, HC_FROM_CACHE | HC_EXPIRED);
            if (s.decision == HC_FRESH)
                CHECK_INT(s.flags, HC_FROM_CACHE);
        }
        hc_close(c);
    }
}

static void no_store_of_a_request_stores_nothing_in_either_policy(void) {
    static const char *const policies[] = {"cache_control 1", "cache_control 0"};
    size_t k;
    for (k = 0; k < NELEMS(policies); k++) {
        hc_cache *c = open_cache(fresh_directory(), NULL, policies[k]);
        check_note("%s", policies[k]);
        CHECK_INT(ask(c, request("GET " URL, "Cache-Control: no-store"),
                      answer(200, "Cache-Control: max-age=60", "x"))
                      .outcome,
                  HC_NOT_STORED);
        CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
        CHECK_INT(stats_of(c).responses, 0);
        hc_close(c);
    }
}

static void must_revalidate_forbids_stale_use(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "cache_control 1");
    store(c, URL, answer(200, "Cache-Control: max-age=60, must-revalidate\nETag: \"a\"", "x"));
    pass(clock, 61 * SECONDS);
    CHECK_INT(look(c, request("GET " URL, "Cache-Control: max-stale")).decision, HC_REVALIDATE);
    hc_close(c);
}

static void no_cache_without_a_validator_fetches_anew(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    seen s;
    store(c, URL, answer(200, "", "x"));
    s = look(c, request("GET " URL, "Cache-Control: no-cache"));
    CHECK_INT(s.decision, HC_FORWARD);
    CHECK_STR(s.forward_fields, "Cache-Control: no-cache\n");
    CHECK_STR(s.why, "request");
    hc_close(c);
}

static const check_test tests[] = {
    TEST(fields_of_a_response_decide_its_lifetime),
    TEST(fields_of_a_response_decide_nothing_without_rfc_9111),
    TEST(settings_come_after_fields_and_before_heuristics),
    TEST(the_heuristic_is_a_share_of_the_time_since_the_last_change),
    TEST(a_hit_tells_its_age),
    TEST(directives_of_a_request_bound_reuse_in_either_policy),
    TEST(no_store_of_a_request_stores_nothing_in_either_policy),
    TEST(must_revalidate_forbids_stale_use),
    TEST(no_cache_without_a_validator_fetches_anew),
};

CHECK_MAIN(tests)
