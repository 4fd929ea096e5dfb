/* Responses: those a caller builds, and those that are read from the cache. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define URL "http://h.test/"

static hc_view view_of(hc_response *p) {
    hc_view view = new_view();
    CHECK_STATUS(hc_response_view(p, &view), HC_OK);
    return view;
}

/* Stores `origin` and takes the stored response out of the next exchange. */
static hc_response *stored(hc_cache *c, const hc_response *origin) {
    hc_exchange *x = NULL;
    hc_response *p = NULL;
    store(c, URL, origin);
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_INT(hc_exchange_decision(x), HC_FRESH);
    CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
    hc_exchange_free(x);
    return p;
}

static void status_codes_lie_between_100_and_999(void) {
    static const int32_t refused[] = {INT32_MIN, -1, 0, 99, 1000, 65536 + 200, INT32_MAX};
    static const int32_t taken[] = {100, 200, 304, 599, 999};
    hc_response *p = NULL;
    size_t i;
    for (i = 0; i < NELEMS(refused); i++) {
        check_note("status code %d", (int)refused[i]);
        CHECK_STATUS(hc_response_new(refused[i], NULL, 0, &p, &err), HC_E_ARGUMENT);
        CHECK(p == NULL);
        CHECK_STATUS(hc_response_assign(answer(200, "", ""), refused[i], NULL, 0, &err),
                     HC_E_ARGUMENT);
    }
    for (i = 0; i < NELEMS(taken); i++) {
        CHECK_STATUS(hc_response_new(taken[i], NULL, 0, &p, &err), HC_OK);
        CHECK_INT(hc_response_status(p), taken[i]);
        hc_response_free(p);
    }
}

static void a_response_is_what_it_was_built_of(void) {
    hc_response *p = answer(203, "A: 1\nb: 2\nA: 3", "body");
    hc_view view = view_of(p);
    CHECK_INT(hc_response_status(p), 203);
    CHECK_INT(hc_response_from_cache(p), 0);
    CHECK(hc_response_key(p) == NULL);
    CHECK_INT(view.status, 203);
    CHECK_INT(view.flags, 0);
    CHECK_INT(view.outcome, 0);
    CHECK_STR(view.reason, "Reason");
    CHECK_STR(fields_text(view.fields, view.field_count), "A: 1\nb: 2\nA: 3\n");
    CHECK_INT(view.body_len, 4);
    CHECK_INT(view.body_size, 4);
    CHECK(memcmp(view.body, "body", 4) == 0);
    CHECK_INT(view.created_at, HC_UNSET);
    CHECK_INT(view.expires_at, HC_UNSET);
    CHECK_INT(view.freshness_lifetime, HC_UNSET);
    CHECK_INT(view.elapsed, 0);
}

static void fields_of_a_view_lie_in_its_text(void) {
    hc_response *p = answer(200, "A: 1\nLonger-Name: value\nA: ", "");
    hc_view view = view_of(p);
    size_t i;
    for (i = 0; i < view.field_count; i++) {
        const hc_field *field = &view.fields[i];
        CHECK(field->name >= view.text && field->value >= view.text);
        CHECK(field->name + field->name_len < view.text + view.text_len);
        CHECK(field->value + field->value_len < view.text + view.text_len);
        CHECK_INT(field->name[field->name_len], 0);
        CHECK_INT(field->value[field->value_len], 0);
    }
    CHECK_INT(i, 3);
}

static void assigning_makes_a_new_response(void) {
    hc_response *p = answer(200, "A: 1", "body");
    hc_view view;
    CHECK_STATUS(hc_response_assign(p, 404, "Gone", 2, &err), HC_OK);
    view = view_of(p);
    CHECK_INT(view.status, 404);
    CHECK_STR(view.reason, "Go");
    CHECK_INT(view.field_count, 0);
    CHECK_INT(view.body_len, 0);
}

static void a_failed_assignment_leaves_the_response_as_it_was(void) {
    hc_response *p = answer(200, "A: 1", "body");
    CHECK_STATUS(hc_response_assign(p, 1, NULL, 0, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_response_assign(p, 200, "a\r\nb", HC_NTS, &err), HC_E_FIELD);
    CHECK_INT(view_of(p).status, 200);
    CHECK_INT(view_of(p).field_count, 1);
    CHECK_INT(view_of(p).body_len, 4);
}

static void a_reason_phrase_holds_no_line_end(void) {
    hc_response *p = NULL;
    CHECK_STATUS(hc_response_new(200, "a\rb", 3, &p, &err), HC_E_FIELD);
    CHECK_STATUS(hc_response_new(200, "a\nb", 3, &p, &err), HC_E_FIELD);
    CHECK_STATUS(hc_response_new(200, "a\0b", 3, &p, &err), HC_E_FIELD);
    CHECK_STATUS(hc_response_new(200, NULL, 0, &p, &err), HC_OK);
    CHECK_STR(view_of(p).reason, "");
    hc_response_free(p);
}

static void malformed_fields_are_refused(void) {
    hc_response *p = answer(200, "", "");
    int byte;
    CHECK_STATUS(hc_response_add(p, "", 0, "v", 1, &err), HC_E_FIELD);
    CHECK_STATUS(hc_response_add(p, "a b", 3, "v", 1, &err), HC_E_FIELD);
    CHECK_STATUS(hc_response_add(p, "a:", 2, "v", 1, &err), HC_E_FIELD);
    CHECK_INT(view_of(p).field_count, 0);
    for (byte = 0; byte < 256; byte++) {
        char value[3] = {'a', (char)byte, 'b'};
        int is_refused = byte == '\r' || byte == '\n' || byte == '\0';
        check_note("byte %d", byte);
        CHECK_STATUS(hc_response_add(p, "A", 1, value, 3, &err), is_refused ? HC_E_FIELD : HC_OK);
    }
    CHECK_INT(view_of(p).field_count, 253);
}

static void lengths_without_a_meaning_are_too_large(void) {
    hc_response *p = answer(200, "", "kept");
    hc_response *made = NULL;
    const size_t near_nts = HC_NTS - 1;
    char buffer[4];
    size_t n = 99;
    CHECK_STATUS(hc_response_new(200, "x", near_nts, &made, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_response_assign(p, 200, "x", near_nts, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_response_add(p, "A", near_nts, "v", 1, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_response_add(p, "A", 1, "v", near_nts, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_response_set_body(p, "x", HC_NTS, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_response_set_body(p, "x", near_nts, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_response_read(p, buffer, HC_NTS, &n, &err), HC_E_TOO_LARGE);
    CHECK(hc_response_get(p, "A", near_nts, &n) == NULL);
    CHECK_INT(n, 0);
    CHECK_INT(view_of(p).body_len, 4);
    CHECK_INT(view_of(p).field_count, 0);
}

static void lines_of_a_field_are_joined(void) {
    hc_response *p = answer(200, "A: 1\nB: x\na: 2\nA: \nA: 3", "");
    size_t len = 0;
    CHECK_STR(hc_response_get(p, "a", HC_NTS, &len), "1, 2, , 3");
    CHECK_INT(len, 9);
    CHECK_STR(hc_response_get(p, "B", 1, NULL), "x");
    CHECK(hc_response_get(p, "C", HC_NTS, &len) == NULL);
    CHECK_INT(len, 0);
    CHECK(hc_response_get(p, "", 0, &len) == NULL);
}

static void set_cookie_lines_are_not_joined(void) {
    hc_response *p = answer(200, "Set-Cookie: a=1\nset-cookie: b=2", "");
    CHECK_STR(hc_response_get(p, "SET-COOKIE", HC_NTS, NULL), "a=1");
}

static void joined_values_stay_where_they_are(void) {
    hc_response *p = answer(200, "A: 1\nA: 2", "");
    const char *first = hc_response_get(p, "A", 1, NULL);
    int i;
    for (i = 0; i < 100; i++)
        CHECK_STR(hc_response_get(p, "A", 1, NULL), "1, 2");
    CHECK_STR(first, "1, 2");
}

static void a_built_body_can_be_read(void) {
    hc_response *p = answer(200, "", "abcdef");
    char buffer[8];
    const void *body = NULL;
    size_t n = 0, total = 0;
    while (1) {
        hc_status status = hc_response_read(p, buffer + total, 2, &n, NULL);
        CHECK(status == HC_OK || status == HC_DONE);
        CHECK((status == HC_DONE) == (n == 0));
        if (status == HC_DONE)
            break;
        total += n;
        CHECK(total <= 6);
    }
    CHECK_INT(total, 6);
    CHECK(memcmp(buffer, "abcdef", 6) == 0);
    CHECK_STATUS(hc_response_body(p, &body, &n, &err), HC_OK);
    CHECK_INT(n, 6);
    CHECK(memcmp(body, "abcdef", 6) == 0);
}

/* Reads the body of `p` in pieces of `capacity` and checks it. */
static void check_read(hc_response *p, size_t capacity, uint64_t seed, size_t len) {
    char *buffer = (char *)malloc(capacity + 1);
    size_t total = 0, n = 0;
    hc_status status;
    while ((status = hc_response_read(p, buffer, capacity, &n, NULL)) == HC_OK) {
        CHECK(n > 0 && n <= capacity);
        CHECK(body_is(buffer, n, seed, total));
        total += n;
    }
    CHECK_INT(status, HC_DONE);
    CHECK_INT(n, 0);
    CHECK_INT(total, len);
    /* The end stays the end. */
    CHECK_STATUS(hc_response_read(p, buffer, capacity, &n, &err), HC_DONE);
    CHECK_INT(n, 0);
    free(buffer);
}

static void a_stored_body_is_read_in_pieces_of_any_size(void) {
    /* Around a block, around what lies inline, and more than one block. */
    static const size_t sizes[] = {0, 1, 5, 4095, 4096, 65535, 65536, 65537, 300001};
    static const size_t pieces[] = {1, 7, 4096, 65536, 1 << 20};
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    size_t i, k;
    for (i = 0; i < NELEMS(sizes); i++) {
        store(c, text("%s%zu", URL, sizes[i]),
              answer_of(200, "", body_of(sizes[i] + 1, sizes[i]), sizes[i]));
        for (k = 0; k < NELEMS(pieces); k++) {
            hc_exchange *x = NULL;
            hc_response *p = NULL;
            check_note("%zu bytes in pieces of %zu", sizes[i], pieces[k]);
            if (pieces[k] == 1 && sizes[i] > 5000)
                continue;
            CHECK_STATUS(
                hc_lookup(c, request(text("GET %s%zu", URL, sizes[i]), ""), NULL, &x, &err), HC_OK);
            CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
            CHECK_INT(view_of(p).body_size, (int64_t)sizes[i]);
            check_read(p, pieces[k], sizes[i] + 1, sizes[i]);
            hc_response_free(p);
            hc_exchange_free(x);
        }
    }
    hc_close(c);
}

static void the_whole_body_is_there_whatever_was_read_before(void) {
    static const size_t sizes[] = {10, 300001};
    size_t i;
    for (i = 0; i < NELEMS(sizes); i++) {
        hc_cache *c = open_cache(fresh_directory(), NULL, "");
        hc_response *p = stored(c, answer_of(200, "", body_of(7, sizes[i]), sizes[i]));
        const void *body = NULL, *again = NULL;
        char buffer[4];
        size_t n = 0, len = 0;
        check_note("%zu bytes", sizes[i]);
        CHECK_STATUS(hc_response_read(p, buffer, sizeof buffer, &n, &err), HC_OK);
        CHECK_STATUS(hc_response_body(p, &body, &len, &err), HC_OK);
        CHECK_INT(len, sizes[i]);
        CHECK(body_is(body, len, 7, 0));
        CHECK_STATUS(hc_response_body(p, &again, &len, &err), HC_OK);
        CHECK(again == body);
        hc_response_free(p);
        hc_close(c);
    }
}

static void reading_nothing_is_no_end(void) {
    hc_response *p = answer(200, "", "abc");
    size_t n = 99;
    CHECK_STATUS(hc_response_read(p, NULL, 0, &n, &err), HC_OK);
    CHECK_INT(n, 0);
}

static void a_stored_response_cannot_be_changed(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_response *p = stored(c, answer(200, "A: 1", "body"));
    CHECK_STATUS(hc_response_assign(p, 404, NULL, 0, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_response_add(p, "B", 1, "2", 1, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_response_set_body(p, "other", 5, &err), HC_E_MISUSE);
    CHECK_INT(view_of(p).status, 200);
    CHECK_INT(view_of(p).field_count, 1);
    CHECK(memcmp(view_of(p).body, "body", 4) == 0);
    hc_response_free(p);
    hc_close(c);
}

static void a_stored_response_knows_where_it_comes_from(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_response *p = stored(c, answer(200, "A: 1", "body"));
    const char *key = hc_response_key(p);
    CHECK_INT(hc_response_from_cache(p), 1);
    CHECK_STR(view_of(p).url, URL);
    CHECK(key != NULL && *key != '\0');
    for (; *key; key++)
        CHECK(*key > ' ' && *key < 0x7f);
    hc_response_free(p);
    hc_close(c);
}

static void a_stored_response_outlives_everything_it_came_from(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    size_t len = 300001, n = 0;
    hc_response *p = stored(c, answer_of(200, "A: 1", body_of(3, len), len));
    const void *body = NULL;
    /* Another body takes its place in the cache, and the cache is closed. */
    CHECK_INT(ask(c, request("GET " URL, "Cache-Control: no-cache"),
                  answer_of(200, "A: 2", body_of(4, len), len))
                  .outcome,
              HC_STORED);
    flush(c);
    hc_close(c);
    CHECK_STATUS(hc_response_body(p, &body, &n, &err), HC_OK);
    CHECK_INT(n, len);
    CHECK(body_is(body, n, 3, 0));
    CHECK_STR(hc_response_get(p, "A", 1, NULL), "1");
    hc_response_free(p);
}

static void a_view_tells_the_time_of_the_cache(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000");
    hc_response *p = stored(c, answer(200, "", "body"));
    CHECK_INT(view_of(p).flags, HC_FROM_CACHE);
    CHECK_INT(view_of(p).age, 0);
    pass(clock, 59 * SECONDS);
    CHECK_INT(view_of(p).flags, HC_FROM_CACHE);
    CHECK_INT(view_of(p).age, 59 * SECONDS);
    pass(clock, 2 * SECONDS);
    CHECK_INT(view_of(p).flags, HC_FROM_CACHE | HC_EXPIRED);
    CHECK_INT(view_of(p).age, 61 * SECONDS);
    CHECK_INT(view_of(p).created_at, T0);
    CHECK_INT(view_of(p).expires_at, T0 + 60000);
    hc_response_free(p);
    hc_close(c);
}

static void packed_fields_are_added_in_one_call(void) {
    hc_response *p = answer(200, "First: 1", NULL);
    static const uint32_t lengths[] = {1, 3, 10, 1};
    static const uint32_t bad[] = {1, 1, 1, 1};
    hc_view v = new_view();
    CHECK_STATUS(hc_response_add_fields(p, "A\xff\tbSet-Cookiec", lengths, 2, &err), HC_OK);
    CHECK_STATUS(hc_response_add_fields(p, "B1C\n", bad, 2, &err), HC_E_FIELD);
    CHECK_STATUS(hc_response_view(p, &v), HC_OK);
    CHECK_STR(fields_text(v.fields, v.field_count), "First: 1\nA: \xff\tb\nSet-Cookie: c\n");
}

static const check_test tests[] = {
    TEST(status_codes_lie_between_100_and_999),
    TEST(a_response_is_what_it_was_built_of),
    TEST(fields_of_a_view_lie_in_its_text),
    TEST(assigning_makes_a_new_response),
    TEST(a_failed_assignment_leaves_the_response_as_it_was),
    TEST(a_reason_phrase_holds_no_line_end),
    TEST(malformed_fields_are_refused),
    TEST(lengths_without_a_meaning_are_too_large),
    TEST(lines_of_a_field_are_joined),
    TEST(set_cookie_lines_are_not_joined),
    TEST(joined_values_stay_where_they_are),
    TEST(a_built_body_can_be_read),
    TEST(a_stored_body_is_read_in_pieces_of_any_size),
    TEST(the_whole_body_is_there_whatever_was_read_before),
    TEST(reading_nothing_is_no_end),
    TEST(a_stored_response_cannot_be_changed),
    TEST(a_stored_response_knows_where_it_comes_from),
    TEST(a_stored_response_outlives_everything_it_came_from),
    TEST(a_view_tells_the_time_of_the_cache),
    TEST(packed_fields_are_added_in_one_call),
};

CHECK_MAIN(tests)
