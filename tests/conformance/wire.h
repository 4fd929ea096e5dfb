/* wire.h - bytes: growing buffers, sockets with a time limit, and the sockets that are open. */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- a growing buffer ---- */

typedef struct {
    char *data;
    size_t len;
    size_t room;
    int failed; /* Memory ran out: what was added since is missing. */
} buffer;

void buffer_add(buffer *b, const void *data, size_t len);
void buffer_text(buffer *b, const char *text);
void buffer_number(buffer *b, uint64_t number);
void buffer_free(buffer *b);

/* ---- a socket that is read through a buffer ---- */

enum {
    WIRE_ROOM = 16384
};

typedef struct {
    int fd;
    size_t begin, end; /* What was read and not yet taken. */
    int timed_out;     /* The last failure was the time limit. */
    char data[WIRE_ROOM];
} wire;

void wire_init(wire *w, int fd);

/* Reads more into an empty buffer: 1, 0 at the end of the stream, -1 on failure. */
int wire_fill(wire *w);

/* Takes at most `room` bytes: how many, 0 at the end of the stream, -1 on failure. */
ssize_t wire_take(wire *w, void *out, size_t room);

/* Whether all was written. */
int socket_write(int fd, const void *data, size_t len);

/* Gives each read and each write of `fd` a limit. */
void socket_limit(int fd, int read_seconds, int write_seconds);

/* Tells the peer that nothing follows, and gives it a moment to take what was written: a close with
 * unread input would have the system throw it away. */
void socket_linger(int fd);

/* ---- the sockets that are open ---- */

/* From now on sockets_stop reaches `fd`, and sockets_close is what closes it. */
void sockets_add(int fd);
void sockets_close(int fd);

/* Shuts all of them down, and all that are added later: whoever waits for one goes on. */
void sockets_stop(void);

#endif
