/// Durations and instants on their way through the C library.
#include "support.hpp"

#include <limits>

using forever = std::numeric_limits<std::int64_t>;

TEST(durations_of_any_unit_become_milliseconds) {
    CHECK_EQ(hc::expiry(0s).value(), 0);
    CHECK_EQ(hc::expiry(1s).value(), 1000);
    CHECK_EQ(hc::expiry(24h).value(), 86400000);
    CHECK_EQ(hc::expiry(1999us).value(), 2);
    CHECK_EQ(hc::expiry(std::chrono::duration<double>(1.5)).value(), 1500);
    CHECK_EQ(hc::expiry(std::chrono::duration<float, std::ratio<60>>(0.5f)).value(), 30000);
    static_assert(hc::expiry(1s).value() == 1000, "an expiry is a constant expression");
}

TEST(what_is_shorter_than_a_millisecond_is_not_immediately) {
    CHECK_EQ(hc::expiry(1ns).value(), 1);
    CHECK_EQ(hc::expiry(std::chrono::duration<double>(1e-9)).value(), 1);
}

TEST(what_is_too_long_is_the_longest) {
    CHECK_EQ(hc::expiry(std::chrono::hours::max()).value(), forever::max());
    using years = std::chrono::duration<std::int64_t, std::ratio<31556952>>;
    CHECK_EQ(hc::expiry(years::max()).value(), forever::max());
    CHECK_EQ(hc::expiry(hc::milliseconds::max()).value(), forever::max());
    const auto infinite = std::chrono::duration<double>(std::numeric_limits<double>::infinity());
    CHECK_EQ(hc::expiry(infinite).value(), forever::max());
    CHECK_EQ(hc::expiry(std::chrono::seconds(9500000000000000)).value(), forever::max());
    hc::options().expire_after(years::max()).total_timeout(infinite);
}

TEST(no_number_is_a_named_value_by_accident) {
    for (const hc::named name : {hc::unset, hc::never, hc::do_not_cache}) {
        const auto number = static_cast<std::int64_t>(name);
        check::note(std::to_string(number));
        CHECK_EQ(hc::expiry(name).value(), number);
        CHECK_THROWS(hc::expiry(hc::milliseconds(number)), hc::errc::argument);
        CHECK_THROWS(hc::options().expire_at(hc::time_point(hc::milliseconds(number))),
                     hc::errc::argument);
        CHECK_THROWS(hc::options().max_response_bytes(number), hc::errc::argument);
        CHECK_THROWS(hc::options().max_variants(number), hc::errc::argument);
    }
}

TEST(what_is_no_number_is_no_duration) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS(hc::expiry(std::chrono::duration<double>(nan)), hc::errc::argument);
    CHECK_THROWS(hc::expiry(std::chrono::duration<double>(-0.001)), hc::errc::argument);
}

TEST(instants_of_any_unit_are_taken) {
    test_clock clock;
    test_cache t(with_clock(clock).expire_at(std::chrono::system_clock::time_point(t0 + 90s)));
    store(t.cache, url, "body");
    const hc::exchange x = t.cache.lookup(hc::request("GET", url));
    CHECK(x.view().expires_at() == t0 + 90s);
    CHECK(x.view().freshness_lifetime() == 90s);
    CHECK(x.view().created_at() == t0);
}

TEST(age_follows_the_clock) {
    test_clock clock;
    test_cache t(with_clock(clock));
    store(t.cache, url, "body");
    clock.pass(42s);
    CHECK_EQ(t.cache.lookup(hc::request("GET", url)).view().age().count(), 42000);
}

TEST(never_is_later_than_anything) {
    test_clock clock;
    test_cache t(with_clock(clock));
    store(t.cache, url, "body");
    hc::exchange x = t.cache.lookup(hc::request("GET", url));
    CHECK(x.view().expires_at() == hc::time_point::max());
    CHECK(x.view().freshness_lifetime() == hc::milliseconds::max());
    // And goes back as it came.
    hc::request r("GET", url);
    r.expire_after(*x.view().freshness_lifetime());
    CHECK_EQ(t.cache.lookup(r).decision(), hc::decision::fresh);
}

TEST(what_is_not_stored_has_no_times) {
    test_cache t;
    hc::exchange x = t.cache.lookup(hc::request("GET", url));
    CHECK_EQ(x.store(hc::response(404)), hc::outcome::not_stored);
    CHECK(!x.view().created_at());
    CHECK(!x.view().expires_at());
    CHECK(!x.view().freshness_lifetime());
}

TEST(each_named_expiry_does_what_it_says) {
    test_clock clock;
    test_cache t(with_clock(clock).expire_after(1min));
    struct {
        hc::expiry expiry;
        hc::outcome stored;
        hc::decision later;
    } const rows[] = {
        {hc::immediately, hc::outcome::stored, hc::decision::revalidate},
        {hc::never, hc::outcome::stored, hc::decision::fresh},
        {hc::unset, hc::outcome::stored, hc::decision::revalidate},
        {hc::do_not_cache, hc::outcome::not_stored, hc::decision::forward},
        {1h, hc::outcome::stored, hc::decision::fresh},
        {1s, hc::outcome::stored, hc::decision::revalidate},
    };
    int n = 0;
    for (const auto &row : rows) {
        const std::string to = std::string(url) + std::to_string(n++);
        check::note(to);
        hc::request r("GET", to);
        r.expire_after(row.expiry);
        CHECK(ask(t.cache, r, hc::response(200, {{"ETag", "\"a\""}}, "body")) == row.stored);
        clock.pass(61s);
        CHECK_EQ(decision_of(t.cache, to), row.later);
    }
}
