/* Cancelling what waits for an origin, from another thread. */
#define _POSIX_C_SOURCE 200809L

#include "origin.h"

#include <pthread.h>

typedef struct {
    hc_cache *cache;
    hc_request *request;
    hc_response *response; /* To read; NULL: to fetch. */
    hc_status status;
} waiter;

static void *wait_for_the_origin(void *user) {
    waiter *w = (waiter *)user;
    char buffer[64];
    size_t n = 1;
    if (w->response == NULL) {
        w->status = hc_fetch(w->cache, w->request, NULL, &w->response, NULL);
        return NULL;
    }
    do
        w->status = hc_response_read(w->response, buffer, sizeof buffer, &n, NULL);
    while (w->status == HC_OK);
    return NULL;
}

static void a_fetch_is_cancelled_from_another_thread(void) {
    origin *o = start_origin();
    /* A stale answer would do for a failure; it is none for one who gave up. */
    hc_cache *c =
        open_cache(fresh_directory(), NULL, "expire_after immediately, stale_if_error never");
    const char *url = at(o, "/text/a?gate=closed");
    waiter w = {c, request(text("GET %s", url), ""), NULL, HC_OK};
    pthread_t thread;
    store(c, url, answer(200, "ETag: \"a\"", "old"));
    CHECK_INT(pthread_create(&thread, NULL, wait_for_the_origin, &w), 0);
    CHECK_INT(ask_origin(o, "/waiting/closed?count=1"), 1);
    CHECK_INT(hc_request_is_cancelled(w.request), 0);
    hc_request_cancel(w.request);
    pthread_join(thread, NULL);
    CHECK_INT(w.status, HC_E_CANCELLED);
    CHECK(w.response == NULL);
    CHECK_INT(hc_request_is_cancelled(w.request), 1);
    CHECK_STATUS(hc_fetch(c, w.request, NULL, &w.response, &err), HC_E_CANCELLED);
    CHECK_STATUS(hc_request_assign(w.request, "GET", 3, at(o, "/text/b"), HC_NTS, &err), HC_OK);
    CHECK_STATUS(hc_fetch(c, w.request, NULL, &w.response, &err), HC_OK);
    hc_response_free(w.response);
    ask_origin(o, "/open/closed");
    hc_close(c);
}

static void reading_is_cancelled_from_another_thread(void) {
    origin *o = start_origin();
    hc_cache *c = open_cache(fresh_directory(), NULL, "");
    const char *url =
        raw(o, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", "&more=cd&gate=closed");
    waiter w = {c, request(text("GET %s", url), ""), NULL, HC_OK};
    pthread_t thread;
    CHECK_STATUS(hc_fetch(c, w.request, NULL, &w.response, &err), HC_OK);
    CHECK_INT(pthread_create(&thread, NULL, wait_for_the_origin, &w), 0);
    hc_request_cancel(w.request);
    pthread_join(thread, NULL);
    CHECK_INT(w.status, HC_E_CANCELLED);
    hc_response_free(w.response);
    CHECK_INT(stats_of(c).responses, 0);
    ask_origin(o, "/open/closed");
    hc_close(c);
}

static const check_test tests[] = {
    TEST(a_fetch_is_cancelled_from_another_thread),
    TEST(reading_is_cancelled_from_another_thread),
};

int main(int argc, char **argv) {
    /* There is no hc_fetch without libcurl; fetch.c tests what there is instead. */
    return check_run(tests, hc_has_feature("fetch") ? NELEMS(tests) : 0, argc, argv);
}
