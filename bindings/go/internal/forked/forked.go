// Package forked forks in C, for a test of what a program does that holds a Go program's cache and forks. In the child
// there is no Go: its runtime has lost all threads but one.
package forked

/*
#cgo pkg-config: httpcache
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <httpcache.h>

// What a child does: it uses the cache and the plain data from before the fork, is refused the exchange and the walk, and
// destroys all. The result says at which step it failed, or 0.
static int in_child(hc_cache *c, hc_exchange *x, hc_iter *it, hc_request *r, hc_response *p, const char *fresh) {
    hc_exchange *mine = NULL;
    hc_view view;
    int32_t outcome = -1;
    memset(&view, 0, sizeof view);
    view.struct_size = sizeof view;
    if (hc_exchange_explain(x) == NULL)
        return 1;
    if (hc_lookup(c, r, &view, &mine, NULL) != HC_OK || view.decision != HC_FRESH)
        return 2;
    hc_exchange_free(mine);
    if (hc_request_assign(r, "GET", HC_NTS, fresh, HC_NTS, NULL) != HC_OK)
        return 3;
    if (hc_lookup(c, r, NULL, &mine, NULL) != HC_OK || hc_exchange_decision(mine) != HC_FORWARD)
        return 4;
    if (hc_response_set_body(p, "child", 5, NULL) != HC_OK)
        return 5;
    if (hc_store(mine, p, &outcome, NULL, NULL) != HC_OK || outcome != HC_STORED)
        return 6;
    if (hc_store(x, p, &outcome, NULL, NULL) != HC_E_MISUSE)
        return 7;
    if (hc_iter_next(it, NULL, NULL, NULL) != HC_E_MISUSE)
        return 8;
    // What was there before the fork keeps the store open, so that closing the cache commits nothing.
    if (hc_flush(c, HC_NEVER_EXPIRE, NULL) != HC_OK)
        return 9;
    hc_iter_free(it);
    hc_response_free(p);
    hc_exchange_free(mine);
    hc_exchange_free(x);
    hc_request_free(r);
    hc_close(c);
    return 0;
}

static int run(void *c, void *x, void *it, const char *known, const char *fresh) {
    int status;
    pid_t child;
    hc_request *r = NULL;
    hc_response *p = NULL;
    if (hc_request_new("GET", HC_NTS, known, HC_NTS, &r, NULL) != HC_OK ||
        hc_response_new(200, NULL, 0, &p, NULL) != HC_OK)
        return 100;
    child = fork();
    if (child == 0)
        _exit(in_child(c, x, it, r, p, fresh));
    hc_request_free(r);
    hc_response_free(p);
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}
*/
import "C"

import "unsafe"

// Run forks a child that uses a cache, an exchange and a walk from before the fork: it finds known, and stores fresh with the
// body "child". 0: it did.
func Run(cache, exchange, walk unsafe.Pointer, known, fresh string) int {
	// The memory stays; this is a test.
	return int(C.run(cache, exchange, walk, C.CString(known), C.CString(fresh)))
}
