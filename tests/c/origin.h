/* origin.h - the origin server of the tests, a program that does what the URL tells it; what it can
 * do is said in tests/support/origin.rs. ORIGIN in the environment names it. */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "support.h"

typedef struct origin origin;

/* Starts one; it ends after the test. */
origin *start_origin(void);
void stop_origin(origin *o);

/* The URL of a target, made as by printf. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
const char *at(origin *o, const char *target, ...);

/* The target that sends exactly these bytes; parameters may follow. */
const char *raw(origin *o, const char *bytes, const char *parameters);

/* Bytes as they stand in a query. */
const char *escaped(const char *bytes);

/* How often a target was asked, how many connections were made, and the same for other questions:
 * the number that such a target answers. */
int ask_origin(origin *o, const char *target);
int requests_of(origin *o, const char *url);

/* Checks bytes of the target /body from an offset. [any] */
int is_origin_body(const char *data, size_t len, uint64_t seed, uint64_t offset);

/* A port of this machine, and the socket that has it and does not listen. */
int bound_port(int *fd);

/* ---- fetching ---- */

/* What a user sees of hc_fetch and of reading the body to its end. */
typedef struct {
    hc_status status;      /* Of hc_fetch. */
    hc_status read_status; /* Of the last read: HC_DONE at the end. */
    hc_view view;          /* Its pointers are gone; what they pointed to is below. */
    const char *fields, *url;
    char *body;
    size_t body_len;
    const char *message; /* Of the error of either. */
} fetched;

/* hc_fetch, and reading in pieces of `piece`. */
fetched fetch_in_pieces(hc_cache *c, const hc_request *r, size_t piece);
fetched fetch(hc_cache *c, const hc_request *r);
fetched get(hc_cache *c, const char *url);

/* Checks that both went well, and the status code. */
void check_fetched(const fetched *f, int status);

#endif
