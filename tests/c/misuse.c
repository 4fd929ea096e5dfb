/* Misuse: a verb that the header's table does not allow at some point is refused and changes
 * nothing, and objects may go in any order. */
#include "support.h"

#include <string.h>

#define URL "http://h.test/"

/* ---- the verbs ---- */

enum {
    STORE = 1,
    BEGIN = 2,
    FAILURE = 4,
    WRITE = 8,
    END = 16,
    AWAITING = STORE | BEGIN | FAILURE,
    STORING = FAILURE | WRITE | END
};

static const struct {
    int verb;
    const char *name;
} verbs[] = {
    {STORE, "hc_store"},       {BEGIN, "hc_store_begin"}, {FAILURE, "hc_store_failure"},
    {WRITE, "hc_store_write"}, {END, "hc_store_end"},
};

static hc_status call(int verb, hc_exchange *x, hc_error **err) {
    int32_t outcome;
    switch (verb) {
    case STORE:
        return hc_store(x, answer(200, "X-By: misuse", "misuse"), &outcome, NULL, err);
    case BEGIN:
        return hc_store_begin(x, answer(200, "X-By: misuse", NULL), &outcome, NULL, err);
    case FAILURE:
        return hc_store_failure(x, NULL, err);
    case WRITE:
        return hc_store_write(x, "misuse", 6, err);
    default:
        return hc_store_end(x, &outcome, err);
    }
}

/* ---- the points at which an exchange may stand ---- */

/* Brings an exchange to the point; the cache holds URL fresh, stale with a validator, or not at
 * all. */
typedef void (*arrival)(hc_exchange *x);

static void nothing(hc_exchange *x) {
    (void)x;
}

static void report_answer(hc_exchange *x, int status, const char *fields, int32_t expected) {
    int32_t outcome = -1;
    CHECK_STATUS(
        hc_store(x, answer(status, fields, status == 304 ? NULL : "body"), &outcome, NULL, &err),
        HC_OK);
    CHECK_INT(outcome, expected);
}

static void report_head(hc_exchange *x, int status, const char *fields, int32_t expected) {
    int32_t outcome = -1;
    CHECK_STATUS(hc_store_begin(x, answer(status, fields, NULL), &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, expected);
}

static void stored(hc_exchange *x) {
    report_answer(x, 200, "ETag: \"b\"", HC_STORED);
}

static void not_stored(hc_exchange *x) {
    report_answer(x, 404, "", HC_NOT_STORED);
}

static void freshened(hc_exchange *x) {
    report_answer(x, 304, "ETag: \"a\"", HC_FRESHENED);
}

static void used_stale(hc_exchange *x) {
    report_answer(x, 503, "", HC_USED_STALE);
}

static void repeated(hc_exchange *x) {
    report_answer(x, 304, "ETag: \"other\"", HC_REPEAT);
}

static void repeated_and_stored(hc_exchange *x) {
    repeated(x);
    stored(x);
}

static void head_not_stored(hc_exchange *x) {
    report_head(x, 404, "", HC_NOT_STORED);
}

static void head_freshened(hc_exchange *x) {
    report_head(x, 304, "ETag: \"a\"", HC_FRESHENED);
}

static void head_used_stale(hc_exchange *x) {
    report_head(x, 503, "", HC_USED_STALE);
}

static void head_repeated(hc_exchange *x) {
    report_head(x, 304, "ETag: \"other\"", HC_REPEAT);
}

static void begun(hc_exchange *x) {
    report_head(x, 200, "", HC_STORING);
}

static void written(hc_exchange *x) {
    begun(x);
    CHECK_STATUS(hc_store_write(x, "body", 4, &err), HC_OK);
}

static void too_long(hc_exchange *x) {
    report_head(x, 200, "Content-Length: 2", HC_STORING);
    CHECK_STATUS(hc_store_write(x, "body", 4, &err), HC_DONE);
}

static void ended(hc_exchange *x) {
    int32_t outcome = -1;
    written(x);
    CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
}

static void broken_off(hc_exchange *x) {
    hc_status status;
    written(x);
    status = hc_store_failure(x, NULL, NULL);
    CHECK(status == HC_OK || status == HC_NOT_FOUND);
}

static void failed(hc_exchange *x) {
    CHECK_STATUS(hc_store_failure(x, NULL, &err), HC_NOT_FOUND);
}

static void failed_and_used_stale(hc_exchange *x) {
    CHECK_STATUS(hc_store_failure(x, NULL, &err), HC_OK);
}

enum {
    MISS,
    FRESH,
    STALE
};

typedef struct {
    const char *name;
    int state;
    const char *request;
    int32_t decision;
    arrival arrive;
    int allowed;
} point;

static const point points[] = {
    {"HC_FORWARD", MISS, "", HC_FORWARD, nothing, AWAITING},
    {"HC_FRESH", FRESH, "", HC_FRESH, nothing, 0},
    {"HC_STALE", STALE, "Cache-Control: max-stale", HC_STALE, nothing, 0},
    {"HC_REVALIDATE", STALE, "", HC_REVALIDATE, nothing, AWAITING},
    {"HC_UNSATISFIABLE", MISS, "Cache-Control: only-if-cached", HC_UNSATISFIABLE, nothing, 0},
    {"HC_NOT_STORED", MISS, "", HC_FORWARD, not_stored, 0},
    {"HC_STORED", MISS, "", HC_FORWARD, stored, 0},
    {"HC_STORED in place of another", STALE, "", HC_REVALIDATE, stored, 0},
    {"HC_FRESHENED", STALE, "", HC_REVALIDATE, freshened, 0},
    {"HC_USED_STALE", STALE, "", HC_REVALIDATE, used_stale, 0},
    {"HC_REPEAT", STALE, "", HC_REVALIDATE, repeated, AWAITING},
    {"HC_STORED after HC_REPEAT", STALE, "", HC_REVALIDATE, repeated_and_stored, 0},
    {"HC_NOT_STORED of a head", MISS, "", HC_FORWARD, head_not_stored, 0},
    {"HC_FRESHENED of a head", STALE, "", HC_REVALIDATE, head_freshened, 0},
    {"HC_USED_STALE of a head", STALE, "", HC_REVALIDATE, head_used_stale, 0},
    {"HC_REPEAT of a head", STALE, "", HC_REVALIDATE, head_repeated, AWAITING},
    {"HC_STORING", MISS, "", HC_FORWARD, begun, STORING},
    {"HC_STORING after a piece", MISS, "", HC_FORWARD, written, STORING},
    {"HC_STORING that is no longer stored", MISS, "", HC_FORWARD, too_long, STORING},
    {"HC_STORED in pieces", MISS, "", HC_FORWARD, ended, 0},
    {"a failure in the body", MISS, "", HC_FORWARD, broken_off, 0},
    {"a failure", MISS, "", HC_FORWARD, failed, 0},
    {"a failure, with something to use", STALE, "", HC_REVALIDATE, failed_and_used_stale, 0},
};

/* ---- what a user sees of an exchange and its cache ---- */

typedef struct {
    seen stored;
    hc_stats stats;
    int32_t decision;
    const char *reason;
    int has_forward;
    hc_status has_response;
} state;

static state state_of(hc_cache *c, hc_exchange *x) {
    state s;
    hc_response *p = NULL;
    memset(&s, 0, sizeof s);
    s.stats = stats_of(c);
    s.decision = hc_exchange_decision(x);
    s.reason = hc_exchange_reason(x);
    s.has_forward = hc_exchange_forward(x) != NULL;
    s.has_response = hc_exchange_response(x, &p, NULL);
    hc_response_free(p);
    s.stored = look(c, request("GET " URL, "Cache-Control: max-stale"));
    return s;
}

static void check_same(const state *before, const state *after) {
    CHECK_INT(after->decision, before->decision);
    CHECK_STR(after->reason, before->reason);
    CHECK_INT(after->has_forward, before->has_forward);
    CHECK_INT(after->has_response, before->has_response);
    CHECK_INT(after->stored.decision, before->stored.decision);
    if (before->stored.body != NULL)
        CHECK_STR(after->stored.body, before->stored.body);
    CHECK_INT(after->stats.stores, before->stats.stores);
    CHECK_INT(after->stats.responses, before->stats.responses);
    CHECK_INT(after->stats.revalidations, before->stats.revalidations);
    CHECK_INT(after->stats.errors, before->stats.errors);
}

static hc_cache *cache_of(const point *at) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000, stale_if_error never");
    if (at->state != MISS)
        store(c, URL, answer(200, "ETag: \"a\"", "stored"));
    if (at->state == STALE)
        pass(clock, 100 * SECONDS);
    return c;
}

static hc_exchange *exchange_at(hc_cache *c, const point *at) {
    hc_exchange *x = NULL;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, at->request), NULL, &x, &err), HC_OK);
    CHECK_INT(hc_exchange_decision(x), at->decision);
    at->arrive(x);
    return x;
}

/* ---- the tests ---- */

static void a_verb_out_of_order_is_refused_and_changes_nothing(void) {
    size_t i, k;
    for (i = 0; i < NELEMS(points); i++) {
        hc_cache *c = cache_of(&points[i]);
        hc_exchange *x = exchange_at(c, &points[i]);
        state before = state_of(c, x), after;
        for (k = 0; k < NELEMS(verbs); k++) {
            if (points[i].allowed & verbs[k].verb)
                continue;
            check_note("%s after %s", verbs[k].name, points[i].name);
            CHECK_STATUS(call(verbs[k].verb, x, &err), HC_E_MISUSE);
            after = state_of(c, x);
            check_same(&before, &after);
        }
        hc_exchange_free(x);
        hc_close(c);
    }
}

static void a_verb_in_order_is_taken_whatever_was_refused_before(void) {
    size_t i, k, m;
    for (i = 0; i < NELEMS(points); i++) {
        for (k = 0; k < NELEMS(verbs); k++) {
            hc_cache *c;
            hc_exchange *x;
            hc_status status;
            if (!(points[i].allowed & verbs[k].verb))
                continue;
            c = cache_of(&points[i]);
            x = exchange_at(c, &points[i]);
            for (m = 0; m < NELEMS(verbs); m++) {
                if (!(points[i].allowed & verbs[m].verb))
                    CHECK_STATUS(call(verbs[m].verb, x, &err), HC_E_MISUSE);
            }
            check_note("%s after %s", verbs[k].name, points[i].name);
            status = call(verbs[k].verb, x, NULL);
            CHECK(status >= 0);
            hc_exchange_free(x);
            hc_close(c);
        }
    }
}

static void what_is_stored_in_pieces_stays_as_it_was_begun(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store_begin(x, answer(200, "X-A: 1", NULL), &outcome, NULL, &err), HC_OK);
    CHECK_STATUS(hc_store_write(x, "bo", 2, &err), HC_OK);
    CHECK_STATUS(call(STORE, x, &err), HC_E_MISUSE);
    CHECK_STATUS(call(BEGIN, x, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_store_write(x, "dy", 2, &err), HC_OK);
    CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    CHECK_STATUS(call(WRITE, x, &err), HC_E_MISUSE);
    CHECK_STATUS(call(END, x, &err), HC_E_MISUSE);
    hc_exchange_free(x);
    CHECK_STR(look_at(c, URL).body, "body");
    CHECK_STR(look_at(c, URL).fields, "X-A: 1\n");
    hc_close(c);
}

static void an_interim_answer_is_none(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store(x, answer(103, "", ""), &outcome, NULL, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_store_begin(x, answer(100, "", NULL), &outcome, NULL, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_store(x, answer(200, "", "body"), &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    hc_exchange_free(x);
    hc_close(c);
}

static void a_response_of_the_cache_is_no_answer_of_an_origin(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_exchange *x = NULL;
    hc_response *p = NULL;
    size_t large = 300001;
    int32_t outcome = -1;
    store(c, URL, answer_of(200, "", body_of(1, large), large));
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
    hc_exchange_free(x);
    CHECK_STATUS(hc_lookup(c, request("GET " URL "b", ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store(x, p, &outcome, NULL, &err), HC_E_MISUSE);
    CHECK_STATUS(hc_store(x, answer(200, "", "body"), &outcome, NULL, &err), HC_OK);
    hc_exchange_free(x);
    hc_response_free(p);
    hc_close(c);
}

/* Every order of releasing five objects that depend on each other. */
static void objects_go_in_any_order(void) {
    int order[5] = {0, 1, 2, 3, 4};
    int n, i, k, swap;
    for (n = 0; n < 120; n++) {
        hc_options *o = hc_options_new();
        test_clock *clock = new_clock();
        hc_cache *c = NULL;
        hc_request *r = NULL;
        hc_exchange *x = NULL;
        hc_response *p = NULL;
        CHECK_STATUS(hc_options_clock(o, clock_now, clock, clock_destroyed), HC_OK);
        CHECK_STATUS(hc_open(fresh_directory(), o, &c, &err), HC_OK);
        CHECK_STATUS(hc_request_new("GET", HC_NTS, URL, HC_NTS, &r, &err), HC_OK);
        store(c, URL, answer(200, "", "body"));
        CHECK_STATUS(hc_lookup(c, r, NULL, &x, &err), HC_OK);
        CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
        for (i = 0; i < 5; i++) {
            if (order[i] == 0)
                hc_options_free(o);
            else if (order[i] == 1)
                hc_close(c);
            else if (order[i] == 2)
                hc_request_free(r);
            else if (order[i] == 3)
                hc_exchange_free(x);
            else
                hc_response_free(p);
        }
        CHECK_INT(clock->destroyed, 1);
        /* The next permutation. */
        for (i = 3; i >= 0 && order[i] > order[i + 1]; i--) {
        }
        if (i < 0)
            break;
        for (k = 4; order[k] < order[i]; k--) {
        }
        swap = order[i];
        order[i] = order[k];
        order[k] = swap;
        for (i++, k = 4; i < k; i++, k--) {
            swap = order[i];
            order[i] = order[k];
            order[k] = swap;
        }
    }
    CHECK_INT(n, 119);
}

static void a_closed_cache_serves_the_exchanges_made_from_it(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    hc_close(c);
    CHECK_STATUS(hc_store(x, answer(200, "", "body"), &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    hc_exchange_free(x);
    c = open_cache(directory, NULL, "");
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    hc_close(c);
}

/* ---- callbacks that call the library ---- */

typedef struct {
    hc_cache *cache;
    int depth, calls;
} reentry;

static int64_t looking_clock(void *user) {
    reentry *again = (reentry *)user;
    again->calls++;
    if (again->cache != NULL && again->depth == 0) {
        hc_request *r = NULL;
        hc_exchange *x = NULL;
        hc_stats stats;
        memset(&stats, 0, sizeof stats);
        stats.struct_size = sizeof stats;
        again->depth++;
        if (hc_request_new("GET", HC_NTS, URL "inside", HC_NTS, &r, NULL) == HC_OK &&
            hc_lookup(again->cache, r, NULL, &x, NULL) == HC_OK)
            hc_exchange_free(x);
        hc_request_free(r);
        hc_get_stats(again->cache, &stats, NULL);
        hc_flush(again->cache, 60000, NULL);
        again->depth--;
    }
    return T0;
}

static void a_callback_may_call_the_library(void) {
    reentry again;
    hc_options *o = options(NULL, "expire_after 60000");
    memset(&again, 0, sizeof again);
    CHECK_STATUS(hc_options_clock(o, looking_clock, &again, NULL), HC_OK);
    again.cache = open_with(fresh_directory(), o);
    store(again.cache, URL, answer(200, "ETag: \"a\"", "body"));
    CHECK_INT(look_at(again.cache, URL).decision, HC_FRESH);
    CHECK_INT(ask(again.cache, request("GET " URL, "Cache-Control: no-cache"),
                  answer(304, "ETag: \"a\"", NULL))
                  .outcome,
              HC_FRESHENED);
    CHECK(again.calls > 0);
    hc_close(again.cache);
}

static const check_test tests[] = {
    TEST(a_verb_out_of_order_is_refused_and_changes_nothing),
    TEST(a_verb_in_order_is_taken_whatever_was_refused_before),
    TEST(what_is_stored_in_pieces_stays_as_it_was_begun),
    TEST(an_interim_answer_is_none),
    TEST(a_response_of_the_cache_is_no_answer_of_an_origin),
    TEST(objects_go_in_any_order),
    TEST(a_closed_cache_serves_the_exchanges_made_from_it),
    TEST(a_callback_may_call_the_library),
};

CHECK_MAIN(tests)
