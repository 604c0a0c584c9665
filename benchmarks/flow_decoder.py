"""Train two decoders of speech-16k's tokens for equal times, by flow and against discriminators.

    python -m benchmarks.flow_decoder FOLDER --data MANIFEST [--seconds 600] [--clips 32]
        [--steps 1 2 4 8] [--set KEY=VALUE …]

Both begin at the shipped decoder and keep encoder and codebooks. `flow` is the recipe flow-16k,
judged at several steps of Euler's. `adversarial` is finetune-speech-16k with discriminators of
spectra beside its distances. Runs are kept in FOLDER and gone on with; what is finished
is read. --seconds are those of the clock, so leave the core alone.

PESQ-WB, STOI, mel distance (DAC's)   of held-out clips of --data, with 95 % intervals over speakers
decodes   seconds of sound in a second of one thread
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.distillation import over_speakers
from benchmarks.machine import describe
from benchmarks.results import shown
from benchmarks.tables import heading, progress, row
from vocable.audio import Audio
from vocable.audio.manifest import Clip, read_manifest
from vocable.codecs import Codec
from vocable.errors import MeasureError
from vocable.evaluate.systems.tokenizer import evenly
from vocable.load import load_codec
from vocable.measures import mel_distance_dac, pesq, stoi
from vocable.train import read_recipe, run
from vocable.train.checkpoint import load as load_checkpoint
from vocable.train.data.manifest import split

ADVERSARIES = [
    "adversarial.windows=[1024, 512, 256]",
    "adversarial.channels=4",
    "adversarial.weight=0.1",
    "adversarial.feature=1.0",
]
ARMS = {
    "adversarial": ("finetune-speech-16k", ADVERSARIES),
    "flow": ("flow-16k", []),
}  # the recipe of each, and what is set beside
MEASURES = {"PESQ-WB": pesq, "STOI": stoi, "mel distance": mel_distance_dac}
COLUMNS = ["decoder", "steps of training", *MEASURES, "decodes, × real time"]


@dataclass(frozen=True)
class Found:
    """What one decoder makes of the clips: measures of each, NaN where one is not defined."""

    trained: int  # steps
    sound: list[list[float]]
    times_real_time: float


def main() -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--data", type=Path, required=True, metavar="MANIFEST")
    parser.add_argument("--seconds", type=float, default=600.0, help="of each training")
    parser.add_argument("--clips", type=int, default=32, help="held-out ones, evenly over all")
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 4, 8], help="of the flow")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for both")
    options = parser.parse_args()
    torch.set_num_threads(1)
    clips = held_out(options.data, options.clips)
    found = {"as it ships": judged(load_codec("speech-16k"), clips)}
    for arm in ARMS:
        codec, trained = learnt(options, arm)
        if arm != "flow":
            found[arm] = judged(codec, clips, trained)
            continue
        for steps in options.steps:
            codec.model.flow.steps = steps
            found[f"{arm}, {steps} step{'s' * (steps > 1)}"] = judged(codec, clips, trained)
    print(*table(found, [clip.speaker or clip.name for clip in clips]), sep="\n")
    print(
        f"\n{len(clips)} clips, {options.seconds:g} s of training each; "
        f"{describe('pesq', 'pystoi', threads=1)}"
    )


def held_out(data: Path, most: int) -> list[Clip]:
    """Return so many of the clips that no run trains on, of 1 to 20 s."""
    _, kept = split(read_manifest(data), read_recipe("flow-16k").data)
    return evenly([clip for clip in kept if 1 <= clip.read().seconds <= 20], most)


def learnt(options: argparse.Namespace, arm: str) -> tuple[Codec, int]:
    """Return what an arm has become, trained if it is missing, and in how many steps."""
    folder = options.folder / f"{arm}-{options.seconds:g}"
    progress(folder.name)
    if not (folder / "config.json").is_file():
        name, own = ARMS[arm]
        overrides = [f"schedule.seconds={options.seconds}", "checkpoints.tensorboard=false"]
        overrides += [f"checkpoints.evaluate_seconds={options.seconds / 2}", *own, *options.set]
        resume = (folder / "checkpoint.pt").is_file()
        run(read_recipe(name, overrides), options.data, folder, resume=resume, device="cpu")
    return load_codec(folder), load_checkpoint(folder)["step"]


def judged(codec: Codec, clips: Sequence[Clip], trained: int = 0) -> Found:
    """Return what is measured of the decoded clips, and how fast they are decoded."""
    sound, seconds, spent = [], 0.0, 0.0
    for clip in clips:
        progress(f"{codec.name}: {clip.name}")
        audio = clip.read().mono().resample(codec.rate)
        tokens = codec.encode(audio)
        begun = time.process_time()
        decoded = codec.decode(tokens)
        spent, seconds = spent + time.process_time() - begun, seconds + audio.seconds
        sound.append([*measured(audio, decoded)])
    return Found(trained, sound, seconds / spent)


def measured(audio: Audio, decoded: Audio) -> Iterator[float]:
    """Yield what each measure says, NaN where it is not defined."""
    for measure in MEASURES.values():
        try:
            yield float(measure(audio.samples[0], decoded.samples[0], audio.rate))
        except MeasureError:
            yield float("nan")


def table(found: dict[str, Found], speakers: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield heading(COLUMNS)
    for name, each in found.items():
        sound = np.array(each.sound)
        cells = [
            shown(over_speakers(sound[:, k], None, speakers), 2 if measure == "PESQ-WB" else 3)
            for k, measure in enumerate(MEASURES)
        ]
        yield row([name, str(each.trained), *cells, f"{each.times_real_time:.0f}"])


if __name__ == "__main__":
    main()
