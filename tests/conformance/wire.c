/* Bytes: growing buffers, sockets with a time limit, and the sockets that are open. */
#define _POSIX_C_SOURCE 200809L

#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- a growing buffer ---- */

void buffer_add(buffer *b, const void *data, size_t len) {
    if (b->failed || len == 0)
        return;
    if (b->room - b->len < len) {
        size_t room = (b->len + len) * 2;
        char *data_now = (char *)realloc(b->data, room);
        if (data_now == NULL) {
            b->failed = 1;
            return;
        }
        b->data = data_now;
        b->room = room;
    }
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

void buffer_text(buffer *b, const char *text) {
    buffer_add(b, text, strlen(text));
}

void buffer_number(buffer *b, uint64_t number) {
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    buffer_text(b, digits);
}

void buffer_free(buffer *b) {
    free(b->data);
    memset(b, 0, sizeof *b);
}

/* ---- a socket that is read through a buffer ---- */

void wire_init(wire *w, int fd) {
    w->fd = fd;
    w->begin = w->end = 0;
    w->timed_out = 0;
}

int wire_fill(wire *w) {
    ssize_t n;
    do
        n = recv(w->fd, w->data, sizeof w->data, 0);
    while (n < 0 && errno == EINTR);
    w->begin = 0;
    w->end = n > 0 ? (size_t)n : 0;
    w->timed_out = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    return n > 0 ? 1 : (int)n;
}

ssize_t wire_take(wire *w, void *out, size_t room) {
    size_t n;
    if (w->begin == w->end) {
        int filled = wire_fill(w);
        if (filled <= 0)
            return filled;
    }
    n = w->end - w->begin < room ? w->end - w->begin : room;
    memcpy(out, w->data + w->begin, n);
    w->begin += n;
    return (ssize_t)n;
}

int socket_write(int fd, const void *data, size_t len) {
    const char *left = (const char *)data;
    while (len > 0) {
        ssize_t n = send(fd, left, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        left += n;
        len -= (size_t)n;
    }
    return 1;
}

void socket_limit(int fd, int read_seconds, int write_seconds) {
    struct timeval limit;
    memset(&limit, 0, sizeof limit);
    limit.tv_sec = read_seconds;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    limit.tv_sec = write_seconds;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

void socket_linger(int fd) {
    char dropped[4096];
    int rounds;
    if (shutdown(fd, SHUT_WR) != 0)
        return;
    for (rounds = 0; rounds < 256; rounds++) {
        struct pollfd ready;
        ready.fd = fd;
        ready.events = POLLIN;
        if (poll(&ready, 1, 1000) <= 0 || recv(fd, dropped, sizeof dropped, 0) <= 0)
            return;
    }
}

/* ---- the sockets that are open ---- */

static struct {
    pthread_mutex_t lock;
    int *fds;
    size_t count, room;
    int stopped;
} open_sockets = {PTHREAD_MUTEX_INITIALIZER, NULL, 0, 0, 0};

void sockets_add(int fd) {
    pthread_mutex_lock(&open_sockets.lock);
    if (open_sockets.count == open_sockets.room) {
        size_t room = open_sockets.room * 2 + 64;
        int *fds = (int *)realloc(open_sockets.fds, room * sizeof *fds);
        if (fds != NULL) {
            open_sockets.fds = fds;
            open_sockets.room = room;
        }
    }
    if (open_sockets.count < open_sockets.room)
        open_sockets.fds[open_sockets.count++] = fd;
    if (open_sockets.stopped)
        shutdown(fd, SHUT_RDWR);
    pthread_mutex_unlock(&open_sockets.lock);
}

void sockets_close(int fd) {
    size_t i;
    pthread_mutex_lock(&open_sockets.lock);
    for (i = 0; i < open_sockets.count; i++) {
        if (open_sockets.fds[i] == fd) {
            open_sockets.fds[i] = open_sockets.fds[--open_sockets.count];
            break;
        }
    }
    /* Under the lock, so that sockets_stop never meets a number that means another socket by now.
     */
    close(fd);
    pthread_mutex_unlock(&open_sockets.lock);
}

void sockets_stop(void) {
    size_t i;
    pthread_mutex_lock(&open_sockets.lock);
    open_sockets.stopped = 1;
    for (i = 0; i < open_sockets.count; i++)
        shutdown(open_sockets.fds[i], SHUT_RDWR);
    if (open_sockets.count == 0) {
        free(open_sockets.fds);
        open_sockets.fds = NULL;
        open_sockets.room = 0;
    }
    pthread_mutex_unlock(&open_sockets.lock);
}
