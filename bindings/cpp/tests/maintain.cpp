/// Looking after a cache: another expiry, storing as told, taking over, verifying, committing.
#include "support.hpp"

#include <stdexcept>

namespace {

hc::options minutely(const test_clock &clock) {
    return std::move(with_clock(clock).expire_after(1min));
}

std::optional<hc::time_point> expiry_of(const hc::cache &c, std::string_view to = url) {
    return c.find(*c.key(hc::request("GET", to)))->expires_at();
}

/// Two caches, of which `from` has three responses that `to` has not.
struct pair {
    test_clock clock;
    const test_cache to{minutely(clock)}, from{minutely(clock)};

    pair() {
        for (const char *path : {"http://h.test/a", "http://h.test/b", "http://h.test/c"})
            store(from.cache, path, path);
    }
};

/// The three long calls that tell how far they are.
const std::function<void(const pair &, const hc::cache::progress_function &)> watched[] = {
    [](const pair &p, const auto &progress) { p.to.cache.update(p.from.cache, progress); },
    [](const pair &p, const auto &progress) { p.from.cache.verify(progress); },
    [](const pair &p, const auto &progress) { p.from.cache.mend(progress); },
};

} // namespace

TEST(all_that_is_stored_gets_another_expiry) {
    test_clock clock;
    const test_cache t(minutely(clock));
    store(t.cache, url, "body");
    store(t.cache, "http://other.test/", bytes(100000));
    clock.pass(2min);
    CHECK_EQ(decision_of(t.cache), hc::decision::forward);
    CHECK_EQ(t.cache.reset_expiration(1h), 2u);
    CHECK(expiry_of(t.cache) == t0 + 62min);
    CHECK_EQ(t.cache.reset_expiration(hc::never), 2u);
    CHECK_EQ(t.cache.reset_expiration(hc::never), 0u);
    CHECK(expiry_of(t.cache) == hc::time_point::max());
    CHECK_EQ(t.cache.reset_expiration(hc::unset), 2u);
    CHECK(expiry_of(t.cache) == t0 + 1min);
}

TEST(what_is_put_is_a_hit) {
    test_clock clock;
    const test_cache t(minutely(clock));
    const hc::request r("GET", url, {{"Accept", "a"}});
    const hc::response p(200, {{"Vary", "Accept"}, {"Cache-Control", "no-store"}}, "body");
    CHECK(t.cache.put(r, p, t0 - 5s, t0 + 5s));
    const hc::exchange x = t.cache.lookup(r);
    CHECK_EQ(x.decision(), hc::decision::fresh);
    CHECK(x.view().body() == "body"sv);
    CHECK(x.view().created_at() == t0 - 5s);
    CHECK(x.view().expires_at() == t0 + 5s);
    CHECK_EQ(decision_of(t.cache), hc::decision::forward);
    CHECK(t.cache.put(r, p));
    CHECK(expiry_of(t.cache) == t0 + 1min);
    CHECK(t.cache.put(r, p, std::nullopt, hc::time_point::max()));
    CHECK(expiry_of(t.cache) == hc::time_point::max());
    CHECK(!t.cache.put(hc::request("POST", url), p));
    CHECK_EQ(t.cache.stats().responses, 1u);
}

TEST(what_is_read_is_put_elsewhere) {
    test_clock clock;
    const test_cache from(minutely(clock)), to(minutely(clock));
    store(from.cache, "http://h.test/small", "body");
    store(from.cache, "http://h.test/large", bytes(100000));
    clock.pass(10s);
    for (const hc::stored &one : from.cache.walk({}, hc::bodies::open)) {
        CHECK(to.cache.put(*one.request(), *one.response(), one.created_at(), one.expires_at()));
    }
    CHECK_EQ(stored_body(to.cache, "http://h.test/small"), "body");
    CHECK(stored_body(to.cache, "http://h.test/large") == bytes(100000));
    CHECK(expiry_of(to.cache, "http://h.test/small") == t0 + 1min);
}

TEST(what_another_cache_has_is_taken_over) {
    const pair p;
    store(p.to.cache, "http://h.test/a", "as new");
    const hc::request secret("GET", "http://h.test/d", {{"Authorization", "Basic YTpi"}});
    CHECK(ask(p.from.cache, secret, hc::response(200)) == hc::outcome::stored);
    const hc_updated first = p.to.cache.update(p.from.cache);
    CHECK_EQ(first.copied, 2u);
    CHECK_EQ(first.older, 1u);
    CHECK_EQ(first.skipped, 1u);
    CHECK_EQ(stored_body(p.to.cache, "http://h.test/a"), "as new");
    CHECK_EQ(stored_body(p.to.cache, "http://h.test/b"), "http://h.test/b");
    const hc_updated again = p.to.cache.update(p.from.cache, nullptr);
    CHECK_EQ(again.copied, 0u);
}

TEST(a_sound_cache_is_verified) {
    const pair p;
    store(p.from.cache, "http://h.test/large", bytes(100000));
    std::uint64_t last = 0;
    const hc_verification v = p.from.cache.verify([&](std::uint64_t done, std::uint64_t) {
        CHECK(done >= last);
        last = done;
        return true;
    });
    CHECK_EQ(v.records, 4u);
    CHECK_EQ(v.bodies, 1u);
    CHECK_EQ(v.damaged_records + v.damaged_bodies + v.mended, 0u);
    CHECK(last > 0);
}

TEST(what_is_damaged_is_found_and_mended) {
    scratch directory;
    store(hc::cache(directory), url, "body");
    damage_records(directory);
    const hc::cache c(directory);
    const auto unreadable = [&] {
        hc::walk walk = c.walk(hc::query().unreadable());
        return walk.next();
    };
    CHECK_EQ(c.verify().damaged_records, 1u);
    CHECK(unreadable());
    const hc_verification mended = c.mend();
    CHECK_EQ(mended.damaged_records, 1u);
    CHECK(mended.mended >= 1);
    CHECK(!unreadable());
    CHECK_EQ(c.verify().damaged_records, 0u);
}

TEST(a_long_call_tells_how_far_it_is) {
    for (const auto &call : watched) {
        const pair p;
        std::uint64_t told = 0;
        call(p, [&](std::uint64_t done, std::uint64_t total) {
            CHECK(done <= total);
            told++;
            return true;
        });
        CHECK(told > 0);
    }
}

TEST(a_long_call_is_ended) {
    for (const auto &call : watched) {
        const pair p;
        CHECK_THROWS(call(p, [](std::uint64_t, std::uint64_t) { return false; }),
                     hc::errc::cancelled);
        const auto fail = [](std::uint64_t, std::uint64_t) -> bool {
            throw std::runtime_error("mine");
        };
        try {
            call(p, fail);
            CHECK(false);
        } catch (const std::runtime_error &e) {
            CHECK_EQ(e.what(), "mine"s);
        }
        call(p, nullptr);
    }
}

TEST(a_cache_that_only_reads_is_not_changed) {
    scratch directory;
    store(hc::cache(directory), url, "body");
    const test_cache from;
    const hc::cache c(directory, hc::options().read_only(true));
    const hc::request r("GET", url);
    CHECK_THROWS(c.reset_expiration(1h), hc::errc::read_only);
    CHECK_THROWS(c.put(r, hc::response(200)), hc::errc::read_only);
    CHECK_THROWS(c.update(from.cache), hc::errc::read_only);
    CHECK_THROWS(c.mend(), hc::errc::read_only);
    CHECK_EQ(c.verify().records, 1u);
    CHECK_EQ(from.cache.update(c).copied, 1u);
}

TEST(without_threads_a_call_commits) {
    scratch directory;
    const hc::cache c(directory, hc::options().workers(false));
    store(c, url, "body");
    const auto sees = [&](hc::decision expected) {
        in_child([&] { CHECK_EQ(decision_of(hc::cache(directory)), expected); });
    };
    sees(hc::decision::forward);
    CHECK(!c.work(hc::never));
    sees(hc::decision::fresh);
    CHECK(!c.work(0s));
}
