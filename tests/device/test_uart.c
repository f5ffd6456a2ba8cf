/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 16550, with a back-end made for the test that can refuse to take bytes. */
#include <string.h>

#include "chardev/chardev.h"
#include "device_fixture.h"
#include "util/units.h"

enum { BASE = 0x10000000 };
enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };

/* --- the back-end --- */

static struct {
    ChrFrontend *fe;
    GString *out;
    size_t room; /* bytes it takes before it is full */
    unsigned accepts;
} backend;

bool chr_fe_init(ChrFrontend *fe, Chardev *chr, Error *err)
{
    backend.fe = fe;
    backend.out = g_string_new(NULL);
    backend.room = SIZE_MAX;
    backend.accepts = 0;
    return true;
}

void chr_fe_deinit(ChrFrontend *fe)
{
    g_string_free(backend.out, TRUE);
}

size_t chr_fe_write(ChrFrontend *fe, const uint8_t *buf, size_t len)
{
    len = MIN(len, backend.room);
    backend.room -= len;
    g_string_append_len(backend.out, (const char *)buf, (gssize)len);
    return len;
}

void chr_fe_accept_input(ChrFrontend *fe)
{
    backend.accepts++;
}

static void send(const char *text)
{
    backend.fe->read(backend.fe->opaque, (const uint8_t *)text, strlen(text));
}

static size_t room(void)
{
    return backend.fe->can_read(backend.fe->opaque);
}

/* --- fixture --- */

typedef struct Fixture {
    Machine *m;
    Device *dev;
    PinLog pin;
} Fixture;

static void begin(Fixture *f)
{
    f->m = fixture_machine("none", "");
    f->dev = fixture_device(f->m, "serial-mm", BASE, "clock-frequency=3686400");
    pin_log_connect(&f->pin, f->dev, NULL, 0);
    dev_reset(f->dev);
}

static uint8_t in(Fixture *f, unsigned reg)
{
    return (uint8_t)fixture_load(f->m, BASE + reg, 1);
}

static void out(Fixture *f, unsigned reg, uint8_t value)
{
    fixture_store(f->m, BASE + reg, 1, value);
}

/* --- tests --- */

static void test_transmit(void)
{
    Fixture f;
    begin(&f);
    g_assert_cmphex(in(&f, LSR), ==, 0x60);
    out(&f, DATA, 'h');
    out(&f, DATA, 'i');
    g_assert_cmpstr(backend.out->str, ==, "hi");
    g_assert_cmphex(in(&f, LSR), ==, 0x60);
    fixture_free(f.m);
}

static void test_thre_interrupt(void)
{
    Fixture f;
    begin(&f);
    g_assert_cmphex(in(&f, IIR), ==, 0x01);
    out(&f, IER, 2); /* the transmitter is empty: at once */
    g_assert_cmpint(f.pin.level, ==, 1);
    g_assert_cmphex(in(&f, IIR), ==, 0x02);
    g_assert_cmpint(f.pin.level, ==, 0); /* reading IIR acknowledges */
    g_assert_cmphex(in(&f, IIR), ==, 0x01);
    out(&f, IER, 0);
    out(&f, IER, 2); /* and again */
    g_assert_cmphex(in(&f, IIR), ==, 0x02);
    out(&f, DATA, 'x');
    g_assert_cmpint(f.pin.level, ==, 1);
    fixture_free(f.m);
}

static void test_back_pressure(void)
{
    Fixture f;
    begin(&f);
    backend.room = 3;
    out(&f, IER, 2);
    in(&f, IIR);
    for (unsigned i = 0; i < 20; i++) {
        out(&f, DATA, (uint8_t)('a' + i));
    }
    g_assert_cmpstr(backend.out->str, ==, "abc");
    g_assert_cmphex(in(&f, LSR), ==, 0x00); /* honest: not empty */
    g_assert_cmpint(f.pin.level, ==, 0);
    out(&f, FCR, 0x07); /* clearing the FIFOs drops nothing */
    backend.room = 5;
    backend.fe->writable(backend.fe->opaque);
    g_assert_cmphex(in(&f, LSR), ==, 0x00);
    backend.room = SIZE_MAX;
    backend.fe->writable(backend.fe->opaque);
    g_assert_cmpstr(backend.out->str, ==, "abcdefghijklmnopqrst");
    g_assert_cmphex(in(&f, LSR), ==, 0x60);
    g_assert_cmpint(f.pin.level, ==, 1);
    fixture_free(f.m);
}

/* What waits for the back-end is saved. */
static void test_save_pending_output(void)
{
    Fixture f;
    begin(&f);
    backend.room = 0;
    out(&f, DATA, 'p');
    out(&f, DATA, 'q');
    ByteWriter w = { 0 };
    vms_write_obj(dev_class(f.dev)->vmstate, f.dev, &w);
    fixture_free(f.m);
    begin(&f);
    g_assert_true(vms_read_obj(dev_class(f.dev)->vmstate, f.dev, w.data, w.len, NULL));
    bw_free(&w);
    g_assert_cmpstr(backend.out->str, ==, "pq");
    fixture_free(f.m);
}

static void test_receive(void)
{
    Fixture f;
    begin(&f);
    g_assert_cmpuint(room(), ==, 1);
    out(&f, IER, 1);
    send("A");
    g_assert_cmpuint(room(), ==, 0);
    g_assert_cmpint(f.pin.level, ==, 1);
    g_assert_cmphex(in(&f, IIR), ==, 0x04);
    g_assert_cmphex(in(&f, LSR), ==, 0x61);
    g_assert_cmpint(in(&f, DATA), ==, 'A');
    g_assert_cmpint(f.pin.level, ==, 0);
    g_assert_cmpuint(room(), ==, 1);
    g_assert_cmpuint(backend.accepts, >, 0);
    fixture_free(f.m);
}

static void test_fifo_trigger_and_timeout(void)
{
    Fixture f;
    begin(&f);
    out(&f, FCR, 0x81); /* trigger at 8 */
    out(&f, IER, 1);
    g_assert_cmpuint(room(), ==, 16);
    send("1234567");
    g_assert_cmpint(f.pin.level, ==, 0);
    send("8");
    g_assert_cmphex(in(&f, IIR), ==, 0xc4);
    for (unsigned i = 0; i < 8; i++) {
        g_assert_cmpint(in(&f, DATA), ==, '1' + (int)i);
    }
    g_assert_cmpint(f.pin.level, ==, 0);
    send("z"); /* below the trigger: after four characters' time */
    g_assert_cmphex(in(&f, IIR), ==, 0xc1);
    int64_t deadline = clk_next_deadline(&f.m->clk_virtual);
    g_assert_cmpint(deadline, <, 10 * NS_PER_MS);
    clk_virtual_set(&f.m->clk_virtual, deadline);
    fixture_run_timers(f.m);
    g_assert_cmpint(f.pin.level, ==, 1);
    g_assert_cmphex(in(&f, IIR), ==, 0xcc);
    g_assert_cmpint(in(&f, DATA), ==, 'z');
    g_assert_cmpint(f.pin.level, ==, 0);
    send("abc");
    out(&f, FCR, 0x83); /* clears the receiver */
    g_assert_cmphex(in(&f, LSR), ==, 0x60);
    fixture_free(f.m);
}

static void test_divisor_latch(void)
{
    Fixture f;
    begin(&f);
    out(&f, LCR, 0x83);
    out(&f, DATA, 0x34);
    out(&f, IER, 0x12);
    g_assert_cmphex(in(&f, DATA), ==, 0x34);
    g_assert_cmphex(in(&f, IER), ==, 0x12);
    out(&f, LCR, 0x03);
    g_assert_cmphex(in(&f, IER), ==, 0);
    g_assert_cmpuint(backend.out->len, ==, 0);
    out(&f, SCR, 0xa5);
    g_assert_cmphex(in(&f, SCR), ==, 0xa5);
    fixture_free(f.m);
}

static void test_loopback(void)
{
    Fixture f;
    begin(&f);
    g_assert_cmphex(in(&f, MSR) & 0xf0, ==, 0xb0);
    out(&f, MCR, 0x10);
    g_assert_cmphex(in(&f, MSR), ==, 0x0b); /* CTS, DSR and DCD fell */
    out(&f, MCR, 0x1f);
    g_assert_cmphex(in(&f, MSR), ==, 0xfb); /* RI rose: no delta */
    out(&f, DATA, 'L');
    g_assert_cmpuint(backend.out->len, ==, 0);
    g_assert_cmpuint(room(), ==, 0);
    g_assert_cmpint(in(&f, DATA), ==, 'L');
    out(&f, DATA, '1');
    out(&f, DATA, '2'); /* overruns: no FIFO */
    g_assert_cmphex(in(&f, LSR), ==, 0x63);
    g_assert_cmphex(in(&f, LSR), ==, 0x61);
    g_assert_cmpint(in(&f, DATA), ==, '2');
    fixture_free(f.m);
}

static void test_break(void)
{
    Fixture f;
    begin(&f);
    out(&f, IER, 4);
    backend.fe->event(backend.fe->opaque, CHR_EVENT_BREAK);
    g_assert_cmphex(in(&f, IIR), ==, 0x06);
    g_assert_cmphex(in(&f, LSR), ==, 0x79);
    g_assert_cmpint(f.pin.level, ==, 0);
    g_assert_cmphex(in(&f, DATA), ==, 0);
    g_assert_cmphex(in(&f, LSR), ==, 0x60);
    fixture_free(f.m);
}

/* The most urgent first: line status, received data, transmitter, modem. */
static void test_priorities(void)
{
    Fixture f;
    begin(&f);
    out(&f, FCR, 1);
    out(&f, MCR, 0x10);
    out(&f, IER, 0x0f);
    backend.fe->event(backend.fe->opaque, CHR_EVENT_OPENED);
    out(&f, DATA, 'x');
    g_assert_cmphex(in(&f, IIR), ==, 0xc4);
    in(&f, DATA);
    g_assert_cmphex(in(&f, IIR), ==, 0xc2);
    g_assert_cmphex(in(&f, IIR), ==, 0xc0);
    in(&f, MSR);
    g_assert_cmphex(in(&f, IIR), ==, 0xc1);
    fixture_free(f.m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/uart/transmit", test_transmit);
    g_test_add_func("/uart/thre-interrupt", test_thre_interrupt);
    g_test_add_func("/uart/back-pressure", test_back_pressure);
    g_test_add_func("/uart/save-pending-output", test_save_pending_output);
    g_test_add_func("/uart/receive", test_receive);
    g_test_add_func("/uart/fifo", test_fifo_trigger_and_timeout);
    g_test_add_func("/uart/divisor-latch", test_divisor_latch);
    g_test_add_func("/uart/loopback", test_loopback);
    g_test_add_func("/uart/break", test_break);
    g_test_add_func("/uart/priorities", test_priorities);
    return g_test_run();
}
