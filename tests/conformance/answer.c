/* Writing a response to the client: its head, and its body in the framing that its head announces.
 */
#define _POSIX_C_SOURCE 200809L

#include "answer.h"

#include <stdio.h>
#include <string.h>

#include "message.h"

static void add_status_line(buffer *out, int status, const char *reason, size_t reason_len) {
    buffer_text(out, "HTTP/1.1 ");
    buffer_number(out, (uint64_t)status);
    buffer_text(out, " ");
    buffer_add(out, reason, reason_len);
    buffer_text(out, "\r\n");
}

static void add_field(buffer *out, const hc_field *field) {
    buffer_add(out, field->name, field->name_len);
    buffer_text(out, ": ");
    buffer_add(out, field->value, field->value_len);
    buffer_text(out, "\r\n");
}

void answer_flush(answer *a) {
    if (!a->is_broken && (a->unsent.failed || !socket_write(a->fd, a->unsent.data, a->unsent.len)))
        a->is_broken = 1;
    a->unsent.len = 0;
}

void answer_interim(answer *a, int status, const char *reason, size_t reason_len,
                    const hc_field *fields, size_t count) {
    size_t i;
    if (a->minor == 0)
        return;
    add_status_line(&a->unsent, status, reason, reason_len);
    for (i = 0; i < count; i++) {
        if (!is_of_the_connection(&fields[i], fields, count))
            add_field(&a->unsent, &fields[i]);
    }
    buffer_text(&a->unsent, "\r\n");
    answer_flush(a);
}

/* The fields that say how this connection goes on are written here and taken over from nowhere. All
 * others are the cache's affair: what it hands on is what the client gets. */
static int is_framing(const hc_field *field) {
    return is_named(field, "Connection") || is_named(field, "Keep-Alive") ||
           is_named(field, "Transfer-Encoding");
}

static void add_framing(answer *a, buffer *out, int64_t size) {
    a->is_chunked = 0;
    if (a->has_body && size >= 0) {
        buffer_text(out, "Content-Length: ");
        buffer_number(out, (uint64_t)size);
        buffer_text(out, "\r\n");
    } else if (a->has_body && a->minor > 0) {
        a->is_chunked = 1;
        buffer_text(out, "Transfer-Encoding: chunked\r\n");
    } else if (a->has_body) {
        a->keep_alive = 0;
    }
    if (!a->keep_alive)
        buffer_text(out, "Connection: close\r\n");
    else if (a->minor == 0)
        buffer_text(out, "Connection: keep-alive\r\n");
}

void answer_begin(answer *a, int status, const char *reason, size_t reason_len,
                  const hc_field *fields, size_t count, int64_t size) {
    size_t i;
    a->has_begun = 1;
    a->has_body = !a->is_head && status != 204 && status != 304;
    add_status_line(&a->unsent, status, reason, reason_len);
    for (i = 0; i < count; i++) {
        /* Of a response to HEAD and of a 304 it says what a GET would get (RFC 9110 8.6). */
        int is_length = is_named(&fields[i], "Content-Length");
        if (is_framing(&fields[i]) || (is_length && (a->has_body || status == 204)))
            continue;
        add_field(&a->unsent, &fields[i]);
    }
    add_framing(a, &a->unsent, size);
    buffer_text(&a->unsent, "\r\n");
}

int answer_write(answer *a, const void *data, size_t len) {
    char size[24];
    if (a->is_broken || !a->has_body || len == 0)
        return !a->is_broken;
    if (a->is_chunked) {
        snprintf(size, sizeof size, "%lx\r\n", (unsigned long)len);
        buffer_text(&a->unsent, size);
    }
    buffer_add(&a->unsent, data, len);
    if (a->is_chunked)
        buffer_text(&a->unsent, "\r\n");
    answer_flush(a);
    return !a->is_broken;
}

void answer_end(answer *a, int is_complete) {
    if (is_complete && a->has_body && a->is_chunked)
        buffer_text(&a->unsent, "0\r\n\r\n");
    answer_flush(a);
    /* A body that breaks off must look so: no last chunk, less than the length, and the end. */
    if (!is_complete && a->has_body)
        a->is_broken = 1;
    if (a->is_broken)
        a->keep_alive = 0;
    buffer_free(&a->unsent);
}

void answer_error(answer *a, int status, const char *reason) {
    hc_field type;
    char text[128];
    int len = snprintf(text, sizeof text, "%d %s\n", status, reason);
    if (a->has_begun || a->is_broken) {
        a->is_broken = 1;
        a->keep_alive = 0;
        return;
    }
    type.name = "Content-Type";
    type.name_len = 12;
    type.value = "text/plain";
    type.value_len = 10;
    answer_begin(a, status, reason, strlen(reason), &type, 1, len);
    answer_write(a, text, (size_t)len);
    answer_end(a, 1);
}

void answer_response(answer *a, const hc_view *view, hc_response *p) {
    char piece[WIRE_ROOM];
    hc_status status = HC_DONE;
    int64_t left = view->body_size;
    size_t n;
    answer_begin(a, view->status, view->reason, view->reason == NULL ? 0 : strlen(view->reason),
                 view->fields, view->field_count, view->body_size);
    if (p == NULL) {
        answer_write(a, view->body, view->body_len);
        answer_end(a, 1);
        return;
    }
    if (a->has_body && left != 0 && !(view->flags & HC_FROM_CACHE))
        answer_flush(a);
    /* Read to its end also where the client gets none of it, and before the client gets the last of
     * it: an origin's body is stored then, and the client's next request may be for it. */
    while ((status = hc_response_read(p, piece, sizeof piece, &n, NULL)) == HC_OK) {
        char past;
        size_t none;
        left -= (int64_t)n;
        if (left == 0)
            status = hc_response_read(p, &past, 1, &none, NULL);
        if (!answer_write(a, piece, n) || status != HC_OK)
            break;
    }
    answer_end(a, status == HC_DONE);
}
