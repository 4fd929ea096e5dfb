/* Calls of the system that fail: whichever of them fails at whichever time, the caller gets the
 * right answer, what was lost is counted, the process lives, and the next one finds a healthy
 * cache.
 *
 *   io_faults          100 cases, 2,000 with FULL=1, every call of every scenario with TORTURE=1
 *   io_faults 1234     the case of that number alone (SEED as it was)
 *
 * What meets the fault is this program again, under the library that makes calls fail
 * (io_preload.c). It tells through its standard output what it was promised; the parent opens the
 * cache afterwards. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "io_faults.h"
#include "slots.h"
#include "tiers.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *program;

/* ---- the side that meets the fault ---- */

typedef struct {
    const char *directory;
    int level; /* Of durability. */
    hc_options *options;
    test_log *log; /* Errors alone. */
    hc_cache *c;
    int is_lost; /* Whether anything was. */
    /* What was stored since the last flush, and its versions; what that flush promises. */
    int pending[SLOTS];
    int promised[SLOTS];
    int is_touched[SLOTS];
} side;

static void arm(int on) {
    void *symbol = dlsym(RTLD_DEFAULT, IO_ARM);
    io_arm_fn function;
    CHECK(symbol != NULL);
    memcpy(&function, &symbol, sizeof function);
    function(on);
}

/* While messages are made nothing fails: that is no business of the cache. */
static void pause_faults(int on) {
    void *symbol = dlsym(RTLD_DEFAULT, IO_PAUSE);
    io_arm_fn function;
    CHECK(symbol != NULL);
    memcpy(&function, &symbol, sizeof function);
    function(on);
}

static hc_request *asked(int slot, const char *fields) {
    hc_request *r;
    pause_faults(1);
    r = slot_request(slot, fields);
    pause_faults(0);
    return r;
}

static hc_response *answered(int slot, int version, int has_body) {
    hc_response *p;
    pause_faults(1);
    p = slot_answer(slot, version, has_body ? slot_body(slot, version) : NULL);
    pause_faults(0);
    return p;
}

static int calls(long counts[IO_CALLS]) {
    void *symbol = dlsym(RTLD_DEFAULT, IO_COUNT);
    io_calls_fn function;
    CHECK(symbol != NULL);
    memcpy(&function, &symbol, sizeof function);
    return function(counts);
}

/* What a call may return that the store alone made fail: of opening, of reading a stored body, of
 * flushing. */
static int is_of_store(hc_status status) {
    return (status <= HC_E_IO && status >= HC_E_SYMLINK) || status == HC_E_NO_MEMORY;
}

static int is_memory_fault(void) {
    const char *call = getenv("FAULT_CALL");
    return call != NULL && strcmp(call, "memory") == 0;
}

/* Where something is lost a line of the log says so. `before` is how many there were. */
static void lost(side *s, int before) {
    CHECK(log_lines(s->log) > before);
    s->is_lost = 1;
}

/* A status that has to be HC_OK; for want of memory it may be that. */
static int went_well(hc_status status) {
    if (status == HC_E_NO_MEMORY && is_memory_fault())
        return 0;
    CHECK_INT(status, HC_OK);
    return 1;
}

static void touch(side *s, int slot) {
    s->is_touched[slot] = 1;
    s->promised[slot] = 0;
    s->pending[slot] = 0;
}

static void stored(side *s, int slot, int version) {
    s->pending[slot] = version;
    if (s->level == 2)
        s->promised[slot] = version;
}

static void flush_of(side *s) {
    hc_error *err = NULL;
    hc_status status = hc_flush(s->c, 60 * SECONDS, &err);
    int i;
    CHECK(status == HC_OK || (err != NULL && is_of_store(status)));
    hc_error_free(err);
    for (i = 0; i < SLOTS && status == HC_OK; i++) {
        if (s->pending[i] != 0)
            s->promised[i] = s->pending[i];
    }
}

enum {
    WHOLE,
    IN_PIECES,
    ABANDONED
};

static hc_exchange *looked_up(side *s, const hc_request *r, hc_view *view) {
    hc_exchange *x = NULL;
    *view = new_view();
    return went_well(hc_lookup(s->c, r, view, &x, NULL)) ? x : NULL;
}

static void check_handed_on(side *s, int slot, int version, const hc_view *view, hc_exchange *x) {
    int before = log_lines(s->log);
    hc_status status;
    if ((view->flags & HC_FROM_CACHE) == 0) {
        CHECK_INT(slot_version(view), version);
        if (view->body == NULL)
            return;
    }
    status = slot_check(slot, version, view, x, NULL);
    if (status == HC_DONE)
        return;
    CHECK(is_of_store(status));
    lost(s, before);
}

static int32_t report_whole(side *s, hc_exchange *x, int slot, int version) {
    hc_response *origin = answered(slot, version, 1);
    hc_view view = new_view();
    int32_t outcome = -1;
    if (!went_well(hc_store(x, origin, &outcome, &view, NULL)))
        return HC_NOT_STORED;
    CHECK(outcome == HC_STORED || outcome == HC_NOT_STORED);
    check_handed_on(s, slot, version, &view, x);
    return outcome;
}

static int32_t report_in_pieces(side *s, hc_exchange *x, int slot, int version, int is_ended) {
    const char *body = slot_body(slot, version);
    hc_view view = new_view();
    int32_t outcome = -1;
    size_t done = 0, len = slot_size(slot);
    if (!went_well(hc_store_begin(x, answered(slot, version, 0), &outcome, &view, NULL)))
        return HC_NOT_STORED;
    check_handed_on(s, slot, version, &view, x);
    if (outcome != HC_STORING) {
        CHECK_INT(outcome, HC_NOT_STORED);
        return outcome;
    }
    while (done < len) {
        size_t now = len - done < 30011 ? len - done : 30011;
        hc_status status = hc_store_write(x, body + done, now, NULL);
        CHECK(status == HC_DONE || status == HC_OK);
        done += now;
    }
    if (is_ended && !went_well(hc_store_end(x, &outcome, NULL)))
        return HC_NOT_STORED;
    return outcome;
}

static void put(side *s, int slot, int version, int how) {
    int before = log_lines(s->log);
    hc_view view;
    int32_t outcome;
    hc_exchange *x = looked_up(s, asked(slot, "Cache-Control: no-cache\n"), &view);
    touch(s, slot);
    check_note("storing slot %d, %d errors before", slot, before);
    if (x == NULL)
        return;
    CHECK(view.decision == HC_FORWARD || view.decision == HC_REVALIDATE);
    outcome = how == WHOLE ? report_whole(s, x, slot, version)
                           : report_in_pieces(s, x, slot, version, how == IN_PIECES);
    if (outcome == HC_NOT_STORED && !is_memory_fault())
        lost(s, before);
    if (outcome == HC_STORED)
        stored(s, slot, version);
    hc_exchange_free(x);
}

/* A stored response is handed on, or the request is forwarded and that is counted. `version` is
 * what is stored. */
static void hit(side *s, int slot, int version, const char *fields) {
    int before = log_lines(s->log);
    hc_view view;
    hc_exchange *x = looked_up(s, asked(slot, fields), &view);
    if (x == NULL)
        return;
    check_note("a hit on slot %d, decision %d, %d errors before", slot, (int)view.decision, before);
    if (view.decision == HC_FORWARD)
        lost(s, before);
    else
        check_handed_on(s, slot, version, &view, x);
    hc_exchange_free(x);
}

static void freshen(side *s, int slot) {
    int before = log_lines(s->log);
    hc_view view;
    int32_t outcome = -1;
    hc_exchange *x = looked_up(s, asked(slot, ""), &view);
    s->is_touched[slot] = 1;
    if (x == NULL)
        return;
    if (view.decision == HC_FORWARD) {
        lost(s, before);
        report_whole(s, x, slot, 1);
    } else {
        CHECK_INT(view.decision, HC_REVALIDATE);
        view = new_view();
        if (went_well(hc_store(x, slot_freshened(slot, 1), &outcome, &view, NULL))) {
            CHECK_INT(outcome, HC_FRESHENED);
            check_handed_on(s, slot, 1, &view, x);
        }
        s->promised[slot] = 1;
    }
    hc_exchange_free(x);
}

static void use_stale(side *s, int slot) {
    int before = log_lines(s->log);
    hc_view view;
    hc_status status;
    hc_request *r = asked(slot, "");
    hc_exchange *x;
    CHECK_STATUS(hc_request_set(r, HC_OPT_STALE_IF_ERROR, HC_NEVER_EXPIRE, &err), HC_OK);
    x = looked_up(s, r, &view);
    if (x == NULL)
        return;
    status = hc_store_failure(x, &view, NULL);
    if (status == HC_NOT_FOUND) {
        lost(s, before);
    } else if (went_well(status)) {
        CHECK_INT(view.outcome, HC_USED_STALE);
        check_handed_on(s, slot, 1, &view, x);
    }
    hc_exchange_free(x);
}

/* An answer to an unsafe request, after which nothing may be stored of its URL. */
static void invalidate(side *s, int slot) {
    int before = log_lines(s->log);
    hc_view view;
    int32_t outcome = -1;
    hc_request *r = request(text("POST http://h.test/%d?b=1&a=2", slot), "");
    hc_exchange *x = looked_up(s, r, &view);
    touch(s, slot);
    if (x == NULL)
        return;
    CHECK_INT(view.decision, HC_FORWARD);
    went_well(hc_store(x, answer(200, "", "done"), &outcome, &view, NULL));
    CHECK_INT(outcome, HC_NOT_STORED);
    CHECK_INT(view.status, 200);
    hc_exchange_free(x);
    if (log_lines(s->log) > before)
        s->is_lost = 1;
    else
        stored(s, slot, -1);
    /* Where it could not be taken away this process serves it no more. */
    CHECK_INT(slot_find(s->c, slot, "").version, 0);
}

/* ---- scenarios ---- */

static void nothing(side *s) {
    (void)s;
}

static void stores_and_hits(side *s) {
    put(s, 10, 2, WHOLE);
    put(s, 11, 2, WHOLE);
    flush_of(s);
    slot_find(s->c, 10, "");
    slot_find(s->c, 11, "");
}

static void hits(side *s) {
    hit(s, 0, 1, "");
    hit(s, 1, 1, "");
}

static void stores_small(side *s) {
    put(s, 10, 2, WHOLE);
    flush_of(s);
}

static void stores_large(side *s) {
    put(s, 11, 2, WHOLE);
    flush_of(s);
}

static void replaces_small(side *s) {
    put(s, 0, 2, WHOLE);
    flush_of(s);
}

static void replaces_large(side *s) {
    put(s, 1, 2, WHOLE);
    flush_of(s);
}

static void stores_in_pieces(side *s) {
    put(s, 10, 2, IN_PIECES);
    put(s, 11, 2, IN_PIECES);
    flush_of(s);
}

static void abandons(side *s) {
    hc_view view;
    hc_exchange *x = looked_up(s, asked(11, ""), &view);
    touch(s, 11);
    if (x != NULL)
        report_in_pieces(s, x, 11, 2, 0);
    hc_exchange_free(x);
}

static void stores_many(side *s) {
    int slot;
    for (slot = 10; slot < 20; slot++)
        put(s, slot, 2, WHOLE);
    flush_of(s);
}

static void hits_small(side *s) {
    hit(s, 0, 1, "");
    hit(s, 2, 1, "");
}

static void hits_large(side *s) {
    hit(s, 1, 1, "");
    hit(s, 3, 1, "");
}

static void gives_a_whole_body(side *s) {
    int before = log_lines(s->log);
    hc_view view;
    hc_response *p = NULL;
    const void *body = NULL;
    size_t len = 0;
    hc_exchange *x = looked_up(s, asked(1, ""), &view);
    hc_status status;
    if (x == NULL)
        return;
    if (view.decision == HC_FORWARD) {
        lost(s, before);
    } else {
        CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
        status = hc_response_body(p, &body, &len, NULL);
        CHECK(status == HC_OK || is_of_store(status));
        if (status == HC_OK)
            CHECK(len == slot_size(1) && memcmp(body, slot_body(1, 1), len) == 0);
        else
            lost(s, before);
    }
    hc_response_free(p);
    hc_exchange_free(x);
}

static void hits_a_head(side *s) {
    int before = log_lines(s->log);
    hc_view view;
    hc_exchange *x = looked_up(s, request("HEAD http://h.test/1?b=1&a=2", ""), &view);
    (void)before;
    if (x != NULL && view.status != 0)
        CHECK_INT(slot_version(&view), 1);
    hc_exchange_free(x);
}

static void freshens_small(side *s) {
    freshen(s, 4);
    flush_of(s);
}

static void freshens_large(side *s) {
    freshen(s, 5);
    flush_of(s);
}

static void revalidates_in_vain(side *s) {
    put(s, 6, 2, WHOLE);
    put(s, 7, 2, IN_PIECES);
    flush_of(s);
}

static void uses_stale(side *s) {
    use_stale(s, 6);
    use_stale(s, 7);
}

static void invalidates(side *s) {
    invalidate(s, 0);
    invalidate(s, 1);
    flush_of(s);
}

static void stores_variants(side *s) {
    put(s, SLOT_VARY, 2, WHOLE);
    put(s, SLOT_VARY + 1, 2, WHOLE);
    flush_of(s);
    slot_find(s->c, SLOT_VARY, "");
    slot_find(s->c, SLOT_VARY + 1, "");
}

static void stores_parts(side *s) {
    int before;
    put(s, SLOT_PART, 2, WHOLE);
    before = log_lines(s->log);
    put(s, SLOT_NEXT_PART, 2, WHOLE);
    /* A part that cannot be put together with the one that is stored takes its place. */
    if (log_lines(s->log) > before)
        touch(s, SLOT_PART);
    flush_of(s);
    slot_find(s->c, SLOT_PART, "");
    slot_find(s->c, SLOT_NEXT_PART, "");
}

static void flushes(side *s) {
    flush_of(s);
    flush_of(s);
}

static void counts(side *s) {
    hc_stats stats;
    hc_status status;
    memset(&stats, 0, sizeof stats);
    stats.struct_size = sizeof stats;
    status = hc_get_stats(s->c, &stats, NULL);
    CHECK(status == HC_OK || is_of_store(status));
    if (status == HC_OK)
        CHECK_INT(stats.responses, SLOTS_STORED);
}

static void rekeys(side *s) {
    hc_rekeyed counted;
    hc_status status;
    int slot;
    memset(&counted, 0, sizeof counted);
    counted.struct_size = sizeof counted;
    status = hc_rekey(s->c, NULL, 0, NULL, NULL, &counted, NULL);
    CHECK(status == HC_OK || is_of_store(status));
    for (slot = 0; slot < SLOTS_STORED; slot++)
        s->is_touched[slot] = 1;
}

static void closes(side *s) {
    hc_close(s->c);
    s->c = NULL;
}

static void closes_after_storing(side *s) {
    put(s, 10, 2, WHOLE);
    flush_of(s);
    closes(s);
}

static int stores_beside(void *user) {
    side *s = (side *)user;
    hc_cache *c = open_cache(s->directory, NULL, "");
    int slot;
    for (slot = 20; slot < 28; slot++)
        slot_put(c, slot, 3);
    hc_close(c);
    return 0;
}

/* Another process, whose calls do not fail, writes at the same time. */
static void shares_with_another(side *s) {
    pid_t other;
    int slot;
    arm(0);
    other = in_child(stores_beside, s);
    arm(1);
    for (slot = 10; slot < 16; slot++)
        put(s, slot, 2, WHOLE);
    flush_of(s);
    arm(0);
    CHECK_INT(reap(other), 0);
}

static void say(side *s);

static int goes_on_in_child(void *user) {
    side *s = (side *)user;
    arm(1);
    put(s, 10, 2, WHOLE);
    hit(s, 1, 1, "");
    flush_of(s);
    say(s);
    return 0;
}

/* What is counted and promised is the child's; the parent says nothing. */
static void forks(side *s) {
    arm(0);
    CHECK_INT(reap(in_child(goes_on_in_child, s)), 0);
    hc_close(s->c);
    fflush(stdout);
    _exit(0);
}

/* An origin in the program, of the slot that its URL names. */
typedef struct {
    int slot;
    size_t done;
} transfer_of_slot;

static transfer_of_slot transfer;

static hc_status start(void *user, const hc_request *r, hc_response *head, void **out) {
    static const char name[] = "X-Version";
    (void)user;
    transfer.slot = atoi(hc_request_url(r) + strlen("http://h.test/"));
    transfer.done = 0;
    *out = &transfer;
    if (hc_response_assign(head, 200, NULL, 0, NULL) != HC_OK)
        return HC_E_NO_MEMORY;
    return hc_response_add(head, name, HC_NTS, "2", 1, NULL);
}

static hc_status read_some(void *user, void *buffer, size_t capacity, size_t *n) {
    transfer_of_slot *t = (transfer_of_slot *)user;
    size_t left = slot_size(t->slot) - t->done;
    *n = left < capacity ? left : capacity;
    body_fill(buffer, *n, (uint64_t)t->slot * 1000003 + 2, t->done);
    t->done += *n;
    return *n == 0 ? HC_DONE : HC_OK;
}

static void finish(void *user) {
    (void)user;
}

static void fetch_slot(side *s, int slot, int version) {
    int before = log_lines(s->log);
    hc_view view = new_view();
    hc_response *p = NULL;
    hc_status status;
    if (!went_well(hc_fetch(s->c, asked(slot, ""), &view, &p, NULL)))
        return;
    if (hc_response_from_cache(p))
        CHECK_INT(slot_version(&view), version);
    status = slot_check(slot, slot_version(&view), &view, NULL, p);
    if (status != HC_DONE) {
        CHECK(hc_response_from_cache(p) || is_memory_fault());
        CHECK(is_of_store(status));
        lost(s, before);
    }
    hc_response_free(p);
}

static void fetches(side *s) {
    touch(s, 0);
    touch(s, 1);
    touch(s, 10);
    touch(s, 11);
    fetch_slot(s, 0, 1);
    fetch_slot(s, 1, 1);
    fetch_slot(s, 10, 2);
    fetch_slot(s, 11, 2);
    flush_of(s);
}

static int32_t keeps_nothing(void *user, const hc_request *r, hc_response *p) {
    (void)user;
    (void)r;
    (void)p;
    return 0;
}

/* The filter takes away what is handed on for the last time. */
static void filters(side *s) {
    int before = log_lines(s->log);
    hit(s, 0, 1, "");
    hit(s, 1, 1, "");
    s->is_touched[0] = s->is_touched[1] = 1;
    flush_of(s);
    if (log_lines(s->log) > before)
        s->is_lost = 1;
}

/* ---- how the directory is before ---- */

enum {
    FILLED,
    MISSING, /* There is none yet. */
    UNCLEAN, /* Filled, and a process died in the midst of it. */
    DAMAGED  /* Its data file cannot be read. */
};

typedef struct {
    const char *name;
    void (*run)(side *s);
    int begins;  /* How the directory is before. */
    int at_open; /* Whether calls fail from hc_open on. */
    int level;   /* Of durability. */
    const char *settings;
} scenario;

static const scenario scenarios[] = {
    {"open_new", stores_and_hits, MISSING, 1, 1, ""},
    {"open_new_fast", stores_and_hits, MISSING, 1, 0, ""},
    {"open_new_synced", stores_and_hits, MISSING, 1, 2, ""},
    {"open", hits, FILLED, 1, 1, ""},
    {"open_fast", hits, FILLED, 1, 0, ""},
    {"open_read_only", hits, FILLED, 1, 1, "read_only 1"},
    {"open_unclean", hits, UNCLEAN, 1, 1, ""},
    {"open_damaged", stores_and_hits, DAMAGED, 1, 1, ""},
    {"store_small", stores_small, FILLED, 0, 1, ""},
    {"store_small_fast", stores_small, FILLED, 0, 0, ""},
    {"store_small_synced", stores_small, FILLED, 0, 2, ""},
    {"store_large", stores_large, FILLED, 0, 1, ""},
    {"store_large_fast", stores_large, FILLED, 0, 0, ""},
    {"store_large_synced", stores_large, FILLED, 0, 2, ""},
    {"replace_small", replaces_small, FILLED, 0, 1, ""},
    {"replace_large", replaces_large, FILLED, 0, 1, ""},
    {"store_in_pieces", stores_in_pieces, FILLED, 0, 1, ""},
    {"store_abandoned", abandons, FILLED, 0, 1, ""},
    {"store_many", stores_many, FILLED, 0, 1, ""},
    {"hit_small", hits_small, FILLED, 0, 1, ""},
    {"hit_large", hits_large, FILLED, 0, 1, ""},
    {"hit_whole_body", gives_a_whole_body, FILLED, 0, 1, ""},
    {"hit_head", hits_a_head, FILLED, 0, 1, ""},
    {"freshen_small", freshens_small, FILLED, 0, 1, ""},
    {"freshen_large", freshens_large, FILLED, 0, 1, ""},
    {"revalidate_in_vain", revalidates_in_vain, FILLED, 0, 1, ""},
    {"stale_if_error", uses_stale, FILLED, 0, 1, ""},
    {"invalidate", invalidates, FILLED, 0, 1, "invalidate 1"},
    {"variants", stores_variants, FILLED, 0, 1, ""},
    {"parts", stores_parts, FILLED, 0, 1, ""},
    {"filter", filters, FILLED, 0, 1, ""},
    {"flush", flushes, FILLED, 0, 1, ""},
    {"statistics", counts, FILLED, 0, 1, ""},
    {"rekey", rekeys, FILLED, 0, 1, "sort_query 0"},
    {"close", closes, FILLED, 0, 1, ""},
    {"close_fast", closes_after_storing, FILLED, 0, 0, ""},
    {"two_processes", shares_with_another, FILLED, 0, 1, ""},
    {"fork", forks, FILLED, 0, 1, ""},
    {"fetch", fetches, FILLED, 0, 1, ""},
    {"nothing", nothing, FILLED, 1, 1, ""},
};

static hc_options *options_of(const scenario *s) {
    test_clock *clock = new_clock();
    hc_options *o;
    pass(clock, 10 * SECONDS);
    o = options(clock, s->settings);
    if (s->run == filters)
        CHECK_STATUS(hc_options_filter(o, keeps_nothing, NULL, NULL), HC_OK);
    if (s->run == stores_parts)
        CHECK_STATUS(hc_options_add(o, HC_LIST_STATUS, "206", HC_NTS, &err), HC_OK);
    if (s->run == fetches) {
        hc_transport table;
        memset(&table, 0, sizeof table);
        table.struct_size = sizeof table;
        table.start = start;
        table.read = read_some;
        table.finish = finish;
        CHECK_STATUS(hc_options_transport(o, &table), HC_OK);
    }
    if (s->begins == MISSING)
        CHECK_STATUS(hc_options_set(o, HC_OPT_DURABILITY, s->level, &err), HC_OK);
    return o;
}

/* ---- what is told to the parent ---- */

/* The last line: "met FAULT lost PROMISES... calls COUNTS...". A promise is slot=version; -1:
 * nothing is stored, 0: nothing is promised. */
static void say(side *s) {
    long number[IO_CALLS];
    int has_failed = calls(number);
    int i;
    printf("met %d lost %d", has_failed, s->is_lost);
    for (i = 0; i < SLOTS; i++) {
        if (s->is_touched[i])
            printf(" %d=%d", i, s->promised[i]);
    }
    printf(" calls");
    for (i = 0; i < IO_CALLS; i++)
        printf(" %ld", number[i]);
    printf("\n");
    fflush(stdout);
}

/* The counter has moved where something was lost; and without faults the same cache is right, and
 * stores again. */
static void check_afterwards(side *s) {
    hc_stats stats = stats_of(s->c);
    int slot;
    CHECK((stats.errors > 0) == (log_lines(s->log) > 0));
    CHECK(!s->is_lost || stats.errors > 0);
    for (slot = 0; slot < SLOTS; slot++) {
        slot_found found = slot_find(s->c, slot, "");
        CHECK(found.version == 0 || found.read_status == HC_DONE || is_of_store(found.read_status));
    }
    slot_put(s->c, 12, 4);
    slot_put(s->c, 13, 4);
    touch(s, 12);
    touch(s, 13);
}

/* argv is "meet", directory, scenario. */
static int meet(char **argv) {
    const scenario *which = &scenarios[atoi(argv[2])];
    side s;
    hc_status status = HC_OK;
    hc_error *err = NULL;
    alarm(60);
    memset(&s, 0, sizeof s);
    s.directory = argv[1];
    s.level = which->level;
    s.options = options_of(which);
    s.log = log_of(s.options, HC_LOG_ERROR);
    arm(which->at_open);
    status = hc_open(argv[1], s.options, &s.c, &err);
    if (status != HC_OK) {
        CHECK(which->at_open);
        CHECK_STR(status == hc_error_status(err) ? "" : "another status", "");
        check_note("%s", hc_error_message(err));
        CHECK(s.c == NULL && is_of_store(status));
        s.is_lost = 1;
    } else {
        arm(1);
        which->run(&s);
    }
    hc_error_free(err);
    arm(0);
    if (s.c != NULL && strcmp(which->settings, "read_only 1") != 0 && which->run != filters)
        check_afterwards(&s);
    hc_close(s.c);
    say(&s);
    return 0;
}

/* ---- the parent's side ---- */

typedef struct {
    int call;
    int number; /* 0 with `mode` "short": the calls after it go on. */
    const char *mode;
} fault;

/* What fails how. Interrupted calls are repeated, so those fail once: no system interrupts for
 * ever. What says that another process has a lock is waited for. */
static const fault faults[] = {
    {IO_OPEN, EIO, "once"},        {IO_OPEN, EMFILE, "once"},    {IO_OPEN, EMFILE, "ever"},
    {IO_OPEN, ENFILE, "ever"},     {IO_OPEN, EACCES, "once"},    {IO_OPEN, EACCES, "ever"},
    {IO_OPEN, EROFS, "ever"},      {IO_OPEN, ENOSPC, "ever"},    {IO_OPEN, EDQUOT, "ever"},
    {IO_OPEN, EINTR, "once"},      {IO_OPEN, ENOMEM, "once"},    {IO_LIST, EIO, "once"},
    {IO_LIST, EMFILE, "ever"},     {IO_LIST, ENOMEM, "once"},    {IO_LIST, EACCES, "ever"},
    {IO_READ, EIO, "once"},        {IO_READ, EIO, "ever"},       {IO_READ, EINTR, "once"},
    {IO_READ, ENOMEM, "once"},     {IO_READ, 0, "short"},        {IO_READ, EIO, "short"},
    {IO_WRITE, EIO, "once"},       {IO_WRITE, EIO, "ever"},      {IO_WRITE, ENOSPC, "once"},
    {IO_WRITE, ENOSPC, "ever"},    {IO_WRITE, EDQUOT, "ever"},   {IO_WRITE, EROFS, "ever"},
    {IO_WRITE, EINTR, "once"},     {IO_WRITE, ENOMEM, "once"},   {IO_WRITE, 0, "short"},
    {IO_WRITE, ENOSPC, "short"},   {IO_WRITE, EIO, "short"},     {IO_SYNC, EIO, "once"},
    {IO_SYNC, EIO, "ever"},        {IO_SYNC, ENOSPC, "once"},    {IO_SYNC, EDQUOT, "ever"},
    {IO_SYNC, EROFS, "ever"},      {IO_SYNC, EINTR, "once"},     {IO_RENAME, EIO, "once"},
    {IO_RENAME, ENOSPC, "ever"},   {IO_RENAME, EDQUOT, "once"},  {IO_RENAME, EACCES, "ever"},
    {IO_RENAME, EROFS, "ever"},    {IO_UNLINK, EIO, "once"},     {IO_UNLINK, EACCES, "ever"},
    {IO_UNLINK, EROFS, "ever"},    {IO_TRUNCATE, EIO, "once"},   {IO_TRUNCATE, ENOSPC, "ever"},
    {IO_TRUNCATE, EDQUOT, "ever"}, {IO_TRUNCATE, EINTR, "once"}, {IO_MAP, ENOMEM, "once"},
    {IO_MAP, ENOMEM, "ever"},      {IO_MAP, ENFILE, "once"},     {IO_MAP, EACCES, "ever"},
    {IO_LOCK, EIO, "once"},        {IO_LOCK, ENOMEM, "ever"},    {IO_LOCK, EACCES, "once"},
    {IO_LOCK, EINTR, "once"},      {IO_MKDIR, EIO, "once"},      {IO_MKDIR, ENOSPC, "ever"},
    {IO_MKDIR, EDQUOT, "ever"},    {IO_MKDIR, EACCES, "ever"},   {IO_MKDIR, EROFS, "ever"},
    {IO_STAT, EIO, "once"},        {IO_STAT, EIO, "ever"},       {IO_STAT, ENOMEM, "once"},
    {IO_STAT, EACCES, "ever"},     {IO_MODE, EIO, "once"},       {IO_MODE, EROFS, "ever"},
    {IO_RANDOM, EINTR, "once"},    {IO_RANDOM, EIO, "once"},     {IO_RANDOM, EIO, "ever"},
    {IO_MEMORY, ENOMEM, "once"},   {IO_MEMORY, ENOMEM, "ever"},
};

static const char *const names[] = IO_NAMES;

/* Where the cases begin: a filled directory of each level, and how many calls each scenario makes.
 */
static const char *filled[3];
static long call_counts[NELEMS(scenarios)][IO_CALLS];

static void fill_all(void) {
    int level;
    for (level = 0; level < 3; level++) {
        test_clock *clock = new_clock();
        hc_cache *c;
        filled[level] = fresh_directory();
        c = open_cache(filled[level], clock, text("durability %d", level));
        slots_fill(c);
        hc_close(c);
    }
}

/* The directory of a case, below one that is fresh. */
static const char *prepare(const scenario *s) {
    const char *directory = text("%s/cache", fresh_directory());
    size_t len;
    if (s->begins == MISSING)
        return directory;
    copy_tree(filled[s->level], directory);
    if (s->begins == UNCLEAN) {
        const char *data = data_file(directory);
        const char *generation = text("%.*s", (int)(strlen(data) - strlen("/data.mdb")), data);
        write_file(text("%s/bodies/tmp-1-aa", generation), "x", 1);
        write_file(text("%s/bodies/%032d", generation, 7), "x", 1);
        write_file(text("%s/new-1-aa", directory), "x", 1);
        CHECK_INT(mkdir(text("%s/new-2-aa", directory), 0700), 0);
        write_file(text("%s/new-2-aa/data.mdb", directory), "x", 1);
    }
    if (s->begins == DAMAGED) {
        char *data = read_file(data_file(directory), &len);
        write_file(data_file(directory), data, len / 2);
    }
    return directory;
}

/* What the side that met the fault told. */
typedef struct {
    int met, lost;
    int is_touched[SLOTS];
    int promised[SLOTS];
    long calls[IO_CALLS];
    int status;
    char output[8192];
} told;

static void read_told(told *t) {
    const char *line = strstr(t->output, "met ");
    int used = 0, slot, version, i;
    if (line == NULL || sscanf(line, "met %d lost %d%n", &t->met, &t->lost, &used) != 2)
        check_fail(__FILE__, __LINE__, "it told nothing, and ended with %d: %s", t->status,
                   t->output);
    line += used;
    while (sscanf(line, " %d=%d%n", &slot, &version, &used) == 2) {
        CHECK(slot >= 0 && slot < SLOTS);
        t->is_touched[slot] = 1;
        t->promised[slot] = version;
        line += used;
    }
    line += strlen(" calls");
    for (i = 0; i < IO_CALLS; i++)
        t->calls[i] = strtol(line, (char **)(uintptr_t)&line, 10);
}

static void run_side(const char *directory, int which, const fault *f, long at, told *t) {
    char *arguments[5];
    size_t len = 0;
    ssize_t n;
    int out[2];
    pid_t child;
    arguments[0] = program;
    arguments[1] = (char *)"meet";
    arguments[2] = (char *)directory;
    arguments[3] = (char *)text("%d", which);
    arguments[4] = NULL;
    memset(t, 0, sizeof *t);
    CHECK_INT(pipe(out), 0);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        setenv("LD_PRELOAD", getenv("IO_LIBRARY"), 1);
        setenv("FAULT_UNDER", directory, 1);
        setenv("FAULT_CALL", names[f->call], 1);
        setenv("FAULT_AT", text("%ld", at), 1);
        setenv("FAULT_ERRNO", text("%d", f->number), 1);
        setenv("FAULT_MODE", f->mode, 1);
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execv(program, arguments);
        _exit(127);
    }
    close(out[1]);
    while (len + 1 < sizeof t->output &&
           (n = read(out[0], t->output + len, sizeof t->output - 1 - len)) > 0)
        len += (size_t)n;
    close(out[0]);
    t->status = reap(child);
    if (t->status != 0)
        check_fail(__FILE__, __LINE__, "it ended with %d: %s", t->status, t->output);
    read_told(t);
}

/* Opens what is left, as the next process does, and checks that nothing is wrong with it. */
static void check_healthy(const char *directory, const scenario *s, const told *t) {
    test_clock *clock = new_clock();
    hc_options *o = options(clock, "");
    test_log *log = log_of(o, HC_LOG_WARNING);
    hc_cache *c = open_with(directory, o);
    hc_cache *other = s->run == rekeys ? open_cache(directory, clock, "sort_query 0") : NULL;
    int slot, large = 0, is_exact = s->run != stores_parts;
    /* What could not be read is said, and set aside once. */
    CHECK(log_lines(log) == 0 || (s->begins == DAMAGED && log_lines(log) == 1));
    log_clear(log);
    for (slot = 0; slot < SLOTS; slot++) {
        int expected = slot < SLOTS_STORED && s->begins != MISSING && s->begins != DAMAGED;
        slot_found found = slot_find(c, slot, "");
        if (other != NULL && found.version == 0)
            found = slot_find(other, slot, "");
        check_note("slot %d has version %d", slot, found.version);
        CHECK(found.version == 0 || found.read_status == HC_DONE);
        if (t->is_touched[slot])
            expected = t->promised[slot];
        if (expected > 0)
            CHECK_INT(found.version, expected);
        if (expected < 0)
            CHECK_INT(found.version, 0);
        large += slot % 2 && found.version != 0;
    }
    check_note("what is left in %s", directory);
    CHECK_INT(count_files(directory, "tmp-"), 0);
    CHECK_INT(count_files(directory, "new-"), 0);
    if (is_exact) {
        const char *data = data_file(directory);
        const char *bodies = text("%.*sbodies", (int)(strlen(data) - strlen("data.mdb")), data);
        CHECK_INT(count_files(bodies, ""), large);
    }
    check_note("a new response");
    CHECK_INT(slot_put(c, 38, 5), HC_STORED);
    CHECK_INT(slot_put(c, 39, 5), HC_STORED);
    flush(c);
    CHECK_INT(slot_find(c, 38, "").version, 5);
    CHECK_INT(slot_find(c, 39, "").version, 5);
    CHECK_INT(stats_of(c).errors, 0);
    CHECK_INT(log_lines(log), 0);
    hc_close(other);
    hc_close(c);
}

typedef struct {
    int scenario;
    const fault *fault;
    long at;
    int has_met; /* Whether the call was made. */
} io_case;

static void run_case(void *user) {
    io_case *one = (io_case *)user;
    const scenario *s = &scenarios[one->scenario];
    const char *directory = prepare(s);
    told t;
    run_side(directory, one->scenario, one->fault, one->at, &t);
    one->has_met = t.met;
    check_healthy(directory, s, &t);
}

/* How many calls of each kind a scenario makes where none fails, and that it is healthy then. */
static void count_calls(int which) {
    const scenario *s = &scenarios[which];
    const char *directory = prepare(s);
    told t;
    int slot;
    check_note("%s without a fault", s->name);
    run_side(directory, which, &faults[0], 0, &t);
    CHECK(!t.met && !t.lost);
    for (slot = 0; slot < SLOTS && s->run != rekeys && s->run != filters; slot++)
        CHECK(!t.is_touched[slot] || t.promised[slot] != 0 || slot == 12 || slot == 13 ||
              s->run == abandons || s->run == fetches);
    check_healthy(directory, s, &t);
    memcpy(call_counts[which], t.calls, sizeof t.calls);
}

/* ---- which cases there are ---- */

static long cases_in_all(void) {
    long all = 0;
    size_t i, k;
    for (i = 0; i < NELEMS(scenarios); i++) {
        for (k = 0; k < NELEMS(faults); k++)
            all += call_counts[i][faults[k].call];
    }
    return all;
}

/* The case of a number among all. */
static io_case case_at(long number) {
    io_case one;
    size_t i, k;
    memset(&one, 0, sizeof one);
    for (i = 0; i < NELEMS(scenarios); i++) {
        for (k = 0; k < NELEMS(faults); k++) {
            long here = call_counts[i][faults[k].call];
            if (number < here) {
                one.scenario = (int)i;
                one.fault = &faults[k];
                one.at = number + 1;
                return one;
            }
            number -= here;
        }
    }
    check_fail(__FILE__, __LINE__, "there is no case of that number");
}

/* A scenario, a kind of call that it makes, and then any of its faults and of its calls, each as
 * often as the others: rare calls are not lost among frequent ones. */
static io_case case_by_chance(long number) {
    uint64_t state = test_seed() * 1000003 + (uint64_t)number;
    const fault *kinds[NELEMS(faults)];
    size_t count = 0, k;
    io_case one;
    int call;
    memset(&one, 0, sizeof one);
    do {
        one.scenario = (int)draw_below(&state, NELEMS(scenarios));
        call = (int)draw_below(&state, IO_CALLS);
    } while (call_counts[one.scenario][call] == 0);
    for (k = 0; k < NELEMS(faults); k++) {
        if (faults[k].call == call)
            kinds[count++] = &faults[k];
    }
    one.fault = kinds[draw_below(&state, count)];
    one.at = 1 + (long)draw_below(&state, (size_t)call_counts[one.scenario][call]);
    return one;
}

static int run_number(long number) {
    io_case one = is_torture() ? case_at(number) : case_by_chance(number);
    const char *name =
        text("case %ld: %s, %s number %ld: %s, %s", number, scenarios[one.scenario].name,
             names[one.fault->call], one.at,
             one.fault->number ? strerror(one.fault->number) : "no error", one.fault->mode);
    check_case(name, run_case, &one);
    return one.has_met;
}

static void prepare_all(void) {
    size_t i;
    fill_all();
    for (i = 0; i < NELEMS(scenarios); i++) {
        size_t mark = check_mark();
        count_calls((int)i);
        check_undo(mark);
    }
    check_note("the cases");
}

static void calls_that_fail_break_nobody(void) {
    long number, count, first = first_case("io_faults"), met = 0;
    prepare_all();
    count = of_tier(100, 2000, cases_in_all());
    for (number = first; number < count; number++) {
        size_t mark = check_mark();
        met += run_number(number);
        check_undo(mark);
        if (number % 20 == 0)
            cases_done("io_faults", number);
    }
    cases_done("io_faults", -1);
    tell_count("V4 %ld I/O faults in %zu scenarios, %ld of them met (seed %" PRIu64 ")",
               count - first, NELEMS(scenarios), met, test_seed());
}

static long only_case;

static void the_case_of_a_number(void) {
    prepare_all();
    printf("# met: %d\n", run_number(only_case));
}

static const check_test tests[] = {TEST(calls_that_fail_break_nobody)};
static const check_test one_test[] = {TEST(the_case_of_a_number)};

int main(int argc, char **argv) {
    program = argv[0];
    if (argc == 4 && strcmp(argv[1], "meet") == 0)
        return meet(argv + 1);
    if (getenv("IO_LIBRARY") == NULL) {
        printf("FAILED io_faults: IO_LIBRARY does not name the library that makes calls fail\n");
        printf("0 passed, 1 failed\n");
        return 1;
    }
    if (argc == 2 && argv[1][0] >= '0' && argv[1][0] <= '9') {
        only_case = atol(argv[1]);
        return check_run(one_test, 1, 1, argv);
    }
    return check_run(tests, NELEMS(tests), argc, argv);
}
