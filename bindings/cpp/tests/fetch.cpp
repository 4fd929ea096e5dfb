/// Fetching over libcurl from an origin.
#include "support.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/// What one of the four words that a user thinks in says.
static std::string source(const hc::response &p) {
    if (!p.from_cache())
        return "MISS";
    if (p.revalidated())
        return "REVALIDATED";
    return p.expired() ? "STALE" : "HIT";
}

static std::string get(const hc::cache &c, const std::string &of) {
    hc::response p = c.fetch(of);
    const std::string body = rest_of(p);
    return source(p) + " " + body;
}

/// A port of this machine on which nobody listens.
struct silent_port {
    silent_port() {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address = {};
        socklen_t size = sizeof address;
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK_EQ(bind(fd, reinterpret_cast<sockaddr *>(&address), size), 0);
        CHECK_EQ(getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size), 0);
        base = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    }
    ~silent_port() { close(fd); }
    int fd;
    std::string base;
};

TEST(a_miss_is_stored_as_it_is_read_and_then_a_hit) {
    origin o;
    test_cache t;
    const std::string target = "/body/300000?type=text/x";
    hc::response p = t.cache.fetch(o.at(target));
    CHECK_EQ(source(p), "MISS");
    CHECK_EQ(p.status(), 200);
    CHECK_EQ(p.reason(), "OK");
    CHECK(p.field("content-type") == "text/x"sv);
    CHECK(p.body_size() == 300000u);
    CHECK(rest_of(p, 1000) == origin_body(300000));
    hc::response hit = t.cache.fetch(o.at(target));
    CHECK_EQ(source(hit), "HIT");
    CHECK_EQ(hit.elapsed().count(), 0);
    CHECK_EQ(hit.url(), o.at(target));
    CHECK(hit.body() == origin_body(300000));
    CHECK_EQ(o.requests(target), 1);
}

TEST(the_whole_body_at_once_is_stored_as_well) {
    origin o;
    test_cache t;
    CHECK(t.cache.fetch(o.at("/body/100000")).body() == origin_body(100000));
    CHECK_EQ(source(t.cache.fetch(o.at("/body/100000"))), "HIT");
}

TEST(a_304_freshens_and_a_change_replaces) {
    origin o;
    test_clock clock;
    test_cache t(with_clock(clock).expire_after(1min));
    const std::string page = o.at("/version/page?etag=1");
    const std::string first = get(t.cache, page);
    CHECK_EQ(first.substr(0, 5), "MISS ");
    CHECK_EQ(get(t.cache, page).substr(0, 4), "HIT ");
    clock.pass(2min);
    CHECK_EQ(get(t.cache, page), "REVALIDATED " + first.substr(5));
    clock.pass(2min);
    CHECK_EQ(t.cache.fetch(hc::request("POST", o.at("/change/page"))).body(), "2");
    const std::string second = get(t.cache, page);
    CHECK_EQ(second.substr(0, 5), "MISS ");
    CHECK(second != first);
}

TEST(what_is_stale_is_used_when_the_origin_is_gone) {
    origin o;
    test_clock clock;
    test_cache t(with_clock(clock).expire_after(1min).stale_if_error(hc::never));
    CHECK_EQ(get(t.cache, o.at("/text/body")), "MISS body");
    o.stop();
    CHECK_EQ(get(t.cache, o.at("/text/body")), "HIT body");
    clock.pass(2min);
    CHECK_EQ(get(t.cache, o.at("/text/body")), "STALE body");
}

TEST(a_request_arrives_as_it_was_made) {
    origin o;
    test_cache t;
    hc::request r("PUT", o.at("/echo"), {{"X-A", "1"}, {"X-A", "2"}});
    const std::string said = t.cache.fetch(r.body("the content")).body();
    CHECK_EQ(said.substr(0, 16), "PUT /echo HTTP/1");
    CHECK(said.find("X-A: 1\r\nX-A: 2\r\n") != std::string::npos);
    CHECK(said.size() > 11 && said.substr(said.size() - 11) == "the content");
}

TEST(redirects_are_followed_unless_it_is_said_otherwise) {
    origin o;
    test_cache t;
    hc::request r("GET", o.at("/redirect/3"));
    hc::response p = t.cache.fetch(r);
    CHECK_EQ(p.status(), 200);
    CHECK_EQ(p.url(), o.at("/redirect/0"));
    CHECK_EQ(t.cache.fetch(r.follow(false)).status(), 302);
    CHECK_THROWS(t.cache.fetch(r.follow(true).max_redirects(2)), hc::errc::redirect);
}

TEST(a_stored_beginning_is_completed) {
    origin o;
    test_cache t(std::move(hc::options().cache_control(true).complete(true)));
    const std::string target =
        "/body/300000?ranges=1&field=ETag:%20%22a%22&field=Cache-Control:%20max-age=60";
    const hc::request first("GET", o.at(target), {{"Range", "bytes=0-99999"}});
    CHECK(t.cache.fetch(first).body() == origin_body(300000).substr(0, 100000));
    hc::response p = t.cache.fetch(o.at(target));
    CHECK_EQ(p.status(), 200);
    CHECK(!p.continued());
    CHECK(rest_of(p) == origin_body(300000));
    CHECK_EQ(source(t.cache.fetch(o.at(target))), "HIT");
    CHECK_EQ(o.requests(target), 2);
}

TEST(an_abandoned_response_is_not_stored) {
    origin o;
    test_cache t;
    const std::string page = o.at("/body/1000000");
    {
        hc::response p = t.cache.fetch(page);
        char c;
        CHECK_EQ(p.read(&c, 1), 1u);
    }
    CHECK_EQ(source(t.cache.fetch(page)), "MISS");
    hc::response p = t.cache.fetch(page);
    p.close();
    CHECK_EQ(source(t.cache.fetch(page)), "MISS");
}

TEST(a_failing_origin_is_an_error_that_says_how) {
    origin o;
    test_cache t;
    const silent_port nobody;
    CHECK_THROWS(t.cache.fetch(nobody.base), hc::errc::connect);
    CHECK_THROWS(t.cache.fetch(o.at("/close")), hc::errc::protocol);
    CHECK_THROWS(t.cache.fetch(o.raw("nonsense\r\n\r\n")), hc::errc::protocol);
    CHECK_THROWS(t.cache.fetch(hc::request("GET", o.at("/text/x?gate=never")).head_timeout(50ms)),
                 hc::errc::timeout);
    try {
        t.cache.fetch(nobody.base);
        CHECK(false);
    } catch (const std::exception &e) {
        CHECK(std::string(e.what()).find("127.0.0.1") != std::string::npos);
    }
}

TEST(a_body_that_is_cut_off_is_an_error_and_not_stored) {
    origin o;
    test_cache t;
    const std::string page = o.at("/body/100000?stop=50000&then=close");
    hc::response p = t.cache.fetch(page);
    CHECK_THROWS(rest_of(p), hc::errc::protocol);
    // What reading came to, it comes to again.
    CHECK_THROWS(rest_of(p), hc::errc::protocol);
    CHECK_EQ(source(t.cache.fetch(page)), "MISS");
}

TEST(to_try_is_not_to_throw) {
    origin o;
    test_cache t;
    const silent_port nobody;
    hc::error why;
    CHECK(!t.cache.try_fetch(hc::request("GET", nobody.base), why));
    CHECK_EQ(why.status(), hc::errc::connect);
    CHECK_EQ(why.cause(), "curl");
    CHECK(why.cause_number() > 0);
    auto p = t.cache.try_fetch(hc::request("GET", o.at("/body/10?stop=5&then=close")), why);
    CHECK(p.has_value());
    CHECK_EQ(why.status(), hc::errc::ok);
    char buffer[100];
    std::optional<std::size_t> n;
    std::size_t total = 0;
    while ((n = p->try_read(buffer, sizeof buffer, why)) && *n > 0)
        total += *n;
    CHECK(!n);
    CHECK_EQ(why.status(), hc::errc::protocol);
    CHECK(total <= 5);
    auto whole = t.cache.try_fetch(hc::request("GET", o.at("/text/abc")), why);
    CHECK(whole->try_read(buffer, sizeof buffer, why) == 3u);
    CHECK(whole->try_read(buffer, sizeof buffer, why) == 0u);
    static_assert(noexcept(t.cache.try_fetch(std::declval<const hc::request &>(), why)));
    static_assert(noexcept(p->try_read(buffer, 1, why)));
}

TEST(many_threads_fetch_at_once) {
    origin o;
    test_cache t;
    in_threads(8, [&](unsigned i) {
        for (unsigned k = 0; k < 20; k++) {
            const std::string word = std::to_string((i + k) % 5);
            CHECK_EQ(t.cache.fetch(o.at("/text/" + word)).body(), word);
        }
    });
    CHECK(t.cache.stats().hits > 0);
    CHECK_EQ(t.cache.stats().errors, 0u);
}

TEST(a_body_of_0_and_of_100_MiB_are_fetched) {
    origin o;
    test_cache t;
    CHECK_EQ(get(t.cache, o.at("/body/0")), "MISS ");
    CHECK_EQ(get(t.cache, o.at("/body/0")), "HIT ");
    const std::size_t size = is_slow() ? 4 << 20 : 100 << 20;
    const std::string page = o.at("/body/" + std::to_string(size));
    const std::uint64_t wanted = hash(origin_body(size));
    CHECK_EQ(hash(t.cache.fetch(page).body()), wanted);
    hc::response hit = t.cache.fetch(page);
    CHECK_EQ(source(hit), "HIT");
    CHECK_EQ(hash(hit.body()), wanted);
}
