/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zca and Zcd, unprivileged specification chapter "C". Each row stands for a 32-bit instruction:
 * its operands are that one's, and so is its translation.
 */
#include "insn.h"

enum { C = RV_EXT_zca, CD = RV_EXT_zcd, ANY = RV_XL_ANY, X32 = RV_XL32, X64 = RV_XL64 };
#define AS(name)   NULL, C, ANY, 0, name
#define AS32(name) NULL, C, X32, 0, name
#define AS64(name) NULL, C, X64, 0, name
#define AS_D(name) NULL, CD, ANY, 0, name

/* clang-format off */
static const RvInsn rows[] = {
    /* quadrant 0 */
    { "c.addi4spn", "000 iiiiiiii ddd 00 s=2 i!=0", FMT_CIW,  AS("addi") },
    { "c.fld",      "001 iii sss ii ddd 00",        FMT_CL_D, AS_D("fld") },
    { "c.lw",       "010 iii sss ii ddd 00",        FMT_CL_W, AS("lw") },
    { "c.ld",       "011 iii sss ii ddd 00",        FMT_CL_D, AS64("ld") },
    { "c.fsd",      "101 iii sss ii ttt 00",        FMT_CL_D, AS_D("fsd") },
    { "c.sw",       "110 iii sss ii ttt 00",        FMT_CL_W, AS("sw") },
    { "c.sd",       "111 iii sss ii ttt 00",        FMT_CL_D, AS64("sd") },
    /* quadrant 1: encodings whose result goes to x0 are hints */
    { "c.addi",     "000 i ddddd iiiii 01 s=d",          FMT_CI,      AS("addi") },
    { "c.jal",      "001 iiiiiiiiiii 01 d=1",            FMT_CJ,      AS32("jal") },
    { "c.addiw",    "001 i ddddd iiiii 01 s=d d!=0",     FMT_CI,      AS64("addiw") },
    { "c.li",       "010 i ddddd iiiii 01 s=0",          FMT_CI,      AS("addi") },
    { "c.addi16sp", "011 i 00010 iiiii 01 d=2 s=2 i!=0", FMT_CI_16SP, AS("addi") },
    { "c.lui",      "011 i ddddd iiiii 01 d!=2 i!=0",    FMT_CI_LUI,  AS("lui") },
    { "c.srli",     "100 0 00 ddd iiiii 01 s=d",         FMT_CI_U5,   AS32("srli") },
    { "c.srai",     "100 0 01 ddd iiiii 01 s=d",         FMT_CI_U5,   AS32("srai") },
    { "c.srli",     "100 i 00 ddd iiiii 01 s=d",         FMT_CI_U,    AS64("srli") },
    { "c.srai",     "100 i 01 ddd iiiii 01 s=d",         FMT_CI_U,    AS64("srai") },
    { "c.andi",     "100 i 10 ddd iiiii 01 s=d",         FMT_CI,      AS("andi") },
    { "c.sub",      "100 0 11 ddd 00 ttt 01 s=d",        FMT_NONE,    AS("sub") },
    { "c.xor",      "100 0 11 ddd 01 ttt 01 s=d",        FMT_NONE,    AS("xor") },
    { "c.or",       "100 0 11 ddd 10 ttt 01 s=d",        FMT_NONE,    AS("or") },
    { "c.and",      "100 0 11 ddd 11 ttt 01 s=d",        FMT_NONE,    AS("and") },
    { "c.subw",     "100 1 11 ddd 00 ttt 01 s=d",        FMT_NONE,    AS64("subw") },
    { "c.addw",     "100 1 11 ddd 01 ttt 01 s=d",        FMT_NONE,    AS64("addw") },
    { "c.j",        "101 iiiiiiiiiii 01 d=0",            FMT_CJ,      AS("jal") },
    { "c.beqz",     "110 iii sss iiiii 01 t=0",          FMT_CB,      AS("beq") },
    { "c.bnez",     "111 iii sss iiiii 01 t=0",          FMT_CB,      AS("bne") },
    /* quadrant 2 */
    { "c.slli",   "000 0 ddddd iiiii 10 s=d",      FMT_CI_U5,   AS32("slli") },
    { "c.slli",   "000 i ddddd iiiii 10 s=d",      FMT_CI_U,    AS64("slli") },
    { "c.fldsp",  "001 i ddddd iiiii 10 s=2",      FMT_CI_LDSP, AS_D("fld") },
    { "c.lwsp",   "010 i ddddd iiiii 10 s=2 d!=0", FMT_CI_LWSP, AS("lw") },
    { "c.ldsp",   "011 i ddddd iiiii 10 s=2 d!=0", FMT_CI_LDSP, AS64("ld") },
    { "c.jr",     "100 0 sssss 00000 10 d=0 s!=0", FMT_NONE,    AS("jalr") },
    { "c.mv",     "100 0 ddddd ttttt 10 s=0 t!=0", FMT_NONE,    AS("add") },
    { "c.ebreak", "100 1 00000 00000 10",          FMT_NONE,    AS("ebreak") },
    { "c.jalr",   "100 1 sssss 00000 10 d=1 s!=0", FMT_NONE,    AS("jalr") },
    { "c.add",    "100 1 ddddd ttttt 10 s=d t!=0", FMT_NONE,    AS("add") },
    { "c.fsdsp",  "101 iiiiii ttttt 10 s=2",       FMT_CSS_D,   AS_D("fsd") },
    { "c.swsp",   "110 iiiiii ttttt 10 s=2",       FMT_CSS_W,   AS("sw") },
    { "c.sdsp",   "111 iiiiii ttttt 10 s=2",       FMT_CSS_D,   AS64("sd") },
};
/* clang-format on */

const RvInsnTable rv_insns_c = RV_INSN_TABLE(rows);
