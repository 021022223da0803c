// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

union block {
    union block *next;
    max_align_t align;
};

static union block *blocks;
static const char *at;

static void *take(size_t size) {
    union block *block = calloc(1, sizeof *block + size);
    if (!block)
        return NULL;
    block->next = blocks;
    blocks = block;
    return block + 1;
}

void json_free(void) {
    while (blocks) {
        union block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
}

static struct json *value(void);

static char skip(void) {
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
        at++;
    return *at;
}

static bool expect(const char *word) {
    size_t length = strlen(word);
    if (strncmp(at, word, length) != 0)
        return false;
    at += length;
    return true;
}

static unsigned hex4(void) {
    char digits[5] = {0};
    for (int i = 0; i < 4 && at[0]; i++)
        digits[i] = *at++;
    return (unsigned)strtoul(digits, NULL, 16);
}

/* Write a character as UTF-8; return the end. */
static char *put(char *to, unsigned code) {
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

static char *escaped(char *to) {
    static const char letters[] = "nrtbf", meant[] = "\n\r\t\b\f";
    char letter = *at++;
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (letter != 'u') {
        *to++ = found ? meant[found - letters] : letter;
        return to;
    }
    unsigned code = hex4();
    if (code >= 0xd800 && code < 0xdc00 && expect("\\u"))
        code = 0x10000 + ((code - 0xd800) << 10) + (hex4() - 0xdc00);
    return put(to, code);
}

/* Read a string into value; it is never longer than its JSON form. */
static bool text(char **result, size_t *length) {
    if (*at++ != '"')
        return false;
    const char *end = at;
    while (*end && *end != '"')
        end += end[0] == '\\' && end[1] ? 2 : 1;
    char *to = *result = take((size_t)(end - at) + 1);
    while (to && *at && *at != '"')
        to = *at == '\\' ? (at++, escaped(to)) : (*to = *at++, to + 1);
    if (!to || *at++ != '"')
        return false;
    *length = (size_t)(to - *result);
    return true;
}

static bool members(struct json *parent, char end, bool named) {
    struct json **next = &parent->first;
    at++;
    if (skip() == end)
        return at++, true;
    for (;; at++) {
        char *name = NULL;
        size_t length;
        skip();
        if (named && (!text(&name, &length) || skip() != ':' || !at++))
            return false;
        struct json *node = *next = value();
        if (!node)
            return false;
        node->name = name;
        next = &node->next;
        if (skip() == end)
            return at++, true;
        if (*at != ',')
            return false;
    }
}

static struct json *value(void) {
    struct json *node = take(sizeof *node);
    if (!node)
        return NULL;
    char *end;
    switch (skip()) {
    case '{':
        node->type = JSON_OBJECT;
        return members(node, '}', true) ? node : NULL;
    case '[':
        node->type = JSON_ARRAY;
        return members(node, ']', false) ? node : NULL;
    case '"':
        node->type = JSON_STRING;
        return text(&node->text, &node->length) ? node : NULL;
    case 't':
    case 'f':
        node->type = JSON_BOOL;
        node->truth = *at == 't';
        return expect(node->truth ? "true" : "false") ? node : NULL;
    case 'n':
        return expect("null") ? node : NULL;
    default:
        node->type = JSON_NUMBER;
        node->number = strtoll(at, &end, 10);
        if (end == at)
            return NULL;
        at = end;
        return node;
    }
}

struct json *json_parse(const char *line) {
    at = line;
    struct json *whole = value();
    return whole && skip() == '\0' ? whole : NULL;
}

const struct json *json_get(const struct json *object, const char *name) {
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    const struct json *node = object->first;
    while (node && strcmp(node->name, name) != 0)
        node = node->next;
    return node;
}

const char *json_text(const struct json *object, const char *name) {
    const struct json *node = json_get(object, name);
    return node && node->text ? node->text : "";
}
