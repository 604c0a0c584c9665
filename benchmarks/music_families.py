"""Train three families of music codecs for equal times, and hear music and singing through them.

    python -m benchmarks.music_families FOLDER --data MANIFEST --eval MANIFEST [--seconds 240]
        [--clips N] [--singing PART-OF-A-NAME …] [--without-visqol]

Jukebox's VQ-VAE, HARP-Net and ESC, by their small recipes at 16 kHz. --seconds are of processor
time: a few steps of each are measured first, and as many steps trained as that time has room for.
Runs are kept in FOLDER and gone on with; what is finished is read. Beside them stand sound-48k, at
the prefixes whose rates are nearest to theirs, and dmel-16k. All get a recording of --eval at
16 kHz, channels averaged, and are compared with that. Of singing is what the name of a recording
says (--singing): of the set that this was written for, one song for voice and guitar. Whether the
voice is within the window that the set has of it, nobody has listened to.

kbit/s        of nominal tokens; of Jukebox with those of coarser levels, which add nothing to sound
coded         what its codes take in token files, kbit/s
mel distance (DAC's), SI-SDR, ViSQOL (audio)   with 95 % intervals over recordings
used          the share of each level's entries that occur in --eval
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.distillation import over_speakers, share
from benchmarks.machine import describe
from benchmarks.results import shown
from benchmarks.tables import heading, progress, row
from vocable.audio import Audio
from vocable.audio.manifest import Clip, read_manifest
from vocable.codecs import Codec
from vocable.errors import MeasureError
from vocable.evaluate import TokenUse, token_use
from vocable.evaluate.systems.tokenizer import evenly
from vocable.load import load_codec
from vocable.measures import mel_distance_dac, si_sdr, visqol
from vocable.train import read_recipe, run

FAMILIES = ("jukebox", "harpnet", "esc")
RATE = 16_000
HEARD_AT = 48_000  # Hz that ViSQOL's mode for audio is defined at
PROBES = (1, 2, 12)  # steps; the first run reads the recordings, the others say what a step takes
MEASURES: dict[str, Callable[[np.ndarray, np.ndarray, int], float]] = {
    "mel distance": mel_distance_dac,
    "SI-SDR, dB": si_sdr,
    "ViSQOL": lambda x, y, rate: visqol(heard(x, rate), heard(y, rate), HEARD_AT, mode="audio"),
}
COLUMNS = ["codec", "levels", "steps", "kbit/s", "coded", "tokens/s"]


@dataclass(frozen=True)
class Found:
    """What a codec makes of the recordings with so many levels; `sound` is NaN where undefined."""

    codec: str
    levels: int
    steps: int  # of training here; 0: it ships
    use: TokenUse
    sound: np.ndarray  # [recordings, measures]


def main() -> None:
    """Train what is missing, and print the tables."""
    options = parse()
    torch.set_num_threads(1)
    measures = [name for name in MEASURES if options.visqol or name != "ViSQOL"]
    clips = evenly(read_manifest(options.eval), options.clips)
    audios = [clip.read().mono().resample(RATE) for clip in clips]
    found = []
    for family in FAMILIES:
        codec, steps = learnt(options, family)
        found += [judged(codec, n, audios, measures, steps) for n in codec.spec.prefixes]
    rates = [each.use.bitrates.nominal for each in found]
    ours, dmel = load_codec("sound-48k"), load_codec("dmel-16k")
    found += [judged(ours, n, audios, measures) for n in nearest(ours, audios[0], rates)]
    found.append(judged(dmel, len(dmel.spec.levels), audios, measures))
    print(*tables(found, clips, measures, options.singing), sep="\n")
    print(
        f"\n{len(clips)} recordings at {RATE / 1000:g} kHz, {options.seconds:g} s of processor "
        f"time each; {describe('soxr', threads=1)}"
    )


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--data", type=Path, required=True, metavar="MANIFEST")
    parser.add_argument("--eval", type=Path, required=True, metavar="MANIFEST")
    parser.add_argument("--seconds", type=float, default=240.0, help="of each training")
    parser.add_argument("--clips", type=int, default=1000, help="of --eval, evenly over all")
    parser.add_argument("--singing", nargs="*", default=["Lets_Go_Fishin"], metavar="PART")
    parser.add_argument("--without-visqol", dest="visqol", action="store_false")
    return parser.parse_args()


# ---- training ------------------------------------------------------------------------------------


def learnt(options: argparse.Namespace, family: str) -> tuple[Codec, int]:
    """Return what a family has become, trained if it is missing, and in how many steps."""
    folder = options.folder / f"{family}-{options.seconds:g}"
    progress(folder.name)
    steps = room(options, family, folder.with_name(f"{folder.name}.json"))
    if not (folder / "config.json").is_file():
        share(options.folder, folder)
        train(options.data, family, folder, steps)
    return load_codec(folder), steps


def room(options: argparse.Namespace, family: str, kept: Path) -> int:
    """Return how many steps the time has room for, measured once and kept."""
    if not kept.is_file():
        _, few, more = (spent(options, family, steps) for steps in PROBES)
        each = max((more - few) / (PROBES[2] - PROBES[1]), 1e-3)
        kept.write_text(json.dumps({"steps": max(1, round(options.seconds / each))}))
    return int(json.loads(kept.read_text())["steps"])


def spent(options: argparse.Namespace, family: str, steps: int) -> float:
    """Return the processor time of a run of its own, s."""
    folder = options.folder / f"{family}-{steps}-steps"
    shutil.rmtree(folder, ignore_errors=True)
    share(options.folder, folder)
    begun = time.process_time()
    train(options.data, family, folder, steps)
    return time.process_time() - begun


def train(data: Path, family: str, folder: Path, steps: int) -> None:
    """Run a family's small recipe, or go on with it."""
    overrides = ["schedule.seconds=0", f"schedule.steps={steps}", "checkpoints.tensorboard=false"]
    overrides += ["checkpoints.evaluate_seconds=0"]
    recipe = read_recipe(f"{family}-small", overrides)
    run(recipe, data, folder, resume=(folder / "checkpoint.pt").is_file(), device="cpu")


# ---- judging -------------------------------------------------------------------------------------


def nearest(codec: Codec, audio: Audio, rates: Sequence[float]) -> list[int]:
    """Return the prefixes of a codec whose nominal rates are nearest to others, bit/s."""
    tokens = codec.encode(audio)
    own = {n: token_use([tokens.first(n)]).bitrates.nominal for n in codec.spec.prefixes}
    return sorted({min(own, key=lambda n: abs(own[n] - rate)) for rate in rates})


def judged(
    codec: Codec, levels: int, audios: Sequence[Audio], measures: Sequence[str], steps: int = 0
) -> Found:
    """Return what is measured of the recordings with so many levels."""
    name = codec.name.removesuffix("-small")
    progress(f"{name}, {levels} levels")
    tokens = [codec.encode(audio).first(levels) for audio in audios]
    sound = [
        [measured(measure, audio, codec.decode(each)) for measure in measures]
        for audio, each in zip(audios, tokens, strict=True)
    ]
    return Found(name, levels, steps, token_use(tokens), np.array(sound))


def measured(measure: str, audio: Audio, decoded: Audio) -> float:
    """Return what a measure says, NaN where it is not defined."""
    try:
        return float(MEASURES[measure](audio.samples[0], decoded.samples[0], RATE))
    except MeasureError:
        return float("nan")


def heard(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return samples at ViSQOL's rate, within full scale."""
    return Audio(samples[None].astype(np.float32), rate).resample(HEARD_AT).samples[0].clip(-1, 1)


# ---- tables --------------------------------------------------------------------------------------


def tables(
    found: Sequence[Found], clips: Sequence[Clip], measures: Sequence[str], singing: Sequence[str]
) -> Iterator[str]:
    """Yield the tables: all recordings, those of singing, and how levels are used."""
    owners = [clip.path.stem for clip in clips]
    sung = np.array([any(part in owner for part in singing) for owner in owners], bool)
    yield heading([*COLUMNS, *measures])
    for each in found:
        yield row([*cells(each), *means(each.sound, owners)])
    yield f"\nOf singing: {sung.sum()} of the recordings.\n"
    if sung.any():
        yield heading(["codec", "levels", *measures])
        for each in found:
            names = [owner for owner, there in zip(owners, sung, strict=True) if there]
            yield row([each.codec, str(each.levels), *means(each.sound[sung], names)])
        yield ""
    yield heading(["codec", "used, % of the entries of each level"])
    for name in dict.fromkeys(each.codec for each in found):
        most = max((each for each in found if each.codec == name), key=lambda each: each.levels)
        yield row([name, " ".join(f"{100 * level.used:.0f}" for level in most.use.levels)])


def cells(each: Found) -> list[str]:
    """Return what a row says of a codec and its tokens."""
    rates = each.use.bitrates
    tokens = sum(level.tokens for level in each.use.levels) / float(each.use.seconds)
    nominal, coded = f"{rates.nominal / 1000:.2f}", f"{rates.coded / 1000:.2f}"
    steps = str(each.steps) if each.steps else "it ships"
    return [each.codec, str(each.levels), steps, nominal, coded, f"{tokens:.0f}"]


def means(sound: np.ndarray, owners: Sequence[str]) -> Iterator[str]:
    """Yield the mean of each measure; of one recording, its value."""
    for column in sound.T:
        if len(column) == 1:
            yield f"{column[0]:.3f}" if np.isfinite(column[0]) else "–"
        else:
            yield shown(over_speakers(column, None, owners))


if __name__ == "__main__":
    main()
