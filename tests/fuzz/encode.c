/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <glib.h>
#include "../../target/riscv/state.h"
#include "encode.h"
#include "system/machine.h"

struct Encoder {
    RvDecoder *decoder;
    const RvEncoding *rows;
    unsigned count;
};

Encoder *encoder_new(const char *model)
{
    Machine *machine = machine_new("none", NULL);
    Error err = { 0 };
    VCpu *cpu = rv_cpu_new(machine, model, 0, &err);
    Encoder *enc = NULL;

    if (cpu) {
        enc = g_new0(Encoder, 1);
        enc->decoder = rv_decoder_new(&((RvCpu *)cpu)->cfg);
        enc->rows = rv_decoder_encodings(enc->decoder, &enc->count);
        obj_unref(&cpu->dev.obj);
    } else {
        fprintf(stderr, "gen_stream: %s\n", error_msg(&err));
    }
    error_clear(&err);
    machine_free(machine);
    return enc;
}

void encoder_free(Encoder *enc)
{
    rv_decoder_free(enc->decoder);
    g_free(enc);
}

const RvDecoder *encoder_decoder(const Encoder *enc)
{
    return enc->decoder;
}

const RvEncoding *encoder_pick(const Encoder *enc, Rng *rng)
{
    return &enc->rows[rng_below(rng, enc->count)];
}

const RvEncoding *encoder_row(const Encoder *enc, const char *name)
{
    for (unsigned i = 0; i < enc->count; i++) {
        if (strcmp(enc->rows[i].insn->name, name) == 0) {
            return &enc->rows[i];
        }
    }
    return NULL;
}

InsnKind encoding_kind(const RvEncoding *e)
{
    static const struct {
        const char *name;
        InsnKind kind;
    } special[] = {
        { "jalr", KIND_JALR },
        { "mret", KIND_RETURN },
        { "sret", KIND_RETURN },
        { "wfi", KIND_WAIT },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(special); i++) {
        if (strcmp(e->base->name, special[i].name) == 0) {
            return special[i].kind;
        }
    }
    switch (e->base->format) {
    case FMT_LOAD:
    case FMT_STORE:
    case FMT_FLOAD:
    case FMT_FSTORE:
    case FMT_AMO:
    case FMT_LR:
        return KIND_MEMORY;
    case FMT_BRANCH:
    case FMT_JAL:
        return KIND_BRANCH;
    case FMT_CSR:
    case FMT_CSRI:
        return KIND_CSR;
    default:
        return KIND_PLAIN;
    }
}

bool encoding_writes_x(const RvEncoding *e)
{
    return strchr(rv_formats[e->base->format].syntax, 'd') != NULL;
}

bool encoder_is_row(const Encoder *enc, const RvEncoding *e, uint32_t bits)
{
    RvArgs args;

    return rv_encoding_matches(e, bits) && rv_decode(enc->decoder, bits, &args) &&
           args.insn == e->base;
}

bool encoder_random(const Encoder *enc, Rng *rng, const RvEncoding *e, uint32_t *bits)
{
    uint32_t field = e->length == 4 ? UINT32_MAX : UINT16_MAX;

    for (unsigned attempt = 0; attempt < 16; attempt++) {
        *bits = e->match | ((uint32_t)rng_next(rng) & ~e->mask & field);
        if (encoder_is_row(enc, e, *bits)) {
            return true;
        }
    }
    return false;
}

bool encoder_set_reg(const RvEncoding *e, const RvRegField *field, unsigned reg, uint32_t *bits)
{
    unsigned value = reg - field->bias;
    uint32_t changed = (*bits & ~((uint32_t)field->mask << field->shift)) | value << field->shift;

    if (reg < field->bias || value > field->mask || !rv_encoding_matches(e, changed)) {
        return false;
    }
    *bits = changed;
    return true;
}

bool encoder_set_imm(const RvEncoding *e, int64_t imm, uint32_t *bits)
{
    uint32_t changed = *bits;
    uint64_t back = 0;
    unsigned unused = e->imm_sign ? 64u - e->imm_sign : 0;

    for (unsigned i = 0; i < e->imm_count; i++) {
        uint32_t run = (uint32_t)((uint64_t)imm >> e->imm[i].dst) & e->imm[i].mask;

        changed = (changed & ~(e->imm[i].mask << e->imm[i].src)) | run << e->imm[i].src;
        back |= (uint64_t)run << e->imm[i].dst;
    }
    if ((int64_t)(back << unused) >> unused != imm || !rv_encoding_matches(e, changed)) {
        return false;
    }
    *bits = changed;
    return true;
}

uint32_t encoder_make(const Encoder *enc, const char *name, unsigned rd, unsigned rs1, unsigned rs2,
                      int64_t imm)
{
    const RvEncoding *e = encoder_row(enc, name);
    assert(e);
    const struct {
        const RvRegField *field;
        unsigned reg;
    } regs[] = { { &e->rd, rd }, { &e->rs1, rs1 }, { &e->rs2, rs2 } };
    uint32_t bits = e->match;

    for (unsigned i = 0; i < G_N_ELEMENTS(regs); i++) {
        bool ok = !regs[i].field->mask || encoder_set_reg(e, regs[i].field, regs[i].reg, &bits);
        assert(ok);
    }
    bool ok = !e->imm_count || encoder_set_imm(e, imm, &bits);
    assert(ok);
    return bits;
}
