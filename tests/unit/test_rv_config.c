/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RISC-V CPU models: properties, what extensions need, names for guests, and saved state. */

#include <string.h>
#include "rv_hart.h"
#include "tcg/fp_status.h"

/* Creates a CPU; the error's text, or "" when it worked and *isa has its ISA string. */
static char *try_model(const char *model, char **isa)
{
    Machine *machine = machine_new("none", NULL);
    Error err = { 0 };
    VCpu *cpu = rv_cpu_new(machine, model, 0, &err);
    char *text = g_strdup(error_msg(&err));

    g_assert_cmpint(cpu != NULL, ==, *text == '\0');
    if (cpu) {
        *isa = rv_cpu_isa_string(cpu);
        obj_unref(&cpu->dev.obj);
    }
    error_clear(&err);
    machine_free(machine);
    return text;
}

static bool has_word(const char *isa, const char *name)
{
    g_auto(GStrv) words = g_strsplit(isa, "_", -1);

    return g_strv_contains((const char *const *)words, name);
}

static void test_strings(void)
{
    Machine *machine = machine_new("none", NULL);
    VCpu *cpu = rv_cpu_new(machine, "rv64", 3, NULL);
    g_auto(GStrv) names = rv_cpu_isa_extensions(cpu);
    g_autofree char *isa = rv_cpu_isa_string(cpu);
    GString *joined = g_string_new("rv64");

    g_assert_true(g_str_has_prefix(isa, "rv64imafdc_ziccamoa_"));
    for (char **name = names; *name; name++) {
        g_string_append_printf(joined, "%s%s", strlen(*name) > 1 ? "_" : "", *name);
    }
    g_assert_cmpstr(joined->str, ==, isa);
    g_string_free(joined, TRUE);
    g_assert_cmpstr(rv_cpu_isa_base(cpu), ==, "rv64i");
    g_assert_cmpstr(rv_cpu_mmu_type(cpu), ==, "riscv,sv57");
    g_assert_cmpuint(rv_cpu_xlen(cpu), ==, 64);
    g_assert_cmpuint(rv_cpu_hartid(cpu), ==, 3);
    g_assert_true(has_word(isa, "zicntr") && has_word(isa, "sstc") && has_word(isa, "zba"));
    g_assert_false(has_word(isa, "s") || has_word(isa, "svade") || has_word(isa, "b"));
    obj_unref(&cpu->dev.obj);
    machine_free(machine);
}

/* Names that must and must not be in the ISA string of a model. */
static void test_needs(void)
{
    static const struct {
        const char *model, *in, *out;
    } cases[] = {
        { "rv64", "zmmul zaamo zalrsc zca zcd", "b svade" },
        { "max", "zmmul zaamo zalrsc zca zcd svadu", "svade" },
        { "rv64,m=off", "zaamo", "zmmul" },
        { "rv64,m=off,zmmul=on", "zmmul", "" },
        { "rv64,f=off", "zca", "zcd" },
        { "rv64,d=off", "zca", "zcd" },
        { "rv64,c=off", "", "zca zcd" },
        { "rv64,c=off,zca=on", "zca", "zcd" },
        { "rv64,a=off", "zicclsm", "zaamo zalrsc ziccamoa za64rs ziccrse" },
        { "rv64,a=off,zalrsc=on", "zalrsc za64rs", "zaamo ziccamoa" },
        { "rv64,zba=off,b=off", "zbb zbs", "zba" },
        { "max,zba=off", "zbb zbs", "zba" },
        { "rv64,zba=off,zbb=off,zbs=off", "", "zba zbb zbs" },
        { "rv64,s=off", "zicntr", "sstc svadu ssccptr ssu64xl sstvala" },
        { "rv64,u=off", "", "sstc svadu" },
        { "rv64,zihpm=off", "", "zihpm sscounterenw" },
        { "rv64,svade=on", "svade svadu", "" },
        { "rv64,v=off,h=off", "zba", "" },
        { "rv64,priv_spec=v1.12.0", "zba", "" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *isa = NULL;
        g_autofree char *text = try_model(cases[i].model, &isa);
        g_auto(GStrv) in = g_strsplit(cases[i].in, " ", -1);
        g_auto(GStrv) out = g_strsplit(cases[i].out, " ", -1);

        g_assert_cmpstr(text, ==, "");
        for (char **name = in; *name; name++) {
            g_assert_true(has_word(isa, *name));
        }
        for (char **name = out; *name; name++) {
            g_assert_false(has_word(isa, *name));
        }
    }
}

static void test_refusals(void)
{
    static const struct {
        const char *model, *text;
    } cases[] = {
        { "rv65", "unable to find CPU model 'rv65'" },
        { "", "unable to find CPU model ''" },
        { "rv64,zba", "CPU property 'zba' is not written as name=value" },
        { "rv64,=on", "CPU property '=on' is not written as name=value" },
        { "rv64,v=on", "extension 'v' is not supported by Peregrine yet" },
        { "max,h=true", "extension 'h' is not supported by Peregrine yet" },
        { "rv64,zbc=on", "extension 'zbc' is not supported by Peregrine yet" },
        { "rv64,d=on,f=off", "extension 'd' needs 'f', which was turned off" },
        { "rv64,zcd=on,f=off", "extension 'zcd' needs 'f', which was turned off" },
        { "rv64,b=on,zbs=off", "extension 'b' needs 'zbs', which was turned off" },
        { "rv64,s=on,u=off", "extension 's' needs 'u', which was turned off" },
        { "rv64,zcd=off", "extension 'c' together with 'd' needs 'zcd', which was turned off" },
        { "rv64,i=off", "extension 'i' cannot be turned off: every RISC-V CPU here needs it" },
        { "rv64,priv_spec=v1.10.0", "priv_spec 'v1.10.0' is not supported by Peregrine yet" },
        { "rv64,sv48=on,sv39=off", "'sv48' needs 'sv39', which was turned off" },
        { "rv64,sv48=on,mmu=off", "'sv48' needs 'mmu', which was turned off" },
        { "rv64,sv48=on,s=off", "'sv48' needs 's', which was turned off" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *isa = NULL;
        g_autofree char *text = try_model(cases[i].model, &isa);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
    /* Values and names are qom's to check. */
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *isa = NULL;
        g_autofree char *text = try_model(i ? "rv64,zba=maybe" : "rv64,zbx=on", &isa);

        g_assert_cmpstr(text, !=, "");
    }
}

static void test_schemes(void)
{
    static const struct {
        const char *model, *mmu_type;
    } cases[] = {
        { "rv64", "riscv,sv57" },          { "rv64,sv57=off", "riscv,sv48" },
        { "rv64,sv48=off", "riscv,sv39" }, { "rv64,sv39=off", NULL },
        { "rv64,sv39=on", "riscv,sv39" },  { "rv64,sv48=on,sv57=off", "riscv,sv48" },
        { "rv64,mmu=off", NULL },          { "rv64,s=off", NULL },
    };
    Machine *machine = machine_new("none", NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        VCpu *cpu = rv_cpu_new(machine, cases[i].model, 0, NULL);

        g_assert_nonnull(cpu);
        g_assert_cmpstr(rv_cpu_mmu_type(cpu), ==, cases[i].mmu_type);
        obj_unref(&cpu->dev.obj);
    }
    machine_free(machine);
}

static void test_ids(void)
{
    Hart *h = hart_new("rv64,mvendorid=0x5b7,marchid=0x8000000000000012,mimpid=7");

    g_assert_cmphex(hart_csr(h, 0xf11), ==, 0x5b7);
    g_assert_cmphex(hart_csr(h, 0xf12), ==, 0x8000000000000012);
    g_assert_cmphex(hart_csr(h, 0xf13), ==, 7);
    hart_free(h);
    h = hart_new("max");
    g_assert_cmphex(hart_csr(h, 0x301), ==, 0x800000000014112f);
    hart_free(h);
}

/* Svadu alone updates A and D from reset on; with Svade as well, only when asked to. */
static void test_reset(void)
{
    Hart *h = hart_new("rv64");

    g_assert_cmphex(h->s->tcg.pc, ==, 0x1000);
    g_assert_cmphex(hart_csr(h, 0x30a), ==, MENVCFG_ADUE);
    g_assert_cmphex(hart_csr(h, 0x300), ==, 0xa00000000);
    hart_set_csr(h, 0x305, 0x80000000);
    h->s->tcg.ireg[5] = 1;
    hart_enter(h, RV_U);
    hart_reset(h);
    g_assert_cmpuint(h->s->priv, ==, RV_M);
    g_assert_cmphex(hart_csr(h, 0x305) | h->s->tcg.ireg[5], ==, 0);
    hart_free(h);
    h = hart_new("rv64,svade=on");
    g_assert_cmphex(hart_csr(h, 0x30a), ==, 0);
    hart_free(h);
    h = hart_new("rv64,svadu=off");
    hart_set_csr(h, 0x30a, UINT64_MAX);
    g_assert_cmphex(hart_csr(h, 0x30a) & MENVCFG_ADUE, ==, 0);
    hart_free(h);
}

static void scramble(Hart *h)
{
    for (unsigned i = 1; i < 32; i++) {
        h->s->tcg.ireg[i] = i * 0x0101010101010101;
        h->s->tcg.freg[i] = i * 0x1010101010101010;
    }
    h->s->tcg.pc = 0x80000444;
    h->s->mstatus |= MSTATUS_FS;
    hart_set_csr(h, 0x003, 0x55);
    for (unsigned i = 0; i < rv_csr_rows; i++) {
        unsigned number = rv_csrs[i].number;

        if (number >= 0x100 && number < 0xb00 && number != 0x301 && number != 0x300) {
            hart_set_csr(h, number, 0x8000012345678ab1);
        }
    }
    hart_set_csr(h, 0x303, 0x22);
    hart_enter(h, RV_S);
    h->cpu->vcpu.halted = true;
}

static void test_save(void)
{
    Hart *a = hart_new("rv64"), *b = hart_new("rv64");
    GString *before = g_string_new(NULL), *after = g_string_new(NULL);
    ByteWriter w = { 0 };
    Error err = { 0 };

    scramble(a);
    vms_write_obj(&rv_cpu_vmstate, a->cpu, &w);
    g_assert_true(vms_read_obj(&rv_cpu_vmstate, b->cpu, w.data, w.len, &err));
    rv_print_state(&a->cpu->vcpu, before);
    rv_print_state(&b->cpu->vcpu, after);
    g_assert_cmpstr(before->str, ==, after->str);
    g_assert_cmphex(a->s->tcg.flags, ==, b->s->tcg.flags);
    g_assert_cmphex(a->s->tcg.fp_status, ==, b->s->tcg.fp_status);
    g_assert_cmpint(
        memcmp(&a->cpu->pmp.start, &b->cpu->pmp.start, a->cpu->pmp.count * sizeof(uint64_t)), ==,
        0);
    g_assert_true(b->cpu->vcpu.halted);
    g_string_free(before, TRUE);
    g_string_free(after, TRUE);
    bw_free(&w);
    hart_free(a);
    hart_free(b);
}

/* A stream is refused when the hart is another one, or cannot hold its values. */
static void test_bad_streams(void)
{
    static const struct {
        uint32_t offset;
        uint64_t value;
    } bad[] = {
        { offsetof(RvState, priv), 2 },
        { offsetof(RvState, mstatus), UINT64_C(2) << MSTATUS_MPP_SHIFT },
        { offsetof(RvState, satp), UINT64_C(11) << 60 },
        { offsetof(RvState, medeleg), BIT(11) },
        { offsetof(RvState, mideleg), BIT(3) },
        { offsetof(RvState, mie), BIT(2) },
        { offsetof(RvState, mepc), 1 },
    };

    for (unsigned i = 0; i <= G_N_ELEMENTS(bad); i++) {
        Hart *a = hart_new("rv64"), *b = hart_new(i < G_N_ELEMENTS(bad) ? "rv64" : "rv64,zba=off");
        ByteWriter w = { 0 };
        Error err = { 0 };

        if (i < G_N_ELEMENTS(bad)) {
            memcpy((char *)a->s + bad[i].offset, &bad[i].value, sizeof(bad[i].value));
        }
        vms_write_obj(&rv_cpu_vmstate, a->cpu, &w);
        g_assert_false(vms_read_obj(&rv_cpu_vmstate, b->cpu, w.data, w.len, &err));
        g_assert_cmpstr(error_msg(&err), !=, "");
        error_clear(&err);
        bw_free(&w);
        a->s->priv = RV_M;
        hart_free(a);
        hart_free(b);
    }
}

static void test_print(void)
{
    Hart *h = hart_new("rv64");
    GString *text = g_string_new(NULL);

    h->s->tcg.ireg[10] = 0xabc;
    rv_print_state(&h->cpu->vcpu, text);
    g_assert_true(
        g_str_has_prefix(text->str, " priv          M\n pc            0000000000001000\n"));
    g_assert_nonnull(strstr(text->str, "\n mcountinhibit 0000000000000000\n"));
    g_assert_nonnull(strstr(text->str, "\n mhpmevent31   0000000000000000\n"));
    g_assert_nonnull(strstr(text->str, " x10/a0   0000000000000abc x11/a1   0000000000000000\n"));
    g_assert_nonnull(strstr(text->str, "\n fcsr          0000000000000000\n f0/ft0   "));
    g_string_free(text, TRUE);
    hart_free(h);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rv/config/strings", test_strings);
    g_test_add_func("/rv/config/needs", test_needs);
    g_test_add_func("/rv/config/refusals", test_refusals);
    g_test_add_func("/rv/config/schemes", test_schemes);
    g_test_add_func("/rv/config/ids", test_ids);
    g_test_add_func("/rv/config/reset", test_reset);
    g_test_add_func("/rv/config/save", test_save);
    g_test_add_func("/rv/config/bad-streams", test_bad_streams);
    g_test_add_func("/rv/config/print", test_print);
    return g_test_run();
}
