/// Bodies in pieces, in and out, from none to 100 MiB.
#include "support.hpp"

#include <algorithm>

static const hc::request get("GET", url);

/// Stores in pieces; checks that it is stored to the end.
static void store_in_pieces(const hc::cache &c, std::string_view body, std::size_t piece) {
    hc::exchange x = c.lookup(hc::request("GET", url, {{"Cache-Control", "no-cache"}}));
    CHECK_EQ(x.store_begin(hc::response(200, {{"X-A", "1"}})), hc::outcome::storing);
    CHECK_EQ(x.view().status(), 200);
    for (std::size_t at = 0; at < body.size(); at += piece)
        CHECK(x.store_write(body.substr(at, piece)));
    CHECK_EQ(x.store_end(), hc::outcome::stored);
}

TEST(a_body_of_any_size_goes_in_and_out) {
    test_cache t;
    for (const std::size_t size : {0u, 1u, 2u, 65535u, 65536u, 65537u, 1000003u}) {
        for (const std::size_t piece : {1u, 1000u, 65536u, 10000000u}) {
            if (size / piece > 100000)
                continue;
            check::note(std::to_string(size) + " bytes in pieces of " + std::to_string(piece));
            const std::string body = bytes(size, piece);
            store_in_pieces(t.cache, body, piece);
            CHECK(stored_body(t.cache, url, piece) == body);
        }
    }
}

TEST(a_body_of_0_bytes_is_a_body) {
    test_cache t;
    store(t.cache, url, "");
    hc::exchange x = t.cache.lookup(get);
    CHECK(x.view().body() == ""sv);
    CHECK(x.view().body_size() == 0u);
    std::optional<hc::response> p = x.response();
    char c;
    CHECK_EQ(p->read(&c, 1), 0u);
    CHECK_EQ(p->body(), "");
}

TEST(a_body_of_100_MiB_goes_in_and_out_in_one_piece) {
    test_cache t;
    const std::string body = bytes(is_slow() ? 4 << 20 : 100 << 20, 1);
    const hc::response origin(200, {}, body);
    CHECK(ask(t.cache, get, origin) == hc::outcome::stored);
    hc::exchange x = t.cache.lookup(get);
    CHECK(!x.view().body());
    CHECK(x.view().body_size() == body.size());
    CHECK(x.response()->body() == body);
}

TEST(a_body_of_100_MiB_goes_in_and_out_in_pieces) {
    test_cache t;
    const std::string body = bytes(is_slow() ? 4 << 20 : 100 << 20, 2);
    store_in_pieces(t.cache, body, 1 << 20);
    CHECK(stored_body(t.cache, url, 1 << 20) == body);
}

TEST(what_is_abandoned_is_not_stored) {
    test_cache t;
    {
        hc::exchange x = t.cache.lookup(get);
        CHECK_EQ(x.store_begin(hc::response(200)), hc::outcome::storing);
        CHECK(x.store_write("half"));
    }
    CHECK_EQ(decision_of(t.cache), hc::decision::forward);
}

TEST(what_an_exception_abandons_is_not_stored) {
    test_cache t;
    try {
        hc::exchange x = t.cache.lookup(get);
        x.store_begin(hc::response(200));
        x.store_write("half");
        throw std::runtime_error("the network broke");
    } catch (const std::runtime_error &) {
    }
    CHECK_EQ(decision_of(t.cache), hc::decision::forward);
    CHECK_EQ(t.cache.stats().errors, 0u);
}

TEST(what_broke_off_is_not_stored) {
    test_cache t;
    hc::exchange x = t.cache.lookup(get);
    x.store_begin(hc::response(200));
    x.store_write("half");
    CHECK(!x.store_failure());
    CHECK_EQ(decision_of(t.cache), hc::decision::forward);
}

TEST(what_is_short_of_its_content_length_is_not_stored) {
    test_cache t;
    hc::exchange x = t.cache.lookup(get);
    CHECK_EQ(x.store_begin(hc::response(200, {{"Content-Length", "10"}})), hc::outcome::storing);
    CHECK(x.store_write("half"));
    CHECK_EQ(x.store_end(), hc::outcome::not_stored);
    CHECK_EQ(decision_of(t.cache), hc::decision::forward);
}

TEST(what_is_longer_than_its_content_length_is_no_longer_stored) {
    test_cache t;
    hc::exchange x = t.cache.lookup(get);
    CHECK_EQ(x.store_begin(hc::response(200, {{"Content-Length", "2"}})), hc::outcome::storing);
    CHECK(!x.store_write("half"));
    CHECK(!x.store_write("more"));
    CHECK_EQ(x.store_end(), hc::outcome::not_stored);
}

TEST(what_is_larger_than_allowed_passes_through) {
    test_cache t(std::move(hc::options().max_response_bytes(100)));
    hc::exchange x = t.cache.lookup(get);
    CHECK_EQ(x.store_begin(hc::response(200)), hc::outcome::storing);
    CHECK(!x.store_write(std::string(101, 'x')));
    CHECK_EQ(x.store_end(), hc::outcome::not_stored);
    store(t.cache, url, std::string(100, 'x'));
}

TEST(reading_and_the_whole_body_do_not_disturb_each_other) {
    test_cache t;
    const std::string body = bytes(300000, 5);
    store(t.cache, url, body);
    std::optional<hc::response> p = t.cache.lookup(get).response();
    char buffer[1000];
    const std::size_t n = p->read(buffer, sizeof buffer);
    CHECK(body.compare(0, n, buffer, n) == 0);
    CHECK(p->body() == body);
    CHECK(rest_of(*p) == body.substr(n));
    CHECK(p->body() == body);
}

TEST(a_stored_body_stays_while_it_is_read_and_replaced) {
    test_cache t;
    const std::string old_body = bytes(300000, 6), new_body = bytes(300000, 7);
    store(t.cache, url, old_body);
    std::optional<hc::response> p = t.cache.lookup(get).response();
    store(t.cache, url, new_body);
    CHECK(rest_of(*p) == old_body);
    CHECK(stored_body(t.cache) == new_body);
}

TEST(what_is_stored_comes_before_the_rest_of_the_origin) {
    for (const std::size_t size : {10u, 200000u}) {
        test_cache t(std::move(hc::options().cache_control(true).complete(true)));
        const std::string whole = bytes(size, 8);
        const std::size_t half = size / 2;
        const auto part = [&](std::size_t from, std::size_t to) {
            const std::string range = "bytes " + std::to_string(from) + "-" +
                                      std::to_string(to - 1) + "/" + std::to_string(size);
            return hc::response(
                206, {{"Cache-Control", "max-age=60"}, {"ETag", "\"a\""}, {"Content-Range", range}},
                std::string_view(whole).substr(from, to - from));
        };
        const std::string first = "bytes=0-" + std::to_string(half - 1);
        CHECK(ask(t.cache, hc::request("GET", url, {{"Range", first}}), part(0, half)) ==
              hc::outcome::stored);
        hc::exchange x = t.cache.lookup(get);
        CHECK(x.forward()->fields().find("Range").has_value());
        hc::response rest = part(half, size);
        CHECK_EQ(x.store_begin(rest), hc::outcome::storing);
        CHECK_EQ(x.view().status(), 200);
        CHECK(x.view().continued());
        std::optional<hc::response> beginning = x.response();
        CHECK(beginning->body() == whole.substr(0, half));
        CHECK(x.store_write(rest.body()));
        CHECK_EQ(x.store_end(), hc::outcome::stored);
        CHECK(!t.cache.lookup(get).view().continued());
        CHECK(stored_body(t.cache) == whole);
    }
}
