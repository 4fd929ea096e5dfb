/* hc_fetch and stale-while-revalidate (RFC 5861 3): who is answered at once, and who asks the
 * origin. */
#define _POSIX_C_SOURCE 200809L

#include "origin.h"

#define WHILE_REVALIDATING "field=Cache-Control:%20max-age=0,%20stale-while-revalidate=3600"

static void a_stale_answer_is_revalidated_behind_the_callers_back(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "cache_control 1");
    const char *url = at(o, "/count/a?%s", WHILE_REVALIDATING);
    fetched f = get(c, url);
    check_fetched(&f, 200);
    CHECK_STR(f.body, "1");
    f = get(c, url);
    check_fetched(&f, 200);
    CHECK_INT(f.view.decision, HC_STALE_REVALIDATE);
    CHECK_INT(f.view.flags, HC_FROM_CACHE | HC_EXPIRED);
    CHECK_STR(f.body, "1");
    flush(c);
    CHECK_INT(requests_of(o, url), 2);
    f = get(c, url);
    CHECK_STR(f.body, "2");
    flush(c);
    hc_close(c);
}

static void many_readers_of_a_stale_answer_ask_the_origin_once(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "cache_control 1");
    const char *url = at(o, "/count/a?%s&gate=closed", WHILE_REVALIDATING);
    fetched f;
    int i;
    hc_response *origins =
        answer(200, "Cache-Control: max-age=0, stale-while-revalidate=3600", "0");
    store(c, url, origins);
    for (i = 0; i < 5; i++) {
        f = get(c, url);
        check_fetched(&f, 200);
        CHECK_INT(f.view.decision, i == 0 ? HC_STALE_REVALIDATE : HC_STALE);
        CHECK_STR(f.body, "0");
    }
    /* The one that asks waits at the gate all the while. */
    CHECK_INT(ask_origin(o, "/waiting/closed?count=1"), 1);
    ask_origin(o, "/open/closed");
    flush(c);
    CHECK_INT(requests_of(o, url), 1);
    f = get(c, url);
    CHECK_STR(f.body, "1");
    flush(c);
    hc_close(c);
}

static void without_threads_it_is_revalidated_at_once(void) {
    static const char *const settings[] = {"cache_control 1, workers 0", "cache_control 1"};
    size_t i;
    for (i = 0; i < NELEMS(settings); i++) {
        origin *o = start_origin();
        /* A clock of the caller's is a callback, which no thread of the library may call. */
        hc_cache *c = open_cache(fresh_directory(), i == 0 ? NULL : new_clock(), settings[i]);
        const char *url = at(o, "/count/a?%s", WHILE_REVALIDATING);
        fetched f = get(c, url);
        check_fetched(&f, 200);
        f = get(c, url);
        check_note("%s", settings[i]);
        check_fetched(&f, 200);
        CHECK_INT(f.view.decision, HC_STALE_REVALIDATE);
        CHECK_STR(f.body, "2");
        CHECK_INT(requests_of(o, url), 2);
        hc_close(c);
    }
}

static void a_refresh_in_front_of_the_caller_fails_behind_the_stale_answer(void) {
    static const char *const answers[] = {"/status/404", NULL};
    size_t i;
    for (i = 0; i < NELEMS(answers); i++) {
        origin *o = start_origin();
        hc_cache *c = open_cache(fresh_directory(), NULL, "cache_control 1, workers 0");
        const char *url = at(o, "/status/404?%s", "field=Cache-Control:%20no-store");
        fetched f;
        store(c, url,
              answer(200, "Cache-Control: max-age=0, stale-while-revalidate=3600", "stale"));
        if (answers[i] == NULL)
            stop_origin(o);
        f = get(c, url);
        check_fetched(&f, 200);
        CHECK_INT(f.view.decision, HC_STALE_REVALIDATE);
        CHECK_STR(f.body, "stale");
        hc_close(c);
    }
}

static void a_refresh_that_fails_leaves_the_stale_answer(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "cache_control 1");
    const char *url = at(o, "/count/a?%s", WHILE_REVALIDATING);
    fetched f = get(c, url);
    check_fetched(&f, 200);
    stop_origin(o);
    f = get(c, url);
    check_fetched(&f, 200);
    CHECK_STR(f.body, "1");
    flush(c);
    f = get(c, url);
    check_fetched(&f, 200);
    CHECK_STR(f.body, "1");
    flush(c);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(a_stale_answer_is_revalidated_behind_the_callers_back),
    TEST(many_readers_of_a_stale_answer_ask_the_origin_once),
    TEST(without_threads_it_is_revalidated_at_once),
    TEST(a_refresh_in_front_of_the_caller_fails_behind_the_stale_answer),
    TEST(a_refresh_that_fails_leaves_the_stale_answer),
};

int main(int argc, char **argv) {
    /* There is no hc_fetch without libcurl; fetch.c tests what there is instead. */
    return check_run(tests, hc_has_feature("fetch") ? NELEMS(tests) : 0, argc, argv);
}
