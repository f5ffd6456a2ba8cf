/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment under construction: random instructions in units. A unit is what a jump may go to and
 * what minimising replaces by nops as a whole: one instruction, or a few that only work together.
 */
#ifndef FUZZ_SEGMENT_H
#define FUZZ_SEGMENT_H

#include <glib.h>
#include "encode.h"
#include "guest/program.h"

enum { SEGMENT_BASES = 3, SEGMENT_LINKS = 2, SEGMENT_HOT = 5 };

typedef struct SegmentUnit {
    unsigned offset, length;
} SegmentUnit;

typedef struct Segment {
    const Encoder *enc;
    Rng rng;
    bool reference; /* only what the reference emulator does right */
    bool one_asid;  /* the address space keeps its number, so that fences may name it */
    uint64_t base;  /* physical address of code[0] */
    uint8_t code[FUZZ_SLOT];
    unsigned size;
    GArray *units;  /* SegmentUnit */
    GArray *fixups; /* private to segment.c */
    /*
     * Registers with a part to play. Only units of their own write the counter, which ends loops,
     * and the bases, which hold addresses of the data area. Links are the only ones that get
     * addresses of code, and take no part in calculations: no store finds the code by chance. Hot
     * ones are most operands, so that instructions use each other's results.
     */
    unsigned counter, bases[SEGMENT_BASES], links[SEGMENT_LINKS], hot[SEGMENT_HOT];
    FuzzSegment *state;
} Segment;

/* Makes the segment of a seed in the slot at `slot`: code and start state. */
void segment_make(Segment *s, const Encoder *enc, uint64_t seed, unsigned units, bool reference,
                  uint64_t slot, FuzzSegment *state);
void segment_free(Segment *s);
/* Replaces units first to last by nops. */
void segment_clear_units(Segment *s, unsigned first, unsigned last);

/* --- for units.c --- */

void segment_emit(Segment *s, const RvEncoding *e, uint32_t bits);
void segment_emit_raw(Segment *s, uint32_t bits, unsigned length);
/* encoder_make() of an instruction with these operands. */
void segment_put(Segment *s, const char *name, unsigned rd, unsigned rs1, unsigned rs2,
                 int64_t imm);
/* rd = a constant out of the pool behind the code */
void segment_literal(Segment *s, unsigned rd, uint64_t value);
/* Link register = address of the unit that many units after this one, plus addend */
void segment_address(Segment *s, unsigned link, unsigned units_on, int addend);
/* A branch whose target is a later unit. */
void segment_branch(Segment *s, const RvEncoding *e, uint32_t bits, unsigned units_on);
/* An address of the data area, in one of the places where it can be seen. */
uint64_t segment_data_address(Segment *s);
/* An entry for one of the data area's pages, as FuzzSegment.pte has it. */
uint16_t segment_make_pte(Segment *s, unsigned alias, unsigned page);
/* A register, not 0, that units may use as they like: often a hot one. */
unsigned segment_free_register(Segment *s);
bool segment_is_base(const Segment *s, unsigned reg);
bool segment_is_link(const Segment *s, unsigned reg);
/* May a random instruction write it? */
bool segment_is_free(const Segment *s, unsigned reg);

/* --- units.c --- */

/* Appends one unit's instructions; what it emits is at least one instruction. */
void unit_append(Segment *s);

#endif
