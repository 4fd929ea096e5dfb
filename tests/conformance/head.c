/* Heads of HTTP/1.1 messages: start line and fields (RFC 9112 2 to 5). */
#define _POSIX_C_SOURCE 200809L

#include "message.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    FIELDS_LIMIT = 1000
};

/* ---- reading ---- */

/* Takes bytes from `from` up to and with the empty line that ends a head. */
static head_result take_head(head *h, wire *from, size_t limit) {
    int line_is_empty = 1;
    for (;;) {
        char byte;
        ssize_t n = 1;
        if (from->begin < from->end)
            byte = from->data[from->begin++];
        else
            n = wire_take(from, &byte, 1);
        if (n <= 0) {
            if (n < 0 && from->timed_out)
                return HEAD_TIMED_OUT;
            return h->text.len == 0 ? HEAD_NONE : HEAD_CUT_OFF;
        }
        /* RFC 9112 2.2: empty lines before the start line are ignored. */
        if (h->text.len == 0 && (byte == '\r' || byte == '\n'))
            continue;
        if (h->text.len >= limit)
            return HEAD_TOO_LARGE;
        buffer_add(&h->text, &byte, 1);
        if (byte == '\n') {
            if (line_is_empty)
                return h->text.failed ? HEAD_TOO_LARGE : HEAD_READ;
            line_is_empty = 1;
        } else if (byte != '\r') {
            line_is_empty = 0;
        }
    }
}

static int is_token_byte(unsigned char byte) {
    if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
        (byte >= 'a' && byte <= 'z'))
        return 1;
    return byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL;
}

static int is_token(const char *text, size_t len) {
    size_t i;
    for (i = 0; i < len; i++) {
        if (!is_token_byte((unsigned char)text[i]))
            return 0;
    }
    return len > 0;
}

static int is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

/* The line at `*at` without its end; `*at` moves behind it. */
static size_t next_line(char **at, const char *end) {
    char *line = *at;
    char *stop = (char *)memchr(line, '\n', (size_t)(end - line));
    size_t len = (size_t)(stop - line);
    *at = stop + 1;
    return len > 0 && line[len - 1] == '\r' ? len - 1 : len;
}

static int add_field(head *h, const char *name, size_t name_len, const char *value,
                     size_t value_len) {
    hc_field *field;
    if (h->count == h->room) {
        size_t room = h->room * 2 + 32;
        hc_field *fields = (hc_field *)realloc(h->fields, room * sizeof *fields);
        if (fields == NULL)
            return 0;
        h->fields = fields;
        h->room = room;
    }
    field = &h->fields[h->count++];
    field->name = name;
    field->name_len = name_len;
    field->value = value;
    field->value_len = value_len;
    return 1;
}

static int split_field(head *h, const char *line, size_t len, int is_request) {
    const char *colon = (const char *)memchr(line, ':', len);
    const char *value;
    size_t name_len, value_len;
    if (colon == NULL)
        return 0;
    name_len = (size_t)(colon - line);
    /* RFC 9112 5.1: in a request an attack, in a response to be removed. */
    while (!is_request && name_len > 0 && is_blank(line[name_len - 1]))
        name_len--;
    value = colon + 1;
    value_len = (size_t)(line + len - value);
    while (value_len > 0 && is_blank(*value)) {
        value++;
        value_len--;
    }
    while (value_len > 0 && is_blank(value[value_len - 1]))
        value_len--;
    if (!is_token(line, name_len) || memchr(value, '\r', value_len) != NULL ||
        memchr(value, '\0', value_len) != NULL)
        return 0;
    return add_field(h, line, name_len, value, value_len);
}

/* RFC 9112 5.2: a line that begins with white space continues the one before it. A request with one
 * is refused; in a response the break becomes spaces. The text stays in one piece, so this is done
 * in place. */
static size_t unfold(char *line, size_t len, char **at, const char *end, int is_request) {
    while (!is_request && *at < end && is_blank(**at)) {
        char *next = *at;
        size_t next_len = next_line(at, end);
        memset(line + len, ' ', (size_t)(next - (line + len)));
        len = (size_t)(next - line) + next_len;
    }
    return len;
}

head_result head_read(head *h, wire *from, size_t limit, int is_request) {
    head_result result;
    char *at;
    const char *end;
    h->text.len = 0;
    h->count = 0;
    result = take_head(h, from, limit);
    if (result != HEAD_READ)
        return result;
    at = h->text.data;
    end = at + h->text.len;
    h->start = at;
    h->start_len = next_line(&at, end);
    while (at < end) {
        char *line = at;
        size_t len = next_line(&at, end);
        if (len == 0)
            break;
        len = unfold(line, len, &at, end, is_request);
        if (h->count >= FIELDS_LIMIT)
            return HEAD_TOO_LARGE;
        if (!split_field(h, line, len, is_request))
            return HEAD_MALFORMED;
    }
    return HEAD_READ;
}

void head_free(head *h) {
    buffer_free(&h->text);
    free(h->fields);
    memset(h, 0, sizeof *h);
}

/* ---- fields ---- */

int same_text(const char *a, size_t a_len, const char *b) {
    return a_len == strlen(b) && strncasecmp(a, b, a_len) == 0;
}

int is_named(const hc_field *field, const char *name) {
    return same_text(field->name, field->name_len, name);
}

size_t head_find(const head *h, const char *name, const hc_field **first) {
    size_t i, found = 0;
    for (i = 0; i < h->count; i++) {
        if (is_named(&h->fields[i], name) && found++ == 0 && first != NULL)
            *first = &h->fields[i];
    }
    return found;
}

static int list_holds(const char *list, size_t len, const char *token, size_t token_len) {
    while (len > 0) {
        const char *comma = (const char *)memchr(list, ',', len);
        size_t member = comma == NULL ? len : (size_t)(comma - list);
        size_t step = member + (comma != NULL);
        const char *text = list;
        while (member > 0 && is_blank(*text)) {
            text++;
            member--;
        }
        while (member > 0 && is_blank(text[member - 1]))
            member--;
        if (member == token_len && strncasecmp(text, token, token_len) == 0)
            return 1;
        list += step;
        len -= step;
    }
    return 0;
}

int fields_list(const hc_field *fields, size_t count, const char *name, const char *token,
                size_t token_len) {
    size_t i;
    for (i = 0; i < count; i++) {
        if (is_named(&fields[i], name) &&
            list_holds(fields[i].value, fields[i].value_len, token, token_len))
            return 1;
    }
    return 0;
}

int is_of_the_connection(const hc_field *field, const hc_field *fields, size_t count) {
    static const char *const names[] = {"Connection", "Keep-Alive",        "Proxy-Connection",
                                        "TE",         "Transfer-Encoding", "Upgrade"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        if (is_named(field, names[i]))
            return 1;
    }
    return fields_list(fields, count, "Connection", field->name, field->name_len);
}

/* ---- start lines ---- */

/* "HTTP/1." and a digit: the digit, or -1. */
static int minor_version(const char *text, size_t len) {
    if (len != 8 || memcmp(text, "HTTP/1.", 7) != 0 || text[7] < '0' || text[7] > '9')
        return -1;
    return text[7] - '0';
}

int request_line_parse(const head *h, request_line *line) {
    const char *end = h->start + h->start_len;
    const char *space = (const char *)memchr(h->start, ' ', h->start_len);
    const char *version;
    size_t i;
    if (space == NULL)
        return 400;
    line->method = h->start;
    line->method_len = (size_t)(space - h->start);
    line->target = space + 1;
    version = (const char *)memchr(line->target, ' ', (size_t)(end - line->target));
    if (version == NULL || !is_token(line->method, line->method_len))
        return 400;
    line->target_len = (size_t)(version - line->target);
    version++;
    line->minor = minor_version(version, (size_t)(end - version));
    if (line->minor < 0)
        return end - version == 8 && memcmp(version, "HTTP/", 5) == 0 ? 505 : 400;
    for (i = 0; i < line->target_len; i++) {
        if ((unsigned char)line->target[i] <= ' ' || line->target[i] == 0x7f)
            return 400;
    }
    return line->target_len == 0 ? 400 : 0;
}

int status_line_parse(const head *h, status_line *line) {
    const char *text = h->start;
    size_t len = h->start_len, i;
    if (len < 12 || text[8] != ' ' || (len > 12 && text[12] != ' '))
        return 0;
    line->minor = minor_version(text, 8);
    line->status = 0;
    for (i = 9; i < 12; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        line->status = line->status * 10 + (text[i] - '0');
    }
    line->reason = len > 13 ? text + 13 : "";
    line->reason_len = len > 13 ? len - 13 : 0;
    return line->minor >= 0 && line->status >= 100 && memchr(text, '\0', len) == NULL &&
           memchr(text, '\r', len) == NULL;
}
