/* Starting the origin server, asking it, and fetching from it. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE

#include "origin.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct origin {
    pid_t pid; /* 0: it was stopped. */
    int input;
    int port;
};

void stop_origin(origin *o) {
    if (o->pid == 0)
        return;
    /* It ends when its input does; what it still does for others is of no interest. */
    close(o->input);
    kill(o->pid, SIGKILL);
    reap(o->pid);
    o->pid = 0;
}

static void end_origin(void *o) {
    stop_origin((origin *)o);
    free(o);
}

origin *start_origin(void) {
    origin *o = (origin *)calloc(1, sizeof *o);
    const char *program = getenv("ORIGIN");
    int input[2], output[2];
    char line[32];
    size_t len = 0;
    if (program == NULL)
        check_fail(__FILE__, __LINE__, "ORIGIN does not name the origin server");
    CHECK_INT(pipe(input), 0);
    CHECK_INT(pipe(output), 0);
    fflush(stdout);
    o->pid = fork();
    if (o->pid == 0) {
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        close(input[0]);
        close(input[1]);
        close(output[0]);
        close(output[1]);
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    o->input = input[1];
    check_defer(end_origin, o);
    while (len < sizeof line - 1 && read(output[0], line + len, 1) == 1 && line[len] != '\n')
        len++;
    line[len] = '\0';
    close(output[0]);
    o->port = atoi(line);
    CHECK(o->port > 0);
    return o;
}

const char *at(origin *o, const char *target, ...) {
    char made[8192];
    va_list arguments;
    va_start(arguments, target);
    vsnprintf(made, sizeof made, target, arguments);
    va_end(arguments);
    return text("http://127.0.0.1:%d%s", o->port, made);
}

/* These stand for themselves in the normal form of a URL. */
static int is_unreserved(char byte) {
    return isalnum((unsigned char)byte) || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

const char *escaped(const char *bytes) {
    char *out = (char *)malloc(3 * strlen(bytes) + 1);
    char *end = out;
    for (; *bytes; bytes++)
        end += sprintf(end, is_unreserved(*bytes) ? "%c" : "%%%02X", (unsigned char)*bytes);
    *end = '\0';
    check_defer(free, out);
    return out;
}

const char *raw(origin *o, const char *bytes, const char *parameters) {
    return at(o, "/raw?send=%s%s", escaped(bytes), parameters);
}

/* Asks without the library: by a connection of its own. */
int ask_origin(origin *o, const char *target) {
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    const char *question = text("GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", target);
    char reply[4096];
    const char *body;
    size_t len = 0;
    ssize_t n;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)o->port);
    CHECK_INT(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    CHECK(write(fd, question, strlen(question)) == (ssize_t)strlen(question));
    shutdown(fd, SHUT_WR);
    while (len < sizeof reply - 1 && (n = read(fd, reply + len, sizeof reply - 1 - len)) > 0)
        len += (size_t)n;
    close(fd);
    reply[len] = '\0';
    body = strstr(reply, "\r\n\r\n");
    CHECK(body != NULL);
    return atoi(body + 4);
}

int requests_of(origin *o, const char *url) {
    const char *target = strchr(url + strlen("http://"), '/');
    return ask_origin(o, text("/requests?target=%s", escaped(target)));
}

int is_origin_body(const char *data, size_t len, uint64_t seed, uint64_t offset) {
    size_t i;
    for (i = 0; i < len; i++) {
        uint64_t byte = ((offset + i + seed) * UINT64_C(2654435761) >> 24) & 255;
        if ((unsigned char)data[i] != byte)
            return 0;
    }
    return 1;
}

int bound_port(int *fd) {
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_INT(bind(*fd, (struct sockaddr *)&address, sizeof address), 0);
    CHECK_INT(getsockname(*fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

/* ---- fetching ---- */

static void keep_error(fetched *f, hc_error *err) {
    f->message = text("%s", hc_error_message(err));
    hc_error_free(err);
}

static void read_body(fetched *f, hc_response *p, size_t piece) {
    hc_error *err = NULL;
    size_t room = 0, n = 0;
    do {
        f->body_len += n;
        if (room < f->body_len + piece) {
            room = room * 2 + piece;
            f->body = (char *)realloc(f->body, room + 1);
        }
        f->read_status = hc_response_read(p, f->body + f->body_len, piece, &n, &err);
        CHECK(n <= piece);
    } while (f->read_status == HC_OK);
    f->body[f->body_len] = '\0';
    check_defer(free, f->body);
    if (err != NULL)
        keep_error(f, err);
    /* What reading came to, it comes to again. */
    CHECK_INT(hc_response_read(p, f->body + f->body_len, 1, &n, NULL), f->read_status);
}

fetched fetch_in_pieces(hc_cache *c, const hc_request *r, size_t piece) {
    fetched f;
    hc_response *p = NULL;
    hc_error *err = NULL;
    memset(&f, 0, sizeof f);
    f.message = "";
    f.view = new_view();
    f.status = hc_fetch(c, r, &f.view, &p, &err);
    CHECK((f.status == HC_OK) == (p != NULL));
    CHECK((f.status == HC_OK) == (err == NULL));
    if (f.status != HC_OK) {
        keep_error(&f, err);
        return f;
    }
    f.fields = fields_text(f.view.fields, f.view.field_count);
    f.url = text("%s", f.view.url);
    CHECK_INT(hc_response_status(p), f.view.status);
    CHECK_INT(hc_response_from_cache(p), (f.view.flags & HC_FROM_CACHE) != 0);
    read_body(&f, p, piece);
    hc_response_free(p);
    return f;
}

fetched fetch(hc_cache *c, const hc_request *r) {
    return fetch_in_pieces(c, r, 65536);
}

fetched get(hc_cache *c, const char *url) {
    return fetch(c, request(text("GET %s", url), ""));
}

void check_fetched(const fetched *f, int status) {
    if (f->status != HC_OK)
        check_fail(__FILE__, __LINE__, "hc_fetch is %d: %s", (int)f->status, f->message);
    if (f->read_status != HC_DONE)
        check_fail(__FILE__, __LINE__, "reading ended with %d: %s", (int)f->read_status,
                   f->message);
    CHECK_INT(f->view.status, status);
}
