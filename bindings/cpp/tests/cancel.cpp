/// Giving up from another thread.
#include "support.hpp"

/// Does what waits for the origin on a thread, and gives up once the origin holds it at the gate.
static void cancelled(const origin &o, const hc::request &r, const std::function<void()> &wait) {
    in_threads(2, [&](unsigned i) {
        if (i == 0) {
            CHECK_THROWS(wait(), hc::errc::cancelled);
            return;
        }
        o.ask("/waiting/closed?count=1");
        CHECK(!r.is_cancelled());
        r.cancel();
        CHECK(r.is_cancelled());
    });
}

TEST(a_fetch_is_cancelled) {
    origin o;
    // What is stale would do for a failure; who gave up wants nothing.
    test_cache t(std::move(hc::options().expire_after(hc::immediately).stale_if_error(hc::never)));
    hc::request r("GET", o.at("/text/a?gate=closed"));
    CHECK(ask(t.cache, r, hc::response(200, {{"ETag", "\"1\""}})) == hc::outcome::stored);
    cancelled(o, r, [&] { t.cache.fetch(r); });
    // So it stays, until it is made anew.
    CHECK_THROWS(t.cache.fetch(r), hc::errc::cancelled);
    r.assign("GET", o.at("/text/b"));
    CHECK(!r.is_cancelled());
    CHECK_EQ(std::string(t.cache.fetch(r).body()), "b");
}

TEST(a_fetch_is_cancelled_that_does_not_throw) {
    origin o;
    test_cache t;
    const hc::request r("GET", o.at("/text/a?gate=closed"));
    cancelled(o, r, [&] {
        hc::error why;
        CHECK(!t.cache.try_fetch(r, why));
        CHECK(std::string(why.what()).find("cancelled") != std::string::npos);
        throw why;
    });
}

static std::string half(const origin &o) {
    return o.raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab") + "&more=cd&gate=closed";
}

TEST(reading_is_cancelled) {
    origin o;
    test_cache t;
    const hc::request r("GET", half(o));
    hc::response p = t.cache.fetch(r);
    cancelled(o, r, [&] { rest_of(p); });
    CHECK_EQ(t.cache.stats().responses, 0u);
}

TEST(the_whole_body_is_cancelled) {
    origin o;
    test_cache t;
    const hc::request r("GET", half(o));
    hc::response p = t.cache.fetch(r);
    cancelled(o, r, [&] { p.body(); });
    CHECK_EQ(t.cache.stats().responses, 0u);
}

TEST(a_body_is_cancelled_though_its_request_is_gone) {
    origin o;
    test_cache t;
    hc::request r("GET", o.at("/body/10000000"));
    hc::response p = t.cache.fetch(r);
    r.cancel();
    r.close();
    CHECK_THROWS(rest_of(p), hc::errc::cancelled);
}

TEST(what_is_stored_is_answered_all_the_same) {
    test_cache t;
    store(t.cache, url, bytes(200000));
    const hc::request r("GET", url);
    r.cancel();
    CHECK(t.cache.fetch(r).body() == bytes(200000));
    CHECK_EQ(t.cache.lookup(r).decision(), hc::decision::fresh);
}

TEST(a_client_of_ones_own_sees_it) {
    test_cache t;
    const hc::request r("GET", url);
    hc::exchange x = t.cache.lookup(r);
    CHECK(!x.forward()->is_cancelled());
    r.cancel();
    CHECK(x.forward()->is_cancelled());
}
