/// fork: a cache and plain data from before work in parent and child; exchanges and the responses
/// of a cache may only be destroyed in the child.
#include "support.hpp"

#include <sys/wait.h>
#include <unistd.h>

static const std::size_t large = 200000;

static hc::cache filled(const scratch &directory) {
    hc::cache c(directory);
    store(c, "http://h.test/small", bytes(100, 1));
    store(c, "http://h.test/large", bytes(large, 2));
    c.flush();
    return c;
}

static void check_filled(const hc::cache &c) {
    CHECK(stored_body(c, "http://h.test/small") == bytes(100, 1));
    CHECK(stored_body(c, "http://h.test/large") == bytes(large, 2));
}

TEST(the_cache_works_in_child_and_parent) {
    scratch directory;
    hc::cache c = filled(directory);
    in_child([&] {
        check_filled(c);
        store(c, "http://h.test/child", bytes(large, 3));
        CHECK(stored_body(c, "http://h.test/child") == bytes(large, 3));
        c.flush();
        CHECK_EQ(c.stats().errors, 0u);
        c.close();
    });
    check_filled(c);
    CHECK(stored_body(c, "http://h.test/child") == bytes(large, 3));
    store(c, "http://h.test/parent", "body");
    CHECK_EQ(c.stats().errors, 0u);
}

TEST(a_child_may_close_or_do_nothing) {
    scratch directory;
    hc::cache c = filled(directory);
    in_child([&] { c.close(); });
    in_child([] {});
    check_filled(c);
}

TEST(a_child_may_fork_as_well) {
    scratch directory;
    hc::cache c = filled(directory);
    in_child([&] {
        in_child([&] {
            check_filled(c);
            store(c, "http://h.test/grandchild", "body");
            c.flush();
        });
        CHECK_EQ(stored_body(c, "http://h.test/grandchild"), "body");
    });
    CHECK_EQ(stored_body(c, "http://h.test/grandchild"), "body");
}

TEST(other_objects_can_be_destroyed_in_the_child) {
    scratch directory;
    hc::cache c = filled(directory);
    hc::options o;
    hc::request r("GET", "http://h.test/large");
    hc::exchange hit = c.lookup(r);
    hc::exchange storing = c.lookup(hc::request("GET", "http://h.test/new"));
    storing.store_begin(hc::response(200));
    storing.store_write("half");
    hc::response p = *hit.response();
    hc::walk walk = c.walk();
    in_child([&] {
        storing.close();
        p.close();
        walk.close();
        hit.close();
        r.close();
        o.close();
        c.close();
    });
    // And go on in the parent.
    CHECK(storing.store_write("half"));
    CHECK_EQ(storing.store_end(), hc::outcome::stored);
    CHECK_EQ(stored_body(c, "http://h.test/new"), "halfhalf");
    CHECK(rest_of(p) == bytes(large, 2));
}

TEST(plain_data_from_before_works_in_the_child) {
    scratch directory;
    hc::cache c = filled(directory);
    hc::options o;
    o.expire_after(1h);
    hc::request r("GET", url);
    hc::response built(200, {}, "body");
    const std::filesystem::path elsewhere = directory / "elsewhere";
    in_child([&] {
        r.add("A", "b").follow(true);
        built.add("A", "b");
        o.follow(true);
        const hc::cache other(elsewhere, o);
        CHECK(ask(other, r, built) == hc::outcome::stored);
        hc::exchange x = other.lookup(r);
        CHECK(x.view().body() == "body"sv);
        CHECK(x.view().freshness_lifetime() == 1h);
        CHECK_EQ(hc::request(r).fields().size(), 1u);
    });
    CHECK(r.fields().empty());
    CHECK(ask(c, r, built) == hc::outcome::stored);
}

TEST(exchanges_and_their_responses_are_not_used_in_the_child) {
    scratch directory;
    hc::cache c = filled(directory);
    hc::request r("GET", "http://h.test/large");
    hc::exchange hit = c.lookup(r), miss = c.lookup(hc::request("GET", "http://h.test/miss"));
    hc::exchange storing = c.lookup(hc::request("GET", "http://h.test/new"));
    storing.store_begin(hc::response(200));
    hc::response p = *hit.response();
    in_child([&] {
        char buffer[10];
        hc::error why;
        CHECK_THROWS(miss.store(hc::response(200)), hc::errc::misuse);
        CHECK_THROWS(miss.store_begin(hc::response(200)), hc::errc::misuse);
        CHECK_THROWS(miss.store_failure(), hc::errc::misuse);
        CHECK_THROWS(storing.store_write("x"), hc::errc::misuse);
        CHECK_THROWS(storing.store_end(), hc::errc::misuse);
        CHECK_THROWS(hit.response(), hc::errc::misuse);
        CHECK_THROWS(p.read(buffer, sizeof buffer), hc::errc::misuse);
        CHECK(!p.try_read(buffer, sizeof buffer, why));
        CHECK_EQ(why.status(), hc::errc::misuse);
        CHECK_THROWS(p.body(), hc::errc::misuse);
        CHECK_THROWS(p.fields(), hc::errc::misuse);
        CHECK_THROWS(p.age(), hc::errc::misuse);
        // The cache itself works.
        check_filled(c);
        store(c, url, "body");
        c.flush();
    });
    CHECK(rest_of(p) == bytes(large, 2));
    CHECK_EQ(stored_body(c), "body");
}

TEST(a_walk_from_before_is_not_used_in_the_child) {
    scratch directory;
    hc::cache c = filled(directory);
    hc::walk begun = c.walk({}, hc::bodies::open), waiting = c.walk();
    CHECK(begun.next());
    in_child([&] {
        CHECK_THROWS(begun.next(), hc::errc::misuse);
        CHECK_THROWS(waiting.begin(), hc::errc::misuse);
        std::size_t met = 0;
        for (const hc::stored &one : c.walk())
            met += one.key().empty() ? 0 : 1;
        CHECK_EQ(met, 2u);
        begun.close();
        waiting.close();
    });
    CHECK(begun.next() && !begun.next());
    CHECK(waiting.next());
}

TEST(a_child_deletes) {
    scratch directory;
    hc::cache c = filled(directory);
    in_child([&] {
        CHECK_EQ(c.erase_where(hc::query().url("http://h.test/small")), 1u);
        c.flush();
    });
    CHECK_EQ(decision_of(c, "http://h.test/small"), hc::decision::forward);
    CHECK_EQ(c.clear(), 1u);
}

TEST(callbacks_from_before_work_in_the_child) {
    scratch directory;
    test_clock clock;
    hc::options o = with_clock(clock);
    o.filter([](const hc::request &, const hc::response &p) { return p.body() != "bad"; });
    hc::cache c(directory, o);
    in_child([&] {
        clock.pass(1min);
        store(c, url, "good");
        CHECK(c.lookup(hc::request("GET", url)).view().created_at() == t0 + 1min);
        CHECK(ask(c, hc::request("GET", "http://other.test/"), hc::response(200, {}, "bad")) ==
              hc::outcome::not_stored);
        c.flush();
    });
    CHECK_EQ(stored_body(c), "good");
}

TEST(parent_and_child_fetch) {
    origin o;
    scratch directory;
    hc::cache c(directory);
    CHECK_EQ(c.fetch(o.at("/text/parent")).body(), "parent");
    c.flush();
    in_child([&] {
        hc::response p = c.fetch(o.at("/text/parent"));
        CHECK(p.from_cache());
        CHECK_EQ(c.fetch(o.at("/text/child")).body(), "child");
        c.flush();
    });
    CHECK(c.fetch(o.at("/text/child")).from_cache());
    CHECK_EQ(c.fetch(o.at("/text/last")).body(), "last");
}
