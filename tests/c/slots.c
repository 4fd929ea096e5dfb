/* Stored responses that can be checked: see slots.h. */
#define _POSIX_C_SOURCE 200809L

#include "slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parts are of the representation that the slot SLOT_PART names. */
enum {
    PART = 100000,
    WHOLE = 250001
};

static int is_part(int slot) {
    return slot == SLOT_PART || slot == SLOT_NEXT_PART;
}

static size_t begin_of(int slot) {
    return slot == SLOT_NEXT_PART ? PART : 0;
}

size_t slot_size(int slot) {
    if (is_part(slot))
        return PART;
    return slot % 2 ? 200000 + (size_t)slot : 500 + (size_t)slot;
}

static uint64_t seed_of(int slot, int version) {
    return (uint64_t)(is_part(slot) ? SLOT_PART : slot) * 1000003 + (uint64_t)version;
}

char *slot_body(int slot, int version) {
    size_t len = slot_size(slot);
    char *body = (char *)malloc(len + 1);
    body_fill(body, len, seed_of(slot, version), begin_of(slot));
    check_defer(free, body);
    return body;
}

hc_request *slot_request(int slot, const char *fields) {
    int url = slot == SLOT_VARY + 1 ? SLOT_VARY : is_part(slot) ? SLOT_PART : slot;
    const char *own = "";
    if (slot == SLOT_VARY || slot == SLOT_VARY + 1)
        own = text("X-Kind: %d\n", slot);
    if (is_part(slot))
        own = text("Range: bytes=%d-%d\n", (int)begin_of(slot), (int)begin_of(slot) + PART - 1);
    return request(text("GET http://h.test/%d?b=1&a=2", url), text("%s%s", own, fields));
}

static const char *fields_of(int slot, int version) {
    int tag = is_part(slot) ? SLOT_PART : slot;
    const char *fields = text("ETag: \"%d-%d\"\nX-Version: %d\n", tag, version, version);
    if (slot == SLOT_VARY || slot == SLOT_VARY + 1)
        return text("%sVary: X-Kind\n", fields);
    if (is_part(slot))
        return text("%sContent-Range: bytes %d-%d/%d\n", fields, (int)begin_of(slot),
                    (int)begin_of(slot) + PART - 1, (int)WHOLE);
    return fields;
}

hc_response *slot_answer(int slot, int version, const char *body) {
    return answer_of(is_part(slot) ? 206 : 200, fields_of(slot, version), body,
                     body != NULL ? slot_size(slot) : 0);
}

hc_response *slot_freshened(int slot, int version) {
    return answer(304, text("ETag: \"%d-%d\"\nX-Fresh: 1", slot, version), NULL);
}

void slots_fill(hc_cache *c) {
    int slot;
    for (slot = 0; slot < SLOTS_STORED; slot++) {
        hc_request *r = slot_request(slot, "");
        if (slot >= SLOTS_STORED / 2)
            CHECK_STATUS(hc_request_set(r, HC_OPT_EXPIRE_AFTER, 1000, &err), HC_OK);
        CHECK_INT(ask(c, r, slot_answer(slot, 1, slot_body(slot, 1))).outcome, HC_STORED);
    }
    flush(c);
}

static int number_in(const hc_view *view, const char *name) {
    return atoi(value_in(fields_text(view->fields, view->field_count), name));
}

int slot_version(const hc_view *view) {
    return number_in(view, "X-Version");
}

hc_status slot_check(int slot, int version, const hc_view *view, hc_exchange *x, hc_response *p) {
    uint64_t seed = seed_of(slot, version);
    size_t total = 0, n = 0, begin = begin_of(slot);
    hc_response *own = NULL;
    hc_status status = HC_OK;
    char buffer[30000];
    CHECK_INT(slot_version(view), version);
    CHECK_INT(view->status, is_part(slot) ? 206 : 200);
    if (view->body != NULL) {
        CHECK_INT(view->body_len, slot_size(slot));
        CHECK(body_is(view->body, view->body_len, seed, begin));
        return HC_DONE;
    }
    if (p == NULL) {
        status = hc_exchange_response(x, &own, NULL);
        p = own;
    }
    while (status == HC_OK) {
        status = hc_response_read(p, buffer, sizeof buffer, &n, NULL);
        if (status != HC_OK)
            break;
        CHECK(n > 0 && total + n <= slot_size(slot));
        CHECK(body_is(buffer, n, seed, begin + total));
        total += n;
    }
    hc_response_free(own);
    CHECK(status != HC_DONE || total == slot_size(slot));
    return status;
}

slot_found slot_find(hc_cache *c, int slot, const char *fields) {
    slot_found found;
    hc_exchange *x = NULL;
    hc_view view = new_view();
    memset(&found, 0, sizeof found);
    CHECK_STATUS(hc_lookup(c, slot_request(slot, fields), &view, &x, &err), HC_OK);
    found.decision = view.decision;
    if (view.status != 0 && view.decision != HC_UNSATISFIABLE) {
        found.version = slot_version(&view);
        found.is_freshened = number_in(&view, "X-Fresh");
        CHECK(found.version > 0);
        found.read_status = slot_check(slot, found.version, &view, x, NULL);
    }
    hc_exchange_free(x);
    return found;
}

int32_t slot_put(hc_cache *c, int slot, int version) {
    hc_exchange *x = NULL;
    hc_view view = new_view();
    int32_t outcome = -1;
    hc_request *r = slot_request(slot, "Cache-Control: no-cache\n");
    CHECK_STATUS(hc_lookup(c, r, &view, &x, &err), HC_OK);
    CHECK(view.status == 0);
    CHECK_STATUS(
        hc_store(x, slot_answer(slot, version, slot_body(slot, version)), &outcome, &view, &err),
        HC_OK);
    CHECK_INT(slot_version(&view), version);
    CHECK_INT(view.status, is_part(slot) ? 206 : 200);
    if (view.body != NULL) {
        CHECK_INT(view.body_len, slot_size(slot));
        CHECK(body_is(view.body, view.body_len, seed_of(slot, version), begin_of(slot)));
    }
    hc_exchange_free(x);
    return outcome;
}
