/* Storing a body in pieces, and what a contradictory or broken message leaves: nothing. */
#include "support.h"

#include <string.h>

#define URL "http://h.test/"

/* A lookup that is forwarded, and the head of the answer. */
static hc_exchange *begun(hc_cache *c, const hc_response *head, int32_t *outcome) {
    hc_exchange *x = NULL;
    hc_view view = new_view();
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store_begin(x, head, outcome, &view, &err), HC_OK);
    CHECK_INT(view.outcome, *outcome);
    CHECK_INT(view.status, 200);
    return x;
}

static void a_body_in_pieces_is_stored_at_its_end(void) {
    static const size_t sizes[] = {0, 1, 100, 65535, 65536, 65537, 1 << 20};
    static const size_t pieces[] = {1, 1000, 65536, 1 << 20};
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    size_t i, k;
    for (i = 0; i < NELEMS(sizes); i++) {
        for (k = 0; k < NELEMS(pieces); k++) {
            const char *body = body_of(i * 10 + k, sizes[i]);
            const char *url = text("%s%zu/%zu", URL, i, k);
            hc_exchange *x = NULL;
            int32_t outcome = -1;
            size_t done;
            seen s;
            if (pieces[k] == 1 && sizes[i] > 100)
                continue;
            check_note("%zu bytes in pieces of %zu", sizes[i], pieces[k]);
            CHECK_STATUS(hc_lookup(c, request(text("GET %s", url), ""), NULL, &x, &err), HC_OK);
            CHECK_STATUS(hc_store_begin(x, answer(200, "", NULL), &outcome, NULL, &err), HC_OK);
            CHECK_INT(outcome, HC_STORING);
            for (done = 0; done < sizes[i]; done += pieces[k]) {
                size_t now = sizes[i] - done < pieces[k] ? sizes[i] - done : pieces[k];
                CHECK_STATUS(hc_store_write(x, body + done, now, &err), HC_OK);
            }
            CHECK_INT(look_at(c, url).decision, HC_FORWARD);
            CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
            CHECK_INT(outcome, HC_STORED);
            hc_exchange_free(x);
            s = look_at(c, url);
            CHECK_INT(s.decision, HC_FRESH);
            CHECK_INT(s.body_len, (int64_t)sizes[i]);
            CHECK(body_is(s.body, sizes[i], i * 10 + k, 0));
        }
    }
    hc_close(c);
}

static void a_piece_of_nothing_is_nothing(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    int32_t outcome = -1;
    hc_exchange *x = begun(c, answer(200, "Content-Length: 2", NULL), &outcome);
    CHECK_STATUS(hc_store_write(x, NULL, 0, &err), HC_OK);
    CHECK_STATUS(hc_store_write(x, "ab", 2, &err), HC_OK);
    CHECK_STATUS(hc_store_write(x, "", 0, &err), HC_OK);
    CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    hc_exchange_free(x);
    hc_close(c);
}

static void the_response_can_be_taken_once_it_is_wholly_stored(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_response *p = NULL;
    int32_t outcome = -1;
    hc_exchange *x = begun(c, answer(200, "", NULL), &outcome);
    CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_NOT_FOUND);
    CHECK_STATUS(hc_store_write(x, "ab", 2, &err), HC_OK);
    CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
    CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
    hc_response_free(p);
    hc_exchange_free(x);
    hc_close(c);
}

/* Stores `body` as an answer with `fields`, whole or in pieces, and says what became of it. */
static int32_t outcome_of(hc_cache *c, const char *fields, const char *body, int in_pieces) {
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    size_t i;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_INT(hc_exchange_decision(x), HC_FORWARD);
    if (in_pieces) {
        CHECK_STATUS(hc_store_begin(x, answer(200, fields, NULL), &outcome, NULL, &err), HC_OK);
        for (i = 0; outcome == HC_STORING && body[i]; i++) {
            hc_status status = hc_store_write(x, body + i, 1, NULL);
            CHECK(status == HC_OK || status == HC_DONE);
        }
        if (outcome == HC_STORING)
            CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
    } else {
        CHECK_STATUS(hc_store(x, answer(200, fields, body), &outcome, NULL, &err), HC_OK);
    }
    hc_exchange_free(x);
    return outcome;
}

static void a_body_must_be_as_long_as_announced(void) {
    static const struct {
        const char *fields, *body;
        int is_stored;
    } cases[] = {
        {"Content-Length: 3", "abc", 1},
        {"Content-Length: 3", "ab", 0},
        {"Content-Length: 3", "", 0},
        {"Content-Length: 3", "abcd", 0},
        {"Content-Length: 0", "", 1},
        {"Content-Length: 0", "a", 0},
        {"Content-Length: 3, 3", "abc", 1},
        {"Content-Length: 3\nContent-Length: 3", "abc", 1},
        {"Content-Length: 3\nContent-Length: 4", "abc", 0},
        {"Content-Length: 4\nContent-Length: 3", "abc", 0},
        {"Content-Length: 3, 4", "abc", 0},
        {"Content-Length: -3", "abc", 0},
        {"Content-Length: +3", "abc", 0},
        {"Content-Length: 3x", "abc", 0},
        {"Content-Length: ", "abc", 0},
        {"Content-Length: 0x3", "abc", 0},
        {"Content-Length: 99999999999999999999", "abc", 0},
        {"Content-Length: 18446744073709551619", "abc", 0},
        {"Transfer-Encoding: chunked", "abc", 1},
        {"Transfer-Encoding: chunked\nContent-Length: 3", "abc", 0},
        {"Content-Length: 3\nTransfer-Encoding: identity", "abc", 0},
    };
    size_t i;
    int in_pieces;
    for (i = 0; i < NELEMS(cases); i++) {
        for (in_pieces = 0; in_pieces <= 1; in_pieces++) {
            hc_cache *c = open_cache(fresh_directory(), NULL, "");
            check_note("\"%s\" with \"%s\"%s", cases[i].fields, cases[i].body,
                       in_pieces ? " in pieces" : "");
            CHECK_INT(outcome_of(c, cases[i].fields, cases[i].body, in_pieces),
                      cases[i].is_stored ? HC_STORED : HC_NOT_STORED);
            CHECK_INT(look_at(c, URL).decision, cases[i].is_stored ? HC_FRESH : HC_FORWARD);
            CHECK_INT(stats_of(c).responses, (uint64_t)cases[i].is_stored);
            hc_close(c);
        }
    }
}

static void what_is_abandoned_is_not_stored(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    size_t large = 300001;
    int32_t outcome = -1;
    hc_exchange *x = begun(c, answer(200, "", NULL), &outcome);
    CHECK_STATUS(hc_store_write(x, body_of(1, large), large, &err), HC_OK);
    hc_exchange_free(x);
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    x = begun(c, answer(200, "", NULL), &outcome);
    hc_exchange_free(x);
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    CHECK_INT(stats_of(c).stores, 0);
    flush(c);
    hc_close(c);
    CHECK_INT(count_files(directory, "tmp-"), 0);
    CHECK_INT(count_files(directory, "new-"), 0);
}

static void what_broke_off_is_not_stored(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    int32_t outcome = -1;
    hc_exchange *x = begun(c, answer(200, "", NULL), &outcome);
    CHECK_STATUS(hc_store_write(x, "ab", 2, &err), HC_OK);
    CHECK_STATUS(hc_store_failure(x, NULL, &err), HC_NOT_FOUND);
    hc_exchange_free(x);
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    hc_close(c);
}

static void what_broke_off_leaves_the_response_that_was_stored(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    store(c, URL, answer(200, "X-A: 1", "first"));
    CHECK_STATUS(hc_lookup(c, request("GET " URL, "Cache-Control: no-cache"), NULL, &x, &err),
                 HC_OK);
    CHECK_STATUS(hc_store_begin(x, answer(200, "X-A: 2", NULL), &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, HC_STORING);
    CHECK_STATUS(hc_store_write(x, "sec", 3, &err), HC_OK);
    CHECK_STR(look_at(c, URL).body, "first");
    hc_exchange_free(x);
    CHECK_STR(look_at(c, URL).body, "first");
    CHECK_STR(look_at(c, URL).fields, "X-A: 1\n");
    hc_close(c);
}

static void two_at_once_do_not_mix(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    int32_t outcome = -1;
    hc_exchange *x = begun(c, answer(200, "X-A: 1", NULL), &outcome);
    hc_exchange *y = begun(c, answer(200, "X-A: 2", NULL), &outcome);
    size_t large = 200000, done;
    const char *first = body_of(1, large), *second = body_of(2, large);
    for (done = 0; done < large; done += 1000) {
        CHECK_STATUS(hc_store_write(x, first + done, 1000, &err), HC_OK);
        CHECK_STATUS(hc_store_write(y, second + done, 1000, &err), HC_OK);
    }
    CHECK_STATUS(hc_store_end(y, &outcome, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    CHECK(body_is(look_at(c, URL).body, large, 2, 0));
    CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    CHECK_STR(look_at(c, URL).fields, "X-A: 1\n");
    CHECK(body_is(look_at(c, URL).body, large, 1, 0));
    hc_exchange_free(x);
    hc_exchange_free(y);
    hc_close(c);
}

static void answers_that_are_not_stored_take_no_body(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_exchange *x = NULL;
    hc_view view = new_view();
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store_begin(x, answer(404, "X-A: 1", NULL), &outcome, &view, &err), HC_OK);
    CHECK_INT(outcome, HC_NOT_STORED);
    CHECK_INT(view.status, 404);
    CHECK_STR(fields_text(view.fields, view.field_count), "X-A: 1\n");
    hc_exchange_free(x);
    hc_close(c);
}

static void what_is_stored_comes_before_the_rest_of_the_origin(void) {
    static const size_t sizes[] = {10, 200 * 1000};
    size_t i;
    for (i = 0; i < NELEMS(sizes); i++) {
        size_t half = sizes[i] / 2;
        hc_cache *c = open_cache(fresh_directory(), new_clock(), "cache_control 1, complete 1");
        const char *common = "Cache-Control: max-age=60\nETag: \"a\"";
        hc_request *part = request("GET " URL, text("Range: bytes=0-%d", (int)half - 1));
        hc_exchange *x = NULL;
        hc_response *beginning = NULL;
        hc_view view = new_view();
        char *whole = body_of(3, sizes[i]);
        const void *body = NULL;
        int32_t outcome = -1;
        size_t len = 0;
        seen s = ask(c, part,
                     answer_of(206,
                               text("%s\nContent-Range: bytes 0-%d/%d", common, (int)half - 1,
                                    (int)sizes[i]),
                               whole, half));
        check_note("%d bytes", (int)sizes[i]);
        CHECK_INT(s.outcome, HC_STORED);
        CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), &view, &x, &err), HC_OK);
        CHECK_INT(view.decision, HC_FORWARD);
        CHECK_STR(hc_exchange_reason(x), "partial");
        hc_response *rest = answer(206,
                                   text("%s\nContent-Range: bytes %d-%d/%d", common, (int)half,
                                        (int)sizes[i] - 1, (int)sizes[i]),
                                   NULL);
        CHECK_STATUS(hc_store_begin(x, rest, &outcome, &view, &err), HC_OK);
        CHECK_INT(outcome, HC_STORING);
        CHECK_INT(view.status, 200);
        CHECK_INT(view.flags, HC_CONTINUED);
        CHECK_INT(view.body_size, sizes[i]);
        CHECK_STATUS(hc_exchange_response(x, &beginning, &err), HC_OK);
        CHECK_STATUS(hc_response_body(beginning, &body, &len, &err), HC_OK);
        CHECK_INT(len, half);
        CHECK(body_is(body, len, 3, 0));
        CHECK_STATUS(hc_store_write(x, whole + half, sizes[i] - half, &err), HC_OK);
        CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
        CHECK_INT(outcome, HC_STORED);
        hc_response_free(beginning);
        hc_exchange_free(x);
        s = look_at(c, URL);
        CHECK_INT(s.decision, HC_FRESH);
        CHECK_INT(s.status, 200);
        CHECK_INT(s.body_len, sizes[i]);
        CHECK(body_is(s.body, s.body_len, 3, 0));
        CHECK_INT(stats_of(c).responses, 1);
        hc_close(c);
    }
}

static const check_test tests[] = {
    TEST(what_is_stored_comes_before_the_rest_of_the_origin),
    TEST(a_body_in_pieces_is_stored_at_its_end),
    TEST(a_piece_of_nothing_is_nothing),
    TEST(the_response_can_be_taken_once_it_is_wholly_stored),
    TEST(a_body_must_be_as_long_as_announced),
    TEST(what_is_abandoned_is_not_stored),
    TEST(what_broke_off_is_not_stored),
    TEST(what_broke_off_leaves_the_response_that_was_stored),
    TEST(two_at_once_do_not_mix),
    TEST(answers_that_are_not_stored_take_no_body),
};

CHECK_MAIN(tests)
