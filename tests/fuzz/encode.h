/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a decoder's row and operands to instruction bits: what the decoder does, backwards. */
#ifndef FUZZ_ENCODE_H
#define FUZZ_ENCODE_H

#include "../../target/riscv/decode.h"
#include "rng.h"

/* What a generator has to know of an instruction beyond its operands. */
typedef enum InsnKind {
    KIND_PLAIN,
    KIND_MEMORY, /* rs1 is an address */
    KIND_BRANCH, /* to pc + immediate, jal included */
    KIND_JALR,
    KIND_CSR,
    KIND_RETURN, /* mret, sret */
    KIND_WAIT,   /* does not end by itself */
} InsnKind;

typedef struct Encoder Encoder;

/* The rows of `-cpu MODEL` at that width; NULL and a message printed if there is no such model. */
Encoder *encoder_new(const char *model);
void encoder_free(Encoder *enc);
const RvDecoder *encoder_decoder(const Encoder *enc);

/* A row: any, or by its name (the first of that name; NULL if the configuration lacks it). */
const RvEncoding *encoder_pick(const Encoder *enc, Rng *rng);
const RvEncoding *encoder_row(const Encoder *enc, const char *name);
InsnKind encoding_kind(const RvEncoding *e);
/* Is the destination an integer register? */
bool encoding_writes_x(const RvEncoding *e);

/* An instruction of the row with random operands; false if none was found in a few attempts. */
bool encoder_random(const Encoder *enc, Rng *rng, const RvEncoding *e, uint32_t *bits);
/* Change one operand; false, bits unchanged, if the encoding has no such value. */
bool encoder_set_reg(const RvEncoding *e, const RvRegField *field, unsigned reg, uint32_t *bits);
bool encoder_set_imm(const RvEncoding *e, int64_t imm, uint32_t *bits);
/* Are these bits still this row's? */
bool encoder_is_row(const Encoder *enc, const RvEncoding *e, uint32_t bits);

/* The instruction of that name with these operands, which must fit: for code that is not random.
 * Operands that it does not have are ignored. */
uint32_t encoder_make(const Encoder *enc, const char *name, unsigned rd, unsigned rs1, unsigned rs2,
                      int64_t imm);

#endif
