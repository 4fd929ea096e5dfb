/* What Go asks of the library in one call. A call from Go to C costs as much as a good part of a lookup, so what
 * belongs together crosses once. Text goes in as one block with its lengths, because Go memory that is handed to
 * C may hold no pointers to Go memory. */
#ifndef HTTPCACHE_GO_SHIM_H
#define HTTPCACHE_GO_SHIM_H

#include <httpcache.h>

/* The size up to which a body that lies in the library's memory becomes Go's, which then needs neither a finaliser nor
 * a call for each piece. It is what the store keeps beside the head. */
#define HCGO_IN_MEMORY 65536

/* What a call found. All pointers are the library's. */
typedef struct {
    hc_view view;
    hc_exchange *exchange; /* Of hcgo_lookup: to be freed by the caller. */
    hc_response *response; /* To be freed by the caller; NULL where the body is in the view, or there is none. */
    hc_error *error; /* To be freed by the caller. */
    int32_t outcome;
} hcgo_result;

/* `text` is the method, the URL, and name and value of each of `n` fields; `lengths` has 2 + 2n lengths.
 * `settings` are `settings_count` pairs of an option and its value. Of a name (HC_STR_PARTITION, HC_STR_CA_FILE) that is
 * the length of its text, which stands behind the fields, or -1: none. */
hc_status hcgo_lookup(hc_cache *c, const char *text, const uint32_t *lengths, size_t n, const void *body,
                      size_t body_len, const int64_t *settings, size_t settings_count, hcgo_result *io);

/* A request that outlives the call, for hcgo_fetch: another thread may cancel it. */
hc_status hcgo_make_request(const char *text, const uint32_t *lengths, size_t n, const void *body, size_t body_len,
                            const int64_t *settings, size_t settings_count, hc_request **out, hc_error **err);
hc_status hcgo_fetch(hc_cache *c, const hc_request *r, hcgo_result *io);

/* `key` holds HC_KEY_SIZE bytes. */
hc_status hcgo_key(hc_cache *c, const char *text, const uint32_t *lengths, size_t n, const void *body, size_t body_len,
                   const int64_t *settings, size_t settings_count, char *key, hc_error **err);

/* Makes `r` the request that is described, of the options that it has. */
hc_status hcgo_change_request(hc_request *r, const char *text, const uint32_t *lengths, size_t n, const void *body,
                              size_t body_len, hc_error **err);

/* What hcgo_sink_write_part writes of a request. */
enum { HCGO_DEFAULT_KEY, HCGO_URL, HCGO_BODY, HCGO_FIELD };

/* `name` is that of the field. */
hc_status hcgo_sink_write_part(hc_sink *s, int part, const char *text, const uint32_t *lengths, size_t n,
                               const void *body, size_t body_len, const char *name, size_t name_len, hc_error **err);

/* `text` is the reason phrase, and name and value of each of `n` fields; `lengths` has 1 + 2n lengths. */
hc_status hcgo_store(hc_exchange *x, int32_t status, const char *text, const uint32_t *lengths, size_t n,
                     const void *body, size_t body_len, hcgo_result *io);
hc_status hcgo_store_begin(hc_exchange *x, int32_t status, const char *text, const uint32_t *lengths, size_t n,
                           hcgo_result *io);
hc_status hcgo_store_failure(hc_exchange *x, hcgo_result *io);

/* How many options hc_request_set takes. */
#define HCGO_REQUEST_OPTIONS 21

/* A request, all at once. */
typedef struct {
    const char *method;
    const char *url;
    const hc_field *fields;
    size_t field_count;
    const void *body;
    size_t body_len;
    int64_t settings[2 * HCGO_REQUEST_OPTIONS]; /* The options that it has itself, as pairs. */
    size_t settings_count;
} hcgo_request;

void hcgo_read_request(const hc_request *r, hcgo_request *io);

/* hc_response_view, with the size of the view. */
void hcgo_view(hc_response *p, hc_view *io);

/* The response of an exchange with its view, after the body was ended. */
hc_status hcgo_response(hc_exchange *x, hcgo_result *io);

/* hc_put of an answer as of hcgo_store. */
hc_status hcgo_put(hc_cache *c, const hc_request *r, int32_t status, const char *text, const uint32_t *lengths, size_t n,
                   const void *body, size_t body_len, int64_t created_at, int64_t expires_at, hc_error **err);

/* The next of a walk, with its body or without. */
hc_status hcgo_iter_next(hc_iter *it, int with_body, hcgo_result *io);

/* hc_get with its view. */
hc_status hcgo_get(hc_cache *c, const char *key, size_t key_len, hcgo_result *io);

/* Callbacks: `handle` is a cgo.Handle, a number that C passes through as a pointer and never follows. */
hc_status hcgo_options_filter(hc_options *o, uintptr_t handle);
hc_status hcgo_options_clock(hc_options *o, uintptr_t handle);
hc_status hcgo_options_log(hc_options *o, int32_t level, uintptr_t handle);
hc_status hcgo_options_key(hc_options *o, uintptr_t handle);
hc_status hcgo_options_normalize(hc_options *o, uintptr_t handle);
hc_status hcgo_rekey(hc_cache *c, const char *from, size_t from_len, uintptr_t handle, hc_rekeyed *io, hc_error **err);
hc_status hcgo_update(hc_cache *to, hc_cache *from, uintptr_t handle, hc_updated *io, hc_error **err);
hc_status hcgo_verify(hc_cache *c, int32_t mend, uintptr_t handle, hc_verification *io, hc_error **err);

/* A number that no other thread has meanwhile. */
uintptr_t hcgo_thread(void);

#endif
