"""A CSM of published size from recordings to speech: prepare, fine-tune a few steps, speak.

    python -m benchmarks.finetune_csm --steps 2 --rows 3 --seconds 3

The weights are random (bf16, as published), the recordings are what say-16k says, and what hears
them makes words up, so that nothing is fetched: what is measured is the time and the memory of each
stage, in a process of its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import describe

LETTERS = "[]0123456789 abcdefghijklmnopqrstuvwxyz"
STAGES = "prepare", "finetune", "speak"
SPOKEN = 2.0  # s
_WORDS = "one", "two", "three", "four"
_HELD = 0.24  # of the rest: a recording that `vocable.speak.prepare` holds out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_AsWritten)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--rows", type=int, default=4, help="recordings, the last held out")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each but the last")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--layers", type=int, nargs=2, help="of both models, for a quick look")
    parser.add_argument("--folder", type=Path, help="where the model is kept for another run")
    parser.add_argument("--only", nargs=3, help=argparse.SUPPRESS)  # a stage, model and folder
    asked = parser.parse_args()
    if asked.only:
        stage, model, folder = asked.only
        _do(stage, Path(model), Path(folder), asked)
        return
    with tempfile.TemporaryDirectory() as temporary:
        model = (asked.folder or Path(temporary)) / "model"
        if not model.is_dir():
            _write_model(model, asked.layers and tuple(asked.layers))
        for stage in STAGES:
            line = [sys.executable, "-m", "benchmarks.finetune_csm", *sys.argv[1:]]
            subprocess.run([*line, "--only", stage, str(model), temporary], check=True)
        for path in sorted(Path(temporary).glob("o*/*")) + sorted(Path(temporary).glob("*.wav")):
            print(f"{path.name}  {path.stat().st_size / 1e6:.1f} MB")
    print(describe(threads=1))


class _AsWritten(argparse.RawDescriptionHelpFormatter):
    pass


def _do(stage: str, model: Path, folder: Path, asked: argparse.Namespace) -> None:
    """Do one stage, and print its seconds, those of Python and torch too, and its peak."""
    begin = time.perf_counter()
    import torch

    from benchmarks.memory import peak_megabytes

    torch.set_num_threads(1)
    if stage == "prepare":
        _prepare(folder, asked.rows, asked.seconds)
    elif stage == "finetune":
        _finetune(model, folder, asked)
    else:
        _speak(model, folder)
    seconds = time.perf_counter() - begin
    print(f"{stage}: {seconds:.1f} s, peak {peak_megabytes() / 1e3:.2f} GB", flush=True)


def _prepare(folder: Path, rows: int, seconds: float) -> None:
    import vocable
    from vocable.audio import Audio
    from vocable.measures import RECOGNISERS
    from vocable.speak.prepare import Settings, prepare

    RECOGNISERS["made-up"] = _MadeUp
    model = vocable.load("say-16k")
    text = "The birch canoe slid on the smooth planks, and two blue fish swam in the tank. "
    sources = [folder / f"said-{number}.wav" for number in range(rows)]
    lengths = [seconds] * (rows - 1) + [min(seconds, seconds * (rows - 1) * _HELD)]
    for number, (path, length) in enumerate(zip(sources, lengths, strict=True)):
        said = model.say(text * (1 + int(seconds // 4)), seed=number)
        Audio(said.samples[:, : round(length * said.rate)], said.rate).save(path)
    settings = Settings(recogniser="made-up", activity="energy", speakers="")
    made = prepare(sources, folder / "set", settings, consent="made by a program").made
    for path in sources:
        path.unlink()
    assert made is not None
    print(f"{len(made.rows)} snippets, {made.seconds:.1f} s, {len(made.part('valid'))} held out")


class _MadeUp:
    """A recogniser that hears a word each 0.4 s, whatever there is."""

    languages = ("en",)

    def __call__(self, samples: Any, rate: int) -> str:
        return "".join(word.text for word in self.words(samples, rate, "en"))

    def words(self, samples: Any, rate: int, language: str) -> tuple[Any, ...]:
        from vocable.measures import Word

        seconds = len(samples) / rate
        count = max(1, int(seconds / 0.4))
        return tuple(
            Word(n * seconds / count, (n + 1) * seconds / count, f" {_WORDS[n % 4]}", 0.9)
            for n in range(count)
        )

    def guess(self, samples: Any, rate: int) -> tuple[str, float] | None:
        return None


def _finetune(model: Path, folder: Path, asked: argparse.Namespace) -> None:
    from vocable.speak.finetune import finetune, plan

    own = [
        f"schedule.steps={asked.steps}", f"rows.batch={asked.batch}",
        f"rows.longest={asked.seconds}", "optimizer.accumulate=1", "checkpoints.log_steps=1",
        f"checkpoints.evaluate_steps={asked.steps}", "checkpoints.tensorboard=false",
        "held_out.samples=0",
    ]  # fmt: skip
    made = plan(str(model), folder / "set", overrides=own, device="cpu")
    print(f"told before: {made.memory.text}; {made.learning / 1e6:.2f} M weights learn")
    found = finetune(
        str(model), folder / "set", folder / "out", overrides=own, device="cpu", progress=_show
    )
    print(f"held-out bits a frame by steps: {found.bits}; verdict: {found.verdict}")


def _show(line: dict[str, Any]) -> None:
    print({key: value for key, value in line.items() if key != "gradients"}, flush=True)


def _speak(model: Path, folder: Path) -> None:
    import numpy as np

    import vocable
    from vocable.audio import Audio
    from vocable.language.csm import Utterance
    from vocable.speak.adapters import with_adapter

    tuned: Any = with_adapter(vocable.load(model), folder / "out")
    spec = tuned.codec.spec
    most = round(SPOKEN * spec.rate / spec.frame)
    blocks = list(tuned.speak([Utterance(0, "good morning")], most=most))
    samples = np.concatenate(blocks, axis=1)
    spoken = Audio(samples / np.abs(samples).max(), spec.writes)  # random weights are loud
    spoken.save(folder / "spoken.wav")
    print(f"spoken: {spoken.seconds:.2f} s")


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


if __name__ == "__main__":
    main()
