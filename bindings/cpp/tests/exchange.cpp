/// The life of an exchange: what is stored, and what is handed on.
#include "support.hpp"

#include <vector>

static const hc::request get("GET", url);

TEST(a_miss_is_forwarded_stored_and_then_a_hit) {
    test_cache t;
    hc::exchange x = t.cache.lookup(get);
    CHECK_EQ(x.decision(), hc::decision::forward);
    CHECK_EQ(x.reason(), "uri-miss");
    CHECK_EQ(x.view().status(), 0);
    CHECK(x.forward() != nullptr);
    CHECK_EQ(x.forward()->url(), url);
    CHECK_EQ(x.forward()->method(), "GET");
    CHECK(!x.response());
    CHECK_EQ(x.store(hc::response(200, {{"X-A", "1"}}, "body", "Fine")), hc::outcome::stored);
    CHECK_EQ(x.view().status(), 200);
    CHECK_EQ(x.view().reason(), "Fine");
    CHECK(x.view().body() == "body"sv);
    CHECK(!x.view().from_cache());

    hc::exchange hit = t.cache.lookup(get);
    CHECK_EQ(hit.decision(), hc::decision::fresh);
    CHECK_EQ(hit.reason(), "");
    CHECK_EQ(hit.view().status(), 200);
    CHECK(hit.view().fields().find("x-a") == "1"sv);
    CHECK(hit.view().body() == "body"sv);
    CHECK(hit.view().body_size() == 4u);
    CHECK_EQ(hit.view().url(), url);
    CHECK(hit.view().from_cache() && !hit.view().expired() && !hit.view().revalidated());
    CHECK(hit.forward() == nullptr);
}

TEST(the_response_is_an_object_of_its_own) {
    test_clock clock;
    test_cache t(with_clock(clock).expire_after(1h));
    store(t.cache, url, "body");
    std::optional<hc::response> p = t.cache.lookup(get).response();
    CHECK(p.has_value());
    t.cache.close();
    CHECK_EQ(p->status(), 200);
    CHECK(p->from_cache());
    CHECK(p->created_at() == t0);
    CHECK(p->expires_at() == t0 + 1h);
    CHECK(p->freshness_lifetime() == 1h);
    CHECK(!p->key().empty());
    CHECK_EQ(p->url(), url);
    CHECK_EQ(rest_of(*p), "body");
    CHECK_EQ(p->body(), "body");
}

TEST(there_is_nothing_to_send_once_it_was_answered) {
    test_cache t;
    const std::vector<std::function<void(hc::exchange &)>> answers = {
        [](hc::exchange &x) { x.store(hc::response(200)); },
        [](hc::exchange &x) { x.store(hc::response(404)); },
        [](hc::exchange &x) { x.store_begin(hc::response(200)); },
        [](hc::exchange &x) { x.store_begin(hc::response(404)); },
        [](hc::exchange &x) { x.store_failure(); },
    };
    for (const auto &answer : answers) {
        hc::exchange x = t.cache.lookup(hc::request("GET", url, {{"Cache-Control", "no-cache"}}));
        CHECK(x.forward() != nullptr);
        answer(x);
        CHECK(x.forward() == nullptr);
    }
}

TEST(a_304_freshens) {
    test_clock clock;
    test_cache t(with_clock(clock).expire_after(1min));
    CHECK(ask(t.cache, get, hc::response(200, {{"ETag", "\"a\""}}, "body")) == hc::outcome::stored);
    clock.pass(2min);
    hc::exchange x = t.cache.lookup(get);
    CHECK_EQ(x.decision(), hc::decision::revalidate);
    CHECK_EQ(x.reason(), "stale");
    CHECK(x.forward()->fields().find("If-None-Match") == "\"a\""sv);
    CHECK_EQ(x.store(hc::response(304, {{"ETag", "\"a\""}})), hc::outcome::freshened);
    CHECK_EQ(x.view().status(), 200);
    CHECK(x.view().body() == "body"sv);
    CHECK(x.view().from_cache() && x.view().revalidated() && !x.view().expired());
    CHECK_EQ(decision_of(t.cache), hc::decision::fresh);
    CHECK_EQ(t.cache.stats().revalidations, 1u);
}

TEST(a_304_that_fits_nothing_is_asked_for_again) {
    test_clock clock;
    test_cache t(with_clock(clock).expire_after(1min));
    CHECK(ask(t.cache, get, hc::response(200, {{"ETag", "\"a\""}}, "old")) == hc::outcome::stored);
    clock.pass(2min);
    hc::exchange x = t.cache.lookup(get);
    const hc::request *first = x.forward();
    CHECK(first->fields().find("If-None-Match").has_value());
    CHECK_EQ(x.store(hc::response(304, {{"ETag", "\"b\""}})), hc::outcome::repeat);
    CHECK(!x.forward()->fields().find("If-None-Match"));
    CHECK_EQ(x.store(hc::response(200, {{"ETag", "\"b\""}}, "new")), hc::outcome::stored);
    CHECK(x.forward() == nullptr);
    CHECK_EQ(stored_body(t.cache), "new");
}

static hc::options patient(const test_clock &clock) {
    hc::options o = with_clock(clock);
    o.expire_after(1min).stale_if_error(1h);
    return o;
}

TEST(what_is_stale_is_used_when_the_origin_fails) {
    test_clock clock;
    test_cache t(patient(clock));
    store(t.cache, url, "body");
    clock.pass(30min);
    hc::exchange x = t.cache.lookup(get);
    CHECK_EQ(x.store(hc::response(503, {}, "sorry")), hc::outcome::used_stale);
    CHECK(x.view().body() == "body"sv);
    CHECK(x.view().expired());
    hc::exchange y = t.cache.lookup(get);
    CHECK(y.store_failure());
    CHECK(y.view().body() == "body"sv);
    clock.pass(2h);
    hc::exchange late = t.cache.lookup(get);
    CHECK(!late.store_failure());
    CHECK_EQ(late.view().status(), 0);
    CHECK(!late.response());
}

TEST(what_the_request_allows_is_served_stale) {
    test_clock clock;
    test_cache t(with_clock(clock).expire_after(1min).cache_control(true));
    store(t.cache, url, "body");
    clock.pass(2min);
    const hc::request r("GET", url, {{"Cache-Control", "max-stale"}});
    const hc::exchange x = t.cache.lookup(r);
    CHECK_EQ(x.decision(), hc::decision::stale);
    CHECK(x.view().expired());
}

TEST(a_request_that_only_reads_stores_nothing_and_one_that_bypasses_reads_nothing) {
    test_cache t;
    hc::request r("GET", url);
    r.read_only(true);
    CHECK_EQ(t.cache.lookup(r).store(hc::response(200)), hc::outcome::not_stored);
    CHECK_EQ(t.cache.lookup(r.read_only(false)).store(hc::response(200)), hc::outcome::stored);
    CHECK_EQ(t.cache.lookup(r.read_only(true)).decision(), hc::decision::fresh);
    CHECK_EQ(t.cache.lookup(r.bypass(true)).decision(), hc::decision::forward);
}

TEST(only_if_cached_is_a_504) {
    test_cache t;
    hc::request r("GET", url);
    r.only_if_cached(true);
    hc::exchange x = t.cache.lookup(r);
    CHECK_EQ(x.decision(), hc::decision::unsatisfiable);
    CHECK_EQ(x.view().status(), 504);
    CHECK(x.forward() == nullptr);
}

TEST(an_answer_that_is_not_stored_is_handed_on) {
    test_cache t;
    hc::exchange x = t.cache.lookup(get);
    CHECK_EQ(x.store(hc::response(404, {{"X-A", "1"}}, "not here")), hc::outcome::not_stored);
    CHECK_EQ(x.view().status(), 404);
    CHECK(x.view().fields().find("X-A") == "1"sv);
    CHECK(!x.reason().empty());
    CHECK_EQ(decision_of(t.cache), hc::decision::forward);
}

TEST(an_unsafe_method_invalidates) {
    scratch directory;
    const hc::cache c(directory, hc::options().cache_control(true));
    store(c, url, "body");
    CHECK(ask(c, hc::request("POST", url).body("x"), hc::response(200)) == hc::outcome::not_stored);
    CHECK_EQ(decision_of(c), hc::decision::forward);
}

TEST(variants_are_chosen_by_the_selecting_fields) {
    test_cache t;
    for (const char *language : {"de", "fr"}) {
        const hc::request r("GET", url, {{"Accept-Language", language}});
        CHECK(ask(t.cache, r, hc::response(200, {{"Vary", "Accept-Language"}}, language)) ==
              hc::outcome::stored);
    }
    hc::exchange de = t.cache.lookup(hc::request("GET", url, {{"Accept-Language", "de"}}));
    CHECK(de.view().body() == "de"sv);
    hc::exchange it = t.cache.lookup(hc::request("GET", url, {{"Accept-Language", "it"}}));
    CHECK_EQ(it.reason(), "vary-miss");
}

TEST(a_request_serves_many_lookups) {
    test_cache t;
    hc::request r("GET", url);
    for (int i = 0; i < 10; i++) {
        r.assign("GET", std::string(url) + std::to_string(i));
        CHECK(ask(t.cache, r, hc::response(200, {}, std::to_string(i))) == hc::outcome::stored);
    }
    CHECK_EQ(stored_body(t.cache, "http://h.test/7"), "7");
    CHECK_EQ(t.cache.stats().responses, 10u);
}

TEST(an_exchange_that_moves_stays_the_same) {
    test_cache t;
    hc::exchange x = t.cache.lookup(get);
    const hc::request *sent = x.forward();
    CHECK_EQ(sent->url(), url);
    hc::exchange moved = std::move(x);
    CHECK_EQ(moved.forward()->url(), url);
    hc::exchange other = t.cache.lookup(hc::request("GET", "http://other.test/"));
    CHECK(other.forward() != nullptr);
    moved = std::move(other);
    CHECK_EQ(moved.forward()->url(), "http://other.test/");
    CHECK_EQ(moved.store(hc::response(200, {}, "body")), hc::outcome::stored);
    CHECK_EQ(stored_body(t.cache, "http://other.test/"), "body");
}

TEST(an_exchange_explains_what_it_decided) {
    test_clock clock;
    test_cache t(with_clock(clock).expire_after(1min));
    const hc::request r("GET", "http://h.test/?token=s3cret", {{"X-Secret", "s3cret"}});
    hc::exchange x = t.cache.lookup(r);
    const std::string miss = x.explain();
    CHECK(miss.find("decision: forward") != std::string::npos);
    CHECK(miss.find("uri-miss") != std::string::npos);
    CHECK_EQ(x.store(hc::response(200, {}, "body")), hc::outcome::stored);
    clock.pass(15s);
    const std::string hit = t.cache.lookup(r).explain();
    CHECK(hit.find("decision: fresh") != std::string::npos);
    CHECK(hit.find("15000 ms") != std::string::npos);
    // What was said before stays.
    CHECK(miss.find("decision: forward") != std::string::npos);
    CHECK((miss + hit).find("s3cret") == std::string::npos);
}

TEST(conditions_and_ranges_are_answered_from_the_store) {
    test_cache t;
    CHECK(ask(t.cache, get, hc::response(200, {{"ETag", "\"a\""}}, "0123456789")) ==
          hc::outcome::stored);
    struct {
        hc::field asked;
        int status;
        std::string_view body;
    } const rows[] = {
        {{"If-None-Match", "\"a\""}, 304, ""},
        {{"If-None-Match", "\"b\""}, 200, "0123456789"},
        {{"Range", "bytes=2-4"}, 206, "234"},
        {{"Range", "bytes=20-"}, 416, ""},
    };
    for (const auto &row : rows) {
        check::note(std::string(row.asked.value));
        hc::exchange x = t.cache.lookup(hc::request("GET", url, {row.asked}));
        CHECK_EQ(x.decision(), hc::decision::fresh);
        CHECK_EQ(x.view().status(), row.status);
        CHECK_EQ(x.view().body().value_or(""), row.body);
        std::optional<hc::response> p = x.response();
        CHECK_EQ(p->status(), row.status);
        CHECK_EQ(rest_of(*p), row.body);
    }
}
