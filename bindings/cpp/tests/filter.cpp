/// The filter: the caller's own say in what is stored and what stays.
#include "support.hpp"

#include <stdexcept>

static const hc::request get("GET", url);

/// A filter that tests set, and count.
struct judge {
    std::function<bool(const hc::request &, const hc::response &)> rule;
    std::atomic<int> asked{0};

    hc::options options() {
        hc::options o;
        o.filter([this](const hc::request &r, const hc::response &p) {
            asked++;
            return rule(r, p);
        });
        return o;
    }
};

static bool keep(const hc::request &, const hc::response &) {
    return true;
}

static bool refuse(const hc::request &, const hc::response &) {
    return false;
}

TEST(it_sees_the_request_and_the_whole_response) {
    judge j;
    test_cache t(j.options());
    for (const std::size_t size : {0u, 1u, 1000u, 3000000u}) {
        const std::string body = bytes(size, 9);
        bool right = false;
        j.rule = [&](const hc::request &r, const hc::response &p) {
            right = r.method() == "GET" && r.url() == url && r.fields().find("X-R") == "1"sv &&
                    p.status() == 200 && p.field("X-P") == "2"sv && p.body() == body &&
                    !p.from_cache();
            return false;
        };
        const hc::request r("GET", url, {{"X-R", "1"}});
        CHECK(ask(t.cache, r, hc::response(200, {{"X-P", "2"}}, body)) == hc::outcome::not_stored);
        CHECK(right);
    }
    CHECK_EQ(t.cache.stats().responses, 0u);
    CHECK_EQ(j.asked, 4);
}

TEST(what_it_refuses_in_pieces_is_not_stored) {
    judge j{refuse};
    test_cache t(j.options());
    hc::exchange x = t.cache.lookup(get);
    CHECK_EQ(x.store_begin(hc::response(200)), hc::outcome::storing);
    CHECK(x.store_write("body"));
    CHECK_EQ(x.store_end(), hc::outcome::not_stored);
    CHECK_EQ(x.reason(), "filter");
}

TEST(what_it_refuses_later_is_answered_once_more_and_deleted) {
    judge j{keep};
    test_cache t(j.options());
    store(t.cache, url, "body");
    j.rule = refuse;
    CHECK_EQ(stored_body(t.cache), "body");
    CHECK_EQ(decision_of(t.cache), hc::decision::forward);
}

template <class Thrown>
static void check_throwing(Thrown thrown) {
    judge j{keep};
    std::atomic<int> lines{0};
    hc::options o = j.options();
    o.log(hc::log_level::warning, [&](hc::log_level, std::string_view) { lines++; });
    test_cache t(o);
    store(t.cache, url, "body");
    j.rule = [&](const hc::request &, const hc::response &) -> bool { throw thrown; };
    CHECK(ask(t.cache, hc::request("GET", "http://other.test/"), hc::response(200)) ==
          hc::outcome::not_stored);
    // Nothing is deleted.
    CHECK_EQ(stored_body(t.cache), "body");
    CHECK_EQ(stored_body(t.cache), "body");
    CHECK_EQ(lines, 3);
    j.rule = keep;
    CHECK_EQ(stored_body(t.cache), "body");
}

TEST(a_standard_exception_stays_inside) {
    check_throwing(std::runtime_error("mine"));
}

TEST(an_exception_of_any_type_stays_inside) {
    check_throwing(42);
}

TEST(an_error_of_the_library_stays_inside) {
    check_throwing(hc::error(hc::errc::timeout, "mine"));
}

TEST(an_error_that_is_none_stays_inside) {
    check_throwing(hc::error());
}

TEST(it_may_use_the_cache) {
    judge j;
    test_cache t(j.options());
    j.rule = [&](const hc::request &r, const hc::response &) {
        if (r.url() == url)
            store(t.cache, "http://inside.test/", "inside");
        return true;
    };
    store(t.cache, url, "body");
    CHECK_EQ(stored_body(t.cache, "http://inside.test/"), "inside");
}

TEST(it_may_leave_by_an_exception_of_the_library_in_it) {
    judge j;
    test_cache t(j.options());
    j.rule = [&](const hc::request &, const hc::response &) {
        hc::request bad("GET", "no url");
        return true;
    };
    CHECK(ask(t.cache, get, hc::response(200)) == hc::outcome::not_stored);
}

TEST(it_is_destroyed_once_after_the_last_use) {
    scratch directory;
    const auto held = std::make_shared<int>();
    {
        hc::options o;
        o.filter([held](const hc::request &, const hc::response &) { return true; });
        CHECK_EQ(held.use_count(), 2);
        o.filter([held](const hc::request &, const hc::response &) { return true; });
        CHECK_EQ(held.use_count(), 2);
        hc::cache c(directory, o);
        o.close();
        CHECK_EQ(held.use_count(), 2);
        hc::exchange x = c.lookup(get);
        c.close();
        CHECK_EQ(held.use_count(), 2);
        CHECK_EQ(x.store(hc::response(200)), hc::outcome::stored);
    }
    CHECK_EQ(held.use_count(), 1);
}

TEST(closed_options_take_none_and_lose_none) {
    const auto held = std::make_shared<int>();
    hc::options o;
    o.close();
    CHECK_THROWS(o.filter([held](const hc::request &, const hc::response &) { return true; }),
                 hc::errc::misuse);
    CHECK_EQ(held.use_count(), 1);
}

TEST(what_it_is_lent_cannot_be_moved_away) {
    using function = hc::options::filter_function;
    static_assert(!std::is_constructible_v<function, bool (*)(hc::request &, hc::response &)>);
    static_assert(!std::is_constructible_v<function, bool (*)(hc::request &&, hc::response &&)>);
    static_assert(!std::is_copy_constructible_v<hc::response>);
    static_assert(!std::is_constructible_v<hc::response, const hc::response &&>);
}

TEST(the_clock_and_the_log_may_throw) {
    hc::options o;
    o.clock([]() -> hc::time_point { throw 1; });
    o.log(hc::log_level::debug, [](hc::log_level, std::string_view) { throw 1; });
    o.filter([](const hc::request &, const hc::response &) -> bool { throw 1; });
    test_cache t(o);
    CHECK(ask(t.cache, get, hc::response(200)) == hc::outcome::not_stored);
}
