/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of translated code that belong to no other file.
 */
#include "state.h"

uint64_t rv_helper_check_target(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    if (a & 2) {
        rv_raise(rv_cpu_of(state), RV_CAUSE_FETCH_MISALIGNED, a);
    }
    return 0;
}

uint64_t rv_helper_fs_dirty(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    enum { FS_DIRTY = 3 << 13 };
    RvCpu *cpu = rv_cpu_of(state);

    cpu->state->mstatus |= FS_DIRTY;
    rv_update_flags(cpu);
    return 0;
}
