"""What an exported checkpoint says, computed in PyTorch on any machine.

python3 training/report.py CHECKPOINT_FOLDER golden samples verify

golden   golden.json: per prompt its ids, the ten largest logits after it, 48 greedy ids (float32, stored weights)
samples  samples.md: continuations as they came
verify   float32, float64 and bfloat16 logits of this network against the NumPy float64 oracle, the token-by-token
         decoder against the whole forward pass, and questions answered by real greedy decoding
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import torch

import stories
from hymba.checkpoint import read_weights
from hymba.config import Config
from hymba.decoder import Decoder
from hymba.model import Hymba
from hymba.oracle import Oracle
from hymba.tokenizer import Tokenizer
from stories import END

# chosen so that no greedy step is a close call (smallest_margin): other float32 arithmetic must give the same ids
GOLDEN = [
    "Once upon a time",
    "In a little house by the sea",
    "Mia lost her green hat.",
    "Rosa had a kitten named Misty.",
    "Tom has a red ball. Mia has a blue kite. Sam has a green hat.\n\nQuestion: What color is Sam's hat?\nAnswer:",
    END,
]
GOLDEN_NOTE = (
    "float32 arithmetic on the stored bfloat16 weights; no token is added to the prompt; greedy ids go on after "
    "<|endoftext|>; window rule: a query sees sliding_window - 1 keys before itself and the meta tokens"
)
STORIES = [
    "Once upon a time",
    "One rainy day, Tom and his grandmother",
    "Lily had a red kite.",
    "In a little house by the sea",
]
GREEDY = STORIES + [
    "Ben and his dog Rusty",
    "It was a snowy morning, and Anna",
    "There was once a little fox",
    "Grandpa said,",
    END,
]
TEXT_ASKED = (
    "Sam had a yellow boat. One sunny day he took it to the pond. A duck named Pip sat on the boat and would not "
    "leave. Sam gave Pip some bread, and Pip swam away."
)
ASKED = [
    f"{TEXT_ASKED}\n\nQuestion: {question}\nAnswer:"
    for question in (
        "What color was the boat?",
        "Where did Sam go?",
        "What was the name of the duck?",
        "What did Sam give Pip?",
    )
]


def load(folder: str) -> Hymba:
    """The network of a checkpoint folder, in float32."""
    net = Hymba(Config.load(f"{folder}/config.json"))
    net.load_state_dict({name: torch.from_numpy(a) for name, a in read_weights(folder).items()})
    return net.eval()


def greedy(net: Hymba, ids: list[int], count: int, stop=()) -> tuple[list[int], list[float]]:
    """Up to `count` ids, ending with one of `stop`; and how far the second choice was behind each time."""
    decoder = Decoder(net, 1)
    logits = decoder.push(torch.tensor([ids]))
    out, margins = [], []
    while True:
        out.append(int(logits.argmax(-1)))
        first, second = logits[0].topk(2).values.tolist()
        margins.append(first - second)
        if len(out) == count or out[-1] in stop:
            return out, margins
        logits = decoder.push(torch.tensor([out[-1:]]))


def sample(net: Hymba, ids: list[int], count: int, copies: int, temperature=0.8, top_p=0.95) -> list[list[int]]:
    """`copies` continuations, each up to `count` ids or its <|endoftext|>; seed 0."""
    g = torch.Generator().manual_seed(0)
    decoder = Decoder(net, copies)
    logits = decoder.push(torch.tensor([ids] * copies))
    rows = [[] for _ in range(copies)]
    for _ in range(count):
        p, order = (logits / temperature).softmax(-1).sort(-1, descending=True)
        p[p.cumsum(-1) - p > top_p] = 0
        next_ids = order.gather(-1, torch.multinomial(p, 1, generator=g))
        for row, i in zip(rows, next_ids[:, 0].tolist()):
            if not row or row[-1] != 0:
                row.append(i)
        if all(row[-1] == 0 for row in rows):
            break
        logits = decoder.push(next_ids)
    return rows


def write_golden(folder: str, net: Hymba, tok: Tokenizer) -> None:
    """golden.json beside the checkpoint."""
    prompts = []
    for prompt in GOLDEN:
        ids = tok.encode(prompt)
        with torch.no_grad():
            top = net.logits(net(torch.tensor([ids])))[0, -1].topk(10)
        out, margins = greedy(net, ids, 48)
        entry = {"prompt": prompt, "ids": ids, "top_ids": top.indices.tolist(), "top_logits": top.values.tolist()}
        entry |= {"greedy_ids": out, "greedy_text": tok.decode(out), "smallest_margin": min(margins)}
        prompts.append(entry)
    with open(f"{folder}/golden.json", "w") as f:
        json.dump({"note": GOLDEN_NOTE, "prompts": prompts}, f)
        f.write("\n")


def quote(prompt: str, text: str) -> str:
    """Prompt and continuation as Markdown."""
    text = text.replace(END, " ⏹")
    return "> **" + prompt.replace("\n", "  \n> ") + "**" + text.replace("\n", "  \n> ") + "\n"


def write_samples(folder: str, net: Hymba, tok: Tokenizer) -> None:
    """samples.md beside the checkpoint."""
    out = ["# Samples\n", f"The prompt is bold; ⏹ is `{END}`. Nothing was chosen or left out.\n"]
    out.append("## Temperature 0.8, top-p 0.95 (three a prompt, seed 0)\n")
    for prompt in STORIES:
        out += [quote(prompt, tok.decode(row)) for row in sample(net, tok.encode(prompt), 300, 3)]
    out.append("## Greedy\n")
    out += [quote(prompt, tok.decode(greedy(net, tok.encode(prompt), 300, stop=(0,))[0])) for prompt in GREEDY]
    out.append("## Questions, greedy\n")
    ends = (0, *tok.encode("\n"))
    out += [quote(prompt, tok.decode(greedy(net, tok.encode(prompt), 16, stop=ends)[0])) for prompt in ASKED]
    with open(f"{folder}/samples.md", "w") as f:
        f.write("\n".join(out))


@torch.no_grad()
def logits_every_way(net: Hymba, ids: list[int]) -> dict[str, np.ndarray]:
    """The logits [len(ids), vocab] in the arithmetics the report is about."""
    row = torch.tensor([ids])
    decoder = Decoder(net, 1)
    ways = {
        "float32": net.logits(net(row)),
        "float32 step by step": torch.stack([decoder.push(torch.tensor([[i]])) for i in ids], 1),
    }
    with torch.autocast("cpu", torch.bfloat16):
        ways["bfloat16 matmuls"] = net.logits(net(row)).float()
    ways["float64"] = net.double().logits(net(row))
    net.float()
    return {name: logits[0].numpy() for name, logits in ways.items()}


def verify(folder: str, net: Hymba, tok: Tokenizer) -> None:
    """Print errors against the oracle, and how many of 40 questions are answered."""
    oracle = Oracle.load(folder)
    long_text = END.join(stories.generate_document(stories.document_rng(99, i)) for i in range(3))
    for prompt in [*GOLDEN, long_text]:
        ids = tok.encode(prompt)
        exact = oracle.logits(ids)
        print(f"{len(ids)} tokens, logits of standard deviation {exact.std():.2f}; largest error, norm of the error:")
        for name, got in logits_every_way(net, ids).items():
            norm = np.linalg.norm(got - exact) / np.linalg.norm(exact)
            print(f"  {name:20} {np.abs(got - exact).max():.1e}, {norm:.1e}", flush=True)
    items = [stories.generate_item(stories.document_rng(99, i)) for i in range(40)]
    newline = tok.encode("\n")[0]
    right = 0
    for item in items:
        got, _ = greedy(net, tok.encode(item["prompt"]), 24, stop=(0, newline))
        right += tok.decode(i for i in got if i not in (0, newline)) == item["answer"]
    print(f"first {len(items)} questions of seed 99 answered by greedy decoding: {right} right")


def main() -> None:
    """The command line."""
    tasks = {"golden": write_golden, "samples": write_samples, "verify": verify}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("tasks", nargs="+", choices=tasks)
    args = parser.parse_args()
    net, tok = load(args.folder), Tokenizer(f"{args.folder}/tokenizer.json")
    for task in args.tasks:
        tasks[task](args.folder, net, tok)


if __name__ == "__main__":
    main()
