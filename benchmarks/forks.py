"""Train the shipped codec further in several ways for equal time, and say which way is better.

    python -m benchmarks.forks --data MANIFEST --clips FOLDER [--clips FOLDER] --out FOLDER

Every fork starts from the shipped weights with the shipped recipe at a lower rate, and has the same
seconds of one thread; `control` changes nothing else. Each is then judged on the clips with all of
its levels. The last column is the paired difference to `control` with a 95 % bootstrap interval
over speakers. A fork whose model is in OUT already is judged, not trained again; one that was
broken off goes on.
"""

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.clips import Clip, read_manifest
from benchmarks.machine import describe
from benchmarks.scores import MEASURES, Score, cell, gain_cell
from benchmarks.tables import heading, row
from vocable.audio import Audio
from vocable.measures import score_recordings
from vocable.train import run

RATE = 16_000
SHIPPED = "speech-16k"
COMMON = ["codec.architecture=", "codec.config={}", f"codec.start={SHIPPED}", "optimizer.lr=3e-4"]
# Weights against mel as in DAC (15 : 1 : 2, here 3 : 0.2 : 0.4); shares under the balancer.
SPECTRA = ["adversarial.windows=[256, 512, 1024]"]
FORKS = {
    "control": [],
    "spectral discriminators": [*SPECTRA, "adversarial.weight=0.2", "adversarial.feature=0.4"],
    "period discriminators": [
        "adversarial.periods=[2, 3, 5]", "adversarial.weight=0.2", "adversarial.feature=0.4",
    ],
    "balancer": ["loss.balance=true"],
    "balancer, spectral discriminators": [
        *SPECTRA, "loss.balance=true", "adversarial.weight=1.0", "adversarial.feature=1.0",
    ],
}  # fmt: skip


def main() -> None:
    """Train and judge one fork after the other, then print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="MANIFEST")
    parser.add_argument("--clips", type=Path, action="append", required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, default=1200.0, help="of training, each")
    parser.add_argument("--forks", nargs="+", choices=FORKS, default=list(FORKS))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    clips = [clip for folder in options.clips for clip in read_manifest(folder)]
    scores, steps = judged(SHIPPED, SHIPPED, clips), {SHIPPED: 0}
    for name in options.forks:
        folder = options.out / name.replace(", ", "-").replace(" ", "-")
        if not (folder / "model.safetensors").exists():
            train(options, FORKS[name], folder)
        steps[name] = last_step(folder)
        scores += judged(str(folder), name, clips)
        print("\n".join(table(scores, steps)), flush=True)
    print(f"\n{len(clips)} clips; {options.seconds:.0f} s each; {describe('pesq', threads=1)}")


def train(options: argparse.Namespace, changes: list[str], folder: Path) -> None:
    """Run one fork to its end."""
    overrides = [*COMMON, f"schedule.seconds={options.seconds}", *changes]
    resume = (folder / "checkpoint.pt").exists()
    run(SHIPPED, options.data, folder, resume=resume, overrides=overrides, threads=1)


def last_step(folder: Path) -> int:
    """Return how many steps a run has made."""
    return json.loads((folder / "log.jsonl").read_text().splitlines()[-1])["step"]


def judged(codec: str, system: str, clips: list[Clip]) -> list[Score]:
    """Return the scores of a codec with all of its levels."""
    model = vocable.load(codec)
    scores = []
    for clip in clips:
        x = clip.read(RATE).astype(np.float64)
        tokens = model.encode(x.astype(np.float32), rate=RATE)
        y = model.decode(tokens).samples[0].astype(np.float64)
        found = score_recordings(MEASURES, Audio(x, RATE), Audio(y, RATE), RATE)
        values = {name: found.scores.get(name) for name in MEASURES}
        scores.append(Score(system, clip.name, clip.speaker, float(tokens.bitrate), values))
    return scores


def table(scores: list[Score], steps: dict[str, int]) -> list[str]:
    """Return the Markdown table of forks."""
    lines = [heading(["fork", "steps", *MEASURES, *(f"Δ {name}" for name in MEASURES)])]
    for name, made in steps.items():
        mine = [score for score in scores if score.system == name]
        means = [cell(mine, measure) for measure in MEASURES]
        gains = [""] * len(MEASURES)
        if name != "control" and "control" in steps:
            gains = [gain_cell(scores, "control", name, measure) for measure in MEASURES]
        lines.append(row([name, str(made), *means, *gains]))
    return lines


if __name__ == "__main__":
    main()
