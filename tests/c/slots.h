/* slots.h - requests whose stored responses can be checked wherever they come from: the body is a
 * function of the slot and of the version, which the field X-Version tells.
 *
 * Even slots are small, and odd ones so large that the body has a file of its own. */
#ifndef SLOTS_H
#define SLOTS_H

#include "support.h"

enum {
    SLOTS_STORED = 8, /* Slots 0 to 7 are what slots_fill stores. */
    SLOT_VARY = 30,   /* This one and the next are two variants of one URL. */
    SLOT_PART = 33,   /* The first part of a representation, and the next one. */
    SLOT_NEXT_PART = 35,
    SLOTS = 40
};

size_t slot_size(int slot);
hc_request *slot_request(int slot, const char *fields);

/* The origin's answer of a version; `body` may be NULL, and then it has none. */
hc_response *slot_answer(int slot, int version, const char *body);
char *slot_body(int slot, int version);

/* Stores version 1 of the slots 0 to 7, of which the last four are stale after a second. */
void slots_fill(hc_cache *c);

/* What is stored for a slot. Every byte that is handed out is checked. */
typedef struct {
    int32_t decision;
    int version;           /* 0: there is nothing to hand on. */
    hc_status read_status; /* HC_DONE: the body was read to its end; else why not. */
    int is_freshened;      /* By slot_freshened. */
} slot_found;

slot_found slot_find(hc_cache *c, int slot, const char *fields);

/* Checks a view of a version, and the body that belongs to it, taken from an exchange or from a
 * response. Says how reading it ended. */
hc_status slot_check(int slot, int version, const hc_view *view, hc_exchange *x, hc_response *p);

/* The version that a view's fields tell. */
int slot_version(const hc_view *view);

/* A 304 of a version. */
hc_response *slot_freshened(int slot, int version);

/* hc_lookup past what is stored, and hc_store of a version, whatever comes of it: its outcome. */
int32_t slot_put(hc_cache *c, int slot, int version);

#endif
