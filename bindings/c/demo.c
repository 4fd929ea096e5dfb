/* Fetches URLs through a cache, and checks that what happened is what had to happen.
 *
 *   demo DIRECTORY SECONDS (WORD URL FILE REMARK)...
 *
 * DIRECTORY is the cache. The cache's clock runs SECONDS ahead, so that an hour passes without waiting. WORD
 * is what has to happen: MISS, HIT, REVALIDATED or STALE; FILE holds the body that has to come. One line for
 * each URL begins with what did happen. Without URLs: what the cache holds.
 */
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

/* The clock of the cache: milliseconds since the Unix epoch. */
static int64_t clock_ahead(void *user) {
    return nanoseconds(CLOCK_REALTIME) / 1000000 + *(const int64_t *)user;
}

static int fail(const char *what, hc_error *error) {
    fprintf(stderr, "demo: %s: %s\n", what, hc_error_message(error));
    hc_error_free(error);
    return 1;
}

static const char *what_happened(const hc_view *view) {
    if (!(view->flags & HC_FROM_CACHE)) return "MISS";
    if (view->flags & HC_REVALIDATED) return "REVALIDATED";
    return view->flags & HC_EXPIRED ? "STALE" : "HIT";
}

/* Reads the body to its end, which on a miss also stores it. Its size; -1: it is not what `file` holds. */
static long read_and_compare(hc_response *response, const char *file, hc_error **error) {
    char body[16384], wanted[sizeof body];
    long size = 0;
    size_t n = 0;
    FILE *f = fopen(file, "rb");
    int same = f != NULL;
    while (same && hc_response_read(response, body, sizeof body, &n, error) == HC_OK) {
        same = fread(wanted, 1, n, f) == n && memcmp(body, wanted, n) == 0;
        size += (long)n;
    }
    same = same && *error == NULL && fgetc(f) == EOF;
    if (f != NULL) fclose(f);
    return same ? size : -1;
}

static int fetch(hc_cache *cache, const char *word, const char *url, const char *file, const char *remark) {
    hc_view view = {.struct_size = sizeof view};
    hc_request *request = NULL;
    hc_response *response = NULL;
    hc_error *error = NULL;
    int64_t start = nanoseconds(CLOCK_MONOTONIC);
    if (hc_request_new("GET", HC_NTS, url, HC_NTS, &request, &error) != HC_OK ||
        hc_fetch(cache, request, &view, &response, &error) != HC_OK) {
        hc_request_free(request);
        return fail(url, error);
    }
    long size = read_and_compare(response, file, &error);
    int64_t took = nanoseconds(CLOCK_MONOTONIC) - start;
    const char *happened = what_happened(&view);
    printf("%-12s %6d %9ld %7ld s %8.2f ms  %s\n", happened, (int)view.status, size, (long)(view.age / 1000),
           (double)took / 1e6, remark);
    int as_wanted = strcmp(happened, word) == 0 && view.status == 200 && size >= 0;
    if (!as_wanted) fprintf(stderr, "demo: this had to be %s with the body of %s\n", word, file);
    hc_response_free(response);
    hc_request_free(request);
    return error != NULL ? fail(url, error) : !as_wanted;
}

static int print_stats(hc_cache *cache, const char *directory) {
    hc_stats stats = {.struct_size = sizeof stats};
    hc_error *error = NULL;
    if (hc_get_stats(cache, &stats, &error) != HC_OK) return fail(directory, error);
    printf("%s: %llu stored response%s, %llu bytes on disk\n", directory, (unsigned long long)stats.responses,
           stats.responses == 1 ? "" : "s", (unsigned long long)stats.bytes);
    return stats.responses == 0;
}

int main(int argc, char **argv) {
    if (argc < 3 || (argc - 3) % 4 != 0) {
        fprintf(stderr, "demo DIRECTORY SECONDS (WORD URL FILE REMARK)...\n");
        return 2;
    }
    int64_t ahead = 1000 * strtoll(argv[2], NULL, 10);
    hc_options *options = hc_options_new();
    hc_cache *cache = NULL;
    hc_error *error = NULL;
    /* Fresh for an hour, whatever the origin says; a day longer when the origin cannot be reached. */
    int failed = hc_options_set(options, HC_OPT_EXPIRE_AFTER, 60 * 60 * 1000, NULL) != HC_OK ||
                 hc_options_set(options, HC_OPT_STALE_IF_ERROR, 24 * 60 * 60 * 1000, NULL) != HC_OK ||
                 hc_options_clock(options, clock_ahead, &ahead, NULL) != HC_OK;
    if (!failed && hc_open(argv[1], options, &cache, &error) != HC_OK) failed = fail(argv[1], error);
    for (int i = 3; i < argc && !failed; i += 4) {
        failed = fetch(cache, argv[i], argv[i + 1], argv[i + 2], argv[i + 3]);
    }
    if (argc == 3 && !failed) failed = print_stats(cache, argv[1]);
    hc_close(cache);
    hc_options_free(options);
    return failed;
}
