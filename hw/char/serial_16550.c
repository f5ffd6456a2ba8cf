/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NS16550A UART, registers one byte apart.
 * Specification: National Semiconductor PC16550D data sheet (June 1995).
 *
 * Bytes go to the back-end at once, whatever the baud rate. THRE tells the truth: it is set when
 * everything written has left. A guest that writes without looking at THRE loses nothing until
 * TX_QUEUE bytes wait for a back-end that does not take them.
 */
#include "chardev/chardev.h"
#include "hw/core/dev.h"
#include "hw/core/regs.h"
#include "util/log.h"
#include "util/units.h"

enum { FIFO_SIZE = 16, TX_QUEUE = 64 * 1024 };

enum {
    IER_RDA = 1 << 0,
    IER_THRE = 1 << 1,
    IER_RLS = 1 << 2,
    IER_MS = 1 << 3,

    IIR_NONE = 0x01,
    IIR_MS = 0x00,
    IIR_THRE = 0x02,
    IIR_RDA = 0x04,
    IIR_RLS = 0x06,
    IIR_TIMEOUT = 0x0c,
    IIR_FIFOS = 0xc0,

    FCR_ENABLE = 1 << 0,
    FCR_CLEAR_RX = 1 << 1,
    FCR_CLEAR_TX = 1 << 2,
    FCR_STORED = 0xc9,

    LCR_WORD = 3,
    LCR_STOP = 1 << 2,
    LCR_PARITY = 1 << 3,
    LCR_DLAB = 1 << 7,

    MCR_DTR = 1 << 0,
    MCR_RTS = 1 << 1,
    MCR_OUT1 = 1 << 2,
    MCR_OUT2 = 1 << 3,
    MCR_LOOP = 1 << 4,

    LSR_DR = 1 << 0,
    LSR_OE = 1 << 1,
    LSR_PE = 1 << 2,
    LSR_FE = 1 << 3,
    LSR_BI = 1 << 4,
    LSR_THRE = 1 << 5,
    LSR_TEMT = 1 << 6,
    LSR_FIFO_ERROR = 1 << 7,
    LSR_OF_CHAR = LSR_PE | LSR_FE | LSR_BI,

    MSR_DELTAS = 0x0f,
    MSR_TERI = 1 << 2,
    MSR_CTS = 1 << 4,
    MSR_DSR = 1 << 5,
    MSR_RI = 1 << 6,
    MSR_DCD = 1 << 7,
    MSR_CONNECTED = MSR_CTS | MSR_DSR | MSR_DCD,
};

typedef struct Uart {
    Device dev;

    /* properties */
    uint32_t clock_hz;
    Object *chardev;

    /* saved */
    uint8_t ier, fcr, lcr, mcr, msr, scr;
    uint16_t divisor;
    uint8_t overrun;     /* LSR_OE, until LSR is read */
    bool thre_interrupt; /* not yet acknowledged */
    bool timed_out;      /* the receive FIFO was left alone for four characters */
    int64_t timeout_at;  /* virtual ns; INT64_MAX: not running */
    uint32_t rx_len;
    uint8_t rx[FIFO_SIZE];        /* oldest first */
    uint8_t rx_errors[FIFO_SIZE]; /* LSR_OF_CHAR bits of each */
    uint32_t tx_len;
    uint8_t tx[TX_QUEUE]; /* written by the guest, not yet taken by the back-end */

    /* derived */
    ChrFrontend fe;
    ClkTimer timeout;
    IrqLine *pin;
    RegSpace regs;
} Uart;

static bool fifos_on(const Uart *s)
{
    return s->fcr & FCR_ENABLE;
}

static uint32_t rx_room(const Uart *s)
{
    return (fifos_on(s) ? FIFO_SIZE : 1) - MIN(s->rx_len, fifos_on(s) ? FIFO_SIZE : 1u);
}

/* Bytes in the receive FIFO that raise the interrupt. */
static uint32_t trigger_level(const Uart *s)
{
    static const uint8_t levels[] = { 1, 4, 8, 14 };
    return fifos_on(s) ? levels[s->fcr >> 6] : 1;
}

/* Time on the wire of one character: start bit, data, parity and stop bits. */
static int64_t char_ns(const Uart *s)
{
    unsigned bits =
        1 + 5 + (s->lcr & LCR_WORD) + !!(s->lcr & LCR_PARITY) + 1 + !!(s->lcr & LCR_STOP);
    uint64_t clocks = 16u * (s->divisor ? s->divisor : 1) * bits;
    return (int64_t)muldiv_up(clocks, NS_PER_SEC, s->clock_hz);
}

static uint8_t line_status(const Uart *s)
{
    uint8_t lsr = s->overrun;
    if (s->tx_len == 0) {
        lsr |= LSR_THRE | LSR_TEMT;
    }
    if (s->rx_len) {
        lsr |= LSR_DR | s->rx_errors[0];
    }
    for (unsigned i = 0; fifos_on(s) && i < s->rx_len; i++) {
        lsr |= s->rx_errors[i] ? LSR_FIFO_ERROR : 0;
    }
    return lsr;
}

/* The modem lines; in loopback they are the control outputs. */
static uint8_t modem_lines(const Uart *s)
{
    if (!(s->mcr & MCR_LOOP)) {
        return MSR_CONNECTED;
    }
    return (s->mcr & MCR_RTS ? MSR_CTS : 0) | (s->mcr & MCR_DTR ? MSR_DSR : 0) |
           (s->mcr & MCR_OUT1 ? MSR_RI : 0) | (s->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

/* The most urgent interrupt, as IIR shows it. */
static uint8_t interrupt_id(const Uart *s)
{
    if ((s->ier & IER_RLS) && (line_status(s) & (LSR_OE | LSR_OF_CHAR))) {
        return IIR_RLS;
    }
    if ((s->ier & IER_RDA) && s->rx_len >= trigger_level(s)) {
        return IIR_RDA;
    }
    if ((s->ier & IER_RDA) && s->timed_out) {
        return IIR_TIMEOUT;
    }
    if ((s->ier & IER_THRE) && s->thre_interrupt) {
        return IIR_THRE;
    }
    if ((s->ier & IER_MS) && (s->msr & MSR_DELTAS)) {
        return IIR_MS;
    }
    return IIR_NONE;
}

static void update_irq(Uart *s)
{
    irq_set(s->pin, interrupt_id(s) != IIR_NONE);
}

static void update_modem(Uart *s)
{
    uint8_t now = modem_lines(s), was = s->msr & ~MSR_DELTAS;
    uint8_t deltas = (now ^ was) >> 4;
    if (now & MSR_RI) { /* only the end of a ring counts */
        deltas &= ~MSR_TERI;
    }
    s->msr = now | (s->msr & MSR_DELTAS) | deltas;
}

/* The receive FIFO was touched: its time-out starts again. */
static void restart_timeout(Uart *s)
{
    s->timed_out = false;
    s->timeout_at = INT64_MAX;
    if (fifos_on(s) && s->rx_len) {
        s->timeout_at = clk_ns(&s->dev.machine->clk_virtual) + 4 * char_ns(s);
    }
    clk_timer_mod(&s->timeout, s->timeout_at);
}

static void timeout_reached(void *opaque)
{
    Uart *s = opaque;
    s->timeout_at = INT64_MAX;
    s->timed_out = s->rx_len != 0;
    update_irq(s);
}

static void receive_char(Uart *s, uint8_t c, uint8_t errors)
{
    if (!rx_room(s)) {
        s->overrun = LSR_OE;
        if (fifos_on(s)) {
            return; /* the FIFO keeps what it has, the shift register is overwritten */
        }
        s->rx_len = 0;
    }
    s->rx[s->rx_len] = c;
    s->rx_errors[s->rx_len++] = errors;
}

static void rx_clear(Uart *s)
{
    s->rx_len = 0;
    restart_timeout(s);
    chr_fe_accept_input(&s->fe);
}

/* Gives the back-end what it takes. */
static void tx_flush(Uart *s)
{
    if (!s->tx_len) {
        return;
    }
    size_t done = chr_fe_write(&s->fe, s->tx, s->tx_len);
    s->tx_len -= (uint32_t)done;
    memmove(s->tx, s->tx + done, s->tx_len);
    s->thre_interrupt = s->tx_len == 0;
}

static void transmit(Uart *s, uint8_t c)
{
    s->thre_interrupt = false;
    if (s->mcr & MCR_LOOP) {
        receive_char(s, c, 0);
        restart_timeout(s);
        s->thre_interrupt = s->tx_len == 0;
        return;
    }
    if (s->tx_len == TX_QUEUE) {
        log_guest_error("serial: transmitter overrun, a byte is lost");
        return;
    }
    s->tx[s->tx_len++] = c;
    if (s->tx_len == 1) { /* else the back-end is full: it calls when there is room */
        tx_flush(s);
    }
}

/* --- registers --- */

static uint64_t data_read(void *dev, unsigned i)
{
    Uart *s = dev;
    if (s->lcr & LCR_DLAB) {
        return s->divisor & 0xff;
    }
    if (!s->rx_len) {
        return 0;
    }
    uint8_t c = s->rx[0];
    s->rx_len--;
    memmove(s->rx, s->rx + 1, s->rx_len);
    memmove(s->rx_errors, s->rx_errors + 1, s->rx_len);
    restart_timeout(s);
    update_irq(s);
    chr_fe_accept_input(&s->fe);
    return c;
}

static void data_write(void *dev, unsigned i, uint64_t value)
{
    Uart *s = dev;
    if (s->lcr & LCR_DLAB) {
        s->divisor = (s->divisor & 0xff00) | (uint8_t)value;
        return;
    }
    transmit(s, (uint8_t)value);
    update_irq(s);
}

static uint64_t ier_read(void *dev, unsigned i)
{
    Uart *s = dev;
    return s->lcr & LCR_DLAB ? s->divisor >> 8 : s->ier;
}

static void ier_write(void *dev, unsigned i, uint64_t value)
{
    Uart *s = dev;
    if (s->lcr & LCR_DLAB) {
        s->divisor = (uint16_t)((s->divisor & 0xff) | value << 8);
        return;
    }
    uint8_t turned_on = (uint8_t)value & ~s->ier;
    s->ier = value & (IER_RDA | IER_THRE | IER_RLS | IER_MS);
    if (turned_on & IER_THRE) { /* enabling it with an empty transmitter interrupts at once */
        s->thre_interrupt = s->tx_len == 0;
    }
    update_irq(s);
}

/* Reading acknowledges the transmitter's interrupt if that is the one shown. */
static uint64_t iir_read(void *dev, unsigned i)
{
    Uart *s = dev;
    uint8_t id = interrupt_id(s);
    if (id == IIR_THRE) {
        s->thre_interrupt = false;
        update_irq(s);
    }
    return id | (fifos_on(s) ? IIR_FIFOS : 0);
}

static void fcr_write(void *dev, unsigned i, uint64_t value)
{
    Uart *s = dev;
    bool switched = (value ^ s->fcr) & FCR_ENABLE;
    s->fcr = value & FCR_ENABLE ? value & FCR_STORED : 0;
    if (switched || (value & FCR_CLEAR_RX)) {
        rx_clear(s);
    }
    /* What waits for the back-end has left the FIFO as far as the guest is concerned: clearing the
     * transmitter drops none of it. */
    if (value & FCR_CLEAR_TX) {
        s->thre_interrupt = s->tx_len == 0;
    }
    update_irq(s);
}

static void mcr_write(void *dev, unsigned i, uint64_t value)
{
    Uart *s = dev;
    update_modem(s);
    update_irq(s);
    if (!(value & MCR_LOOP)) {
        chr_fe_accept_input(&s->fe);
    }
}

static uint64_t lsr_read(void *dev, unsigned i)
{
    Uart *s = dev;
    uint8_t lsr = line_status(s);
    s->overrun = 0;
    if (s->rx_len) {
        s->rx_errors[0] = 0;
    }
    update_irq(s);
    return lsr;
}

static uint64_t msr_read(void *dev, unsigned i)
{
    Uart *s = dev;
    uint8_t msr = s->msr;
    s->msr &= ~MSR_DELTAS;
    update_irq(s);
    return msr;
}

static const Reg uart_regs[] = {
    { "RBR/THR/DLL", 0, .size = 1, .read = data_read, .write = data_write },
    { "IER/DLM", 1, .size = 1, .read = ier_read, .write = ier_write },
    { "IIR/FCR", 2, .size = 1, .read = iir_read, .write = fcr_write },
    { "LCR", 3, .size = 1, REG_STORE(Uart, lcr) },
    { "MCR", 4, .size = 1, REG_STORE(Uart, mcr), .mask = 0x1f, .write = mcr_write },
    { "LSR", 5, .size = 1, .access = REG_RO, .flags = REG_QUIET, .read = lsr_read },
    { "MSR", 6, .size = 1, .access = REG_RO, .flags = REG_QUIET, .read = msr_read },
    { "SCR", 7, .size = 1, REG_STORE(Uart, scr) },
    REG_END
};

static const RegBlock uart_block = { .name = "serial", .regs = uart_regs, .unaligned = true };

/* --- the back-end's calls --- */

static size_t fe_can_read(void *opaque)
{
    Uart *s = opaque;
    return s->mcr & MCR_LOOP ? 0 : rx_room(s);
}

static void fe_read(void *opaque, const uint8_t *buf, size_t len)
{
    Uart *s = opaque;
    for (size_t i = 0; i < len; i++) {
        receive_char(s, buf[i], 0);
    }
    restart_timeout(s);
    update_irq(s);
}

static void fe_writable(void *opaque)
{
    Uart *s = opaque;
    tx_flush(s);
    update_irq(s);
}

static void fe_event(void *opaque, ChrEvent event)
{
    Uart *s = opaque;
    if (event == CHR_EVENT_BREAK && !(s->mcr & MCR_LOOP)) {
        receive_char(s, 0, LSR_BI | LSR_FE);
        restart_timeout(s);
        update_irq(s);
    }
}

/* --- the device --- */

static bool uart_realize(Device *dev, Error *err)
{
    Uart *s = (Uart *)dev;
    s->fe.opaque = s;
    s->fe.can_read = fe_can_read;
    s->fe.read = fe_read;
    s->fe.writable = fe_writable;
    s->fe.event = fe_event;
    if (!chr_fe_init(&s->fe, (Chardev *)s->chardev, err)) {
        return false;
    }
    clk_timer_init(&s->timeout, &dev->machine->clk_virtual, timeout_reached, s);
    dev_add_out(dev, NULL, &s->pin, 1);
    regs_init(&s->regs, dev->machine, &uart_block, dev, "serial", 8);
    dev_add_region(dev, &s->regs.mr);
    return true;
}

/* What the back-end has not taken yet is kept: it was sent before the reset. */
static void uart_reset(Device *dev)
{
    Uart *s = (Uart *)dev;
    regs_reset(&s->regs);
    s->ier = 0;
    s->fcr = 0;
    s->divisor = 12;
    s->overrun = 0;
    s->thre_interrupt = false;
    s->msr = MSR_CONNECTED;
    rx_clear(s);
    update_irq(s);
}

static bool uart_loaded(void *dev, unsigned version, Error *err)
{
    Uart *s = dev;
    clk_timer_mod(&s->timeout, s->timeout_at);
    tx_flush(s);
    update_irq(s);
    chr_fe_accept_input(&s->fe);
    return true;
}

static void uart_finalize(Object *obj)
{
    Uart *s = (Uart *)obj;
    clk_timer_del(&s->timeout);
    chr_fe_deinit(&s->fe);
}

static const Field uart_fields[] = {
    FIELD_PROP_BOUNDED(Uart, clock_hz, "clock-frequency", "3686400", 1, UINT32_MAX,
                       "input clock in Hz"),
    FIELD_PROP_LINK(Uart, chardev, "chardev", TYPE_CHARDEV, 0, "back-end; none: nothing connected"),
    FIELD_SAVED(Uart, ier),
    FIELD_SAVED(Uart, fcr),
    FIELD_SAVED(Uart, lcr),
    FIELD_SAVED(Uart, mcr),
    FIELD_SAVED(Uart, msr),
    FIELD_SAVED(Uart, scr),
    FIELD_SAVED(Uart, divisor),
    FIELD_SAVED(Uart, overrun),
    FIELD_SAVED(Uart, thre_interrupt),
    FIELD_SAVED(Uart, timed_out),
    FIELD_SAVED(Uart, timeout_at),
    FIELD_SAVED_USED(Uart, rx, rx_len),
    FIELD_SAVED_ARRAY(Uart, rx_errors),
    FIELD_SAVED_USED(Uart, tx, tx_len),
    FIELD_END
};

static const VmState uart_vmstate = {
    .version = 1, .min_version = 1, .fields = uart_fields, .loaded = uart_loaded
};

static const DeviceClass uart_class = { .realize = uart_realize,
                                        .reset = uart_reset,
                                        .vmstate = &uart_vmstate };

static const TypeInfo uart_type = {
    .name = "serial-mm",
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(Uart),
    .class = &uart_class,
    .props = uart_fields,
    .instance_finalize = uart_finalize,
    .help = "16550A serial port",
};
QOM_TYPE(uart_type);
