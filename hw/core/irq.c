/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/irq.h"

#include <assert.h>
#include <glib.h>

void irq_init(IrqLine *line, IrqFn fn, void *opaque, int n)
{
    *line = (IrqLine) { .fn = fn, .opaque = opaque, .n = n };
}

void irq_set(IrqLine *line, int level)
{
    level = level != 0;
    if (line && line->level != level) {
        line->level = level;
        line->fn(line->opaque, line->n, level);
    }
}

static void or_input(void *opaque, int n, int level)
{
    IrqOr *gate = opaque;
    gate->high += level ? 1u : -1u;
    assert(gate->high <= gate->n);
    irq_set(gate->out, gate->high != 0);
}

IrqOr *irq_or_new(unsigned n, IrqLine *out)
{
    IrqOr *gate = g_new0(IrqOr, 1);
    gate->inputs = g_new0(IrqLine, n);
    gate->n = n;
    gate->out = out;
    for (unsigned i = 0; i < n; i++) {
        irq_init(&gate->inputs[i], or_input, gate, (int)i);
    }
    return gate;
}

void irq_or_free(IrqOr *gate)
{
    if (gate) {
        g_free(gate->inputs);
        g_free(gate);
    }
}
