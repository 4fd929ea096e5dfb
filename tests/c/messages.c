/* Requests, answers, and whole exchanges as a user sees them. */
#define _POSIX_C_SOURCE 200809L

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void free_request(void *r) {
    hc_request_free((hc_request *)r);
}

static void free_response(void *p) {
    hc_response_free((hc_response *)p);
}

/* Splits the next line of "Name: value\n..."; 0 at the end. */
static int next_field(const char **fields, const char **name, size_t *name_len, const char **value,
                      size_t *value_len) {
    size_t line = strcspn(*fields, "\n");
    const char *colon = (const char *)memchr(*fields, ':', line);
    if (colon == NULL)
        return 0;
    *name = *fields;
    *name_len = (size_t)(colon - *fields);
    *value = colon + 1 + (colon[1] == ' ');
    *value_len = (size_t)(*fields + line - *value);
    *fields += line + ((*fields)[line] == '\n');
    return 1;
}

hc_request *request(const char *line, const char *fields) {
    size_t method = strcspn(line, " ");
    const char *name, *value;
    size_t name_len, value_len;
    hc_request *r = NULL;
    CHECK_STATUS(hc_request_new(line, method, line + method + 1, HC_NTS, &r, &err), HC_OK);
    check_defer(free_request, r);
    while (next_field(&fields, &name, &name_len, &value, &value_len))
        CHECK_STATUS(hc_request_add(r, name, name_len, value, value_len, &err), HC_OK);
    return r;
}

hc_response *answer_of(int status, const char *fields, const void *body, size_t len) {
    const char *name, *value;
    size_t name_len, value_len;
    hc_response *p = NULL;
    CHECK_STATUS(hc_response_new(status, "Reason", HC_NTS, &p, &err), HC_OK);
    check_defer(free_response, p);
    while (next_field(&fields, &name, &name_len, &value, &value_len))
        CHECK_STATUS(hc_response_add(p, name, name_len, value, value_len, &err), HC_OK);
    if (body != NULL)
        CHECK_STATUS(hc_response_set_body(p, body, len, &err), HC_OK);
    return p;
}

hc_response *answer(int status, const char *fields, const char *body) {
    return answer_of(status, fields, body, body ? strlen(body) : 0);
}

const char *fields_text(const hc_field *fields, size_t count) {
    size_t i, len = 0;
    char *out, *end;
    for (i = 0; i < count; i++)
        len += fields[i].name_len + fields[i].value_len + 3;
    out = end = (char *)malloc(len + 1);
    for (i = 0; i < count; i++) {
        memcpy(end, fields[i].name, fields[i].name_len);
        end += fields[i].name_len;
        *end++ = ':';
        *end++ = ' ';
        memcpy(end, fields[i].value, fields[i].value_len);
        end += fields[i].value_len;
        *end++ = '\n';
    }
    *end = '\0';
    check_defer(free, out);
    return out;
}

const char *value_in(const char *fields, const char *name) {
    const char *field, *value;
    size_t field_len, value_len;
    while (next_field(&fields, &field, &field_len, &value, &value_len)) {
        if (field_len == strlen(name) && strncasecmp(field, name, field_len) == 0)
            return text("%.*s", (int)value_len, value);
    }
    return "";
}

hc_view new_view(void) {
    hc_view view;
    memset(&view, 0, sizeof view);
    view.struct_size = sizeof view;
    return view;
}

static void see_forward(seen *s, hc_exchange *x) {
    const hc_request *r = hc_exchange_forward(x);
    const hc_field *fields;
    size_t count = 0;
    if (r == NULL)
        return;
    fields = hc_request_fields(r, &count);
    s->forward_url = text("%s", hc_request_url(r));
    s->forward_fields = fields_text(fields, count);
}

/* Copies what is handed on: nothing of it may depend on the exchange, which is freed. */
static void see_view(seen *s, hc_exchange *x, const hc_view *view) {
    hc_response *p = NULL;
    const void *body = NULL;
    s->status = view->status;
    s->flags = view->flags;
    s->created_at = view->created_at;
    s->expires_at = view->expires_at;
    s->age = view->age;
    s->lifetime = view->freshness_lifetime;
    if (view->status == 0)
        return;
    s->reason = text("%s", view->reason);
    s->url = text("%s", view->url);
    s->fields = fields_text(view->fields, view->field_count);
    if (hc_exchange_response(x, &p, NULL) == HC_OK) {
        CHECK_STATUS(hc_response_body(p, &body, &s->body_len, &err), HC_OK);
        if (view->body != NULL) {
            CHECK_INT(view->body_len, s->body_len);
            CHECK(memcmp(view->body, body, s->body_len) == 0);
        }
    } else if (view->body != NULL) {
        body = view->body;
        s->body_len = view->body_len;
    }
    if (body != NULL) {
        char *copy = (char *)malloc(s->body_len + 1);
        memcpy(copy, body, s->body_len);
        copy[s->body_len] = '\0';
        check_defer(free, copy);
        s->body = copy;
    }
    hc_response_free(p);
}

static hc_exchange *begin(hc_cache *c, const hc_request *r, seen *s, hc_view *view) {
    hc_exchange *x = NULL;
    memset(s, 0, sizeof *s);
    s->outcome = -1;
    *view = new_view();
    CHECK_STATUS(hc_lookup(c, r, view, &x, &err), HC_OK);
    s->decision = view->decision;
    CHECK_INT(hc_exchange_decision(x), view->decision);
    snprintf(s->why, sizeof s->why, "%s", hc_exchange_reason(x));
    see_forward(s, x);
    CHECK((s->forward_url != NULL) == (s->decision == HC_FORWARD || s->decision == HC_REVALIDATE));
    /* What is to be forwarded has nothing to hand on yet; everything else has. */
    CHECK((view->status == 0) == (s->forward_url != NULL));
    return x;
}

seen look(hc_cache *c, const hc_request *r) {
    seen s;
    hc_view view;
    hc_exchange *x = begin(c, r, &s, &view);
    see_view(&s, x, &view);
    hc_exchange_free(x);
    return s;
}

seen ask(hc_cache *c, const hc_request *r, const hc_response *origin) {
    seen s;
    hc_view view;
    hc_exchange *x = begin(c, r, &s, &view);
    if (s.forward_url != NULL) {
        CHECK_STATUS(s.reported = hc_store(x, origin, &s.outcome, &view, &err), HC_OK);
        CHECK_INT(view.outcome, s.outcome);
        if (s.outcome == HC_REPEAT)
            see_forward(&s, x);
        if (s.outcome == HC_NOT_STORED)
            snprintf(s.why, sizeof s.why, "%s", hc_exchange_reason(x));
    }
    see_view(&s, x, &view);
    hc_exchange_free(x);
    return s;
}

seen ask_unreachable(hc_cache *c, const hc_request *r) {
    seen s;
    hc_view view;
    hc_exchange *x = begin(c, r, &s, &view);
    CHECK(s.forward_url != NULL);
    s.reported = hc_store_failure(x, &view, NULL);
    s.outcome = view.outcome;
    see_view(&s, x, &view);
    hc_exchange_free(x);
    return s;
}

seen look_at(hc_cache *c, const char *url) {
    return look(c, request(text("GET %s", url), ""));
}

seen fetch_from(hc_cache *c, const char *url, const hc_response *origin) {
    return ask(c, request(text("GET %s", url), ""), origin);
}

void store(hc_cache *c, const char *url, const hc_response *origin) {
    seen s = fetch_from(c, url, origin);
    CHECK_INT(s.outcome, HC_STORED);
}
