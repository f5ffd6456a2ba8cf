/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the mnemonic of every 64-bit RISC-V instruction row, for tests/guest/coverage. */
#include "../../target/riscv/decode.h"
#include <stdio.h>

static void print_row(const RvInsn *insn, void *opaque)
{
    if (insn->xlens & RV_XL64) {
        puts(insn->name);
    }
}

int main(void)
{
    rv_insn_foreach(print_row, NULL);
    return 0;
}
