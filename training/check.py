"""Checks and timings of the network's parts.

python3 training/check.py model         # whole network against float64; anywhere with torch
python3 training/check.py scan bench    # the Triton scan against the plain loop; timings. CUDA only
"""

from __future__ import annotations

import argparse
import contextlib
import time

import torch

from hymba.config import DEFAULT, Config
from hymba.model import Hymba
from hymba.scan import scan_reference, scan_triton

SCAN_CASES = ((2, 37, 64), (3, 5, 32), (2, 200, 512))  # sequences, time steps, channels
LIMITS = {True: 1e-5, False: 1e-2}  # relative norm of the error: all float32, or bfloat16 somewhere


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    """Norm of the error over the norm of the right values b."""
    return ((a.double() - b.double()).norm() / b.double().norm().clamp_min(1e-30)).item()


def scan_inputs(b: int, t: int, d: int, dtype, seed: int, n: int = 16) -> list[torch.Tensor]:
    """Random arguments of a scan on the GPU; dt, u, z strided as the model passes them."""
    g = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=g)

    packed = normal(b, t, 3 * d)
    packed[..., :d] -= 2.0
    dt, u, z = packed.to("cuda", dtype).split(d, -1)
    A = -torch.exp(torch.log(torch.arange(1, n + 1).float()).expand(d, n) + 0.1 * normal(d, n))
    rest = A, normal(b, t, n), normal(b, t, n), normal(d), 0.3 * normal(d)
    return [dt, u, z, *(v.cuda() for v in rest)]


def values_and_gradients(scan, inputs: list[torch.Tensor], dy: torch.Tensor) -> list[torch.Tensor]:
    """y and the gradient of each input, given the gradient of y."""
    leaves = [v.detach().clone(memory_format=torch.preserve_format).requires_grad_() for v in inputs]
    y = scan(*leaves)
    y.backward(dy.to(y.dtype))
    return [y.detach(), *(v.grad for v in leaves)]


def check_scan() -> None:
    """Values and gradients of the Triton scan against the plain loop in float64."""
    names = "y dt u z A B C D dt_bias".split()
    for state in (torch.float32, torch.bfloat16):
        for dtype in (torch.float32, torch.bfloat16):
            for b, t, d in SCAN_CASES:
                inputs = scan_inputs(b, t, d, dtype, seed=b * t)
                dy = torch.randn(b, t, d, device="cuda")
                fast = values_and_gradients(lambda *a, state=state: scan_triton(*a, state_dtype=state), inputs, dy)
                exact = values_and_gradients(scan_reference, [v.double() for v in inputs], dy.double())
                errors = {name: relative(x, r) for name, x, r in zip(names, fast, exact)}
                print(
                    f"states {str(state)[6:]}, inputs {str(dtype)[6:]}, {b} x {t} x {d}: "
                    + " ".join(f"{name} {e:.1e}" for name, e in errors.items())
                )
                limit = LIMITS[state == dtype == torch.float32]
                if max(errors.values()) > limit:
                    raise AssertionError(f"Cannot trust the scan: its largest error is above {limit}")


def check_model() -> None:
    """Logits and all gradients, float32 and bfloat16 matmuls, against float64 on the CPU. With CUDA that sets the
    Triton scan and the fused attention against the plain loops."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = Hymba(Config(DEFAULT), 1)
    with torch.no_grad():
        for name, p in net.named_parameters():
            p.mul_(10.0 if "embed" in name else 1.5 if name.endswith("proj.weight") else 1.0)
    ids = torch.randint(0, DEFAULT["vocab_size"], (2, 160), generator=torch.Generator().manual_seed(5))

    def run(net, ids, auto):
        net.zero_grad()
        with torch.autocast(device, torch.bfloat16) if auto else contextlib.nullcontext():
            logits = net.logits(net(ids[:, :-1]))
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).backward()
        gradients = {n: p.grad.cpu().double().clone() for n, p in net.named_parameters()}
        return logits.detach().cpu().double(), gradients

    exact, exact_gradients = run(net.double(), ids, False)
    net = net.float().to(device)
    for auto in (False, True):
        got, gradients = run(net, ids.to(device), auto)
        errors = sorted(((relative(gradients[n], g), n) for n, g in exact_gradients.items()), reverse=True)
        print(
            f"{device}, bfloat16 matmuls {auto}: logits max abs {(got - exact).abs().max():.2e} relative "
            f"{relative(got, exact):.2e} (std {exact.std():.2f}); worst gradients "
            + ", ".join(f"{n} {e:.1e}" for e, n in errors[:3]),
            flush=True,
        )
        limit = 0.15 if auto else 1e-4  # measured: 0.07, 6e-6
        if max(relative(got, exact), errors[0][0]) > limit:
            raise AssertionError(f"Cannot trust the network: an error is above {limit}")


def milliseconds(work, repeat: int = 10) -> float:
    """Mean time of a call, the first one not counted."""
    work()
    torch.cuda.synchronize()
    began = time.time()
    for _ in range(repeat):
        work()
    torch.cuda.synchronize()
    return (time.time() - began) / repeat * 1e3


def bench() -> None:
    """The scan at the two shapes of training, then a training step with block-sparse and with dense attention."""
    for b, t in ((128, 544), (32, 2080)):
        inputs = scan_inputs(b, t, 512, torch.bfloat16, seed=1)
        leaves = [v.detach().requires_grad_() for v in inputs]
        dy = torch.randn(b, t, 512, device="cuda")
        with torch.no_grad():
            forward = milliseconds(lambda inputs=inputs: scan_triton(*inputs))
        both = milliseconds(lambda leaves=leaves, dy=dy: scan_triton(*leaves).backward(dy))
        print(f"scan {b} x {t}: forward {forward:.3f} ms, forward and backward {both:.3f} ms", flush=True)
    from trainer.steps import Trainer  # needs the tokenizers library too, which the other checks do without

    for flex in (True, False):
        torch._dynamo.reset()
        torch.cuda.reset_peak_memory_stats()
        trainer = Trainer(Config(DEFAULT), flex=flex)
        rows = torch.randint(0, DEFAULT["vocab_size"], (128, 513), device="cuda")
        ms = milliseconds(lambda trainer=trainer, rows=rows: trainer.step(rows, 1e-3))
        print(
            f"training step 128 x 512, {'block-sparse' if flex else 'dense'} attention: {ms:.1f} ms, "
            f"{128 * 512 / ms / 1e3:.2f} M tokens/s, {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB",
            flush=True,
        )


def main() -> None:
    """The command line."""
    checks = {"scan": check_scan, "model": check_model, "bench": bench}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", choices=checks)
    for name in parser.parse_args().names:
        checks[name]()


if __name__ == "__main__":
    main()
