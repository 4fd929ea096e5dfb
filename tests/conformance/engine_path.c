/* --path engine: the cache decides, and this file carries what it decides to the origin and back.
 */
#define _POSIX_C_SOURCE 200809L

#include "proxy.h"

#include <stdlib.h>
#include <string.h>

/* A request is sent anew at most so often: the cache asks for one, a loop would be its fault. */
enum {
    REPEAT_LIMIT = 3
};

static hc_view empty_view(void) {
    hc_view view;
    memset(&view, 0, sizeof view);
    view.struct_size = sizeof view;
    return view;
}

void answer_failure(answer *a, hc_status status) {
    if (status == HC_E_TIMEOUT)
        answer_error(a, 504, "Gateway Timeout");
    else
        answer_error(a, 502, "Bad Gateway");
}

/* Hands on what the exchange holds. */
static void hand_on(answer *a, hc_exchange *x, const hc_view *view) {
    hc_response *p = NULL;
    if (a == NULL)
        return;
    hc_exchange_response(x, &p, NULL);
    answer_response(a, view, p);
    hc_response_free(p);
}

/* Ends storing before the client has the whole response: its next request may be for it. */
static int end_storing(upstream *u, hc_exchange *x, int is_storing) {
    if (is_storing && u->body.has_ended) {
        hc_store_end(x, NULL, NULL);
        return 0;
    }
    return is_storing;
}

/* Hands on the origin's body, and writes it to the store where that wants it. A client that leaves
 * does not keep the response from being stored. */
static void pass_body(upstream *u, hc_exchange *x, int is_storing, answer *a) {
    char piece[WIRE_ROOM];
    hc_status status;
    size_t n;
    is_storing = end_storing(u, x, is_storing);
    if (a != NULL && !u->body.has_ended && u->in.begin == u->in.end)
        answer_flush(a);
    while ((status = body_read(&u->body, piece, sizeof piece, &n)) == HC_OK) {
        if (is_storing)
            is_storing = hc_store_write(x, piece, n, NULL) == HC_OK;
        is_storing = end_storing(u, x, is_storing);
        if (!(a != NULL && answer_write(a, piece, n)) && !is_storing)
            break;
    }
    is_storing = end_storing(u, x, is_storing);
    if (is_storing)
        hc_store_failure(x, NULL, NULL);
    if (a != NULL)
        answer_end(a, status == HC_DONE);
}

/* Hands on what was stored before the rest that the origin sends. */
static void pass_beginning(hc_exchange *x, answer *a) {
    char piece[WIRE_ROOM];
    hc_response *p = NULL;
    size_t n;
    hc_exchange_response(x, &p, NULL);
    while (hc_response_read(p, piece, sizeof piece, &n, NULL) == HC_OK && answer_write(a, piece, n))
        ;
    hc_response_free(p);
}

static int64_t announced(const upstream *u) {
    if (u->body.kind == BODY_LENGTH)
        return (int64_t)u->body.left;
    return u->body.kind == BODY_NONE ? 0 : -1;
}

static void pass_answer(upstream *u, hc_exchange *x, const hc_view *view, int32_t outcome,
                        answer *a) {
    int is_continued = (view->flags & HC_CONTINUED) != 0;
    if (a != NULL)
        answer_begin(a, view->status, view->reason, strlen(view->reason), view->fields,
                     view->field_count, is_continued ? view->body_size : announced(u));
    if (a != NULL && is_continued)
        pass_beginning(x, a);
    pass_body(u, x, outcome == HC_STORING, a);
}

/* The origin failed before its head was in. */
static void fail(hc_exchange *x, hc_status status, answer *a) {
    hc_view view = empty_view();
    if (hc_store_failure(x, &view, NULL) == HC_OK)
        hand_on(a, x, &view);
    else if (a != NULL)
        answer_failure(a, status);
}

/* Reports the head and does what follows from the outcome. 1: the request is to be sent once more.
 */
static int report(upstream *u, hc_exchange *x, answer *a) {
    hc_view view = empty_view();
    hc_error *error = NULL;
    int32_t outcome = HC_NOT_STORED;
    hc_response *p = upstream_response(u);
    if (p == NULL) {
        fail(x, HC_E_PROTOCOL, a);
        return 0;
    }
    if (hc_store_begin(x, p, &outcome, &view, &error) != HC_OK) {
        complain("hc_store_begin", error);
        if (a != NULL)
            answer_failure(a, HC_E_PROTOCOL);
    } else if (outcome == HC_STORING || outcome == HC_NOT_STORED) {
        pass_answer(u, x, &view, outcome, a);
    } else if (outcome != HC_REPEAT) {
        hand_on(a, x, &view);
    }
    hc_response_free(p);
    return outcome == HC_REPEAT;
}

/* Asks the origin and reports what it says. `a` is NULL where nobody waits for it. */
static void forward(const proxy *p, hc_exchange *x, int has_content, answer *a) {
    upstream *u = (upstream *)malloc(sizeof *u);
    int sent, is_repeated = 1;
    if (u == NULL) {
        fail(x, HC_E_NO_MEMORY, a);
        return;
    }
    for (sent = 0; is_repeated && sent < REPEAT_LIMIT; sent++) {
        const hc_request *r = hc_exchange_forward(x);
        hc_status status = upstream_open(u, &p->origin, r, has_content, a);
        if (status == HC_OK) {
            is_repeated = report(u, x, a);
        } else {
            is_repeated = 0;
            fail(x, status, a);
        }
        upstream_close(u);
    }
    if (is_repeated && a != NULL)
        answer_failure(a, HC_E_PROTOCOL);
    free(u);
}

/* ---- revalidating after the client has its answer (RFC 5861 3) ---- */

typedef struct {
    const proxy *proxy;
    hc_exchange *x;
    int has_content;
} revalidation;

static void *revalidate(void *argument) {
    revalidation *v = (revalidation *)argument;
    forward(v->proxy, v->x, v->has_content, NULL);
    hc_exchange_free(v->x);
    free(v);
    listener_done();
    return NULL;
}

/* Takes the exchange over. */
static void revalidate_later(const proxy *p, hc_exchange *x, int has_content) {
    revalidation *v = (revalidation *)malloc(sizeof *v);
    if (v != NULL) {
        v->proxy = p;
        v->x = x;
        v->has_content = has_content;
        if (listener_spawn(revalidate, v))
            return;
        free(v);
    }
    hc_exchange_free(x);
}

void engine_serve(const proxy *p, const hc_request *r, int has_content, answer *a) {
    hc_view view = empty_view();
    hc_exchange *x = NULL;
    hc_error *error = NULL;
    if (hc_lookup(p->cache, r, &view, &x, &error) != HC_OK) {
        complain("hc_lookup", error);
        answer_error(a, 500, "Internal Server Error");
        return;
    }
    switch (hc_exchange_decision(x)) {
    case HC_FORWARD:
    case HC_REVALIDATE:
        forward(p, x, has_content, a);
        break;
    case HC_STALE_REVALIDATE:
        hand_on(a, x, &view);
        revalidate_later(p, x, has_content);
        return;
    default:
        hand_on(a, x, &view);
    }
    hc_exchange_free(x);
}
