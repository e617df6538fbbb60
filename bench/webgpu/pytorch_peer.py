"""A Hymba-1.5B decode step in PyTorch on the same card, for comparison: random weights, bfloat16, one sequence.

    python3 bench/webgpu/pytorch_peer.py [position]

Prints JSON: milliseconds a token, eager and replayed as a CUDA graph, and the rate at which a copy moves bytes.
"""

import json
import statistics
import sys

import torch
import torch.nn.functional as F

HIDDEN, MLP, HEADS, KV_HEADS, KEY, VALUE = 1600, 5504, 25, 5, 64, 128
INNER, STATE, CONV, RANK, META, WINDOW, VOCAB = 3200, 16, 4, 100, 128, 1024, 32001
LAYERS, GLOBAL = 32, (0, 15, 31)
GROUPS = [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10], [11, 12], [13, 14], [16, 17, 18], [19, 20], [21, 22]]
GROUPS += [[23, 24], [25, 26], [27, 28], [29, 30]]
QUERIES, KEYS, VALUES = HEADS * KEY, KV_HEADS * KEY, KV_HEADS * VALUE


def matrix(rows: int, columns: int) -> torch.Tensor:
    """Random weights that keep a vector's size."""
    return torch.randn(rows, columns, device="cuda", dtype=torch.bfloat16) / columns**0.5


def norm(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """RMS norm."""
    return F.rms_norm(x, (x.shape[-1],), weight, 1e-6)


class Layer:
    """One layer with its state: caches whose newest slot a step overwrites, so that its time does not change."""

    def __init__(self, index: int, owner: "Layer | None", position: int) -> None:
        def ones(n: int) -> torch.Tensor:
            return torch.ones(n, device="cuda", dtype=torch.bfloat16)

        kv = 0 if owner else KEYS + VALUES
        self.in_proj = matrix(QUERIES + kv + 2 * INNER, HIDDEN)
        self.out_proj, self.x_proj = matrix(HIDDEN, INNER), matrix(RANK + 2 * STATE, INNER)
        self.gate_up, self.down = matrix(2 * MLP, HIDDEN), matrix(HIDDEN, MLP)
        self.dt_proj, self.dt_bias = matrix(INNER, RANK), ones(INNER)
        self.conv, self.conv_bias = matrix(INNER, CONV), ones(INNER)
        self.a = -torch.rand(INNER, STATE, device="cuda")
        self.norms = [ones(n) for n in (HIDDEN, HIDDEN, INNER, INNER, RANK, STATE, STATE)]
        self.d = ones(INNER)
        self.conv_state = torch.zeros(INNER, CONV, device="cuda", dtype=torch.bfloat16)
        self.state = torch.zeros(INNER, STATE, device="cuda")
        slots = position if index in GLOBAL else min(position, META + WINDOW)
        self.owner = owner
        if not owner:
            self.keys = torch.randn(1, KV_HEADS, slots, KEY, device="cuda", dtype=torch.bfloat16)
            self.values = torch.randn(1, KV_HEADS, slots, VALUE, device="cuda", dtype=torch.bfloat16)

    def attend(self, q: torch.Tensor, kv: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """The attention heads."""
        cache = self.owner or self
        q = rotate(q.view(1, HEADS, 1, KEY), turn)
        if not self.owner:
            cache.keys[:, :, -1:] = rotate(kv[:KEYS].view(1, KV_HEADS, 1, KEY), turn)
            cache.values[:, :, -1:] = kv[KEYS:].view(1, KV_HEADS, 1, VALUE)
        return F.scaled_dot_product_attention(q, cache.keys, cache.values, enable_gqa=True).view(1, INNER)

    def scan(self, u: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """The Mamba heads."""
        self.conv_state.copy_(torch.cat([self.conv_state[:, 1:], u.view(INNER, 1)], 1))
        x = F.silu((self.conv_state * self.conv).sum(1) + self.conv_bias)
        dt, b, c = F.linear(x, self.x_proj).split([RANK, STATE, STATE])
        dt, b, c = norm(dt, self.norms[4]), norm(b, self.norms[5]).float(), norm(c, self.norms[6]).float()
        delta = F.softplus(F.linear(dt, self.dt_proj) + self.dt_bias).float().view(INNER, 1)
        self.state.copy_(torch.exp(delta * self.a) * self.state + delta * x.float().view(INNER, 1) * b)
        y = (self.state @ c).to(torch.bfloat16) + self.d * x
        return (y * F.silu(z)).view(1, INNER)

    def step(self, x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """The residual stream after this layer."""
        projected = F.linear(norm(x, self.norms[0]), self.in_proj).view(-1)
        q, kv, u, z = projected.split([QUERIES, projected.numel() - QUERIES - 2 * INNER, INNER, INNER])
        attended, scanned = self.attend(q, kv, turn), self.scan(u, z)
        x = x + F.linear((norm(attended, self.norms[2]) + norm(scanned, self.norms[3])) / 2, self.out_proj)
        gate, up = F.linear(norm(x, self.norms[1]), self.gate_up).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, self.down)


def rotate(x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """RoPE by one angle for each pair of dimensions."""
    low, high = x.chunk(2, -1)
    cos, sin = turn
    return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)


def median_ms(run, calls: int) -> float:
    """Median milliseconds a call, of seven rounds."""
    samples = []
    for _ in range(7):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(calls):
            run()
        end.record()
        torch.cuda.synchronize()
        samples.append(start.elapsed_time(end) / calls)
    return statistics.median(samples)


@torch.inference_mode()
def main(position: int) -> None:
    """Measures and prints."""
    layers: list[Layer] = []
    for index in range(LAYERS):
        group = next((g for g in GROUPS if index in g), [index])
        layers.append(Layer(index, layers[group[0]] if group[0] < index else None, position))
    embedding, final = matrix(VOCAB, HIDDEN), torch.ones(HIDDEN, device="cuda", dtype=torch.bfloat16)
    angles = position * 74534.83 ** (-torch.arange(KEY // 2, device="cuda") / (KEY // 2))
    turn = (angles.cos().bfloat16(), angles.sin().bfloat16())
    token = torch.ones(1, device="cuda", dtype=torch.long)

    def step() -> None:
        x = F.embedding(token, embedding)
        for layer in layers:
            x = layer.step(x, turn)
        token.copy_(F.linear(norm(x, final), embedding).argmax(-1))

    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.synchronize()
    eager = median_ms(step, 10)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    replayed = median_ms(graph.replay, 50)
    a, b = (torch.empty(2**30, device="cuda", dtype=torch.uint8) for _ in range(2))
    copy = 2 * 2**30 / (median_ms(lambda: b.copy_(a), 20) / 1000)
    name = torch.cuda.get_device_name()
    print(
        json.dumps(
            {
                "device": name,
                "torch": torch.__version__,
                "position": position,
                "eagerMilliseconds": eager,
                "graphMilliseconds": replayed,
                "copyBytesPerSecond": copy,
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8192)
