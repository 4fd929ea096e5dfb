/* The header alone is C++11, and may be included twice. */
#include "httpcache.h"
#include "httpcache.h"

/* It is included first, so that it must bring what it needs; what follows is for this program. */
#include <cstdio>
#include <cstring>
#include <type_traits>

static_assert(std::is_same<hc_status, int32_t>::value, "a status is an int32_t");
static_assert(std::is_same<hc_option, int32_t>::value, "an option is an int32_t");
static_assert(std::is_standard_layout<hc_view>::value, "a view is plain data");

int main() {
    if (std::strcmp(hc_version(), HC_VERSION) != 0 || hc_version_number() != HC_VERSION_NUMBER) {
        std::printf("FAILED header_cxx11: the library is %s, its header %s\n", hc_version(),
                    HC_VERSION);
        std::printf("0 passed, 1 failed\n");
        return 1;
    }
    std::printf("ok header_cxx11\n1 passed, 0 failed\n");
    return 0;
}
