/// Which requests are the same: by the settings, by the partition, and by functions of the
/// caller's.
#include "support.hpp"

#include <fstream>
#include <stdexcept>
#include <vector>

namespace {

std::string key_of(const hc::cache &c, std::string_view to,
                   std::initializer_list<hc::field> fields = {}) {
    return c.key(hc::request("GET", to, fields)).value();
}

/// Whether requests for two URLs have one key, by options that `set` changes.
template <class Setter>
bool are_same(Setter set, std::string_view one, std::string_view other,
              std::initializer_list<hc::field> fields = {},
              std::initializer_list<hc::field> others = {}) {
    hc::options o;
    set(o);
    const test_cache t(o);
    return key_of(t.cache, one, fields) == key_of(t.cache, other, others);
}

/// What stands behind the host.
std::string_view path_of(const hc::request &r) {
    const std::string_view all = r.url();
    return all.substr(all.find('/', all.find("://") + 3));
}

void by_path(const hc::request &r, hc::key_sink &key) {
    key.write(path_of(r));
}

/// Of a request or a copy that is lent: Accept-Encoding is "gzip" where that is among it, or goes.
template <class Request>
void simplify(Request &r) {
    const auto accepted = r.fields().find("Accept-Encoding");
    const bool has_gzip = accepted && accepted->find("gzip") != std::string_view::npos;
    r.remove("Accept-Encoding");
    if (has_gzip)
        r.add("Accept-Encoding", "gzip");
}

const hc::request gzip("GET", url, {{"Accept-Encoding", "gzip, compress, br"}});
const hc::request also_gzip("GET", url, {{"Accept-Encoding", "br, gzip"}});
const hc::request brotli("GET", url, {{"Accept-Encoding", "br"}});

} // namespace

TEST(the_settings_say_which_requests_are_the_same) {
    using o = hc::options;
    const auto plain = [](o &) {};
    const auto one = "http://h.test/?a=1&b=2"sv, other = "http://h.test/?b=2&a=1"sv;
    CHECK(are_same(plain, one, other));
    CHECK(!are_same([](o &s) { s.sort_query(false); }, one, other));

    const auto foo = "http://h.test/?foo=bar"sv, qux = "http://h.test/?foo=qux"sv;
    const auto ignored = [](o &s) { s.ignored({"foo"}); };
    const auto counts = [](o &s) { s.ignored({"foo"}).ignored_presence_counts(true); };
    CHECK(!are_same(plain, foo, qux));
    CHECK(are_same(ignored, foo, qux) && are_same(ignored, foo, url));
    CHECK(are_same(counts, foo, qux) && !are_same(counts, foo, url));

    const auto matched = [](o &s) { s.match_fields({"X-A"}); };
    CHECK(are_same(plain, url, url, {{"X-A", "1"}}, {{"X-A", "2"}}));
    CHECK(!are_same(matched, url, url, {{"X-A", "1"}}, {{"X-A", "2"}}));
    CHECK(are_same(matched, url, url, {{"X-B", "1"}}, {{"X-B", "2"}}));
    const auto all = [](o &s) { s.match_all_fields(true); };
    CHECK(!are_same(all, url, url, {{"X-B", "1"}}, {{"X-B", "2"}}));

    const auto list = [](o &s) { s.match_fields({"X-A"}).unordered_fields({"X-A"}); };
    const auto any = [](o &s) { s.match_fields({"X-A"}).all_fields_unordered(true); };
    CHECK(!are_same(matched, url, url, {{"X-A", "p, q"}}, {{"X-A", "Q, p"}}));
    CHECK(are_same(list, url, url, {{"X-A", "p, q"}}, {{"X-A", "Q, p"}}));
    CHECK(are_same(any, url, url, {{"X-A", "p, q"}}, {{"X-A", "Q, p"}}));
}

TEST(names_come_from_any_container_and_replace_those_before) {
    const std::vector<std::string> names = {"X-A"};
    const auto replaced = [&](hc::options &o) { o.match_fields({"X-B"}).match_fields(names); };
    CHECK(!are_same(replaced, url, url, {{"X-A", "1"}}, {{"X-A", "2"}}));
    CHECK(are_same(replaced, url, url, {{"X-B", "1"}}, {{"X-B", "2"}}));
}

TEST(a_key_is_the_beginning_of_that_of_what_is_stored) {
    test_cache t;
    const std::string key = key_of(t.cache, url);
    CHECK(!key.empty());
    store(t.cache, url, "body");
    const hc::response p = *t.cache.lookup(hc::request("GET", url)).response();
    CHECK_EQ(p.key().substr(0, key.size()), key);
    CHECK_EQ(t.cache.stats().misses, 1u);
}

TEST(what_the_cache_has_no_part_in_has_no_key) {
    const test_cache t;
    CHECK(!t.cache.key(hc::request("POST", url)));
    CHECK(!t.cache.key(hc::request("GET", url).bypass(true)));
    CHECK(t.cache.key(hc::request("HEAD", url)));
}

TEST(a_partition_answers_no_other) {
    test_cache t(std::move(hc::options().partition("mine")));
    hc::request mine("GET", url), theirs("GET", url), nobodys("GET", url);
    theirs.partition("theirs");
    nobodys.partition("");
    for (const hc::request *r : {&mine, &theirs, &nobodys}) {
        const hc::response origin(200, {}, *t.cache.key(*r));
        CHECK(ask(t.cache, *r, origin) == hc::outcome::stored);
    }
    for (const hc::request *r : {&mine, &theirs, &nobodys})
        CHECK(t.cache.lookup(*r).view().body() == std::string_view(*t.cache.key(*r)));
    CHECK_EQ(t.cache.stats().responses, 3u);
    CHECK(t.cache.key(theirs.partition("mine")) == t.cache.key(mine));
}

TEST(how_tls_is_verified_is_part_of_the_key) {
    scratch directory;
    const auto one = directory / "one.pem", two = directory / "two.pem";
    std::ofstream(one) << "one";
    std::ofstream(two) << "two";
    const auto to = "https://h.test/";
    const hc::cache c(directory / "cache");
    const auto key = [&](auto set) {
        hc::request r("GET", to);
        set(r);
        return *c.key(r);
    };
    const std::string usual = key_of(c, to);
    CHECK(key([](auto &r) { r.verify_tls(false); }) != usual);
    CHECK(key([](auto &r) { r.verify_tls(true); }) == usual);
    const std::string of_one = key([&](auto &r) { r.ca_file(one); });
    CHECK(of_one != usual);
    CHECK(key([&](auto &r) { r.ca_file(two); }) != of_one);
    CHECK(key([&](auto &r) { r.ca_file(one).ca_file(""); }) == usual);
    const hc::cache with_one(directory / "cache", hc::options().ca_file(one));
    CHECK(key_of(with_one, to) == of_one);
    CHECK(*with_one.key(hc::request("GET", to).ca_file({})) == usual);
}

TEST(credentials_keep_apart_unless_they_are_shared) {
    hc::request alices("GET", url, {{"Authorization", "alice"}});
    hc::request bobs("GET", url, {{"Authorization", "bob"}});
    for (const bool shared : {false, true}) {
        test_cache t(std::move(hc::options().share_credentials(shared)));
        CHECK(ask(t.cache, alices, hc::response(200)) == hc::outcome::stored);
        CHECK_EQ(t.cache.lookup(bobs).decision() == hc::decision::fresh, shared);
    }
    test_cache t;
    CHECK(ask(t.cache, alices.share_credentials(true), hc::response(200)) == hc::outcome::stored);
    CHECK_EQ(t.cache.lookup(bobs).decision(), hc::decision::forward);
    CHECK_EQ(t.cache.lookup(bobs.share_credentials(true)).decision(), hc::decision::fresh);
}

TEST(an_option_of_a_request_can_be_read) {
    hc::request r("GET", url);
    CHECK(!r.option(HC_OPT_EXPIRE_AFTER));
    r.expire_after(2s).follow(false).stale_if_error(hc::never);
    const hc::request copy = r;
    CHECK(copy.option(HC_OPT_EXPIRE_AFTER) == 2000);
    CHECK(copy.option(HC_OPT_FOLLOW) == 0);
    CHECK(copy.option(HC_OPT_STALE_IF_ERROR) == HC_NEVER_EXPIRE);
    r.expire_after(hc::unset);
    CHECK(!r.option(HC_OPT_EXPIRE_AFTER));
}

TEST(an_own_function_makes_the_key) {
    test_cache t(std::move(hc::options().key(by_path)));
    store(t.cache, "http://a.test/x", "body");
    CHECK_EQ(stored_body(t.cache, "http://b.test/x"), "body");
    CHECK_EQ(decision_of(t.cache, "http://a.test/y"), hc::decision::forward);
    hc::request mine("GET", "http://a.test/x");
    CHECK_EQ(t.cache.lookup(mine.partition("mine")).decision(), hc::decision::forward);
}

TEST(it_may_add_to_the_keys_of_the_library) {
    hc::options o;
    o.methods({"GET", "POST"}).key([](const hc::request &r, hc::key_sink &key) {
        key.write(r.method()).write_url(r).write_body(r);
        const bool has = r.fields().find("X-A").has_value();
        CHECK_EQ(key.write_field(r, "x-a"), has);
    });
    test_cache t(o);
    const auto of = [&](std::string_view to, std::string_view body,
                        std::initializer_list<hc::field> fields) {
        return *t.cache.key(hc::request("POST", to, fields).body(body));
    };
    const auto form = hc::field{"Content-Type", "application/json"};
    const std::string key = of("http://h.test/?b=1&a=2", "{\"p\": 1, \"q\": 2}", {form});
    CHECK_EQ(of("http://h.test/?a=2&b=1&api_key=x", "{\"q\":2,\"p\":1}", {form}), key);
    CHECK(of("http://h.test/?b=1&a=3", "{\"p\": 1, \"q\": 2}", {form}) != key);
    CHECK(of("http://h.test/?b=1&a=2", "{\"p\": 1, \"q\": 3}", {form}) != key);
    CHECK(of("http://h.test/?b=1&a=2", "{\"p\": 1, \"q\": 2}", {form, {"X-A", ""}}) != key);
    CHECK_EQ(t.cache.stats().errors, 0u);
}

TEST(it_may_make_the_librarys_own_key_of_a_changed_copy) {
    hc::options o;
    o.match_fields({"Accept-Encoding"}).key([](const hc::request &r, hc::key_sink &key) {
        hc::request copy = r;
        simplify(copy);
        key.write_default_key(copy);
    });
    test_cache t(o);
    CHECK(t.cache.key(gzip) == t.cache.key(also_gzip));
    CHECK(t.cache.key(gzip) != t.cache.key(brotli));
    CHECK_EQ(*t.cache.key(brotli), key_of(t.cache, url));
}

TEST(it_sees_the_options_of_the_request) {
    test_cache t(std::move(hc::options().key([](const hc::request &r, hc::key_sink &key) {
        key.write(r.option(HC_OPT_EXPIRE_AFTER) ? "expires" : "stays");
    })));
    CHECK(t.cache.key(hc::request("GET", url).expire_after(1s)) != key_of(t.cache, url));
}

TEST(a_changed_copy_is_what_key_and_vary_compare) {
    hc::options o;
    test_cache t(o.normalize([](hc::request_copy &copy) { simplify(copy); }));
    hc::exchange x = t.cache.lookup(gzip);
    CHECK(x.forward()->fields().find("Accept-Encoding") == "gzip, compress, br"sv);
    const hc::response zipped(200, {{"Vary", "Accept-Encoding"}}, "zipped");
    CHECK_EQ(x.store(zipped), hc::outcome::stored);
    CHECK(t.cache.lookup(also_gzip).view().body() == "zipped"sv);
    CHECK_EQ(t.cache.lookup(brotli).decision(), hc::decision::forward);
}

TEST(all_of_the_copy_may_be_changed) {
    hc::options o;
    o.methods({"GET", "POST"}).match_all_fields(true).normalize([](hc::request_copy &copy) {
        const hc::request &read = copy;
        CHECK(read.url() == copy.url() && copy.method() == "POST" && !copy.body().empty());
        CHECK_EQ(copy.fields().size(), 1u);
        copy.assign("GET", "http://h.test/all").add("X-B", "1").body("all");
        CHECK(!copy.remove("X-A"));
    });
    test_cache t(o);
    const hc::request one("POST", "http://h.test/1", {{"X-A", "1"}});
    const hc::request other("POST", "http://h.test/2", {{"X-A", "2"}});
    CHECK(t.cache.key(hc::request(one).body("1")) == t.cache.key(hc::request(other).body("2")));
    CHECK_EQ(t.cache.stats().errors, 0u);
}

/// What a function does instead of its work, and the number that hc_key's error then gives.
struct fault {
    const char *name;
    std::function<void(hc::key_sink *)> commit;
    std::int32_t number;
};

static const std::vector<fault> faults = {
    {"a standard exception", [](hc::key_sink *) { throw std::runtime_error("mine"); },
     HC_E_CALLBACK},
    {"a number", [](hc::key_sink *) { throw 42; }, HC_E_CALLBACK},
    {"an error of the library", [](hc::key_sink *) { throw hc::error(hc::errc::timeout, "mine"); },
     HC_E_TIMEOUT},
    {"an error that is none", [](hc::key_sink *) { throw hc::error(); }, HC_E_CALLBACK},
    {"an error in a call", [](hc::key_sink *) { hc::request("GET", "no url"); }, HC_E_URL},
};

/// After each fault the request goes past the cache, and nothing of what is stored changes.
template <class Options>
static void check_fault(const fault &one, const Options &options_with) {
    check::note(one.name);
    std::atomic<bool> fails{false};
    std::atomic<int> lines{0};
    hc::options o = options_with(fails);
    o.log(hc::log_level::warning, [&](hc::log_level, std::string_view) { lines++; });
    test_cache t(o);
    store(t.cache, url, "body");
    fails = true;
    CHECK(ask(t.cache, hc::request("GET", url), hc::response(200)) == hc::outcome::not_stored);
    CHECK_EQ(t.cache.stats().errors, 1u);
    CHECK_EQ(lines, 1);
    try {
        t.cache.key(hc::request("GET", url));
        CHECK(false);
    } catch (const hc::error &e) {
        CHECK_EQ(e.status(), hc::errc::callback);
        CHECK(std::string(e.what()).find(std::to_string(one.number)) != std::string::npos);
    }
    fails = false;
    CHECK_EQ(stored_body(t.cache), "body");
}

TEST(a_failing_key_function_is_passed_by) {
    for (const fault &one : faults) {
        check_fault(one, [&](std::atomic<bool> &fails) {
            return std::move(hc::options().key([&](const hc::request &r, hc::key_sink &key) {
                by_path(r, key);
                if (fails)
                    one.commit(&key);
            }));
        });
    }
}

TEST(a_failing_change_is_passed_by) {
    for (const fault &one : faults) {
        check_fault(one, [&](std::atomic<bool> &fails) {
            return std::move(hc::options().normalize([&](hc::request_copy &copy) {
                copy.add("X-A", "1");
                if (fails)
                    one.commit(nullptr);
            }));
        });
    }
}

TEST(a_key_has_between_1_byte_and_64_kib) {
    std::size_t size = 1;
    std::optional<hc::errc> said;
    hc::options o;
    test_cache t(o.key([&](const hc::request &, hc::key_sink &key) {
        try {
            key.write(std::string(size, 'x'));
        } catch (const hc::error &e) {
            said = e.status();
        }
    }));
    for (const std::size_t good : {std::size_t(1), std::size_t(65536)}) {
        size = good;
        CHECK(t.cache.key(hc::request("GET", url)));
    }
    CHECK(!said);
    for (const std::size_t bad : {std::size_t(0), std::size_t(65537)}) {
        size = bad;
        CHECK_THROWS(t.cache.key(hc::request("GET", url)), hc::errc::callback);
    }
    CHECK(said == hc::errc::too_large);
}

TEST(it_may_ask_another_cache_and_not_its_own) {
    const test_cache other;
    const hc::cache *asks = &other.cache;
    hc::options o;
    test_cache t(o.key([&](const hc::request &r, hc::key_sink &key) {
        key.write(*asks->key(r));
        CHECK_EQ(asks->lookup(r).decision(), hc::decision::forward);
    }));
    CHECK(t.cache.key(hc::request("GET", url)));
    asks = &t.cache;
    try {
        t.cache.key(hc::request("GET", url));
        CHECK(false);
    } catch (const hc::error &e) {
        CHECK_EQ(e.status(), hc::errc::callback);
        CHECK(std::string(e.what()).find(std::to_string(HC_E_MISUSE)) != std::string::npos);
    }
}

TEST(many_threads_are_in_it_at_once) {
    test_cache t(std::move(
        hc::options().key(by_path).normalize([](hc::request_copy &copy) { simplify(copy); })));
    in_threads(8, [&](unsigned i) {
        for (unsigned k = 0; k < 50; k++) {
            const std::string to = "http://" + std::to_string(i) + ".test/" + std::to_string(k % 5);
            hc::exchange x = t.cache.lookup(hc::request("GET", to));
            if (x.forward() != nullptr)
                CHECK_EQ(x.store(hc::response(200)), hc::outcome::stored);
        }
    });
    CHECK_EQ(t.cache.stats().responses, 5u);
    CHECK_EQ(t.cache.stats().errors, 0u);
}

TEST(functions_are_destroyed_once_after_the_last_use) {
    scratch directory;
    const auto held = std::make_shared<int>();
    const auto key = [held](const hc::request &r, hc::key_sink &to) { by_path(r, to); };
    const auto change = [held](hc::request_copy &) {};
    const long mine = held.use_count();
    {
        hc::options o;
        o.key(key).normalize(change);
        CHECK_EQ(held.use_count(), mine + 2);
        o.key(key).normalize(nullptr);
        CHECK_EQ(held.use_count(), mine + 1);
        hc::cache c(directory, o);
        o.close();
        hc::exchange x = c.lookup(hc::request("GET", url));
        c.close();
        CHECK_EQ(held.use_count(), mine + 1);
        CHECK_EQ(x.store(hc::response(200)), hc::outcome::stored);
    }
    CHECK_EQ(held.use_count(), mine);
    hc::options gone;
    gone.close();
    CHECK_THROWS(gone.key(key), hc::errc::misuse);
    CHECK_THROWS(gone.normalize(change), hc::errc::misuse);
    CHECK_EQ(held.use_count(), mine);
}

TEST(an_empty_function_gives_the_keys_back_to_the_library) {
    hc::options o;
    o.key(by_path).normalize([](hc::request_copy &copy) { copy.assign("GET", url); });
    test_cache t(o.key(nullptr).normalize(nullptr));
    CHECK(key_of(t.cache, "http://a.test/x") != key_of(t.cache, "http://b.test/x"));
}

TEST(what_is_lent_cannot_be_moved_away_or_kept) {
    using key = hc::options::key_function;
    using change = hc::options::normalize_function;
    static_assert(!std::is_constructible_v<key, void (*)(hc::request &, hc::key_sink &)>);
    static_assert(!std::is_constructible_v<key, void (*)(const hc::request &, hc::key_sink)>);
    static_assert(!std::is_constructible_v<change, void (*)(hc::request &)>);
    static_assert(!std::is_constructible_v<change, void (*)(hc::request_copy)>);
    static_assert(!std::is_convertible_v<hc::request_copy &, hc::request &>);
    static_assert(std::is_convertible_v<hc::request_copy &, hc::request>);
}
