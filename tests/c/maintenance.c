/* Looking after the cache: another expiry, storing as told, taking over, verifying. */
#include "support.h"

#include <string.h>
#include <unistd.h>

#define URL "http://h.test/"
#define LARGE 200000

static void everything_gets_another_expiry(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 1000");
    uint64_t n = 0;
    store(c, URL "a", answer(200, "", "x"));
    store(c, URL "b", answer_of(200, "", body_of(1, LARGE), LARGE));
    pass(clock, 2 * SECONDS);
    CHECK_INT(look_at(c, URL "a").decision, HC_FORWARD);
    CHECK_STATUS(hc_reset_expiration(c, 60 * SECONDS, &n, &err), HC_OK);
    CHECK_INT((int64_t)n, 2);
    CHECK_INT(look_at(c, URL "a").expires_at, T0 + 62 * SECONDS);
    CHECK_INT(look_at(c, URL "b").decision, HC_FRESH);
    CHECK_STATUS(hc_reset_expiration(c, HC_NEVER_EXPIRE, &n, &err), HC_OK);
    CHECK_INT(look_at(c, URL "a").expires_at, HC_NEVER_EXPIRE);
    CHECK_STATUS(hc_reset_expiration(c, HC_NEVER_EXPIRE, &n, &err), HC_OK);
    CHECK_INT((int64_t)n, 0);
    CHECK_STATUS(hc_reset_expiration(c, HC_UNSET, NULL, &err), HC_OK);
    CHECK_INT(look_at(c, URL "a").decision, HC_FORWARD);
    CHECK_MESSAGE(hc_reset_expiration(c, HC_DO_NOT_CACHE, &n, &err), HC_E_ARGUMENT, "expire_after");
    CHECK_MESSAGE(hc_reset_expiration(c, -1, &n, &err), HC_E_ARGUMENT, "expire_after");
    hc_close(c);
}

static void what_is_put_is_a_hit(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "expire_after 1000");
    hc_request *r = request("GET " URL, "Accept: a");
    hc_response *p = answer(200, "Vary: Accept\nX-A: 1", "body");
    seen s;
    CHECK_STATUS(hc_put(c, r, p, T0 - 5000, T0 + 5000, &err), HC_OK);
    s = look(c, r);
    CHECK_INT(s.decision, HC_FRESH);
    CHECK_STR(s.body, "body");
    CHECK_INT(s.created_at, T0 - 5000);
    CHECK_INT(s.expires_at, T0 + 5000);
    CHECK_INT(s.age, 5000);
    CHECK_INT(look(c, request("GET " URL, "Accept: b")).decision, HC_FORWARD);
    CHECK_STATUS(hc_put(c, r, p, HC_UNSET, HC_UNSET, &err), HC_OK);
    CHECK_INT(look(c, r).expires_at, T0 + 1000);
    CHECK_STATUS(hc_put(c, request("PUT " URL, ""), p, HC_UNSET, HC_UNSET, &err), HC_NOT_FOUND);
    CHECK_MESSAGE(hc_put(c, r, answer(304, "", NULL), T0, T0, &err), HC_E_ARGUMENT, "304");
    CHECK_MESSAGE(hc_put(c, r, p, -1, T0, &err), HC_E_ARGUMENT, "created_at");
    CHECK_MESSAGE(hc_put(c, r, p, T0, -1, &err), HC_E_ARGUMENT, "expires_at");
    CHECK_INT(stats_of(c).responses, 1);
    hc_close(c);
}

static hc_updated update(hc_cache *to, hc_cache *from) {
    hc_updated updated;
    updated.struct_size = sizeof updated;
    CHECK_STATUS(hc_update(to, from, NULL, NULL, &updated, &err), HC_OK);
    return updated;
}

static int32_t cancel_at_once(void *user, uint64_t done, uint64_t total) {
    uint64_t *seen = (uint64_t *)user;
    seen[0] = done;
    seen[1] = total;
    return 1;
}

static void what_another_cache_has_is_taken_over(void) {
    test_clock *clock = new_clock();
    hc_cache *from = open_cache(fresh_directory(), clock, "");
    hc_cache *to = open_cache(fresh_directory(), clock, "");
    uint64_t seen_of[2] = {0, 0};
    hc_updated u;
    seen s;
    store(to, URL "a", answer(200, "", "old"));
    pass(clock, 1000);
    store(from, URL "a", answer(200, "", "new"));
    store(from, URL "b", answer_of(200, "", body_of(1, LARGE), LARGE));
    ask(from, request("GET " URL "c", "Authorization: Basic YTpi"), answer(200, "", "x"));
    u = update(to, from);
    CHECK_INT((int64_t)u.copied, 2);
    CHECK_INT((int64_t)u.older, 0);
    CHECK_INT((int64_t)u.skipped, 1);
    CHECK_STR(look_at(to, URL "a").body, "new");
    s = look_at(to, URL "b");
    CHECK(s.body_len == LARGE && body_is(s.body, LARGE, 1, 0));
    CHECK_INT(look_at(to, URL "c").decision, HC_FORWARD);
    memset(&u, 0, sizeof u);
    u.struct_size = sizeof u;
    CHECK_STATUS(hc_update(to, from, cancel_at_once, seen_of, &u, &err), HC_E_CANCELLED);
    CHECK(seen_of[0] == 3 && seen_of[1] == 3);
    CHECK_INT((int64_t)u.older, 2);
    CHECK_MESSAGE(hc_update(to, to, NULL, NULL, NULL, &err), HC_E_ARGUMENT, "from");
    hc_close(from);
    hc_close(to);
}

static hc_verification verify(hc_cache *c, int32_t mend) {
    hc_verification v;
    memset(&v, 0, sizeof v);
    v.struct_size = sizeof v;
    CHECK_STATUS(hc_verify(c, mend, NULL, NULL, &v, &err), HC_OK);
    return v;
}

static int is_body(const char *path, void *user) {
    const char **found = (const char **)user;
    const char *name = strrchr(path, '/') + 1;
    if (strstr(path, "/bodies/") != NULL && strlen(name) == 32)
        *found = text("%s", path);
    return 0;
}

static void a_damaged_body_is_found_and_taken_away(void) {
    const char *directory = fresh_directory(), *file = NULL;
    hc_cache *c = open_cache(directory, NULL, "");
    uint64_t seen_of[2] = {0, 0};
    hc_verification v;
    char *bytes;
    size_t len;
    store(c, URL "a", answer(200, "", "x"));
    store(c, URL "b", answer_of(200, "", body_of(1, LARGE), LARGE));
    v = verify(c, 0);
    CHECK(v.records == 2 && v.bodies == 1 && v.damaged_bodies == 0);
    CHECK_INT(walk(directory, is_body, &file), 0);
    bytes = read_file(file, &len);
    bytes[LARGE / 2] ^= 1;
    write_file(file, bytes, len);
    v = verify(c, 0);
    CHECK(v.records == 2 && v.damaged_bodies == 1 && v.mended == 0);
    CHECK_INT(stats_of(c).responses, 2);
    v = verify(c, 1);
    CHECK(v.damaged_bodies == 1 && v.mended == 1);
    v = verify(c, 0);
    CHECK(v.records == 1 && v.bodies == 0 && v.damaged_bodies == 0);
    CHECK_INT(look_at(c, URL "a").decision, HC_FRESH);
    CHECK_INT(look_at(c, URL "b").decision, HC_FORWARD);
    CHECK_STATUS(hc_verify(c, 0, cancel_at_once, seen_of, NULL, &err), HC_E_CANCELLED);
    CHECK(seen_of[0] == 1 && seen_of[1] == 1);
    CHECK_MESSAGE(hc_verify(c, 2, NULL, NULL, NULL, &err), HC_E_ARGUMENT, "mend");
    hc_close(c);
}

static const check_test tests[] = {
    TEST(everything_gets_another_expiry),
    TEST(what_is_put_is_a_hit),
    TEST(a_damaged_body_is_found_and_taken_away),
    TEST(what_another_cache_has_is_taken_over),
};

CHECK_MAIN(tests)
