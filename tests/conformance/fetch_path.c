/* --path fetch: hc_fetch does all. Interim responses end in its transport: the C API has no way to
 * hand them on, so this path forwards none. */
#define _POSIX_C_SOURCE 200809L

#include "proxy.h"

#include <string.h>

void fetch_serve(const proxy *p, const hc_request *r, answer *a) {
    hc_view view;
    hc_response *response = NULL;
    hc_status status;
    memset(&view, 0, sizeof view);
    view.struct_size = sizeof view;
    status = hc_fetch(p->cache, r, &view, &response, NULL);
    if (status != HC_OK) {
        answer_failure(a, status);
        return;
    }
    answer_response(a, &view, response);
    hc_response_free(response);
}
