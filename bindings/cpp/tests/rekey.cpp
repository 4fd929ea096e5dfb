/// Keys made anew, after the settings that they are made by have changed.
#include "support.hpp"

#include <stdexcept>
#include <vector>

namespace {

const auto with_foo = "http://h.test/?foo=1"sv;

hc::options ignoring_foo() {
    return std::move(hc::options().ignored({"foo"}));
}

/// A directory in which one was stored with `foo` in its key, and caches before and after.
struct changed {
    scratch directory;
    hc::cache before{directory};
    hc::cache after{directory, ignoring_foo()};
    changed() { store(before, with_foo, "body"); }
};

/// What a function throws that has nothing to do with the library.
struct mine {
    int number;
};

} // namespace

TEST(what_was_stored_under_other_settings_is_found_again) {
    const changed t;
    CHECK_EQ(decision_of(t.after), hc::decision::forward);
    const hc_rekeyed counted = t.after.rekey();
    CHECK_EQ(counted.moved, 1u);
    CHECK_EQ(counted.collided, 0u);
    CHECK_EQ(counted.left, 0u);
    CHECK_EQ(stored_body(t.after), "body");
    CHECK_EQ(t.after.rekey().moved, 0u);
}

TEST(of_two_that_are_one_now_the_later_one_stays) {
    scratch directory;
    test_clock clock;
    const hc::cache before(directory, with_clock(clock));
    store(before, with_foo, "first");
    clock.pass(1s);
    store(before, "http://h.test/?foo=2", "second");
    const hc::cache after(directory, with_clock(clock).ignored({"foo"}));
    const hc_rekeyed counted = after.rekey();
    CHECK_EQ(counted.moved, 2u);
    CHECK_EQ(counted.collided, 1u);
    CHECK_EQ(stored_body(after), "second");
}

TEST(an_own_function_is_a_setting_too) {
    scratch directory;
    store(hc::cache(directory), with_foo, "body");
    hc::options o;
    o.key([](const hc::request &r, hc::key_sink &key) {
        if (r.url() != with_foo)
            throw mine{1};
        key.write("all");
    });
    store(hc::cache(directory), "http://h.test/other", "left");
    const hc::cache own(directory, o);
    const hc_rekeyed counted = own.rekey();
    CHECK_EQ(counted.moved, 1u);
    CHECK_EQ(counted.left, 1u);
    CHECK_EQ(stored_body(own, with_foo), "body");
}

TEST(settings_have_names_and_only_those_named_are_meant) {
    const changed t;
    const hc::cache unsorted(t.directory, hc::options().sort_query(false));
    const std::string names[] = {t.before.key_settings(), t.after.key_settings(),
                                 unsorted.key_settings()};
    CHECK(names[0] != names[1] && names[1] != names[2] && names[2] != names[0]);
    CHECK_EQ(hc::cache(t.directory).key_settings(), names[0]);
    CHECK_EQ(t.after.rekey(names[2]).moved, 0u);
    CHECK_EQ(t.after.rekey(names[2] + " " + names[0]).moved, 1u);
}

TEST(names_that_are_none_are_refused) {
    const changed t;
    for (const std::string_view from : {""sv, std::string_view(), " "sv, "x"sv, "0\0"sv})
        CHECK_THROWS(t.after.rekey(from), hc::errc::argument);
    CHECK_EQ(decision_of(t.after), hc::decision::forward);
}

TEST(progress_is_told_and_may_end_it) {
    scratch directory;
    const hc::cache before(directory);
    for (int i = 0; i < 600; i++)
        store(before, "http://h.test/" + std::to_string(i) + "?foo=1", "body");
    const hc::cache after(directory, ignoring_foo());
    std::vector<std::uint64_t> all;
    const auto end = [&](std::uint64_t done, std::uint64_t total) {
        CHECK(done > 0 && done < total);
        all.push_back(done);
        return false;
    };
    CHECK_THROWS(after.rekey({}, end), hc::errc::cancelled);
    CHECK_EQ(all.size(), 1u);
    const auto go_on = [&](std::uint64_t done, std::uint64_t) {
        all.push_back(done);
        // It may use the cache.
        return after.key(hc::request("GET", url)).has_value();
    };
    const hc_rekeyed counted = after.rekey({}, go_on);
    CHECK(counted.moved > 0 && counted.moved < 600);
    CHECK(all.size() > 1);
    for (int i = 0; i < 600; i += 50)
        CHECK_EQ(stored_body(after, "http://h.test/" + std::to_string(i)), "body");
}

template <class Thrown, class Is>
static void check_throwing(const Thrown &thrown, Is is) {
    const changed t;
    bool caught = false;
    try {
        t.after.rekey({}, [&](std::uint64_t, std::uint64_t) -> bool { throw thrown; });
    } catch (const Thrown &again) {
        caught = is(again);
    }
    CHECK(caught);
    t.after.rekey();
    CHECK_EQ(stored_body(t.after), "body");
}

TEST(what_progress_throws_is_thrown_again) {
    check_throwing(mine{7}, [](const mine &again) { return again.number == 7; });
    check_throwing(std::runtime_error("why"),
                   [](const std::exception &again) { return again.what() == "why"s; });
    check_throwing(hc::error(hc::errc::tls, "why"),
                   [](const hc::error &again) { return again.status() == hc::errc::tls; });
}
