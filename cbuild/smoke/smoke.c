/* Does an installed library work? Stores one response and finds it again, without any network.
 *
 *   smoke DIRECTORY
 */
#include <httpcache.h>
#include <stdio.h>
#include <string.h>

static const char url[] = "http://example.org/";
static const char content[] = "content";

/* A program may have an LMDB of its own. The static library must not call it. */
int mdb_env_create(void **environment);
int mdb_env_create(void **environment) {
    *environment = NULL;
    fprintf(stderr, "smoke: the library called a function of the program\n");
    return -1;
}

static int fail(const char *what, hc_error *error) {
    fprintf(stderr, "smoke: %s: %s\n", what, hc_error_message(error));
    hc_error_free(error);
    return 1;
}

/* One exchange: what is missing is stored. Writes what hc_lookup decided to `decision`. */
static int exchange(hc_cache *cache, const hc_request *request, int32_t *decision) {
    hc_error *error = NULL;
    hc_exchange *x = NULL;
    hc_response *origin = NULL;
    hc_view view = {.struct_size = sizeof view};
    int32_t outcome = HC_NOT_STORED;
    int failed = 0;
    if (hc_lookup(cache, request, &view, &x, &error) != HC_OK) return fail("hc_lookup", error);
    *decision = view.decision;
    if (*decision == HC_FORWARD) {
        if (hc_response_new(200, "OK", HC_NTS, &origin, &error) != HC_OK ||
            hc_response_set_body(origin, content, sizeof content, &error) != HC_OK ||
            hc_store(x, origin, &outcome, NULL, &error) != HC_OK || outcome != HC_STORED) {
            failed = fail("hc_store", error);
        }
    } else if (view.status != 200 || view.body_size != (int64_t)sizeof content || view.body == NULL ||
               memcmp(view.body, content, sizeof content) != 0) {
        failed = fail("the stored response is another", NULL);
    }
    hc_response_free(origin);
    hc_exchange_free(x);
    return failed;
}

int main(int argc, char **argv) {
    hc_error *error = NULL;
    hc_cache *cache = NULL;
    hc_request *request = NULL;
    int32_t first = -1, second = -1;
    if (argc != 2) return 2;
    if (strcmp(hc_version(), HC_VERSION) != 0 || hc_version_number() != HC_VERSION_NUMBER) {
        return fail("the header and the library are of two versions", NULL);
    }
    if (hc_open(argv[1], NULL, &cache, &error) != HC_OK) return fail("hc_open", error);
    int failed = 0;
    if (hc_request_new("GET", HC_NTS, url, HC_NTS, &request, &error) != HC_OK) {
        failed = fail("hc_request_new", error);
    } else if (exchange(cache, request, &first) != 0 || exchange(cache, request, &second) != 0) {
        failed = 1;
    } else if (first != HC_FORWARD || second != HC_FRESH) {
        failed = fail("what was stored was not found", NULL);
    }
    hc_request_free(request);
    hc_close(cache);
    if (!failed) printf("%s\n", hc_version());
    return failed;
}
