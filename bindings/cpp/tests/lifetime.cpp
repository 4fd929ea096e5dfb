/// Objects are moved, and go in any order, on any thread.
#include "support.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

template <class T>
static constexpr bool is_moved_only =
    !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> &&
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>;

static_assert(is_moved_only<hc::cache> && is_moved_only<hc::options> &&
                  is_moved_only<hc::response> && is_moved_only<hc::exchange> &&
                  is_moved_only<hc::walk>,
              "objects have one owner");
static_assert(std::is_copy_constructible_v<hc::request> && std::is_copy_assignable_v<hc::request> &&
                  std::is_nothrow_move_constructible_v<hc::request> &&
                  std::is_nothrow_move_assignable_v<hc::request>,
              "a request is a value");
static_assert(std::is_nothrow_copy_constructible_v<hc::error> &&
                  std::is_nothrow_copy_assignable_v<hc::error>,
              "what is thrown can be copied (as std::exception_ptr may do)");
static_assert(sizeof(hc::cache) == sizeof(void *) && sizeof(hc::request) == sizeof(void *) &&
                  sizeof(hc::response) == sizeof(void *),
              "an object costs no more than its pointer");
static_assert(!std::is_convertible_v<hc_cache *, hc::cache> &&
                  !std::is_convertible_v<const char *, hc::cache>,
              "nothing is opened or owned by accident");

TEST(objects_go_in_any_order) {
    std::array<int, 5> order = {0, 1, 2, 3, 4};
    int permutations = 0;
    do {
        scratch directory;
        const auto held = std::make_shared<int>();
        hc::options o;
        o.clock([held] { return t0; });
        hc::cache c(directory, o);
        hc::request r("GET", url);
        store(c, url, "body");
        hc::exchange x = c.lookup(r);
        hc::response p = *x.response();
        const std::array<std::function<void()>, 5> close = {
            [&] { o.close(); }, [&] { c.close(); }, [&] { r.close(); },
            [&] { x.close(); }, [&] { p.close(); },
        };
        for (const int one : order)
            close[static_cast<std::size_t>(one)]();
        CHECK_EQ(held.use_count(), 1);
        permutations++;
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK_EQ(permutations, 120);
}

TEST(a_moved_object_is_the_same_elsewhere) {
    test_cache t;
    store(t.cache, url, "body");
    hc::cache c = std::move(t.cache);
    CHECK(t.cache.get() == nullptr);
    hc::request r("GET", url);
    hc::request s = std::move(r);
    hc::exchange x = c.lookup(s);
    hc::exchange y = std::move(x);
    hc::response p = *y.response();
    hc::response q = std::move(p);
    CHECK_EQ(rest_of(q), "body");
    t.cache = std::move(c);
    CHECK_EQ(stored_body(t.cache), "body");
}

TEST(an_assigned_object_lets_its_own_go) {
    scratch directory;
    const auto held = std::make_shared<int>();
    hc::options o;
    o.clock([held] { return t0; });
    hc::cache c(directory / "a", o);
    o = hc::options();
    CHECK_EQ(held.use_count(), 2);
    c = hc::cache(directory / "b");
    CHECK_EQ(held.use_count(), 1);
    hc::cache &same = c;
    c = std::move(same);
    CHECK_EQ(decision_of(c), hc::decision::forward);
}

TEST(objects_live_in_containers) {
    test_cache t;
    std::vector<hc::exchange> all;
    for (int i = 0; i < 100; i++)
        all.push_back(t.cache.lookup(hc::request("GET", std::string(url) + std::to_string(i))));
    for (hc::exchange &x : all)
        CHECK_EQ(x.store(hc::response(200, {}, x.forward()->url())), hc::outcome::stored);
    all.erase(all.begin(), all.begin() + 50);
    CHECK(all.front().view().body() == "http://h.test/50"sv);
}

TEST(an_object_of_the_c_library_is_taken_and_given) {
    scratch directory;
    hc_cache *raw = nullptr;
    CHECK_EQ(hc_open((directory / "x").c_str(), nullptr, &raw, nullptr), HC_OK);
    hc::cache c(raw);
    CHECK(c.get() == raw);
    store(c, url, "body");
    CHECK(c.release() == raw);
    CHECK(c.get() == nullptr);
    hc_close(raw);
    hc_request *r = hc::request("GET", url).release();
    CHECK_EQ(hc::request(r).url(), url);
}

TEST(what_is_given_to_threads_is_destroyed_once) {
    scratch directory;
    const auto held = std::make_shared<int>();
    {
        hc::options o;
        o.clock([held] { return t0; });
        hc::cache c(directory, o);
        store(c, url, bytes(200000));
        std::vector<hc::exchange> given;
        for (int i = 0; i < 8; i++)
            given.push_back(c.lookup(hc::request("GET", url)));
        c.close();
        o.close();
        in_threads(8, [&](unsigned i) {
            hc::response p = *given[i].response();
            given[i].close();
            CHECK(p.body() == bytes(200000));
        });
    }
    CHECK_EQ(held.use_count(), 1);
}

TEST(threads_store_and_look_at_once) {
    test_cache t;
    in_threads(8, [&](unsigned i) {
        for (unsigned k = 0; k < 50; k++) {
            const std::string to = std::string(url) + std::to_string((i + k) % 10);
            hc::exchange x = t.cache.lookup(hc::request("GET", to));
            if (x.forward() != nullptr)
                CHECK_EQ(x.store(hc::response(200, {}, to)), hc::outcome::stored);
            CHECK(x.view().body() == std::string_view(to));
        }
    });
}

TEST(what_a_walk_met_goes_in_any_order) {
    for (const bool walk_first : {true, false}) {
        test_cache t;
        store(t.cache, url, bytes(200000));
        store(t.cache, "http://other.test/", "body");
        hc::walk walk = t.cache.walk({}, hc::bodies::open);
        std::vector<hc::response> kept;
        for (const hc::stored &one : walk)
            kept.push_back(std::move(*one.response()));
        const hc::request asked = *kept.front().request();
        const hc::query q = hc::query().url(asked.url()).method("GET");
        hc::walk other = t.cache.walk(hc::query(q));
        CHECK(other.next());
        if (walk_first)
            walk.close();
        t.cache.close();
        kept.clear();
        CHECK(!other.next());
        CHECK_EQ(asked.method(), "GET"sv);
    }
}

TEST(an_error_crosses_threads) {
    std::exception_ptr caught;
    std::thread([&] {
        try {
            hc::request("GET", "no url");
        } catch (...) {
            caught = std::current_exception();
        }
    }).join();
    CHECK_THROWS(std::rethrow_exception(caught), hc::errc::url);
}
