/// Opening a cache, and what it says of itself.
#include "support.hpp"

#include <cerrno>
#include <fstream>

namespace fs = std::filesystem;

TEST(a_cache_is_opened_with_and_without_options) {
    scratch directory;
    hc::cache plain(directory / "plain");
    hc::cache configured(directory / "configured",
                         hc::options().cache_control(true).expire_after(1h));
    CHECK_EQ(decision_of(plain), hc::decision::forward);
    CHECK_EQ(decision_of(configured), hc::decision::forward);
    CHECK(fs::is_directory(directory / "plain"));
}

TEST(a_directory_opened_twice_is_one_store) {
    scratch directory;
    const hc::cache one(directory), other(directory);
    store(one, url, "body");
    CHECK_EQ(stored_body(other), "body");
}

TEST(closing_is_enough_to_keep_what_was_stored) {
    scratch directory;
    {
        hc::cache c(directory);
        store(c, url, "body");
        c.flush();
        c.close();
        CHECK(c.get() == nullptr);
    }
    CHECK_EQ(stored_body(hc::cache(directory)), "body");
}

TEST(any_path_of_the_file_system_is_taken) {
    scratch directory;
    for (const char *name : {"with space", "\xc3\xa4\xe2\x82\xac", "\xff\xfe", "'\"\\n"}) {
        check::note(name);
        const fs::path path = directory / name;
        hc::cache c(path);
        CHECK(fs::is_directory(path));
    }
}

TEST(a_path_that_is_refused_is_named) {
    scratch directory;
    std::ofstream(directory / "file") << "x";
    fs::create_directory(directory / "real");
    fs::create_symlink(directory / "real", directory / "link");
    try {
        hc::cache c(directory / "file");
        CHECK(false);
    } catch (const hc::error &e) {
        CHECK_EQ(e.status(), hc::errc::not_directory);
        CHECK(std::string(e.what()).find((directory / "file").string()) != std::string::npos);
    }
    CHECK_THROWS(hc::cache(directory / "link"), hc::errc::symlink);
}

TEST(an_error_of_the_system_is_told_with_its_number) {
    scratch directory;
    try {
        hc::cache c(directory / std::string(300, 'x').c_str());
        CHECK(false);
    } catch (const hc::error &e) {
        CHECK_EQ(e.cause(), "errno"sv);
        CHECK_EQ(e.cause_number(), ENAMETOOLONG);
        const hc::error copy = e;
        CHECK_EQ(std::string(copy.what()), e.what());
        CHECK_EQ(copy.cause_number(), ENAMETOOLONG);
    }
}

TEST(an_error_of_the_binding_has_no_cause) {
    scratch directory;
    hc::cache c(directory);
    c.close();
    try {
        c.stats();
        CHECK(false);
    } catch (const hc::error &e) {
        CHECK_EQ(e.what(), "the cache was closed or moved from"s);
        CHECK(e.cause().empty());
        CHECK_EQ(e.cause_number(), 0);
    }
    CHECK_EQ(hc::error().status(), hc::errc::ok);
    CHECK(hc::error().cause().empty());
}

TEST(a_recorded_option_is_not_changed_later) {
    scratch directory;
    hc::cache(directory, hc::options().durability(hc::durability::fast));
    CHECK_THROWS(hc::cache(directory, hc::options().durability(hc::durability::synced)),
                 hc::errc::mismatch);
    CHECK_EQ(decision_of(hc::cache(directory)), hc::decision::forward);
}

TEST(flushing_takes_a_time_to_wait) {
    test_cache t;
    store(t.cache, url, "body");
    t.cache.flush();
    t.cache.flush(0s);
    t.cache.flush(1min);
    CHECK_THROWS(t.cache.flush(-1ms), hc::errc::argument);
    CHECK_THROWS(t.cache.flush(hc::do_not_cache), hc::errc::argument);
}

TEST(stats_count) {
    test_cache t;
    store(t.cache, url, "body");
    stored_body(t.cache);
    const hc_stats s = t.cache.stats();
    CHECK_EQ(s.responses, 1u);
    CHECK_EQ(s.hits, 1u);
    CHECK_EQ(s.misses, 1u);
    CHECK_EQ(s.stores, 1u);
    CHECK_EQ(s.errors, 0u);
    CHECK(s.bytes > 0);
}
