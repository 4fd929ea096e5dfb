/* A body of 1 GiB goes in and out in pieces, within 64 MiB of memory. An argument is another size
 * in MiB. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    PIECE = 256 * 1024,
    MOST_MEMORY = 64 << 20
};

static uint64_t size;

/* The most memory that this process ever had, in bytes. */
static int64_t peak(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)usage.ru_maxrss * 1024;
}

/* Stores the body and returns its hash. */
static uint64_t store_big(hc_cache *c, char *piece) {
    hc_exchange *x = NULL;
    int32_t outcome = -1;
    uint64_t done, hash = HASH_BEGIN;
    CHECK_STATUS(hc_lookup(c, request("GET http://h.test/big", ""), NULL, &x, &err), HC_OK);
    CHECK_STATUS(hc_store_begin(x, answer(200, text("Content-Length: %" PRIu64, size), NULL),
                                &outcome, NULL, &err),
                 HC_OK);
    CHECK_INT(outcome, HC_STORING);
    for (done = 0; done < size; done += PIECE) {
        body_fill(piece, PIECE, 42, done);
        hash = body_hash(hash, piece, PIECE);
        CHECK_STATUS(hc_store_write(x, piece, PIECE, &err), HC_OK);
    }
    CHECK_STATUS(hc_store_end(x, &outcome, &err), HC_OK);
    CHECK_INT(outcome, HC_STORED);
    hc_exchange_free(x);
    return hash;
}

static uint64_t read_big(hc_cache *c, char *piece) {
    hc_exchange *x = NULL;
    hc_response *p = NULL;
    uint64_t total = 0, hash = HASH_BEGIN;
    size_t n = 0;
    hc_status status;
    CHECK_STATUS(hc_lookup(c, request("GET http://h.test/big", ""), NULL, &x, &err), HC_OK);
    CHECK_INT(hc_exchange_decision(x), HC_FRESH);
    CHECK_STATUS(hc_exchange_response(x, &p, &err), HC_OK);
    hc_exchange_free(x);
    while ((status = hc_response_read(p, piece, PIECE, &n, NULL)) == HC_OK) {
        hash = body_hash(hash, piece, n);
        total += n;
    }
    CHECK_INT(status, HC_DONE);
    CHECK_INT(total, (int64_t)size);
    hc_response_free(p);
    return hash;
}

static int in_and_out(void *user) {
    hc_cache *c = open_cache((const char *)user, NULL, "");
    char *piece = (char *)malloc(PIECE);
    uint64_t stored, read;
    int64_t after_store;
    stored = store_big(c, piece);
    after_store = peak();
    read = read_big(c, piece);
    CHECK(read == stored);
    check_note("%" PRId64 " bytes of memory after the store, %" PRId64 " after reading",
               after_store, peak());
    /* Where memory is watched by a tool, the tool's is counted as well. */
    if (!is_slow())
        CHECK(peak() < MOST_MEMORY);
    CHECK_INT(stats_of(c).errors, 0);
    printf("# %" PRIu64 " MiB, at most %" PRId64 " KiB of memory\n", size >> 20, peak() >> 10);
    fflush(stdout);
    free(piece);
    hc_close(c);
    return 0;
}

static void a_big_body_takes_little_memory(void) {
    check_in_child(in_and_out, (void *)fresh_directory());
}

static const check_test tests[] = {
    TEST(a_big_body_takes_little_memory),
};

int main(int argc, char **argv) {
    size = (uint64_t)(argc > 1 ? atoi(argv[1]) : is_slow() ? 8 : 1024) << 20;
    return check_run(tests, NELEMS(tests), 1, argv);
}
