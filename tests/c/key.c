/* Keys: which requests are the same, and the caller's own say in it. */
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define URL "http://h.test/"

/* ---- what callbacks are made of ---- */

/* How a function that makes keys makes them. */
enum {
    PATH,        /* What stands behind the host. */
    DEFAULT,     /* The library's own. */
    NOTHING,     /* None. */
    WHOLE,       /* `size` bytes at once. */
    PIECES,      /* `size` bytes in pieces of 1 MiB. */
    AND_FAIL,    /* A good one, and a failure. */
    TWO_FIELDS,  /* The fields A and B. */
    URL_OF_BOTH, /* The URL and the body. */
    GZIP         /* The library's own, of Accept-Encoding as the documents simplify it. */
};

typedef struct {
    int way;
    size_t size;
    hc_status fails; /* What AND_FAIL returns. */
    int asked;
    int destroyed;
    hc_status wrote; /* What the last hc_sink_write returned. */
    hc_status field; /* What the last hc_sink_write_field returned. */
    /* To be asked from inside, about `inner_url`, and what came of it. */
    hc_cache *inner;
    const char *inner_url;
    hc_status inner_lookup, inner_key;
    int32_t inner_decision, inner_outcome;
} maker;

static hc_status write_path(hc_sink *key, const hc_request *r) {
    const char *host = strstr(hc_request_url(r), "://") + 3;
    const char *path = strchr(host, '/');
    return hc_sink_write(key, path, strlen(path));
}

static char block[1 << 20];

static hc_status write_pieces(hc_sink *key, size_t size) {
    hc_status status = HC_OK;
    while (size > 0) {
        size_t n = size < sizeof block ? size : sizeof block;
        status = hc_sink_write(key, block, n);
        size -= n;
    }
    return status;
}

/* "If 'gzip' is in Accept-Encoding it becomes 'gzip'; if not, the field goes." */
static hc_status simplify(hc_request *copy) {
    size_t count = 0, i;
    const hc_field *fields = hc_request_fields(copy, &count);
    int has_gzip = 0;
    for (i = 0; i < count; i++) {
        if (strcmp(fields[i].name, "Accept-Encoding") == 0 &&
            strstr(fields[i].value, "gzip") != NULL)
            has_gzip = 1;
    }
    hc_request_remove(copy, "Accept-Encoding", HC_NTS);
    return has_gzip ? hc_request_add(copy, "Accept-Encoding", HC_NTS, "gzip", HC_NTS, NULL) : HC_OK;
}

static hc_status write_simplified(hc_sink *key, const hc_request *r) {
    hc_request *copy = NULL;
    hc_status status = hc_request_copy(r, &copy, NULL);
    if (status == HC_OK)
        status = simplify(copy);
    if (status == HC_OK)
        status = hc_sink_write_default_key(key, copy);
    hc_request_free(copy);
    return status;
}

static void ask_inside(maker *m) {
    char text_of_key[HC_KEY_SIZE];
    hc_exchange *x = NULL;
    hc_request *r = NULL;
    hc_response *p = NULL;
    hc_request_new("GET", 3, m->inner_url, HC_NTS, &r, NULL);
    hc_response_new(200, NULL, 0, &p, NULL);
    m->inner_key = hc_key(m->inner, r, text_of_key, NULL);
    m->inner_lookup = hc_lookup(m->inner, r, NULL, &x, NULL);
    m->inner_decision = hc_exchange_decision(x);
    if (hc_exchange_forward(x) != NULL)
        hc_store(x, p, &m->inner_outcome, NULL, NULL);
    hc_exchange_free(x);
    hc_response_free(p);
    hc_request_free(r);
}

static hc_status make_key(void *user, const hc_request *r, hc_sink *key) {
    maker *m = (maker *)user;
    __atomic_add_fetch(&m->asked, 1, __ATOMIC_SEQ_CST);
    if (m->inner != NULL)
        ask_inside(m);
    switch (m->way) {
    case PATH:
        return write_path(key, r);
    case DEFAULT:
        return hc_sink_write_default_key(key, r);
    case WHOLE:
        m->wrote = hc_sink_write(key, block, m->size);
        return HC_OK;
    case PIECES:
        m->wrote = write_pieces(key, m->size);
        return HC_OK;
    case AND_FAIL:
        write_path(key, r);
        return m->fails;
    case TWO_FIELDS:
        m->field = hc_sink_write_field(key, r, "A", 1);
        hc_sink_write_field(key, r, "b", HC_NTS);
        return HC_OK;
    case URL_OF_BOTH:
        hc_sink_write_url(key, r);
        return hc_sink_write_body(key, r);
    case GZIP:
        return write_simplified(key, r);
    default:
        return HC_OK;
    }
}

static void maker_destroyed(void *user) {
    ((maker *)user)->destroyed++;
}

static maker *new_maker(int way) {
    maker *m = (maker *)calloc(1, sizeof *m);
    m->way = way;
    m->inner_url = URL "inner";
    check_defer(free, m);
    return m;
}

static hc_options *options_of(maker *m, const char *settings) {
    hc_options *o = options(NULL, settings);
    CHECK_STATUS(hc_options_key(o, make_key, m, maker_destroyed), HC_OK);
    return o;
}

static hc_cache *open_made(maker *m, const char *settings) {
    return open_with(fresh_directory(), options_of(m, settings));
}

static hc_options *with_item(hc_options *o, hc_option list, const char *item) {
    CHECK_STATUS(hc_options_add(o, list, item, HC_NTS, &err), HC_OK);
    return o;
}

static hc_request *of_partition(hc_request *r, const char *partition) {
    CHECK_STATUS(hc_request_set_string(r, HC_STR_PARTITION, partition, HC_NTS, &err), HC_OK);
    return r;
}

static hc_request *with_body(hc_request *r, const char *body) {
    CHECK_STATUS(hc_request_set_body(r, body, strlen(body), &err), HC_OK);
    return r;
}

/* The key of a request; "" where the cache has no part in it. */
static const char *key_of(hc_cache *c, const hc_request *r) {
    char key[HC_KEY_SIZE];
    hc_status status;
    memset(key, 'x', sizeof key);
    status = hc_key(c, r, key, NULL);
    CHECK(status == HC_OK || status == HC_NOT_FOUND);
    CHECK((status == HC_OK) == (*key != '\0'));
    CHECK(memchr(key, '\0', sizeof key) != NULL);
    return text("%s", key);
}

static const char *key_of_url(hc_cache *c, const char *url) {
    return key_of(c, request(text("GET %s", url), ""));
}

static int are_same(const char *one, const char *other) {
    return strcmp(one, other) == 0;
}

/* ---- hc_key ---- */

static void same_requests_have_the_same_key_and_others_another(void) {
    static const struct {
        const char *settings, *one, *other;
        int same;
    } cases[] = {
        {"", URL "?b=2&a=1", "HTTP://H.test:80/./?a=1&b=2#f", 1},
        {"", URL "?a=1&a=2", URL "?a=2&a=1", 0},
        {"", URL "?access_token=1", URL "?access_token=2", 1},
        {"", URL "?token=1", URL "?token=2", 0},
        {"", URL "?foo=bar", URL "?foo=qux", 0},
        {"", URL, URL "?", 0},
        {"", URL "?k", URL "?k=", 0},
        {"", URL "?k=+", URL "?k=%20", 0},
        {"cache_control 1", URL "?b=2&a=1", URL "?a=1&b=2", 0},
        {"cache_control 1, sort_query 1", URL "?b=2&a=1", URL "?a=1&b=2", 1},
        {"ignored_presence_counts 1", URL "?api_key=1", URL "?api_key=2", 1},
        {"ignored_presence_counts 1", URL "?api_key=1", URL, 0},
    };
    size_t i;
    for (i = 0; i < NELEMS(cases); i++) {
        hc_cache *c = open_cache(fresh_directory(), NULL, cases[i].settings);
        check_note("%s: %s, %s", cases[i].settings, cases[i].one, cases[i].other);
        CHECK_INT(are_same(key_of_url(c, cases[i].one), key_of_url(c, cases[i].other)),
                  cases[i].same);
        hc_close(c);
    }
}

static void a_key_is_printable_and_the_beginning_of_that_of_the_response(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_exchange *x = NULL;
    hc_response *p = NULL;
    const char *key = key_of_url(c, URL), *at;
    for (at = key; *at != '\0'; at++)
        CHECK(*at > ' ' && *at <= '~');
    store(c, URL, answer(200, "", "x"));
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
    CHECK_STR(text("%.*s", (int)strlen(key), hc_response_key(p)), key);
    hc_response_free(p);
    hc_exchange_free(x);
    hc_close(c);
}

static void what_the_cache_has_no_part_in_has_no_key(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "max_url_bytes 20");
    hc_cache *posting =
        open_with(fresh_directory(), with_item(options(NULL, ""), HC_LIST_METHOD, "POST"));
    char key[HC_KEY_SIZE] = "x";
    CHECK_STATUS(hc_key(c, request("POST " URL, ""), key, &err), HC_NOT_FOUND);
    CHECK_STR(key, "");
    CHECK_STR(key_of(c, request("DELETE " URL, "")), "");
    CHECK_STR(key_of(c, request_with("GET " URL, "", "expire_after do_not_cache")), "");
    CHECK(*key_of(posting, request("POST " URL, "")) != '\0');
    CHECK_STATUS(hc_key(c, request("GET " URL "12345678", ""), key, &err), HC_E_TOO_LARGE);
    hc_close(c);
    hc_close(posting);
}

static void a_key_is_told_without_being_looked_up(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    const char *key = key_of_url(c, URL);
    CHECK_INT(stats_of(c).misses, 0);
    store(c, URL, answer(200, "", "x"));
    CHECK_STR(key_of_url(c, URL), key);
    CHECK_INT(stats_of(c).hits, 0);
    hc_close(c);
    /* And the next process finds it by the same. */
    c = open_cache(directory, NULL, "");
    CHECK_STR(key_of_url(c, URL), key);
    hc_close(c);
}

static void secrets_are_hashed_with_the_secret_of_the_store(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    hc_cache *d = open_cache(fresh_directory(), NULL, "");
    CHECK(are_same(key_of_url(c, URL "?a=1"), key_of_url(d, URL "?a=1")));
    CHECK(!are_same(key_of_url(c, URL "?password=1"), key_of_url(d, URL "?password=1")));
    hc_close(c);
    hc_close(d);
}

/* ---- names ---- */

static void a_request_may_be_of_another_partition_or_of_none(void) {
    hc_options *o = options(NULL, "");
    hc_cache *c;
    hc_request *plain = request("GET " URL, "");
    hc_request *others = of_partition(request("GET " URL, ""), "other");
    hc_request *none = request("GET " URL, "");
    CHECK_STATUS(hc_request_set_string(none, HC_STR_PARTITION, NULL, 0, &err), HC_OK);
    CHECK_STATUS(hc_options_set_string(o, HC_STR_PARTITION, "mine", 4, &err), HC_OK);
    c = open_with(fresh_directory(), o);
    CHECK_INT(ask(c, plain, answer(200, "", "mine")).outcome, HC_STORED);
    CHECK_INT(ask(c, others, answer(200, "", "other")).outcome, HC_STORED);
    CHECK_INT(ask(c, none, answer(200, "", "none")).outcome, HC_STORED);
    CHECK_STR(look(c, plain).body, "mine");
    CHECK_STR(look(c, others).body, "other");
    CHECK_STR(look(c, none).body, "none");
    CHECK_STR(key_of(c, of_partition(request("GET " URL, ""), "mine")), key_of(c, plain));
    CHECK_STR(key_of(c, of_partition(request("GET " URL, ""), "")), key_of(c, none));
    hc_close(c);
}

static void a_name_that_is_set_to_null_has_its_default(void) {
    const char *directory = fresh_directory();
    hc_options *o = options(NULL, "");
    hc_cache *c = open_cache(directory, NULL, ""), *d;
    CHECK_STATUS(hc_options_set_string(o, HC_STR_PARTITION, "a", 1, &err), HC_OK);
    CHECK_STATUS(hc_options_set_string(o, HC_STR_PARTITION, NULL, 0, &err), HC_OK);
    CHECK_STATUS(hc_options_set_string(o, HC_STR_CACHE_NAME, "mine", 4, &err), HC_OK);
    CHECK_STATUS(hc_options_set_string(o, HC_STR_CACHE_NAME, NULL, HC_NTS, &err), HC_OK);
    CHECK_STATUS(hc_options_set(o, HC_OPT_CACHE_STATUS, 1, &err), HC_OK);
    d = open_with(directory, o);
    store(c, URL, answer(200, "", "x"));
    CHECK_INT(look_at(d, URL).decision, HC_FRESH);
    CHECK(strstr(value_in(look_at(d, URL).fields, "Cache-Status"), "httpcache") != NULL);
    hc_close(c);
    hc_close(d);
}

static void names_of_another_kind_are_refused(void) {
    hc_options *o = options(NULL, "");
    hc_request *r = request("GET " URL, "");
    CHECK_MESSAGE(hc_options_set_string(o, HC_STR_PARTITION, block, 4097, &err), HC_E_ARGUMENT,
                  "partition");
    CHECK_STATUS(hc_options_set_string(o, HC_STR_PARTITION, block, 4096, &err), HC_OK);
    CHECK_MESSAGE(hc_request_set_string(r, HC_STR_PARTITION, block, 4097, &err), HC_E_ARGUMENT,
                  "partition");
    CHECK_MESSAGE(hc_request_set_string(r, HC_STR_CACHE_NAME, "x", 1, &err), HC_E_ARGUMENT,
                  "HC_STR_CACHE_NAME");
    CHECK_STATUS(hc_request_set_string(r, HC_LIST_METHOD, "x", 1, &err), HC_E_UNSUPPORTED);
    CHECK_STATUS(hc_request_set_string(r, 399, "x", 1, &err), HC_E_UNSUPPORTED);
    CHECK_MESSAGE(hc_options_set_string(o, HC_STR_CA_FILE, "/nowhere/ca.pem", HC_NTS, &err),
                  HC_E_IO, "/nowhere/ca.pem");
    CHECK_MESSAGE(hc_request_set_string(r, HC_STR_CA_FILE, "/nowhere/ca.pem", HC_NTS, &err),
                  HC_E_IO, "/nowhere/ca.pem");
}

static void how_tls_is_verified_is_part_of_the_key(void) {
    const char *directory = fresh_directory();
    const char *one = text("%s/one.pem", directory), *two = text("%s/two.pem", directory);
    hc_cache *c = open_cache(text("%s/cache", directory), NULL, "");
    hc_request *r = request("GET https://h.test/", "");
    const char *usual = key_of(c, r), *of_one;
    write_file(one, "one", 3);
    write_file(two, "two", 3);
    CHECK(!are_same(usual, key_of(c, request_with("GET https://h.test/", "", "verify_tls 0"))));
    CHECK_STATUS(hc_request_set_string(r, HC_STR_CA_FILE, one, HC_NTS, &err), HC_OK);
    of_one = key_of(c, r);
    CHECK(!are_same(usual, of_one));
    CHECK_STATUS(hc_request_set_string(r, HC_STR_CA_FILE, two, HC_NTS, &err), HC_OK);
    CHECK(!are_same(of_one, key_of(c, r)));
    /* Its content counts, not its place. */
    write_file(two, "one", 3);
    CHECK_STATUS(hc_request_set_string(r, HC_STR_CA_FILE, two, HC_NTS, &err), HC_OK);
    CHECK_STR(key_of(c, r), of_one);
    CHECK_STATUS(hc_request_set_string(r, HC_STR_CA_FILE, NULL, 0, &err), HC_OK);
    CHECK_STR(key_of(c, r), usual);
    hc_close(c);
}

/* RFC 9111 3.5 */
static void sharing_credentials_does_not_share_what_a_shared_cache_may_not(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "cache_control 1"), *d;
    hc_request *bobs = request("GET " URL, "Authorization: bob");
    CHECK_INT(ask(c, request("GET " URL, "Authorization: alice"),
                  answer(200, "Cache-Control: max-age=60", "x"))
                  .outcome,
              HC_STORED);
    CHECK_INT(ask(c, request("GET " URL "public", "Authorization: alice"),
                  answer(200, "Cache-Control: public, max-age=60", "x"))
                  .outcome,
              HC_STORED);
    hc_close(c);
    c = open_cache(directory, NULL, "cache_control 1, share_credentials 1");
    d = open_cache(directory, NULL, "cache_control 1, shared 1, share_credentials 1");
    CHECK_INT(look(c, bobs).decision, HC_FRESH);
    CHECK_INT(look(d, bobs).decision, HC_FORWARD);
    CHECK_INT(look_at(d, URL).decision, HC_FORWARD);
    CHECK_INT(look_at(d, URL "public").decision, HC_FRESH);
    hc_close(c);
    hc_close(d);
}

static void an_option_of_a_request_can_be_read(void) {
    hc_request *r = request("GET " URL, "");
    hc_request *copy = NULL;
    int64_t value = 7;
    CHECK_STATUS(hc_request_option(r, HC_OPT_EXPIRE_AFTER, &value), HC_NOT_FOUND);
    CHECK_INT(value, 7);
    CHECK_STATUS(hc_request_set(r, HC_OPT_EXPIRE_AFTER, HC_NEVER_EXPIRE, &err), HC_OK);
    CHECK_STATUS(hc_request_option(r, HC_OPT_EXPIRE_AFTER, &value), HC_OK);
    CHECK_INT(value, HC_NEVER_EXPIRE);
    CHECK_STATUS(hc_request_copy(r, &copy, &err), HC_OK);
    value = 7;
    CHECK_STATUS(hc_request_option(copy, HC_OPT_EXPIRE_AFTER, &value), HC_OK);
    CHECK_INT(value, HC_NEVER_EXPIRE);
    hc_request_free(copy);
    /* The other way to say an expiry takes its place. */
    CHECK_STATUS(hc_request_set(r, HC_OPT_EXPIRE_AT, T0, &err), HC_OK);
    CHECK_STATUS(hc_request_option(r, HC_OPT_EXPIRE_AFTER, &value), HC_NOT_FOUND);
    CHECK_STATUS(hc_request_set(r, HC_OPT_EXPIRE_AT, HC_UNSET, &err), HC_OK);
    CHECK_STATUS(hc_request_option(r, HC_OPT_EXPIRE_AT, &value), HC_NOT_FOUND);
    CHECK_STATUS(hc_request_option(r, 9999, &value), HC_E_UNSUPPORTED);
}

static void matching_all_fields_and_then_not_leaves_the_list_as_it_is(void) {
    hc_options *o = with_item(options(NULL, ""), HC_LIST_MATCH_FIELD, "A");
    hc_cache *c;
    hc_request *one = request("GET " URL, "A: 1\nB: 1"), *other = request("GET " URL, "A: 1\nB: 2");
    CHECK_STATUS(hc_options_set(o, HC_OPT_MATCH_ALL_FIELDS, 1, &err), HC_OK);
    c = open_with(fresh_directory(), o);
    CHECK(!are_same(key_of(c, one), key_of(c, other)));
    hc_close(c);
    with_item(o, HC_LIST_MATCH_FIELD, "C");
    CHECK_STATUS(hc_options_set(o, HC_OPT_MATCH_ALL_FIELDS, 0, &err), HC_OK);
    c = open_with(fresh_directory(), o);
    CHECK_STR(key_of(c, one), key_of(c, other));
    CHECK(!are_same(key_of(c, one), key_of(c, request("GET " URL, "A: 2"))));
    CHECK(!are_same(key_of(c, one), key_of(c, request("GET " URL, "A: 1\nC: 1"))));
    hc_close(c);
}

/* ---- a function that makes keys ---- */

static void requests_of_one_made_key_are_the_same(void) {
    maker *m = new_maker(PATH);
    hc_cache *c = open_made(m, "");
    CHECK_INT(fetch_from(c, "http://a.test/x", answer(200, "", "x")).outcome, HC_STORED);
    CHECK_INT(m->asked, 1);
    CHECK_STR(look_at(c, "http://b.test/x").body, "x");
    CHECK_INT(look_at(c, "http://a.test/y").decision, HC_FORWARD);
    CHECK_STR(key_of_url(c, "http://a.test/x"), key_of_url(c, "https://b.test/x"));
    /* And the settings for keys count for nothing. */
    CHECK(!are_same(key_of_url(c, URL "?api_key=1"), key_of_url(c, URL "?api_key=2")));
    CHECK_STR(key_of(c, request_with("GET " URL, "", "verify_tls 0")), key_of_url(c, URL));
    hc_close(c);
}

static void partition_credentials_and_vary_still_tell_them_apart(void) {
    hc_cache *c = open_made(new_maker(PATH), "");
    hc_request *mine = of_partition(request("GET " URL, ""), "mine");
    hc_request *alices = request("GET " URL, "Authorization: alice");
    hc_request *english = request("GET http://b.test/v", "Accept-Language: en");
    CHECK_INT(fetch_from(c, URL, answer(200, "", "all")).outcome, HC_STORED);
    CHECK_INT(ask(c, mine, answer(200, "", "mine")).outcome, HC_STORED);
    CHECK_INT(ask(c, alices, answer(200, "", "alices")).outcome, HC_STORED);
    CHECK_STR(look_at(c, "http://b.test/").body, "all");
    CHECK_STR(look(c, mine).body, "mine");
    CHECK_STR(look(c, alices).body, "alices");
    CHECK_INT(look(c, request("GET " URL, "Authorization: bob")).decision, HC_FORWARD);
    CHECK_INT(look(c, request("GET " URL, "X-API-Key: alice")).decision, HC_FORWARD);
    CHECK_INT(ask(c, english, answer(200, "Vary: Accept-Language", "hello")).outcome, HC_STORED);
    CHECK_STR(look(c, request("GET " URL "v", "Accept-Language: en")).body, "hello");
    CHECK_INT(look(c, request("GET " URL "v", "Accept-Language: de")).decision, HC_FORWARD);
    hc_close(c);
}

static void a_request_without_a_key_goes_past_the_cache(void) {
    static const struct {
        int way;
        size_t size;
        hc_status fails;
    } cases[] = {
        {NOTHING, 0, 0},          {WHOLE, 0, 0},     {WHOLE, 65537, 0},
        {PIECES, 1 << 21, 0},     {AND_FAIL, 0, -1}, {AND_FAIL, 0, HC_E_CALLBACK},
        {AND_FAIL, 0, INT32_MIN},
    };
    size_t i;
    for (i = 0; i < NELEMS(cases); i++) {
        maker *m = new_maker(PATH);
        hc_options *o = options_of(m, "");
        test_log *log = log_of(o, HC_LOG_WARNING);
        hc_cache *c = open_with(fresh_directory(), o);
        char key[HC_KEY_SIZE];
        seen s;
        check_note("case %d", (int)i);
        store(c, URL, answer(200, "", "x"));
        m->way = cases[i].way;
        m->size = cases[i].size;
        m->fails = cases[i].fails;
        s = fetch_from(c, URL, answer(200, "", "y"));
        CHECK_INT(s.decision, HC_FORWARD);
        CHECK_STR(s.why, "key");
        CHECK_INT(s.outcome, HC_NOT_STORED);
        CHECK_INT(stats_of(c).errors, 1);
        CHECK_INT(log_lines(log), 1);
        CHECK(log_holds(log, "key"));
        CHECK(!log_holds(log, "h.test"));
        CHECK_STATUS(hc_key(c, request("GET " URL, ""), key, &err), HC_E_CALLBACK);
        if (m->fails < 0)
            CHECK_MESSAGE(hc_key(c, request("GET " URL, ""), key, &err), HC_E_CALLBACK,
                          text("%d", (int)m->fails));
        CHECK_INT(look(c, request("GET " URL, "Cache-Control: only-if-cached")).status, 504);
        m->way = PATH;
        CHECK_STR(look_at(c, URL).body, "x");
        hc_close(c);
    }
}

static void a_key_may_have_64_kib_and_what_is_beyond_takes_no_memory(void) {
    maker *m = new_maker(WHOLE);
    hc_cache *c = open_made(m, "");
    struct rusage before, after;
    m->size = 65536;
    CHECK_INT(fetch_from(c, URL, answer(200, "", "x")).outcome, HC_STORED);
    CHECK_INT(m->wrote, HC_OK);
    CHECK_INT(look_at(c, URL).decision, HC_FRESH);
    getrusage(RUSAGE_SELF, &before);
    m->way = PIECES;
    m->size = (size_t)1 << 30;
    CHECK_INT(fetch_from(c, URL, answer(200, "", "y")).outcome, HC_NOT_STORED);
    CHECK_INT(m->wrote, HC_E_TOO_LARGE);
    getrusage(RUSAGE_SELF, &after);
    CHECK(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
    hc_close(c);
}

static void the_librarys_own_key_can_be_written(void) {
    hc_options *o = options_of(new_maker(DEFAULT), "");
    hc_cache *c, *plain;
    static const struct {
        const char *one, *other;
    } cases[] = {
        {URL "?b=2&a=1", URL "?a=1&b=2"}, {URL "?foo=1", URL "?foo=2"}, {URL, URL "?foo=1"},
        {URL "?a=1", URL "?a=2"},         {URL "a", URL "b"},           {URL "?k", URL "?k="},
    };
    size_t i;
    with_item(o, HC_LIST_IGNORED, "foo");
    with_item(o, HC_LIST_MATCH_FIELD, "X");
    c = open_with(fresh_directory(), o);
    CHECK_STATUS(hc_options_key(o, NULL, NULL, NULL), HC_OK);
    plain = open_with(fresh_directory(), o);
    for (i = 0; i < NELEMS(cases); i++) {
        check_note("%s, %s", cases[i].one, cases[i].other);
        CHECK_INT(are_same(key_of_url(c, cases[i].one), key_of_url(c, cases[i].other)),
                  are_same(key_of_url(plain, cases[i].one), key_of_url(plain, cases[i].other)));
    }
    CHECK(!are_same(key_of(c, request("GET " URL, "X: 1")), key_of(c, request("GET " URL, ""))));
    CHECK_STR(key_of(c, request("GET " URL, "Y: 1")), key_of_url(c, URL));
    CHECK(!are_same(key_of(c, request("HEAD " URL, "")), key_of_url(c, URL)));
    hc_close(c);
    hc_close(plain);
}

static void the_example_of_the_documents_works(void) {
    hc_options *o = options_of(new_maker(GZIP), "");
    hc_cache *c =
        open_with(fresh_directory(), with_item(o, HC_LIST_MATCH_FIELD, "Accept-Encoding"));
    seen s = ask(c, request("GET " URL, "Accept-Encoding: gzip, compress, br"),
                 answer(200, "", "zipped"));
    CHECK_STR(value_in(s.forward_fields, "Accept-Encoding"), "gzip, compress, br");
    CHECK_STR(look(c, request("GET " URL, "Accept-Encoding: br, gzip")).body, "zipped");
    CHECK_INT(look(c, request("GET " URL, "Accept-Encoding: br")).decision, HC_FORWARD);
    CHECK_INT(ask(c, request("GET " URL, "Accept-Encoding: br"), answer(200, "", "plain")).outcome,
              HC_STORED);
    CHECK_STR(look_at(c, URL).body, "plain");
    hc_close(c);
}

static void parts_of_a_key_are_not_mixed_up(void) {
    static const char *const fields[] = {
        "",           "A:",         "B:",         "A: 1",        "B: 1",
        "A: 1\nB: 2", "A: 12\nB:",  "A:\nB: 12",  "A: 12",       "A: 1\nA: 2",
        "B: 12",      "A: 1\nB: 1", "A: ,\nB: ,", "A: \"1, 2\"", "A: 2,1",
    };
    static const struct {
        const char *url, *body;
    } requests[] = {
        {URL "?a", "b"}, {URL "?a", ""}, {URL "?ab", ""}, {URL, "ab"}, {URL "?a&b", ""},
    };
    maker *m = new_maker(TWO_FIELDS);
    hc_options *o = options_of(m, "");
    const char *keys[NELEMS(fields)], *others[NELEMS(requests)];
    hc_cache *c = open_with(fresh_directory(), with_item(o, HC_LIST_METHOD, "POST"));
    size_t i, k;
    for (i = 0; i < NELEMS(fields); i++) {
        keys[i] = key_of(c, request("GET " URL, fields[i]));
        CHECK_INT(m->field, fields[i][0] == 'A' ? HC_OK : HC_NOT_FOUND);
        for (k = 0; k < i; k++) {
            check_note("%s; %s", fields[i], fields[k]);
            CHECK(!are_same(keys[i], keys[k]));
        }
    }
    /* As it would stand in a key: lines joined, white space beside commas away. */
    CHECK_STR(key_of(c, request("GET " URL, "a: 1 ,2")),
              key_of(c, request("GET " URL, "A: 1\nA: 2")));
    m->way = URL_OF_BOTH;
    for (i = 0; i < NELEMS(requests); i++) {
        hc_request *r = request(text("POST %s", requests[i].url), "");
        others[i] = key_of(c, with_body(r, requests[i].body));
        for (k = 0; k < i; k++) {
            check_note("%s, %s", requests[i].url, requests[k].url);
            CHECK(!are_same(others[i], others[k]));
        }
    }
    CHECK_STR(key_of_url(c, URL "?b=2&access_token=x&a=1"), key_of_url(c, URL "?a=1&b=2"));
    hc_close(c);
}

static void its_own_cache_must_not_be_asked_from_inside(void) {
    maker *m = new_maker(PATH);
    hc_cache *c = open_made(m, "");
    seen s;
    m->inner = c;
    s = fetch_from(c, URL, answer(200, "", "x"));
    CHECK_INT(m->inner_lookup, HC_E_MISUSE);
    CHECK_INT(m->inner_key, HC_E_MISUSE);
    CHECK_INT(m->asked, 1);
    CHECK_INT(s.outcome, HC_STORED);
    CHECK_STR(look_at(c, URL).body, "x");
    CHECK_INT(stats_of(c).errors, 0);
    m->inner = NULL;
    CHECK_INT(look_at(c, URL "inner").decision, HC_FORWARD);
    hc_close(c);
}

static void another_cache_may_be_asked_from_inside(void) {
    maker *m = new_maker(PATH);
    hc_cache *c = open_made(m, "");
    m->inner = open_cache(fresh_directory(), NULL, "");
    store(m->inner, URL "inner", answer(200, "", "y"));
    CHECK_INT(fetch_from(c, URL, answer(200, "", "x")).outcome, HC_STORED);
    CHECK_INT(m->inner_key, HC_OK);
    CHECK_INT(m->inner_lookup, HC_OK);
    CHECK_INT(m->inner_decision, HC_FRESH);
    hc_close(m->inner);
    hc_close(c);
}

/* It would wait for itself if a transaction were open: both handles have one writer's lock. */
static void no_transaction_is_open_while_it_runs(void) {
    const char *directory = fresh_directory();
    maker *m = new_maker(PATH);
    hc_cache *c = open_with(directory, options_of(m, "invalidate 1"));
    int i;
    m->inner = open_cache(directory, NULL, "");
    for (i = 0; i < 3; i++) {
        m->inner_url = text(URL "inner/%d", i);
        CHECK_INT(fetch_from(c, text(URL "%d", i), answer(200, "", "x")).outcome, HC_STORED);
        CHECK_INT(m->inner_outcome, HC_STORED);
        ask(c, request(text("DELETE " URL "%d", i), ""), answer(204, "", NULL));
    }
    CHECK_INT(stats_of(c).responses, 3);
    hc_close(m->inner);
    hc_close(c);
}

typedef struct {
    hc_cache *cache;
    int number;
    int wrong;
} worker;

static void *work(void *user) {
    worker *w = (worker *)user;
    int i;
    for (i = 0; i < 200; i++) {
        char url[64];
        hc_request *r = NULL;
        hc_exchange *x = NULL;
        hc_response *p = NULL;
        int32_t outcome;
        /* Each thread by a host of its own: the key is the path. */
        snprintf(url, sizeof url, "http://h%d.test/%d", w->number, i % 10);
        hc_request_new("GET", 3, url, HC_NTS, &r, NULL);
        hc_response_new(200, NULL, 0, &p, NULL);
        w->wrong += hc_lookup(w->cache, r, NULL, &x, NULL) != HC_OK;
        if (hc_exchange_forward(x) != NULL)
            w->wrong += hc_store(x, p, &outcome, NULL, NULL) != HC_OK || outcome != HC_STORED;
        hc_response_free(p);
        hc_exchange_free(x);
        hc_request_free(r);
    }
    return NULL;
}

static void several_threads_may_be_inside_at_once(void) {
    maker *m = new_maker(PATH);
    hc_cache *c = open_made(m, "");
    pthread_t threads[4];
    worker workers[4];
    int i;
    for (i = 0; i < 4; i++) {
        workers[i].cache = c;
        workers[i].number = i;
        workers[i].wrong = 0;
        CHECK_INT(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (i = 0; i < 4; i++)
        CHECK_INT(workers[i].wrong, 0);
    CHECK_INT(m->asked, 800);
    CHECK_INT(stats_of(c).responses, 10);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
}

static hc_status normalise(void *user, hc_request *copy);

static void the_functions_are_destroyed_once_after_their_last_use(void) {
    maker *first = new_maker(PATH), *second = new_maker(PATH), *third = new_maker(PATH);
    hc_options *o = hc_options_new();
    hc_cache *c = NULL;
    hc_exchange *x = NULL;
    CHECK_STATUS(hc_options_key(o, make_key, first, maker_destroyed), HC_OK);
    CHECK_STATUS(hc_options_normalize(o, normalise, third, maker_destroyed), HC_OK);
    CHECK_STATUS(hc_open(fresh_directory(), o, &c, &err), HC_OK);
    CHECK_STATUS(hc_options_key(o, make_key, second, maker_destroyed), HC_OK);
    CHECK_INT(first->destroyed, 0);
    hc_options_free(o);
    CHECK_INT(second->destroyed, 1);
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    hc_close(c);
    CHECK_INT(first->destroyed + third->destroyed, 0);
    hc_exchange_free(x);
    CHECK_INT(first->destroyed, 1);
    CHECK_INT(third->destroyed, 1);
    CHECK_INT(second->destroyed, 1);
}

static void what_is_refused_or_replaced_is_destroyed_too(void) {
    maker *m = new_maker(PATH);
    hc_options *o = options(NULL, "");
    CHECK_STATUS(hc_options_key(NULL, make_key, m, maker_destroyed), HC_E_ARGUMENT);
    CHECK_INT(m->destroyed, 1);
    CHECK_STATUS(hc_options_normalize(NULL, normalise, m, maker_destroyed), HC_E_ARGUMENT);
    CHECK_INT(m->destroyed, 2);
    CHECK_STATUS(hc_options_key(o, NULL, m, maker_destroyed), HC_OK);
    CHECK_INT(m->destroyed, 3);
    CHECK_STATUS(hc_options_normalize(o, NULL, m, maker_destroyed), HC_OK);
    CHECK_INT(m->destroyed, 4);
    CHECK_STATUS(hc_options_key(o, make_key, m, maker_destroyed), HC_OK);
    CHECK_STATUS(hc_options_key(o, make_key, m, maker_destroyed), HC_OK);
    CHECK_INT(m->destroyed, 5);
}

/* ---- a function that changes copies of requests ---- */

/* What it does is told by the way: */
enum {
    DROP_FIELDS = 100, /* Takes all fields away. */
    SIMPLIFY,          /* As in the documents. */
    CHANGE_URL,        /* To "/all". */
    CHANGE_BODY,       /* To "x". */
    FAIL,
    SIGN /* Adds credentials, by the field User. */
};

static void drop_fields(hc_request *copy) {
    size_t count = 0;
    const hc_field *fields = hc_request_fields(copy, &count);
    while (count > 0) {
        char name[64];
        snprintf(name, sizeof name, "%s", fields[0].name);
        hc_request_remove(copy, name, HC_NTS);
        fields = hc_request_fields(copy, &count);
    }
}

static hc_status normalise(void *user, hc_request *copy) {
    maker *m = (maker *)user;
    size_t count = 0;
    const hc_field *fields;
    char user_name[64];
    m->asked++;
    if (m->inner != NULL)
        ask_inside(m);
    switch (m->way) {
    case DROP_FIELDS:
        drop_fields(copy);
        return HC_OK;
    case SIMPLIFY:
        return simplify(copy);
    case CHANGE_URL:
        return hc_request_assign(copy, hc_request_method(copy), HC_NTS, URL "all", HC_NTS, NULL);
    case CHANGE_BODY:
        return hc_request_set_body(copy, "x", 1, NULL);
    case FAIL:
        drop_fields(copy);
        return -77;
    case SIGN:
        fields = hc_request_fields(copy, &count);
        if (count == 0)
            return HC_OK;
        /* What is lent goes when the copy changes. */
        snprintf(user_name, sizeof user_name, "%s", fields[0].value);
        return hc_request_add(copy, "Authorization", HC_NTS, user_name, HC_NTS, NULL);
    default:
        return HC_OK;
    }
}

static hc_options *options_normalised(maker *m, const char *settings) {
    hc_options *o = options(NULL, settings);
    CHECK_STATUS(hc_options_normalize(o, normalise, m, maker_destroyed), HC_OK);
    return o;
}

static hc_cache *open_normalised(maker *m, const char *settings) {
    return open_with(fresh_directory(), options_normalised(m, settings));
}

static void what_is_sent_is_untouched_and_vary_compares_the_copy(void) {
    hc_cache *c = open_normalised(new_maker(SIMPLIFY), "");
    const char *zipped = "Vary: Accept-Encoding\nContent-Encoding: gzip";
    seen s = ask(c, request("GET " URL, "Accept-Encoding: gzip, compress, br"),
                 answer(200, zipped, "zipped"));
    CHECK_STR(s.forward_fields, "Accept-Encoding: gzip, compress, br\n");
    CHECK_INT(s.outcome, HC_STORED);
    CHECK_STR(look(c, request("GET " URL, "Accept-Encoding: br, gzip")).body, "zipped");
    s = ask(c, request("GET " URL, "Accept-Encoding: br"),
            answer(200, "Vary: Accept-Encoding", "plain"));
    CHECK_STR(s.why, "vary-miss");
    CHECK_STR(s.forward_fields, "Accept-Encoding: br\n");
    /* A field that was taken away is as one that was never there. */
    CHECK_STR(look_at(c, URL).body, "plain");
    CHECK_STR(look(c, request("GET " URL, "Accept-Encoding: zstd")).body, "plain");
    hc_close(c);
}

static void the_copys_body_and_fields_are_those_of_the_key(void) {
    maker *m = new_maker(CHANGE_BODY);
    hc_options *o = options_normalised(m, "match_all_fields 1");
    hc_cache *c = open_with(fresh_directory(), with_item(o, HC_LIST_METHOD, "POST"));
    hc_request *one = with_body(request("POST " URL, "X: 1"), "one");
    const void *body;
    hc_exchange *x = NULL;
    size_t len = 0;
    CHECK_STATUS(hc_lookup(c, one, NULL, &x, &err), HC_OK);
    body = hc_request_body(hc_exchange_forward(x), &len);
    CHECK(len == 3 && memcmp(body, "one", 3) == 0);
    hc_exchange_free(x);
    CHECK_STR(key_of(c, one), key_of(c, with_body(request("POST " URL, "X: 1"), "two")));
    CHECK(!are_same(key_of(c, one), key_of(c, with_body(request("POST " URL, "X: 2"), "one"))));
    m->way = DROP_FIELDS;
    CHECK_STR(key_of(c, one), key_of(c, with_body(request("POST " URL, "X: 2"), "one")));
    hc_close(c);
}

static void a_request_that_cannot_be_normalised_goes_past_the_cache(void) {
    maker *m = new_maker(SIMPLIFY);
    hc_options *o = options_normalised(m, "");
    test_log *log = log_of(o, HC_LOG_WARNING);
    hc_cache *c = open_with(fresh_directory(), o);
    char key[HC_KEY_SIZE];
    seen s;
    store(c, URL, answer(200, "", "x"));
    m->way = FAIL;
    s = ask(c, request("GET " URL, "A: 1"), answer(200, "", "y"));
    CHECK_INT(s.decision, HC_FORWARD);
    CHECK_STR(s.why, "key");
    CHECK_STR(s.forward_fields, "A: 1\n");
    CHECK_INT(s.outcome, HC_NOT_STORED);
    CHECK_INT(stats_of(c).errors, 1);
    CHECK(log_holds(log, "-77"));
    CHECK_MESSAGE(hc_key(c, request("GET " URL, ""), key, &err), HC_E_CALLBACK, "-77");
    m->way = SIMPLIFY;
    CHECK_STR(look_at(c, URL).body, "x");
    hc_close(c);
}

static void whose_response_it_is_cannot_be_normalised_away(void) {
    static const char *const policies[] = {"", "cache_control 1, shared 1"};
    maker *m = new_maker(DROP_FIELDS);
    size_t i;
    hc_cache *c;
    hc_request *alices = request("GET " URL, "Authorization: alice");
    for (i = 0; i < NELEMS(policies); i++) {
        seen s;
        check_note("%s", policies[i]);
        c = open_normalised(m, policies[i]);
        s = ask(c, alices, answer(200, "Cache-Control: max-age=60", "alices"));
        /* RFC 9111 3.5 */
        CHECK_INT(s.outcome, i == 0 ? HC_STORED : HC_NOT_STORED);
        CHECK_INT(look(c, alices).decision, i == 0 ? HC_FRESH : HC_FORWARD);
        CHECK_INT(look(c, request("GET " URL, "Authorization: bob")).decision, HC_FORWARD);
        CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
        hc_close(c);
    }
    check_note("credentials that are added");
    m->way = SIGN;
    c = open_normalised(m, "");
    CHECK_INT(ask(c, request("GET " URL, "User: a"), answer(200, "", "as")).outcome, HC_STORED);
    CHECK_STR(look(c, request("GET " URL, "User: a")).body, "as");
    CHECK_INT(look(c, request("GET " URL, "User: b")).decision, HC_FORWARD);
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    hc_close(c);
}

static void a_part_is_of_the_range_that_is_sent(void) {
    hc_options *o = options_normalised(new_maker(DROP_FIELDS), "");
    hc_cache *c = open_with(fresh_directory(), with_item(o, HC_LIST_STATUS, "206"));
    seen s = ask(c, request("GET " URL, "Range: bytes=0-1"),
                 answer(206, "Content-Range: bytes 0-1/9", "ab"));
    CHECK_INT(s.outcome, HC_STORED);
    CHECK_STR(look(c, request("GET " URL, "Range: bytes=0-1")).body, "ab");
    CHECK_INT(look(c, request("GET " URL, "Range: bytes=4-5")).decision, HC_FORWARD);
    hc_close(c);
}

static void it_must_not_ask_its_own_cache_either(void) {
    maker *m = new_maker(SIMPLIFY);
    hc_cache *c = open_normalised(m, "");
    m->inner = c;
    CHECK_INT(fetch_from(c, URL, answer(200, "", "x")).outcome, HC_STORED);
    CHECK_INT(m->inner_lookup, HC_E_MISUSE);
    CHECK_INT(m->inner_key, HC_E_MISUSE);
    CHECK_STR(look_at(c, URL).body, "x");
    hc_close(c);
}

static void both_functions_together(void) {
    maker *changes = new_maker(SIMPLIFY), *m = new_maker(TWO_FIELDS);
    hc_options *o = options_normalised(changes, "");
    hc_cache *c;
    changes->way = DROP_FIELDS;
    CHECK_STATUS(hc_options_key(o, make_key, m, maker_destroyed), HC_OK);
    c = open_with(fresh_directory(), o);
    /* The key is made of the changed copy. */
    CHECK_STR(key_of(c, request("GET " URL, "A: 1")), key_of_url(c, URL));
    CHECK_INT(m->field, HC_NOT_FOUND);
    changes->way = FAIL;
    m->asked = 0;
    CHECK_INT(look_at(c, URL).decision, HC_FORWARD);
    CHECK_INT(m->asked, 0);
    hc_close(c);
}

/* ---- other keys for what is stored ---- */

static hc_rekeyed rekey(hc_cache *c, const char *from) {
    hc_rekeyed counts;
    memset(&counts, 0, sizeof counts);
    counts.struct_size = sizeof counts;
    CHECK_STATUS(hc_rekey(c, from, HC_NTS, NULL, NULL, &counts, &err), HC_OK);
    return counts;
}

static void what_was_stored_by_other_settings_is_found_again(void) {
    const char *directory = fresh_directory();
    hc_cache *c = open_cache(directory, NULL, "");
    char before[HC_KEY_SIZE], after[HC_KEY_SIZE];
    maker *m = new_maker(PATH); /* Before the options, so that it outlives them. */
    hc_options *o = with_item(options(NULL, ""), HC_LIST_IGNORED, "foo");
    CHECK_STATUS(hc_key_settings(c, before, &err), HC_OK);
    store(c, URL "?foo=1&a=1", answer(200, "", "x"));
    hc_close(c);
    c = open_with(directory, o);
    CHECK_STATUS(hc_key_settings(c, after, &err), HC_OK);
    CHECK(!are_same(before, after));
    CHECK_INT(look_at(c, URL "?a=1").decision, HC_FORWARD);
    CHECK_INT(rekey(c, after).moved, 0);
    CHECK_INT(rekey(c, before).moved, 1);
    CHECK_STR(look_at(c, URL "?foo=2&a=1").body, "x");
    store(c, URL "path", answer(200, "", "y"));
    hc_close(c);
    /* By a function, and by no list of names: all but this cache's. */
    CHECK_STATUS(hc_options_key(o, make_key, m, maker_destroyed), HC_OK);
    c = open_with(directory, o);
    CHECK_INT(look_at(c, "http://b.test/path").decision, HC_FORWARD);
    CHECK_INT(rekey(c, NULL).moved, 2);
    CHECK_STR(look_at(c, "http://b.test/path").body, "y");
    hc_close(c);
}

static int32_t stop(void *user, uint64_t done, uint64_t total) {
    (void)user;
    (void)done;
    (void)total;
    return -1;
}

static void keys_are_made_anew_by_names_of_settings_and_no_others(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    static const char *const others[] = {"x", "0123456789abcde", "0123456789abcdef0"};
    size_t i;
    for (i = 0; i < NELEMS(others); i++)
        CHECK_STATUS(hc_rekey(c, others[i], HC_NTS, NULL, NULL, NULL, &err), HC_E_ARGUMENT);
    store(c, URL, answer(200, "", "x"));
    CHECK_STATUS(hc_rekey(c, NULL, 0, stop, NULL, NULL, &err), HC_E_CANCELLED);
    CHECK_STR(look_at(c, URL).body, "x");
    hc_close(c);
}

/* ---- invalidation is by URL (RFC 9111 4.4) ---- */

static void delete_from(hc_cache *c, const char *url) {
    CHECK_INT(ask(c, request(text("DELETE %s", url), ""), answer(204, "", NULL)).decision,
              HC_FORWARD);
}

static void a_changed_url_is_invalidated_by_the_one_that_was_asked_for(void) {
    hc_cache *c = open_normalised(new_maker(CHANGE_URL), "invalidate 1");
    store(c, URL "one", answer(200, "", "x"));
    CHECK_INT(look_at(c, URL "two").decision, HC_FRESH);
    delete_from(c, URL "three");
    CHECK_INT(look_at(c, URL "one").decision, HC_FRESH);
    delete_from(c, URL "one");
    CHECK_INT(look_at(c, URL "one").decision, HC_FORWARD);
    store(c, URL "two", answer(200, "", "x"));
    /* Its own URL is what it is stored for, too. */
    delete_from(c, URL "all");
    CHECK_INT(look_at(c, URL "two").decision, HC_FORWARD);
    CHECK_INT(stats_of(c).responses, 0);
    hc_close(c);
}

static void what_a_function_made_the_key_of_is_found_by_its_url(void) {
    static const size_t sizes[] = {1, 200000};
    size_t i;
    for (i = 0; i < NELEMS(sizes); i++) {
        const char *directory = fresh_directory();
        hc_cache *c = open_with(directory, options_of(new_maker(PATH), "invalidate 1"));
        hc_cache *other = open_cache(directory, NULL, "invalidate 1");
        hc_request *mine = of_partition(request("GET " URL "a?b=1&a=2", ""), "mine");
        hc_request *alices = request("GET " URL "a?b=1&a=2", "Authorization: alice");
        hc_request *vary = request("GET " URL "a?b=1&a=2", "X: 1");
        check_note("%d bytes", (int)sizes[i]);
        ask(c, mine, answer_of(200, "", body_of(1, sizes[i]), sizes[i]));
        ask(c, alices, answer_of(200, "Vary: X", body_of(2, sizes[i]), sizes[i]));
        ask(c, vary, answer_of(200, "Vary: X", body_of(3, sizes[i]), sizes[i]));
        store(c, URL "b", answer(200, "", "kept"));
        CHECK_INT(stats_of(c).responses, 4);
        /* By a handle without the function, and in another order of the parameters. */
        delete_from(other, URL "a?a=2&b=1");
        CHECK_INT(look(c, mine).decision, HC_FORWARD);
        CHECK_INT(look(c, alices).decision, HC_FORWARD);
        CHECK_INT(look(c, vary).decision, HC_FORWARD);
        CHECK_INT(look_at(c, URL "b").decision, HC_FRESH);
        CHECK_INT(stats_of(c).responses, 1);
        hc_close(c);
        hc_close(other);
    }
}

static void a_url_is_invalidated_in_all_partitions_and_orders(void) {
    static const char *const policies[] = {"", "sort_query 0", "cache_control 1",
                                           "cache_control 1, sort_query 1"};
    static const char *const orders[] = {URL "?b=1&a=2", URL "?a=2&b=1"};
    const char *directory = fresh_directory();
    hc_cache *caches[NELEMS(policies)];
    size_t i, k, deleting;
    for (i = 0; i < NELEMS(policies); i++)
        caches[i] = open_cache(directory, NULL,
                               text("%s%s invalidate 1", policies[i], *policies[i] ? "," : ""));
    for (deleting = 0; deleting < NELEMS(policies); deleting++) {
        for (i = 0; i < NELEMS(policies); i++) {
            for (k = 0; k < NELEMS(orders); k++) {
                hc_request *r = request(text("GET %s", orders[k]), "");
                hc_response *p = answer(200, "Cache-Control: max-age=60", "x");
                ask(caches[i], r, p);
                ask(caches[i], of_partition(request(text("GET %s", orders[k]), ""), "p"), p);
                CHECK_INT(look(caches[i], r).decision, HC_FRESH);
            }
        }
        /* Two orders in two partitions. */
        CHECK_INT(stats_of(caches[0]).responses, 4);
        delete_from(caches[deleting], orders[deleting % 2]);
        check_note("by %s", policies[deleting]);
        CHECK_INT(stats_of(caches[0]).responses, 0);
    }
    for (i = 0; i < NELEMS(policies); i++)
        hc_close(caches[i]);
}

static void what_was_on_its_way_when_its_url_was_invalidated_is_not_stored(void) {
    hc_cache *c = open_made(new_maker(PATH), "invalidate 1");
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    CHECK_STATUS(hc_lookup(c, request("GET " URL, ""), NULL, &x, &err), HC_OK);
    delete_from(c, URL);
    CHECK_STATUS(hc_store(x, answer(200, "", "x"), &outcome, NULL, &err), HC_OK);
    CHECK_INT(outcome, HC_NOT_STORED);
    hc_exchange_free(x);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(same_requests_have_the_same_key_and_others_another),
    TEST(a_key_is_printable_and_the_beginning_of_that_of_the_response),
    TEST(what_the_cache_has_no_part_in_has_no_key),
    TEST(a_key_is_told_without_being_looked_up),
    TEST(secrets_are_hashed_with_the_secret_of_the_store),
    TEST(a_request_may_be_of_another_partition_or_of_none),
    TEST(a_name_that_is_set_to_null_has_its_default),
    TEST(names_of_another_kind_are_refused),
    TEST(how_tls_is_verified_is_part_of_the_key),
    TEST(sharing_credentials_does_not_share_what_a_shared_cache_may_not),
    TEST(an_option_of_a_request_can_be_read),
    TEST(matching_all_fields_and_then_not_leaves_the_list_as_it_is),
    TEST(requests_of_one_made_key_are_the_same),
    TEST(partition_credentials_and_vary_still_tell_them_apart),
    TEST(a_request_without_a_key_goes_past_the_cache),
    TEST(a_key_may_have_64_kib_and_what_is_beyond_takes_no_memory),
    TEST(the_librarys_own_key_can_be_written),
    TEST(the_example_of_the_documents_works),
    TEST(parts_of_a_key_are_not_mixed_up),
    TEST(its_own_cache_must_not_be_asked_from_inside),
    TEST(another_cache_may_be_asked_from_inside),
    TEST(no_transaction_is_open_while_it_runs),
    TEST(several_threads_may_be_inside_at_once),
    TEST(the_functions_are_destroyed_once_after_their_last_use),
    TEST(what_is_refused_or_replaced_is_destroyed_too),
    TEST(what_is_sent_is_untouched_and_vary_compares_the_copy),
    TEST(the_copys_body_and_fields_are_those_of_the_key),
    TEST(a_request_that_cannot_be_normalised_goes_past_the_cache),
    TEST(whose_response_it_is_cannot_be_normalised_away),
    TEST(a_part_is_of_the_range_that_is_sent),
    TEST(it_must_not_ask_its_own_cache_either),
    TEST(both_functions_together),
    TEST(what_was_stored_by_other_settings_is_found_again),
    TEST(keys_are_made_anew_by_names_of_settings_and_no_others),
    TEST(a_changed_url_is_invalidated_by_the_one_that_was_asked_for),
    TEST(what_a_function_made_the_key_of_is_found_by_its_url),
    TEST(a_url_is_invalidated_in_all_partitions_and_orders),
    TEST(what_was_on_its_way_when_its_url_was_invalidated_is_not_stored),
};

CHECK_MAIN(tests)
