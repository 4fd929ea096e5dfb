/* Structs that begin with struct_size: the library touches no more than that, and refuses one that
 * cannot hold anything before it does anything. */
#include "support.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define URL "http://h.test/"

/* More room than any of the structs has, so that a write past the end is seen and does no harm. */
enum {
    ROOM = 1024
};

typedef union {
    size_t struct_size;
    unsigned char bytes[ROOM];
    hc_view view;
    hc_stats stats;
    hc_rekeyed rekeyed;
    hc_updated updated;
    hc_verification verification;
    hc_query query;
} box;

static void prepare(box *b, size_t size) {
    memset(b->bytes, 0xa5, sizeof b->bytes);
    b->struct_size = size;
}

/* From `from` on, everything must be as it was, and the size too. */
static void check_untouched(const box *b, size_t size, size_t from) {
    size_t i;
    CHECK(b->struct_size == size);
    for (i = from; i < ROOM; i++) {
        if (i >= sizeof(size_t) && b->bytes[i] != 0xa5)
            check_fail(__FILE__, __LINE__, "byte %zu was written, and struct_size is %zu", i, size);
    }
}

static const size_t huge[] = {ROOM, (size_t)1 << 32, HC_NTS / 2, HC_NTS};

typedef struct {
    hc_cache *cache;
    hc_exchange *exchange;
    hc_response *response;
    box *to;
} target;

typedef hc_status (*function)(target *c, hc_error **err);

static hc_status of_lookup(target *c, hc_error **err) {
    hc_exchange *x = NULL;
    hc_status status = hc_lookup(c->cache, request("GET " URL, ""), &c->to->view, &x, err);
    CHECK((status == HC_OK) == (x != NULL));
    hc_exchange_free(x);
    return status;
}

static hc_status of_store(target *c, hc_error **err) {
    int32_t outcome;
    return hc_store(c->exchange, answer(200, "X-A: 1", "x"), &outcome, &c->to->view, err);
}

static hc_status of_begin(target *c, hc_error **err) {
    int32_t outcome;
    return hc_store_begin(c->exchange, answer(200, "X-A: 1", NULL), &outcome, &c->to->view, err);
}

static hc_status of_failure(target *c, hc_error **err) {
    hc_status status = hc_store_failure(c->exchange, &c->to->view, err);
    return status == HC_NOT_FOUND ? HC_OK : status;
}

static hc_status of_view(target *c, hc_error **err) {
    (void)err;
    return hc_response_view(c->response, &c->to->view);
}

static hc_status of_stats(target *c, hc_error **err) {
    return hc_get_stats(c->cache, &c->to->stats, err);
}

static hc_status of_rekey(target *c, hc_error **err) {
    return hc_rekey(c->cache, NULL, 0, NULL, NULL, &c->to->rekeyed, err);
}

static hc_status of_update(target *c, hc_error **err) {
    hc_cache *empty = open_cache(fresh_directory(), NULL, "");
    hc_status status = hc_update(c->cache, empty, NULL, NULL, &c->to->updated, err);
    hc_close(empty);
    return status;
}

static hc_status of_verify(target *c, hc_error **err) {
    return hc_verify(c->cache, 0, NULL, NULL, &c->to->verification, err);
}

static hc_status of_step(target *c, hc_error **err) {
    hc_iter *it = NULL;
    hc_status status;
    CHECK_INT(hc_iter_new(c->cache, NULL, &it, NULL), HC_OK);
    status = hc_iter_next(it, &c->to->view, NULL, err);
    hc_iter_free(it);
    return status;
}

static const struct {
    const char *name;
    function call;
    size_t known;
} functions[] = {
    {"hc_lookup", of_lookup, sizeof(hc_view)},
    {"hc_store", of_store, sizeof(hc_view)},
    {"hc_store_begin", of_begin, sizeof(hc_view)},
    {"hc_store_failure", of_failure, sizeof(hc_view)},
    {"hc_response_view", of_view, sizeof(hc_view)},
    {"hc_iter_next", of_step, sizeof(hc_view)},
    {"hc_get_stats", of_stats, sizeof(hc_stats)},
    {"hc_rekey", of_rekey, sizeof(hc_rekeyed)},
    {"hc_update", of_update, sizeof(hc_updated)},
    {"hc_verify", of_verify, sizeof(hc_verification)},
};

static void check_size(size_t i, size_t size, hc_status expected) {
    box b;
    target c;
    c.cache = open_cache(fresh_directory(), NULL, "");
    c.exchange = NULL;
    c.response = answer(200, "X-A: 1", "x");
    c.to = &b;
    store(c.cache, URL "other", answer(200, "", "x")); /* There is something to walk over. */
    CHECK_STATUS(hc_lookup(c.cache, request("GET " URL, ""), NULL, &c.exchange, &err), HC_OK);
    prepare(&b, size);
    check_note("%s, struct_size %zu", functions[i].name, size);
    CHECK_STATUS(functions[i].call(&c, &err), expected);
    if (expected == HC_OK) {
        check_untouched(&b, size, size < functions[i].known ? size : functions[i].known);
    } else {
        int32_t outcome = -1;
        check_untouched(&b, size, 0);
        /* Nothing was done: the exchange still waits for its answer. */
        CHECK_STATUS(hc_store(c.exchange, answer(200, "", "x"), &outcome, NULL, &err), HC_OK);
        CHECK_INT(outcome, HC_STORED);
    }
    hc_exchange_free(c.exchange);
    hc_close(c.cache);
}

static void a_size_that_holds_nothing_is_refused(void) {
    size_t i, size;
    for (i = 0; i < NELEMS(functions); i++) {
        for (size = 0; size <= sizeof(size_t); size++)
            check_size(i, size, HC_E_ARGUMENT);
    }
}

static void no_more_is_touched_than_there_is(void) {
    size_t i, k, size;
    for (i = 0; i < NELEMS(functions); i++) {
        for (size = sizeof(size_t) + 1; size < functions[i].known + 4; size++)
            check_size(i, size, HC_OK);
        for (k = 0; k < NELEMS(huge); k++)
            check_size(i, huge[k], HC_OK);
    }
}

static void a_small_view_holds_what_it_has_room_for(void) {
    hc_response *p = answer(204, "", "");
    box b;
    prepare(&b, offsetof(hc_view, fields));
    CHECK_STATUS(hc_response_view(p, &b.view), HC_OK);
    CHECK_INT(b.view.status, 204);
    CHECK_INT(b.view.flags, 0);
    prepare(&b, offsetof(hc_view, status));
    CHECK_STATUS(hc_response_view(p, &b.view), HC_OK);
    CHECK_INT(b.view.outcome, 0);
    CHECK_INT(b.view.status, (int32_t)0xa5a5a5a5);
    /* A decision there was before the call stays. */
    CHECK_INT(b.view.decision, (int32_t)0xa5a5a5a5);
}

/* Nothing is written to a query; a member that it has no room for is no condition. */
static void a_query_says_how_much_of_it_there_is(void) {
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    size_t size;
    store(c, URL, answer(200, "", "x"));
    for (size = 0; size < sizeof(hc_query) + 8; size++) {
        int has_method = size >= offsetof(hc_query, method) + sizeof(char *);
        hc_iter *it = NULL;
        box b;
        memset(&b, 0, sizeof b);
        b.query.struct_size = size;
        b.query.method = "POST";
        check_note("struct_size %zu", size);
        CHECK_STATUS(hc_iter_new(c, &b.query, &it, &err),
                     size <= sizeof(size_t) ? HC_E_ARGUMENT : HC_OK);
        if (it != NULL)
            CHECK_STATUS(hc_iter_next(it, NULL, NULL, &err), has_method ? HC_DONE : HC_OK);
        hc_iter_free(it);
    }
    hc_close(c);
}

static hc_status start(void *user, const hc_request *r, hc_response *head, void **transfer) {
    (void)user;
    (void)r;
    *transfer = NULL;
    return hc_response_assign(head, 200, NULL, 0, NULL);
}

static hc_status read_nothing(void *transfer, void *buffer, size_t capacity, size_t *n) {
    (void)transfer;
    (void)buffer;
    (void)capacity;
    *n = 0;
    return HC_DONE;
}

static void finish(void *transfer) {
    (void)transfer;
}

static void a_transport_says_how_much_of_it_there_is(void) {
    size_t size;
    for (size = 0; size <= sizeof(hc_transport) + 8; size++) {
        test_clock *user = new_clock(); /* Before the options, so that it outlives them. */
        hc_options *o = options(NULL, "");
        struct {
            hc_transport table;
            unsigned char beyond[8];
        } theirs;
        memset(&theirs, 0, sizeof theirs);
        theirs.table.struct_size = size;
        theirs.table.user = user;
        theirs.table.destroy = clock_destroyed;
        theirs.table.start = start;
        theirs.table.read = read_nothing;
        theirs.table.finish = finish;
        check_note("struct_size %zu", size);
        CHECK_STATUS(hc_options_transport(o, &theirs.table),
                     size < sizeof(hc_transport) ? HC_E_ARGUMENT : HC_OK);
        /* Also what is refused is destroyed, where there is a `destroy` to be seen. */
        if (size >= offsetof(hc_transport, start) && size < sizeof(hc_transport))
            CHECK_INT(user->destroyed, 1);
        else
            CHECK_INT(user->destroyed, 0);
    }
}

static const check_test tests[] = {
    TEST(a_size_that_holds_nothing_is_refused),     TEST(no_more_is_touched_than_there_is),
    TEST(a_small_view_holds_what_it_has_room_for),  TEST(a_query_says_how_much_of_it_there_is),
    TEST(a_transport_says_how_much_of_it_there_is),
};

CHECK_MAIN(tests)
