/* Requests: what is refused, what is kept, and how a URL is normalised. */
#define _POSIX_C_SOURCE 200809L

#include "support.h"

#include <stdlib.h>
#include <string.h>

#define URL "http://h.test/"

static hc_status make(const char *method, size_t method_len, const char *url, size_t url_len) {
    hc_request *r = NULL;
    hc_error *err = NULL;
    hc_status status = hc_request_new(method, method_len, url, url_len, &r, &err);
    CHECK((status == HC_OK) == (r != NULL));
    CHECK((status == HC_OK) == (err == NULL));
    hc_error_free(err);
    hc_request_free(r);
    return status;
}

static void urls_that_cannot_be_requested_are_refused(void) {
    static const char *const urls[] = {
        "",
        " ",
        "h.test",
        "/relative",
        "relative/path",
        "?query",
        "#fragment",
        "//h.test/",
        "http:",
        "http:/h.test/",
        "http://",
        "http:///path",
        "http://:80/",
        "http://@/",
        "http://user@:80/",
        "http://h.test:0/",
        "http://h.test:65536/",
        "http://h.test:99999999999999999999/",
        "http://h.test:-1/",
        "http://h.test:+1/",
        "http://h.test:x/",
        "http://h.test:8x/",
        "http://[::1/",
        "http://[::1]x/",
        "http://a b/",
        " http://h.test/",
        "http://h.test/ ",
        "http://h.test/\n",
        "http://h.test/\r\nHost: evil.test",
        "http://h.test/\t",
        "http://h.test/\x7f",
        "http://h.test\\path",
        "http://h.test/\\",
        "ftp://h.test/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:,x",
        "gopher://h.test/",
        "ldap://h.test/",
        "httpx://h.test/",
        "h.test:80/path",
    };
    size_t i;
    for (i = 0; i < NELEMS(urls); i++) {
        check_note("%s", urls[i]);
        CHECK_INT(make("GET", HC_NTS, urls[i], HC_NTS), HC_E_URL);
    }
}

static void a_nul_inside_a_url_is_refused(void) {
    static const char inside[] = "http://h.test/a\0b";
    static const char host[] = "http://h.te\0st/";
    CHECK_INT(make("GET", HC_NTS, inside, sizeof inside - 1), HC_E_URL);
    CHECK_INT(make("GET", HC_NTS, host, sizeof host - 1), HC_E_URL);
    /* As a NUL-terminated string it ends there. */
    CHECK_INT(make("GET", HC_NTS, inside, HC_NTS), HC_OK);
}

static void a_url_beyond_every_limit_is_too_large(void) {
    size_t len = (16u << 20) + 1;
    char *url = (char *)malloc(len);
    memset(url, 'a', len);
    memcpy(url, URL, strlen(URL));
    CHECK_INT(make("GET", HC_NTS, url, len), HC_E_TOO_LARGE);
    CHECK_INT(make("GET", HC_NTS, url, len - 1), HC_OK);
    free(url);
}

static void urls_are_normalised(void) {
    static const struct {
        const char *given, *normal;
    } cases[] = {
        {"http://h.test", "http://h.test/"},
        {"HTTP://H.Test/A", "http://h.test/A"},
        {"http://h.test:80/", "http://h.test/"},
        {"https://h.test:443/", "https://h.test/"},
        {"https://h.test:80/", "https://h.test:80/"},
        {"http://h.test:/", "http://h.test/"},
        {"http://h.test:0080/", "http://h.test/"},
        {"http://h.test/a/./b/../c", "http://h.test/a/c"},
        {"http://h.test/..", "http://h.test/"},
        {"http://h.test/a/..", "http://h.test/"},
        {"http://h.test/%7euser", "http://h.test/~user"},
        {"http://h.test/%2f%c3", "http://h.test/%2F%C3"},
        {"http://h.test/%2e%2E/x", "http://h.test/x"},
        {"http://h.test/a b", "http://h.test/a%20b"},
        {"http://h.test/\xc3\xbc", "http://h.test/%C3%BC"},
        {"http://b\xc3\xbc"
         "cher.test/",
         "http://xn--bcher-kva.test/"},
        {"http://h.test/#fragment", "http://h.test/"},
        {"http://h.test?q#f", "http://h.test/?q"},
        {"http://h.test/?a=/../b", "http://h.test/?a=/../b"},
        {"http://[::0001]:8080/", "http://[::1]:8080/"},
        {"http://127.0.0.1/", "http://127.0.0.1/"},
        /* What is different stays different. */
        {"http://h.test/a//b", "http://h.test/a//b"},
        {"http://h.test/?", "http://h.test/?"},
        {"http://h.test/?k", "http://h.test/?k"},
        {"http://h.test/?k=", "http://h.test/?k="},
        {"http://h.test/?a+b", "http://h.test/?a+b"},
        {"http://h.test/?a%20b", "http://h.test/?a%20b"},
        {"http://h.test/?b=1&a=2", "http://h.test/?b=1&a=2"},
        {"http://h.test/?a;b", "http://h.test/?a;b"},
        {"http://h.test/%zz", "http://h.test/%zz"},
    };
    size_t i;
    for (i = 0; i < NELEMS(cases); i++) {
        hc_request *r = request(text("GET %s", cases[i].given), "");
        check_note("%s", cases[i].given);
        CHECK_STR(hc_request_url(r), cases[i].normal);
        r = request(text("GET %s", cases[i].normal), "");
        CHECK_STR(hc_request_url(r), cases[i].normal);
    }
}

static void userinfo_becomes_an_authorization_field(void) {
    hc_request *r = request("GET http://Aladdin:open%20sesame@h.test/", "");
    size_t n = 0;
    const hc_field *fields = hc_request_fields(r, &n);
    CHECK_STR(hc_request_url(r), "http://h.test/");
    CHECK_INT(n, 1);
    CHECK_STR(fields_text(fields, n), "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\n");
}

static int is_token_byte(int byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static void every_byte_of_a_method_is_a_token_byte_or_refused(void) {
    int byte;
    CHECK_INT(make("", 0, URL, HC_NTS), HC_E_METHOD);
    CHECK_INT(make(NULL, 0, URL, HC_NTS), HC_E_METHOD);
    for (byte = 0; byte < 256; byte++) {
        char method[3] = {'G', (char)byte, 'T'};
        check_note("byte %d", byte);
        CHECK_INT(make(method, 3, URL, HC_NTS), is_token_byte(byte) ? HC_OK : HC_E_METHOD);
        CHECK_INT(make(method + 1, 1, URL, HC_NTS), is_token_byte(byte) ? HC_OK : HC_E_METHOD);
    }
}

static void every_byte_of_a_field_name_is_a_token_byte_or_refused(void) {
    hc_request *r = request("GET " URL, "");
    int byte;
    CHECK_STATUS(hc_request_add(r, "", 0, "v", 1, &err), HC_E_FIELD);
    for (byte = 0; byte < 256; byte++) {
        char name[3] = {'X', (char)byte, 'Y'};
        check_note("byte %d", byte);
        CHECK_STATUS(hc_request_add(r, name, 3, "v", 1, &err),
                     is_token_byte(byte) ? HC_OK : HC_E_FIELD);
    }
}

static void every_byte_of_a_field_value_is_kept_or_refused(void) {
    int byte;
    for (byte = 0; byte < 256; byte++) {
        hc_request *r = request("GET " URL, "");
        char value[3] = {'a', (char)byte, 'b'};
        int is_refused = byte == '\r' || byte == '\n' || byte == '\0';
        size_t n = 99;
        const hc_field *fields;
        check_note("byte %d", byte);
        CHECK_STATUS(hc_request_add(r, "X", 1, value, 3, &err), is_refused ? HC_E_FIELD : HC_OK);
        fields = hc_request_fields(r, &n);
        CHECK_INT(n, is_refused ? 0 : 1);
        if (!is_refused) {
            CHECK_INT(fields[0].value_len, 3);
            CHECK(memcmp(fields[0].value, value, 3) == 0);
            CHECK_INT(fields[0].value[3], 0);
        }
    }
}

static void white_space_around_a_value_is_dropped(void) {
    hc_request *r = request("GET " URL, "");
    size_t n = 0;
    CHECK_STATUS(hc_request_add(r, "A", 1, " \t a b \t ", HC_NTS, &err), HC_OK);
    CHECK_STATUS(hc_request_add(r, "B", 1, " \t ", HC_NTS, &err), HC_OK);
    CHECK_STATUS(hc_request_add(r, "C", 1, NULL, 0, &err), HC_OK);
    CHECK_STR(fields_text(hc_request_fields(r, &n), 3), "A: a b\nB: \nC: \n");
    CHECK_INT(n, 3);
}

static void fields_keep_order_case_and_repeats(void) {
    hc_request *r = request("GET " URL, "Via: 1\nAccept: a\nvIA: 2\nX-A: \nVIA: 3");
    size_t n = 0;
    const hc_field *fields = hc_request_fields(r, &n);
    CHECK_INT(n, 5);
    CHECK_STR(fields_text(fields, n), "Via: 1\nAccept: a\nvIA: 2\nX-A: \nVIA: 3\n");
    CHECK_STR(fields[2].name, "vIA");
    CHECK_STR(fields[2].value, "2");
    CHECK_STATUS(hc_request_remove(r, "via", HC_NTS), HC_OK);
    fields = hc_request_fields(r, &n);
    CHECK_STR(fields_text(fields, n), "Accept: a\nX-A: \n");
    CHECK_STATUS(hc_request_remove(r, "via", HC_NTS), HC_NOT_FOUND);
    CHECK_STATUS(hc_request_remove(r, "", 0), HC_NOT_FOUND);
}

static void lengths_without_a_meaning_are_too_large(void) {
    hc_request *r = request("GET " URL, "X: kept");
    hc_request *made = NULL;
    const size_t near_nts = HC_NTS - 1;
    size_t len = 99;
    CHECK_STATUS(hc_request_new("GET", near_nts, URL, HC_NTS, &made, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_request_new("GET", HC_NTS, URL, near_nts, &made, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_request_assign(r, "GET", near_nts, URL, HC_NTS, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_request_assign(r, "GET", HC_NTS, URL, near_nts, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_request_add(r, "A", near_nts, "v", HC_NTS, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_request_add(r, "A", HC_NTS, "v", near_nts, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_request_remove(r, "X", near_nts), HC_E_TOO_LARGE);
    /* A body is no string: HC_NTS is no length of it. */
    CHECK_STATUS(hc_request_set_body(r, "body", HC_NTS, &err), HC_E_TOO_LARGE);
    CHECK_STATUS(hc_request_set_body(r, "body", near_nts, &err), HC_E_TOO_LARGE);
    hc_request_body(r, &len);
    CHECK_INT(len, 0);
    CHECK_STR(fields_text(hc_request_fields(r, &len), 1), "X: kept\n");
}

static void a_length_ends_a_string_before_its_nul(void) {
    hc_request *r = NULL;
    size_t n = 0;
    CHECK_STATUS(hc_request_new("GETTER", 3, URL "abc", strlen(URL) + 1, &r, &err), HC_OK);
    CHECK_STATUS(hc_request_add(r, "Named", 4, "valued", 5, &err), HC_OK);
    CHECK_STR(hc_request_method(r), "GET");
    CHECK_STR(hc_request_url(r), URL "a");
    CHECK_STR(fields_text(hc_request_fields(r, &n), 1), "Name: value\n");
    hc_request_free(r);
}

static void a_body_is_copied_and_replaced(void) {
    hc_request *r = request("POST " URL, "");
    char body[] = "a\0b";
    size_t len = 99;
    hc_request_body(r, &len);
    CHECK_INT(len, 0);
    CHECK_STATUS(hc_request_set_body(r, body, 3, &err), HC_OK);
    memset(body, 'x', sizeof body);
    CHECK(memcmp(hc_request_body(r, &len), "a\0b", 3) == 0);
    CHECK_INT(len, 3);
    CHECK_STATUS(hc_request_set_body(r, "z", 1, &err), HC_OK);
    CHECK(memcmp(hc_request_body(r, &len), "z", 1) == 0);
    CHECK_INT(len, 1);
    CHECK_STATUS(hc_request_set_body(r, NULL, 0, &err), HC_OK);
    hc_request_body(r, &len);
    CHECK_INT(len, 0);
}

static void assigning_makes_a_new_request_of_the_same_options(void) {
    test_clock *clock = new_clock();
    hc_cache *c = open_cache(fresh_directory(), clock, "");
    hc_request *r = request_with("POST http://a.test/", "X: 1", "expire_after 60000");
    size_t n = 99;
    CHECK_STATUS(hc_request_set_body(r, "body", 4, &err), HC_OK);
    CHECK_STATUS(hc_request_assign(r, "GET", HC_NTS, "http://b.test/", HC_NTS, &err), HC_OK);
    CHECK_STR(hc_request_method(r), "GET");
    CHECK_STR(hc_request_url(r), "http://b.test/");
    hc_request_fields(r, &n);
    CHECK_INT(n, 0);
    hc_request_body(r, &n);
    CHECK_INT(n, 0);
    CHECK_INT(ask(c, r, answer(200, "", "x")).expires_at, T0 + 60000);
    hc_close(c);
}

static void a_failed_assignment_leaves_the_request_as_it_was(void) {
    hc_request *r = request("GET " URL, "X: 1");
    size_t n = 0;
    CHECK_STATUS(hc_request_assign(r, "GET", HC_NTS, "ftp://x.test/", HC_NTS, &err), HC_E_URL);
    CHECK_STATUS(hc_request_assign(r, "G T", HC_NTS, URL, HC_NTS, &err), HC_E_METHOD);
    CHECK_STR(hc_request_method(r), "GET");
    CHECK_STR(hc_request_url(r), URL);
    CHECK_STR(fields_text(hc_request_fields(r, &n), 1), "X: 1\n");
}

static void an_exchange_keeps_the_request_as_it_was(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_request *r = NULL;
    hc_exchange *x = NULL;
    const hc_request *forward;
    int32_t outcome = -1;
    size_t n = 0;
    CHECK_STATUS(hc_request_new("GET", HC_NTS, URL "a", HC_NTS, &r, &err), HC_OK);
    CHECK_STATUS(hc_request_add(r, "X", HC_NTS, "1", HC_NTS, &err), HC_OK);
    CHECK_STATUS(hc_lookup(c, r, NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_request_assign(r, "GET", HC_NTS, URL "b", HC_NTS, &err), HC_OK);
    hc_request_free(r);
    forward = hc_exchange_forward(x);
    CHECK_STR(hc_request_url(forward), URL "a");
    CHECK_STR(fields_text(hc_request_fields(forward, &n), 1), "X: 1\n");
    CHECK_STATUS(hc_store(x, answer(200, "", "body"), &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    hc_exchange_free(x);
    CHECK_INT(look_at(c, URL "a").decision, HC_FRESH);
    CHECK_INT(look_at(c, URL "b").decision, HC_FORWARD);
    hc_close(c);
}

static void options_of_a_request_never_reach_the_origin(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    seen s = look(
        c, request_with("GET " URL, "X: 1", "expire_after 60000, stale_if_error 5000, follow 0"));
    CHECK_STR(s.forward_fields, "X: 1\n");
    hc_close(c);
}

static const char *added_fields(hc_request *r) {
    size_t n = 0;
    const hc_field *fields = hc_request_fields(r, &n);
    return fields_text(fields, n);
}

static void packed_fields_are_added_in_one_call(void) {
    hc_request *r = request("GET " URL, "First: 1");
    static const uint32_t lengths[] = {1, 3, 4, 0, 1, 1};
    static const uint32_t bad[] = {1, 1, 2, 1};
    CHECK_STATUS(hc_request_add_fields(r, "A b Nameaz", lengths, 3, &err), HC_OK);
    CHECK_STR(added_fields(r), "First: 1\nA: b\nName: \na: z\n");
    CHECK_STATUS(hc_request_add_fields(r, NULL, NULL, 0, &err), HC_OK);
    CHECK_MESSAGE(hc_request_add_fields(r, "B1C D1", bad, 2, &err), HC_E_FIELD, "C ");
    CHECK_STATUS(hc_request_add_fields(r, "", lengths, SIZE_MAX, &err), HC_E_ARGUMENT);
    CHECK_STATUS(hc_request_add_fields(r, "", lengths, SIZE_MAX / 8, &err), HC_E_TOO_LARGE);
    CHECK_STR(added_fields(r), "First: 1\nA: b\nName: \na: z\n");
}

static const check_test tests[] = {
    TEST(urls_that_cannot_be_requested_are_refused),
    TEST(a_nul_inside_a_url_is_refused),
    TEST(a_url_beyond_every_limit_is_too_large),
    TEST(urls_are_normalised),
    TEST(userinfo_becomes_an_authorization_field),
    TEST(every_byte_of_a_method_is_a_token_byte_or_refused),
    TEST(every_byte_of_a_field_name_is_a_token_byte_or_refused),
    TEST(every_byte_of_a_field_value_is_kept_or_refused),
    TEST(white_space_around_a_value_is_dropped),
    TEST(fields_keep_order_case_and_repeats),
    TEST(lengths_without_a_meaning_are_too_large),
    TEST(a_length_ends_a_string_before_its_nul),
    TEST(a_body_is_copied_and_replaced),
    TEST(assigning_makes_a_new_request_of_the_same_options),
    TEST(a_failed_assignment_leaves_the_request_as_it_was),
    TEST(an_exchange_keeps_the_request_as_it_was),
    TEST(options_of_a_request_never_reach_the_origin),
    TEST(packed_fields_are_added_in_one_call),
};

CHECK_MAIN(tests)
