/* The functions that scenarios name in place of a caller's own. None of them checks: they are
 * called from inside the library. */
#define _POSIX_C_SOURCE 200809L

#include "scenario.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FAILED HC_E_CALLBACK
#define MOST_FILTERED 1024
/* One byte more than a key may have. */
#define TOO_LONG (64 * 1024 + 1)

/* ---- filters ---- */

static int32_t at_most_1024_bytes(void *user, const hc_request *r, hc_response *p) {
    const void *data;
    size_t len;
    hc_status status = hc_response_body(p, &data, &len, NULL);
    (void)user;
    (void)r;
    return status != HC_OK ? status : len <= MOST_FILTERED;
}

static int32_t fail_to_filter(void *user, const hc_request *r, hc_response *p) {
    (void)user;
    (void)r;
    (void)p;
    return FAILED;
}

/* ---- what changes a request ---- */

/* `Accept-Encoding: gzip` for what holds gzip, and none for what does not. */
static hc_status simplify(hc_request *copy) {
    size_t count = 0, i;
    const hc_field *fields = hc_request_fields(copy, &count);
    int has_gzip = 0;
    for (i = 0; i < count; i++) {
        if (strcasecmp(fields[i].name, "Accept-Encoding") == 0 &&
            strstr(fields[i].value, "gzip") != NULL)
            has_gzip = 1;
    }
    hc_request_remove(copy, "Accept-Encoding", HC_NTS);
    return has_gzip ? hc_request_add(copy, "Accept-Encoding", HC_NTS, "gzip", HC_NTS, NULL) : HC_OK;
}

static hc_status normalise_gzip(void *user, hc_request *copy) {
    (void)user;
    return simplify(copy);
}

/* A request of the same method for the URL without its query, and nothing else. */
static hc_status keep_method_and_path(void *user, hc_request *copy) {
    const char *url = hc_request_url(copy);
    (void)user;
    return hc_request_assign(copy, hc_request_method(copy), HC_NTS, url, strcspn(url, "?"), NULL);
}

static hc_status fail_to_normalise(void *user, hc_request *copy) {
    (void)user;
    (void)copy;
    return FAILED;
}

/* ---- keys ---- */

static hc_status method_and_path(void *user, const hc_request *r, hc_sink *key) {
    const char *method = hc_request_method(r), *url = hc_request_url(r);
    hc_status status = hc_sink_write(key, method, strlen(method));
    (void)user;
    if (status == HC_OK)
        status = hc_sink_write(key, " ", 1);
    return status == HC_OK ? hc_sink_write(key, url, strcspn(url, "?")) : status;
}

static hc_status url_body_and_accept(void *user, const hc_request *r, hc_sink *key) {
    hc_status status = hc_sink_write_url(key, r);
    (void)user;
    if (status == HC_OK)
        status = hc_sink_write_body(key, r);
    if (status == HC_OK)
        status = hc_sink_write_field(key, r, "Accept", HC_NTS);
    return status == HC_NOT_FOUND ? HC_OK : status;
}

static hc_status default_of_gzip(void *user, const hc_request *r, hc_sink *key) {
    hc_request *copy = NULL;
    hc_status status = hc_request_copy(r, &copy, NULL);
    (void)user;
    if (status == HC_OK)
        status = simplify(copy);
    if (status == HC_OK)
        status = hc_sink_write_default_key(key, copy);
    hc_request_free(copy);
    return status;
}

static hc_status write_none(void *user, const hc_request *r, hc_sink *key) {
    (void)user;
    (void)r;
    (void)key;
    return HC_OK;
}

static hc_status write_too_long(void *user, const hc_request *r, hc_sink *key) {
    static const char block[TOO_LONG] = {0};
    (void)user;
    (void)r;
    /* It does not mind that it is refused. */
    hc_sink_write(key, block, sizeof block);
    return HC_OK;
}

static hc_status write_and_fail(void *user, const hc_request *r, hc_sink *key) {
    (void)user;
    (void)r;
    hc_sink_write(key, "x", 1);
    return FAILED;
}

hc_status scenario_set_functions(hc_options *o, const json_t *setup) {
    static const char *const filters[] = {"at_most_1024_bytes", "fails"};
    static const hc_filter_fn filter[] = {at_most_1024_bytes, fail_to_filter};
    static const char *const makers[] = {
        "method_and_path", "url_body_and_accept", "default_of_gzip", "none", "too_long", "fails"};
    static const hc_key_fn make[] = {method_and_path, url_body_and_accept, default_of_gzip,
                                     write_none,      write_too_long,      write_and_fail};
    static const char *const changes[] = {"gzip", "method_and_path", "fails"};
    static const hc_normalize_fn change[] = {normalise_gzip, keep_method_and_path,
                                             fail_to_normalise};
    const char *name = scenario_text(setup, "filter");
    hc_status status = HC_OK;
    if (name != NULL)
        status = hc_options_filter(o, filter[scenario_place(filters, NELEMS(filters), name)], NULL,
                                   NULL);
    name = scenario_text(setup, "key");
    if (status == HC_OK && name != NULL)
        status = hc_options_key(o, make[scenario_place(makers, NELEMS(makers), name)], NULL, NULL);
    name = scenario_text(setup, "normalise");
    if (status == HC_OK && name != NULL)
        status = hc_options_normalize(o, change[scenario_place(changes, NELEMS(changes), name)],
                                      NULL, NULL);
    return status;
}
