/* One request to the origin over a connection of its own. */
#define _POSIX_C_SOURCE 200809L

#include "upstream.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* The limits that the library's own transport has by default. */
enum {
    CONNECT_MILLISECONDS = 10000,
    ANSWER_SECONDS = 30,
    HEAD_LIMIT = 262144,
    INTERIM_LIMIT = 100,
};

int origin_parse(origin *o, const char *url) {
    size_t len, host_len;
    const char *host, *colon;
    if (strncasecmp(url, "http://", 7) != 0)
        return 0;
    host = url + 7;
    len = strcspn(host, "/");
    if (len == 0 || len >= sizeof o->host || host[len + (host[len] == '/')] != '\0')
        return 0;
    memcpy(o->authority, host, len);
    o->authority[len] = '\0';
    colon = strrchr(o->authority, ':');
    if (colon != NULL && strchr(colon, ']') != NULL)
        colon = NULL;
    host_len = colon == NULL ? len : (size_t)(colon - o->authority);
    if (colon != NULL && (strlen(colon + 1) == 0 || strlen(colon + 1) >= sizeof o->port))
        return 0;
    strcpy(o->port, colon == NULL ? "80" : colon + 1);
    if (host[0] == '[' && host_len > 2) {
        host++;
        host_len -= 2;
    }
    memcpy(o->host, host, host_len);
    o->host[host_len] = '\0';
    return host_len > 0 && strspn(o->port, "0123456789") == strlen(o->port);
}

/* ---- connecting ---- */

static hc_status wait_connected(int fd) {
    struct pollfd ready;
    int n, error = 0;
    socklen_t size = sizeof error;
    ready.fd = fd;
    ready.events = POLLOUT;
    do
        n = poll(&ready, 1, CONNECT_MILLISECONDS);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return HC_E_TIMEOUT;
    if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        return HC_E_CONNECT;
    return HC_OK;
}

static hc_status connect_to(const struct addrinfo *address, int *out) {
    int on = 1, flags;
    hc_status status = HC_OK;
    int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    if (fd < 0)
        return HC_E_CONNECT;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0)
        status = errno == EINPROGRESS ? wait_connected(fd) : HC_E_CONNECT;
    if (status != HC_OK) {
        close(fd);
        return status;
    }
    fcntl(fd, F_SETFL, flags);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    socket_limit(fd, ANSWER_SECONDS, ANSWER_SECONDS);
    *out = fd;
    return HC_OK;
}

static hc_status connect_origin(const origin *o, int *fd) {
    struct addrinfo hints, *found = NULL, *at;
    hc_status status = HC_E_CONNECT;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(o->host, o->port, &hints, &found) != 0)
        return HC_E_RESOLVE;
    for (at = found; at != NULL && status != HC_OK; at = at->ai_next)
        status = connect_to(at, fd);
    freeaddrinfo(found);
    return status;
}

/* ---- sending ---- */

/* The part of an absolute URL that goes into the request line. */
static const char *target_of(const char *url) {
    const char *authority = strstr(url, "://");
    const char *target = authority == NULL ? url : authority + 3;
    return target + strcspn(target, "/?");
}

static hc_status send_request(upstream *u, const origin *o, const hc_request *r, int has_content) {
    buffer out = {NULL, 0, 0, 0};
    size_t count = 0, len = 0, i;
    const hc_field *fields = hc_request_fields(r, &count);
    const void *content = hc_request_body(r, &len);
    const char *target = target_of(hc_request_url(r));
    int is_sent;
    buffer_text(&out, hc_request_method(r));
    buffer_text(&out, *target == '/' ? " " : " /");
    buffer_text(&out, target);
    buffer_text(&out, " HTTP/1.1\r\nHost: ");
    buffer_text(&out, o->authority);
    buffer_text(&out, "\r\n");
    for (i = 0; i < count; i++) {
        buffer_add(&out, fields[i].name, fields[i].name_len);
        buffer_text(&out, ": ");
        buffer_add(&out, fields[i].value, fields[i].value_len);
        buffer_text(&out, "\r\n");
    }
    if (has_content) {
        buffer_text(&out, "Content-Length: ");
        buffer_number(&out, len);
        buffer_text(&out, "\r\n");
    }
    buffer_text(&out, "Connection: close\r\n\r\n");
    is_sent = !out.failed && socket_write(u->fd, out.data, out.len);
    buffer_free(&out);
    /* An origin may answer and close before it has read all: whether it did is seen when reading.
     */
    if (is_sent && len > 0)
        socket_write(u->fd, content, len);
    return is_sent ? HC_OK : HC_E_PROTOCOL;
}

/* ---- receiving ---- */

static hc_status read_head(upstream *u, answer *client) {
    int interim;
    for (interim = 0; interim <= INTERIM_LIMIT; interim++) {
        head_result result = head_read(&u->head, &u->in, HEAD_LIMIT, 0);
        if (result == HEAD_TIMED_OUT)
            return HC_E_TIMEOUT;
        if (result != HEAD_READ || !status_line_parse(&u->head, &u->line))
            return HC_E_PROTOCOL;
        /* Nobody asked for another protocol. */
        if (u->line.status == 101)
            return HC_E_PROTOCOL;
        if (u->line.status >= 200)
            return HC_OK;
        /* 100 answers an Expect, and the client's was answered before its body was read. */
        if (client != NULL && u->line.status != 100)
            answer_interim(client, u->line.status, u->line.reason, u->line.reason_len,
                           u->head.fields, u->head.count);
    }
    return HC_E_PROTOCOL;
}

hc_status upstream_open(upstream *u, const origin *o, const hc_request *r, int has_content,
                        answer *client) {
    hc_status status;
    memset(&u->head, 0, sizeof u->head);
    u->fd = -1;
    status = connect_origin(o, &u->fd);
    if (status != HC_OK)
        return status;
    sockets_add(u->fd);
    wire_init(&u->in, u->fd);
    status = send_request(u, o, r, has_content);
    if (status == HC_OK)
        status = read_head(u, client);
    if (status != HC_OK)
        return status;
    body_of_response(&u->body, &u->in, &u->head, u->line.status,
                     strcmp(hc_request_method(r), "HEAD") == 0);
    return u->body.kind == BODY_INVALID ? HC_E_PROTOCOL : HC_OK;
}

hc_response *upstream_response(const upstream *u) {
    hc_response *p = NULL;
    size_t i;
    /* RFC 9112 6.3: a transfer coding overrides the length, which must not be passed on. */
    int is_coded = head_find(&u->head, "Transfer-Encoding", NULL) > 0;
    if (hc_response_new(u->line.status, u->line.reason, u->line.reason_len, &p, NULL) != HC_OK)
        return NULL;
    for (i = 0; i < u->head.count; i++) {
        const hc_field *field = &u->head.fields[i];
        if (is_coded && is_named(field, "Content-Length"))
            continue;
        if (hc_response_add(p, field->name, field->name_len, field->value, field->value_len,
                            NULL) != HC_OK) {
            hc_response_free(p);
            return NULL;
        }
    }
    return p;
}

void upstream_close(upstream *u) {
    if (u->fd >= 0)
        sockets_close(u->fd);
    u->fd = -1;
    head_free(&u->head);
}
