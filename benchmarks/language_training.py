"""Time training of small language models beside transformers' Trainer, in turns, in one process.

    python -m benchmarks.language_training [--widths 256 512] [--threads 2] [--turns 5]

Llamas over 1024 ids with the same random weights, on the same random batches, in fp32, each step
with AdamW and a clipped gradient; the first loss of both says that the work is the same. One
thread: CPU time; more: time on the wall. A turn is so many steps of each; its first is not timed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections import defaultdict
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.machine import describe
from benchmarks.tables import heading, row

SIZE = 1024  # ids
HEAD = ["width × layers", "M parameters", "batch", "transformers, tokens/s", "ours, tokens/s"]
HEAD += ["ours / transformers", "losses of the first step", "load"]


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--length", type=int, default=256, help="tokens of each")
    parser.add_argument("--steps", type=int, default=5, help="of a turn; the first is not timed")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(heading(HEAD))
    for width in options.widths:
        print(row(measure(width, options)), flush=True)
    print(f"\n{describe('transformers', 'accelerate', threads=options.threads)}")


def measure(width: int, options: argparse.Namespace) -> list[str]:
    """Return the row of one width."""
    from benchmarks.language_models import our_llama, their_llama
    from benchmarks.language_turns import clock_of, gaps
    from vocable.language.packing import parameters

    theirs = their_llama(width, options.layers, SIZE, options.length)
    ours = our_llama(theirs).train().requires_grad_(True)
    clock = clock_of(options.threads)
    shape = options.steps * options.batch, options.length
    ids = torch.randint(0, SIZE, shape, generator=torch.Generator().manual_seed(1))
    times: dict[str, list[float]] = defaultdict(list)
    losses: dict[str, float] = {}
    for _ in range(options.turns):
        for name, run, model in (("theirs", their_steps, theirs), ("ours", our_steps, ours)):
            at, loss = run(model, ids.split(options.batch), clock)
            times[name] += gaps(at)
            losses.setdefault(name, loss)
    pace = {
        name: options.batch * options.length / statistics.median(each)
        for name, each in times.items()
    }
    cells = [f"{width} × {options.layers}", f"{parameters(ours) / 1e6:.1f}"]
    cells += [f"{options.batch} × {options.length}", f"{pace['theirs']:.0f}", f"{pace['ours']:.0f}"]
    cells += [f"{pace['ours'] / pace['theirs']:.2f}"]
    return [*cells, f"{losses['theirs']:.5f}, {losses['ours']:.5f}", f"{os.getloadavg()[0]:.1f}"]


def their_steps(model: Any, batches: tuple[Tensor, ...], clock: Any) -> tuple[list[float], float]:
    """Return when transformers' Trainer has done each step, and the loss of the first."""
    import transformers

    at: list[float] = []
    losses: list[float] = []

    class Marks(transformers.TrainerCallback):  # type: ignore[misc]  # transformers has no types
        def on_step_end(self, *_: Any, **more: Any) -> None:
            at.append(clock())

    class Trainer(transformers.Trainer):  # type: ignore[misc]
        def compute_loss(self, *given: Any, **more: Any) -> Any:
            found = super().compute_loss(*given, **more)
            losses.append(float(found.detach()))
            return found

    rows = torch.cat(batches)
    with tempfile.TemporaryDirectory() as folder:
        settings = transformers.TrainingArguments(
            folder, per_device_train_batch_size=len(batches[0]), max_steps=len(batches),
            learning_rate=1e-3, optim="adamw_torch_fused", max_grad_norm=1.0, use_cpu=True,
            report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True,
            train_sampling_strategy="sequential",
        )  # fmt: skip
        data = [{"input_ids": each, "labels": each} for each in rows]
        trainer = Trainer(model, settings, train_dataset=data, callbacks=[Marks()])
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.train()
    return at, losses[0]


def our_steps(model: Any, batches: tuple[Tensor, ...], clock: Any) -> tuple[list[float], float]:
    """Return when ours has done each step, and the loss of the first."""
    from vocable.train.distributed import Distributed
    from vocable.train.optim import AdamW
    from vocable.train.update import Updater

    updater = Updater(model, AdamW(lr=1e-3), Distributed("cpu"))
    at, losses = [], []
    for ids in batches:
        (logits,) = model(ids[:, :, None])
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        updater.clear_gradient()
        loss.backward()
        losses.append(float(loss.detach()))
        updater.clip_gradient()
        updater.step(1.0)
        at.append(clock())
    return at, losses[0]


if __name__ == "__main__":
    main()
