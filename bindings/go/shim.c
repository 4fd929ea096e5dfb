#include "shim.h"

#include <pthread.h>
#include <string.h>

#include "_cgo_export.h"

static void clear(hcgo_result *io) {
    memset(io, 0, sizeof *io);
    io->view.struct_size = sizeof io->view;
}

static const hc_option of_requests[HCGO_REQUEST_OPTIONS] = {
    HC_OPT_EXPIRE_AFTER, HC_OPT_EXPIRE_AT, HC_OPT_STALE_IF_ERROR, HC_OPT_STALE_WHILE_REVALIDATE,
    HC_OPT_ALWAYS_REVALIDATE, HC_OPT_REFRESH, HC_OPT_FORCE_REFRESH, HC_OPT_COMPLETE, HC_OPT_ONLY_IF_CACHED,
    HC_OPT_BYPASS, HC_OPT_READ_ONLY, HC_OPT_SHARE_CREDENTIALS, HC_OPT_CONNECT_TIMEOUT, HC_OPT_HEAD_TIMEOUT,
    HC_OPT_IDLE_TIMEOUT, HC_OPT_TOTAL_TIMEOUT, HC_OPT_VERIFY_TLS, HC_OPT_FOLLOW, HC_OPT_MAX_REDIRECTS,
    HC_OPT_ALLOW_DOWNGRADE, HC_OPT_RETRY,
};

void hcgo_read_request(const hc_request *r, hcgo_request *io) {
    size_t i;
    io->settings_count = 0;
    for (i = 0; i < HCGO_REQUEST_OPTIONS; i++) {
        int64_t *pair = io->settings + 2 * io->settings_count;
        if (hc_request_option(r, of_requests[i], &pair[1]) == HC_OK) {
            pair[0] = of_requests[i];
            io->settings_count++;
        }
    }
    io->method = hc_request_method(r);
    io->url = hc_request_url(r);
    io->fields = hc_request_fields(r, &io->field_count);
    io->body = hc_request_body(r, &io->body_len);
}

void hcgo_view(hc_response *p, hc_view *io) {
    io->struct_size = sizeof *io;
    hc_response_view(p, io);
}

/* A body that does not lie in memory, or is large, is read from a response, which costs as much as half a lookup. */
static void take_body(hc_exchange *x, hcgo_result *io) {
    if (io->view.status != 0 && (io->view.body == NULL ? io->view.body_size != 0 : io->view.body_len > HCGO_IN_MEMORY))
        hc_exchange_response(x, &io->response, NULL);
}

/* The origin's body is in the caller's hands, but what is stored of its beginning is not. */
static void take_body_of_answer(hc_exchange *x, hcgo_result *io) {
    int is_origins = io->outcome == HC_NOT_STORED || io->outcome == HC_STORING;
    if (!is_origins || (io->view.flags & HC_CONTINUED) != 0)
        take_body(x, io);
}

static hc_status fill(hc_request *r, const char *text, const uint32_t *lengths, size_t n, const void *body,
                      size_t body_len, hc_error **err) {
    hc_status status = HC_OK;
    if (n > 0)
        status = hc_request_add_fields(r, text + lengths[0] + lengths[1], lengths + 2, n, err);
    if (status == HC_OK && body_len > 0)
        status = hc_request_set_body(r, body, body_len, err);
    return status;
}

static hc_status set_option(hc_request *r, hc_option key, int64_t value, const char **names, hc_error **err) {
    const char *name = *names;
    if (key != HC_STR_PARTITION && key != HC_STR_CA_FILE)
        return hc_request_set(r, key, value, err);
    if (value < 0)
        return hc_request_set_string(r, key, NULL, 0, err);
    *names += value;
    return hc_request_set_string(r, key, name, (size_t)value, err);
}

hc_status hcgo_make_request(const char *text, const uint32_t *lengths, size_t n, const void *body, size_t body_len,
                            const int64_t *settings, size_t settings_count, hc_request **out, hc_error **err) {
    hc_request *r = NULL;
    const char *names = text;
    size_t i;
    hc_status status = hc_request_new(text, lengths[0], text + lengths[0], lengths[1], &r, err);
    if (status == HC_OK)
        status = fill(r, text, lengths, n, body, body_len, err);
    for (i = 0; i < 2 + 2 * n; i++)
        names += lengths[i];
    for (i = 0; status == HC_OK && i < settings_count; i++)
        status = set_option(r, (hc_option)settings[2 * i], settings[2 * i + 1], &names, err);
    if (status != HC_OK) {
        hc_request_free(r);
        r = NULL;
    }
    *out = r;
    return status;
}

hc_status hcgo_lookup(hc_cache *c, const char *text, const uint32_t *lengths, size_t n, const void *body,
                      size_t body_len, const int64_t *settings, size_t settings_count, hcgo_result *io) {
    hc_request *r;
    hc_status status;
    clear(io);
    status = hcgo_make_request(text, lengths, n, body, body_len, settings, settings_count, &r, &io->error);
    if (status == HC_OK)
        status = hc_lookup(c, r, &io->view, &io->exchange, &io->error);
    if (status == HC_OK)
        take_body(io->exchange, io);
    hc_request_free(r);
    return status;
}

hc_status hcgo_key(hc_cache *c, const char *text, const uint32_t *lengths, size_t n, const void *body, size_t body_len,
                   const int64_t *settings, size_t settings_count, char *key, hc_error **err) {
    hc_request *r;
    hc_status status = hcgo_make_request(text, lengths, n, body, body_len, settings, settings_count, &r, err);
    if (status == HC_OK)
        status = hc_key(c, r, key, err);
    hc_request_free(r);
    return status;
}

hc_status hcgo_change_request(hc_request *r, const char *text, const uint32_t *lengths, size_t n, const void *body,
                              size_t body_len, hc_error **err) {
    hc_status status = hc_request_assign(r, text, lengths[0], text + lengths[0], lengths[1], err);
    return status == HC_OK ? fill(r, text, lengths, n, body, body_len, err) : status;
}

static hc_status write_part(hc_sink *s, int part, const hc_request *r, const char *name, size_t name_len) {
    switch (part) {
    case HCGO_URL:
        return hc_sink_write_url(s, r);
    case HCGO_BODY:
        return hc_sink_write_body(s, r);
    case HCGO_FIELD:
        return hc_sink_write_field(s, r, name, name_len);
    default:
        return hc_sink_write_default_key(s, r);
    }
}

hc_status hcgo_sink_write_part(hc_sink *s, int part, const char *text, const uint32_t *lengths, size_t n,
                               const void *body, size_t body_len, const char *name, size_t name_len, hc_error **err) {
    hc_request *r;
    hc_status status = hcgo_make_request(text, lengths, n, body, body_len, NULL, 0, &r, err);
    if (status == HC_OK)
        status = write_part(s, part, r, name, name_len);
    hc_request_free(r);
    return status;
}

hc_status hcgo_fetch(hc_cache *c, const hc_request *r, hcgo_result *io) {
    clear(io);
    return hc_fetch(c, r, &io->view, &io->response, &io->error);
}

static hc_status make_answer(int32_t code, const char *text, const uint32_t *lengths, size_t n, hc_response **out,
                             hc_error **err) {
    hc_response *p = NULL;
    hc_status status = hc_response_new(code, text, lengths[0], &p, err);
    if (status == HC_OK && n > 0)
        status = hc_response_add_fields(p, text + lengths[0], lengths + 1, n, err);
    if (status != HC_OK) {
        hc_response_free(p);
        p = NULL;
    }
    *out = p;
    return status;
}

hc_status hcgo_store(hc_exchange *x, int32_t code, const char *text, const uint32_t *lengths, size_t n,
                     const void *body, size_t body_len, hcgo_result *io) {
    hc_response *p;
    hc_status status;
    clear(io);
    status = make_answer(code, text, lengths, n, &p, &io->error);
    if (status == HC_OK && body_len > 0)
        status = hc_response_set_body(p, body, body_len, &io->error);
    if (status == HC_OK)
        status = hc_store(x, p, &io->outcome, &io->view, &io->error);
    hc_response_free(p);
    if (status == HC_OK)
        take_body_of_answer(x, io);
    return status;
}

hc_status hcgo_store_begin(hc_exchange *x, int32_t code, const char *text, const uint32_t *lengths, size_t n,
                           hcgo_result *io) {
    hc_response *p;
    hc_status status;
    clear(io);
    status = make_answer(code, text, lengths, n, &p, &io->error);
    if (status == HC_OK)
        status = hc_store_begin(x, p, &io->outcome, &io->view, &io->error);
    hc_response_free(p);
    if (status == HC_OK)
        take_body_of_answer(x, io);
    return status;
}

hc_status hcgo_store_failure(hc_exchange *x, hcgo_result *io) {
    hc_status status;
    clear(io);
    status = hc_store_failure(x, &io->view, &io->error);
    if (status == HC_OK)
        take_body(x, io);
    return status;
}

hc_status hcgo_response(hc_exchange *x, hcgo_result *io) {
    hc_status status;
    clear(io);
    status = hc_exchange_response(x, &io->response, &io->error);
    if (status == HC_OK)
        hcgo_view(io->response, &io->view);
    return status;
}

hc_status hcgo_put(hc_cache *c, const hc_request *r, int32_t code, const char *text, const uint32_t *lengths, size_t n,
                   const void *body, size_t body_len, int64_t created_at, int64_t expires_at, hc_error **err) {
    hc_response *p;
    hc_status status = make_answer(code, text, lengths, n, &p, err);
    if (status == HC_OK && body_len > 0)
        status = hc_response_set_body(p, body, body_len, err);
    if (status == HC_OK)
        status = hc_put(c, r, p, created_at, expires_at, err);
    hc_response_free(p);
    return status;
}

hc_status hcgo_iter_next(hc_iter *it, int with_body, hcgo_result *io) {
    clear(io);
    return hc_iter_next(it, &io->view, with_body ? &io->response : NULL, &io->error);
}

hc_status hcgo_get(hc_cache *c, const char *key, size_t key_len, hcgo_result *io) {
    hc_status status;
    clear(io);
    status = hc_get(c, key, key_len, &io->response, &io->error);
    if (status == HC_OK)
        hcgo_view(io->response, &io->view);
    return status;
}

static int32_t filter(void *user, const hc_request *r, hc_response *p) {
    return hcgoFilter((uintptr_t)user, (hc_request *)r, p);
}

static int64_t now(void *user) {
    return hcgoNow((uintptr_t)user);
}

static void log_line(void *user, int32_t level, const char *message, size_t len) {
    hcgoLog((uintptr_t)user, level, (char *)message, len);
}

static hc_status make_key(void *user, const hc_request *r, hc_sink *key) {
    return hcgoKey((uintptr_t)user, (hc_request *)r, key);
}

static hc_status normalize(void *user, hc_request *copy) {
    return hcgoNormalize((uintptr_t)user, copy);
}

static int32_t progress(void *user, uint64_t done, uint64_t total) {
    return hcgoProgress((uintptr_t)user, done, total);
}

static void release(void *user) {
    hcgoRelease((uintptr_t)user);
}

hc_status hcgo_options_filter(hc_options *o, uintptr_t handle) {
    return hc_options_filter(o, filter, (void *)handle, release);
}

hc_status hcgo_options_clock(hc_options *o, uintptr_t handle) {
    return hc_options_clock(o, now, (void *)handle, release);
}

hc_status hcgo_options_log(hc_options *o, int32_t level, uintptr_t handle) {
    return hc_options_log(o, level, log_line, (void *)handle, release);
}

hc_status hcgo_options_key(hc_options *o, uintptr_t handle) {
    return hc_options_key(o, make_key, (void *)handle, release);
}

hc_status hcgo_options_normalize(hc_options *o, uintptr_t handle) {
    return hc_options_normalize(o, normalize, (void *)handle, release);
}

hc_status hcgo_rekey(hc_cache *c, const char *from, size_t from_len, uintptr_t handle, hc_rekeyed *io, hc_error **err) {
    return hc_rekey(c, from, from_len, progress, (void *)handle, io, err);
}

hc_status hcgo_update(hc_cache *to, hc_cache *from, uintptr_t handle, hc_updated *io, hc_error **err) {
    return hc_update(to, from, progress, (void *)handle, io, err);
}

hc_status hcgo_verify(hc_cache *c, int32_t mend, uintptr_t handle, hc_verification *io, hc_error **err) {
    return hc_verify(c, mend, progress, (void *)handle, io, err);
}

uintptr_t hcgo_thread(void) {
    return (uintptr_t)pthread_self();
}
