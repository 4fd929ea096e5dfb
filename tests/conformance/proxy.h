/* proxy.h - what the parts of hc-proxy share. */
#ifndef PROXY_H
#define PROXY_H

#include <httpcache.h>

#include "answer.h"
#include "upstream.h"

typedef struct {
    hc_cache *cache;
    origin origin;
    int uses_fetch; /* hc_fetch does all; else hc_lookup, an own socket, hc_store and friends. */
} proxy;

/* ---- main.c ---- */

/* A line on standard error; takes `e` over. */
void complain(const char *what, hc_error *e);

/* ---- listener.c ---- */

/* Opens the socket. `*port` is the one that was bound; NULL where it failed is said on standard
 * error. */
int listener_open(const char *address, unsigned *port);

/* Serves connections until listener_stop. */
void listener_run(const proxy *p, int fd);

/* Ends listener_run and all connections, and waits for them for a while. Whether all have ended. */
int listener_stop(int fd);

/* Runs `task` on a thread that listener_stop waits for. 0: there is none, nothing ran. */
int listener_spawn(void *(*task)(void *), void *argument);

/* A task's last call. */
void listener_done(void);

/* ---- client.c ---- */

/* Serves the requests of one connection, and closes it. */
void client_serve(const proxy *p, int fd);

/* ---- engine_path.c, fetch_path.c ---- */

/* Answers one request. `has_content`: the client sent a body, maybe an empty one. */
void engine_serve(const proxy *p, const hc_request *r, int has_content, answer *a);
void fetch_serve(const proxy *p, const hc_request *r, answer *a);

/* Answers for an origin that failed with `status`. */
void answer_failure(answer *a, hc_status status);

#endif
