/// Every option of a cache and of a request, and what it does.
#include "support.hpp"

#include <list>
#include <vector>

/// What the cache decides about what it has stored, where the request has an option of its own.
template <class Setter>
static hc::decision decision_with(const hc::cache &c, Setter set) {
    hc::request r("GET", url);
    set(r);
    return c.lookup(r).decision();
}

/// What becomes of an answer of that status to a request for a page of its own.
static hc::outcome stores(const hc::cache &c, int status, std::string_view method = "GET") {
    const std::string to = std::string(url) + std::to_string(status) + std::string(method);
    return *ask(c, hc::request(method, to), hc::response(status));
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
        {"stale_while_revalidate", [](auto &o) { o.stale_while_revalidate(hc::never); },
         [](auto &o) { o.stale_while_revalidate(-1s); }},
        {"status_expiry", [](auto &o) { o.status_expiry(404, 1min).status_expiry(4, hc::unset); },
         [](auto &o) { o.status_expiry(1, 1min); }},
        {"status_expiry negative", [](auto &o) { o.status_expiry(999, hc::do_not_cache); },
         [](auto &o) { o.status_expiry(404, hc::named(-1)); }},
        {"url_rule", [](auto &o) { o.url_rule("*.h.test/a", 1min).url_rule("", hc::unset); },
         [](auto &o) { o.url_rule("h.test/[", 1min); }},
        {"url_rule_by_regex", [](auto &o) { o.url_rule_by_regex("^https:", hc::do_not_cache); },
         [](auto &o) { o.url_rule_by_regex("(", 1min); }},
        {"methods",
         [](auto &o) {
             o.methods({"GET", "QUERY"});
         },
         [](auto &o) {
             o.methods({"GET", "A B"});
         }},
        {"statuses",
         [](auto &o) {
             o.statuses({200, 999});
         },
         [](auto &o) { o.statuses({199}); }},
        {"ignored",
         [](auto &o) {
             o.ignored({"page", "$..session"});
         },
         [](auto &o) { o.ignored({"$.a["}); }},
        {"match_fields", [](auto &o) { o.match_fields({"X-A"}); },
         [](auto &o) { o.match_fields({"a:"}); }},
        {"unordered_fields", [](auto &o) { o.unordered_fields({"X-A"}); },
         [](auto &o) { o.unordered_fields({"a b"}); }},
        {"partition", [](auto &o) { o.partition(std::string(4096, 'x')).partition(""); },
         [](auto &o) { o.partition(std::string(4097, 'x')); }},
        {"targeted_fields", [](auto &o) { o.targeted_fields({"CDN-Cache-Control"}); },
         [](auto &o) { o.targeted_fields({"a:"}); }},
        {"cache_name", [](auto &o) { o.cache_name("mine"); }, [](auto &o) { o.cache_name("\n"); }},
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
        switches.sort_query(on).shared(on).immutable_forever(on).invalidate(on);
        switches.no_vary_search(on).groups(on).select_language(on).cache_status(on).workers(on);
        switches.always_revalidate(on).refresh(on).force_refresh(on).complete(on);
        switches.keep_request(on).bypass(on).read_only(on).match_all_fields(on);
        switches.ignored_presence_counts(on).all_fields_unordered(on);
        switches.share_credentials(on).verify_tls(on);
    }
}

TEST(an_option_that_this_header_does_not_know_is_set_by_its_number) {
    hc::options o;
    o.set(HC_OPT_MAX_VARIANTS, 10);
    CHECK_THROWS(o.set(9999, 1), hc::errc::unsupported);
    o.set(HC_STR_CACHE_NAME, "mine").add(HC_LIST_STATUS, "404").clear(HC_LIST_STATUS);
    CHECK_THROWS(o.set(9999, "x"), hc::errc::unsupported);
    o.set(HC_STR_CACHE_NAME, std::string_view());
    CHECK_THROWS(o.add(9999, "x"), hc::errc::unsupported);
    CHECK_THROWS(o.clear(9999), hc::errc::unsupported);
}

TEST(lists_are_read_as_they_stand) {
    hc::options o;
    CHECK(o.items(HC_LIST_METHOD) == (std::vector<std::string>{"GET", "HEAD"}));
    CHECK_EQ(o.items(HC_LIST_IGNORED).size(), 9u);
    CHECK_EQ(o.ignored({"page"}).items(HC_LIST_IGNORED).back(), "page");
    CHECK_EQ(o.items(HC_LIST_IGNORED).front(), "Authorization");
    CHECK(o.clear(HC_LIST_IGNORED).items(HC_LIST_IGNORED).empty());
    CHECK(o.items(9999).empty());
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

TEST(a_list_replaces_the_one_before_it) {
    test_cache t(std::move(hc::options().statuses({404, 410}).methods({"QUERY"}).statuses({404})));
    CHECK_EQ(stores(t.cache, 404, "QUERY"), hc::outcome::stored);
    CHECK_EQ(stores(t.cache, 410, "QUERY"), hc::outcome::not_stored);
    CHECK_EQ(stores(t.cache, 200, "QUERY"), hc::outcome::not_stored);
    CHECK_EQ(stores(t.cache, 404, "GET"), hc::outcome::not_stored);
}

TEST(a_list_comes_from_any_container) {
    const std::list<std::string> methods = {"GET"};
    const std::vector<unsigned short> statuses = {404, 410};
    test_cache t(std::move(hc::options().methods(methods).statuses(statuses)));
    CHECK_EQ(stores(t.cache, 410), hc::outcome::stored);
    CHECK_EQ(stores(t.cache, 410, "HEAD"), hc::outcome::not_stored);
}

TEST(an_item_is_added_to_the_default) {
    test_cache t(std::move(hc::options().add(HC_LIST_STATUS, "404")));
    CHECK_EQ(stores(t.cache, 404), hc::outcome::stored);
    CHECK_EQ(stores(t.cache, 200), hc::outcome::stored);
}

TEST(an_empty_list_is_empty) {
    test_cache t(std::move(hc::options().statuses({})));
    CHECK_EQ(stores(t.cache, 200), hc::outcome::not_stored);
}

TEST(a_status_has_an_expiry_of_its_own) {
    test_clock clock;
    hc::options o = with_clock(clock);
    o.expire_after(1h).statuses({200, 404, 410}).status_expiry(4, 1min);
    test_cache t(o.status_expiry(410, hc::do_not_cache));
    hc::exchange x = t.cache.lookup(hc::request("GET", url));
    CHECK_EQ(x.store(hc::response(404)), hc::outcome::stored);
    CHECK(x.view().freshness_lifetime() == 1min);
    CHECK_EQ(stores(t.cache, 410), hc::outcome::not_stored);
}

TEST(the_first_rule_for_a_url_holds) {
    hc::options o;
    o.url_rule_by_regex("/private/", hc::do_not_cache).url_rule("*.test", 1min).url_rule("*", 1h);
    test_cache t(std::move(o));
    hc::exchange x = t.cache.lookup(hc::request("GET", "http://a.test/x"));
    CHECK_EQ(x.store(hc::response(200)), hc::outcome::stored);
    CHECK(x.view().freshness_lifetime() == 1min);
    hc::exchange other = t.cache.lookup(hc::request("GET", "http://a.test/private/x"));
    CHECK_EQ(other.store(hc::response(200)), hc::outcome::not_stored);
}

TEST(what_is_targeted_at_this_cache_comes_first) {
    test_cache t(
        std::move(hc::options().cache_control(true).targeted_fields({"My-Cache", "CDN-Cache"})));
    hc::exchange x = t.cache.lookup(hc::request("GET", url));
    const hc::response origin(
        200,
        {{"CDN-Cache", "max-age=1"}, {"My-Cache", "max-age=60"}, {"Cache-Control", "no-store"}});
    CHECK_EQ(x.store(origin), hc::outcome::stored);
    CHECK(x.view().freshness_lifetime() == 1min);
}

TEST(the_cache_says_by_its_name_what_it_did) {
    test_cache t(std::move(hc::options().cache_status(true).cache_name("mine")));
    store(t.cache, url, "body");
    const hc::exchange x = t.cache.lookup(hc::request("GET", url));
    const std::optional<std::string_view> said = x.view().fields().find("Cache-Status");
    CHECK(said.has_value());
    CHECK_EQ(said->substr(0, 8), "mine;hit");
}

TEST(a_shared_cache_stores_nothing_private) {
    for (const bool shared : {true, false}) {
        test_cache t(std::move(hc::options().cache_control(true).shared(shared)));
        const hc::response origin(200, {{"Cache-Control", "private, max-age=60"}});
        CHECK(ask(t.cache, hc::request("GET", url), origin) ==
              (shared ? hc::outcome::not_stored : hc::outcome::stored));
    }
}

TEST(parameters_count_for_nothing_where_the_origin_says_so) {
    test_cache t(std::move(hc::options().no_vary_search(true)));
    const hc::response origin(200, {{"No-Vary-Search", "params=(\"utm\")"}}, "body");
    CHECK(ask(t.cache, hc::request("GET", "http://h.test/?a=1&utm=x"), origin) ==
          hc::outcome::stored);
    CHECK_EQ(decision_of(t.cache, "http://h.test/?a=1&utm=y"), hc::decision::fresh);
    CHECK_EQ(decision_of(t.cache, "http://h.test/?a=2"), hc::decision::forward);
}

TEST(a_group_is_invalidated_together) {
    test_cache t(std::move(hc::options().cache_control(true).groups(true)));
    for (const char *page : {"http://h.test/a", "http://h.test/b"}) {
        const hc::response origin(
            200, {{"Cache-Control", "max-age=60"}, {"Cache-Groups", "\"pages\""}}, "body");
        CHECK(ask(t.cache, hc::request("GET", page), origin) == hc::outcome::stored);
    }
    CHECK_EQ(decision_of(t.cache, "http://h.test/b"), hc::decision::fresh);
    ask(t.cache, hc::request("POST", "http://h.test/c"),
        hc::response(200, {{"Cache-Group-Invalidation", "\"pages\""}}));
    CHECK(decision_of(t.cache, "http://h.test/b") != hc::decision::fresh);
}

TEST(an_unsafe_method_invalidates_as_it_is_said) {
    for (const bool on : {true, false}) {
        test_cache t(std::move(hc::options().invalidate(on)));
        store(t.cache, url, "body");
        ask(t.cache, hc::request("PUT", url), hc::response(200));
        CHECK_EQ(decision_of(t.cache) == hc::decision::fresh, !on);
    }
}

TEST(what_is_immutable_is_never_stale_where_that_is_wanted) {
    test_clock clock;
    test_cache t(std::move(with_clock(clock).cache_control(true).immutable_forever(true)));
    const hc::response origin(200, {{"Cache-Control", "max-age=1, immutable"}});
    CHECK(ask(t.cache, hc::request("GET", url), origin) == hc::outcome::stored);
    clock.pass(24h);
    CHECK_EQ(decision_of(t.cache), hc::decision::fresh);
}

TEST(a_language_that_is_stored_is_good_enough_where_that_is_wanted) {
    for (const bool on : {true, false}) {
        test_cache t(std::move(hc::options().select_language(on)));
        const hc::response origin(200, {{"Vary", "Accept-Language"}, {"Content-Language", "de"}});
        CHECK(ask(t.cache, hc::request("GET", url, {{"Accept-Language", "de"}}), origin) ==
              hc::outcome::stored);
        const hc::request r("GET", url, {{"Accept-Language", "de, fr;q=0.5"}});
        CHECK_EQ(t.cache.lookup(r).decision() == hc::decision::fresh, on);
    }
}

TEST(a_request_revalidates_refreshes_or_replaces) {
    test_cache t;
    const hc::response origin(200, {{"ETag", "\"a\""}}, "body");
    CHECK(ask(t.cache, hc::request("GET", url), origin) == hc::outcome::stored);
    using hc::decision;
    CHECK_EQ(decision_with(t.cache, [](auto &) {}), decision::fresh);
    CHECK_EQ(decision_with(t.cache, [](auto &r) { r.always_revalidate(true); }),
             decision::revalidate);
    CHECK_EQ(decision_with(t.cache, [](auto &r) { r.refresh(true); }), decision::revalidate);
    CHECK_EQ(decision_with(t.cache, [](auto &r) { r.force_refresh(true); }), decision::forward);
    CHECK_EQ(decision_with(t.cache, [](auto &r) { r.force_refresh(true).force_refresh(false); }),
             decision::fresh);
}
