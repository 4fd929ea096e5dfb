/* upstream.h - one request to the origin over a connection of its own. */
#ifndef UPSTREAM_H
#define UPSTREAM_H

#include <httpcache.h>

#include "answer.h"
#include "message.h"

typedef struct {
    char host[256];
    char port[8];
    char authority[272]; /* As in a URL and in Host. */
} origin;

/* Reads http://HOST[:PORT]. 0: it is none. */
int origin_parse(origin *o, const char *url);

typedef struct {
    int fd;
    wire in;
    head head;
    status_line line;
    body body;
} upstream;

/* Sends `r` and reads the head of the final response; interim ones go to `client`, unless that is
 * NULL. `has_content`: a body is announced, even an empty one. HC_E_CONNECT, HC_E_TIMEOUT,
 * HC_E_PROTOCOL. The connection is new and serves only this: nothing is ever sent twice. Ends with
 * upstream_close, also after a failure. */
hc_status upstream_open(upstream *u, const origin *o, const hc_request *r, int has_content,
                        answer *client);

/* The head as the cache takes it. NULL: it holds what no field may hold. */
hc_response *upstream_response(const upstream *u);

void upstream_close(upstream *u);

#endif
