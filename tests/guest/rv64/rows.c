/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists the instruction rows of every configuration, one name a line: what must have a guest test.
 */
#include <stdio.h>
#include "../../../target/riscv/decode.h"

static void print_row(const RvInsn *insn, void *opaque)
{
    unsigned xlen = *(unsigned *)opaque;

    if (insn->xlens & xlen) {
        puts(insn->name);
    }
}

int main(int argc, char **argv)
{
    unsigned xlen = argc > 1 && argv[1][0] == '3' ? RV_XL32 : RV_XL64;

    rv_insn_foreach(print_row, &xlen);
    return 0;
}
