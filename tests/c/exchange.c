/* The life of an exchange with the verbs that need no network: what is stored, and what is handed
 * on. Times are in expiry.c, validation in validation.c, RFC 9111's directives in directives.c. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define URL "http://h.test/"

static const char *const policies[] = {"cache_control 0", "cache_control 1"};

/* Runs `task` with either policy on a cache of its own. */
static void with_both_policies(void (*task)(hc_cache *c)) {
    size_t i;
    for (i = 0; i < NELEMS(policies); i++) {
        hc_cache *c = open_cache(fresh_directory(), new_clock(), policies[i]);
        check_note("%s", policies[i]);
        task(c);
        hc_close(c);
    }
}

static void miss_store_hit(hc_cache *c) {
    hc_response *origin = answer(200, "Cache-Control: max-age=60\nX-A: 1", "body");
    seen s = look_at(c, URL);
    CHECK_INT(s.decision, HC_FORWARD);
    CHECK_STR(s.why, "uri-miss");
    CHECK_STR(s.forward_url, URL);
    CHECK_STR(s.forward_fields, "");

    s = fetch_from(c, URL, origin);
    CHECK_INT(s.decision, HC_FORWARD);
    CHECK_INT(s.outcome, HC_STORED);
    CHECK_INT(s.status, 200);
    CHECK_INT(s.flags, 0);
    CHECK_STR(s.body, "body");
    CHECK_STR(s.reason, "Reason");
    CHECK_STR(s.url, URL);

    s = look_at(c, URL);
    CHECK_INT(s.decision, HC_FRESH);
    CHECK_STR(s.why, "");
    CHECK_INT(s.status, 200);
    CHECK_INT(s.flags, HC_FROM_CACHE);
    CHECK_STR(s.body, "body");
    CHECK_STR(s.reason, "Reason");
    CHECK_STR(s.url, URL);
    CHECK_STR(value_in(s.fields, "X-A"), "1");
}

static void a_miss_is_forwarded_stored_and_then_a_hit(void) {
    with_both_policies(miss_store_hit);
}

/* The fields without Age, which a cache adds on each use (RFC 9111 5.1). */
static const char *without_age(const char *fields) {
    char *kept = (char *)calloc(1, strlen(fields) + 1);
    while (*fields) {
        size_t line = strcspn(fields, "\n") + 1;
        if (strncmp(fields, "Age:", 4) != 0)
            strncat(kept, fields, line);
        fields += line;
    }
    check_defer(free, kept);
    return kept;
}

static void identical_fields(hc_cache *c) {
    static const char fields[] = "Cache-Control: max-age=60\n"
                                 "X-b: 2\n"
                                 "x-B: 1\n"
                                 "Content-Type: text/plain\n"
                                 "X-Empty: \n"
                                 "X-b: 2\n"
                                 "X-Raw: \x80\x81\xfe\xff \xc3\xbc\t|\n"
                                 "Set-Cookie: a=1\n"
                                 "Set-Cookie: b=2\n";
    store(c, URL, answer(200, fields, ""));
    CHECK_STR(without_age(look_at(c, URL).fields), fields);
}

static void a_hit_has_the_fields_of_the_origin_in_their_order(void) {
    with_both_policies(identical_fields);
}

static void every_byte_of_a_value(hc_cache *c) {
    char fields[1024] = "Cache-Control: max-age=60\n";
    size_t len = strlen(fields);
    int byte;
    for (byte = 0x80; byte < 0x100; byte++) {
        fields[len++] = 'X';
        fields[len++] = ':';
        fields[len++] = (char)byte;
        fields[len++] = '\n';
    }
    fields[len] = '\0';
    store(c, URL, answer(200, fields, ""));
    {
        hc_exchange *x = NULL;
        hc_view view = new_view();
        size_t i, found = 0;
        CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), &view, &x, &err), HC_OK);
        for (i = 0; i < view.field_count; i++) {
            if (strcmp(view.fields[i].name, "X") != 0)
                continue;
            CHECK_INT(view.fields[i].value_len, 1);
            CHECK_INT((unsigned char)view.fields[i].value[0], (int64_t)(0x80 + found));
            found++;
        }
        CHECK_INT(found, 128);
        hc_exchange_free(x);
    }
}

static void raw_bytes_of_a_value_come_back(void) {
    with_both_policies(every_byte_of_a_value);
}

static void a_body_of_any_bytes(hc_cache *c) {
    char body[256];
    seen s;
    int byte;
    for (byte = 0; byte < 256; byte++)
        body[byte] = (char)byte;
    store(c, URL, answer_of(200, "Cache-Control: max-age=60", body, sizeof body));
    s = look_at(c, URL);
    CHECK_INT(s.body_len, 256);
    CHECK(memcmp(s.body, body, 256) == 0);
}

static void a_body_holds_any_bytes(void) {
    with_both_policies(a_body_of_any_bytes);
}

static void fields_of_the_connection(hc_cache *c) {
    seen s;
    store(c, URL,
          answer(200,
                 "Cache-Control: max-age=60\nConnection: X-Hop\nX-Hop: 1\nX-End: 2\n"
                 "Keep-Alive: timeout=5\nProxy-Connection: close",
                 ""));
    s = look_at(c, URL);
    CHECK_STR(value_in(s.fields, "Connection"), "");
    CHECK_STR(value_in(s.fields, "X-Hop"), "");
    CHECK_STR(value_in(s.fields, "Keep-Alive"), "");
    CHECK_STR(value_in(s.fields, "Proxy-Connection"), "");
    CHECK_STR(value_in(s.fields, "X-End"), "2");
}

static void fields_of_the_connection_are_not_stored(void) {
    with_both_policies(fields_of_the_connection);
}

static void a_second_answer_replaces_the_first(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_request *anew = request("GET " URL, "Cache-Control: no-cache");
    store(c, URL, answer(200, "X-A: 1", "first"));
    CHECK_INT(ask(c, anew, answer(200, "X-B: 2", "second")).outcome, HC_STORED);
    CHECK_STR(look_at(c, URL).fields, "X-B: 2\n");
    CHECK_STR(look_at(c, URL).body, "second");
    CHECK_INT(stats_of(c).responses, 1);
    hc_close(c);
}

static void of_two_that_ask_at_once_the_later_answer_stays(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_exchange *first = NULL, *second = NULL;
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &first, &err), HC_OK);
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &second, &err), HC_OK);
    CHECK_STATUS(hc_store(first, answer(200, "", "first"), &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    CHECK_STATUS(hc_store(second, answer(200, "", "second"), &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    hc_exchange_free(first);
    hc_exchange_free(second);
    CHECK_STR(look_at(c, URL).body, "second");
    hc_close(c);
}

static void only_what_may_be_stored_is(void) {
    static const struct {
        const char *line, *settings;
        int status;
        int is_stored;
    } cases[] = {
        {"GET " URL, "cache_control 0", 200, 1},    {"GET " URL, "cache_control 0", 404, 0},
        {"GET " URL, "cache_control 0", 500, 0},    {"GET " URL, "cache_control 0", 206, 0},
        {"POST " URL, "cache_control 0", 200, 0},   {"PUT " URL, "cache_control 0", 200, 0},
        {"DELETE " URL, "cache_control 0", 200, 0}, {"OPTIONS " URL, "cache_control 0", 200, 0},
        {"get " URL, "cache_control 0", 200, 0},    {"GET " URL, "cache_control 1", 200, 1},
        {"GET " URL, "cache_control 1", 404, 1},    {"GET " URL, "cache_control 1", 301, 1},
        {"GET " URL, "cache_control 1", 410, 1},    {"GET " URL, "cache_control 1", 416, 0},
        {"GET " URL, "cache_control 1", 304, 0},    {"PUT " URL, "cache_control 1", 200, 0},
        {"DELETE " URL, "cache_control 1", 200, 0},
    };
    size_t i;
    for (i = 0; i < NELEMS(cases); i++) {
        hc_cache *c = open_cache(fresh_directory(), NULL, cases[i].settings);
        hc_request *r = request(cases[i].line, "");
        seen s;
        check_note("%d to %s, %s", cases[i].status, cases[i].line, cases[i].settings);
        s = ask(c, r, answer(cases[i].status, "Cache-Control: max-age=60", "x"));
        CHECK_INT(s.outcome, cases[i].is_stored ? HC_STORED : HC_NOT_STORED);
        CHECK_INT(s.status, cases[i].status);
        CHECK(*s.why != '\0');
        CHECK_INT(look(c, r).decision, cases[i].is_stored ? HC_FRESH : HC_FORWARD);
        CHECK_INT(stats_of(c).responses, (uint64_t)cases[i].is_stored);
        hc_close(c);
    }
}

static void an_answer_that_is_not_stored_is_handed_on_as_it_came(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    seen s = fetch_from(c, URL, answer(404, "X-A: 1\nX-A: 2", "not here"));
    CHECK_INT(s.outcome, HC_NOT_STORED);
    CHECK_INT(s.status, 404);
    CHECK_INT(s.flags, 0);
    CHECK_STR(s.fields, "X-A: 1\nX-A: 2\n");
    CHECK_STR(s.reason, "Reason");
    CHECK_INT(s.created_at, HC_UNSET);
    CHECK_INT(s.expires_at, HC_UNSET);
    CHECK_INT(s.lifetime, HC_UNSET);
    hc_close(c);
}

static void methods_are_matched_apart_and_head_is_answered_by_get_where_rfc_9111_decides(void) {
    hc_cache *off = open_cache(fresh_directory(), NULL, "cache_control 0");
    hc_cache *on = open_cache(fresh_directory(), NULL, "cache_control 1");
    hc_response *origin = answer(200, "Cache-Control: max-age=60\nContent-Length: 4", "body");
    seen s;
    store(off, URL, origin);
    store(on, URL, origin);
    CHECK_INT(look(off, request("HEAD " URL, "")).decision, HC_FORWARD);
    s = look(on, request("HEAD " URL, ""));
    CHECK_INT(s.decision, HC_FRESH);
    CHECK_INT(s.body_len, 0);
    CHECK_STR(value_in(s.fields, "Content-Length"), "4");
    /* And never the other way round. */
    CHECK_INT(ask(on, request("HEAD " URL "b", ""), answer(200, "Cache-Control: max-age=60", NULL))
                  .status,
              200);
    CHECK_INT(look_at(on, URL "b").decision, HC_FORWARD);
    hc_close(off);
    hc_close(on);
}

static void an_unsafe_method_invalidates_where_rfc_9111_decides(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "cache_control 1");
    store(c, URL, answer(200, "Cache-Control: max-age=60", "x"));
    store(c, URL "other", answer(200, "Cache-Control: max-age=60", "x"));
    store(c, URL "named", answer(200, "Cache-Control: max-age=60", "x"));
    /* An error changes nothing (RFC 9111 4.4). */
    CHECK_INT(ask(c, request("POST " URL, ""), answer(500, "", "")).outcome, HC_NOT_STORED);
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    CHECK_INT(ask(c, request("POST " URL, ""), answer(201, "Location: /named", "")).outcome,
              HC_NOT_STORED);
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    CHECK_INT(look_at(c, URL "named").decision, HC_FORWARD);
    CHECK_INT(look_at(c, URL "other").decision, HC_FRESH);
    hc_close(c);
}

static void a_store_after_an_invalidation_stores_nothing_older(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "cache_control 1");
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    ask(c, request("POST " URL, ""), answer(200, "", ""));
    CHECK_STATUS(hc_store(x, answer(200, "Cache-Control: max-age=60", "old"), &outcome, NULL, &err),
                 HC_OK);
    CHECK_INT(outcome, HC_NOT_STORED);
    hc_exchange_free(x);
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    hc_close(c);
}

static void authorization_separates(hc_cache *c) {
    hc_response *origin = answer(200, "Cache-Control: max-age=60", "of A");
    hc_request *a = request("GET " URL, "Authorization: Basic QTph");
    hc_request *b = request("GET " URL, "Authorization: Basic QjpiCg==");
    CHECK_INT(ask(c, a, origin).outcome, HC_STORED);
    CHECK_STR(look(c, a).body, "of A");
    CHECK_INT(look(c, b).decision, HC_FORWARD);
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    CHECK_INT(ask(c, b, answer(200, "Cache-Control: max-age=60", "of B")).outcome, HC_STORED);
    CHECK_INT(fetch_from(c, URL, answer(200, "Cache-Control: max-age=60", "of none")).outcome,
              HC_STORED);
    CHECK_STR(look(c, a).body, "of A");
    CHECK_STR(look(c, b).body, "of B");
    CHECK_STR(look_at(c, URL).body, "of none");
    /* What stands before the @ is the same credential. */
    CHECK_STR(look(c, request("GET http://A:a@h.test/", "")).body, "of A");
}

static void users_never_get_each_others_responses(void) {
    with_both_policies(authorization_separates);
}

static void responses_survive_closing(void) {
    const char *directory = fresh_directory();
    test_clock *clock = new_clock();
    size_t large = 300001;
    hc_cache *c = open_cache(directory, clock, "expire_after 60000");
    seen s;
    store(c, URL "small", answer(200, "X-A: \xff", "body"));
    store(c, URL "large", answer_of(200, "", body_of(1, large), large));
    flush(c);
    hc_close(c);
    pass(clock, 30 * SECONDS);
    /* Another setting is not retroactive. */
    c = open_cache(directory, clock, "expire_after 1");
    s = look_at(c, URL "small");
    CHECK_INT(s.decision, HC_FRESH);
    CHECK_STR(s.fields, "X-A: \xff\n");
    CHECK_STR(s.body, "body");
    CHECK_INT(s.created_at, T0);
    CHECK_INT(s.expires_at, T0 + 60000);
    s = look_at(c, URL "large");
    CHECK_INT(s.decision, HC_FRESH);
    CHECK_INT(s.body_len, (int64_t)large);
    CHECK(body_is(s.body, large, 1, 0));
    CHECK_INT(stats_of(c).responses, 2);
    hc_close(c);
}

static void closing_is_enough_to_keep_what_was_stored(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    store(c, URL, answer(200, "", "body"));
    hc_close(c);
    c = open_cache(directory, NULL, "");
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    hc_close(c);
}

static void flushing_takes_a_time_to_wait(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_status status;
    CHECK_STATUS(hc_flush(c, -1, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_flush(c, INT64_MAX, &err), HC_OK);
    CHECK_STATUS(hc_flush(c, HC_NEVER_EXPIRE, &err), HC_OK);
    store(c, URL, answer(200, "", "body"));
    status = hc_flush(c, 0, NULL);
    CHECK(status == HC_OK || status == HC_E_TIMEOUT);
    flush(c);
    CHECK_STATUS(hc_flush(c, 0, &err), HC_OK);
    hc_close(c);
}

static void the_response_to_hand_on_is_an_object_of_its_own(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_exchange *x = NULL;
    hc_response *p = (hc_response *)(void *)&p;
    int32_t outcome = -1;
    const void *body = NULL;
    size_t len = 0;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_NOT_FOUND);
    CHECK(p == NULL);
    CHECK_STATUS(hc_store(x, answer(200, "X-A: 1", "body"), &outcome, NULL, &err), HC_OK);
    CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
    hc_exchange_free(x);
    hc_close(c);
    CHECK_STATUS(hc_response_body(p, &body, &len, &err), HC_OK);
    CHECK_INT(len, 4);
    CHECK(memcmp(body, "body", 4) == 0);
    CHECK_STR(hc_response_get(p, "X-A", HC_NTS, NULL), "1");
    hc_response_free(p);
}

static void a_hit_needs_no_view(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_exchange *x = NULL;
    store(c, URL, answer(200, "", "body"));
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_INT(hc_exchange_decision(x), HC_FRESH);
    CHECK(hc_exchange_forward(x) == NULL);
    CHECK_STR(hc_exchange_reason(x), "");
    hc_exchange_free(x);
    hc_close(c);
}

static void a_lent_request_is_kept_by_copying_it(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_request *r = request("POST http://h.test/a", "A: 1");
    hc_request *copy = NULL;
    hc_exchange *x = NULL;
    size_t n = 0;
    CHECK_STATUS(hc_request_set_body(r, "body", 4, &err), HC_OK);
    CHECK_STATUS(hc_lookup(c, r, NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_request_copy(hc_exchange_forward(x), &copy, &err), HC_OK);
    hc_exchange_free(x);
    hc_close(c);
    CHECK_STATUS(hc_request_add(r, "B", 1, "2", 1, &err), HC_OK);
    CHECK_STR(hc_request_method(copy), "POST");
    CHECK_STR(hc_request_url(copy), "http://h.test/a");
    CHECK_STR(fields_text(hc_request_fields(copy, &n), 1), "A: 1\n");
    CHECK_INT(n, 1);
    CHECK(memcmp(hc_request_body(copy, &n), "body", 4) == 0);
    CHECK_STATUS(hc_request_add(copy, "C", 1, "3", 1, &err), HC_OK);
    hc_request_cancel(r);
    CHECK_INT(hc_request_is_cancelled(copy), 0);
    hc_request_free(copy);
}

static const char *explained(hc_cache *c, const hc_request *r) {
    hc_exchange *x = NULL;
    const char *words;
    CHECK_STATUS(hc_lookup(c, r, NULL, &x, &err), HC_OK);
    words = text("%s", hc_exchange_explain(x));
    hc_exchange_free(x);
    return words;
}

static void an_exchange_explains_what_it_decided(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "cache_control 1");
    hc_request *r = request("GET http://h.test/secret?token=s3cret", "Authorization: Basic s3cret");
    const char *words = explained(c, r);
    CHECK(strstr(words, "decision: forward") != NULL);
    CHECK(strstr(words, "uri-miss") != NULL);
    CHECK_INT(
        ask(c, r, answer(200, "Cache-Control: max-age=60\nAge: 10\nETag: \"e\"", "x")).outcome,
        HC_STORED);
    pass(clock, 5 * SECONDS);
    words = explained(c, r);
    CHECK(strstr(words, "decision: fresh") != NULL);
    CHECK(strstr(words, "15000 ms = 10000 ms on receipt + 5000 ms since") != NULL);
    CHECK(strstr(words, "freshness lifetime: 60000 ms") != NULL);
    CHECK(strstr(words, "fresh for: 45000 ms") != NULL);
    pass(clock, 50 * SECONDS);
    words = explained(c, r);
    CHECK(strstr(words, "decision: revalidate") != NULL);
    CHECK(strstr(words, "stale for: 5000 ms") != NULL);
    CHECK(strstr(words, "validators") != NULL);
    CHECK(strstr(words, "s3cret") == NULL);
    CHECK(hc_exchange_explain(NULL) == NULL);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(a_lent_request_is_kept_by_copying_it),
    TEST(an_exchange_explains_what_it_decided),
    TEST(a_miss_is_forwarded_stored_and_then_a_hit),
    TEST(a_hit_has_the_fields_of_the_origin_in_their_order),
    TEST(raw_bytes_of_a_value_come_back),
    TEST(a_body_holds_any_bytes),
    TEST(fields_of_the_connection_are_not_stored),
    TEST(a_second_answer_replaces_the_first),
    TEST(of_two_that_ask_at_once_the_later_answer_stays),
    TEST(only_what_may_be_stored_is),
    TEST(an_answer_that_is_not_stored_is_handed_on_as_it_came),
    TEST(methods_are_matched_apart_and_head_is_answered_by_get_where_rfc_9111_decides),
    TEST(an_unsafe_method_invalidates_where_rfc_9111_decides),
    TEST(a_store_after_an_invalidation_stores_nothing_older),
    TEST(users_never_get_each_others_responses),
    TEST(responses_survive_closing),
    TEST(closing_is_enough_to_keep_what_was_stored),
    TEST(flushing_takes_a_time_to_wait),
    TEST(the_response_to_hand_on_is_an_object_of_its_own),
    TEST(a_hit_needs_no_view),
};

CHECK_MAIN(tests)
