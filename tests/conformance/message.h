/* message.h - heads and bodies of HTTP/1.1 messages as they arrive (RFC 9112). */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <httpcache.h>

#include "wire.h"

/* ---- heads ---- */

typedef enum {
    HEAD_READ,
    HEAD_NONE,      /* The peer closed before it said anything. */
    HEAD_CUT_OFF,   /* It closed, or the connection failed, within the head. */
    HEAD_TIMED_OUT, /* It said nothing for too long. */
    HEAD_TOO_LARGE,
    HEAD_MALFORMED,
} head_result;

typedef struct {
    buffer text;       /* All that follows points in here. */
    const char *start; /* The start line. */
    size_t start_len;
    hc_field *fields; /* In order, repeats kept. */
    size_t count, room;
} head;

/* Reads a head of at most `limit` bytes. `h` is zeroed, or was used before and is reused. */
head_result head_read(head *h, wire *from, size_t limit, int is_request);
void head_free(head *h);

int is_named(const hc_field *field, const char *name);
int same_text(const char *a, size_t a_len, const char *b);

/* How many lines of a name there are; `*value` is the first one's. */
size_t head_find(const head *h, const char *name, const hc_field **first);

/* Whether a list of tokens, over all lines of `name`, holds `token`. */
int fields_list(const hc_field *fields, size_t count, const char *name, const char *token,
                size_t token_len);

/* Whether a field of this name may not travel further (RFC 9110 7.6.1): it describes the
 * connection, or Connection lists it. */
int is_of_the_connection(const hc_field *field, const hc_field *fields, size_t count);

/* ---- start lines ---- */

typedef struct {
    const char *method;
    size_t method_len;
    const char *target;
    size_t target_len;
    int minor; /* Of HTTP/1. */
} request_line;

typedef struct {
    int status;
    const char *reason;
    size_t reason_len;
    int minor;
} status_line;

/* 0, or the status to refuse the request with. */
int request_line_parse(const head *h, request_line *line);

/* Whether it is a status line. */
int status_line_parse(const head *h, status_line *line);

/* ---- bodies ---- */

typedef enum {
    BODY_NONE,
    BODY_LENGTH,   /* `left` bytes. */
    BODY_CHUNKED,  /* Chunks and trailers. */
    BODY_TO_CLOSE, /* All that comes. */
    BODY_INVALID,  /* The message does not say where it ends. */
} body_kind;

typedef struct {
    wire *from;
    body_kind kind;
    uint64_t left; /* Of the body, or of the chunk. */
    int between;   /* Chunked: a chunk was read, its line end was not. */
    int has_ended; /* The end was read. */
} body;

void body_of_request(body *b, wire *from, const head *h);
void body_of_response(body *b, wire *from, const head *h, int status, int is_head);

/* Reads at most `room` bytes. HC_DONE with 0 at the end; HC_E_PROTOCOL, HC_E_TIMEOUT. */
hc_status body_read(body *b, void *out, size_t room, size_t *n);

#endif
