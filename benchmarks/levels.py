"""Say what a codec's tokens are worth: what each level carries, tells and keeps when disturbed.

    python -m benchmarks.levels [--data MANIFEST …] [--phones MANIFEST] [--codec NAME_OR_FOLDER]

With --data prints, for each level: how it is used and the bitrates, the share of tokens that stay
under noise, gain, a delay and encoding again, and what scores lose when the level is dropped or
comes from another speaker. With --phones (a manifest whose rows have `phones`, as [start, end,
label]): phone purity, cluster purity and PNMI beside both baselines, shuffled and random weights,
and ABX of phones in the vectors that few, half and all levels stand for. Silence and pauses are no
phones; TIMIT's labels are folded to 39 as by Lee and Hon 1989, and closures are left out with
silence.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

import vocable
from benchmarks.clips import Clip, read_manifest
from benchmarks.machine import describe
from benchmarks.results import shown
from benchmarks.tables import heading, progress, row
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.evaluate import (
    LevelsReport,
    PhonesTold,
    Recording,
    Stability,
    TokenUse,
    phones_told,
    random_weights,
    stability,
    token_use,
    what_levels_carry,
)
from vocable.measures import abx, sayings_of
from vocable.measures.timit import fold_timit

MEASURES = ("stoi", "pesq_wb", "mel_distance_dac")


def main() -> None:
    """Judge, print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, action="append", default=[], metavar="MANIFEST")
    parser.add_argument("--phones", type=Path, metavar="MANIFEST")
    parser.add_argument("--codec", default="speech-16k", help="name or folder")
    parser.add_argument("--clips", type=int, help="a quick look at so many, evenly spaced")
    options = parser.parse_args()
    torch.set_num_threads(1)
    codec = vocable.load(options.codec)
    clips = _some([clip for data in options.data for clip in read_manifest(data)], options.clips)
    recordings = [_recording(codec, clip) for clip in clips]
    parts = []
    if recordings:
        use = token_use(codec.encode(each.audio) for each in progressing(recordings))
        parts += [use_table(use), stability_table(stability(codec, progressing(recordings)))]
        parts.append(carried_table(what_levels_carry(codec, progressing(recordings), MEASURES)))
    if options.phones:
        spoken = _some(with_phones(codec, options.phones), options.clips)
        recordings = recordings or spoken
        untrained = Codec(random_weights(codec.model))
        told = [phones_told(each, progressing(spoken)) for each in (codec, untrained)]
        parts += [phones_table(*told), abx_table(codec, spoken)]
    progress("")
    print("\n\n".join("\n".join(lines) for lines in parts))
    print(f"\n{len(recordings)} clips; {describe('pesq', 'pystoi', threads=1)}")


def with_phones(codec: Codec, manifest: Path) -> list[Recording]:
    """Return the recordings of a manifest with their phones, folded."""
    known = [clip for clip in read_manifest(manifest) if clip.phones]
    return [_recording(codec, clip, fold_timit(clip.phones)) for clip in known]


def use_table(use: TokenUse) -> list[str]:
    """Return how each level is used, and the bitrates."""
    lines = [
        "## Use",
        "",
        heading(["level", "role", "used", "perplexity", "entropy, bit", "repeats"]),
    ]
    for k, level in enumerate(use.levels):
        cells = [f"{level.used:.1%}", f"{level.perplexity:.0f} of {level.level.size}"]
        bits = f"{level.entropy:.2f} (+{level.entropy_bias:.2f})"
        lines.append(row([str(k), level.level.role, *cells, bits, f"{level.repeat_rate:.1%}"]))
    rates = use.bitrates
    said = f"nominal {rates.nominal:.0f}, entropy {rates.entropy:.0f}, in files {rates.coded:.0f}"
    return [*lines, "", f"bit/s: {said}; {float(use.seconds):.0f} s"]


def stability_table(found: Stability) -> list[str]:
    """Return the shares of tokens that stay."""
    levels = [str(k) for k in range(len(found.chance))]
    lines = [f"## Tokens that stay, % of each level ({found.scored} recordings)", ""]
    lines.append(heading(["", *levels]))
    rows = {**found.shares, "(by chance)": found.chance}
    return lines + [row([n, *(f"{100 * share:.1f}" for share in s)]) for n, s in rows.items()]


def carried_table(report: LevelsReport) -> list[str]:
    """Return what is lost with each level."""
    first = {name: [r for r in report.rows if r.measure == name] for name in MEASURES}
    there = {name: rows for name, rows in first.items() if rows}
    head = [
        f"{name} (intact {rows[0].intact:.3f}, n {rows[0].scored})" for name, rows in there.items()
    ]
    lines = ["## What goes with a level", "", heading(["level", "", *head])]
    for cells in zip(*there.values(), strict=True):
        gains = [shown(cell.gain, signed=True) for cell in cells]
        lines.append(row([str(cells[0].level), cells[0].change, *gains]))
    return lines


def phones_table(told: PhonesTold, untrained: PhonesTold) -> list[str]:
    """Return what each level tells of phones, beside both baselines."""
    phones = told.levels[0].counts.shape[0]
    title = f"## {phones} phones, {told.levels[0].tokens} tokens of {told.scored} recordings"
    head = ["level", "phone purity", "cluster purity", "PNMI", "shuffled", "random weights"]
    lines = [title, "", heading(head)]
    for level, other in zip(told.levels, untrained.levels, strict=True):
        values = (level.phone_purity, level.cluster_purity, level.pnmi)
        baselines = (level.shuffled().pnmi, other.pnmi)
        cells = [f"{value:.3f}" for value in (*values, *baselines)]
        lines.append(row([str(level.level), *cells]))
    return lines


def abx_table(codec: Codec, recordings: Sequence[Recording]) -> list[str]:
    """Return the ABX error of what the first n levels stand for, in %."""
    head = ["levels", "within speakers", "across speakers", "pairs of phones", "triples"]
    lines = ["## ABX of phones in any context, % wrong", "", heading(head)]
    rate = float(codec.spec.frame_rate)
    prefixes = codec.spec.prefixes
    for n in dict.fromkeys((prefixes[0], prefixes[len(prefixes) // 2], prefixes[-1])):
        sayings = [
            saying
            for one in recordings
            for saying in sayings_of(vectors(codec, one.audio, n), one.phones, rate, one.owner)
        ]
        within, across = (abx(sayings, across=each, in_context=False) for each in (False, True))
        errors = [f"{100 * each.error:.1f}" for each in (within, across)]
        counts = [str(across.pairs), f"{within.triples} and {across.triples}"]
        lines.append(row([str(n), *errors, *counts]))
    return lines


def vectors(codec: Codec, audio: Audio, levels: int) -> np.ndarray:
    """Return the latents [frames, dim] that the first levels' codes stand for."""
    with torch.inference_mode():
        codes = codec.to_codes(torch.tensor(audio.samples)[None], levels)
        return codec.model.quantizer.decode(codes.stacked())[0].double().numpy()


def progressing(recordings: Sequence[Recording]) -> Iterator[Recording]:
    """Yield recordings and show how many have gone."""
    for done, each in enumerate(recordings, start=1):
        yield each
        progress(f"{done} of {len(recordings)} clips")


def _some(items: list, most: int | None) -> list:
    return items[:: max(1, len(items) // most)][:most] if most else items


def _recording(codec: Codec, clip: Clip, phones: tuple = ()) -> Recording:
    audio = Audio(clip.read(codec.rate), codec.rate)
    return Recording(clip.name, audio, clip.speaker, clip.text, phones)


if __name__ == "__main__":
    main()
