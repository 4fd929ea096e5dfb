/* The scenarios of tests/scenarios over the C API, each on a cache of its own and each one test.
 *
 *   scenarios [FILE...]      where the program is slow, one in three
 */
#define _POSIX_C_SOURCE 200809L

#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#define SLOW_STEP 3
#define MOST_HELD 4
#define MOST_KEYS 64

typedef struct {
    const char *name;
    hc_exchange *exchange;
} held_exchange;

static hc_cache *cache;
static const char *directory;
static test_clock *now;
static held_exchange held[MOST_HELD];

/* The keys that were seen, by their labels. */
static struct {
    const char *label;
    char key[HC_KEY_SIZE];
} keys[MOST_KEYS];
static size_t key_count;

static void free_request(void *r) {
    hc_request_free((hc_request *)r);
}

static void free_response(void *p) {
    hc_response_free((hc_response *)p);
}

/* Through a pointer to it: what was freed before is NULL. */
static void free_exchange(void *x) {
    hc_exchange_free(*(hc_exchange **)x);
    free(x);
}

/* Whichever it is then. */
static void close_cache(void *unused) {
    (void)unused;
    hc_close(cache);
    cache = NULL;
}

static void set_clock(const json_t *of) {
    const json_t *at = json_object_get(of, "at");
    if (at != NULL)
        pass(now, T0 + json_integer_value(at) - clock_now(now));
}

/* Requests of one label have the same key, and those of others another one. */
static void check_key(const hc_request *r, const json_t *expected) {
    const char *label = json_string_value(expected);
    char key[HC_KEY_SIZE];
    size_t i;
    int is_known = 0;
    if (expected == NULL)
        return;
    CHECK_STATUS(hc_key(cache, r, key, &err), label != NULL ? HC_OK : HC_NOT_FOUND);
    if (label == NULL)
        return;
    for (i = 0; i < key_count; i++) {
        int is_same = strcmp(keys[i].key, key) == 0;
        int is_label = strcmp(keys[i].label, label) == 0;
        is_known |= is_label;
        if (is_same != is_label)
            check_fail(__FILE__, __LINE__, "its key, %s, is %s one of %s", label,
                       is_same ? "the" : "not the", keys[i].label);
    }
    if (is_known)
        return;
    CHECK(key_count < MOST_KEYS);
    keys[key_count].label = label;
    memcpy(keys[key_count++].key, key, sizeof key);
}

/* Looks a request up; NULL where that is refused, as expected. */
static hc_exchange **look_up(const json_t *step, hc_view *view) {
    const json_t *asked = json_object_get(step, "request");
    const json_t *method = json_object_get(asked, "method");
    const json_t *url = json_object_get(asked, "url");
    scenario_bytes body = scenario_body(json_object_get(asked, "body"));
    hc_exchange **x = (hc_exchange **)calloc(1, sizeof *x);
    hc_request *r = NULL;
    const char *name;
    json_t *line;
    size_t i;
    hc_status status = hc_request_new(method ? json_string_value(method) : "GET",
                                      method ? json_string_length(method) : 3,
                                      json_string_value(url), json_string_length(url), &r, NULL);
    check_defer(free_exchange, x);
    check_defer(free_request, r);
    json_array_foreach(json_object_get(asked, "fields"), i, line) {
        const json_t *field = json_array_get(line, 0);
        scenario_bytes value = scenario_value(json_array_get(line, 1));
        if (status == HC_OK)
            status = hc_request_add(r, json_string_value(field), json_string_length(field),
                                    value.data, value.len, NULL);
    }
    json_object_foreach(json_object_get(asked, "options"), name, line) {
        if (status == HC_OK)
            status = hc_request_set(r, option_number(name), scenario_option(name, line), NULL);
    }
    json_object_foreach(json_object_get(asked, "names"), name, line) {
        if (status == HC_OK)
            status = hc_request_set_string(r, scenario_name(name), json_string_value(line),
                                           json_string_length(line), NULL);
    }
    if (status == HC_OK && body.len > 0)
        status = hc_request_set_body(r, body.data, body.len, NULL);
    if (status == HC_OK)
        status = hc_lookup(cache, r, view, x, NULL);
    if (scenario_is_refused("the request", status, step, "error"))
        return NULL;
    CHECK(scenario_text(step, "error") == NULL);
    check_key(r, json_object_get(step, "key"));
    return x;
}

static void check_forward(hc_exchange *x, const json_t *expected) {
    const hc_request *sent = hc_exchange_forward(x);
    const hc_field *fields;
    size_t count = 0;
    if (expected == NULL)
        return;
    CHECK(sent != NULL);
    fields = hc_request_fields(sent, &count);
    scenario_check_fields("forward", fields, count, expected);
}

/* Makes the origin's answer; an error where that is refused. */
static hc_status make_answer(const json_t *answer, hc_response **p) {
    const json_t *reason = json_object_get(answer, "reason");
    json_t *line;
    size_t i;
    hc_status status =
        hc_response_new((int32_t)json_integer_value(json_object_get(answer, "status")),
                        json_string_value(reason), json_string_length(reason), p, NULL);
    check_defer(free_response, *p);
    json_array_foreach(json_object_get(answer, "fields"), i, line) {
        const json_t *field = json_array_get(line, 0);
        scenario_bytes value = scenario_value(json_array_get(line, 1));
        if (status == HC_OK)
            status = hc_response_add(*p, json_string_value(field), json_string_length(field),
                                     value.data, value.len, NULL);
    }
    return status;
}

/* A failure, as an outcome: "nothing" comes after the outcomes of the header. */
#define NOTHING 6
static hc_status fail(hc_exchange *x, hc_view *view, int32_t *outcome) {
    hc_status status = hc_store_failure(x, view, NULL);
    *outcome = status == HC_NOT_FOUND ? NOTHING : HC_USED_STALE;
    return status == HC_NOT_FOUND ? HC_OK : status;
}

static hc_status report_in_pieces(hc_exchange *x, const json_t *answer, const hc_response *p,
                                  scenario_bytes body, int32_t *outcome, hc_view *view) {
    const json_t *cut = json_object_get(answer, "cut");
    const json_t *pieces = json_object_get(answer, "pieces");
    size_t end = cut != NULL ? (size_t)json_integer_value(cut) : body.len;
    size_t piece = pieces != NULL ? (size_t)json_integer_value(pieces) : end, at;
    hc_status status = hc_store_begin(x, p, outcome, view, NULL);
    if (status != HC_OK || *outcome != HC_STORING)
        return status;
    for (at = 0; at < end; at += piece) {
        status = hc_store_write(x, body.data + at, end - at < piece ? end - at : piece, NULL);
        CHECK(status == HC_OK || status == HC_DONE);
    }
    return cut != NULL ? fail(x, view, outcome) : hc_store_end(x, outcome, NULL);
}

static hc_status report(hc_exchange *x, const json_t *answer, scenario_bytes body, int32_t *outcome,
                        hc_view *view) {
    hc_response *p = NULL;
    hc_status status;
    if (json_is_true(json_object_get(answer, "failure")))
        return fail(x, view, outcome);
    status = make_answer(answer, &p);
    if (status != HC_OK)
        return status;
    if (json_object_get(answer, "cut") != NULL || json_object_get(answer, "pieces") != NULL)
        return report_in_pieces(x, answer, p, body, outcome, view);
    status = hc_response_set_body(p, body.data, body.len, NULL);
    return status != HC_OK ? status : hc_store(x, p, outcome, view, NULL);
}

/* Reports what the origin says; gives the last body it sent. */
static scenario_bytes report_all(hc_exchange *x, const json_t *answers, hc_view *view) {
    static const char *const outcomes[] = {"not_stored", "stored", "freshened", "used_stale",
                                           "storing",    "repeat", "nothing"};
    scenario_bytes body = scenario_body(NULL);
    int is_over = hc_exchange_forward(x) == NULL;
    const json_t *answer;
    size_t i;
    json_array_foreach(answers, i, answer) {
        const char *expected = scenario_text(answer, "outcome");
        const char *why = scenario_text(answer, "why");
        int32_t outcome = -1;
        CHECK(!is_over);
        check_forward(x, json_object_get(answer, "forward"));
        set_clock(answer);
        body = scenario_body(json_object_get(answer, "body"));
        if (scenario_is_refused("the answer", report(x, answer, body, &outcome, view), answer,
                                "error"))
            continue;
        CHECK(scenario_text(answer, "error") == NULL);
        CHECK(outcome >= 0 && outcome <= NOTHING);
        if (expected != NULL && strcmp(outcomes[outcome], expected) != 0)
            check_fail(__FILE__, __LINE__, "answer %d: outcome is %s (%s), not %s", (int)i + 1,
                       outcomes[outcome], hc_exchange_reason(x), expected);
        if (why != NULL)
            CHECK_STR(hc_exchange_reason(x), why);
        is_over = outcome != HC_REPEAT;
    }
    return body;
}

static void check_lookup(hc_exchange *x, const json_t *step) {
    static const char *const decisions[] = {"forward",          "fresh",      "stale",
                                            "stale_revalidate", "revalidate", "unsatisfiable"};
    const char *reason = scenario_text(step, "reason");
    int decision = hc_exchange_decision(x);
    int expected = scenario_place(decisions, NELEMS(decisions), scenario_text(step, "decision"));
    CHECK(decision >= 0 && decision < (int)NELEMS(decisions));
    if (decision != expected)
        check_fail(__FILE__, __LINE__, "decision is %s (%s), not %s", decisions[decision],
                   hc_exchange_reason(x), decisions[expected]);
    if (reason != NULL)
        CHECK_STR(hc_exchange_reason(x), reason);
    check_forward(x, json_object_get(step, "forward"));
}

/* The exchange that is held under a name, or a free place. */
static held_exchange *place_of(const char *name) {
    size_t i;
    for (i = 0; i < MOST_HELD; i++) {
        if (name == NULL ? held[i].name == NULL
                         : held[i].name != NULL && strcmp(held[i].name, name) == 0)
            return &held[i];
    }
    check_fail(__FILE__, __LINE__, "there is no place for \"%s\"", name ? name : "");
}

/* Another cache on the same directory, in place of the one there is; where it is refused that one
 * stays. */
static void reopen(const json_t *setup) {
    hc_cache *other = scenario_open(setup, directory, now);
    if (other == NULL)
        return;
    hc_close(cache);
    cache = other;
}

static void check_count(const json_t *of, const char *what, uint64_t actual) {
    const json_t *expected = json_object_get(of, what);
    CHECK(json_is_integer(expected));
    if ((json_int_t)actual != json_integer_value(expected))
        check_fail(__FILE__, __LINE__, "%s: %d, not %d", what, (int)actual,
                   (int)json_integer_value(expected));
}

static void rekey(const json_t *expected) {
    hc_rekeyed counts;
    char own[HC_KEY_SIZE];
    const char *from = NULL;
    memset(&counts, 0, sizeof counts);
    counts.struct_size = sizeof counts;
    if (scenario_text(expected, "from") != NULL) {
        CHECK_STR(scenario_text(expected, "from"), "own");
        CHECK_STATUS(hc_key_settings(cache, own, &err), HC_OK);
        from = own;
    }
    CHECK_STATUS(hc_rekey(cache, from, HC_NTS, NULL, NULL, &counts, &err), HC_OK);
    check_count(expected, "moved", counts.moved);
    check_count(expected, "collided", counts.collided);
    check_count(expected, "left", counts.left);
}

static void ask_and_answer(const json_t *step) {
    const char *resumed = scenario_text(step, "resume"), *hold = scenario_text(step, "hold");
    const json_t *expected = json_object_get(step, "response");
    hc_view view = new_view();
    scenario_bytes origins = scenario_body(NULL);
    hc_exchange **x, *own;
    int is_answered;
    if (resumed != NULL) {
        held_exchange *place = place_of(resumed);
        own = place->exchange;
        x = &own;
        place->name = NULL;
    } else if ((x = look_up(step, &view)) != NULL) {
        check_lookup(*x, step);
    } else {
        return;
    }
    is_answered = view.status != 0;
    if (is_answered && expected != NULL)
        scenario_check_response(*x, &view, origins, expected);
    origins = report_all(*x, json_object_get(step, "answers"), &view);
    if (hold != NULL) {
        /* It is freed after the test. */
        held_exchange *place = place_of(NULL);
        place->name = hold;
        place->exchange = *x;
        return;
    }
    if (!is_answered && expected != NULL)
        scenario_check_response(*x, &view, origins, expected);
    /* One caller revalidates a variant until his exchange is freed. */
    if (resumed == NULL) {
        hc_exchange_free(*x);
        *x = NULL;
    }
}

static void run_step(const json_t *step) {
    const json_t *setup = json_object_get(step, "reopen"), *counts = json_object_get(step, "rekey");
    set_clock(step);
    if (setup != NULL)
        reopen(setup);
    else if (counts != NULL)
        rekey(counts);
    else
        ask_and_answer(step);
}

/* ---- the table of tests ---- */

static json_t *scenarios;
static size_t next;

static void run_next(void) {
    const json_t *scenario = json_array_get(scenarios, next++);
    const json_t *step;
    size_t i;
    memset(held, 0, sizeof held);
    key_count = 0;
    now = new_clock();
    directory = fresh_directory();
    check_defer(close_cache, NULL);
    cache = scenario_open(scenario, directory, now);
    if (cache == NULL)
        return;
    json_array_foreach(json_object_get(scenario, "steps"), i, step) {
        check_note("step %d", (int)i + 1);
        run_step(step);
    }
}

int main(int argc, char **argv) {
    check_test *tests;
    size_t count, i;
    int result = 1;
    scenarios = json_array();
    for (i = 1; i < (size_t)argc; i++)
        result = scenario_read_file(argv[i], scenarios) && result;
    if (argc < 2)
        result = scenario_read_directory("tests/scenarios", scenarios);
    for (i = json_array_size(scenarios); is_slow() && i > 0; i--) {
        if ((i - 1) % SLOW_STEP != 0)
            json_array_remove(scenarios, i - 1);
    }
    count = json_array_size(scenarios);
    tests = (check_test *)calloc(count + 1, sizeof *tests);
    for (i = 0; i < count; i++) {
        tests[i].name = scenario_text(json_array_get(scenarios, i), "id");
        tests[i].run = run_next;
    }
    result = check_run(tests, count, 1, argv) || !result;
    free(tests);
    json_decref(scenarios);
    return result;
}
