/// What nobody should do: each is an error of its own kind or does nothing, and nothing crashes or
/// changes.
#include "support.hpp"

#include <vector>

namespace {

using hc::errc;

/// Everything there is, in a state of use; cases close, move or misuse it.
struct world {
    test_clock clock;
    test_cache own{std::move(with_clock(clock).expire_after(1min))};
    hc::cache &cache = own.cache;
    hc::options options;
    hc::request request{"GET", url};
    hc::response built{200, {{"X-A", "1"}}, "body"};
    hc::response stored = make_stored();
    hc::exchange miss = cache.lookup(hc::request("GET", "http://miss.test/"));
    hc::exchange hit = cache.lookup(request);
    hc::exchange storing = make_storing();
    hc::walk walk = cache.walk({}, hc::bodies::open);
    char buffer[16] = {};

    hc::response make_stored() {
        store(cache, url, "body");
        return *cache.lookup(request).response();
    }

    hc::exchange make_storing() {
        hc::exchange x = cache.lookup(hc::request("GET", "http://storing.test/"));
        CHECK_EQ(x.store_begin(hc::response(200)), hc::outcome::storing);
        return x;
    }
};

struct misuse {
    const char *name;
    errc expected; ///< errc::ok: it does nothing, and is allowed.
    void (*commit)(world &w);
};

template <class T>
T &closed(T &object) {
    object.close();
    return object;
}

template <class T>
T &moved(T &object) {
    T elsewhere = std::move(object);
    return object;
}

const auto nul = "a\0b"sv;

const misuse after_close[] = {
    {"fetch_of_a_closed_cache", errc::misuse, [](world &w) { closed(w.cache).fetch(w.request); }},
    {"fetch_of_a_url_of_a_closed_cache", errc::misuse,
     [](world &w) { closed(w.cache).fetch(url); }},
    {"lookup_of_a_closed_cache", errc::misuse, [](world &w) { closed(w.cache).lookup(w.request); }},
    {"flush_of_a_closed_cache", errc::misuse, [](world &w) { closed(w.cache).flush(); }},
    {"stats_of_a_closed_cache", errc::misuse, [](world &w) { closed(w.cache).stats(); }},
    {"key_of_a_closed_cache", errc::misuse, [](world &w) { closed(w.cache).key(w.request); }},
    {"settings_of_a_closed_cache", errc::misuse, [](world &w) { closed(w.cache).key_settings(); }},
    {"rekeying_a_moved_cache", errc::misuse, [](world &w) { moved(w.cache).rekey(); }},
    {"walk_of_a_closed_cache", errc::misuse, [](world &w) { closed(w.cache).walk(); }},
    {"finding_in_a_closed_cache", errc::misuse, [](world &w) { closed(w.cache).find("x"); }},
    {"asking_a_moved_cache_what_it_contains", errc::misuse,
     [](world &w) { moved(w.cache).contains("x"); }},
    {"erasing_in_a_closed_cache", errc::misuse, [](world &w) { closed(w.cache).erase("x"); }},
    {"erasing_by_a_query_in_a_closed_cache", errc::misuse,
     [](world &w) { closed(w.cache).erase_where(hc::query().expired()); }},
    {"clearing_a_moved_cache", errc::misuse, [](world &w) { moved(w.cache).clear(); }},
    {"another_expiry_in_a_closed_cache", errc::misuse,
     [](world &w) { closed(w.cache).reset_expiration(1min); }},
    {"putting_into_a_closed_cache", errc::misuse,
     [](world &w) { closed(w.cache).put(w.request, w.built); }},
    {"putting_of_a_closed_request", errc::misuse,
     [](world &w) { w.cache.put(closed(w.request), w.built); }},
    {"putting_a_moved_response", errc::misuse,
     [](world &w) { w.cache.put(w.request, moved(w.built)); }},
    {"updating_a_closed_cache", errc::misuse,
     [](world &w) {
         const test_cache from;
         closed(w.cache).update(from.cache);
     }},
    {"updating_from_a_moved_cache", errc::misuse,
     [](world &w) {
         test_cache from;
         w.cache.update(moved(from.cache));
     }},
    {"verifying_a_closed_cache", errc::misuse, [](world &w) { closed(w.cache).verify(); }},
    {"mending_a_moved_cache", errc::misuse, [](world &w) { moved(w.cache).mend(); }},
    {"work_of_a_closed_cache", errc::misuse, [](world &w) { closed(w.cache).work(0s); }},
    {"a_step_of_a_closed_walk", errc::misuse, [](world &w) { closed(w.walk).next(); }},
    {"a_loop_over_a_moved_walk", errc::misuse, [](world &w) { moved(w.walk).begin(); }},
    {"a_step_of_an_iterator_whose_walk_was_closed", errc::misuse,
     [](world &w) {
         auto at = w.walk.begin();
         w.walk.close();
         ++at;
     }},
    {"key_of_what_a_closed_walk_met", errc::misuse,
     [](world &w) {
         const auto at = w.walk.begin();
         w.walk.close();
         (void)at->key();
     }},
    {"url_of_what_a_closed_walk_met", errc::misuse,
     [](world &w) {
         const auto at = w.walk.begin();
         w.walk.close();
         (void)at->url();
     }},
    {"request_of_what_a_moved_walk_met", errc::misuse,
     [](world &w) {
         const auto at = w.walk.begin();
         const hc::walk elsewhere = std::move(w.walk);
         (void)at->request();
     }},
    {"response_of_what_a_moved_walk_met", errc::misuse,
     [](world &w) {
         const auto at = w.walk.begin();
         const hc::walk elsewhere = std::move(w.walk);
         (void)at->response();
     }},
    {"request_of_a_closed_response", errc::misuse, [](world &w) { closed(w.stored).request(); }},
    {"opening_nowhere_with_closed_options", errc::misuse,
     [](world &w) { hc::cache(closed(w.options)); }},
    {"key_of_a_closed_request", errc::misuse, [](world &w) { w.cache.key(closed(w.request)); }},
    {"lookup_of_a_moved_cache", errc::misuse, [](world &w) { moved(w.cache).lookup(w.request); }},
    {"lookup_of_a_closed_request", errc::misuse,
     [](world &w) { w.cache.lookup(closed(w.request)); }},
    {"fetch_of_a_closed_request", errc::misuse, [](world &w) { w.cache.fetch(closed(w.request)); }},
    {"fetch_of_a_moved_request", errc::misuse, [](world &w) { w.cache.fetch(moved(w.request)); }},
    {"opening_with_closed_options", errc::misuse,
     [](world &w) { hc::cache(w.own.directory / "x", closed(w.options)); }},
    {"option_of_closed_options", errc::misuse,
     [](world &w) { closed(w.options).expire_after(1s); }},
    {"clock_of_closed_options", errc::misuse, [](world &w) { closed(w.options).clock(w.clock); }},
    {"log_of_moved_options", errc::misuse,
     [](world &w) { moved(w.options).log(hc::log_level::debug, nullptr); }},
    {"filter_of_moved_options", errc::misuse, [](world &w) { moved(w.options).filter(nullptr); }},
    {"key_function_of_closed_options", errc::misuse,
     [](world &w) { closed(w.options).key(nullptr); }},
    {"normalisation_of_moved_options", errc::misuse,
     [](world &w) { moved(w.options).normalize(nullptr); }},
    {"partition_of_a_closed_request", errc::misuse,
     [](world &w) { closed(w.request).partition("x"); }},
    {"reading_an_option_of_a_closed_request", errc::misuse,
     [](world &w) { closed(w.request).option(HC_OPT_FOLLOW); }},
    {"method_of_a_closed_request", errc::misuse, [](world &w) { closed(w.request).method(); }},
    {"url_of_a_moved_request", errc::misuse, [](world &w) { moved(w.request).url(); }},
    {"fields_of_a_closed_request", errc::misuse, [](world &w) { closed(w.request).fields(); }},
    {"body_of_a_closed_request", errc::misuse, [](world &w) { closed(w.request).body(); }},
    {"adding_to_a_closed_request", errc::misuse, [](world &w) { closed(w.request).add("A", "b"); }},
    {"removing_from_a_closed_request", errc::misuse,
     [](world &w) { closed(w.request).remove("A"); }},
    {"assigning_to_a_closed_request", errc::misuse,
     [](world &w) { closed(w.request).assign("GET", url); }},
    {"option_of_a_closed_request", errc::misuse, [](world &w) { closed(w.request).follow(true); }},
    {"cancelling_a_closed_request", errc::misuse, [](world &w) { closed(w.request).cancel(); }},
    {"asking_a_moved_request_whether_it_is_cancelled", errc::misuse,
     [](world &w) { moved(w.request).is_cancelled(); }},
    {"copying_a_closed_request", errc::misuse,
     [](world &w) { const hc::request copy = closed(w.request); }},
    {"assigning_a_moved_request", errc::misuse,
     [](world &w) {
         hc::request other("GET", url);
         const hc::request &gone = moved(w.request);
         other = gone;
     }},
    {"list_of_closed_options", errc::misuse, [](world &w) { closed(w.options).methods({}); }},
    {"name_of_moved_options", errc::misuse, [](world &w) { moved(w.options).cache_name("x"); }},
    {"status_of_closed_options", errc::misuse,
     [](world &w) { closed(w.options).status_expiry(404, 1s); }},
    {"rule_of_closed_options", errc::misuse, [](world &w) { closed(w.options).url_rule("*", 1s); }},
    {"explanation_of_a_closed_exchange", errc::misuse, [](world &w) { closed(w.hit).explain(); }},
    {"status_of_a_closed_response", errc::misuse, [](world &w) { closed(w.stored).status(); }},
    {"field_of_a_closed_response", errc::misuse, [](world &w) { closed(w.stored).field("A"); }},
    {"fields_of_a_moved_response", errc::misuse, [](world &w) { moved(w.stored).fields(); }},
    {"body_of_a_closed_response", errc::misuse, [](world &w) { closed(w.stored).body(); }},
    {"read_of_a_closed_response", errc::misuse,
     [](world &w) { closed(w.stored).read(w.buffer, 1); }},
    {"key_of_a_closed_response", errc::misuse, [](world &w) { closed(w.stored).key(); }},
    {"times_of_a_closed_response", errc::misuse, [](world &w) { closed(w.stored).expires_at(); }},
    {"adding_to_a_closed_response", errc::misuse, [](world &w) { closed(w.built).add("A", "b"); }},
    {"assigning_to_a_moved_response", errc::misuse, [](world &w) { moved(w.built).assign(200); }},
    {"storing_a_closed_response", errc::misuse, [](world &w) { w.miss.store(closed(w.built)); }},
    {"beginning_with_a_moved_response", errc::misuse,
     [](world &w) { w.miss.store_begin(moved(w.built)); }},
    {"decision_of_a_closed_exchange", errc::misuse, [](world &w) { closed(w.hit).decision(); }},
    {"view_of_a_closed_exchange", errc::misuse, [](world &w) { closed(w.hit).view(); }},
    {"reason_of_a_closed_exchange", errc::misuse, [](world &w) { closed(w.miss).reason(); }},
    {"forward_of_a_moved_exchange", errc::misuse, [](world &w) { moved(w.miss).forward(); }},
    {"forward_of_an_answered_and_closed_exchange", errc::misuse,
     [](world &w) {
         w.miss.store(w.built);
         closed(w.miss).forward();
     }},
    {"response_of_a_closed_exchange", errc::misuse, [](world &w) { closed(w.hit).response(); }},
    {"storing_in_a_closed_exchange", errc::misuse, [](world &w) { closed(w.miss).store(w.built); }},
    {"writing_to_a_closed_exchange", errc::misuse,
     [](world &w) { closed(w.storing).store_write("x"); }},
    {"ending_a_moved_exchange", errc::misuse, [](world &w) { moved(w.storing).store_end(); }},
    {"failure_of_a_closed_exchange", errc::misuse,
     [](world &w) { closed(w.miss).store_failure(); }},
    {"trying_to_fetch_of_a_closed_cache", errc::misuse,
     [](world &w) {
         hc::error why;
         if (!closed(w.cache).try_fetch(w.request, why))
             throw why;
     }},
    {"trying_to_read_a_closed_response", errc::misuse,
     [](world &w) {
         hc::error why;
         if (!closed(w.stored).try_read(w.buffer, 1, why))
             throw why;
     }},
};

const misuse closing[] = {
    {"closing_a_cache_twice", errc::ok, [](world &w) { closed(closed(w.cache)); }},
    {"closing_options_twice", errc::ok, [](world &w) { closed(closed(w.options)); }},
    {"closing_a_request_twice", errc::ok, [](world &w) { closed(closed(w.request)); }},
    {"closing_a_response_twice", errc::ok, [](world &w) { closed(closed(w.stored)); }},
    {"closing_an_exchange_twice", errc::ok, [](world &w) { closed(closed(w.storing)); }},
    {"closing_a_walk_twice", errc::ok, [](world &w) { closed(closed(w.walk)); }},
    {"closing_the_cache_of_a_walk", errc::ok,
     [](world &w) {
         closed(w.cache);
         CHECK(w.walk.next());
         CHECK_EQ(w.walk.current().url(), url);
         CHECK(!w.walk.next());
     }},
    {"closing_the_walk_of_a_response", errc::ok,
     [](world &w) {
         CHECK(w.walk.next());
         hc::response p = std::move(*w.walk.current().response());
         closed(w.walk);
         CHECK_EQ(p.body(), "body");
     }},
    {"going_beyond_the_end_of_a_walk", errc::ok,
     [](world &w) {
         auto at = w.walk.begin();
         for (int i = 0; i < 3; i++)
             ++at;
         CHECK(at == w.walk.end());
         CHECK(at->status() == 0 && at->key().empty() && at->response() == nullptr);
     }},
    {"closing_what_was_moved_from", errc::ok, [](world &w) { closed(moved(w.cache)); }},
    {"closing_the_cache_of_a_response", errc::ok,
     [](world &w) {
         closed(w.cache);
         CHECK_EQ(rest_of(w.stored), "body");
     }},
    {"closing_the_cache_of_an_exchange", errc::ok,
     [](world &w) {
         closed(w.cache);
         CHECK(w.storing.store_write("body"));
         CHECK_EQ(w.storing.store_end(), hc::outcome::stored);
     }},
    {"closing_the_exchange_of_a_response", errc::ok,
     [](world &w) {
         hc::response p = *w.hit.response();
         closed(w.hit);
         CHECK_EQ(p.body(), "body");
     }},
    {"closing_the_request_of_an_exchange", errc::ok,
     [](world &w) {
         closed(w.request);
         CHECK_EQ(w.hit.view().url(), url);
     }},
};

const misuse arguments[] = {
    {"a_path_with_a_nul", errc::argument,
     [](world &w) { hc::cache(w.own.directory / "x" / std::string(nul)); }},
    {"an_empty_path", errc::argument, [](world &) { hc::cache(""); }},
    {"a_url_with_a_nul", errc::url, [](world &) { hc::request("GET", "http://h.test/\0x"sv); }},
    {"a_url_of_no_scheme", errc::url, [](world &) { hc::request("GET", "h.test/"); }},
    {"a_url_of_another_scheme", errc::url, [](world &) { hc::request("GET", "ftp://h.test/"); }},
    {"an_empty_url", errc::url, [](world &) { hc::request("GET", ""); }},
    {"a_url_that_is_no_string", errc::url, [](world &) { hc::request("GET", {}); }},
    {"a_method_with_a_nul", errc::method, [](world &) { hc::request("GE\0T"sv, url); }},
    {"an_empty_method", errc::method, [](world &) { hc::request("", url); }},
    {"a_method_of_two_words", errc::method, [](world &) { hc::request("GET /", url); }},
    {"a_name_with_a_nul", errc::field, [](world &w) { w.request.add(nul, "x"); }},
    {"an_empty_name", errc::field, [](world &w) { w.request.add("", "x"); }},
    {"a_name_with_a_colon", errc::field, [](world &w) { w.built.add("A:", "x"); }},
    {"a_value_with_a_nul", errc::field, [](world &w) { w.request.add("A", nul); }},
    {"a_value_with_a_line_feed", errc::field, [](world &w) { w.built.add("A", "a\nB: c"); }},
    {"a_bad_field_of_a_new_request", errc::field,
     [](world &) {
         hc::request("GET", url, {{"A", "b"}, {"A", nul}});
     }},
    {"a_bad_field_of_a_new_response", errc::field,
     [](world &) {
         hc::response(200, {{"A", "b"}, {"A b", "c"}});
     }},
    {"a_status_of_99", errc::argument, [](world &) { hc::response(99); }},
    {"a_status_of_1000", errc::argument, [](world &) { hc::response(1000); }},
    {"a_negative_status", errc::argument, [](world &) { hc::response(-1); }},
    {"a_negative_duration", errc::argument, [](world &w) { w.request.expire_after(-1s); }},
    {"an_instant_before_1970", errc::argument,
     [](world &w) { w.request.expire_at(hc::time_point(-1s)); }},
    {"an_option_that_a_request_has_not", errc::argument,
     [](world &w) { w.request.set(HC_OPT_MAX_VARIANTS, 1); }},
    {"an_option_that_nobody_has", errc::unsupported, [](world &w) { w.options.set(-7, 1); }},
    {"a_method_to_store_with_a_nul", errc::argument, [](world &w) { w.options.methods({nul}); }},
    {"a_method_to_store_of_no_letters", errc::argument, [](world &w) { w.options.methods({""}); }},
    {"a_status_to_store_of_0", errc::argument, [](world &w) { w.options.statuses({0}); }},
    {"a_status_to_store_below_0", errc::argument, [](world &w) { w.options.statuses({-200}); }},
    {"a_targeted_field_with_a_nul", errc::argument,
     [](world &w) { w.options.targeted_fields({nul}); }},
    {"an_expiry_of_no_status", errc::argument, [](world &w) { w.options.status_expiry(0, 1s); }},
    {"a_glob_without_a_host", errc::argument, [](world &w) { w.options.url_rule("/a", 1s); }},
    {"a_partition_that_is_too_long", errc::argument,
     [](world &w) { w.request.partition(std::string(4097, 'x')); }},
    {"a_partition_with_a_nul", errc::ok, [](world &w) { w.request.partition(nul); }},
    {"a_file_of_certificates_that_is_not_there", errc::io,
     [](world &w) { w.request.ca_file(w.own.directory / "no.pem"); }},
    {"a_file_of_certificates_with_a_nul", errc::argument,
     [](world &w) { w.options.ca_file(std::string(nul)); }},
    {"a_directory_of_certificates", errc::io,
     [](world &w) { w.options.ca_file(w.own.directory / ""); }},
    {"a_matched_field_with_a_nul", errc::argument, [](world &w) { w.options.match_fields({nul}); }},
    {"an_unordered_field_of_no_letters", errc::argument,
     [](world &w) { w.options.unordered_fields({""}); }},
    {"a_name_that_a_request_has_not", errc::argument,
     [](world &w) { w.request.set(HC_STR_CACHE_NAME, "x"); }},
    {"a_name_that_nobody_has", errc::unsupported, [](world &w) { w.request.set(-7, "x"); }},
    {"reading_an_option_that_nobody_has", errc::unsupported,
     [](world &w) { w.request.option(-7); }},
    {"a_name_of_the_cache_with_a_nul", errc::argument, [](world &w) { w.options.cache_name(nul); }},
    {"no_name_of_the_cache", errc::argument, [](world &w) { w.options.cache_name(""); }},
    {"a_list_that_nobody_has", errc::unsupported, [](world &w) { w.options.add(-7, "x"); }},
    {"an_option_that_is_no_list", errc::unsupported,
     [](world &w) { w.options.clear(HC_OPT_FOLLOW); }},
    {"a_shared_cache_without_cache_control", errc::argument,
     [](world &w) { hc::cache(w.own.directory / "x", w.options.shared(true)); }},
    {"resetting_expiries_to_do_not_cache", errc::argument,
     [](world &w) { w.cache.reset_expiration(hc::do_not_cache); }},
    {"resetting_expiries_to_a_negative_one", errc::argument,
     [](world &w) { w.cache.reset_expiration(-1ms); }},
    {"putting_a_304", errc::argument, [](world &w) { w.cache.put(w.request, hc::response(304)); }},
    {"putting_what_was_received_before_1970", errc::argument,
     [](world &w) { w.cache.put(w.request, w.built, hc::time_point(-1ms)); }},
    {"putting_what_expired_before_1970", errc::argument,
     [](world &w) { w.cache.put(w.request, w.built, t0, hc::time_point(-1ms)); }},
    {"updating_a_cache_from_itself", errc::argument, [](world &w) { w.cache.update(w.cache); }},
    {"working_for_a_negative_time", errc::argument, [](world &w) { w.cache.work(-1ms); }},
    {"an_empty_key", errc::argument, [](world &w) { w.cache.find({}); }},
    {"a_key_that_is_none", errc::argument, [](world &w) { w.cache.contains("0f"); }},
    {"a_key_with_a_nul", errc::argument, [](world &w) { w.cache.erase(nul); }},
    {"a_query_of_no_condition_to_erase", errc::argument, [](world &w) { w.cache.erase_where({}); }},
    {"a_query_of_an_order_alone_to_erase", errc::argument,
     [](world &w) { w.cache.erase_where(hc::query().order(hc::order::size).descending()); }},
    {"a_query_of_a_method_with_a_nul", errc::argument, [](world &) { hc::query().method(nul); }},
    {"a_query_of_a_url_with_a_nul", errc::argument,
     [](world &) { hc::query().url("http://h.test/\0x"sv); }},
    {"a_query_of_a_glob_with_a_nul", errc::argument, [](world &) { hc::query().url_glob(nul); }},
    {"a_query_of_no_url", errc::url, [](world &w) { w.cache.walk(hc::query().url("h.test")); }},
    {"a_query_of_a_bad_glob", errc::argument,
     [](world &w) { w.cache.erase_where(hc::query().url_glob("/a")); }},
    {"a_query_of_no_order", errc::argument,
     [](world &w) { w.cache.walk(hc::query().order(static_cast<hc::order>(4))); }},
    {"a_query_of_1970", errc::argument,
     [](world &) { hc::query().created_before(hc::time_point()); }},
    {"a_query_before_1970", errc::argument,
     [](world &) { hc::query().expires_before(hc::time_point(-1s)); }},
    {"a_limit_of_0", errc::argument, [](world &) { hc::query().limit(0); }},
    {"a_negative_limit", errc::argument, [](world &) { hc::query().limit(-1); }},
    {"a_read_to_nowhere", errc::argument, [](world &w) { w.stored.read(nullptr, 1); }},
    {"a_field_of_no_name", errc::ok, [](world &w) { CHECK(!w.stored.field("")); }},
    {"a_field_whose_name_has_a_nul", errc::ok, [](world &w) { CHECK(!w.stored.field(nul)); }},
    {"removing_a_name_with_a_nul", errc::ok, [](world &w) { CHECK(!w.request.remove(nul)); }},
    {"a_body_with_a_nul", errc::ok, [](world &w) { CHECK_EQ(w.request.body(nul).body(), nul); }},
    {"reading_0_bytes", errc::ok, [](world &w) { CHECK_EQ(w.stored.read(w.buffer, 0), 0u); }},
};

const misuse order[] = {
    {"storing_after_a_hit", errc::misuse, [](world &w) { w.hit.store(w.built); }},
    {"beginning_after_a_hit", errc::misuse, [](world &w) { w.hit.store_begin(w.built); }},
    {"failure_after_a_hit", errc::misuse, [](world &w) { w.hit.store_failure(); }},
    {"writing_before_beginning", errc::misuse, [](world &w) { w.miss.store_write("x"); }},
    {"ending_before_beginning", errc::misuse, [](world &w) { w.miss.store_end(); }},
    {"storing_after_beginning", errc::misuse, [](world &w) { w.storing.store(w.built); }},
    {"beginning_twice", errc::misuse, [](world &w) { w.storing.store_begin(w.built); }},
    {"storing_twice", errc::misuse,
     [](world &w) {
         w.miss.store(w.built);
         w.miss.store(w.built);
     }},
    {"ending_twice", errc::misuse,
     [](world &w) {
         w.storing.store_end();
         w.storing.store_end();
     }},
    {"writing_after_the_end", errc::misuse,
     [](world &w) {
         w.storing.store_end();
         w.storing.store_write("x");
     }},
    {"failing_twice", errc::misuse,
     [](world &w) {
         w.miss.store_failure();
         w.miss.store_failure();
     }},
    {"storing_after_a_stale_answer_was_revalidated", errc::misuse,
     [](world &w) {
         w.clock.pass(2min);
         w.request.stale_while_revalidate(1h);
         hc::exchange x = w.cache.lookup(w.request);
         CHECK_EQ(x.decision(), hc::decision::stale_revalidate);
         CHECK_EQ(x.store(hc::response(200, {}, "body")), hc::outcome::stored);
         x.store(w.built);
     }},
    {"cancelling_twice", errc::ok,
     [](world &w) {
         w.request.cancel();
         w.request.cancel();
     }},
    {"storing_an_interim_answer", errc::argument,
     [](world &w) { w.miss.store(hc::response(100)); }},
    {"storing_a_response_of_the_cache", errc::misuse,
     [](world &w) {
         store(w.cache, "http://large.test/", std::string(100000, 'x'));
         hc::exchange x = w.cache.lookup(hc::request("GET", "http://large.test/"));
         w.miss.store(*x.response());
     }},
    {"adding_to_a_response_of_the_cache", errc::misuse, [](world &w) { w.stored.add("A", "b"); }},
    {"a_body_for_a_response_of_the_cache", errc::misuse, [](world &w) { w.stored.body("x"); }},
    {"assigning_to_a_response_of_the_cache", errc::misuse, [](world &w) { w.stored.assign(200); }},
};

/// After any misuse the cache goes on as before, and nothing was stored that should not be.
void run(const misuse &one) {
    world w;
    if (one.expected == errc::ok)
        one.commit(w);
    else
        CHECK_THROWS(one.commit(w), one.expected);
    const hc::cache again(w.own.directory, with_clock(w.clock));
    CHECK_EQ(stored_body(again), "body");
    CHECK_EQ(again.stats().errors, 0u);
}

std::vector<check::test> registered() {
    std::vector<check::test> all;
    auto add = [&](const misuse &one) { all.emplace_back(one.name, [one] { run(one); }); };
    for (const misuse &one : after_close)
        add(one);
    for (const misuse &one : closing)
        add(one);
    for (const misuse &one : arguments)
        add(one);
    for (const misuse &one : order)
        add(one);
    return all;
}

const std::vector<check::test> all = registered();

} // namespace
