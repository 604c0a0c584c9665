"""Train one small codec without a teacher and by each form of distillation, and say what it costs.

    python -m benchmarks.distillation FOLDER --data MANIFEST --phones MANIFEST [--steps N]
        [--seeds 1] [--clips 32] [ARM …]

Arms are the recipes distil-none, -level, -branch and -input: one budget of steps, one set of data,
one teacher. Runs are kept in FOLDER, and gone on with; one that is finished is read. They share
what recordings and teacher gave. --phones lists recordings with TIMIT's phones and speakers.

PNMI and ABX are of level 0, PESQ-WB and mel distance (DAC's) of all levels, on held-out clips of
--data. PNMI is of the 38 folded phones of TIMIT; "/ none" is the ratio over the same draws of
speakers. ABX is the error within a speaker between phones in any context, by the codes (which are
equal or not) and by the entries that they stand for, as Mimi's paper has it. Differences to the
first arm are paired. In brackets are 95 % intervals over speakers, of several seeds too.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.machine import describe
from benchmarks.results import shown
from benchmarks.tables import heading, progress, row
from vocable.audio.manifest import Clip, read_manifest
from vocable.codecs import Codec
from vocable.errors import MeasureError
from vocable.evaluate import Interval, Recording, bootstrap_interval, paired_interval
from vocable.evaluate.by_speaker import BySpeaker, mean, ratio
from vocable.evaluate.systems.tokenizer import evenly
from vocable.evaluate.units import judge_units
from vocable.load import load_codec
from vocable.measures import mel_distance_dac, pesq
from vocable.measures.phones import pnmi
from vocable.measures.timit import fold_timit
from vocable.train import read_recipe, run
from vocable.train.data.manifest import split

ARMS = ("none", "level", "branch", "input")
SILENCE = "sil"
HEADING = ["arm", "parameters", "s", "PNMI, level 0", "/ none", "by chance", "ABX, codes",
           "ABX, entries", "PESQ-WB", "less none", "mel distance", "less none "]  # fmt: skip
SHARED = ("train", "held_out")  # stems of files that the recordings alone decide


@dataclass(frozen=True)
class Heard:
    """What was found of one run.

    parameters  that are used to encode and decode, a teacher's left out
    abx         errors within each speaker, by "codes" and by "entries"
    sound       PESQ-WB and mel distance of each clip, NaN where one is not defined
    """

    parameters: int
    seconds: float
    told: BySpeaker
    chance: float
    abx: dict[str, np.ndarray]
    sound: np.ndarray


def main() -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("arms", nargs="*", metavar="ARM", default=list(ARMS))
    parser.add_argument("--data", type=Path, required=True, metavar="MANIFEST")
    parser.add_argument("--phones", type=Path, required=True, metavar="MANIFEST")
    parser.add_argument("--steps", type=int, help="of each run; default: the recipe's")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--clips", type=int, default=32, help="held-out ones, evenly over all")
    options = parser.parse_args()
    if unknown := set(options.arms) - set(ARMS):
        parser.error(f"no arm {', '.join(sorted(unknown))}; known: {', '.join(ARMS)}")
    torch.set_num_threads(1)
    spoken = [
        replace(clip, phones=fold_timit(clip.phones, SILENCE))
        for clip in read_manifest(options.phones)
        if clip.phones
    ]
    if not spoken:
        parser.error(f"--phones: no recording of {options.phones} states its phones")
    clips = held_out(options.data, options.clips)
    found = {
        arm: [judged(options, arm, seed, spoken, clips) for seed in range(options.seeds)]
        for arm in options.arms
    }
    print(*table(found, [clip.speaker or clip.name for clip in clips]), sep="\n")
    speakers = len(next(iter(found.values()))[0].told.speakers)
    print(
        f"\n{len(spoken)} recordings of {speakers} speakers with phones, {len(clips)} clips, "
        f"{options.seeds} seed{'s' * (options.seeds > 1)}; {describe('pesq', threads=1)}"
    )


def held_out(data: Path, most: int) -> list[Clip]:
    """Return so many of the clips that no run trains on, of 1 s at least."""
    _, kept = split(read_manifest(data), read_recipe("distil-none").data)
    return evenly([clip for clip in kept if clip.read().seconds >= 1], most)


def judged(
    options: argparse.Namespace, arm: str, seed: int, spoken: Sequence[Clip], clips: Sequence[Clip]
) -> Heard:
    """Train an arm, if it is missing, and judge what it has become."""
    overrides = [f"seed={seed}", "checkpoints.tensorboard=false"]
    overrides += [f"schedule.steps={options.steps}"] if options.steps else []
    recipe = read_recipe(f"distil-{arm}", overrides)
    folder = options.folder / f"{arm}-{recipe.schedule.steps}-{seed}"
    progress(folder.name)
    if not (folder / "config.json").is_file():
        share(options.folder, folder)
        resume = (folder / "checkpoint.pt").is_file()
        run(recipe, options.data, folder, resume=resume, device="cpu")
    progress(f"{folder.name}, judged")
    codec = load_codec(folder)
    told = judge_units(arm, codec, map(Recording.of, spoken), without=(SILENCE,), most=0)
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return Heard(
        parameters(codec.model),
        max(line.get("seconds", 0.0) for line in lines),
        told.told,
        told.chance,
        abx_within(codec, spoken),
        np.array([measured(codec, clip) for clip in clips]),
    )


def abx_within(codec: Codec, spoken: Sequence[Clip]) -> dict[str, np.ndarray]:
    """Return the error within each speaker, by codes and by the entries that they stand for."""
    found: dict[str, list[float]] = {"codes": [], "entries": []}
    for speaker in sorted({clip.speaker for clip in spoken}):
        own = [Recording.of(clip) for clip in spoken if clip.speaker == speaker]
        one = judge_units(
            codec.name, codec, own, features=lambda x: entries(codec, x), without=(SILENCE,)
        )
        found["codes"].append(one.abx["whole within"].error)
        found["entries"].append(one.abx_features["whole within"].error)
    return {name: np.array(errors) for name, errors in found.items()}


def share(folder: Path, target: Path) -> None:
    """Give a new run what other runs' recordings and teacher gave; each is checked when used."""
    target.mkdir(parents=True, exist_ok=True)
    for stem in SHARED:
        for file in folder.glob(f"*/{stem}.*"):
            if file.suffix in (".int16", ".float16", ".json"):
                with suppress(FileExistsError):
                    os.link(file, target / file.name)


def parameters(model: Any) -> int:
    """Return the weights of encoder, quantizer and decoder, without a teacher's."""
    own = sum(tensor.numel() for tensor in model.state_dict().values())
    teacher = getattr(model, "teacher", torch.nn.Module())
    return own - sum(tensor.numel() for tensor in teacher.state_dict().values())


def entries(codec: Codec, audio: Any) -> np.ndarray:
    """Return what the tokens of level 0 stand for, `[frames, dim]`."""
    codes = torch.tensor(codec.encode(audio, levels=codec.spec.prefixes[0]).codes).long()
    with torch.no_grad():
        return codec.model.quantizer.decode(codes[:, :1])[0].numpy()


def measured(codec: Codec, clip: Clip) -> list[float]:
    """Return PESQ-WB and mel distance of a clip with all levels."""
    audio = clip.read().mono().resample(codec.rate)
    decoded = codec.decode(codec.encode(audio))
    found = []
    for measure in (pesq, mel_distance_dac):
        try:
            found.append(measure(audio.samples[0], decoded.samples[0], codec.rate))
        except MeasureError:
            found.append(float("nan"))
    return found


def table(found: dict[str, list[Heard]], speakers: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the table; differences are to the first arm."""
    yield heading(HEADING)
    first = next(iter(found.values()))
    for arm, runs in found.items():
        told = [each.told for each in runs]
        size = f"{np.mean([each.parameters for each in runs]) / 1e6:.2f} M"
        seconds = f"{np.mean([each.seconds for each in runs]):.0f}"
        cells = [arm, size, seconds, shown(mean(told, pnmi))]
        cells += ["–" if runs is first else shown(ratio(told, [e.told for e in first], pnmi), 2)]
        cells += [f"{np.mean([each.chance for each in runs]):.3f}"]
        cells += [abx_cell([each.abx[name] for each in runs]) for name in ("codes", "entries")]
        for column in range(2):
            own, others = (np.concatenate([e.sound[:, column] for e in side])
                           for side in (runs, first))  # fmt: skip
            owners = np.tile(speakers, len(runs))
            cells.append(shown(over_speakers(own, None, owners)))
            cells.append(
                "–" if runs is first else shown(over_speakers(own, others, owners), signed=True)
            )
        yield row(cells)


def abx_cell(errors: Sequence[np.ndarray]) -> str:
    """Return the mean error over speakers and seeds, in per cent, with its interval."""
    each = 100 * np.mean(errors, axis=0)
    return shown(bootstrap_interval(each, [str(k) for k in range(len(each))]), 1)


def over_speakers(
    own: np.ndarray, others: np.ndarray | None, owners: Sequence[str]
) -> Interval | None:
    """Return a mean, or a difference, of the clips where it is defined."""
    known = np.isfinite(own if others is None else own - others)
    if not known.any():
        return None
    kept = [owner for owner, there in zip(owners, known, strict=True) if there]
    if others is None:
        return bootstrap_interval(own[known], kept)
    return paired_interval(others[known], own[known], kept)


if __name__ == "__main__":
    main()
