/* The header alone is C99, and may be included twice. */
#include "httpcache.h"
#include "httpcache.h"

/* It is included first, so that it must bring what it needs; what follows is for this program. */
#include <stdio.h>
#include <string.h>

/* What a binding may rely on: a status, an option and a decision are of 32 bits. */
typedef char status_has_32_bits[sizeof(hc_status) == 4 ? 1 : -1];
typedef char option_has_32_bits[sizeof(hc_option) == 4 ? 1 : -1];

int main(void) {
    if (strcmp(hc_version(), HC_VERSION) != 0 || hc_version_number() != HC_VERSION_NUMBER) {
        printf("FAILED header_c99: the library is %s, its header %s\n", hc_version(), HC_VERSION);
        printf("0 passed, 1 failed\n");
        return 1;
    }
    printf("ok header_c99\n1 passed, 0 failed\n");
    return 0;
}
