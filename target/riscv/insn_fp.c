/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * F and D, unprivileged specification chapters "F" and "D". Rows of both share their translate
 * functions: the row's op says which IR op at which width.
 *
 * Where the rounding mode asked for is the one that the host has set, the IR op does it; else a
 * helper computes in soft-float.
 */
#include "translate.h"

/* A row's op: IrOpcode | IrType << 8 | the op's small constant << 16, as tcg_soft_fp takes it. */
#define OP(opc, type, c) (IR_##opc | IR_##type << 8 | (unsigned)(c) << 16)

static IrOpcode opc_of(const RvArgs *a)
{
    return (IrOpcode)(a->insn->op & 0xff);
}

static IrType type_of(const RvArgs *a)
{
    return (IrType)(a->insn->op >> 8 & 0xff);
}

static unsigned small_of(const RvArgs *a)
{
    return a->insn->op >> 16 & 0xff;
}

/* --- state --- */

/* For instructions that only read. False: FP is off, and the region has ended with the exception.
 */
static bool may_read(RvTr *t, const RvArgs *a)
{
    if (t->flags & RV_FLAG_FS_OFF) {
        rv_end_illegal(t, a);
        return false;
    }
    return true;
}

/*
 * For instructions that change FP registers or fflags. False: the region has ended; either FP is
 * off, or mstatus.FS is not dirty yet: then it is made so, and the guest goes on with this
 * instruction in a region that need not care.
 */
static bool may_write(RvTr *t, const RvArgs *a)
{
    if (!may_read(t, a)) {
        return false;
    }
    if (t->flags & RV_FLAG_FS_CLEAN) {
        ir_call(t->r, RV_HELPER_fs_dirty, IR_NONE, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
        ir_pcrel(t->r, ir_slot(RV_SLOT_PC), t->offset);
        rv_end_dispatch(t);
        return false;
    }
    return true;
}

/* The rounding mode: dynamic if it is the one in force and the host has it. False: it is reserved,
 * and the region has ended with the exception. */
static bool get_rounding(RvTr *t, const RvArgs *a, IrRound *rounding)
{
    unsigned frm = (t->flags & RV_FLAG_FRM_MASK) >> RV_FLAG_FRM_SHIFT;
    unsigned rm = a->rm == IR_ROUND_DYN ? frm : a->rm;

    if (rm > IR_RMM) {
        rv_end_illegal(t, a);
        return false;
    }
    *rounding = rm == frm && rm != IR_RMM ? IR_ROUND_DYN : (IrRound)rm;
    return true;
}

/* --- operands --- */

static IrRef f_slot(unsigned reg)
{
    return ir_slot(RV_SLOT_F0 + reg);
}

/* A register as a value of the type: a single must be NaN boxed, else it is the canonical NaN. */
static IrRef get_f(RvTr *t, IrType type, unsigned reg)
{
    return type == IR_F64 ? f_slot(reg) : ir_t1(t->r, IR_unbox, IR_F32, f_slot(reg));
}

/* Where an op is to leave its result for set_f. */
static IrRef f_out(RvTr *t, IrType type, unsigned rd)
{
    return type == IR_F64 ? f_slot(rd) : ir_temp(t->r, IR_F32);
}

static void set_f(RvTr *t, IrType type, unsigned rd, IrRef value)
{
    if (type == IR_F32) {
        ir_op1(t->r, IR_box, IR_F64, f_slot(rd), value);
    } else if (value != f_slot(rd)) {
        ir_mov(t->r, f_slot(rd), value);
    }
}

static IrRef bits_of(RvTr *t, IrRef value)
{
    if (ir_ref_type(t->r, value) == IR_I64) {
        return value;
    }
    return ir_t1(t->r, IR_bitcast, IR_I64, value);
}

/* --- arithmetic --- */

static void compute_inline(RvTr *t, const RvArgs *a, const IrRef in[3])
{
    IrType type = type_of(a);
    IrRef out = f_out(t, type, a->rd);
    IrOp *op = ir_append(t->r, opc_of(a), type, out, in[0], in[1]);

    op->in[2] = in[2];
    op->c = (uint8_t)small_of(a);
    set_f(t, type, a->rd, out);
}

static void compute_rounded(RvTr *t, const RvArgs *a, const IrRef in[3], IrRound rounding)
{
    IrRef bits[3], result = ir_temp(t->r, IR_I64);
    IrType type = type_of(a);
    IrRef out = f_out(t, type, a->rd);

    for (unsigned i = 0; i < 3; i++) {
        bits[i] = in[i] == IR_NONE ? ir_const(t->r, 0) : bits_of(t, in[i]);
    }
    ir_call(t->r, RV_HELPER_fp_round, result,
            ir_const(t->r, a->insn->op | (unsigned)rounding << 24), bits[0], bits[1], bits[2]);
    ir_op1(t->r, IR_bitcast, type, out, result);
    set_f(t, type, a->rd, out);
}

/* Every result can be represented: the rounding mode has to be a legal one, and that is all. */
static bool is_exact(const RvArgs *a)
{
    switch (opc_of(a)) {
    case IR_fmin:
    case IR_fmax:
        return true;
    case IR_fcvt:
        return type_of(a) == IR_F64;
    case IR_itof:
        return type_of(a) == IR_F64 && small_of(a) <= IR_CVT_U32;
    default:
        return false;
    }
}

static void compute(RvTr *t, const RvArgs *a, const IrRef in[3])
{
    IrRound rounding;

    if (!get_rounding(t, a, &rounding)) {
        return;
    }
    if (rounding == IR_ROUND_DYN || is_exact(a)) {
        compute_inline(t, a, in);
    } else {
        compute_rounded(t, a, in, rounding);
    }
}

/* op: an FP op with inputs of its own type */
static void tr_op(RvTr *t, const RvArgs *a)
{
    IrType type = type_of(a);
    unsigned inputs = ir_op_info[opc_of(a)].ins;
    IrRef in[3] = { IR_NONE };

    if (!may_write(t, a)) {
        return;
    }
    in[0] = get_f(t, type, a->rs1);
    in[1] = inputs > 1 ? get_f(t, type, a->rs2) : IR_NONE;
    in[2] = inputs > 2 ? get_f(t, type, a->rs3) : IR_NONE;
    compute(t, a, in);
}

/* op: fcvt to the type */
static void tr_fcvt(RvTr *t, const RvArgs *a)
{
    if (may_write(t, a)) {
        IrType from = type_of(a) == IR_F64 ? IR_F32 : IR_F64;
        const IrRef in[3] = { get_f(t, from, a->rs1) };
        compute(t, a, in);
    }
}

/* op: itof */
static void tr_i2f(RvTr *t, const RvArgs *a)
{
    if (may_write(t, a)) {
        const IrRef in[3] = { rv_x(t, a->rs1) };
        compute(t, a, in);
    }
}

/* op: ftoi, without the rounding; the type is that of rs1 */
static void tr_f2i(RvTr *t, const RvArgs *a)
{
    IrRound rounding;

    if (!may_write(t, a) || !get_rounding(t, a, &rounding)) {
        return;
    }
    IrRef value = get_f(t, type_of(a), a->rs1);
    /* Truncation has an instruction of its own on most hosts, whatever mode is in force. */
    if (a->rm == IR_RTZ) {
        rounding = IR_RTZ;
    }
    ir_append(t->r, IR_ftoi, type_of(a), rv_x_out(t, a->rd), value, IR_NONE)->c =
        (uint8_t)(small_of(a) | (unsigned)rounding << 4);
}

/* op: fcmp */
static void tr_fcmp(RvTr *t, const RvArgs *a)
{
    if (!may_write(t, a)) {
        return;
    }
    IrRef x = get_f(t, type_of(a), a->rs1), y = get_f(t, type_of(a), a->rs2);
    ir_append(t->r, IR_fcmp, type_of(a), rv_x_out(t, a->rd), x, y)->c = (uint8_t)small_of(a);
}

static void tr_fclass(RvTr *t, const RvArgs *a)
{
    if (may_read(t, a) && a->rd) {
        IrRef bits = bits_of(t, get_f(t, type_of(a), a->rs1));
        ir_call(t->r, RV_HELPER_fclass, rv_x_out(t, a->rd), bits, ir_const(t->r, type_of(a)),
                IR_NONE, IR_NONE);
    }
}

/* --- signs --- */

enum { SGNJ, SGNJN, SGNJX };

/* One register twice: a move, a negation, an absolute value. */
static void sign_of_itself(RvTr *t, const RvArgs *a)
{
    static const IrOpcode opcodes[] = { [SGNJ] = IR_mov, [SGNJN] = IR_fneg, [SGNJX] = IR_fabs };
    IrType type = type_of(a);
    IrRef value = get_f(t, type, a->rs1);

    if (small_of(a) != SGNJ) {
        IrRef out = f_out(t, type, a->rd);
        ir_op1(t->r, opcodes[small_of(a)], type, out, value);
        value = out;
    }
    set_f(t, type, a->rd, value);
}

/* op: the small constant is SGNJ... */
static void tr_fsgnj(RvTr *t, const RvArgs *a)
{
    IrRegion *r = t->r;
    IrType type = type_of(a);

    if (!may_write(t, a)) {
        return;
    }
    if (a->rs1 == a->rs2) {
        sign_of_itself(t, a);
        return;
    }
    IrRef mask = ir_const(r, type == IR_F64 ? INT64_MIN : INT64_C(1) << 31);
    IrRef x = bits_of(t, get_f(t, type, a->rs1)), y = bits_of(t, get_f(t, type, a->rs2));
    IrRef result;
    if (small_of(a) == SGNJX) {
        result = ir_t2(r, IR_xor, IR_I64, x, ir_t2(r, IR_and, IR_I64, y, mask));
    } else {
        IrRef sign = small_of(a) == SGNJ ? ir_t2(r, IR_and, IR_I64, y, mask)
                                         : ir_t2(r, IR_andn, IR_I64, mask, y);
        result = ir_t2(r, IR_or, IR_I64, ir_t2(r, IR_andn, IR_I64, x, mask), sign);
    }
    IrRef out = f_out(t, type, a->rd);
    ir_op1(r, IR_bitcast, type, out, result);
    set_f(t, type, a->rd, out);
}

/* --- moves --- */

/* To an integer register: the bits as they are, boxed or not. */
static void tr_fmv_x(RvTr *t, const RvArgs *a)
{
    if (!may_read(t, a) || a->rd == 0) {
        return;
    }
    if (type_of(a) == IR_F64) {
        ir_op1(t->r, IR_bitcast, IR_I64, rv_x_out(t, a->rd), f_slot(a->rs1));
    } else {
        ir_op1(t->r, IR_sext32, IR_I64, rv_x_out(t, a->rd), bits_of(t, f_slot(a->rs1)));
    }
}

static void tr_fmv_f(RvTr *t, const RvArgs *a)
{
    if (may_write(t, a)) {
        IrRef out = f_out(t, type_of(a), a->rd);
        ir_op1(t->r, IR_bitcast, type_of(a), out, rv_x(t, a->rs1));
        set_f(t, type_of(a), a->rd, out);
    }
}

static void tr_fload(RvTr *t, const RvArgs *a)
{
    int64_t offset;

    if (!may_write(t, a)) {
        return;
    }
    IrRef base = rv_base(t, a->rs1, a->imm, &offset), out = f_out(t, type_of(a), a->rd);
    ir_load(t->r, out, base, offset, type_of(a) == IR_F64 ? IR_MEM_64 : IR_MEM_32);
    set_f(t, type_of(a), a->rd, out);
}

/* The low bits as they are, boxed or not. */
static void tr_fstore(RvTr *t, const RvArgs *a)
{
    int64_t offset;

    if (!may_read(t, a)) {
        return;
    }
    IrRef base = rv_base(t, a->rs1, a->imm, &offset);
    ir_store(t->r, f_slot(a->rs2), base, offset, type_of(a) == IR_F64 ? IR_MEM_64 : IR_MEM_32);
}

/* --- rows --- */

enum { F = RV_EXT_f, D = RV_EXT_d, ANY = RV_XL_ANY, X64 = RV_XL64 };
enum { MADD = 0, MSUB = IR_FMA_NEG_ADDEND, NMSUB = IR_FMA_NEG_PRODUCT, NMADD = MSUB | NMSUB };
enum { EQ = IR_FCMP_EQ, LT = IR_FCMP_LT, LE = IR_FCMP_LE };
enum { W = IR_CVT_I32, WU = IR_CVT_U32, L = IR_CVT_I64, LU = IR_CVT_U64 };
#define S(opc, c) OP(opc, F32, c)
#define D(opc, c) OP(opc, F64, c)
/* For translate functions to which only the type matters, and a number of their own. */
#define S_ANY(c) OP(mov, F32, c)
#define D_ANY(c) OP(mov, F64, c)

/* clang-format off */
static const RvInsn f_rows[] = {
    { "flw", "iiiiiiiiiiii sssss 010 ddddd 0000111",  FMT_FLOAD,  tr_fload,  F, ANY, S_ANY(0) },
    { "fsw", "iiiiiii ttttt sssss 010 iiiii 0100111", FMT_FSTORE, tr_fstore, F, ANY, S_ANY(0) },

    { "fmadd.s",  "uuuuu00 ttttt sssss mmm ddddd 1000011", FMT_FR4M, tr_op, F, ANY, S(fma, MADD) },
    { "fmsub.s",  "uuuuu00 ttttt sssss mmm ddddd 1000111", FMT_FR4M, tr_op, F, ANY, S(fma, MSUB) },
    { "fnmsub.s", "uuuuu00 ttttt sssss mmm ddddd 1001011", FMT_FR4M, tr_op, F, ANY, S(fma, NMSUB) },
    { "fnmadd.s", "uuuuu00 ttttt sssss mmm ddddd 1001111", FMT_FR4M, tr_op, F, ANY, S(fma, NMADD) },

    { "fadd.s",  "0000000 ttttt sssss mmm ddddd 1010011", FMT_FRM,  tr_op, F, ANY, S(fadd,  0) },
    { "fsub.s",  "0000100 ttttt sssss mmm ddddd 1010011", FMT_FRM,  tr_op, F, ANY, S(fsub,  0) },
    { "fmul.s",  "0001000 ttttt sssss mmm ddddd 1010011", FMT_FRM,  tr_op, F, ANY, S(fmul,  0) },
    { "fdiv.s",  "0001100 ttttt sssss mmm ddddd 1010011", FMT_FRM,  tr_op, F, ANY, S(fdiv,  0) },
    { "fsqrt.s", "0101100 00000 sssss mmm ddddd 1010011", FMT_FR1M, tr_op, F, ANY, S(fsqrt, 0) },

    { "fsgnj.s",  "0010000 ttttt sssss 000 ddddd 1010011", FMT_FR, tr_fsgnj, F, ANY, S_ANY(SGNJ) },
    { "fsgnjn.s", "0010000 ttttt sssss 001 ddddd 1010011", FMT_FR, tr_fsgnj, F, ANY, S_ANY(SGNJN) },
    { "fsgnjx.s", "0010000 ttttt sssss 010 ddddd 1010011", FMT_FR, tr_fsgnj, F, ANY, S_ANY(SGNJX) },

    { "fmin.s", "0010100 ttttt sssss 000 ddddd 1010011", FMT_FR, tr_op, F, ANY, S(fmin, 0) },
    { "fmax.s", "0010100 ttttt sssss 001 ddddd 1010011", FMT_FR, tr_op, F, ANY, S(fmax, 0) },

    { "fle.s", "1010000 ttttt sssss 000 ddddd 1010011", FMT_FCMP, tr_fcmp, F, ANY, S(fcmp, LE) },
    { "flt.s", "1010000 ttttt sssss 001 ddddd 1010011", FMT_FCMP, tr_fcmp, F, ANY, S(fcmp, LT) },
    { "feq.s", "1010000 ttttt sssss 010 ddddd 1010011", FMT_FCMP, tr_fcmp, F, ANY, S(fcmp, EQ) },

    { "fclass.s", "1110000 00000 sssss 001 ddddd 1010011", FMT_F2X, tr_fclass, F, ANY, S_ANY(0) },

    { "fmv.x.w", "1110000 00000 sssss 000 ddddd 1010011", FMT_F2X, tr_fmv_x, F, ANY, S_ANY(0) },
    { "fmv.w.x", "1111000 00000 sssss 000 ddddd 1010011", FMT_X2F, tr_fmv_f, F, ANY, S_ANY(0) },

    { "fcvt.w.s",  "1100000 00000 sssss mmm ddddd 1010011", FMT_F2XM, tr_f2i, F, ANY, S(ftoi, W) },
    { "fcvt.wu.s", "1100000 00001 sssss mmm ddddd 1010011", FMT_F2XM, tr_f2i, F, ANY, S(ftoi, WU) },
    { "fcvt.l.s",  "1100000 00010 sssss mmm ddddd 1010011", FMT_F2XM, tr_f2i, F, X64, S(ftoi, L) },
    { "fcvt.lu.s", "1100000 00011 sssss mmm ddddd 1010011", FMT_F2XM, tr_f2i, F, X64, S(ftoi, LU) },
    { "fcvt.s.w",  "1101000 00000 sssss mmm ddddd 1010011", FMT_X2FM, tr_i2f, F, ANY, S(itof, W) },
    { "fcvt.s.wu", "1101000 00001 sssss mmm ddddd 1010011", FMT_X2FM, tr_i2f, F, ANY, S(itof, WU) },
    { "fcvt.s.l",  "1101000 00010 sssss mmm ddddd 1010011", FMT_X2FM, tr_i2f, F, X64, S(itof, L) },
    { "fcvt.s.lu", "1101000 00011 sssss mmm ddddd 1010011", FMT_X2FM, tr_i2f, F, X64, S(itof, LU) },
};

static const RvInsn d_rows[] = {
    { "fld", "iiiiiiiiiiii sssss 011 ddddd 0000111",  FMT_FLOAD,  tr_fload,  D, ANY, D_ANY(0) },
    { "fsd", "iiiiiii ttttt sssss 011 iiiii 0100111", FMT_FSTORE, tr_fstore, D, ANY, D_ANY(0) },

    { "fmadd.d",  "uuuuu01 ttttt sssss mmm ddddd 1000011", FMT_FR4M, tr_op, D, ANY, D(fma, MADD) },
    { "fmsub.d",  "uuuuu01 ttttt sssss mmm ddddd 1000111", FMT_FR4M, tr_op, D, ANY, D(fma, MSUB) },
    { "fnmsub.d", "uuuuu01 ttttt sssss mmm ddddd 1001011", FMT_FR4M, tr_op, D, ANY, D(fma, NMSUB) },
    { "fnmadd.d", "uuuuu01 ttttt sssss mmm ddddd 1001111", FMT_FR4M, tr_op, D, ANY, D(fma, NMADD) },

    { "fadd.d",  "0000001 ttttt sssss mmm ddddd 1010011", FMT_FRM,  tr_op, D, ANY, D(fadd,  0) },
    { "fsub.d",  "0000101 ttttt sssss mmm ddddd 1010011", FMT_FRM,  tr_op, D, ANY, D(fsub,  0) },
    { "fmul.d",  "0001001 ttttt sssss mmm ddddd 1010011", FMT_FRM,  tr_op, D, ANY, D(fmul,  0) },
    { "fdiv.d",  "0001101 ttttt sssss mmm ddddd 1010011", FMT_FRM,  tr_op, D, ANY, D(fdiv,  0) },
    { "fsqrt.d", "0101101 00000 sssss mmm ddddd 1010011", FMT_FR1M, tr_op, D, ANY, D(fsqrt, 0) },

    { "fsgnj.d",  "0010001 ttttt sssss 000 ddddd 1010011", FMT_FR, tr_fsgnj, D, ANY, D_ANY(SGNJ) },
    { "fsgnjn.d", "0010001 ttttt sssss 001 ddddd 1010011", FMT_FR, tr_fsgnj, D, ANY, D_ANY(SGNJN) },
    { "fsgnjx.d", "0010001 ttttt sssss 010 ddddd 1010011", FMT_FR, tr_fsgnj, D, ANY, D_ANY(SGNJX) },

    { "fmin.d", "0010101 ttttt sssss 000 ddddd 1010011", FMT_FR, tr_op, D, ANY, D(fmin, 0) },
    { "fmax.d", "0010101 ttttt sssss 001 ddddd 1010011", FMT_FR, tr_op, D, ANY, D(fmax, 0) },

    { "fle.d", "1010001 ttttt sssss 000 ddddd 1010011", FMT_FCMP, tr_fcmp, D, ANY, D(fcmp, LE) },
    { "flt.d", "1010001 ttttt sssss 001 ddddd 1010011", FMT_FCMP, tr_fcmp, D, ANY, D(fcmp, LT) },
    { "feq.d", "1010001 ttttt sssss 010 ddddd 1010011", FMT_FCMP, tr_fcmp, D, ANY, D(fcmp, EQ) },

    { "fclass.d", "1110001 00000 sssss 001 ddddd 1010011", FMT_F2X, tr_fclass, D, ANY, D_ANY(0) },

    { "fmv.x.d", "1110001 00000 sssss 000 ddddd 1010011", FMT_F2X, tr_fmv_x, D, X64, D_ANY(0) },
    { "fmv.d.x", "1111001 00000 sssss 000 ddddd 1010011", FMT_X2F, tr_fmv_f, D, X64, D_ANY(0) },

    { "fcvt.s.d", "0100000 00001 sssss mmm ddddd 1010011", FMT_FR1M, tr_fcvt, D, ANY, S(fcvt, 0) },
    { "fcvt.d.s", "0100001 00000 sssss mmm ddddd 1010011", FMT_FR1M, tr_fcvt, D, ANY, D(fcvt, 0) },

    { "fcvt.w.d",  "1100001 00000 sssss mmm ddddd 1010011", FMT_F2XM, tr_f2i, D, ANY, D(ftoi, W) },
    { "fcvt.wu.d", "1100001 00001 sssss mmm ddddd 1010011", FMT_F2XM, tr_f2i, D, ANY, D(ftoi, WU) },
    { "fcvt.l.d",  "1100001 00010 sssss mmm ddddd 1010011", FMT_F2XM, tr_f2i, D, X64, D(ftoi, L) },
    { "fcvt.lu.d", "1100001 00011 sssss mmm ddddd 1010011", FMT_F2XM, tr_f2i, D, X64, D(ftoi, LU) },
    { "fcvt.d.w",  "1101001 00000 sssss mmm ddddd 1010011", FMT_X2FM, tr_i2f, D, ANY, D(itof, W) },
    { "fcvt.d.wu", "1101001 00001 sssss mmm ddddd 1010011", FMT_X2FM, tr_i2f, D, ANY, D(itof, WU) },
    { "fcvt.d.l",  "1101001 00010 sssss mmm ddddd 1010011", FMT_X2FM, tr_i2f, D, X64, D(itof, L) },
    { "fcvt.d.lu", "1101001 00011 sssss mmm ddddd 1010011", FMT_X2FM, tr_i2f, D, X64, D(itof, LU) },
};

/* clang-format on */

const RvInsnTable rv_insns_f = RV_INSN_TABLE(f_rows);
const RvInsnTable rv_insns_d = RV_INSN_TABLE(d_rows);
