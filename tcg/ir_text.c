/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text form of IR: one op a line,
 *
 *     name[.type][.small] out, in, in..., +offset poll
 *
 * with slots by name, temporaries as %0 %1..., constants as #1 #-1 #0x1000, an absent output of
 * a call as _. `;` starts a comment. The type is written if the op's shape allows several.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tcg/ir.h"
#include "ir_private.h"

static const char *const type_names[IR_TYPE_COUNT] = { "i32", "i64", "f32", "f64" };
static const char *const cond_names[IR_COND_COUNT] = { "eq",  "ne", "lt", "ge",  "ltu",
                                                       "geu", "le", "gt", "leu", "gtu" };
static const char *const amo_names[IR_AMO_COUNT] = { "swap", "add", "and",  "or",  "xor",
                                                     "min",  "max", "minu", "maxu" };
static const char *const fence_names[] = { "acqrel", "full" };
static const char *const fma_names[] = { "madd", "nmsub", "msub", "nmadd" };
static const char *const fcmp_names[] = { "eq", "lt", "le" };
static const char *const cvt_names[] = { "i32", "u32", "i64", "u64" };
static const char *const round_names[] = { "rne", "rtz", "rdn", "rup", "rmm", NULL, NULL, "dyn" };
static const char *const size_names[] = { "8", "16", "32", "64" };

typedef struct NameTable {
    const char *const *names;
    unsigned count;
} NameTable;

/* Small constants that are one name of a table. */
static const NameTable small_tables[] = {
    [IR_SMALL_COND] = { cond_names, IR_COND_COUNT },
    [IR_SMALL_AMO] = { amo_names, IR_AMO_COUNT },
    [IR_SMALL_FENCE] = { fence_names, G_N_ELEMENTS(fence_names) },
    [IR_SMALL_FMA] = { fma_names, G_N_ELEMENTS(fma_names) },
    [IR_SMALL_FCMP] = { fcmp_names, G_N_ELEMENTS(fcmp_names) },
    [IR_SMALL_CVT] = { cvt_names, G_N_ELEMENTS(cvt_names) },
    [IR_SMALL_CVT_ROUND] = { NULL, 0 },
};
static const NameTable round_table = { round_names, G_N_ELEMENTS(round_names) };
static const NameTable cvt_table = { cvt_names, G_N_ELEMENTS(cvt_names) };
static const NameTable type_table = { type_names, IR_TYPE_COUNT };
static const NameTable size_table = { size_names, G_N_ELEMENTS(size_names) };

static bool has_many_types(const IrShapeInfo *shape)
{
    return shape->types & (shape->types - 1);
}

/* --- printing --- */

static const char *name_of(NameTable table, unsigned value)
{
    return value < table.count && table.names[value] ? table.names[value] : "?";
}

static void print_small(const IrOp *op, const IrShapeInfo *shape, GString *out)
{
    switch ((IrSmall)shape->small) {
    case IR_SMALL_NONE:
        break;
    case IR_SMALL_NUMBER:
        g_string_append_printf(out, ".%u", op->c);
        break;
    case IR_SMALL_MEM:
        g_string_append_printf(out, ".%s%s%s%s", op->c & IR_MEM_ATOMIC ? "a" : "",
                               op->c & IR_MEM_WRITE ? "w" : "", op->c & IR_MEM_SIGN ? "s" : "",
                               size_names[op->c & IR_MEM_SIZE_MASK]);
        break;
    case IR_SMALL_CVT_ROUND:
        g_string_append_printf(out, ".%s.%s", name_of(cvt_table, op->c & 15),
                               name_of(round_table, op->c >> 4));
        break;
    default:
        g_string_append_printf(out, ".%s", name_of(small_tables[shape->small], op->c));
    }
}

static void print_ref(const IrRegion *r, IrRef ref, GString *out)
{
    if (ref == IR_NONE) {
        g_string_append_c(out, '_');
    } else if (ir_is_temp(ref)) {
        g_string_append_printf(out, "%%%d", ref - IR_TEMP0);
    } else if (ir_is_const(ref)) {
        int64_t value = ir_const_value(r, ref);
        bool near_zero = value > -65536 && value < 65536;

        g_string_append_printf(out, near_zero ? "#%" G_GINT64_FORMAT : "#0x%" G_GINT64_MODIFIER "x",
                               value);
    } else if (ref - IR_SLOT0 < (int)r->isa->slot_count) {
        g_string_append(out, r->isa->slots[ref - IR_SLOT0].name);
    } else {
        g_string_append_printf(out, "slot?%d", ref - IR_SLOT0);
    }
}

static void print_offset(const IrOp *op, bool comma, GString *out)
{
    bool negative = op->imm < 0;

    g_string_append_printf(out, "%s%c0x%" G_GINT64_MODIFIER "x", comma ? ", " : " ",
                           negative ? '-' : '+', negative ? -(uint64_t)op->imm : (uint64_t)op->imm);
}

static void print_op(const IrRegion *r, const IrOp *op, GString *out)
{
    const IrOpInfo *info = &ir_op_info[op->opc];
    const IrShapeInfo *shape = &ir_shapes[info->shape];
    unsigned inputs = ir_input_count(r, op), written = 0;

    g_string_append(out, info->name);
    if (has_many_types(shape)) {
        g_string_append_printf(out, ".%s", name_of(type_table, op->type));
    }
    print_small(op, shape, out);
    if (shape->large == IR_LARGE_HELPER) {
        bool known = (uint64_t)op->imm < r->isa->helper_count;

        g_string_append_printf(out, ".%s", known ? r->isa->helpers[op->imm].name : "?");
    }
    for (unsigned i = 0; i < info->outs + inputs; i++) {
        g_string_append(out, written++ ? ", " : " ");
        print_ref(r, i < info->outs ? op->out : op->in[i - info->outs], out);
    }
    bool access = info->shape == IR_SHAPE_LOAD || info->shape == IR_SHAPE_STORE;
    if (shape->large == IR_LARGE_OFFSET && !(access && op->imm == 0)) {
        print_offset(op, written > 0, out);
    }
    if (op->flags & IR_F_POLL) {
        g_string_append(out, " poll");
    }
}

void ir_print(const IrRegion *r, GString *out)
{
    for (uint32_t i = 0; i < r->op_count; i++) {
        print_op(r, &r->ops[i], out);
        g_string_append_c(out, '\n');
    }
}

/* --- parsing --- */

typedef struct Parser {
    IrRegion *region;
    const char *at;
    unsigned line;
    char *error; /* the first one */
} Parser;

static bool G_GNUC_PRINTF(2, 3) fail(Parser *p, const char *format, ...)
{
    va_list args;

    if (!p->error) {
        va_start(args, format);
        char *text = g_strdup_vprintf(format, args);
        va_end(args);
        p->error = g_strdup_printf("line %u: %s", p->line, text);
        g_free(text);
    }
    return false;
}

static void skip_blanks(Parser *p)
{
    while (*p->at == ' ' || *p->at == '\t') {
        p->at++;
    }
}

static bool is_word(char c)
{
    return g_ascii_isalnum(c) || c == '_';
}

/* Takes a word (letters, digits, _) off the input; empty if there is none. */
static size_t take_word(Parser *p, char *word, size_t size)
{
    size_t n = 0;

    while (is_word(*p->at) && n + 1 < size) {
        word[n++] = *p->at++;
    }
    word[n] = '\0';
    return n;
}

static bool take_char(Parser *p, char c)
{
    if (*p->at != c) {
        return false;
    }
    p->at++;
    return true;
}

static int find_name(NameTable table, const char *word)
{
    for (unsigned i = 0; i < table.count; i++) {
        if (table.names[i] && strcmp(table.names[i], word) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Takes `.word` and finds it in a table. */
static int take_suffix(Parser *p, NameTable table, const char *what)
{
    char word[32];
    int value;

    if (!take_char(p, '.') || !take_word(p, word, sizeof(word))) {
        fail(p, "%s expected", what);
        return -1;
    }
    value = find_name(table, word);
    if (value < 0) {
        fail(p, "'%s' is not a %s", word, what);
    }
    return value;
}

static bool take_number(Parser *p, int64_t *value)
{
    bool negative = take_char(p, '-');
    char *end;

    if (!g_ascii_isdigit(*p->at)) {
        return fail(p, "number expected");
    }
    errno = 0;
    uint64_t magnitude = strtoull(p->at, &end, 0);
    if (errno) {
        return fail(p, "number out of range");
    }
    p->at = end;
    *value = (int64_t)(negative ? -magnitude : magnitude);
    return true;
}

static int take_mem(Parser *p)
{
    static const struct {
        char letter;
        uint8_t flag;
    } flags[] = { { 'a', IR_MEM_ATOMIC }, { 'w', IR_MEM_WRITE }, { 's', IR_MEM_SIGN } };
    char word[16];
    const char *size = word;
    int mem = 0, log2;

    if (!take_char(p, '.') || !take_word(p, word, sizeof(word))) {
        fail(p, "memory access expected");
        return -1;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (*size == flags[i].letter) {
            mem |= flags[i].flag;
            size++;
        }
    }
    log2 = find_name(size_table, size);
    if (log2 < 0) {
        fail(p, "'%s' is not a memory access", word);
        return -1;
    }
    return mem | log2;
}

static bool parse_small(Parser *p, const IrShapeInfo *shape, IrOp *op)
{
    int64_t number = 0;
    int value = 0, rounding;

    switch ((IrSmall)shape->small) {
    case IR_SMALL_NONE:
        break;
    case IR_SMALL_NUMBER:
        if (!take_char(p, '.') || !take_number(p, &number)) {
            return fail(p, "small number expected");
        }
        if (number < 0 || number > shape->small_max) {
            return fail(p, "small number out of range");
        }
        value = (int)number;
        break;
    case IR_SMALL_MEM:
        value = take_mem(p);
        break;
    case IR_SMALL_CVT_ROUND:
        value = take_suffix(p, cvt_table, "integer kind");
        rounding = value < 0 ? 0 : take_suffix(p, round_table, "rounding mode");
        value = rounding < 0 ? -1 : value | rounding << 4;
        break;
    default:
        value = take_suffix(p, small_tables[shape->small], "kind of this op");
    }
    op->c = (uint8_t)value;
    return value >= 0;
}

static bool parse_helper(Parser *p, IrOp *op)
{
    const TcgIsa *isa = p->region->isa;
    char word[64];

    if (!take_char(p, '.') || !take_word(p, word, sizeof(word))) {
        return fail(p, "helper name expected");
    }
    for (unsigned i = 0; i < isa->helper_count; i++) {
        if (strcmp(isa->helpers[i].name, word) == 0) {
            op->imm = i;
            return true;
        }
    }
    return fail(p, "no helper is named '%s'", word);
}

static bool parse_temp(Parser *p, IrRef *ref)
{
    IrRegion *r = p->region;
    int64_t number;

    if (!take_number(p, &number)) {
        return false;
    }
    if (number < 0 || number >= IR_MAX_TEMPS) {
        return fail(p, "temporary number out of range");
    }
    while (r->temp_count <= number) {
        ir_temp(r, IR_I64);
    }
    *ref = (IrRef)(IR_TEMP0 + number);
    return true;
}

static bool parse_const(Parser *p, IrRef *ref)
{
    int64_t value;

    if (!take_number(p, &value)) {
        return false;
    }
    if (p->region->const_count == IR_MAX_CONSTS) {
        return fail(p, "too many constants");
    }
    *ref = ir_const(p->region, value);
    return true;
}

static bool parse_ref(Parser *p, IrRef *ref)
{
    const TcgIsa *isa = p->region->isa;
    char word[64];

    skip_blanks(p);
    if (take_char(p, '%')) {
        return parse_temp(p, ref);
    }
    if (take_char(p, '#')) {
        return parse_const(p, ref);
    }
    if (!take_word(p, word, sizeof(word))) {
        return fail(p, "operand expected");
    }
    *ref = IR_NONE;
    if (strcmp(word, "_") == 0) {
        return true;
    }
    for (unsigned i = 0; i < isa->slot_count; i++) {
        if (strcmp(isa->slots[i].name, word) == 0) {
            *ref = ir_slot(i);
            return true;
        }
    }
    return fail(p, "no slot is named '%s'", word);
}

static bool parse_operands(Parser *p, const IrOpInfo *info, IrOp *op)
{
    unsigned total = info->outs + ir_input_count(p->region, op);

    for (unsigned i = 0; i < total; i++) {
        skip_blanks(p);
        if (i > 0 && !take_char(p, ',')) {
            return fail(p, "',' expected: %s takes %u operands", info->name, total);
        }
        if (!parse_ref(p, i < info->outs ? &op->out : &op->in[i - info->outs])) {
            return false;
        }
    }
    if (ir_is_temp(op->out)) {
        IrType type = ir_operand_type(ir_shapes[info->shape].out, op->type);

        p->region->temp_types[op->out - IR_TEMP0] = type;
    }
    return true;
}

static bool parse_tail(Parser *p, const IrShapeInfo *shape, IrOp *op)
{
    char word[16];

    skip_blanks(p);
    if (shape->large == IR_LARGE_OFFSET && strchr(",+-", *p->at) && *p->at) {
        take_char(p, ',');
        skip_blanks(p);
        take_char(p, '+');
        if (!take_number(p, &op->imm)) {
            return false;
        }
        skip_blanks(p);
    }
    if (take_word(p, word, sizeof(word))) {
        if (strcmp(word, "poll") != 0) {
            return fail(p, "'%s' is not a flag", word);
        }
        op->flags |= IR_F_POLL;
        skip_blanks(p);
    }
    return *p->at == '\0' || *p->at == ';' || fail(p, "end of line expected at '%s'", p->at);
}

static bool parse_opcode(Parser *p, IrOp *op)
{
    char word[32];

    take_word(p, word, sizeof(word));
    for (unsigned i = 0; i < IR_OPCODE_COUNT; i++) {
        if (strcmp(ir_op_info[i].name, word) == 0) {
            op->opc = (uint8_t)i;
            return true;
        }
    }
    return fail(p, "'%s' is not an op", word);
}

static bool parse_line(Parser *p)
{
    IrOp op = { 0 };

    skip_blanks(p);
    if (*p->at == '\0' || *p->at == ';') {
        return true;
    }
    if (!parse_opcode(p, &op)) {
        return false;
    }
    const IrOpInfo *info = &ir_op_info[op.opc];
    const IrShapeInfo *shape = &ir_shapes[info->shape];
    op.type = (uint8_t)(__builtin_ffs(shape->types) - 1);
    if (has_many_types(shape)) {
        int type = take_suffix(p, type_table, "type");
        if (type < 0) {
            return false;
        }
        op.type = (uint8_t)type;
    }
    if (!parse_small(p, shape, &op) || (shape->large == IR_LARGE_HELPER && !parse_helper(p, &op)) ||
        !parse_operands(p, info, &op) || !parse_tail(p, shape, &op)) {
        return false;
    }
    *ir_append(p->region, op.opc, op.type, op.out, op.in[0], op.in[1]) = op;
    return true;
}

bool ir_parse(IrRegion *r, const char *text, char **error)
{
    Parser p = { .region = r };
    char **lines = g_strsplit(text, "\n", -1);

    for (unsigned i = 0; lines[i] && !p.error; i++) {
        p.line = i + 1;
        p.at = lines[i];
        parse_line(&p);
    }
    g_strfreev(lines);
    if (p.error) {
        *error = p.error;
        return false;
    }
    return true;
}
