"""Fine-tune a CSM of published size for a few steps: what it takes, and what was told before.

    python -m benchmarks.finetune_csm --steps 2 --seconds 4

The weights are random (bf16, as published), and the set is made of tones: what is measured is the
memory and the time of a run of `vocable.speak.finetune`, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RATE = 24_000
LETTERS = "[]0123456789 abcdefghijklmnopqrstuvwxyz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_AsWritten)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--rows", type=int, default=4, help="snippets, one of them held out")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each snippet")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--layers", type=int, nargs=2, help="of both models, for a quick look")
    parser.add_argument("--folder", type=Path, help="where the model is kept for another run")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        _run(*asked.run)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        if not (folder / "model").is_dir():
            _write_model(folder / "model", asked.layers and tuple(asked.layers))
        _write_set(Path(temporary) / "set", asked.rows, asked.seconds)
        _measure(folder / "model", Path(temporary), asked)


class _AsWritten(argparse.RawDescriptionHelpFormatter):
    pass


def _measure(model: Path, folder: Path, asked: argparse.Namespace) -> None:
    """Run in a child and print the peak of its memory, its steps and what was told before."""
    own = [
        f"schedule.steps={asked.steps}", f"rows.batch={asked.batch}",
        f"rows.longest={asked.seconds}", "optimizer.accumulate=1", "checkpoints.log_steps=1",
        f"checkpoints.evaluate_steps={asked.steps}", "checkpoints.tensorboard=false",
        "held_out.samples=0",
    ]  # fmt: skip
    line = [sys.executable, "-m", "benchmarks.finetune_csm", "--run", str(model), str(folder)]
    begin = time.perf_counter()
    subprocess.run([*line, json.dumps(own)], check=True)
    seconds = time.perf_counter() - begin
    steps = [
        each["seconds"]
        for each in map(json.loads, (folder / "out/log.jsonl").read_text().splitlines())
        if each["kind"] == "train"
    ]
    print(f"{seconds:.0f} s with reading and writing, load {os.getloadavg()[0]:.1f}")
    print("seconds at the end of each step: " + ", ".join(f"{each:.1f}" for each in steps))
    for path in sorted((folder / "out").iterdir()):
        print(f"{path.name}  {path.stat().st_size / 1e6:.1f} MB")


def _run(model: str, folder: str, overrides: str) -> None:
    import torch

    from benchmarks.memory import peak_megabytes
    from vocable.speak.finetune import finetune, plan

    torch.set_num_threads(1)
    own: Any = json.loads(overrides)
    made = plan(model, f"{folder}/set", overrides=own, device="cpu")
    print(f"told before: {made.memory.text}; {made.learning / 1e6:.2f} M weights learn")
    found = finetune(
        model, f"{folder}/set", f"{folder}/out", overrides=own, device="cpu", progress=_show
    )
    print(f"held-out bits a frame by steps: {found.bits}; verdict: {found.verdict}")
    print(f"peak {peak_megabytes() / 1e3:.2f} GB")


def _show(line: dict[str, Any]) -> None:
    print({key: value for key, value in line.items() if key != "gradients"}, flush=True)


def _write_model(folder: Path, layers: tuple[int, int] | None) -> None:
    """Write a CSM of published size with a codec of its form and a tokenizer of letters."""
    import torch
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    from benchmarks.language_models import their_csm

    their_csm(torch.bfloat16, layers).save_pretrained(folder)
    vocabulary = {letter: number for number, letter in enumerate(LETTERS + "?")}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))


def _write_set(folder: Path, rows: int, seconds: float) -> None:
    import numpy as np
    import soundfile

    from vocable.speak.prepare.set import About, PreparedSet, Row

    (folder / "audio").mkdir(parents=True)
    made = []
    for number in range(rows):
        time_ = np.arange(round(seconds * RATE)) / RATE
        tone = 0.3 * np.sin(2 * np.pi * (200 + 50 * number) * time_) * np.sin(6 * time_)
        name, split = f"audio/tone-{number:04}.flac", "valid" if number == rows - 1 else "train"
        soundfile.write(folder / name, tone, RATE)
        made.append(Row(name, "a tone of some seconds", "tone", "en", f"{split}.wav",
                        number * seconds, (number + 1) * seconds, split))  # fmt: skip
    about = About(1, "1.0", "tones", "tone", "made by a program", "en", "", {})
    PreparedSet(folder, about, tuple(made)).save()


if __name__ == "__main__":
    main()
