"""Train one small codec with each quantizer, and say what its tokens are worth.

    python -m benchmarks.quantizer_ablation FOLDER --data MANIFEST --phones MANIFEST [--steps 400]
        [--seeds 3] [--model-steps 300] [--clips 24] [--figure FILE] [--arms ARM …]

The codec is the recipe distil-none's at 100 frames/s; all arms have 14 bits a frame, 1.4 kbit/s,
the same data, the same steps, the same first weights around the quantizer. Runs are kept in FOLDER
and gone on with; what is finished is read. Per arm, over the seeds:

PESQ-WB, STOI, mel distance (DAC's)   of held-out clips of --data, with 95 % intervals over speakers
used, perplexity   of the entries of each level over those recordings and --phones, mean of levels
phones             told by a linear probe from what the tokens decode to, cross-validated over the
                   speakers of --phones, % of frames
bits a frame       of a small model of tokens (`flatten`, the same trunk and the same frames seen
                   for all), of held-out recordings; and the share of 14 that it saves
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.distillation import over_speakers, parameters, share
from benchmarks.machine import describe
from benchmarks.quantizer_ablation_figure import draw
from benchmarks.results import shown
from benchmarks.tables import heading, progress, row
from vocable.audio.manifest import Clip, read_manifest
from vocable.codecs import Codec
from vocable.errors import MeasureError
from vocable.evaluate.phones import token_times
from vocable.evaluate.probes.inputs import Heard
from vocable.evaluate.probes.outcome import Store
from vocable.evaluate.probes.run import probe
from vocable.evaluate.probes.sequences import FRAME_ACCURACY
from vocable.evaluate.probes.sound import Sound
from vocable.evaluate.probes.tasks import phone
from vocable.evaluate.systems.tokenizer import evenly
from vocable.evaluate.token_use import token_use
from vocable.load import load_codec
from vocable.measures import mel_distance_dac, pesq, stoi
from vocable.measures.timit import fold_timit
from vocable.tokens.sets import About, TokenSetWriter
from vocable.train import read_recipe, run
from vocable.train.data.manifest import split

BITS = 14  # of a frame
ARMS = {
    "RVQ, 2 × 128": ["codec.config.sizes=[128, 128]"],
    "RVQ, 16 · 16 · 8 · 8": ["codec.config.sizes=[16, 16, 8, 8]"],
    "VQ, 16384": ["codec.config.sizes=[16384]"],
    "SimVQ, 16384": ['codec.config.quantizer={kind="simvq", sizes=[16384]}'],
    "FSQ, 4⁷": ['codec.config.quantizer={kind="fsq", steps=[4, 4, 4, 4, 4, 4, 4]}'],
    "FSQ, 2 × 8·4·4": ['codec.config.quantizer={kind="fsq", steps=[8, 4, 4], groups=2}'],
    "residual FSQ, 2 × 8·4·4": [
        'codec.config.quantizer={kind="residual-fsq", steps=[8, 4, 4], levels=2}'
    ],
    "LFQ, 14 signs": ['codec.config.quantizer={kind="lfq", bits=14}'],
    "BSQ, 14 signs": ['codec.config.quantizer={kind="bsq", bits=14}'],
    "product, 2 × 128": ['codec.config.quantizer={kind="grouped", groups=2, sizes=[128]}'],
    "grouped RVQ, 2 × 16·8": ['codec.config.quantizer={kind="grouped", groups=2, sizes=[16, 8]}'],
    "cross-scale, 2 × 128": [
        'codec.config.quantizer={kind="cross-scale", widths=[32], groups=1, size=128, dropout=0.0}'
    ],
    "RVQ, 2 × 128, taught": [
        "codec.config.sizes=[128, 128]",
        "codec.config.semantic=1",
        'distil={teacher="units-16k", layer=5, form="level", weight=8.0}',
    ],
}
SHARED = ["codec.config.strides=[2, 4, 4, 5]", "codec.config.dropout=0.0", "data.segment=1.6",
          "loss.codec={commitment=1.0, codebook=1.0, entropy=0.1}"]  # fmt: skip
TRUNK = "model.trunk={width=96, layers=3, heads=4, hidden=256, context=2048, dropout=0.0}"
FRAMES = 800  # of a batch of the model of tokens
MEASURES = {"PESQ-WB": pesq, "STOI": stoi, "mel distance": mel_distance_dac}
COLUMNS = ["quantizer", "parameters", *MEASURES, "used", "perplexity", "phones, %", "bits a frame",
           "saved "]  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What one run became.

    sound   PESQ-WB, STOI and mel distance of each clip, NaN where one is not defined
    bits    of a frame of held-out recordings, by a model of tokens
    """

    parameters: int
    sound: list[list[float]]
    used: float
    perplexity: float
    phones: float
    bits: float


@dataclass(frozen=True)
class Entries:
    """What tokens decode to before the network does, as a probe hears it."""

    codec: Codec
    levels: str = "all"

    @property
    def name(self) -> str:
        """The codec's."""
        return self.codec.name

    @property
    def identity(self) -> str:
        """The space of the tokens."""
        return f"entries {self.codec.spec.space}"

    def hear(self, sound: Sound) -> Heard:
        """Return `[frames, channels]`."""
        tokens = self.codec.encode(sound.read())
        codes = torch.tensor(tokens.codes).long()
        with torch.no_grad():
            frames = self.codec.model.quantizer.decode(codes)[0].numpy()
        return Heard(frames, token_times(tokens, 0))


def main() -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS), metavar="ARM")
    parser.add_argument("--data", type=Path, required=True, metavar="MANIFEST")
    parser.add_argument("--phones", type=Path, required=True, metavar="MANIFEST")
    parser.add_argument("--steps", type=int, default=400, help="of each codec")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--model-steps", type=int, default=300, help="of each model of tokens")
    parser.add_argument("--clips", type=int, default=24, help="held-out ones, evenly over all")
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    clips = held_out(options.data, options.clips)
    found: dict[str, list[Found]] = {}
    for seed in range(options.seeds):
        for arm in options.arms:
            found.setdefault(arm, []).append(judged(options, arm, seed, clips))
    owners = [clip.speaker or clip.name for clip in clips]
    print(*table(found, owners), sep="\n")
    print(
        f"\n{len(clips)} clips, {options.seeds} seed{'s' * (options.seeds > 1)}, "
        f"{options.steps} steps of codecs, {options.model_steps} of models of tokens; "
        f"{describe('pesq', 'pystoi', threads=1)}"
    )
    if options.figure:
        draw(found, options.figure)


def held_out(data: Path, most: int) -> list[Clip]:
    """Return so many of the clips that no run trains on, of 1 to 20 s."""
    _, kept = split(read_manifest(data), read_recipe("distil-none").data)
    return evenly([clip for clip in kept if 1 <= clip.read().seconds <= 20], most)


def judged(options: argparse.Namespace, arm: str, seed: int, clips: Sequence[Clip]) -> Found:
    """Train an arm, if it is missing, and return what is known of it."""
    folder = options.folder / f"{list(ARMS).index(arm)}-{options.steps}-{seed}"
    known = folder / f"found-{options.model_steps}-{len(clips)}.json"
    if known.is_file():
        return Found(**json.loads(known.read_text()))
    progress(f"{arm}, seed {seed}")
    if not (folder / "config.json").is_file():
        overrides = [*SHARED, *ARMS[arm], f"seed={seed}", f"schedule.steps={options.steps}"]
        recipe = read_recipe("distil-none", [*overrides, "checkpoints.tensorboard=false"])
        share(options.folder, folder)
        resume = (folder / "checkpoint.pt").is_file()
        run(recipe, options.data, folder, resume=resume, device="cpu")
    progress(f"{arm}, seed {seed}, judged")
    codec = load_codec(folder)
    assert round(float(codec.spec.bitrate() / codec.spec.frame_rate), 6) == BITS, arm
    spoken = [clip for clip in read_manifest(options.phones) if clip.phones]
    said = [codec.encode(clip.read().mono()) for clip in (*clips, *spoken)]
    use = token_use(said).levels
    found = Found(
        parameters(codec.model),
        [measured(codec, clip) for clip in clips],
        float(np.mean([each.used for each in use])),
        float(np.mean([each.perplexity / each.level.size for each in use])),
        phones_told(codec, spoken, folder),
        bits_of_frames(codec, options, folder, seed),
    )
    known.write_text(json.dumps(asdict(found)))
    return found


def measured(codec: Codec, clip: Clip) -> list[float]:
    """Return what is measured of the decoded clip."""
    audio = clip.read().mono().resample(codec.rate)
    decoded = codec.decode(codec.encode(audio))
    found = []
    for measure in MEASURES.values():
        try:
            found.append(float(measure(audio.samples[0], decoded.samples[0], codec.rate)))
        except MeasureError:
            found.append(float("nan"))
    return found


def phones_told(codec: Codec, spoken: Sequence[Clip], folder: Path) -> float:
    """Return the share of frames whose phone a linear probe tells, by cross-validation."""
    folded = [replace(clip, phones=fold_timit(clip.phones, "sil")) for clip in spoken]
    task, source, store = phone(folded, "phones"), Entries(codec), Store(folder / "probes.jsonl")
    (told,) = probe([task], lambda _: [source], store, heads=["linear"], seeds=1)
    if told.fault:
        raise MeasureError(told.fault)
    return told.scores[FRAME_ACCURACY]


def bits_of_frames(codec: Codec, options: argparse.Namespace, folder: Path, seed: int) -> float:
    """Return the bits of a frame of held-out recordings, by a model of tokens that is trained."""
    tokens, target = folder / "tokens", folder / "model"
    if not tokens.exists():
        parts = split(read_manifest(options.data), read_recipe("distil-none").data)
        with TokenSetWriter(tokens) as out:
            for name, clips in zip(("train", "valid"), parts, strict=True):
                for clip in clips:
                    about = About(clip.name, name, clip.set, clip.speaker)
                    out.add({"acoustic": codec.encode(clip.read().mono())}, about)
    levels = len(codec.spec.levels)
    overrides = [
        TRUNK, f"model.levels={levels}", f"seed={seed}", "tokens.seconds=5.0",
        f"tokens.positions={FRAMES * levels}", "tokens.patience=0", "tokens.held_out=100",
        f"schedule.steps={options.model_steps}", f"schedule.warmup={options.model_steps // 10}",
        f"checkpoints.evaluate_steps={options.model_steps}", "checkpoints.tensorboard=false",
        "precision=fp32", "optimizer.lr=4e-3",
    ]  # fmt: skip
    if not (target / "config.json").is_file():
        run("flatten", tokens, target, overrides=overrides, resume=target.exists(), device="cpu")
    lines = [json.loads(line) for line in (target / "log.jsonl").read_text().splitlines()]
    return float(min(line["bits"]["frame"] for line in lines if line["kind"] == "held_out"))


def table(found: dict[str, list[Found]], owners: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield heading(COLUMNS)
    for arm, runs in found.items():
        sound, speakers = np.concatenate([each.sound for each in runs]), np.tile(owners, len(runs))
        measured = [
            shown(over_speakers(sound[:, k], None, speakers), 2 if name == "PESQ-WB" else 3)
            for k, name in enumerate(MEASURES)
        ]
        yield row([
            arm, f"{runs[0].parameters / 1e6:.2f} M", *measured, spread(runs, "used", 100, "%"),
            spread(runs, "perplexity", 100, "%"), spread(runs, "phones", 100),
            spread(runs, "bits", 1), f"{1 - np.mean([each.bits for each in runs]) / BITS:.0%}",
        ])  # fmt: skip


def spread(runs: Sequence[Any], name: str, times: float, unit: str = "") -> str:
    """Return the mean of the seeds, with the least and the most."""
    values = [times * getattr(each, name) for each in runs]
    return f"{np.mean(values):.1f}{unit} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
