/* hc_fetch over a transport of one's own: what each function of the table may answer, and how often
 * each is called. No network. */
#include "origin.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL "http://h.test/"

/* An origin in the program: what it answers, and what was called. */
typedef struct {
    hc_status start_status;
    int status;         /* 0: start sets none. */
    const char *fields; /* As in answer(). */
    const char *body;
    size_t piece;       /* At most so many bytes at a read. */
    size_t fails_after; /* Reading fails with read_status after so many bytes. */
    hc_status read_status;
    size_t claims; /* What read says it wrote, where that is a lie. */
    int started, finished, destroyed;
    pthread_mutex_t lock;
    char asked[256]; /* Method, URL and fields of the last request. */
} mock;

typedef struct {
    mock *of;
    size_t done;
} transfer;

static void add_fields(hc_response *head, const char *fields) {
    while (*fields) {
        const char *colon = strchr(fields, ':');
        const char *end = fields + strcspn(fields, "\n");
        hc_response_add(head, fields, (size_t)(colon - fields), colon + 1,
                        (size_t)(end - colon - 1), NULL);
        fields = end + (*end == '\n');
    }
}

static void keep_request(mock *m, const hc_request *r) {
    size_t n = 0, i, len;
    const hc_field *fields = hc_request_fields(r, &n);
    pthread_mutex_lock(&m->lock);
    len = (size_t)snprintf(m->asked, sizeof m->asked, "%s %s\n", hc_request_method(r),
                           hc_request_url(r));
    for (i = 0; i < n; i++) {
        len += (size_t)snprintf(m->asked + len, sizeof m->asked - len, "%s: %s\n", fields[i].name,
                                fields[i].value);
    }
    pthread_mutex_unlock(&m->lock);
}

static hc_status mock_start(void *user, const hc_request *r, hc_response *head, void **out) {
    mock *m = (mock *)user;
    transfer *t;
    keep_request(m, r);
    if (m->start_status != HC_OK)
        return m->start_status;
    __atomic_add_fetch(&m->started, 1, __ATOMIC_SEQ_CST);
    t = (transfer *)calloc(1, sizeof *t);
    t->of = m;
    *out = t;
    if (m->status != 0) {
        hc_response_assign(head, m->status, "Reason", HC_NTS, NULL);
        add_fields(head, m->fields);
    }
    return HC_OK;
}

static hc_status mock_read(void *user, void *buffer, size_t capacity, size_t *n) {
    transfer *t = (transfer *)user;
    mock *m = t->of;
    size_t left = strlen(m->body) - t->done;
    size_t now = left < capacity ? left : capacity;
    if (m->piece != 0 && now > m->piece)
        now = m->piece;
    *n = 0;
    if (m->read_status != HC_OK && t->done >= m->fails_after)
        return m->read_status;
    if (m->claims != 0) {
        *n = m->claims;
        return HC_OK;
    }
    memcpy(buffer, m->body + t->done, now);
    t->done += now;
    *n = now;
    return now == 0 ? HC_DONE : HC_OK;
}

static void mock_finish(void *user) {
    transfer *t = (transfer *)user;
    __atomic_add_fetch(&t->of->finished, 1, __ATOMIC_SEQ_CST);
    free(t);
}

static void mock_destroy(void *user) {
    ((mock *)user)->destroyed++;
}

static mock *new_mock(int status, const char *fields, const char *body) {
    mock *m = (mock *)calloc(1, sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
    m->status = status;
    m->fields = fields;
    m->body = body;
    check_defer(free, m);
    return m;
}

static hc_cache *cache_over(mock *m, test_clock *clock, const char *settings) {
    hc_options *o = options(clock, settings);
    hc_transport table;
    memset(&table, 0, sizeof table);
    table.struct_size = sizeof table;
    table.user = m;
    table.destroy = mock_destroy;
    table.start = mock_start;
    table.read = mock_read;
    table.finish = mock_finish;
    CHECK_STATUS(hc_options_transport(o, &table), HC_OK);
    memset(&table, 0xff, sizeof table); /* It was copied. */
    return open_with(fresh_directory(), o);
}

static void what_it_brings_is_stored_and_served(void) {
    mock *m = new_mock(200, "X-A: 1\nX-A: 2", "body");
    hc_cache *c = cache_over(m, NULL, "");
    int again;
    for (again = 0; again <= 1; again++) {
        fetched f = fetch(c, request("GET " URL "?b=1&a=2", "X-B: 3"));
        CHECK_INT(f.status, HC_OK);
        CHECK_INT(f.view.status, 200);
        CHECK_INT(f.view.flags, again ? HC_FROM_CACHE : 0);
        CHECK_STR(f.fields, "X-A: 1\nX-A: 2\n");
        CHECK_STR(f.body, "body");
        CHECK_STR(m->asked, "GET " URL "?b=1&a=2\nX-B: 3\n");
    }
    CHECK_INT(m->started, 1);
    CHECK_INT(m->finished, 1);
    hc_close(c);
}

static void pieces_may_be_of_any_size(void) {
    mock *m = new_mock(200, "", "a body in many pieces");
    hc_cache *c = cache_over(m, NULL, "");
    size_t piece;
    for (piece = 1; piece < 25; piece++) {
        fetched f;
        m->piece = piece;
        f = fetch_in_pieces(c, request(text("GET %s%zu", URL, piece), ""), 25 - piece);
        CHECK_STR(f.body, m->body);
        CHECK_STR(get(c, text("%s%zu", URL, piece)).body, m->body);
    }
    CHECK_INT(m->started, 24);
    CHECK_INT(m->finished, 24);
    hc_close(c);
}

static void failures_of_start_are_the_callers(void) {
    static const struct {
        hc_status answered, expected;
    } cases[] = {
        {HC_E_RESOLVE, HC_E_RESOLVE},
        {HC_E_CONNECT, HC_E_CONNECT},
        {HC_E_TLS, HC_E_TLS},
        {HC_E_TIMEOUT, HC_E_TIMEOUT},
        {HC_E_PROTOCOL, HC_E_PROTOCOL},
        {HC_E_CANCELLED, HC_E_CANCELLED},
        {HC_E_TRANSPORT, HC_E_TRANSPORT},
        {HC_E_ARGUMENT, HC_E_CALLBACK},
        {HC_E_IO, HC_E_CALLBACK},
        {HC_E_CALLBACK, HC_E_CALLBACK},
        {-12345, HC_E_CALLBACK},
        {INT32_MIN, HC_E_CALLBACK},
    };
    mock *m = new_mock(200, "", "body");
    hc_cache *c = cache_over(m, NULL, "");
    size_t i;
    for (i = 0; i < NELEMS(cases); i++) {
        hc_response *p = NULL;
        hc_error *err = NULL;
        int32_t number = 0;
        m->start_status = cases[i].answered;
        check_note("start answers %d", (int)cases[i].answered);
        CHECK_INT(hc_fetch(c, request("GET " URL, ""), NULL, &p, &err), cases[i].expected);
        CHECK(p == NULL);
        CHECK_STR(hc_error_cause(err, &number), "callback");
        CHECK_INT(number, cases[i].answered);
        hc_error_free(err);
    }
    CHECK_INT(m->finished, 0);
    CHECK_INT(stats_of(c).responses, 0);
    m->start_status = HC_OK;
    CHECK_STR(get(c, URL).body, "body");
    hc_close(c);
    CHECK_INT(m->finished, m->started);
}

static void failures_of_read_end_the_body(void) {
    static const struct {
        hc_status answered, expected;
    } cases[] = {
        {HC_E_PROTOCOL, HC_E_PROTOCOL},   {HC_E_TIMEOUT, HC_E_TIMEOUT},
        {HC_E_TRANSPORT, HC_E_TRANSPORT}, {HC_E_CANCELLED, HC_E_CANCELLED},
        {HC_E_IO, HC_E_CALLBACK},         {-12345, HC_E_CALLBACK},
    };
    size_t i, after;
    for (i = 0; i < NELEMS(cases); i++) {
        for (after = 0; after <= 4; after += 2) {
            mock *m = new_mock(200, "", "body");
            hc_cache *c = cache_over(m, NULL, "");
            fetched f;
            m->piece = 2;
            m->fails_after = after;
            m->read_status = cases[i].answered;
            check_note("read answers %d after %zu bytes", (int)cases[i].answered, after);
            f = get(c, URL);
            CHECK_INT(f.status, HC_OK);
            CHECK_INT(f.read_status, cases[i].expected);
            CHECK_INT(f.body_len, (int64_t)after);
            CHECK_INT(m->finished, 1);
            m->read_status = HC_OK;
            f = get(c, URL);
            CHECK_INT(f.view.flags, 0);
            CHECK_STR(f.body, "body");
            hc_close(c);
        }
    }
}

static void answers_that_make_no_sense_are_failures_of_the_callback(void) {
    mock *m = new_mock(0, "", "body");
    hc_cache *c = cache_over(m, NULL, "");
    fetched f = get(c, URL);
    check_note("start sets no status code");
    CHECK_INT(f.status, HC_E_CALLBACK);
    m->status = 103;
    f = get(c, URL);
    check_note("start sets an interim status code");
    CHECK_INT(f.status, HC_E_CALLBACK);
    m->status = 200;
    m->claims = (size_t)1 << 40;
    f = get(c, URL);
    check_note("read says that it wrote more than it may");
    CHECK_INT(f.read_status, HC_E_CALLBACK);
    m->claims = 0;
    m->body = "";
    m->read_status = HC_NOT_FOUND;
    f = get(c, URL);
    check_note("read neither gives anything nor ends");
    CHECK_INT(f.read_status, HC_E_CALLBACK);
    CHECK_INT(m->started, 4);
    CHECK_INT(m->finished, 4);
    CHECK_INT(stats_of(c).responses, 0);
    hc_close(c);
}

static void a_body_must_be_as_long_as_announced(void) {
    static const struct {
        const char *fields;
        int is_stored;
    } cases[] = {
        {"Content-Length: 4", 1},
        {"Content-Length: 5", 0},
        {"Content-Length: 3", 0},
        {"Content-Length: 4\nTransfer-Encoding: chunked", 0},
    };
    size_t i;
    for (i = 0; i < NELEMS(cases); i++) {
        mock *m = new_mock(200, cases[i].fields, "body");
        hc_cache *c = cache_over(m, NULL, "");
        fetched f = get(c, URL);
        check_note("%s", cases[i].fields);
        CHECK_STR(f.body, "body");
        CHECK_INT(stats_of(c).responses, (uint64_t)cases[i].is_stored);
        hc_close(c);
    }
}

static void a_stale_response_covers_for_it(void) {
    test_clock *clock = new_clock();
    mock *m = new_mock(200, "ETag: \"a\"", "body");
    hc_cache *c = cache_over(m, clock, "expire_after 60000, stale_if_error never");
    fetched f = get(c, URL);
    pass(clock, 61 * SECONDS);
    m->start_status = HC_E_TIMEOUT;
    f = get(c, URL);
    CHECK_INT(f.status, HC_OK);
    CHECK_INT(f.view.outcome, HC_USED_STALE);
    CHECK_INT(f.view.flags, HC_FROM_CACHE | HC_EXPIRED);
    CHECK_STR(f.body, "body");
    m->start_status = HC_OK;
    m->status = 503;
    m->body = "an error";
    f = get(c, URL);
    CHECK_INT(f.view.outcome, HC_USED_STALE);
    CHECK_INT(f.view.status, 200);
    CHECK_STR(f.body, "body");
    CHECK_INT(m->finished, m->started);
    hc_close(c);
}

static void a_304_freshens_and_another_one_repeats(void) {
    test_clock *clock = new_clock();
    mock *m = new_mock(200, "ETag: \"a\"", "body");
    hc_cache *c = cache_over(m, clock, "expire_after 60000");
    fetched f = get(c, URL);
    pass(clock, 61 * SECONDS);
    m->status = 304;
    m->fields = "ETag: \"a\"\nX-A: 1";
    m->body = "";
    f = get(c, URL);
    CHECK_STR(m->asked, "GET " URL "\nIf-None-Match: \"a\"\n");
    CHECK_INT(f.view.outcome, HC_FRESHENED);
    CHECK_INT(f.view.flags, HC_FROM_CACHE | HC_REVALIDATED);
    CHECK_STR(value_in(f.fields, "X-A"), "1");
    CHECK_STR(f.body, "body");
    pass(clock, 61 * SECONDS);
    /* A 304 of something else: asked once more, without conditions; and then it is taken as it is.
     */
    m->fields = "ETag: \"b\"";
    f = get(c, URL);
    CHECK_STR(m->asked, "GET " URL "\n");
    CHECK_INT(m->started, 4);
    CHECK_INT(f.view.status, 304);
    CHECK_INT(m->finished, 4);
    hc_close(c);
}

static void redirects_are_followed_over_it(void) {
    mock *m = new_mock(302, "Location: https://other.test/", "");
    hc_cache *c = cache_over(m, NULL, "max_redirects 5");
    fetched f = fetch(c, request("GET " URL, "Authorization: Basic eDp5\nX-A: 1"));
    CHECK_INT(f.status, HC_E_REDIRECT);
    CHECK_INT(m->started, 6);
    /* Credentials stay with the origin they are for. */
    CHECK_STR(m->asked, "GET https://other.test/\nX-A: 1\n");
    /* From https to http only where that is allowed. */
    m->fields = "Location: http://other.test/";
    f = get(c, "https://h.test/");
    CHECK_INT(f.status, HC_E_REDIRECT);
    CHECK_INT(m->started, 7);
    f = fetch(c, request_with("GET https://h.test/", "", "allow_downgrade 1"));
    CHECK_INT(m->started, 13);
    CHECK_INT(m->finished, 13);
    hc_close(c);
}

static void the_table_is_destroyed_once_after_its_last_use(void) {
    mock *m = new_mock(200, "", "body");
    hc_options *o = hc_options_new();
    hc_transport table;
    hc_cache *c = NULL;
    hc_response *p = NULL;
    const void *body = NULL;
    size_t len = 0;
    memset(&table, 0, sizeof table);
    table.struct_size = sizeof table;
    table.user = m;
    table.destroy = mock_destroy;
    table.start = mock_start;
    table.read = mock_read;
    table.finish = mock_finish;
    CHECK_STATUS(hc_options_transport(o, &table), HC_OK);
    CHECK_STATUS(hc_open(fresh_directory(), o, &c, &err), HC_OK);
    hc_options_free(o);
    CHECK_STATUS(hc_fetch(c, request("GET " URL, ""), NULL, &p, &err), HC_OK);
    hc_close(c);
    CHECK_INT(m->finished, 0);
    CHECK_STATUS(hc_response_body(p, &body, &len, &err), HC_OK);
    CHECK_INT(len, 4);
    hc_response_free(p);
    CHECK_INT(m->finished, 1);
    CHECK_INT(m->destroyed, 1);
}

static void a_table_that_is_refused_or_replaced_is_destroyed(void) {
    size_t missing;
    for (missing = 0; missing < 4; missing++) {
        mock *m = new_mock(200, "", "");
        hc_options *o = options(NULL, "");
        hc_transport table;
        memset(&table, 0, sizeof table);
        table.struct_size = sizeof table;
        table.user = m;
        table.destroy = mock_destroy;
        table.start = missing == 0 ? NULL : mock_start;
        table.read = missing == 1 ? NULL : mock_read;
        table.finish = missing == 2 ? NULL : mock_finish;
        check_note("without function %zu", missing);
        CHECK_STATUS(hc_options_transport(o, &table), missing < 3 ? HC_E_ARGUMENT : HC_OK);
        CHECK_INT(m->destroyed, missing < 3 ? 1 : 0);
        if (missing == 3) {
            CHECK_STATUS(hc_options_transport(o, &table), HC_OK);
            CHECK_INT(m->destroyed, 1);
            CHECK_STATUS(hc_options_transport(NULL, &table), HC_E_ARGUMENT);
            CHECK_INT(m->destroyed, 2);
        }
    }
}

/* A transport may look into the cache it serves. */
static hc_cache *reentered;

static hc_status start_and_look(void *user, const hc_request *r, hc_response *head, void **out) {
    hc_exchange *x = NULL;
    hc_status status = hc_lookup(reentered, r, NULL, &x, NULL);
    hc_exchange_free(x);
    return status == HC_OK ? mock_start(user, r, head, out) : HC_E_TRANSPORT;
}

static void a_transport_may_call_the_library(void) {
    mock *m = new_mock(200, "", "body");
    hc_options *o = options(NULL, "");
    hc_transport table;
    memset(&table, 0, sizeof table);
    table.struct_size = sizeof table;
    table.user = m;
    table.start = start_and_look;
    table.read = mock_read;
    table.finish = mock_finish;
    CHECK_STATUS(hc_options_transport(o, &table), HC_OK);
    reentered = open_with(fresh_directory(), o);
    CHECK_STR(get(reentered, URL).body, "body");
    hc_close(reentered);
}

typedef struct {
    hc_cache *cache;
    int number;
} fetcher;

static void *fetch_many(void *user) {
    fetcher *f = (fetcher *)user;
    int i;
    for (i = 0; i < (is_slow() ? 20 : 200); i++) {
        char url[64];
        hc_request *r = NULL;
        hc_response *p = NULL;
        const void *body = NULL;
        size_t len = 0;
        snprintf(url, sizeof url, URL "%d", (f->number + i) % 50);
        CHECK_STATUS(hc_request_new("GET", 3, url, HC_NTS, &r, &err), HC_OK);
        CHECK_STATUS(hc_fetch(f->cache, r, NULL, &p, &err), HC_OK);
        CHECK_STATUS(hc_response_body(p, &body, &len, &err), HC_OK);
        CHECK(len == 4 && memcmp(body, "body", 4) == 0);
        hc_response_free(p);
        hc_request_free(r);
    }
    return NULL;
}

static void it_is_called_by_many_threads(void) {
    mock *m = new_mock(200, "", "body");
    hc_options *o = options(NULL, "");
    pthread_t threads[8];
    fetcher fetchers[8];
    hc_transport table;
    hc_cache *c;
    int i;
    memset(&table, 0, sizeof table);
    table.struct_size = sizeof table;
    table.user = m;
    table.start = mock_start;
    table.read = mock_read;
    table.finish = mock_finish;
    CHECK_STATUS(hc_options_transport(o, &table), HC_OK);
    c = open_with(fresh_directory(), o);
    for (i = 0; i < 8; i++) {
        fetchers[i].cache = c;
        fetchers[i].number = i;
        CHECK_INT(pthread_create(&threads[i], NULL, fetch_many, &fetchers[i]), 0);
    }
    for (i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(m->finished, m->started);
    CHECK_INT(stats_of(c).errors, 0);
    hc_close(c);
}

static const check_test tests[] = {
    TEST(what_it_brings_is_stored_and_served),
    TEST(pieces_may_be_of_any_size),
    TEST(failures_of_start_are_the_callers),
    TEST(failures_of_read_end_the_body),
    TEST(answers_that_make_no_sense_are_failures_of_the_callback),
    TEST(a_body_must_be_as_long_as_announced),
    TEST(a_stale_response_covers_for_it),
    TEST(a_304_freshens_and_another_one_repeats),
    TEST(redirects_are_followed_over_it),
    TEST(the_table_is_destroyed_once_after_its_last_use),
    TEST(a_table_that_is_refused_or_replaced_is_destroyed),
    TEST(a_transport_may_call_the_library),
    TEST(it_is_called_by_many_threads),
};

CHECK_MAIN(tests)
