/* The listening socket and the threads: one for each connection. */
#define _POSIX_C_SOURCE 200809L

#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    TASK_LIMIT = 1024,
    STOP_SECONDS = 10
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int running; /* Tasks. */
    int stopped;
} tasks = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};

/* ---- tasks ---- */

static int start(void *(*task)(void *), void *argument) {
    pthread_t thread;
    pthread_attr_t detached;
    int failed;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_mutex_lock(&tasks.lock);
    failed = tasks.stopped || pthread_create(&thread, &detached, task, argument) != 0;
    tasks.running += !failed;
    pthread_mutex_unlock(&tasks.lock);
    pthread_attr_destroy(&detached);
    return !failed;
}

int listener_spawn(void *(*task)(void *), void *argument) {
    return start(task, argument);
}

void listener_done(void) {
    pthread_mutex_lock(&tasks.lock);
    tasks.running--;
    pthread_cond_broadcast(&tasks.changed);
    pthread_mutex_unlock(&tasks.lock);
}

/* Waits until another connection may be taken; 0: there will be none. */
static int wait_for_room(void) {
    int goes_on;
    pthread_mutex_lock(&tasks.lock);
    while (!tasks.stopped && tasks.running >= TASK_LIMIT)
        pthread_cond_wait(&tasks.changed, &tasks.lock);
    goes_on = !tasks.stopped;
    pthread_mutex_unlock(&tasks.lock);
    return goes_on;
}

/* ---- the socket ---- */

static int parse_address(const char *text, struct sockaddr_in *address) {
    char host[64];
    const char *colon = strrchr(text, ':');
    char *end;
    long port;
    if (colon == NULL || (size_t)(colon - text) >= sizeof host)
        return 0;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    port = strtol(colon + 1, &end, 10);
    if (colon[1] == '\0' || *end != '\0' || port < 0 || port > 65535)
        return 0;
    memset(address, 0, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

int listener_open(const char *text, unsigned *port) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int fd, on = 1;
    if (!parse_address(text, &address)) {
        fprintf(stderr, "hc-proxy: not ADDRESS:PORT: %s\n", text);
        return -1;
    }
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 512) == 0 &&
            getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
            *port = ntohs(address.sin_port);
            return fd;
        }
        close(fd);
    }
    fprintf(stderr, "hc-proxy: %s: %s\n", text, strerror(errno));
    return -1;
}

/* ---- connections ---- */

typedef struct {
    const proxy *proxy;
    int fd;
} connection;

static void *run_connection(void *argument) {
    connection c = *(connection *)argument;
    free(argument);
    client_serve(c.proxy, c.fd);
    listener_done();
    return NULL;
}

static void take_connection(const proxy *p, int fd) {
    connection *c = (connection *)malloc(sizeof *c);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    sockets_add(fd);
    if (c != NULL) {
        c->proxy = p;
        c->fd = fd;
        if (start(run_connection, c))
            return;
        free(c);
    }
    sockets_close(fd);
}

void listener_run(const proxy *p, int fd) {
    while (wait_for_room()) {
        int accepted = accept(fd, NULL, NULL);
        if (accepted >= 0) {
            take_connection(p, accepted);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* Until a connection ends there is no room for another. */
            struct timespec moment = {0, 10000000};
            nanosleep(&moment, NULL);
        }
    }
}

int listener_stop(int fd) {
    struct timespec until;
    int failed = 0, left;
    pthread_mutex_lock(&tasks.lock);
    tasks.stopped = 1;
    pthread_cond_broadcast(&tasks.changed);
    pthread_mutex_unlock(&tasks.lock);
    shutdown(fd, SHUT_RDWR); /* Wakes accept. */
    sockets_stop();
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_SECONDS;
    pthread_mutex_lock(&tasks.lock);
    while (tasks.running > 0 && !failed)
        failed = pthread_cond_timedwait(&tasks.changed, &tasks.lock, &until);
    left = tasks.running;
    pthread_mutex_unlock(&tasks.lock);
    if (left == 0)
        sockets_stop(); /* Frees its table. */
    return left == 0;
}
