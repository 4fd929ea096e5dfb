/* Writes null.c from the header: every function is called with NULL in each place where a pointer
 * stands, one place at a time and in all at once, and what it answers is compared with what the
 * header says.
 *
 *   generate_null httpcache.h symbols.txt > null.c
 *
 * What a call is made of is found by the type and the name of each parameter. What takes a sink is
 * called where there is one: inside a callback that writes a key. A function whose
 * parameters or answer to NULL are not known here is an error, and so is one that the list of
 * symbols does not have, or has and the header has not. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARAMETERS = 8,
    FUNCTIONS = 256,
    NAME = 64
};

typedef struct {
    char type[NAME];
    char name[NAME];
} parameter;

typedef struct {
    char name[NAME];
    char result[NAME];
    parameter parameters[PARAMETERS];
    int count;
} function;

static function functions[FUNCTIONS];
static int function_count;

static void fail(const char *what, const char *subject) {
    fprintf(stderr, "generate_null: %s: %s\n", what, subject);
    exit(1);
}

/* ---- what calls are made of ---- */

/* Valid arguments by type; `e->` is the environment in null_environment.h. NULL as a type is any.
 */
static const struct {
    const char *type, *name, *argument;
} arguments[] = {
    {"const hc_error *", NULL, "e->error"},
    {"hc_error *", NULL, "take_error(e)"},
    {"hc_error **", "err", "&e->err"},
    {"const hc_options *", NULL, "e->options"},
    {"hc_options *", NULL, "e->options"},
    {"hc_cache *", "from", "e->other"},
    {"hc_cache *", NULL, "e->cache"},
    {"hc_cache **", "out", "&e->cache_out"},
    {"const hc_request *", NULL, "e->request"},
    {"hc_request *", NULL, "e->request"},
    {"hc_request **", "out", "&e->request_out"},
    {"const hc_response *", NULL, "e->response"},
    {"hc_response *", NULL, "e->response"},
    {"hc_response **", "out", "&e->response_out"},
    {"const hc_exchange *", NULL, "e->exchange"},
    {"hc_exchange *", NULL, "e->exchange"},
    {"hc_exchange **", "out", "&e->exchange_out"},
    {"hc_sink *", NULL, "e->sink"},
    {"const hc_iter *", NULL, "e->iter"},
    {"hc_iter *", NULL, "e->iter"},
    {"hc_iter **", "out", "&e->iter_out"},
    {"const hc_query *", NULL, "&e->query"},
    {"hc_view *", NULL, "&e->view"},
    {"hc_stats *", NULL, "&e->stats"},
    {"const hc_transport *", NULL, "&e->transport"},
    {"hc_clock_fn", NULL, "some_clock"},
    {"hc_log_fn", NULL, "some_log"},
    {"hc_filter_fn", NULL, "some_filter"},
    {"hc_key_fn", NULL, "some_key"},
    {"hc_normalize_fn", NULL, "some_normaliser"},
    {"hc_progress_fn", NULL, "some_progress"},
    {"hc_destroy_fn", NULL, "some_destroy"},
    {"void *", "user", "e"},
    {"void *", "buffer", "e->buffer"},
    {"const void *", "data", "\"data\""},
    {"const void **", "data", "&e->data"},
    {"const char *", "path", "e->path"},
    {"char *", "key", "e->key"},
    {"const char *", "key", "e->key"},
    {"size_t", "key_len", "HC_NTS"},
    {"uint64_t *", "n", "&e->count"},
    {"char *", "id", "e->key"},
    {"const char *", "from", "\"0123456789abcdef\""},
    {"size_t", "from_len", "16"},
    {"hc_rekeyed *", NULL, "&e->rekeyed"},
    {"hc_updated *", NULL, "&e->updated"},
    {"hc_verification *", NULL, "&e->verification"},
    {"int32_t", "mend", "1"},
    {"const char *", "method", "\"GET\""},
    {"const char *", "url", "\"http://h.test/\""},
    {"const char *", "name", "\"X-Name\""},
    {"const char *", "value", "\"value\""},
    {"const char *", "text", "\"X-Namevalue\""},
    {"const uint32_t *", "lengths", "e->lengths"},
    {"size_t", "n", "1"},
    {"size_t", "i", "0"},
    {"const char *", "reason", "\"OK\""},
    {"const char *", "item", "\"X-Item\""},
    {"size_t", "item_len", "6"},
    {"hc_option", "list", "HC_LIST_TARGETED_FIELD"},
    {"hc_option", "name", "HC_STR_PARTITION"},
    {"int64_t", "expire_after", "60000"},
    {"const char *", "pattern", "\"*\""},
    {"size_t", "pattern_len", "1"},
    {"size_t", "method_len", "3"},
    {"size_t", "url_len", "HC_NTS"},
    {"size_t", "name_len", "6"},
    {"size_t", "value_len", "5"},
    {"size_t", "reason_len", "2"},
    {"size_t", "len", "4"},
    {"size_t", "capacity", "sizeof e->buffer"},
    {"size_t *", NULL, "&e->size"},
    {"int32_t *", NULL, "&e->number"},
    {"int32_t", "status", "200"},
    {"int32_t", "level", "HC_LOG_INFO"},
    {"int32_t", "kind", "HC_GLOB"},
    {"hc_status", "status", "HC_OK"},
    {"hc_option", "key", "HC_OPT_EXPIRE_AFTER"},
    {"int64_t", "value", "60000"},
    {"int64_t *", "value", "&e->expiry"},
    {"int64_t", "timeout", "60000"},
    {"int64_t", "created_at", "T0"},
    {"int64_t", "expires_at", "HC_UNSET"},
    {"int64_t", "budget", "60000"},
};

/* Where a valid call needs more than a fresh environment. */
static const struct {
    const char *function, *before;
} preparations[] = {
    {"hc_request_remove", "hc_request_add(e->request, \"X-Name\", 6, \"value\", 5, NULL);"},
    {"hc_request_option", "hc_request_set(e->request, HC_OPT_EXPIRE_AFTER, 1, NULL);"},
    {"hc_sink_write_field", "hc_request_add(e->request, \"X-Name\", 6, \"value\", 5, NULL);"},
    {"hc_exchange_response", "end_exchange(e);"},
    {"hc_store_write", "begin_exchange(e);"},
    {"hc_get", "store_something(e);"},
    {"hc_delete", "store_something(e);"},
    {"hc_iter_next", "store_something(e);"},
    {"hc_store_end", "begin_exchange(e);"},
};

/* What a valid call answers where that is not HC_OK. */
static const struct {
    const char *function, *result;
} valid_results[] = {
    {"hc_store_failure", "HC_NOT_FOUND"},
    {"hc_fetch", "HC_OK"},
    {"hc_work", "HC_DONE"},
};

/* ---- what the header says of NULL ---- */

/* Places that may be NULL: the call does what it does without. "*" is any function. */
static const struct {
    const char *function, *parameter;
} optional[] = {
    {"*", "err"},
    {"hc_open", "o"},
    {"hc_lookup", "view"},
    {"hc_store", "view"},
    {"hc_store", "outcome"},
    {"hc_store_begin", "view"},
    {"hc_store_begin", "outcome"},
    {"hc_store_end", "outcome"},
    {"hc_store_failure", "view"},
    {"hc_fetch", "view"},
    {"hc_options_clock", "clock"},
    {"hc_options_clock", "user"},
    {"hc_options_clock", "destroy"},
    {"hc_options_filter", "filter"},
    {"hc_options_filter", "user"},
    {"hc_options_filter", "destroy"},
    {"hc_options_key", "make"},
    {"hc_options_key", "user"},
    {"hc_options_key", "destroy"},
    {"hc_options_normalize", "change"},
    {"hc_options_normalize", "user"},
    {"hc_options_normalize", "destroy"},
    {"hc_options_set_string", "value"},
    {"hc_request_set_string", "value"},
    {"hc_options_log", "log"},
    {"hc_options_log", "user"},
    {"hc_options_log", "destroy"},
    {"hc_get", "out"},
    {"hc_delete", "n"},
    {"hc_delete_where", "n"},
    {"hc_clear", "n"},
    {"hc_reset_expiration", "n"},
    {"hc_update", "progress"},
    {"hc_update", "user"},
    {"hc_update", "io"},
    {"hc_verify", "progress"},
    {"hc_verify", "user"},
    {"hc_verify", "io"},
    {"hc_iter_new", "q"},
    {"hc_iter_next", "view"},
    {"hc_iter_next", "out"},
    {"hc_rekey", "from"},
    {"hc_rekey", "progress"},
    {"hc_rekey", "user"},
    {"hc_rekey", "io"},
    {"hc_error_cause", "number"},
    {"hc_request_fields", "n"},
    {"hc_request_body", "len"},
    {"hc_response_get", "len"},
    {"hc_response_body", "len"},
};

/* What functions that return no status answer to NULL as their object. */
static const struct {
    const char *function, *result;
} answers[] = {
    {"hc_error_status", "0"},         {"hc_error_message", "\"\""},
    {"hc_error_cause", "NULL"},       {"hc_has_feature", "0"},
    {"hc_request_method", "NULL"},    {"hc_request_url", "NULL"},
    {"hc_request_fields", "NULL"},    {"hc_request_body", "NULL"},
    {"hc_request_is_cancelled", "0"}, {"hc_response_status", "0"},
    {"hc_response_from_cache", "0"},  {"hc_response_get", "NULL"},
    {"hc_response_key", "NULL"},      {"hc_exchange_decision", "HC_FORWARD"},
    {"hc_response_alias_of", "NULL"}, {"hc_response_history", "NULL"},
    {"hc_exchange_forward", "NULL"},  {"hc_exchange_reason", "\"\""},
    {"hc_exchange_explain", "NULL"},  {"hc_options_item", "NULL"},
    {"hc_response_request", "NULL"},  {"hc_iter_key", "NULL"},
    {"hc_iter_request", "NULL"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int ends_with(const char *text, const char *end) {
    size_t len = strlen(text);
    return len > strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

static int is_pointer(const char *type) {
    return ends_with(type, "*") || ends_with(type, "_fn");
}

static int is_optional(const function *f, const parameter *p) {
    size_t i;
    for (i = 0; i < COUNT(optional); i++) {
        int is_this =
            strcmp(optional[i].function, "*") == 0 || strcmp(optional[i].function, f->name) == 0;
        if (is_this && strcmp(optional[i].parameter, p->name) == 0)
            return 1;
    }
    return 0;
}

static const char *argument_of(const function *f, const parameter *p) {
    size_t i;
    for (i = 0; i < COUNT(arguments); i++) {
        if (strcmp(arguments[i].type, p->type) == 0 &&
            (arguments[i].name == NULL || strcmp(arguments[i].name, p->name) == 0))
            return arguments[i].argument;
    }
    fprintf(stderr, "%s %s of ", p->type, p->name);
    fail("no argument is known", f->name);
    return NULL;
}

static const char *answer_of(const function *f) {
    size_t i;
    for (i = 0; i < COUNT(answers); i++) {
        if (strcmp(answers[i].function, f->name) == 0)
            return answers[i].result;
    }
    fail("what it answers to NULL is not known", f->name);
    return NULL;
}

static const char *preparation_of(const function *f) {
    size_t i;
    for (i = 0; i < COUNT(preparations); i++) {
        if (strcmp(preparations[i].function, f->name) == 0)
            return preparations[i].before;
    }
    return "";
}

static const char *valid_result_of(const function *f) {
    size_t i;
    for (i = 0; i < COUNT(valid_results); i++) {
        if (strcmp(valid_results[i].function, f->name) == 0)
            return valid_results[i].result;
    }
    return "HC_OK";
}

/* ---- reading the header ---- */

static char *read_all(const char *path) {
    FILE *file = fopen(path, "rb");
    char *data;
    long len;
    if (file == NULL)
        fail("cannot be read", path);
    fseek(file, 0, SEEK_END);
    len = ftell(file);
    rewind(file);
    data = (char *)malloc((size_t)len + 1);
    if (fread(data, 1, (size_t)len, file) != (size_t)len)
        fail("cannot be read", path);
    data[len] = '\0';
    fclose(file);
    return data;
}

/* Blanks what is no declaration: comments, preprocessor lines, struct and enum bodies, typedefs. */
static void keep_declarations(char *text) {
    char *c = text;
    int depth = 0;
    int starts_line = 1;
    while (*c) {
        if (c[0] == '/' && c[1] == '*') {
            char *end = strstr(c, "*/");
            if (end == NULL)
                fail("a comment has no end", c);
            memset(c, ' ', (size_t)(end + 2 - c));
            c = end + 2;
        } else if (starts_line && *c == '#') {
            while (*c && *c != '\n')
                *c++ = ' ';
        } else {
            if (*c == '"') /* extern "C" { */
                while (*c != '{')
                    *c++ = ' ';
            if (*c == '{')
                depth++;
            starts_line = *c == '\n' || (starts_line && isspace((unsigned char)*c));
            if (*c == '}')
                depth--;
            c++;
        }
    }
    (void)depth;
}

/* Copies without white space at the ends, and with single spaces inside. */
static void squeeze(char *out, const char *from, const char *end) {
    char *at = out;
    while (from < end) {
        if (!isspace((unsigned char)*from)) {
            if (at - out >= NAME - 1)
                fail("a declaration is too long", out);
            *at++ = *from;
        } else if (at > out && at[-1] != ' ') {
            *at++ = ' ';
        }
        from++;
    }
    while (at > out && at[-1] == ' ')
        at--;
    *at = '\0';
}

/* Splits "const char *name" into type and name. */
static void split(const char *from, const char *end, char *type, char *name) {
    const char *at = end;
    while (at > from && isspace((unsigned char)at[-1]))
        at--;
    end = at;
    while (at > from && (isalnum((unsigned char)at[-1]) || at[-1] == '_'))
        at--;
    squeeze(name, at, end);
    squeeze(type, from, at);
}

static void take_parameters(function *f, const char *from, const char *end) {
    char whole[NAME];
    if (end - from == 4 && strncmp(from, "void", 4) == 0)
        return;
    while (from < end) {
        const char *comma = (const char *)memchr(from, ',', (size_t)(end - from));
        const char *stop = comma ? comma : end;
        parameter *p = &f->parameters[f->count++];
        if (f->count == PARAMETERS)
            fail("has too many parameters", f->name);
        squeeze(whole, from, stop);
        split(from, stop, p->type, p->name);
        if (*p->type == '\0' || *p->name == '\0')
            fail("a parameter without a name", whole);
        from = stop + (comma != NULL);
    }
}

/* Finds "type hc_name(parameters);" outside of typedefs. */
static void find_functions(const char *text) {
    const char *at = text;
    const char *open;
    while ((open = strchr(at, '(')) != NULL) {
        const char *close = strchr(open, ')');
        const char *begin = open;
        const char *c;
        function *f = &functions[function_count];
        while (begin > text && begin[-1] != ';' && begin[-1] != '}' && begin[-1] != '{')
            begin--;
        while (isspace((unsigned char)*begin))
            begin++;
        at = close + 1;
        if (strncmp(begin, "typedef", 7) == 0) {
            /* A type of functions: its parameters are not a function's. */
            at = strchr(close, ';');
            continue;
        }
        split(begin, open, f->result, f->name);
        if (strncmp(f->name, "hc_", 3) != 0)
            fail("a declaration that is not understood", f->name);
        for (c = open + 1; c < close; c++) {
            if (*c == '(')
                fail("a parameter that is a function", f->name);
        }
        take_parameters(f, open + 1, close);
        function_count++;
    }
}

static void compare_with(const char *symbols) {
    char name[NAME];
    int used, found = 0, i;
    while (sscanf(symbols, " %63s%n", name, &used) == 1) {
        int is_there = 0;
        symbols += used + strcspn(symbols + used, "\n");
        if (*name == '#')
            continue;
        for (i = 0; i < function_count; i++)
            is_there |= strcmp(functions[i].name, name) == 0;
        if (!is_there)
            fail("a symbol that the header does not have", name);
        found++;
    }
    if (found != function_count)
        fail("the header has functions that the list of symbols does not have", "");
}

/* ---- writing the calls ---- */

static int takes_sink(const function *f) {
    int i;
    for (i = 0; i < f->count; i++) {
        if (strcmp(f->parameters[i].type, "hc_sink *") == 0)
            return 1;
    }
    return 0;
}

/* Prints a call with NULL in the places of `nulls`, a set of bits. */
static void write_call(const function *f, unsigned nulls) {
    int i;
    printf("%s(", f->name);
    for (i = 0; i < f->count; i++) {
        const char *argument = argument_of(f, &f->parameters[i]);
        printf("%s%s", i ? ", " : "", nulls & 1u << i ? "NULL" : argument);
    }
    printf(")");
}

/* The function that makes a call inside the callback; the bits tell those of one function apart. */
static void write_inside(const function *f, unsigned nulls) {
    printf("static hc_status %s_inside_%u(environment *e)\n{\n    (void)e;\n    return ", f->name,
           nulls);
    write_call(f, nulls);
    printf(";\n}\n\n");
}

/* What the call must answer. */
static void write_check(const function *f, unsigned nulls) {
    unsigned required = 0;
    int i;
    for (i = 0; i < f->count; i++) {
        if (nulls & 1u << i && !is_optional(f, &f->parameters[i]))
            required |= 1u << i;
    }
    if (strcmp(f->result, "void") == 0) {
        printf("    ");
        write_call(f, nulls);
        printf(";\n");
    } else if (takes_sink(f)) {
        printf("    expect_status(e, inside_key(e, %s_inside_%u), %s, 0);\n", f->name, nulls,
               required ? "HC_E_ARGUMENT" : valid_result_of(f));
    } else if (strcmp(f->result, "hc_status") == 0 && strcmp(f->name, "hc_error_status") != 0) {
        printf("    expect_status(e, ");
        write_call(f, nulls);
        printf(", %s, %d);\n", required ? "HC_E_ARGUMENT" : valid_result_of(f),
               !(nulls & 1u << (f->count - 1)) &&
                   strcmp(f->parameters[f->count - 1].name, "err") == 0);
    } else if (!required && strncmp(f->result, "hc_", 3) == 0 && is_pointer(f->result)) {
        /* An object to destroy: hc_options *hc_options_new(void) by hc_options_free. */
        printf("    %.*s_free(", (int)strcspn(f->result, " "), f->result);
        write_call(f, nulls);
        printf(");\n");
    } else if (!required) {
        printf("    (void)");
        write_call(f, nulls);
        printf(";\n");
    } else if (answer_of(f)[0] == '"') {
        printf("    CHECK_STR(");
        write_call(f, nulls);
        printf(", %s);\n", answer_of(f));
    } else if (strcmp(answer_of(f), "NULL") == 0) {
        printf("    CHECK(");
        write_call(f, nulls);
        printf(" == NULL);\n");
    } else {
        printf("    CHECK_INT(");
        write_call(f, nulls);
        printf(", %s);\n", answer_of(f));
    }
}

static void write_case(const function *f, unsigned nulls, const char *note) {
    printf("    e = new_environment();\n");
    printf("    check_note(\"%s\");\n", note);
    if (*preparation_of(f) != '\0')
        printf("    %s\n", preparation_of(f));
    write_check(f, nulls);
    /* What was destroyed by the call is not destroyed again. */
    if (nulls == 0 && strcmp(f->result, "void") == 0) {
        if (strcmp(f->name, "hc_close") == 0)
            printf("    e->cache = NULL;\n");
        else if (ends_with(f->name, "_free") && strcmp(f->name, "hc_error_free") != 0)
            printf("    %s = NULL;\n", argument_of(f, &f->parameters[0]));
    }
    printf("    free_environment(e);\n");
}

static void write_function(const function *f) {
    unsigned all = 0;
    int i, pointers = 0;
    char note[3 * NAME];
    for (i = 0; i < f->count; i++) {
        if (is_pointer(f->parameters[i].type)) {
            all |= 1u << i;
            pointers++;
        }
    }
    if (takes_sink(f)) {
        write_inside(f, 0);
        for (i = 0; i < f->count; i++) {
            if (all & 1u << i)
                write_inside(f, 1u << i);
        }
        if (pointers > 1)
            write_inside(f, all);
    }
    printf("static void %s_takes_null(void)\n{\n    environment *e;\n", f->name);
    write_case(f, 0, "no NULL");
    for (i = 0; i < f->count; i++) {
        if (!(all & 1u << i))
            continue;
        snprintf(note, sizeof note, "%s is NULL", f->parameters[i].name);
        write_case(f, 1u << i, note);
    }
    if (pointers > 1)
        write_case(f, all, "all are NULL");
    printf("}\n\n");
}

int main(int argc, char **argv) {
    char *header;
    int i;
    if (argc != 3)
        fail("usage", "generate_null httpcache.h symbols.txt");
    header = read_all(argv[1]);
    keep_declarations(header);
    find_functions(header);
    if (function_count == 0)
        fail("no function was found", argv[1]);
    compare_with(read_all(argv[2]));
    printf("/* Made from the header by generate_null.c. */\n#include \"null_environment.h\"\n\n");
    for (i = 0; i < function_count; i++)
        write_function(&functions[i]);
    printf("static const check_test tests[] = {\n");
    for (i = 0; i < function_count; i++)
        printf("    TEST(%s_takes_null),\n", functions[i].name);
    printf("};\n\nCHECK_MAIN(tests)\n");
    return 0;
}
