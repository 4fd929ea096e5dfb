/* Where the body of an HTTP/1.1 message ends, and its bytes (RFC 9112 6 and 7). */
#define _POSIX_C_SOURCE 200809L

#include "message.h"

#include <string.h>

/* ---- framing ---- */

/* A decimal number and nothing else; 0 where it is none or does not fit. */
static int parse_length(const char *text, size_t len, uint64_t *length) {
    size_t i;
    if (len == 0 || len > 18)
        return 0;
    *length = 0;
    for (i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        *length = *length * 10 + (uint64_t)(text[i] - '0');
    }
    return 1;
}

/* RFC 9112 6.3: several lengths, in lines or in a list, are one if all are the same.
 * 1 there is one, 0 there is none, -1 they are no lengths or contradict each other. */
static int content_length(const head *h, uint64_t *length) {
    size_t i;
    int found = 0;
    for (i = 0; i < h->count; i++) {
        const char *list = h->fields[i].value;
        size_t left = h->fields[i].value_len;
        if (!is_named(&h->fields[i], "Content-Length"))
            continue;
        for (;;) {
            const char *comma = (const char *)memchr(list, ',', left);
            size_t len = comma == NULL ? left : (size_t)(comma - list);
            const char *text = list;
            uint64_t value;
            while (len > 0 && (*text == ' ' || *text == '\t')) {
                text++;
                len--;
            }
            while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
                len--;
            if (!parse_length(text, len, &value) || (found && value != *length))
                return -1;
            *length = value;
            found = 1;
            if (comma == NULL)
                break;
            left -= (size_t)(comma + 1 - list);
            list = comma + 1;
        }
    }
    return found;
}

/* Whether the last transfer coding is chunked: then the message says where it ends. */
static int ends_with_chunked(const head *h) {
    const hc_field *last = NULL;
    const char *text;
    size_t i, len;
    for (i = 0; i < h->count; i++) {
        if (is_named(&h->fields[i], "Transfer-Encoding"))
            last = &h->fields[i];
    }
    if (last == NULL)
        return 0;
    text = last->value;
    len = last->value_len;
    for (i = len; i > 0; i--) {
        if (text[i - 1] == ',' || text[i - 1] == ' ' || text[i - 1] == '\t')
            break;
    }
    return same_text(text + i, len - i, "chunked");
}

static void frame(body *b, wire *from, body_kind kind, uint64_t length) {
    memset(b, 0, sizeof *b);
    b->from = from;
    b->kind = kind;
    b->left = kind == BODY_LENGTH ? length : 0;
    b->has_ended =
        kind == BODY_NONE || kind == BODY_INVALID || (kind == BODY_LENGTH && length == 0);
}

void body_of_request(body *b, wire *from, const head *h) {
    uint64_t length = 0;
    int has_length = content_length(h, &length);
    if (head_find(h, "Transfer-Encoding", NULL) > 0) {
        /* RFC 9112 6.1: both together are the way of request smuggling. A coding before chunked is
         * one that nobody here can take off. */
        const hc_field *only = NULL;
        int is_plain = head_find(h, "Transfer-Encoding", &only) == 1 &&
                       same_text(only->value, only->value_len, "chunked");
        frame(b, from, is_plain && has_length == 0 ? BODY_CHUNKED : BODY_INVALID, 0);
    } else if (has_length != 0) {
        frame(b, from, has_length > 0 ? BODY_LENGTH : BODY_INVALID, length);
    } else {
        frame(b, from, BODY_NONE, 0);
    }
}

void body_of_response(body *b, wire *from, const head *h, int status, int is_head) {
    uint64_t length = 0;
    int has_length = content_length(h, &length);
    if (is_head || status < 200 || status == 204 || status == 304) {
        frame(b, from, BODY_NONE, 0);
    } else if (head_find(h, "Transfer-Encoding", NULL) > 0) {
        frame(b, from, ends_with_chunked(h) ? BODY_CHUNKED : BODY_TO_CLOSE, 0);
    } else if (has_length != 0) {
        frame(b, from, has_length > 0 ? BODY_LENGTH : BODY_INVALID, length);
    } else {
        frame(b, from, BODY_TO_CLOSE, 0);
    }
}

/* ---- reading ---- */

static hc_status failed(const wire *from) {
    return from->timed_out ? HC_E_TIMEOUT : HC_E_PROTOCOL;
}

/* Reads a line of at most `room` bytes without its end; longer ones are cut, and read to their end.
 */
static hc_status read_line(wire *from, char *out, size_t room, size_t *len) {
    size_t total = 0;
    *len = 0;
    for (;;) {
        char byte;
        if (wire_take(from, &byte, 1) <= 0)
            return failed(from);
        if (byte == '\n')
            break;
        if (*len < room)
            out[(*len)++] = byte;
        if (++total > 16384)
            return HC_E_PROTOCOL;
    }
    if (*len > 0 && out[*len - 1] == '\r')
        --*len;
    return HC_OK;
}

static int hex_digit(char byte) {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* RFC 9112 7.1: the size of the next chunk; extensions are ignored. */
static hc_status read_chunk_size(body *b) {
    char line[256];
    size_t len, i;
    hc_status status = read_line(b->from, line, sizeof line, &len);
    if (status != HC_OK)
        return status;
    b->left = 0;
    for (i = 0; i < len && hex_digit(line[i]) >= 0; i++) {
        if (i >= 15)
            return HC_E_PROTOCOL;
        b->left = b->left * 16 + (uint64_t)hex_digit(line[i]);
    }
    if (i == 0 || (i < len && line[i] != ';' && line[i] != ' ' && line[i] != '\t'))
        return HC_E_PROTOCOL;
    return HC_OK;
}

/* Trailers are read and not merged (RFC 9110 6.5.1). */
static hc_status read_trailers(body *b) {
    int lines;
    for (lines = 0; lines < 1000; lines++) {
        char line[8];
        size_t len;
        hc_status status = read_line(b->from, line, sizeof line, &len);
        if (status != HC_OK)
            return status;
        if (len == 0) {
            b->has_ended = 1;
            return HC_DONE;
        }
    }
    return HC_E_PROTOCOL;
}

static hc_status next_chunk(body *b) {
    hc_status status;
    if (b->between) {
        char line[8];
        size_t len;
        status = read_line(b->from, line, sizeof line, &len);
        if (status != HC_OK)
            return status;
        if (len != 0)
            return HC_E_PROTOCOL;
    }
    status = read_chunk_size(b);
    if (status != HC_OK)
        return status;
    b->between = 1;
    return b->left == 0 ? read_trailers(b) : HC_OK;
}

hc_status body_read(body *b, void *out, size_t room, size_t *n) {
    ssize_t taken;
    *n = 0;
    if (b->kind == BODY_INVALID)
        return HC_E_PROTOCOL;
    if (b->has_ended)
        return HC_DONE;
    if (b->kind == BODY_CHUNKED && b->left == 0) {
        hc_status status = next_chunk(b);
        if (status != HC_OK)
            return status;
    }
    if (b->kind != BODY_TO_CLOSE && b->left < room)
        room = (size_t)b->left;
    taken = wire_take(b->from, out, room);
    if (taken == 0 && b->kind == BODY_TO_CLOSE) {
        b->has_ended = 1;
        return HC_DONE;
    }
    if (taken <= 0)
        return failed(b->from);
    *n = (size_t)taken;
    if (b->kind != BODY_TO_CLOSE)
        b->left -= (uint64_t)taken;
    if (b->kind == BODY_LENGTH && b->left == 0)
        b->has_ended = 1;
    return HC_OK;
}
