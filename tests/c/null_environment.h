/* null_environment.h - what the calls in the generated null.c are made with. */
#ifndef NULL_ENVIRONMENT_H
#define NULL_ENVIRONMENT_H

#include <stdlib.h>
#include <string.h>

#include "support.h"

typedef struct environment environment;

struct environment {
    const char *path;
    hc_options *options;
    hc_cache *cache, *other, *cache_out;
    hc_request *request, *request_out;
    hc_response *response, *response_out;
    hc_exchange *exchange, *exchange_out;
    hc_iter *iter, *iter_out;
    hc_error *error, *err;
    hc_view view;
    hc_stats stats;
    hc_rekeyed rekeyed;
    hc_updated updated;
    hc_verification verification;
    hc_query query;
    uint64_t count;
    hc_transport transport;
    const void *data;
    char buffer[16];
    size_t size;
    int32_t number;
    uint32_t lengths[2];
    char key[HC_KEY_SIZE];
    int64_t expiry;
    hc_sink *sink; /* Inside a callback that writes a key; and what is called there. */
    hc_status (*inside)(environment *e);
    hc_status answered;
};

static int64_t some_clock(void *user) {
    (void)user;
    return T0;
}

static int32_t some_filter(void *user, const hc_request *request, hc_response *response) {
    (void)user;
    (void)request;
    (void)response;
    return 1;
}

static hc_status some_key(void *user, const hc_request *request, hc_sink *key) {
    (void)user;
    (void)request;
    return hc_sink_write(key, "key", 3);
}

static hc_status some_normaliser(void *user, hc_request *copy) {
    (void)user;
    (void)copy;
    return HC_OK;
}

static void some_log(void *user, int32_t level, const char *message, size_t len) {
    (void)user;
    (void)level;
    (void)message;
    (void)len;
}

static int32_t some_progress(void *user, uint64_t done, uint64_t total) {
    (void)user;
    return done > total;
}

static void some_destroy(void *user) {
    (void)user;
}

static hc_status some_start(void *user, const hc_request *r, hc_response *head, void **transfer) {
    (void)user;
    (void)r;
    *transfer = NULL;
    return hc_response_assign(head, 200, "OK", 2, NULL);
}

static hc_status some_read(void *transfer, void *buffer, size_t capacity, size_t *n) {
    (void)transfer;
    (void)buffer;
    (void)capacity;
    *n = 0;
    return HC_DONE;
}

static void some_finish(void *transfer) {
    (void)transfer;
}

static hc_error *take_error(environment *e) {
    hc_error *error = e->error;
    e->error = NULL;
    return error;
}

static void begin_exchange(environment *e) {
    CHECK_STATUS(hc_store_begin(e->exchange, e->response, NULL, NULL, &err), HC_OK);
}

static void end_exchange(environment *e) {
    CHECK_STATUS(hc_store(e->exchange, e->response, NULL, NULL, &err), HC_OK);
}

/* Its key is in the environment. */
static void store_something(environment *e) {
    end_exchange(e);
    CHECK_STATUS(hc_key(e->cache, e->request, e->key, &err), HC_OK);
}

static hc_status call_inside(void *user, const hc_request *request, hc_sink *key) {
    environment *e = (environment *)user;
    (void)request;
    e->sink = key;
    e->answered = e->inside(e);
    e->sink = NULL;
    return hc_sink_write(key, "key", 3);
}

/* What `inside` answers where there is a sink. */
static hc_status inside_key(environment *e, hc_status (*inside)(environment *e)) {
    hc_options *o = options(NULL, "");
    hc_cache *c;
    e->inside = inside;
    e->answered = HC_E_INTERNAL;
    CHECK_STATUS(hc_options_key(o, call_inside, e, NULL), HC_OK);
    c = open_with(e->path, o);
    CHECK_STATUS(hc_key(c, e->request, e->key, &err), HC_OK);
    hc_close(c);
    return e->answered;
}

/* The status, and that an error is told where there is one and a place for it. */
static void expect_status(environment *e, hc_status status, hc_status expected, int has_err) {
    CHECK_INT(status, expected);
    CHECK((e->err != NULL) == (has_err && expected < 0));
    if (e->err != NULL)
        CHECK_INT(hc_error_status(e->err), expected);
    if (expected != HC_OK)
        CHECK(e->cache_out == NULL && e->request_out == NULL && e->response_out == NULL &&
              e->exchange_out == NULL && e->iter_out == NULL);
}

static environment *new_environment(void) {
    environment *e = (environment *)calloc(1, sizeof *e);
    e->path = fresh_directory();
    e->lengths[0] = 6;
    e->lengths[1] = 5;
    e->view.struct_size = sizeof e->view;
    e->stats.struct_size = sizeof e->stats;
    e->rekeyed.struct_size = sizeof e->rekeyed;
    e->updated.struct_size = sizeof e->updated;
    e->verification.struct_size = sizeof e->verification;
    e->query.struct_size = sizeof e->query;
    e->query.match = HC_MATCH_EXPIRED;
    memset(e->key, '0', 64);
    e->transport.struct_size = sizeof e->transport;
    e->transport.start = some_start;
    e->transport.read = some_read;
    e->transport.finish = some_finish;
    e->options = hc_options_new();
    CHECK_STATUS(hc_options_transport(e->options, &e->transport), HC_OK);
    CHECK_STATUS(hc_open(e->path, e->options, &e->cache, &err), HC_OK);
    CHECK_STATUS(hc_open(fresh_directory(), NULL, &e->other, &err), HC_OK);
    CHECK_STATUS(hc_request_new("GET", 3, "http://h.test/", HC_NTS, &e->request, &err), HC_OK);
    CHECK_STATUS(hc_response_new(200, "OK", 2, &e->response, &err), HC_OK);
    CHECK_STATUS(hc_response_set_body(e->response, "body", 4, &err), HC_OK);
    CHECK_STATUS(hc_lookup(e->cache, e->request, NULL, &e->exchange, &err), HC_OK);
    CHECK_STATUS(hc_iter_new(e->cache, NULL, &e->iter, &err), HC_OK);
    CHECK_INT(hc_request_new("", 0, "", 0, &e->request_out, &e->error), HC_E_METHOD);
    return e;
}

static void free_environment(environment *e) {
    hc_options_free(e->options);
    hc_close(e->cache);
    hc_close(e->other);
    hc_close(e->cache_out);
    hc_request_free(e->request);
    hc_request_free(e->request_out);
    hc_response_free(e->response);
    hc_response_free(e->response_out);
    hc_exchange_free(e->exchange);
    hc_exchange_free(e->exchange_out);
    hc_iter_free(e->iter);
    hc_iter_free(e->iter_out);
    hc_error_free(e->error);
    hc_error_free(e->err);
    free(e);
    (void)take_error;
    (void)begin_exchange;
    (void)end_exchange;
    (void)store_something;
    (void)expect_status;
    (void)some_clock;
    (void)some_log;
    (void)some_filter;
    (void)some_key;
    (void)some_progress;
    (void)some_normaliser;
    (void)inside_key;
    (void)some_destroy;
}

#endif
