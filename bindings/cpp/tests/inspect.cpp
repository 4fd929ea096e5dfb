/// Looking into the cache, and deleting what is found there.
#include "support.hpp"

#include <algorithm>
#include <vector>

namespace {

/// The last letters of the URLs that a walk meets, in its order.
std::string letters(const hc::cache &c, const hc::query &q = {}) {
    std::string met;
    for (const hc::stored &one : c.walk(q))
        met += one.is_unreadable() ? '!' : one.url().back();
    return met;
}

std::string sorted_letters(const hc::cache &c, const hc::query &q = {}) {
    std::string met = letters(c, q);
    std::sort(met.begin(), met.end());
    return met;
}

/// Three responses: `a`, which is stale and large, and `b` and `c`, which are fresh.
struct filled {
    test_clock clock;
    test_cache own{std::move(with_clock(clock).expire_after(1min))};
    const hc::cache &cache = own.cache;

    filled() {
        store(cache, "http://h.test/a", bytes(100000));
        clock.pass(30s);
        store(cache, "http://h.test/b", "x");
        store(cache, "http://h.test/b?c", "xx");
        clock.pass(31s);
    }
};

/// Two variants of one URL.
void store_variants(const hc::cache &c) {
    for (const char *language : {"en", "de"}) {
        const hc::request r("GET", url, {{"Accept-Language", language}});
        const hc::response origin(200, {{"Vary", "Accept-Language"}}, language);
        CHECK(ask(c, r, origin) == hc::outcome::stored);
    }
}

} // namespace

TEST(a_walk_shows_what_a_hit_shows) {
    test_clock clock;
    const test_cache t(std::move(with_clock(clock).expire_after(1min)));
    hc::request r("GET", "http://h.test/?api_key=secret", {{"X-B", "1"}});
    CHECK(ask(t.cache, r, hc::response(200, {{"X-A", "1"}, {"X-A", "2"}}, "body", "Fine")) ==
          hc::outcome::stored);
    clock.pass(61s);
    int met = 0;
    for (const hc::stored &one : t.cache.walk()) {
        met++;
        CHECK_EQ(one.status(), 200);
        CHECK_EQ(one.reason(), "Fine"sv);
        CHECK_EQ(one.fields().size(), 2u);
        CHECK(one.fields().find("x-a") == "1"sv);
        CHECK(one.from_cache() && one.expired() && !one.is_alias() && !one.is_unreadable());
        CHECK(one.created_at() == t0);
        CHECK(one.expires_at() == t0 + 1min);
        CHECK(one.age() == 61s);
        CHECK(one.body_size() == 4u);
        CHECK(one.response() == nullptr);
        CHECK_EQ(one.url().find("secret"), std::string_view::npos);
        const hc::request asked = *one.request();
        CHECK_EQ(asked.method(), "GET"sv);
        CHECK_EQ(asked.url(), one.url());
        CHECK(asked.fields().find("X-B") == "1"sv);
        CHECK_EQ(one.key(), t.cache.find(one.key())->key());
        CHECK(one.key().substr(0, t.cache.key(r)->size()) == *t.cache.key(r));
    }
    CHECK_EQ(met, 1);
}

TEST(what_is_met_is_what_is_asked_for) {
    const filled f;
    using hc::query;
    CHECK_EQ(sorted_letters(f.cache), "abc");
    CHECK_EQ(sorted_letters(f.cache, query().expired().fresh()), "abc");
    CHECK_EQ(letters(f.cache, query().expired()), "a");
    CHECK_EQ(sorted_letters(f.cache, query().fresh()), "bc");
    CHECK_EQ(letters(f.cache, query().aliases()), "");
    CHECK_EQ(letters(f.cache, query().unreadable()), "");
    CHECK_EQ(letters(f.cache, query().created_before(t0 + 1ms)), "a");
    CHECK_EQ(letters(f.cache, query().created_before(t0)), "");
    CHECK_EQ(letters(f.cache, query().created_before(t0 + 1ns)), "a");
    CHECK_EQ(letters(f.cache, query().expires_before(t0 + 61s)), "a");
    CHECK_EQ(letters(f.cache, query().url("HTTP://H.test:80/./b")), "b");
    CHECK_EQ(sorted_letters(f.cache, query().url_glob("*/b")), "bc");
    CHECK_EQ(sorted_letters(f.cache, query().method("GET")), "abc");
    CHECK_EQ(letters(f.cache, query().method("get")), "");
    CHECK_EQ(letters(f.cache, query().url_glob("*/b").expired()), "");
}

TEST(a_walk_has_an_order_and_a_limit) {
    const filled f;
    using hc::query;
    CHECK_EQ(letters(f.cache, query().order(hc::order::size)), "bca");
    CHECK_EQ(letters(f.cache, query().descending().order(hc::order::size)), "acb");
    CHECK_EQ(letters(f.cache, query().order(hc::order::size).limit(2)), "bc");
    CHECK_EQ(letters(f.cache, query().order(hc::order::expiry).limit(1)), "a");
    CHECK_EQ(letters(f.cache, query().order(hc::order::created)).front(), 'a');
    CHECK_EQ(letters(f.cache, query().order(hc::order::created).descending()).back(), 'a');
    CHECK_EQ(letters(f.cache, query().limit(2)).size(), 2u);
    const std::string by_key = letters(f.cache);
    const std::string other_way = letters(f.cache, query().descending());
    CHECK_EQ(other_way, std::string(by_key.rbegin(), by_key.rend()));
}

TEST(a_query_is_a_value) {
    const filled f;
    hc::query q;
    {
        const std::string to = "http://h.test/b";
        q.url(to).method("GET");
    }
    const hc::query copy = q;
    q.url("http://h.test/a");
    CHECK_EQ(letters(f.cache, copy), "b");
    CHECK_EQ(letters(f.cache, q), "a");
    CHECK_EQ(letters(f.cache, std::move(q)), "a");
}

TEST(bodies_are_opened_where_they_are_asked_for) {
    const filled f;
    std::vector<hc::response> kept;
    hc::walk walk = f.cache.walk(hc::query().order(hc::order::size), hc::bodies::open);
    for (const hc::stored &one : walk) {
        CHECK(one.response()->url() == one.url() && one.response()->key() == one.key());
        kept.push_back(std::move(*one.response()));
    }
    walk.close();
    CHECK_EQ(f.cache.clear(), 3u);
    CHECK_EQ(kept.size(), 3u);
    CHECK_EQ(rest_of(kept[0]), "x");
    CHECK_EQ(kept[1].body(), "xx");
    CHECK(rest_of(kept[2]) == bytes(100000));
}

TEST(a_loop_of_ones_own_walks_too) {
    const filled f;
    hc::walk walk = f.cache.walk();
    CHECK_EQ(walk.current().status(), 0);
    CHECK(walk.current().key().empty() && !walk.current().request());
    std::size_t met = 0;
    while (walk.next()) {
        CHECK_EQ(walk.current().status(), 200);
        met++;
    }
    CHECK_EQ(met, 3u);
    CHECK(!walk.next());
    CHECK_EQ(walk.current().status(), 0);
    CHECK(walk.current().url().empty());
    CHECK(walk.current().key().empty());
    CHECK(walk.begin() == walk.end());
}

TEST(iterators_are_those_of_the_standard_library) {
    const filled f;
    hc::walk walk = f.cache.walk(hc::query().order(hc::order::size));
    const auto large = std::find_if(walk.begin(), walk.end(),
                                    [](const hc::stored &one) { return one.body_size() > 10u; });
    CHECK(large != walk.end());
    CHECK_EQ(large->url(), "http://h.test/a"sv);
    hc::walk moved = std::move(walk);
    CHECK_EQ(moved.current().url(), "http://h.test/a"sv);
    CHECK(moved.begin() == moved.end());
}

TEST(a_walk_outlives_its_cache) {
    filled f;
    hc::walk walk = f.cache.walk(hc::query(), hc::bodies::open);
    CHECK(walk.next());
    f.own.cache.close();
    CHECK(walk.next() && walk.next() && !walk.next());
}

TEST(what_is_deleted_on_the_way_ends_nothing) {
    const filled f;
    for (const hc::stored &one : f.cache.walk())
        CHECK_EQ(f.cache.erase(one.key()), 1u);
    CHECK_EQ(f.cache.stats().responses, 0u);
}

TEST(a_key_finds_what_is_stored) {
    const test_cache t;
    const std::string key = *t.cache.key(hc::request("GET", url));
    CHECK(!t.cache.contains(key));
    CHECK(!t.cache.find(key));
    store_variants(t.cache);
    CHECK(t.cache.contains(key));
    const hc::response newest = *t.cache.find(key);
    const std::string one{newest.key()};
    CHECK(one != key && t.cache.contains(one));
    CHECK(newest.request()->fields().find("Accept-Language") == newest.body());
    CHECK(newest.from_cache());
    CHECK_EQ(t.cache.find(one)->body(), newest.body());
    CHECK_EQ(t.cache.stats().hits, 0u);
}

TEST(what_is_stale_is_found_too) {
    const filled f;
    const std::string key = *f.cache.key(hc::request("GET", "http://h.test/a"));
    const hc::response p = *f.cache.find(key);
    CHECK(p.expired());
    CHECK_EQ(p.body().size(), 100000u);
}

TEST(a_response_tells_its_request) {
    const test_cache t;
    const hc::request r("GET", url, {{"X-A", "1"}});
    CHECK(ask(t.cache, r, hc::response(200)) == hc::outcome::stored);
    hc::exchange x = t.cache.lookup(r);
    CHECK_EQ(x.response()->request()->url(), r.url());
    CHECK(x.response()->request()->fields().find("X-A") == "1"sv);
    CHECK(!hc::response(200).request());
}

TEST(a_key_deletes_what_is_stored) {
    const test_cache t;
    const std::string key = *t.cache.key(hc::request("GET", url));
    CHECK_EQ(t.cache.erase(key), 0u);
    store_variants(t.cache);
    const std::string one{t.cache.find(key)->key()};
    CHECK_EQ(t.cache.erase(one), 1u);
    CHECK(!t.cache.contains(one) && t.cache.contains(key));
    CHECK_EQ(t.cache.erase(key), 1u);
    store_variants(t.cache);
    CHECK_EQ(t.cache.erase(key), 2u);
    CHECK_EQ(t.cache.erase(key), 0u);
    CHECK_EQ(t.cache.stats().responses, 0u);
}

TEST(conditions_delete_what_is_stored) {
    const filled f;
    store(f.cache, "http://other.test/d", "x");
    CHECK_EQ(f.cache.erase_where(hc::query().expired()), 1u);
    CHECK_EQ(f.cache.erase_where(hc::query().expired()), 0u);
    CHECK_EQ(sorted_letters(f.cache), "bcd");
    CHECK_EQ(f.cache.erase_where(hc::query().url("http://h.test/b")), 1u);
    CHECK_EQ(sorted_letters(f.cache), "cd");
    CHECK_EQ(f.cache.erase_where(hc::query().url_glob("h.test")), 1u);
    CHECK_EQ(sorted_letters(f.cache), "d");
    CHECK_EQ(f.cache.erase_where(hc::query().url_glob("h.test")), 0u);
}

TEST(a_limit_deletes_what_comes_first) {
    const filled f;
    const hc::query largest = hc::query().order(hc::order::size).descending().limit(1);
    CHECK_EQ(f.cache.erase_where(largest), 1u);
    CHECK_EQ(sorted_letters(f.cache), "bc");
}

TEST(everything_is_deleted) {
    const filled f;
    CHECK_EQ(f.cache.clear(), 3u);
    CHECK_EQ(f.cache.clear(), 0u);
    CHECK_EQ(letters(f.cache), "");
    CHECK_EQ(decision_of(f.cache, "http://h.test/b"), hc::decision::forward);
    store(f.cache, "http://h.test/b", "again");
    CHECK_EQ(stored_body(f.cache, "http://h.test/b"), "again");
}

TEST(a_cache_that_only_reads_deletes_when_it_is_told) {
    scratch directory;
    store(hc::cache(directory), url, "body");
    const hc::cache c(directory, hc::options().read_only(true));
    CHECK_EQ(c.clear(), 1u);
}

TEST(what_cannot_be_read_is_told_of) {
    scratch directory;
    store(hc::cache(directory), url, "body");
    damage_records(directory);
    const hc::cache c(directory);
    CHECK_EQ(letters(c), "");
    hc::walk walk = c.walk(hc::query().unreadable(), hc::bodies::open);
    CHECK(walk.next());
    const hc::stored one = walk.current();
    CHECK(one.is_unreadable());
    CHECK_EQ(one.status(), 0);
    CHECK(one.url().empty() && one.fields().empty() && !one.request());
    CHECK(one.response() == nullptr);
    CHECK(!one.key().empty());
    CHECK(!c.find(one.key()));
    CHECK(!walk.next());
    CHECK_EQ(c.erase_where(hc::query().unreadable()), 1u);
    CHECK_EQ(letters(c, hc::query().unreadable()), "");
}

TEST(a_bad_query_says_what_is_wrong) {
    const test_cache t;
    const auto said = [&](const hc::query &q) {
        try {
            t.cache.walk(q);
        } catch (const hc::error &e) {
            return std::string(e.what());
        }
        return "nothing"s;
    };
    CHECK(said(hc::query().url("no url")).find("URL") != std::string::npos);
    CHECK(said(hc::query().url_glob("h[")).find("h[") != std::string::npos);
    CHECK(said(hc::query().order(static_cast<hc::order>(9))).find("order") != std::string::npos);
}

TEST(threads_walk_store_and_delete_at_once) {
    const test_cache t;
    in_threads(8, [&](unsigned i) {
        for (unsigned k = 0; k < 20; k++) {
            store(t.cache, "http://" + std::to_string(i) + ".test/" + std::to_string(k), "body");
            for (const hc::stored &one : t.cache.walk(hc::query().limit(10)))
                CHECK_EQ(one.status(), 200);
        }
        const std::string mine = std::to_string(i) + ".test";
        CHECK_EQ(t.cache.erase_where(hc::query().url_glob(mine)), 20u);
    });
    CHECK_EQ(t.cache.clear(), 0u);
    CHECK_EQ(t.cache.stats().errors, 0u);
}
