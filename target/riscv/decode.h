/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From instruction bits to a row and its operands. A decoder knows the rows of one configuration;
 * it is constant once made, so that any number of threads may use it.
 */
#ifndef TARGET_RISCV_DECODE_H
#define TARGET_RISCV_DECODE_H

#include "insn.h"

enum { RV_MAX_EXCEPT = 3, RV_MAX_IMM_RUNS = 8 };

/* Operand (bits >> shift & mask) + bias. */
typedef struct RvRegField {
    uint8_t shift, mask, bias;
} RvRegField;

/* A row with its pattern taken apart. */
typedef struct RvEncoding {
    const RvInsn *insn;
    const RvInsn *base; /* insn, or the row that a compressed one stands for */
    uint8_t length;     /* in bytes */
    uint32_t mask, match;
    /* Encodings that mask and match allow but that are not this instruction. */
    struct {
        uint32_t mask, match;
    } except[RV_MAX_EXCEPT];
    uint8_t except_count;
    RvRegField rd, rs1, rs2, rs3, rm;
    /* The immediate: bits >> src & mask, shifted left by dst. */
    struct {
        uint8_t src, dst;
        uint32_t mask;
    } imm[RV_MAX_IMM_RUNS];
    uint8_t imm_count;
    uint8_t imm_sign; /* its number of bits if signed, else 0 */
} RvEncoding;

/* Rows of cfg's extensions and width; cfg is copied. */
RvDecoder *rv_decoder_new(const RvConfig *cfg);
void rv_decoder_free(RvDecoder *d);
const RvConfig *rv_decoder_config(const RvDecoder *d);

/* Length in bytes of the instruction that starts with these 16 bits. */
unsigned rv_insn_length(uint16_t parcel);

/* False: no row has these bits, which are illegal. A 16-bit instruction is zero extended. */
bool rv_decode(const RvDecoder *d, uint32_t bits, RvArgs *args);

/* For tests and generators of programs: the rows as encodings, in no particular order. */
const RvEncoding *rv_decoder_encodings(const RvDecoder *d, unsigned *count);
/* Are these bits that row's? */
bool rv_encoding_matches(const RvEncoding *e, uint32_t bits);

/* Every row of every configuration: calls fn for each. */
void rv_insn_foreach(void (*fn)(const RvInsn *insn, void *opaque), void *opaque);

#endif
