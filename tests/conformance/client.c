/* One connection of a client: requests are read, checked, answered, one after the other. */
#define _POSIX_C_SOURCE 200809L

#include "proxy.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    IDLE_SECONDS = 60,
    WRITE_SECONDS = 30,
    HEAD_LIMIT = 131072,
    /* What HC_OPT_MAX_URL_BYTES is by default. */
    URL_LIMIT = 65536,
    /* A request is kept whole, because the cache may want it sent twice. */
    CONTENT_LIMIT = 16777216,
};

typedef struct {
    const proxy *proxy;
    wire in;
    head head;
    request_line line;
    answer answer;
} client;

/* Refuses the request. What may follow it on the connection cannot be told from its rest. */
static void refuse(client *c, int status, const char *reason) {
    c->answer.keep_alive = 0;
    answer_error(&c->answer, status, reason);
}

static int persists(const client *c) {
    const head *h = &c->head;
    if (fields_list(h->fields, h->count, "Connection", "close", 5))
        return 0;
    return c->line.minor > 0 || fields_list(h->fields, h->count, "Connection", "keep-alive", 10);
}

/* Reads the content into memory. 0: the request was refused. */
static int read_content(client *c, body *b, buffer *content) {
    const char *expected = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!b->has_ended && c->line.minor > 0 && c->in.begin == c->in.end &&
        fields_list(c->head.fields, c->head.count, "Expect", "100-continue", 12))
        socket_write(c->in.fd, expected, strlen(expected));
    for (;;) {
        char piece[WIRE_ROOM];
        size_t n;
        hc_status status = body_read(b, piece, sizeof piece, &n);
        if (status == HC_DONE)
            return 1;
        if (status != HC_OK) {
            refuse(c, status == HC_E_TIMEOUT ? 408 : 400, "Content cut off");
            return 0;
        }
        if (content->len + n > CONTENT_LIMIT) {
            refuse(c, 413, "Content Too Large");
            return 0;
        }
        buffer_add(content, piece, n);
        if (content->failed) {
            refuse(c, 503, "Out of memory");
            return 0;
        }
    }
}

/* The path and query of the target (RFC 9112 3.2), behind the origin's authority: what the client
 * takes for the server is this proxy. NULL where the target has none. */
static int add_url(const client *c, buffer *url) {
    const char *target = c->line.target;
    size_t len = c->line.target_len;
    if (len > 7 && strncmp(target, "http://", 7) == 0) {
        size_t skipped = 7;
        while (skipped < len && target[skipped] != '/' && target[skipped] != '?')
            skipped++;
        target += skipped;
        len -= skipped;
    } else if (*target != '/') {
        return 0;
    }
    buffer_text(url, "http://");
    buffer_text(url, c->proxy->origin.authority);
    buffer_add(url, target, len);
    return !url->failed;
}

/* What describes this connection, or what the next one writes anew. */
static int stays_here(const client *c, const hc_field *field) {
    return is_of_the_connection(field, c->head.fields, c->head.count) || is_named(field, "Host") ||
           is_named(field, "Content-Length") || is_named(field, "Expect");
}

/* The request for the cache. NULL: it was refused. */
static hc_request *make_request(client *c, const buffer *content) {
    buffer url = {NULL, 0, 0, 0};
    hc_request *r = NULL;
    hc_status status = HC_E_URL;
    size_t i;
    if (add_url(c, &url))
        status = url.len > URL_LIMIT ? HC_E_TOO_LARGE : HC_OK;
    if (status == HC_OK)
        status = hc_request_new(c->line.method, c->line.method_len, url.data, url.len, &r, NULL);
    buffer_free(&url);
    for (i = 0; status == HC_OK && i < c->head.count; i++) {
        const hc_field *field = &c->head.fields[i];
        if (!stays_here(c, field))
            status = hc_request_add(r, field->name, field->name_len, field->value, field->value_len,
                                    NULL);
    }
    if (status == HC_OK && content->len > 0)
        status = hc_request_set_body(r, content->data, content->len, NULL);
    if (status == HC_OK)
        return r;
    hc_request_free(r);
    if (status == HC_E_TOO_LARGE)
        refuse(c, 414, "URI Too Long");
    else
        refuse(c, status == HC_E_NO_MEMORY ? 503 : 400, "Bad Request");
    return NULL;
}

static void serve_request(client *c) {
    buffer content = {NULL, 0, 0, 0};
    body b;
    int refusal = request_line_parse(&c->head, &c->line);
    if (refusal != 0) {
        refuse(c, refusal, refusal == 505 ? "HTTP Version Not Supported" : "Bad Request");
        return;
    }
    c->answer.minor = c->line.minor;
    c->answer.is_head = c->line.method_len == 4 && memcmp(c->line.method, "HEAD", 4) == 0;
    c->answer.keep_alive = persists(c);
    body_of_request(&b, &c->in, &c->head);
    /* RFC 9112 3.2 */
    if (b.kind == BODY_INVALID || head_find(&c->head, "Host", NULL) > 1 ||
        (c->line.minor > 0 && head_find(&c->head, "Host", NULL) == 0)) {
        refuse(c, 400, "Bad Request");
        return;
    }
    if (read_content(c, &b, &content)) {
        hc_request *r = make_request(c, &content);
        if (r != NULL && c->proxy->uses_fetch)
            fetch_serve(c->proxy, r, &c->answer);
        else if (r != NULL)
            engine_serve(c->proxy, r, b.kind != BODY_NONE, &c->answer);
        hc_request_free(r);
    }
    buffer_free(&content);
}

/* Whether there is a request to serve; if not, what is wrong with it was answered. */
static int next_request(client *c) {
    head_result result;
    memset(&c->answer, 0, sizeof c->answer);
    c->answer.fd = c->in.fd;
    c->answer.minor = 1;
    result = head_read(&c->head, &c->in, HEAD_LIMIT, 1);
    if (result == HEAD_TOO_LARGE)
        refuse(c, 431, "Request Header Fields Too Large");
    else if (result == HEAD_MALFORMED)
        refuse(c, 400, "Bad Request");
    return result == HEAD_READ;
}

void client_serve(const proxy *p, int fd) {
    client *c = (client *)calloc(1, sizeof *c);
    int on = 1;
    if (c != NULL) {
        c->proxy = p;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        socket_limit(fd, IDLE_SECONDS, WRITE_SECONDS);
        wire_init(&c->in, fd);
        do {
            if (!next_request(c))
                break;
            serve_request(c);
        } while (c->answer.keep_alive);
        if (!c->answer.is_broken)
            socket_linger(fd);
        head_free(&c->head);
        free(c);
    }
    sockets_close(fd);
}
