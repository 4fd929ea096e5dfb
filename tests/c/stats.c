/* Statistics: what each counter counts. */
#include "support.h"

#include <string.h>

#define URL "http://h.test/"

static void check_counts(hc_cache *c, uint64_t hits, uint64_t misses, uint64_t stale_hits,
                         uint64_t revalidations, uint64_t stores) {
    hc_stats stats = stats_of(c);
    CHECK_INT(stats.hits, (int64_t)hits);
    CHECK_INT(stats.misses, (int64_t)misses);
    CHECK_INT(stats.stale_hits, (int64_t)stale_hits);
    CHECK_INT(stats.revalidations, (int64_t)revalidations);
    CHECK_INT(stats.stores, (int64_t)stores);
    CHECK_INT(stats.errors, 0);
}

static void each_event_moves_its_counter(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 60000, stale_if_error never");
    check_counts(c, 0, 0, 0, 0, 0);
    look_at(c, URL);
    check_counts(c, 0, 1, 0, 0, 0);
    store(c, URL, answer(200, "ETag: \"a\"", "x"));
    check_counts(c, 0, 2, 0, 0, 1);
    look_at(c, URL);
    look_at(c, URL);
    check_counts(c, 2, 2, 0, 0, 1);
    pass(clock, 61 * SECONDS);
    CHECK_INT(ask_unreachable(c, request("GET " URL, "")).outcome, HC_USED_STALE);
    CHECK_INT(stats_of(c).stale_hits, 1);
    CHECK_INT(look(c, request("GET " URL, "Cache-Control: max-stale")).decision, HC_STALE);
    CHECK_INT(stats_of(c).stale_hits, 2);
    CHECK_INT(fetch_from(c, URL, answer(304, "ETag: \"a\"", NULL)).outcome, HC_FRESHENED);
    CHECK_INT(stats_of(c).revalidations, 1);
    CHECK_INT(stats_of(c).stores, 1);
    CHECK_INT(stats_of(c).hits, 2);
    hc_close(c);
}

static void responses_are_rows_of_all_processes_and_counters_are_ones_own(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    hc_cache *d = open_cache(directory, NULL, "");
    store(c, URL "1", answer(200, "", "x"));
    store(c, URL "2", answer(200, "", "x"));
    store(d, URL "3", answer(200, "", "x"));
    CHECK_INT(stats_of(c).responses, 3);
    CHECK_INT(stats_of(d).responses, 3);
    hc_close(c);
    hc_close(d);
    c = open_cache(directory, NULL, "");
    CHECK_INT(stats_of(c).responses, 3);
    check_counts(c, 0, 0, 0, 0, 0);
    hc_close(c);
}

static void bytes_are_those_of_the_disk(void) {
    size_t large = 1 << 20;
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    uint64_t before, after;
    flush(c);
    before = stats_of(c).bytes;
    store(c, URL, answer_of(200, "", body_of(1, large), large));
    flush(c);
    after = stats_of(c).bytes;
    CHECK(before > 0);
    CHECK(after >= before + large);
    CHECK(after < before + large + large / 2);
    hc_close(c);
}

static void a_bypass_counts_as_nothing_stored(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    fetch_from(c, URL, answer(404, "", "x"));
    ask(c, request("POST " URL, ""), answer(200, "", "x"));
    CHECK_INT(stats_of(c).stores, 0);
    CHECK_INT(stats_of(c).responses, 0);
    CHECK_INT(stats_of(c).hits, 0);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(each_event_moves_its_counter),
    TEST(responses_are_rows_of_all_processes_and_counters_are_ones_own),
    TEST(bytes_are_those_of_the_disk),
    TEST(a_bypass_counts_as_nothing_stored),
};

CHECK_MAIN(tests)
