/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "util/keyval.h"

static void clear_part(gpointer p)
{
    KeyVal *kv = p;
    g_free(kv->key);
    g_free(kv->value);
}

/* Text up to the next single comma or, with @until_equals, '='; *p moves behind it. */
static char *take_word(const char **p, bool until_equals, char *end)
{
    GString *word = g_string_new(NULL);
    const char *s = *p;

    for (; *s; s++) {
        if (*s == ',' && s[1] == ',') {
            s++;
        } else if (*s == ',' || (until_equals && *s == '=')) {
            break;
        }
        g_string_append_c(word, *s);
    }
    *end = *s;
    *p = *s ? s + 1 : s;
    return g_string_free(word, FALSE);
}

static KeyVal flag_part(char *word)
{
    bool off = g_str_has_prefix(word, "no") && word[2];
    KeyVal kv = { .key = g_strdup(off ? word + 2 : word), .value = g_strdup(off ? "off" : "on") };

    g_free(word);
    return kv;
}

GArray *keyval_parse(const char *text, const char *implied, Error *err)
{
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(KeyVal));
    const char *p = text;
    bool first = true;

    g_array_set_clear_func(parts, clear_part);
    while (*p) {
        char end;
        char *word = take_word(&p, true, &end);
        KeyVal kv;

        if (end == '=') {
            kv = (KeyVal) { .key = word, .value = take_word(&p, false, &end) };
        } else if (first && implied) {
            kv = (KeyVal) { .key = g_strdup(implied), .value = word };
        } else {
            kv = flag_part(word);
        }
        g_array_append_val(parts, kv);
        if (!*kv.key) {
            error_set(err, "'%s' has a part without a name", text);
            keyval_free(parts);
            return NULL;
        }
        first = false;
    }
    return parts;
}

void keyval_free(GArray *parts)
{
    if (parts) {
        g_array_free(parts, TRUE);
    }
}

const char *keyval_get(const GArray *parts, const char *key)
{
    for (unsigned i = parts->len; i-- > 0;) {
        const KeyVal *kv = &g_array_index(parts, KeyVal, i);
        if (strcmp(kv->key, key) == 0) {
            return kv->value;
        }
    }
    return NULL;
}

char *keyval_take(GArray *parts, const char *key)
{
    char *value = NULL;

    for (unsigned i = parts->len; i-- > 0;) {
        const KeyVal *kv = &g_array_index(parts, KeyVal, i);
        if (strcmp(kv->key, key) != 0) {
            continue;
        }
        if (!value) {
            value = g_strdup(kv->value);
        }
        g_array_remove_index(parts, i);
    }
    return value;
}
