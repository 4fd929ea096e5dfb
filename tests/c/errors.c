/* Errors: what a status says, and what an error tells of a failed call. */
#include "support.h"

#include <stdio.h>
#include <string.h>

static const hc_status_code codes[] = {
    HC_OK,
    HC_DONE,
    HC_NOT_FOUND,
    HC_E_ARGUMENT,
    HC_E_MISUSE,
    HC_E_UNSUPPORTED,
    HC_E_NO_MEMORY,
    HC_E_INTERNAL,
    HC_E_CONFLICT,
    HC_E_MISMATCH,
    HC_E_IO,
    HC_E_FULL,
    HC_E_CORRUPT,
    HC_E_NEWER_FORMAT,
    HC_E_BUSY,
    HC_E_READ_ONLY,
    HC_E_PERMISSION,
    HC_E_NOT_DIRECTORY,
    HC_E_FOREIGN_OWNER,
    HC_E_SYMLINK,
    HC_E_URL,
    HC_E_FIELD,
    HC_E_TOO_LARGE,
    HC_E_METHOD,
    HC_E_TRANSPORT,
    HC_E_TIMEOUT,
    HC_E_CANCELLED,
    HC_E_RESOLVE,
    HC_E_CONNECT,
    HC_E_TLS,
    HC_E_PROTOCOL,
    HC_E_REDIRECT,
    HC_E_CALLBACK,
};

static void every_status_has_words_of_its_own(void) {
    const char *unknown = hc_strerror(-999);
    size_t i, k;
    for (i = 0; i < NELEMS(codes); i++) {
        check_note("status %d", (int)codes[i]);
        CHECK(*hc_strerror(codes[i]) != '\0');
        CHECK(strcmp(hc_strerror(codes[i]), unknown) != 0);
        for (k = 0; k < i; k++)
            CHECK(strcmp(hc_strerror(codes[i]), hc_strerror(codes[k])) != 0);
    }
}

static void a_number_that_is_no_status_has_words_too(void) {
    static const hc_status numbers[] = {INT32_MIN, -1000, -8, 3, INT32_MAX};
    size_t i;
    for (i = 0; i < NELEMS(numbers); i++) {
        check_note("status %d", (int)numbers[i]);
        CHECK_STR(hc_strerror(numbers[i]), hc_strerror(-999));
    }
    CHECK(*hc_strerror(-999) != '\0');
}

static void an_error_tells_status_and_subject(void) {
    hc_error *err = NULL;
    hc_request *r = NULL;
    CHECK_INT(hc_request_new("GET", HC_NTS, "ftp://h.test/", HC_NTS, &r, &err), HC_E_URL);
    CHECK(r == NULL);
    CHECK(err != NULL);
    CHECK_INT(hc_error_status(err), HC_E_URL);
    CHECK(strstr(hc_error_message(err), "ftp://h.test/") != NULL);
    hc_error_free(err);
}

static void success_sets_the_error_to_null(void) {
    hc_error *err = (hc_error *)(void *)&err;
    hc_request *r = NULL;
    CHECK_INT(hc_request_new("GET", HC_NTS, "http://h.test/", HC_NTS, &r, &err), HC_OK);
    CHECK(err == NULL);
    hc_request_free(r);
}

static void failure_sets_the_object_to_null(void) {
    hc_request *r = (hc_request *)(void *)&r;
    hc_response *p = (hc_response *)(void *)&p;
    hc_cache *c = (hc_cache *)(void *)&c;
    hc_exchange *x = (hc_exchange *)(void *)&x;
    CHECK_STATUS(hc_request_new("G T", HC_NTS, "http://h.test/", HC_NTS, &r, &err), HC_E_METHOD);
    CHECK(r == NULL);
    CHECK_STATUS(hc_response_new(99, NULL, 0, &p, &err), HC_E_ARGUMENT);
    CHECK(p == NULL);
    CHECK_STATUS(hc_open(NULL, NULL, &c, &err), HC_E_ARGUMENT);
    CHECK(c == NULL);
    CHECK_STATUS(hc_lookup(NULL, NULL, NULL, &x, &err), HC_E_ARGUMENT);
    CHECK(x == NULL);
}

static void the_error_is_optional(void) {
    hc_request *r = NULL;
    CHECK_INT(hc_request_new("GET", HC_NTS, "", 0, &r, NULL), HC_E_URL);
    CHECK(r == NULL);
}

static void a_cause_of_the_system_is_its_errno(void) {
    const char *directory = fresh_directory();
    const char *file = text("%s/file", directory);
    hc_error *err = NULL;
    hc_cache *c = NULL;
    int32_t number = -1;
    write_file(file, "", 0);
    /* Below a file there is no directory to make: the system says ENOTDIR. */
    CHECK_INT(hc_open(text("%s/below", file), NULL, &c, &err), HC_E_NOT_DIRECTORY);
    CHECK_STR(hc_error_cause(err, &number), "errno");
    CHECK(number > 0);
    CHECK_STR(hc_error_cause(err, NULL), "errno");
    hc_error_free(err);
}

static void an_error_without_a_cause_says_so(void) {
    hc_error *err = NULL;
    hc_request *r = NULL;
    int32_t number = 77;
    CHECK_INT(hc_request_new("GET", HC_NTS, "relative", HC_NTS, &r, &err), HC_E_URL);
    CHECK(hc_error_cause(err, &number) == NULL);
    CHECK_INT(number, 0);
    hc_error_free(err);
    number = 77;
    CHECK(hc_error_cause(NULL, &number) == NULL);
    CHECK_INT(number, 0);
}

static void of_null_there_is_nothing_to_tell(void) {
    CHECK_INT(hc_error_status(NULL), 0);
    CHECK_STR(hc_error_message(NULL), "");
    hc_error_free(NULL);
}

static void a_message_keeps_secrets(void) {
    hc_request *r = NULL;
    hc_error *err = NULL;
    CHECK_INT(hc_request_new("GET", HC_NTS, "http://user:hunter2@h.test:x/", HC_NTS, &r, &err),
              HC_E_URL);
    CHECK(strstr(hc_error_message(err), "hunter2") == NULL);
    CHECK(strstr(hc_error_message(err), "h.test") != NULL);
    hc_error_free(err);
}

static void the_version_that_runs_is_that_of_the_header(void) {
    unsigned major = 0, minor = 0, patch = 0;
    CHECK_STR(hc_version(), HC_VERSION);
    CHECK_INT(hc_version_number(), HC_VERSION_NUMBER);
    CHECK_INT(sscanf(HC_VERSION, "%u.%u.%u", &major, &minor, &patch), 3);
    CHECK_INT(major << 16 | minor << 8 | patch, HC_VERSION_NUMBER);
}

static void features_are_known_by_name(void) {
    CHECK_INT(hc_has_feature("lmdb"), 1);
    CHECK(hc_has_feature("fetch") == 0 || hc_has_feature("fetch") == 1);
    CHECK_INT(hc_has_feature("LMDB"), 0);
    CHECK_INT(hc_has_feature("lmd"), 0);
    CHECK_INT(hc_has_feature(""), 0);
    CHECK_INT(hc_has_feature(NULL), 0);
}

static const check_test tests[] = {
    TEST(every_status_has_words_of_its_own),
    TEST(a_number_that_is_no_status_has_words_too),
    TEST(an_error_tells_status_and_subject),
    TEST(success_sets_the_error_to_null),
    TEST(failure_sets_the_object_to_null),
    TEST(the_error_is_optional),
    TEST(a_cause_of_the_system_is_its_errno),
    TEST(an_error_without_a_cause_says_so),
    TEST(of_null_there_is_nothing_to_tell),
    TEST(a_message_keeps_secrets),
    TEST(the_version_that_runs_is_that_of_the_header),
    TEST(features_are_known_by_name),
};

CHECK_MAIN(tests)
