/* Vary: variants under one primary key, chosen by the fields of the request (RFC 9111 4.1). */
#include "support.h"

#define URL "http://h.test/"

static hc_request *in(const char *language) {
    return request("GET " URL, text("Accept-Language: %s", language));
}

static hc_response *variant(const char *body) {
    return answer(200, "Cache-Control: max-age=60\nVary: Accept-Language", body);
}

static void each_variant_answers_its_own_requests(void) {
    static const char *const policies[] = {"cache_control 0", "cache_control 1"};
    static const char *const languages[] = {"en", "de", "fr", "it", "ga"};
    size_t i, k;
    for (k = 0; k < NELEMS(policies); k++) {
        hc_cache *c = open_cache(fresh_directory(), new_clock(), policies[k]);
        for (i = 0; i < NELEMS(languages); i++) {
            seen s = ask(c, in(languages[i]), variant(languages[i]));
            check_note("%s, %s", languages[i], policies[k]);
            CHECK_INT(s.decision, HC_FORWARD);
            CHECK_STR(s.why, i == 0 ? "uri-miss" : "vary-miss");
            CHECK_INT(s.outcome, HC_STORED);
        }
        for (i = 0; i < NELEMS(languages); i++) {
            check_note("%s, %s", languages[i], policies[k]);
            CHECK_INT(look(c, in(languages[i])).decision, HC_FRESH);
            CHECK_STR(look(c, in(languages[i])).body, languages[i]);
        }
        CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
        CHECK_INT(look(c, in("xx")).decision, HC_FORWARD);
        CHECK_STR(look(c, in("xx")).why, "vary-miss");
        CHECK_INT(stats_of(c).responses, NELEMS(languages));
        hc_close(c);
    }
}

static void an_absent_field_matches_an_absent_field(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    CHECK_INT(fetch_from(c, URL, variant("none")).outcome, HC_STORED);
    CHECK_STR(look_at(c, URL).body, "none");
    CHECK_INT(look(c, in("en")).decision, HC_FORWARD);
    CHECK_INT(look(c, in("")).decision, HC_FORWARD);
    hc_close(c);
}

static void lines_of_a_field_are_compared_joined(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_request *joined = request("GET " URL, "Accept-Language: en, de");
    hc_request *lines = request("GET " URL, "accept-language: en\nACCEPT-LANGUAGE: de");
    CHECK_INT(ask(c, joined, variant("x")).outcome, HC_STORED);
    CHECK_INT(look(c, lines).decision, HC_FRESH);
    hc_close(c);
}

static void fields_that_are_not_named_do_not_matter(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    CHECK_INT(ask(c, request("GET " URL, "Accept-Language: en\nAccept: a"), variant("x")).outcome,
              HC_STORED);
    CHECK_INT(look(c, request("GET " URL, "Accept: b\nAccept-Language: en")).decision, HC_FRESH);
    hc_close(c);
}

static void several_fields_all_have_to_match(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    CHECK_INT(
        ask(c, request("GET " URL, "A: 1\nB: 2"), answer(200, "Vary: A\nVary: b, C", "x")).outcome,
        HC_STORED);
    CHECK_INT(look(c, request("GET " URL, "B: 2\nA: 1")).decision, HC_FRESH);
    CHECK_INT(look(c, request("GET " URL, "A: 1\nB: 3")).decision, HC_FORWARD);
    CHECK_INT(look(c, request("GET " URL, "A: 1")).decision, HC_FORWARD);
    CHECK_INT(look(c, request("GET " URL, "A: 1\nB: 2\nC: 3")).decision, HC_FORWARD);
    hc_close(c);
}

static void a_star_never_matches(void) {
    static const char *const stars[] = {"Vary: *", "Vary: A, *", "Vary: A\nVary: *"};
    size_t i;
    for (i = 0; i < NELEMS(stars); i++) {
        test_clock *clock = new_clock();
        hc_cache *c =
            open_cache(fresh_directory(), clock, "expire_after 60000, stale_if_error never");
        seen s;
        check_note("%s", stars[i]);
        fetch_from(c, URL, answer(200, text("%s\nETag: \"a\"", stars[i]), "x"));
        s = look_at(c, URL);
        CHECK(s.decision == HC_FORWARD || s.decision == HC_REVALIDATE);
        /* Not for stale use either. */
        pass(clock, 100 * SECONDS);
        s = ask_unreachable(c, request("GET " URL, ""));
        CHECK_INT(s.reported, HC_NOT_FOUND);
        hc_close(c);
    }
}

static void the_oldest_variant_goes_first(void) {
    hc_cache *c = open_cache(fresh_directory(), new_clock(), "max_variants 2");
    ask(c, in("en"), variant("en"));
    ask(c, in("de"), variant("de"));
    CHECK_INT(ask(c, in("fr"), variant("fr")).outcome, HC_STORED);
    CHECK_INT(look(c, in("en")).decision, HC_FORWARD);
    CHECK_STR(look(c, in("de")).body, "de");
    CHECK_STR(look(c, in("fr")).body, "fr");
    CHECK_INT(stats_of(c).responses, 2);
    hc_close(c);
}

static void a_304_freshens_its_own_variant(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
    seen s;
    ask(c, in("en"), answer(200, "Vary: Accept-Language\nETag: \"en\"", "en"));
    ask(c, in("de"), answer(200, "Vary: Accept-Language\nETag: \"de\"", "de"));
    pass(clock, 100 * SECONDS);
    s = ask(c, in("en"), answer(304, "Vary: Accept-Language\nETag: \"en\"\nX-A: 1", NULL));
    CHECK_INT(s.outcome, HC_FRESHENED);
    CHECK_STR(s.body, "en");
    CHECK_STR(look(c, in("en")).body, "en");
    CHECK_INT(look(c, in("en")).decision, HC_FRESH);
    CHECK_INT(look(c, in("de")).decision, HC_REVALIDATE);
    CHECK_STR(value_in(look(c, in("de")).forward_fields, "If-None-Match"), "\"de\"");
    hc_close(c);
}

static void variants_survive_closing(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    ask(c, in("en"), variant("en"));
    ask(c, in("de"), variant("de"));
    hc_close(c);
    c = open_cache(directory, NULL, "");
    CHECK_STR(look(c, in("en")).body, "en");
    CHECK_STR(look(c, in("de")).body, "de");
    CHECK_INT(look(c, in("fr")).decision, HC_FORWARD);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(each_variant_answers_its_own_requests),
    TEST(an_absent_field_matches_an_absent_field),
    TEST(lines_of_a_field_are_compared_joined),
    TEST(fields_that_are_not_named_do_not_matter),
    TEST(several_fields_all_have_to_match),
    TEST(a_star_never_matches),
    TEST(the_oldest_variant_goes_first),
    TEST(a_304_freshens_its_own_variant),
    TEST(variants_survive_closing),
};

CHECK_MAIN(tests)
