/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patterns become mask, match and operand fields; encodings become buckets: by opcode and funct3
 * (compressed: quadrant, funct3 and three more bits), and where these leave many, by funct7.
 */
#include <assert.h>
#include <string.h>
#include <glib.h>
#include "decode.h"

#define T(name) &rv_insns_##name,
static const RvInsnTable *const tables[] = { RV_INSN_TABLES(T) };
#undef T

const RvFormatInfo rv_formats[RV_FORMAT_COUNT] = {
    [FMT_NONE] = { "", "" },
    [FMT_R] = { "d,s,t", "" },
    [FMT_R1] = { "d,s", "" },
    [FMT_I] = { "d,s,i", "s11:0" },
    [FMT_SHIFT] = { "d,s,i", "5:0" },
    [FMT_SHIFT5] = { "d,s,i", "4:0" },
    [FMT_LOAD] = { "d,i(s)", "s11:0" },
    [FMT_STORE] = { "t,i(s)", "s11:5 4:0" },
    [FMT_BRANCH] = { "s,t,p", "s12 10:5 4:1 11" },
    [FMT_U] = { "d,h", "s31:12" },
    [FMT_JAL] = { "d,p", "s20 10:1 11 19:12" },
    [FMT_CSR] = { "d,c,s", "11:0" },
    [FMT_CSRI] = { "d,c,z", "11:0" },
    [FMT_FENCE] = { "f", "11:0" },
    [FMT_SFENCE] = { "s,t", "" },
    [FMT_AMO] = { "d,t,(s)", "" },
    [FMT_LR] = { "d,(s)", "" },
    [FMT_FLOAD] = { "D,i(s)", "s11:0" },
    [FMT_FSTORE] = { "T,i(s)", "s11:5 4:0" },
    [FMT_FR] = { "D,S,T", "" },
    [FMT_FRM] = { "D,S,Tm", "" },
    [FMT_FR1] = { "D,S", "" },
    [FMT_FR1M] = { "D,Sm", "" },
    [FMT_FR4M] = { "D,S,T,Um", "" },
    [FMT_FCMP] = { "d,S,T", "" },
    [FMT_F2X] = { "d,S", "" },
    [FMT_F2XM] = { "d,Sm", "" },
    [FMT_X2F] = { "D,s", "" },
    [FMT_X2FM] = { "D,sm", "" },
    [FMT_CIW] = { "", "5:4 9:6 2 3" },
    [FMT_CL_W] = { "", "5:3 2 6" },
    [FMT_CL_D] = { "", "5:3 7:6" },
    [FMT_CI] = { "", "s5 4:0" },
    [FMT_CI_U] = { "", "5 4:0" },
    [FMT_CI_U5] = { "", "4:0" },
    [FMT_CI_LUI] = { "", "s17 16:12" },
    [FMT_CI_16SP] = { "", "s9 4 6 8:7 5" },
    [FMT_CI_LWSP] = { "", "5 4:2 7:6" },
    [FMT_CI_LDSP] = { "", "5 4:3 8:6" },
    [FMT_CSS_W] = { "", "5:2 7:6" },
    [FMT_CSS_D] = { "", "5:3 8:6" },
    [FMT_CJ] = { "", "s11 4 9:8 10 6 7 3:1 5" },
    [FMT_CB] = { "", "s8 4:3 7:6 2:1 5" },
};

/* --- patterns --- */

/* Instruction bits that a letter takes, most significant first. */
typedef struct Letter {
    uint8_t bit[32];
    unsigned count;
} Letter;

typedef struct Pattern {
    Letter letters['z' - 'a' + 1];
    RvEncoding *e;
} Pattern;

static Letter *letter(Pattern *p, char c)
{
    assert(c >= 'a' && c <= 'z');
    return &p->letters[c - 'a'];
}

static RvRegField *reg_field(RvEncoding *e, char c)
{
    switch (c) {
    case 'd':
        return &e->rd;
    case 's':
        return &e->rs1;
    case 't':
        return &e->rs2;
    case 'u':
        return &e->rs3;
    case 'm':
        return &e->rm;
    default:
        return NULL;
    }
}

/* Reads the bits; returns what follows them. */
static const char *parse_bits(Pattern *p, const char *text)
{
    unsigned total = 0;

    for (const char *c = text; *c && *c != '=' && *c != '!'; c++) {
        total += *c != ' ' && c[1] != '=' && c[1] != '!';
    }
    assert(total == 16 || total == 32);
    p->e->length = (uint8_t)(total / 8);
    for (unsigned bit = total; bit-- > 0; text++) {
        while (*text == ' ') {
            text++;
        }
        if (*text == '0' || *text == '1') {
            p->e->mask |= 1u << bit;
            p->e->match |= (uint32_t)(*text - '0') << bit;
        } else if (*text != '-') {
            Letter *l = letter(p, *text);
            l->bit[l->count++] = (uint8_t)bit;
        }
    }
    return text;
}

static void add_except(Pattern *p, char c, unsigned value)
{
    RvEncoding *e = p->e;
    const Letter *l = letter(p, c);
    unsigned n = e->except_count++;

    assert(n < RV_MAX_EXCEPT && l->count > 0);
    for (unsigned i = 0; i < l->count; i++) {
        e->except[n].mask |= 1u << l->bit[i];
        e->except[n].match |= (value >> (l->count - 1 - i) & 1) << l->bit[i];
    }
}

static void set_reg_fields(Pattern *p)
{
    for (const char *c = "dstum"; *c; c++) {
        const Letter *l = letter(p, *c);
        RvRegField *f = reg_field(p->e, *c);

        if (l->count > 0) {
            assert(l->bit[0] - l->bit[l->count - 1] + 1u == l->count);
            f->shift = l->bit[l->count - 1];
            f->mask = (uint8_t)((1u << l->count) - 1);
            f->bias = l->count == 3 && *c != 'm' ? 8 : 0;
        }
    }
    if (letter(p, 'm')->count > 0) {
        add_except(p, 'm', 5);
        add_except(p, 'm', 6);
    }
}

/* `d=2`, `s=d`, `d!=2` after the bits. */
static void parse_conditions(Pattern *p, const char *text)
{
    while (*text) {
        char c = *text++;
        bool not = *text == '!';

        if (c == ' ') {
            continue;
        }
        text += not ? 2 : 1;
        if (*text >= 'a') {
            assert(!not );
            *reg_field(p->e, c) = *reg_field(p->e, *text++);
            continue;
        }
        unsigned value = (unsigned)strtoul(text, (char **)&text, 10);
        if (not ) {
            add_except(p, c, value);
        } else {
            *reg_field(p->e, c) = (RvRegField) { .bias = (uint8_t)value };
        }
    }
}

static void add_imm_bit(RvEncoding *e, unsigned src, unsigned dst)
{
    unsigned n = e->imm_count;

    if (n > 0 && e->imm[n - 1].src == src + 1 && e->imm[n - 1].dst == dst + 1) {
        n--;
        e->imm[n].mask = e->imm[n].mask << 1 | 1;
    } else {
        assert(n < RV_MAX_IMM_RUNS);
        e->imm[n].mask = 1;
        e->imm_count++;
    }
    e->imm[n].src = (uint8_t)src;
    e->imm[n].dst = (uint8_t)dst;
}

static void parse_imm(Pattern *p, const char *text)
{
    const Letter *l = letter(p, 'i');
    unsigned used = 0;
    bool is_signed = *text == 's';

    text += is_signed;
    while (*text) {
        unsigned high = (unsigned)strtoul(text, (char **)&text, 10), low = high;
        if (*text == ':') {
            low = (unsigned)strtoul(text + 1, (char **)&text, 10);
        }
        if (is_signed && used == 0) {
            p->e->imm_sign = (uint8_t)(high + 1);
        }
        for (unsigned bit = high + 1; bit-- > low;) {
            assert(used < l->count);
            add_imm_bit(p->e, l->bit[used++], bit);
        }
        text += *text == ' ';
    }
    assert(used == l->count);
}

static void parse_pattern(RvEncoding *e, const RvInsn *insn)
{
    Pattern p = { .e = e };
    const char *rest = parse_bits(&p, insn->pattern);

    e->insn = insn;
    e->base = insn;
    set_reg_fields(&p);
    parse_conditions(&p, rest);
    parse_imm(&p, rv_formats[insn->format].imm);
}

/* --- the rows of a configuration --- */

typedef struct Candidate {
    uint32_t mask, match;
    uint32_t encoding;
} Candidate;

/* `count` candidates from `first` on, or, if count is SPLIT, a table of buckets by funct7. */
typedef struct Bucket {
    uint32_t first;
    uint32_t count;
} Bucket;

enum { KEYS = 256, SUBKEYS = 128, SPLIT = UINT16_MAX, MAX_CANDIDATES = 4 };

struct RvDecoder {
    RvConfig cfg;
    GArray *encodings;  /* RvEncoding */
    GArray *candidates; /* Candidate */
    GArray *subtables;  /* Bucket */
    Bucket wide[KEYS], compressed[KEYS];
};

void rv_insn_foreach(void (*fn)(const RvInsn *insn, void *opaque), void *opaque)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (unsigned n = 0; n < tables[i]->count; n++) {
            fn(&tables[i]->rows[n], opaque);
        }
    }
}

static bool is_there(const RvConfig *cfg, const RvInsn *insn)
{
    return rv_has(cfg, insn->ext) && (insn->xlens & (cfg->xlen == 32 ? RV_XL32 : RV_XL64));
}

static void add_row(const RvInsn *insn, void *opaque)
{
    RvDecoder *d = opaque;
    RvEncoding e = { 0 };

    if (is_there(&d->cfg, insn)) {
        parse_pattern(&e, insn);
        g_array_append_val(d->encodings, e);
    }
}

typedef struct NameSearch {
    const RvConfig *cfg;
    const char *name;
    const RvInsn *found;
} NameSearch;

static void match_name(const RvInsn *insn, void *opaque)
{
    NameSearch *s = opaque;
    unsigned xlen = s->cfg->xlen == 32 ? RV_XL32 : RV_XL64;

    if (!s->found && (insn->xlens & xlen) && strcmp(insn->name, s->name) == 0) {
        s->found = insn;
    }
}

static void find_base(const RvConfig *cfg, RvEncoding *e)
{
    NameSearch s = { cfg, e->insn->expands, NULL };

    if (s.name) {
        rv_insn_foreach(match_name, &s);
        assert(s.found);
        e->base = s.found;
    }
}

static uint32_t key_bits(unsigned length, unsigned key)
{
    if (length == 4) {
        return (key & 31) << 2 | key >> 5 << 12 | 3;
    }
    return (key & 3) | key >> 2 << 10;
}

static unsigned key_of(unsigned length, uint32_t bits)
{
    return length == 4 ? (bits >> 2 & 31) | (bits >> 12 & 7) << 5
                       : (bits & 3) | (bits >> 10 & 63) << 2;
}

/* Collects what can match `bits` in the bits of `mask`. */
static Bucket make_bucket(RvDecoder *d, unsigned length, uint32_t mask, uint32_t bits)
{
    Bucket b = { d->candidates->len, 0 };

    for (uint32_t i = 0; i < d->encodings->len; i++) {
        const RvEncoding *e = &g_array_index(d->encodings, RvEncoding, i);

        if (e->length == length && !((e->match ^ bits) & e->mask & mask)) {
            Candidate c = { e->mask, e->match, i };
            g_array_append_val(d->candidates, c);
            b.count++;
        }
    }
    return b;
}

static void make_buckets(RvDecoder *d, unsigned length, Bucket *table)
{
    uint32_t mask = key_bits(length, KEYS - 1);
    Bucket sub[SUBKEYS];

    for (unsigned key = 0; key < KEYS; key++) {
        uint32_t bits = key_bits(length, key);

        table[key] = make_bucket(d, length, mask, bits);
        if (table[key].count <= MAX_CANDIDATES || length != 4) {
            continue;
        }
        g_array_set_size(d->candidates, table[key].first);
        for (unsigned n = 0; n < SUBKEYS; n++) {
            sub[n] = make_bucket(d, length, mask | (SUBKEYS - 1u) << 25, bits | n << 25);
        }
        table[key] = (Bucket) { d->subtables->len, SPLIT };
        g_array_append_vals(d->subtables, sub, SUBKEYS);
    }
}

RvDecoder *rv_decoder_new(const RvConfig *cfg)
{
    RvDecoder *d = g_new0(RvDecoder, 1);

    d->cfg = *cfg;
    d->encodings = g_array_new(FALSE, FALSE, sizeof(RvEncoding));
    d->candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
    d->subtables = g_array_new(FALSE, FALSE, sizeof(Bucket));
    rv_insn_foreach(add_row, d);
    for (uint32_t i = 0; i < d->encodings->len; i++) {
        RvEncoding *e = &g_array_index(d->encodings, RvEncoding, i);

        find_base(cfg, e);
    }
    make_buckets(d, 4, d->wide);
    make_buckets(d, 2, d->compressed);
    return d;
}

void rv_decoder_free(RvDecoder *d)
{
    if (d) {
        g_array_unref(d->encodings);
        g_array_unref(d->candidates);
        g_array_unref(d->subtables);
        g_free(d);
    }
}

const RvConfig *rv_decoder_config(const RvDecoder *d)
{
    return &d->cfg;
}

const RvEncoding *rv_decoder_encodings(const RvDecoder *d, unsigned *count)
{
    *count = d->encodings->len;
    return (const RvEncoding *)(const void *)d->encodings->data;
}

/* --- decoding --- */

unsigned rv_insn_length(uint16_t parcel)
{
    return (parcel & 3) == 3 ? 4 : 2;
}

static bool is_excepted(const RvEncoding *e, uint32_t bits)
{
    for (unsigned i = 0; i < e->except_count; i++) {
        if ((bits & e->except[i].mask) == e->except[i].match) {
            return true;
        }
    }
    return false;
}

bool rv_encoding_matches(const RvEncoding *e, uint32_t bits)
{
    return (bits & e->mask) == e->match && !is_excepted(e, bits);
}

static uint8_t take_reg(RvRegField f, uint32_t bits)
{
    return (uint8_t)((bits >> f.shift & f.mask) + f.bias);
}

static int64_t take_imm(const RvEncoding *e, uint32_t bits)
{
    uint64_t imm = 0;

    for (unsigned i = 0; i < e->imm_count; i++) {
        imm |= (uint64_t)(bits >> e->imm[i].src & e->imm[i].mask) << e->imm[i].dst;
    }
    unsigned unused = e->imm_sign ? 64u - e->imm_sign : 0;
    return (int64_t)(imm << unused) >> unused;
}

static void take_args(const RvEncoding *e, uint32_t bits, RvArgs *a)
{
    a->insn = e->base;
    a->bits = bits;
    a->length = e->length;
    a->rd = take_reg(e->rd, bits);
    a->rs1 = take_reg(e->rs1, bits);
    a->rs2 = take_reg(e->rs2, bits);
    a->rs3 = take_reg(e->rs3, bits);
    a->rm = take_reg(e->rm, bits);
    a->imm = take_imm(e, bits);
}

bool rv_decode(const RvDecoder *d, uint32_t bits, RvArgs *args)
{
    unsigned length = rv_insn_length((uint16_t)bits);
    const Bucket *b = &(length == 4 ? d->wide : d->compressed)[key_of(length, bits)];

    if (b->count == SPLIT) {
        b = &g_array_index(d->subtables, Bucket, b->first + (bits >> 25));
    }
    const Candidate *c = &g_array_index(d->candidates, Candidate, b->first);
    for (const Candidate *end = c + b->count; c < end; c++) {
        const RvEncoding *e = &g_array_index(d->encodings, RvEncoding, c->encoding);

        if ((bits & c->mask) == c->match && !is_excepted(e, bits)) {
            take_args(e, bits, args);
            return true;
        }
    }
    return false;
}
