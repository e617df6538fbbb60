"""Trains the default model on one CUDA GPU.

python3 training/train.py FOLDER [--minutes 14.5] [--questions questions.jsonl] [...]

Worker processes keep generating, encoding and packing documents (trainer/rows.py) while the GPU trains, so that
hardly any text is seen twice. The learning rate and the switch to long rows follow elapsed time, so that a run ends
when its minutes are over. Leaves in FOLDER: tokenizer.json, fp32-*.safetensors, training_log.json. A run that was cut
off goes on where its FOLDER left it.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import time

import numpy as np
import torch
from tokenizers import Tokenizer

from hymba.config import DEFAULT, Config
from hymba.safetensors import write_safetensors
from trainer.evaluation import answer_questions, final_losses, held_out_rows, read_items
from trainer.feed import Feed
from trainer.rows import make_documents, make_shards, train_tokenizer
from trainer.steps import Trainer

TOKENIZER_SEEDS = 900_000  # above --corpus-seed: the documents that the tokenizer is made from
KEEP_EVERY = 1500  # steps between two validations, each of which also keeps the state
FILE_BYTES = 15 << 20  # most of a weight file


class Clock:
    """Seconds of training; compiling and validating do not count."""

    def __init__(self, before: float = 0.0):
        self.start = time.time() - before

    def now(self) -> float:
        """Seconds so far."""
        return time.time() - self.start

    def skip(self, since: float) -> None:
        """Do not count the time since `since`."""
        self.start += time.time() - since


class Run:
    """One run in one folder: the network, its feeds of rows, and the log."""

    def __init__(self, args, tok: Tokenizer):
        self.args, self.tok, self.rows = args, tok, f"{args.folder}/rows"
        marks = tuple(tok.token_to_id(t) for t in ("Answer", ":", "Ċ"))
        if None in marks:
            raise ValueError(f"Cannot weigh answers: the ids of 'Answer', ':' and a line's end are {marks}")
        self.trainer = Trainer(
            Config(DEFAULT), args.compile, args.flex, args.seed, args.decay, marks, args.answer_weight
        )
        self.feed = Feed(self.rows, "train", args.batch, args.seed)
        long_batch = args.batch * args.length // args.long_length
        self.long_feed = Feed(self.rows, "long", long_batch, args.seed + 1)
        self.log = {"settings": vars(args), "steps": [], "validation": []}
        self.step = self.tokens = 0
        self.clock = Clock()
        self.was_long = None
        self.mark = (self.clock.now(), 0)  # seconds and tokens when the speed was last logged
        self._resume()

    def _resume(self) -> None:
        path = f"{self.args.folder}/state.pt"
        if os.path.exists(path):
            state = torch.load(path, weights_only=False)
            self.trainer.net.load_state_dict(state["net"])
            self.trainer.opt.load_state_dict(state["opt"])
            self.log, self.step, self.tokens = state["log"], state["step"], state["tokens"]
            self.clock = Clock(state["now"])
            self.mark = (self.clock.now(), self.tokens)

    def train(self) -> None:
        """Steps until the minutes are over."""
        while (share := self.clock.now() / (60 * self.args.minutes)) < 1:
            self._one_step(share)
            if self.step % KEEP_EVERY == 0:
                began = time.time()
                self._validate()
                self.clock.skip(began)
        torch.cuda.synchronize()

    def _learning_rate(self, share: float) -> float:
        args = self.args
        cosine = args.lr_end + (args.lr - args.lr_end) * 0.5 * (1 + math.cos(math.pi * share))
        return cosine * min(1, (self.step + 1) / args.warmup)

    def _one_step(self, share: float) -> None:
        is_long, lr = share >= 1 - self.args.long_share, self._learning_rate(share)
        rows = (self.long_feed if is_long else self.feed).get()
        began = time.time()
        nll, norm, answers = self.trainer.step(rows, lr)
        self.step += 1
        self.tokens += self.args.batch * self.args.length
        if is_long != self.was_long:  # this step compiled the network for a new shape
            torch.cuda.synchronize()
            print(f"step {self.step}: compiled for {tuple(rows.shape)} in {time.time() - began:.1f} s", flush=True)
            self.clock.skip(began)
            self.mark = (self.clock.now(), self.tokens)
        self.was_long = is_long
        if self.step % 50 == 0 or self.step in (1, 10):
            self._record(nll.item(), answers.item(), norm.item(), lr)

    def _record(self, loss: float, answers: float, norm: float, lr: float) -> None:
        now = self.clock.now()
        speed = (self.tokens - self.mark[1]) / max(1e-9, now - self.mark[0])
        self.mark = (now, self.tokens)
        entry = {
            "step": self.step,
            "tokens": self.tokens,
            "seconds": round(now, 1),
            "loss": round(loss, 4),
            "answer_loss": round(answers, 4),
            "lr": lr,
            "grad_norm": round(norm, 3),
            "tokens_per_second": round(speed),
        }
        self.log["steps"].append(entry)
        if self.step % 250 == 0 or self.step in (1, 10, 50, 100):
            used = f"{len(self.feed.used)}+{len(self.long_feed.used)}"
            print(json.dumps(entry), "shards", used, "replayed", self.feed.again + self.long_feed.again, flush=True)
        if not math.isfinite(loss):
            raise FloatingPointError(f"Cannot go on training: the loss is {loss} at step {self.step}")

    def _validate(self) -> None:
        """A look at the held-out rows, and the state kept for a run that is cut off."""
        loss = self.trainer.evaluate(held_out_rows(self.rows)[:512], self.args.batch)
        self.log["validation"].append({"step": self.step, "tokens": self.tokens, "loss": round(loss, 4)})
        print(f"step {self.step} validation {loss:.4f}", flush=True)
        self.keep()
        state = {
            "net": self.trainer.net.state_dict(),
            "opt": self.trainer.opt.state_dict(),
            "log": self.log,
            "step": self.step,
            "tokens": self.tokens,
            "now": self.clock.now(),
        }
        torch.save(state, f"{self.args.folder}/state.tmp")
        os.replace(f"{self.args.folder}/state.tmp", f"{self.args.folder}/state.pt")
        self.mark = (self.clock.now(), self.tokens)

    def finish(self) -> None:
        """Keep the weights; then the last figures, which round them."""
        seconds = self.clock.now()
        self.log |= {
            "parameters": sum(p.numel() for p in self.trainer.net.parameters()),
            "training_steps": self.step,
            "training_tokens": self.tokens,
            "training_seconds": round(seconds, 1),
            "tokens_per_second": round(self.tokens / seconds),
            "shards_used": len(self.feed.used) + len(self.long_feed.used),
            "shards_replayed": self.feed.again + self.long_feed.again,
            "gpu": torch.cuda.get_device_name(),
            "torch": torch.__version__,
        }
        self.keep()
        rows, batch = held_out_rows(self.rows), self.args.batch
        last = float(np.mean([s["loss"] for s in self.log["steps"][-10:]]))
        final = final_losses(self.trainer, self.tok, rows, batch)
        self.log["final"] = {"train_loss_last_500_steps": last, **final}
        print(json.dumps(self.log["final"]), flush=True)
        if self.args.questions:
            items = read_items(self.args.questions)
            self.log["questions"], wrong = answer_questions(self.trainer, self.tok, items, self.args.length, batch)
            print(json.dumps(self.log["questions"]), flush=True)
            _write_json(f"{self.args.folder}/wrong_answers.json", wrong)
        _write_json(f"{self.args.folder}/training_log.json", self.log)

    def keep(self) -> None:
        """Write the weights in float32, and the log so far."""
        files, size = [{}], 0
        for name, p in sorted(self.trainer.net.named_parameters()):
            if size + p.numel() * 4 > FILE_BYTES:
                files.append({})
                size = 0
            files[-1][name] = p.detach().float().cpu().numpy()
            size += p.numel() * 4
        for i, tensors in enumerate(files):
            write_safetensors(f"{self.args.folder}/fp32-{i + 1}.safetensors", tensors, "F32")
        _write_json(f"{self.args.folder}/training_log.json", self.log)


def _write_json(path: str, content) -> None:
    with open(path, "w") as f:
        json.dump(content, f, indent=1)


def make_tokenizer(args) -> Tokenizer:
    """A tokenizer from 32,000 documents that no shard holds."""
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        seeds = [args.corpus_seed + TOKENIZER_SEEDS + i for i in range(16)]
        parts = pool.starmap(make_documents, [(seed, 2000) for seed in seeds])
    return train_tokenizer([text for part in parts for text in part], DEFAULT["vocab_size"])


def start_workers(args) -> tuple[Tokenizer, list]:
    """The tokenizer, and the processes that write shards; none when a run goes on, whose rows are there."""
    path = f"{args.folder}/tokenizer.json"
    if os.path.exists(path):
        return Tokenizer.from_file(path), []
    os.makedirs(f"{args.folder}/rows", exist_ok=True)
    tok = make_tokenizer(args)
    tok.save(path)
    context = multiprocessing.get_context("fork")
    jobs = [(f"{args.folder}/rows", path, args, args.corpus_seed + i, 8) for i in range(args.workers)]
    workers = [context.Process(target=make_shards, daemon=True, args=job) for job in jobs]
    for worker in workers:
        worker.start()
    return tok, workers


def parse_args() -> argparse.Namespace:
    """The command line; its defaults are the settings of the run, but for --minutes, --shards and --questions."""
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder")
    ap.add_argument("--minutes", type=float, default=14, help="training time after the first step")
    ap.add_argument("--length", type=int, default=512)
    ap.add_argument("--batch", type=int, default=128)
    ap.add_argument("--long-length", type=int, default=2048)
    ap.add_argument("--long-share", type=float, default=0.12, help="last share of the time, on long rows")
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--lr-end", type=float, default=2e-5)
    ap.add_argument("--warmup", type=int, default=300)
    ap.add_argument("--answer-weight", type=float, default=4.0, help="how much a token inside an answer counts")
    ap.add_argument("--decay", type=float, default=0.1)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--corpus-seed", type=int, default=1_000_000)
    ap.add_argument("--shards", type=int, default=400, help="most shards a worker")
    ap.add_argument("--docs", type=int, default=4000, help="documents a shard")
    ap.add_argument("--workers", type=int, default=13)
    ap.add_argument("--questions", default="", help="questions.jsonl to answer at the end")
    ap.add_argument("--flex", action=argparse.BooleanOptionalAction, default=True, help="block-sparse attention")
    ap.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    return ap.parse_args()


def main() -> None:
    """One run."""
    args = parse_args()
    began = time.time()
    tok, workers = start_workers(args)
    run = Run(args, tok)
    run.train()
    for worker in workers:
        worker.terminate()
    run.finish()
    print(f"done after {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
