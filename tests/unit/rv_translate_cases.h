/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RV_TRANSLATE_CASES_H
#define RV_TRANSLATE_CASES_H

#include "../../target/riscv/isa.h"

typedef struct RvTranslateCase {
    const char *name;
    const char *code;   /* 16- and 32-bit units in hexadecimal, as the specification writes them */
    const char *ir;     /* `*`: any text, for numbers that belong to other parts */
    uint32_t start;     /* page offset; 0: 0x100 */
    uint32_t flags;     /* state word */
    unsigned max_insns; /* 0: many */
    bool no_compressed;
    unsigned xlen; /* 0: 64 */
} RvTranslateCase;

extern const RvTranslateCase rv_translate_cases[];
extern const unsigned rv_translate_case_count;

#endif
