/// Opening a cache, and every option that it takes.
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

TEST(every_option_is_taken_in_its_range_and_refused_out_of_it) {
    using setter = std::function<void(hc::options &)>;
    struct row {
        const char *name;
        setter good, bad;
    };
    const row rows[] = {
        {"heuristic_percent", [](auto &o) { o.heuristic_percent(100); },
         [](auto &o) { o.heuristic_percent(101); }},
        {"max_redirects", [](auto &o) { o.max_redirects(0); },
         [](auto &o) { o.max_redirects(1001); }},
        {"max_variants", [](auto &o) { o.max_variants(4096); }, [](auto &o) { o.max_variants(0); }},
        {"max_head_bytes", [](auto &o) { o.max_head_bytes(1024); },
         [](auto &o) { o.max_head_bytes(1023); }},
        {"max_fields", [](auto &o) { o.max_fields(1); }, [](auto &o) { o.max_fields(0); }},
        {"max_url_bytes", [](auto &o) { o.max_url_bytes(16); },
         [](auto &o) { o.max_url_bytes(15); }},
        {"max_response_bytes", [](auto &o) { o.max_response_bytes(0); },
         [](auto &o) { o.max_response_bytes(-1); }},
        {"max_response_bytes named", [](auto &o) { o.max_response_bytes(hc::never); },
         [](auto &o) { o.max_response_bytes(hc::do_not_cache); }},
        {"expire_after", [](auto &o) { o.expire_after(hc::do_not_cache); },
         [](auto &o) { o.expire_after(-1ms); }},
        {"expire_at", [](auto &o) { o.expire_at(t0); },
         [](auto &o) { o.expire_at(hc::time_point(-1ms)); }},
        {"stale_if_error", [](auto &o) { o.stale_if_error(hc::never); },
         [](auto &o) { o.stale_if_error(hc::do_not_cache); }},
        {"connect_timeout", [](auto &o) { o.connect_timeout(1s); },
         [](auto &o) { o.connect_timeout(hc::do_not_cache); }},
        {"head_timeout", [](auto &o) { o.head_timeout(hc::never); },
         [](auto &o) { o.head_timeout(-1s); }},
        {"idle_timeout", [](auto &o) { o.idle_timeout(1min); },
         [](auto &o) { o.idle_timeout(-1h); }},
        {"total_timeout", [](auto &o) { o.total_timeout(24h); },
         [](auto &o) { o.total_timeout(hc::do_not_cache); }},
        {"durability", [](auto &o) { o.durability(hc::durability::safe); },
         [](auto &o) { o.durability(static_cast<hc::durability>(3)); }},
    };
    for (const row &one : rows) {
        check::note(one.name);
        hc::options o;
        one.good(o);
        CHECK_THROWS(one.bad(o), hc::errc::argument);
    }
    hc::options switches;
    for (const bool on : {true, false}) {
        switches.cache_control(on).only_if_cached(on).follow(on).allow_downgrade(on).retry(on);
        switches.sort_query(on);
    }
}

TEST(an_option_that_this_header_does_not_know_is_set_by_its_number) {
    hc::options o;
    o.set(HC_OPT_MAX_VARIANTS, 10);
    CHECK_THROWS(o.set(9999, 1), hc::errc::unsupported);
}

TEST(options_are_copied_when_a_cache_is_opened) {
    scratch directory;
    hc::options o;
    o.expire_after(1h).clock([] { return t0; });
    const hc::cache c(directory, o);
    o.expire_after(1s);
    o.close();
    store(c, url, "body");
    CHECK(c.lookup(hc::request("GET", url)).view().expires_at() == t0 + 1h);
}

TEST(log_lines_arrive_up_to_their_level) {
    scratch directory;
    std::string all;
    bool levels_known = true;
    hc::options o;
    o.log(hc::log_level::debug, [&](hc::log_level level, std::string_view line) {
        levels_known =
            levels_known && level >= hc::log_level::error && level <= hc::log_level::debug;
        all.append(line).append("\n");
    });
    o.filter([](const hc::request &, const hc::response &) -> bool { throw 1; });
    hc::cache c(directory, o);
    CHECK(ask(c, hc::request("GET", url), hc::response(200)) == hc::outcome::not_stored);
    CHECK(all.find("filter") != std::string::npos);
    CHECK(levels_known);
}

TEST(an_empty_function_takes_a_callback_away) {
    scratch directory;
    hc::options o;
    bool called = false;
    o.filter([&](const hc::request &, const hc::response &) { return !(called = true); });
    o.filter(nullptr).log(hc::log_level::debug, nullptr).clock(nullptr);
    hc::cache c(directory, o);
    store(c, url, "body");
    CHECK(!called);
    const auto before = std::chrono::system_clock::now() - 1min;
    CHECK(c.lookup(hc::request("GET", url)).view().created_at() > before);
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
