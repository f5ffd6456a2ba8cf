/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instruction rows. insn_<extension>.c holds an extension's translate functions followed by its
 * rows; decode.c turns the rows of a configuration into a decoder, disas.c prints with them.
 *
 * A pattern is the encoding as the specification draws it, most significant bit first: 0 and 1 are
 * fixed, `-` is ignored, letters are operands:
 *
 *   d s t u   registers rd, rs1, rs2, rs3; three letters: the x8..x15 (f8..f15) of compressed forms
 *   i         immediate; which bit is which says the format
 *   m         rounding mode; the encodings 5 and 6 are reserved
 *
 * After 16 or 32 bits may follow `d=2` (an operand that has no bits: a number, or another register
 * letter) and `d!=2` (encodings that are not this instruction).
 */
#ifndef TARGET_RISCV_INSN_H
#define TARGET_RISCV_INSN_H

#include "isa.h"

typedef struct RvInsn RvInsn;
typedef struct RvTr RvTr;

/* What an instruction's operands are: how it is written and where the immediate's bits are. */
typedef enum RvFormat {
    FMT_NONE,
    FMT_R,      /* d, s, t */
    FMT_R1,     /* d, s */
    FMT_I,      /* d, s, imm */
    FMT_SHIFT,  /* d, s, shamt */
    FMT_SHIFT5, /* likewise, 5 bits */
    FMT_LOAD,   /* d, imm(s) */
    FMT_STORE,  /* t, imm(s) */
    FMT_BRANCH, /* s, t, target */
    FMT_U,      /* d, imm */
    FMT_JAL,    /* d, target */
    FMT_CSR,    /* d, csr, s */
    FMT_CSRI,   /* d, csr, number in the bits of s */
    FMT_FENCE,  /* predecessor, successor */
    FMT_SFENCE, /* s, t */
    FMT_AMO,    /* d, t, (s) */
    FMT_LR,     /* d, (s) */
    FMT_FLOAD,  /* as LOAD, STORE, R, R1, with FP registers... */
    FMT_FSTORE,
    FMT_FR,
    FMT_FRM, /* ... and a rounding mode */
    FMT_FR1,
    FMT_FR1M,
    FMT_FR4M,
    FMT_FCMP, /* integer from FP, FP */
    FMT_F2X,  /* integer from FP */
    FMT_F2XM,
    FMT_X2F, /* FP from integer */
    FMT_X2FM,
    /* Compressed: immediates only; written as what they stand for. */
    FMT_CIW,
    FMT_CL_W,
    FMT_CL_D,
    FMT_CI,
    FMT_CI_U,
    FMT_CI_U5,
    FMT_CI_LUI,
    FMT_CI_16SP,
    FMT_CI_LWSP,
    FMT_CI_LDSP,
    FMT_CSS_W,
    FMT_CSS_D,
    FMT_CJ,
    FMT_CB,
    RV_FORMAT_COUNT
} RvFormat;

typedef struct RvFormatInfo {
    /* Operands: d s t u registers (capitals: FP), i immediate, h immediate >> 12, p pc-relative
     * target, c CSR, z number in the bits of rs1, m rounding mode, f fence sets; the rest as is. */
    const char *syntax;
    const char *imm; /* bit numbers from the left, `s` first if signed: "s12 10:5 4:1 11" */
} RvFormatInfo;
extern const RvFormatInfo rv_formats[RV_FORMAT_COUNT];

/* One decoded instruction. */
typedef struct RvArgs {
    const RvInsn *insn; /* its row; of a compressed one, the row it stands for */
    uint32_t bits;      /* 16-bit ones zero extended */
    uint8_t length;     /* in bytes */
    uint8_t rd, rs1, rs2, rs3, rm;
    int64_t imm;
} RvArgs;

/* Emits the instruction's IR (translate.h). Decoding has made sure that the encoding is legal. */
typedef void RvTranslateFn(RvTr *t, const RvArgs *a);

enum { RV_XL32 = 1, RV_XL64 = 2, RV_XL_ANY = RV_XL32 | RV_XL64 };

struct RvInsn {
    const char *name;
    const char *pattern;
    RvFormat format;
    RvTranslateFn *translate;
    unsigned ext; /* RvExt */
    unsigned xlens;
    unsigned op;         /* which of its instructions a shared translate function is to do */
    const char *expands; /* compressed: name of the 32-bit row it stands for; then no translate */
};

typedef struct RvInsnTable {
    const RvInsn *rows;
    unsigned count;
} RvInsnTable;

#define RV_INSN_TABLE(array)                                                                       \
    {                                                                                              \
        array, sizeof(array) / sizeof(array[0])                                                    \
    }

/* All tables: rv_insns_<name> of insn_<name>.c (f and d: insn_fp.c). */
#define RV_INSN_TABLES(T) T(i) T(system) T(m) T(a) T(f) T(d) T(c) T(zb)
#define T(name)           extern const RvInsnTable rv_insns_##name;
RV_INSN_TABLES(T)
#undef T

#endif
