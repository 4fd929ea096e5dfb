/* Asks for what it is told on standard input, through a cache that it shares with programs of other
 * languages.
 *
 *   polyglot CACHE_DIRECTORY
 *
 * Each line is answered with one line:
 *
 *   get URL, refresh URL          ok SOURCE STATUS LENGTH CRC32 MICROSECONDS
 *   run PREFIX N SECONDS SEED     ok COUNT HITS WRONG ERRORS
 *   hits URL N                    ok N NANOSECONDS
 *
 * and with `error MESSAGE` where it cannot be done. tests/polyglot/README.md says what the words
 * mean. */
#define _POSIX_C_SOURCE 200112L /* clock_gettime, which is not part of C99 */

#include <httpcache.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint32_t crc32(const void *data, size_t len) {
    static uint32_t table[256];
    const unsigned char *bytes = (const unsigned char *)data;
    uint32_t crc = 0xffffffff;
    size_t i;
    int bit;
    if (table[1] == 0) {
        for (i = 0; i < 256; i++) {
            table[i] = (uint32_t)i;
            for (bit = 0; bit < 8; bit++)
                table[i] = (table[i] >> 1) ^ (table[i] & 1 ? 0xedb88320 : 0);
        }
    }
    for (i = 0; i < len; i++)
        crc = table[(crc ^ bytes[i]) & 0xff] ^ (crc >> 8);
    return ~crc;
}

/* Tells of a failure, and forgets it. */
static int failed(hc_error **error) {
    printf("error %s\n", hc_error_message(*error));
    hc_error_free(*error);
    *error = NULL;
    return -1;
}

static const char *source_of(const hc_view *view) {
    if (!(view->flags & HC_FROM_CACHE))
        return "MISS";
    if (view->flags & HC_REVALIDATED)
        return "REVALIDATED";
    return view->flags & HC_EXPIRED ? "STALE" : "HIT";
}

/* A response with its whole body, which is valid as long as the response. */
typedef struct {
    hc_view view;
    const void *body;
    size_t len;
} answer;

static hc_status fetch(hc_cache *cache, hc_request *request, const char *url, int refresh,
                       hc_response **response, answer *out, hc_error **error) {
    hc_status status = hc_request_assign(request, "GET", HC_NTS, url, HC_NTS, error);
    if (status == HC_OK && refresh)
        status = hc_request_add(request, "Cache-Control", HC_NTS, "no-cache", HC_NTS, error);
    out->view.struct_size = sizeof out->view;
    if (status == HC_OK)
        status = hc_fetch(cache, request, &out->view, response, error);
    if (status == HC_OK)
        status = hc_response_body(*response, &out->body, &out->len, error);
    return status;
}

static int get(hc_cache *cache, hc_request *request, const char *url, int refresh) {
    hc_response *response = NULL;
    hc_error *error = NULL;
    answer a;
    int64_t began = nanoseconds(CLOCK_MONOTONIC), took;
    if (fetch(cache, request, url, refresh, &response, &a, &error) != HC_OK)
        return failed(&error);
    took = nanoseconds(CLOCK_MONOTONIC) - began;
    /* The next program that is asked is to see it. */
    if (hc_flush(cache, 60000, &error) != HC_OK) {
        hc_response_free(response);
        return failed(&error);
    }
    printf("ok %s %d %lu %08lx %ld\n", source_of(&a.view), (int)a.view.status, (unsigned long)a.len,
           (unsigned long)crc32(a.body, a.len), (long)(took / 1000));
    hc_response_free(response);
    return 0;
}

/* Whether the first line is the checksum of all that follows. */
static int is_right(const answer *a) {
    char digits[16];
    const char *body = (const char *)a->body;
    if (a->view.status != 200 || a->len < 9 || body[8] != '\n')
        return 0;
    sprintf(digits, "%08lx", (unsigned long)crc32(body + 9, a->len - 9));
    return memcmp(digits, body, 8) == 0;
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int run(hc_cache *cache, hc_request *request, const char *prefix, unsigned n, double seconds,
               uint64_t seed) {
    int64_t end = nanoseconds(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e9);
    unsigned long count = 0, hits = 0, wrong = 0, errors = 0;
    char url[2048 + 16];
    for (; nanoseconds(CLOCK_MONOTONIC) < end; count++) {
        hc_response *response = NULL;
        answer a;
        snprintf(url, sizeof url, "%s%u", prefix, (unsigned)(next_random(&seed) % n));
        if (fetch(cache, request, url, next_random(&seed) % 16 == 0, &response, &a, NULL) ==
            HC_OK) {
            wrong += !is_right(&a);
            hits += strcmp(source_of(&a.view), "HIT") == 0;
        } else {
            errors++;
        }
        hc_response_free(response);
    }
    printf("ok %lu %lu %lu %lu\n", count, hits, wrong, errors);
    return 0;
}

/* The value of a field, as a program that needs one looks for it. */
static const hc_field *find(const hc_view *view, const char *name) {
    size_t i;
    for (i = 0; i < view->field_count; i++) {
        if (strcmp(view->fields[i].name, name) == 0)
            return &view->fields[i];
    }
    return NULL;
}

static int hits(hc_cache *cache, hc_request *request, const char *url, unsigned long n) {
    static char body[1 << 20];
    hc_error *error = NULL;
    int64_t began = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    unsigned long i;
    for (i = 0; i < n; i++) {
        hc_exchange *exchange = NULL;
        hc_view view;
        view.struct_size = sizeof view;
        if (hc_request_assign(request, "GET", 3, url, HC_NTS, &error) != HC_OK ||
            hc_request_add(request, "Accept", 6, "*/*", 3, &error) != HC_OK ||
            hc_lookup(cache, request, &view, &exchange, &error) != HC_OK)
            return failed(&error);
        if (view.decision != HC_FRESH || view.status != 200 ||
            find(&view, "Content-Type") == NULL || view.body == NULL ||
            view.body_len > sizeof body) {
            hc_exchange_free(exchange);
            printf("error no fresh response is stored\n");
            return -1;
        }
        memcpy(body, view.body, view.body_len);
        hc_exchange_free(exchange);
    }
    printf("ok %lu %ld\n", n, (long)(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - began));
    return 0;
}

static void obey(hc_cache *cache, hc_request *request, const char *line) {
    char url[2048];
    unsigned n = 0;
    unsigned long times = 0, seed = 0;
    double seconds = 0;
    if (sscanf(line, "get %2047s", url) == 1)
        get(cache, request, url, 0);
    else if (sscanf(line, "refresh %2047s", url) == 1)
        get(cache, request, url, 1);
    else if (sscanf(line, "run %2000s %u %lf %lu", url, &n, &seconds, &seed) == 4 && n > 0)
        run(cache, request, url, n, seconds, seed);
    else if (sscanf(line, "hits %2047s %lu", url, &times) == 2)
        hits(cache, request, url, times);
    else
        printf("error unknown command: %s", line);
    fflush(stdout);
}

int main(int argc, char **argv) {
    hc_options *options = hc_options_new();
    hc_cache *cache = NULL;
    hc_request *request = NULL;
    hc_error *error = NULL;
    char line[4096];
    int status = 1;
    if (argc != 2) {
        fprintf(stderr, "usage: polyglot CACHE_DIRECTORY\n");
    } else if (hc_options_set(options, HC_OPT_CACHE_CONTROL, 1, &error) == HC_OK &&
               hc_open(argv[1], options, &cache, &error) == HC_OK &&
               hc_request_new("GET", HC_NTS, "http://localhost/", HC_NTS, &request, &error) ==
                   HC_OK) {
        while (fgets(line, sizeof line, stdin) != NULL)
            obey(cache, request, line);
        status = 0;
    } else {
        fprintf(stderr, "polyglot: %s\n", hc_error_message(error));
    }
    hc_error_free(error);
    hc_request_free(request);
    hc_close(cache);
    hc_options_free(options);
    return status;
}
