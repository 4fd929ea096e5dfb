/// Requests and responses as objects, without a cache.
#include "support.hpp"

#include <vector>

static std::string text_of(hc::field_list fields) {
    std::string all;
    for (const hc::field one : fields)
        all.append(one.name).append(": ").append(one.value).append("\n");
    return all;
}

TEST(a_request_has_what_it_was_made_of) {
    hc::request r("POST", "http://A.test:80/b/../c?x#y", {{"X-A", "1"}, {"x-a", " 2 "}});
    r.add("X-B", "").body("content");
    CHECK_EQ(r.method(), "POST");
    CHECK_EQ(r.url(), "http://a.test/c?x");
    CHECK_EQ(text_of(r.fields()), "X-A: 1\nx-a: 2\nX-B: \n");
    CHECK_EQ(r.fields().size(), 3u);
    CHECK_EQ(r.body(), "content");
}

TEST(a_request_without_fields_is_empty) {
    const hc::request r("GET", url);
    CHECK(r.fields().empty());
    CHECK(r.fields().begin() == r.fields().end());
    CHECK_EQ(r.body(), "");
    CHECK(!r.fields().find("Accept"));
}

TEST(user_information_becomes_a_field) {
    const hc::request r("GET", "http://user:secret@h.test/");
    CHECK_EQ(r.url(), "http://h.test/");
    CHECK(r.fields().find("authorization").has_value());
}

TEST(a_url_may_hold_any_letters) {
    CHECK_EQ(hc::request("GET", "http://b\u00fccher.test/\u00e4?\u00f6").url(),
             "http://xn--bcher-kva.test/%C3%A4?%C3%B6");
}

TEST(a_field_is_found_without_regard_to_case_and_by_its_whole_name) {
    const hc::request r("GET", url, {{"X-Aa", "1"}, {"X-A", "2"}, {"x-a", "3"}});
    CHECK(r.fields().find("x-a") == "2"sv);
    CHECK(r.fields().find("X-AA") == "1"sv);
    CHECK(!r.fields().find("X-Aa"sv.substr(0, 2)));
    CHECK(!r.fields().find(""));
    CHECK(hc::same_name("[A", "[a"));
    CHECK(!hc::same_name("[", "{"));
}

TEST(fields_are_removed_by_name) {
    hc::request r("GET", url, {{"X-A", "1"}, {"X-B", "2"}, {"x-a", "3"}});
    CHECK(r.remove("X-a"));
    CHECK(!r.remove("X-a"));
    CHECK_EQ(text_of(r.fields()), "X-B: 2\n");
}

TEST(a_request_is_made_anew) {
    hc::request r("POST", url, {{"X-A", "1"}});
    r.body("content").assign("GET", "http://other.test/");
    CHECK_EQ(r.method(), "GET");
    CHECK_EQ(r.url(), "http://other.test/");
    CHECK(r.fields().empty());
    CHECK_EQ(r.body(), "");
    CHECK_THROWS(r.assign("GET", "other"), hc::errc::url);
    CHECK_EQ(r.url(), "http://other.test/");
}

TEST(an_algorithm_of_the_library_takes_fields) {
    const hc::request r("GET", url, {{"X-A", "1"}, {"X-B", "2"}});
    const hc::field_list fields = r.fields();
    const std::vector<hc::field> copied(fields.begin(), fields.end());
    CHECK_EQ(copied.size(), 2u);
    CHECK_EQ(copied[1].value, "2");
    CHECK_EQ(std::distance(fields.begin(), fields.end()), 2);
}

TEST(every_byte_but_three_stands_in_a_value) {
    for (int byte = 0; byte < 256; byte++) {
        check::note("byte " + std::to_string(byte));
        const std::string value = {'a', static_cast<char>(byte), 'b'};
        hc::request r("GET", url);
        hc::response p(200);
        if (byte == '\r' || byte == '\n' || byte == '\0') {
            CHECK_THROWS(r.add("X", value), hc::errc::field);
            CHECK_THROWS(p.add("X", value), hc::errc::field);
            CHECK(r.fields().empty());
        } else {
            CHECK(r.add("X", value).fields().find("x") == value);
            CHECK(p.add("X", value).field("x") == value);
        }
    }
}

TEST(a_body_is_of_any_bytes_and_any_size) {
    for (const std::size_t size : {0u, 1u, 256u, 65536u, 1000000u}) {
        const std::string body = bytes(size, 3);
        CHECK(hc::request("PUT", url).body(body).body() == body);
        CHECK(hc::response(200, {}, body).body() == body);
    }
}

TEST(a_response_has_what_it_was_made_of) {
    hc::response p(404, {{"X-A", "1"}, {"x-a", "2"}, {"Set-Cookie", "a=1"}}, "body", "Not Here");
    p.add("Set-Cookie", "b=2");
    CHECK_EQ(p.status(), 404);
    CHECK_EQ(p.reason(), "Not Here");
    CHECK_EQ(text_of(p.fields()), "X-A: 1\nx-a: 2\nSet-Cookie: a=1\nSet-Cookie: b=2\n");
    CHECK(p.field("X-A") == "1, 2"sv);
    CHECK(p.field("set-cookie") == "a=1"sv);
    CHECK(!p.field("X-C"));
    CHECK_EQ(p.body(), "body");
    CHECK(p.body_size() == 4u);
    CHECK(!p.from_cache() && !p.revalidated() && !p.expired());
    CHECK(!p.created_at() && !p.expires_at() && !p.freshness_lifetime());
    CHECK(p.key().empty());
    CHECK_EQ(p.url(), "");
}

TEST(a_response_is_made_anew) {
    hc::response p(200, {{"X-A", "1"}}, "body");
    p.assign(301, "Moved");
    CHECK_EQ(p.status(), 301);
    CHECK_EQ(p.reason(), "Moved");
    CHECK(p.fields().empty());
    CHECK_EQ(p.body(), "");
}

TEST(a_body_outlives_a_response_that_goes_away_at_once) {
    const std::string body = hc::response(200, {}, "body").body();
    CHECK_EQ(body, "body");
}

TEST(what_is_borrowed_survives_a_move) {
    hc::request r("GET", url, {{"X-A", "1"}});
    const std::string_view method = r.method();
    const hc::request moved = std::move(r);
    CHECK_EQ(method, "GET");
    CHECK_EQ(moved.url(), url);
}

TEST(a_request_is_copied_with_its_options) {
    test_cache t;
    hc::request r("POST", url, {{"X-A", "1"}});
    r.body("content").only_if_cached(true);
    hc::request copy = r;
    r.add("X-B", "2").body("other").only_if_cached(false);
    CHECK_EQ(copy.method(), "POST");
    CHECK_EQ(copy.url(), url);
    CHECK_EQ(text_of(copy.fields()), "X-A: 1\n");
    CHECK_EQ(copy.body(), "content");
    CHECK_EQ(t.cache.lookup(copy.assign("GET", url)).decision(), hc::decision::unsatisfiable);
    copy = r;
    CHECK_EQ(text_of(copy.fields()), "X-A: 1\nX-B: 2\n");
    const hc::request &same = copy;
    copy = same;
    CHECK_EQ(copy.body(), "other");
    r.close();
    CHECK_EQ(std::vector<hc::request>(3, copy)[2].url(), url);
}

TEST(a_request_that_is_lent_is_kept_as_a_copy) {
    test_cache t;
    std::optional<hc::request> kept;
    {
        hc::exchange x = t.cache.lookup(hc::request("GET", url, {{"X-A", "1"}}));
        kept = *x.forward();
    }
    CHECK_EQ(kept->url(), url);
    CHECK_EQ(text_of(kept->fields()), "X-A: 1\n");
    kept->add("X-B", "2");
    CHECK_EQ(kept->fields().size(), 2u);
}
