/// A stale answer at once, and the origin asked behind the caller's back (RFC 5861 3).
#include "support.hpp"

#include <vector>

static const hc::request get("GET", url);

static const hc::field while_revalidating = {"Cache-Control",
                                             "max-age=60, stale-while-revalidate=3600"};

/// A cache that holds "old", which is stale and may be used while it is revalidated.
struct stale_cache {
    stale_cache() {
        CHECK(ask(t.cache, get, answer("old", "\"1\"")) == hc::outcome::stored);
        clock.pass(2min);
    }

    static hc::response answer(std::string_view body, std::string_view etag) {
        return hc::response(200, {while_revalidating, {"ETag", etag}}, body);
    }

    hc::exchange take() {
        hc::exchange x = t.cache.lookup(get);
        CHECK_EQ(x.decision(), hc::decision::stale_revalidate);
        CHECK(x.view().body() == "old"sv);
        return x;
    }

    test_clock clock;
    test_cache t{std::move(with_clock(clock).cache_control(true))};
};

TEST(a_stale_answer_is_handed_on_and_revalidated_on_another_thread) {
    stale_cache s;
    hc::exchange x = s.take();
    CHECK(x.view().from_cache() && x.view().expired() && !x.view().revalidated());
    hc::response handed_on = *x.response();
    in_threads(1, [&](unsigned) {
        while (const hc::request *forward = x.forward()) {
            CHECK(forward->fields().find("If-None-Match") == "\"1\""sv);
            CHECK_EQ(x.store(stale_cache::answer("new", "\"2\"")), hc::outcome::stored);
        }
        CHECK(x.view().body() == "new"sv);
    });
    CHECK_EQ(handed_on.body(), "old");
    CHECK(handed_on.expired());
    CHECK_EQ(stored_body(s.t.cache), "new");
}

TEST(a_304_behind_the_callers_back_freshens) {
    stale_cache s;
    CHECK_EQ(s.take().store(hc::response(304, {{"ETag", "\"1\""}})), hc::outcome::freshened);
    CHECK_EQ(stored_body(s.t.cache), "old");
}

TEST(the_new_answer_may_come_in_pieces) {
    stale_cache s;
    hc::exchange x = s.take();
    CHECK_EQ(x.store_begin(hc::response(200, {while_revalidating})), hc::outcome::storing);
    CHECK_EQ(s.t.cache.lookup(get).decision(), hc::decision::stale);
    CHECK(x.store_write("ne"));
    CHECK(x.store_write("w"));
    CHECK_EQ(x.store_end(), hc::outcome::stored);
    CHECK(x.forward() == nullptr);
    CHECK_EQ(stored_body(s.t.cache), "new");
}

TEST(what_fails_behind_the_callers_back_changes_nothing) {
    stale_cache s;
    const std::function<void(hc::exchange &)> failures[] = {
        [](hc::exchange &) {},
        [](hc::exchange &x) { x.forward(); },
        [](hc::exchange &x) { x.store_failure(); },
        [](hc::exchange &x) { x.store(hc::response(503)); },
        [](hc::exchange &x) {
            x.store_begin(stale_cache::answer("", "\"2\""));
            x.store_write("half");
        },
    };
    for (const auto &fail : failures) {
        hc::exchange x = s.take();
        fail(x);
        // Until this one is gone nobody else is to ask.
        CHECK_EQ(s.t.cache.lookup(get).decision(), hc::decision::stale);
    }
    CHECK(s.take().view().body() == "old"sv);
    CHECK_EQ(s.t.cache.stats().errors, 0u);
}

TEST(many_readers_ask_once) {
    stale_cache s;
    std::vector<hc::exchange> all;
    for (int i = 0; i < 8; i++)
        all.push_back(hc::exchange(static_cast<hc_exchange *>(nullptr)));
    in_threads(8, [&](unsigned i) {
        all[i] = s.t.cache.lookup(get);
        CHECK(all[i].view().body() == "old"sv);
    });
    int asking = 0;
    for (hc::exchange &x : all) {
        const bool is_asking = x.forward() != nullptr;
        CHECK_EQ(x.decision(), is_asking ? hc::decision::stale_revalidate : hc::decision::stale);
        asking += is_asking ? 1 : 0;
    }
    CHECK_EQ(asking, 1);
}

TEST(a_window_of_the_cache_or_of_the_request_will_do) {
    test_clock clock;
    test_cache t(std::move(with_clock(clock).expire_after(1min).stale_while_revalidate(1h)));
    CHECK(ask(t.cache, get, hc::response(200, {{"ETag", "\"1\""}})) == hc::outcome::stored);
    clock.pass(2min);
    CHECK_EQ(decision_of(t.cache), hc::decision::stale_revalidate);
    hc::request r("GET", url);
    CHECK_EQ(t.cache.lookup(r.stale_while_revalidate(0s)).decision(), hc::decision::revalidate);
    clock.pass(2h);
    CHECK_EQ(decision_of(t.cache), hc::decision::revalidate);
    CHECK_EQ(t.cache.lookup(r.stale_while_revalidate(hc::never)).decision(),
             hc::decision::stale_revalidate);
}

static std::string counting(const origin &o) {
    return o.at("/count/a?field=Cache-Control:%20max-age=0,%20stale-while-revalidate=3600");
}

/// The target of a URL of the origin.
static std::string target_of(const std::string &page) {
    return page.substr(page.find('/', 7));
}

TEST(fetching_answers_at_once_and_asks_later) {
    origin o;
    scratch directory;
    const hc::cache c(directory, hc::options().cache_control(true));
    const std::string page = counting(o);
    CHECK_EQ(std::string(c.fetch(page).body()), "1");
    hc::response stale = c.fetch(page);
    CHECK_EQ(stale.body(), "1");
    CHECK(stale.from_cache() && stale.expired());
    c.flush();
    CHECK_EQ(o.requests(target_of(page)), 2);
    CHECK_EQ(std::string(c.fetch(page).body()), "2");
    c.flush();
}

TEST(fetching_asks_before_it_returns_where_threads_may_not) {
    origin o;
    const std::function<void(hc::options &)> reasons[] = {
        [](hc::options &with) { with.workers(false); },
        [](hc::options &with) { with.filter([](auto &, auto &) { return true; }); },
        [](hc::options &with) { with.log(hc::log_level::error, [](auto, auto) {}); },
        [](hc::options &with) { with.clock([] { return t0; }); },
    };
    int asked = 0;
    for (const auto &give_reason : reasons) {
        hc::options with;
        give_reason(with.cache_control(true));
        const test_cache t(with);
        const std::string page = counting(o);
        const auto first = std::to_string(++asked);
        CHECK_EQ(std::string(t.cache.fetch(page).body()), first);
        const auto second = std::to_string(++asked);
        CHECK_EQ(std::string(t.cache.fetch(page).body()), second);
        CHECK_EQ(o.requests(target_of(page)), asked);
    }
}

TEST(fetching_stays_stale_where_the_origin_is_gone) {
    origin o;
    const test_cache t(hc::options().cache_control(true));
    const std::string page = counting(o);
    CHECK_EQ(std::string(t.cache.fetch(page).body()), "1");
    o.stop();
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(std::string(t.cache.fetch(page).body()), "1");
        t.cache.flush();
    }
    CHECK_EQ(t.cache.stats().errors, 0u);
}
