"""The selective scan of scan.py as two Triton kernels; `check.py scan` compares them with the loop.

A program owns a block of channels of one sequence and walks through time; the backward pass walks back over the
states h_t that the forward pass kept. Shapes as in scan.py.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

BLOCK_CHANNELS = 32  # channels a program owns; one warp, one channel's 16 states spread over 4 lanes
STATE_DTYPE = torch.bfloat16  # how h_t is kept for the backward pass (the recurrence itself is float32)


@triton.jit
def _softplus(x):
    return tl.where(x > 15.0, x, tl.log(1.0 + tl.exp(x)))


@triton.jit
def _scan_fwd(
    dt_ptr,
    u_ptr,
    z_ptr,
    A_ptr,
    B_ptr,
    C_ptr,
    D_ptr,
    bias_ptr,
    y_ptr,
    h_ptr,
    T,
    dt_sb,
    dt_st,
    u_sb,
    u_st,
    z_sb,
    z_st,
    B_sb,
    B_st,
    C_sb,
    C_st,
    ND: tl.constexpr,
    N: tl.constexpr,
    BD: tl.constexpr,
):
    b = tl.program_id(0).to(tl.int64)
    d = tl.program_id(1) * BD + tl.arange(0, BD)
    n = tl.arange(0, N)
    A = tl.load(A_ptr + d[:, None] * N + n[None, :]) * 1.4426950408889634
    D = tl.load(D_ptr + d)
    bias = tl.load(bias_ptr + d)
    dt_p = dt_ptr + b * dt_sb + d
    u_p = u_ptr + b * u_sb + d
    z_p = z_ptr + b * z_sb + d
    B_p = B_ptr + b * B_sb + n
    C_p = C_ptr + b * C_sb + n
    y_p = y_ptr + b * T * ND + d
    h_p = h_ptr + b * T * ND * N + d[:, None] * N + n[None, :]
    h = tl.zeros([BD, N], dtype=tl.float32)
    # the values of step t are loaded one step ahead, so that the loads hide behind the arithmetic
    dt_n = tl.load(dt_p)
    u_n = tl.load(u_p)
    z_n = tl.load(z_p)
    B_n = tl.load(B_p)
    C_n = tl.load(C_p)
    for t in range(T):
        dt = dt_n.to(tl.float32)
        u = u_n.to(tl.float32)
        z = z_n.to(tl.float32)
        Bt = B_n.to(tl.float32)
        Ct = C_n.to(tl.float32)
        nxt = tl.minimum(t + 1, T - 1)
        dt_n = tl.load(dt_p + nxt * dt_st)
        u_n = tl.load(u_p + nxt * u_st)
        z_n = tl.load(z_p + nxt * z_st)
        B_n = tl.load(B_p + nxt * B_st)
        C_n = tl.load(C_p + nxt * C_st)
        delta = _softplus(dt + bias)
        h = tl.exp2(delta[:, None] * A) * h + (delta * u)[:, None] * Bt[None, :]
        tl.store(h_p, h.to(h_ptr.dtype.element_ty))
        y = tl.sum(h * Ct[None, :], axis=1) + D * u
        y = y * z * tl.sigmoid(z)
        tl.store(y_p, y.to(y_ptr.dtype.element_ty))
        y_p += ND
        h_p += ND * N


@triton.jit
def _scan_bwd(
    dt_ptr,
    u_ptr,
    z_ptr,
    A_ptr,
    B_ptr,
    C_ptr,
    D_ptr,
    bias_ptr,
    h_ptr,
    dy_ptr,
    ddt_ptr,
    du_ptr,
    dz_ptr,
    dA_ptr,
    dB_ptr,
    dC_ptr,
    dD_ptr,
    dbias_ptr,
    T,
    dt_sb,
    dt_st,
    u_sb,
    u_st,
    z_sb,
    z_st,
    B_sb,
    B_st,
    C_sb,
    C_st,
    ND: tl.constexpr,
    N: tl.constexpr,
    BD: tl.constexpr,
):
    b = tl.program_id(0).to(tl.int64)
    nb = tl.num_programs(0)
    j = tl.program_id(1)
    d = j * BD + tl.arange(0, BD)
    n = tl.arange(0, N)
    A_raw = tl.load(A_ptr + d[:, None] * N + n[None, :])
    A = A_raw * 1.4426950408889634
    D = tl.load(D_ptr + d)
    bias = tl.load(bias_ptr + d)
    last = T - 1
    dt_p = dt_ptr + b * dt_sb + d
    u_p = u_ptr + b * u_sb + d
    z_p = z_ptr + b * z_sb + d
    B_p = B_ptr + b * B_sb + n
    C_p = C_ptr + b * C_sb + n
    row = b * T * ND + d  # of a contiguous [b,t,d] array at t = 0
    h_p = h_ptr + b * T * ND * N + d[:, None] * N + n[None, :]
    part = (j * nb + b) * T * N + n  # of dB, dC: [blocks,b,t,n]
    dh = tl.zeros([BD, N], dtype=tl.float32)
    dA = tl.zeros([BD, N], dtype=tl.float32)
    dD = tl.zeros([BD], dtype=tl.float32)
    dbias = tl.zeros([BD], dtype=tl.float32)
    h_c = tl.load(h_p + last * ND * N)
    dt_n = tl.load(dt_p + last * dt_st)
    u_n = tl.load(u_p + last * u_st)
    z_n = tl.load(z_p + last * z_st)
    B_n = tl.load(B_p + last * B_st)
    C_n = tl.load(C_p + last * C_st)
    dy_n = tl.load(dy_ptr + row + last * ND)
    h_n = tl.load(h_p + tl.maximum(last - 1, 0) * ND * N)
    for i in range(T):
        t = T - 1 - i
        dt = dt_n.to(tl.float32)
        u = u_n.to(tl.float32)
        z = z_n.to(tl.float32)
        Bt = B_n.to(tl.float32)
        Ct = C_n.to(tl.float32)
        dy = dy_n.to(tl.float32)
        h = h_c.to(tl.float32)
        h_before = tl.where(t > 0, h_n.to(tl.float32), 0.0)
        h_c = h_n
        nxt = tl.maximum(t - 1, 0)
        dt_n = tl.load(dt_p + nxt * dt_st)
        u_n = tl.load(u_p + nxt * u_st)
        z_n = tl.load(z_p + nxt * z_st)
        B_n = tl.load(B_p + nxt * B_st)
        C_n = tl.load(C_p + nxt * C_st)
        dy_n = tl.load(dy_ptr + row + nxt * ND)
        h_n = tl.load(h_p + tl.maximum(t - 2, 0) * ND * N)
        x = dt + bias
        delta = _softplus(x)
        sz = tl.sigmoid(z)
        y = tl.sum(h * Ct[None, :], axis=1) + D * u  # before the gate
        g = dy * z * sz
        tl.store(dz_ptr + row + t * ND, (dy * y * sz * (1.0 + z * (1.0 - sz))).to(dz_ptr.dtype.element_ty))
        dD += g * u
        tl.store(dC_ptr + part + t * N, tl.sum(g[:, None] * h, axis=0))
        dh += g[:, None] * Ct[None, :]
        decay = tl.exp2(delta[:, None] * A)
        carried = dh * decay  # gradient reaching h_{t-1}
        via_a = carried * h_before
        dhB = tl.sum(dh * Bt[None, :], axis=1)
        ddelta = tl.sum(via_a * A_raw, axis=1) + dhB * u
        dA += via_a * delta[:, None]
        tl.store(dB_ptr + part + t * N, tl.sum(dh * (delta * u)[:, None], axis=0))
        tl.store(du_ptr + row + t * ND, (g * D + delta * dhB).to(du_ptr.dtype.element_ty))
        dx = ddelta * tl.sigmoid(x)
        dbias += dx
        tl.store(ddt_ptr + row + t * ND, dx.to(ddt_ptr.dtype.element_ty))
        dh = carried
    tl.store(dA_ptr + (b * ND + d[:, None]) * N + n[None, :], dA)
    tl.store(dD_ptr + b * ND + d, dD)
    tl.store(dbias_ptr + b * ND + d, dbias)


def _strides(*tensors):
    out = []
    for v in tensors:
        if v.stride(2) != 1:
            raise ValueError(f"Cannot scan: the last axis has stride {v.stride(2)}, expected 1")
        out += [v.stride(0), v.stride(1)]
    return out


@torch.library.custom_op("hymba::scan_fwd", mutates_args=())
def _forward_op(
    dt: torch.Tensor,
    u: torch.Tensor,
    z: torch.Tensor,
    A: torch.Tensor,
    B: torch.Tensor,
    C: torch.Tensor,
    D: torch.Tensor,
    dt_bias: torch.Tensor,
    state_dtype: torch.dtype,
    block: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """-> y [b, t, d] float32, all h_t [b, t, d, n] in state_dtype."""
    b, t, d = u.shape
    n = A.shape[1]
    y = torch.empty(b, t, d, device=u.device, dtype=torch.float32)
    h = torch.empty(b, t, d, n, device=u.device, dtype=state_dtype)
    _scan_fwd[(b, d // block)](
        dt, u, z, A, B, C, D, dt_bias, y, h, t, *_strides(dt, u, z, B, C), ND=d, N=n, BD=block, num_warps=1
    )
    return y, h


@_forward_op.register_fake
def _forward_shapes(dt, u, z, A, B, C, D, dt_bias, state_dtype, block):
    b, t, d = u.shape
    return u.new_empty(b, t, d, dtype=torch.float32), u.new_empty(b, t, d, A.shape[1], dtype=state_dtype)


@torch.library.custom_op("hymba::scan_bwd", mutates_args=())
def _backward_op(
    dt: torch.Tensor,
    u: torch.Tensor,
    z: torch.Tensor,
    A: torch.Tensor,
    B: torch.Tensor,
    C: torch.Tensor,
    D: torch.Tensor,
    dt_bias: torch.Tensor,
    h: torch.Tensor,
    dy: torch.Tensor,
    block: int,
) -> tuple[
    torch.Tensor,
    torch.Tensor,
    torch.Tensor,
    torch.Tensor,
    torch.Tensor,
    torch.Tensor,
    torch.Tensor,
    torch.Tensor,
]:
    """-> the gradients of the first eight arguments; sums over programs are taken here, in a fixed order."""
    b, t, d = u.shape
    n = A.shape[1]
    blocks = d // block
    dy = dy.contiguous()

    def empty(*shape, dtype=torch.float32):
        return torch.empty(*shape, device=u.device, dtype=dtype)

    ddt, du, dz = (empty(b, t, d, dtype=v.dtype) for v in (dt, u, z))
    dA, dD, dbias = empty(b, d, n), empty(b, d), empty(b, d)
    dB, dC = empty(blocks, b, t, n), empty(blocks, b, t, n)
    inputs = (dt, u, z, A, B, C, D, dt_bias, h, dy)
    outputs = (ddt, du, dz, dA, dB, dC, dD, dbias)
    _scan_bwd[(b, blocks)](*inputs, *outputs, t, *_strides(dt, u, z, B, C), ND=d, N=n, BD=block, num_warps=1)
    return ddt, du, dz, dA.sum(0), dB.sum(0).to(B.dtype), dC.sum(0).to(C.dtype), dD.sum(0), dbias.sum(0)


@_backward_op.register_fake
def _backward_shapes(dt, u, z, A, B, C, D, dt_bias, h, dy, block):
    return tuple(v.new_empty(v.shape) for v in (dt, u, z, A, B, C, D, dt_bias))


def _keep(ctx, inputs, output):
    *tensors, _state_dtype, ctx.block = inputs
    ctx.set_materialize_grads(False)  # no zeros the size of h for the state's unused gradient
    ctx.save_for_backward(*tensors, output[1])


def _backward(ctx, dy, _dh):
    *tensors, h = ctx.saved_tensors
    return *torch.ops.hymba.scan_bwd(*tensors, h, dy, ctx.block), None, None


torch.library.register_autograd("hymba::scan_fwd", _backward, setup_context=_keep)


def scan_triton(dt, u, z, A, B, C, D, dt_bias, state_dtype=STATE_DTYPE, block=BLOCK_CHANNELS):
    """Same function as `scan_reference`, on CUDA; dt, u, z may be bfloat16, everything else is float32."""
    return torch.ops.hymba.scan_fwd(dt, u, z, A, B, C, D, dt_bias, state_dtype, block)[0]
