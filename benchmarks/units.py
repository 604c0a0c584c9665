"""Say what units tell of phones and of speakers, for every kind of features on the same recordings.

    python -m benchmarks.units --phones MANIFEST --fit MANIFEST [--set NAME] [--clips 150]
        [NAME[@LAYER]=FOLDER …]

--phones lists recordings with TIMIT's phones and speakers. Each row is clustered (k-means, k
centres) over the frames of the same clips of --fit, those of split "train", by three seeds; frames
of networks are standardised first, as where such networks are exported, those of MFCC (13, and
their slopes) and log-mels (80) are not, as in HuBERT's recipe. All have 50 frames a second.
FOLDER holds a tokenizer or an encoder; of a tokenizer without LAYER the units that it has itself
are a row too. "Random weights" is the network of the recipes before its first step.

PNMI and purities are means over seeds, with the 95 % interval over speakers, and the range over
seeds in brackets; "/ MFCC" is the ratio over the same draws of speakers. "38" are the folded phones
of TIMIT, "39" has silence and closures too. ABX (three sayings of a phone by a speaker; seed 0) is
of phones in any context, and of triphones where there are enough; the probe hears one recording in
three of each speaker. Five rows take about five minutes on one core, most of it ABX.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import describe
from benchmarks.results import shown
from benchmarks.tables import heading, progress, row
from benchmarks.unit_rows import Kept, Row, baselines, trained
from vocable.audio.manifest import Clip, read_manifest
from vocable.evaluate import Recording
from vocable.evaluate.by_speaker import BySpeaker, Figure, mean, ratio
from vocable.evaluate.leakage import SpeakersTold, speakers_told
from vocable.evaluate.systems.tokenizer import evenly
from vocable.evaluate.units import UnitsJudged, judge_units
from vocable.measures.phones import cluster_purity, phone_purity, pnmi
from vocable.measures.timit import fold_timit
from vocable.units import UnitTokenizer, fit

SILENCE = "sil"
PHONES = ["features", "k", "PNMI, 38", "/ MFCC", "by chance", "PNMI, 39", "/ MFCC ",
          "phone purity", "cluster purity"]  # fmt: skip
REST = ["features", "runs / s", "ABX, features: within", "across", "/ MFCC",
        "ABX, units: within", "across ", "triphones, features: across", "units: across",
        "speakers told", "over chance / MFCC"]  # fmt: skip
HOW = ("whole within", "whole across", "whole triphone across")


@dataclass(frozen=True)
class Told:
    """What was found of a row, by seed; of units that a tokenizer has itself, once."""

    name: str
    judged: Sequence[UnitsJudged]
    speakers: Sequence[SpeakersTold]

    def counts(self, silence: bool) -> list[BySpeaker]:
        """Return how often each phone goes with each unit, by seed."""
        return [each.told_of_all if silence else each.told for each in self.judged]

    @property
    def over_chance(self) -> float:
        """What the probe tells of speakers."""
        return float(np.mean([each.over_chance for each in self.speakers]))


def main() -> None:
    """Print two Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trained", nargs="*", metavar="NAME[@LAYER]=FOLDER")
    parser.add_argument("--phones", required=True, type=Path, metavar="MANIFEST")
    parser.add_argument("--fit", required=True, type=Path, metavar="MANIFEST")
    parser.add_argument("--set", default="", help="of the clips of --fit; default: all")
    for name, default in (("clips", 150), ("k", 100), ("seeds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    torch.set_num_threads(1)
    clips = [
        replace(clip, phones=fold_timit(clip.phones, SILENCE))
        for clip in read_manifest(options.phones)
        if clip.phones
    ]
    learnt = chosen(read_manifest(options.fit), options.set, options.clips)
    sounds = [clip.read() for clip in learnt]
    rows = [*baselines(options.k, sounds), *map(trained, options.trained)]
    told = []
    for each in rows:
        told += judged(each, sounds, clips, options.k, options.seeds)
    progress("")
    print("\n".join([*phones_table(told), "", *rest_table(told)]))
    minutes = sum(each.seconds for each in sounds) / 60
    frames, owners = told[0].judged[0].frames, len(told[0].judged[0].told.speakers)
    print(
        f"\n{len(clips)} recordings of {owners} speakers, {frames} frames that have one of the 38; "
        f"centres of {len(learnt)} clips, {minutes:.0f} min; {describe(threads=1)}"
    )


def chosen(clips: Sequence[Clip], name: str, most: int) -> list[Clip]:
    """Return so many train clips of a set, evenly over it."""
    kept = [clip for clip in clips if clip.split == "train" and name in ("", clip.set)]
    if not kept:
        raise SystemExit(f"--fit: no clip has the split train and the set {name or '(any)'}")
    return evenly(kept, most)


def judged(row: Row, sounds: list, clips: Sequence[Clip], k: int, seeds: int) -> list[Told]:
    """Return what the units of a row tell, and what those tell that its tokenizer has itself."""
    encoder, found, speakers = Kept(row.encoder), [], []
    recordings = [Recording.of(clip) for clip in clips]
    for seed in range(seeds):
        progress(f"{row.name}, seed {seed}")
        how = {"layer": row.layer, "standardise": row.standardise, "seed": seed}
        units = UnitTokenizer(encoder, fit(encoder, sounds, k, **how).centres)
        compared = {"features": None, "most": 0} if seed else {"features": units.features}
        found.append(judge_units(row.name, units, recordings, without=(SILENCE,), **compared))
        speakers.append(speakers_told(units, units.spec.space, clips))
    told = [Told(row.name, found, speakers)]
    if row.own is not None:
        name = f"{row.name}, own units"
        progress(name)
        ready = judge_units(name, row.own, recordings, without=(SILENCE,))
        told.append(Told(name, [ready], [speakers_told(row.own, row.own.spec.space, clips)]))
    return told


def phones_table(told: Sequence[Told]) -> list[str]:
    """Return what units tell of phones."""
    lines = [heading(PHONES)]
    for each in told:
        cells = [each.name, str(each.judged[0].size)]
        for silence in (False, True):
            counts, first = each.counts(silence), told[0].counts(silence)
            cells += [over_seeds(counts, pnmi), shown(ratio(counts, first, pnmi), 2)]
            cells += [] if silence else [f"{each.judged[0].chance:.3f}"]
        purities = (over_seeds(each.counts(False), of) for of in (phone_purity, cluster_purity))
        lines.append(row([*cells, *purities]))
    return lines


def over_seeds(counts: Sequence[BySpeaker], figure: Figure) -> str:
    """Return the mean with its interval over speakers, and the range over seeds."""
    values = [figure(each.joint) for each in counts]
    spread = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
    return shown(mean(counts, figure)) + spread


def rest_table(told: Sequence[Told]) -> list[str]:
    """Return what there is beside phones in frames: runs, ABX, speakers."""
    lines = [heading(REST)]
    first = told[0].judged[0].abx_features["whole across"].error
    for each in told:
        one = each.judged[0]
        features, units = (
            {how: f"{100 * scores[how].error:.1f}" for how in HOW if how in scores}
            for scores in (one.abx_features, one.abx)
        )
        of_first = f"{one.abx_features[HOW[1]].error / first:.2f}" if one.abx_features else "–"
        accuracy = float(np.mean([found.accuracy.mean for found in each.speakers]))
        chance, least = each.speakers[0].chance, told[0].over_chance
        share = f"{each.over_chance / least:.2f}" if least > 0 else "–"
        cells = [each.name, f"{np.mean([found.pieces for found in each.judged]):.1f}"]
        cells += [*(features.get(how, "–") for how in HOW[:2]), of_first]
        cells += [*(units.get(how, "–") for how in HOW[:2])]
        cells += [found.get(HOW[2], "–") for found in (features, units)]
        cells += [f"{accuracy:.2f} (chance {chance:.2f})", share]
        lines.append(row(cells))
    return lines


if __name__ == "__main__":
    main()
