/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt and other signal lines.
 *
 * A line belongs to its sink: `fn(opaque, n, level)` runs when the level changes. A source holds a
 * pointer to the line it drives; NULL is an unconnected pin. Several sources on one line need a
 * gate (irq_or). Device lock held, but where a sink says its lines are lock-free.
 */
#ifndef HW_CORE_IRQ_H
#define HW_CORE_IRQ_H

#include <stdbool.h>
#include <stddef.h>

typedef void (*IrqFn)(void *opaque, int n, int level);

typedef struct IrqLine {
    IrqFn fn;
    void *opaque;
    int n;
    int level; /* last level set */
} IrqLine;

/* A line of the sink, low; it lives as long as the sink. */
void irq_init(IrqLine *line, IrqFn fn, void *opaque, int n);

/* Drives the line; the sink hears of changes only. NULL is allowed. */
void irq_set(IrqLine *line, int level);

static inline void irq_raise(IrqLine *line)
{
    irq_set(line, 1);
}
static inline void irq_lower(IrqLine *line)
{
    irq_set(line, 0);
}
static inline void irq_pulse(IrqLine *line)
{
    irq_set(line, 1);
    irq_set(line, 0);
}

/* The line's level; 0 for NULL. */
static inline int irq_level(const IrqLine *line)
{
    return line ? line->level : 0;
}

/* Drives @out with the OR of @n inputs. */
typedef struct IrqOr {
    IrqLine *inputs;
    unsigned n;
    unsigned high; /* inputs that are high */
    IrqLine *out;
} IrqOr;

/* @out is borrowed, NULL is allowed. Sources drive gate->inputs[]; free it after them. */
IrqOr *irq_or_new(unsigned n, IrqLine *out);
void irq_or_free(IrqOr *gate);

#endif
