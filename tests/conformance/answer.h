/* answer.h - writing a response to the client (RFC 9112). */
#ifndef ANSWER_H
#define ANSWER_H

#include <httpcache.h>

#include "wire.h"

typedef struct {
    int fd;
    int is_head;    /* The request was HEAD: the response has no body. */
    int minor;      /* Of the client's HTTP/1. */
    int keep_alive; /* The connection may serve another request afterwards. */
    int has_begun;  /* The final head is made. */
    int has_body;
    int is_chunked;
    int is_broken; /* The client is gone, or got less than it was promised. */
    buffer unsent;
} answer;

/* An interim response (RFC 9110 15.2); HTTP/1.0 knows none. */
void answer_interim(answer *a, int status, const char *reason, size_t reason_len,
                    const hc_field *fields, size_t count);

/* The head, with the framing of a body of `size` bytes; -1: not known yet. It is sent with what
 * follows: where it is the whole response, the client must not have it before the cache does. */
void answer_begin(answer *a, int status, const char *reason, size_t reason_len,
                  const hc_field *fields, size_t count, int64_t size);

/* Sends what was made so far; before waiting for more. */
void answer_flush(answer *a);

/* The next bytes of the body. Without effect where the response has none. 0: the client is gone. */
int answer_write(answer *a, const void *data, size_t len);

/* The end of the body, or where it broke off. */
void answer_end(answer *a, int is_complete);

/* A whole response made here: there is none of the origin's. */
void answer_error(answer *a, int status, const char *reason);

/* A whole response of the cache: the head of `view`, the body of `p`. */
void answer_response(answer *a, const hc_view *view, hc_response *p);

#endif
