"""The ways to somebody's voice that benchmarks.voice_minutes compares: each a network and a voice.

base           the base, with a voice of its own
prompt         the base, with the mean voice of her recordings
LoRA           the base and an adapter that has learnt them, with the base's voice
full           all of the base tuned on them, with her voice as the tuned model hears it
LoRA + prompt  the adapter, with her voice as it hears it: what `with_adapter` gives
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

import vocable
from vocable.audio.manifest import Clip
from vocable.language.say import Sayer
from vocable.measures.recognisers import RATE
from vocable.speak.adapters import with_adapter
from vocable.speak.finetune import finetune
from vocable.speak.finetune.result import FILE
from vocable.speak.finetune.say.rows import KEPT, make_examples
from vocable.speak.prepare.set import ABOUT, AUDIO, FORMAT, About, PreparedSet, Row
from vocable.tokens import AudioTokens
from vocable.train import checkpoint
from vocable.train.say.packed import PackedSpeech, Utterance

CONSENT = "the licence of the recordings allows it; an experiment"
PRESETS = {"LoRA": "say", "full": "say-full", "LoRA + prompt": "say"}
WAYS = ("base", "prompt", *PRESETS)
OF_OTHERS = 2  # utterances of each other speaker that make the mean voice


@dataclass(frozen=True, eq=False)
class Way:
    """What says texts, in which voice; how much of it has learnt, for how long, on what."""

    sayer: Sayer
    voice: Tensor
    share: float = 0.0  # of all parameters
    seconds: float = 0.0
    best: int = 0  # the step whose weights are kept


@dataclass(frozen=True, eq=False)
class Hers:
    """Her recordings as a set and as tokens.

    learnt: in order, and the seconds of each. stops: held out, by which training stops. judged:
    held out from that too.
    """

    folder: Path
    learnt: tuple[Utterance, ...]
    seconds: tuple[float, ...]
    stops: tuple[Utterance, ...]
    judged: tuple[Utterance, ...]

    def count(self, minutes: float) -> int:
        """Return how many recordings so many minutes are, from the first on."""
        return within(self.seconds, 60 * minutes)


def within(seconds: Sequence[float], most: float) -> int:
    """Return how many of the first lengths fit together; at least 1."""
    total, count = 0.0, 0
    for length in seconds:
        total += length
        count += total <= most
    return max(1, count)


def prepare(clips: Sequence[Clip], speaker: str, minutes: float, base: Sayer, out: Path) -> Hers:
    """Return her recordings: a prepared set in `out`, and the tokens of so many minutes of it."""
    found = write_set(clips, speaker, out / "set")
    train, valid = found.part("train"), found.part("valid")
    train = train[: within([row.seconds for row in train], 60 * minutes)]
    made = make_examples([*train, *valid], found, base.codec, out / "tokens")
    said = {each.name: each.utterance for each in made.examples}
    learnt = [row for row in train if row.file_name in said]
    held_out = [said[row.file_name] for row in valid if row.file_name in said]
    half = len(held_out) // 2
    return Hers(
        out, tuple(said[row.file_name] for row in learnt), tuple(row.seconds for row in learnt),
        tuple(held_out[:half]), tuple(held_out[half:]),
    )  # fmt: skip


def write_set(clips: Sequence[Clip], speaker: str, folder: Path) -> PreparedSet:
    """Return a set of whole recordings with their texts, written unless it is there."""
    if (folder / ABOUT).is_file():
        return PreparedSet.read(folder)
    (folder / AUDIO).mkdir(parents=True, exist_ok=True)
    rows = []
    for number, clip in enumerate(clips):
        audio, name = clip.read().mono().resample(RATE), f"{AUDIO}/{number:04}.flac"
        audio.save(folder / name, overwrite=True)
        source, language = clip.path.name, clip.language or "en"
        rows.append(Row(name, clip.text, speaker, language, source, 0.0, audio.seconds, clip.split))
    about = About(FORMAT, vocable.__version__, speaker, speaker, CONSENT, rows[0].language, "", {})
    made = PreparedSet(folder, about, tuple(rows))
    made.save()
    return made


def number_of(name: str) -> int:
    """Return which of the clips a row of `write_set` is."""
    return int(Path(name).stem)


class Ways:
    """Makes every way, and trains what it needs, once for `LoRA` and `LoRA + prompt`."""

    def __init__(
        self, base: str, sayer: Sayer, voice: Tensor, hers: Hers, overrides: Sequence[str]
    ) -> None:
        self.base, self.sayer, self.voice = base, sayer, voice
        self.hers, self.overrides = hers, list(overrides)

    def __call__(self, name: str, minutes: float, seed: int) -> Way:
        """Return a way after so many minutes of her voice."""
        if name == "base":
            return Way(self.sayer, self.voice)
        if name == "prompt":
            return Way(
                self.sayer, mean_voice(self.sayer, self.hers.learnt[: self.hers.count(minutes)])
            )
        folder = self.tuned(PRESETS[name], minutes, seed)
        told = json.loads((folder / FILE).read_text("utf-8"))
        full = PRESETS[name] == "say-full"
        sayer = vocable.load(str(folder)) if full else with_adapter(self.sayer, folder)
        own = next(iter(sayer.voices.values())).numbers  # hers is the first
        voice = self.voice if name == "LoRA" else own
        return Way(sayer, voice, told["share"], seconds_of(folder), told["best"])

    def tuned(self, preset: str, minutes: float, seed: int) -> Path:
        """Return the folder of a model or an adapter that is tuned; a broken run goes on."""
        folder = self.hers.folder / "tuned" / f"{preset}-{minutes:g}-{seed}"
        if (folder / FILE).is_file():
            return folder
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.hers.folder / "tokens" / KEPT, folder / KEPT)  # not encoded again
        finetune(
            self.base, self.hers.folder / "set", folder, preset=preset, device="cpu", threads=1,
            resume=checkpoint.existing(folder) == "run",
            overrides=[
                f"seed={seed}", f"rows.most={self.hers.count(minutes)}",
                f"held_out.rows={len(self.hers.stops)}", *self.overrides,
            ],
        )  # fmt: skip
        for left in folder.glob("checkpoint*"):  # 0.1 GB each
            left.unlink()
        return folder


def mean_voice(sayer: Sayer, said: Sequence[Utterance]) -> Tensor:
    """Return the mean voice of utterances."""
    spec = sayer.codec.spec
    return sayer.voice([AudioTokens(spec, list(each.codes.T[:, None])) for each in said])


def voice_of_others(sayer: Sayer, speech: PackedSpeech) -> Tensor:
    """Return the mean of the voices of all whom a base has learnt from."""
    own = by_speaker(speech, "train", OF_OTHERS)
    return torch.stack([mean_voice(sayer, said) for said in own]).mean(0)


def by_speaker(speech: PackedSpeech, split: str, most: int) -> list[list[Utterance]]:
    """Return the first utterances of each speaker of a split, up to so many."""
    found: dict[str, list[Utterance]] = {}
    for index, (speaker, part) in enumerate(
        zip(speech.arrays["speakers"].tolist(), speech.arrays["splits"].tolist(), strict=True)
    ):
        own = found.setdefault(speaker, [])
        if part == split and len(own) < most:
            own.append(speech[index])
    return [own for own in found.values() if own]


def seconds_of(folder: Path) -> float:
    """Return how long a run has trained, with its evaluations, whether or not it was broken off."""
    lines = (folder / "log.jsonl").read_text("utf-8").splitlines()
    return max(json.loads(line)["seconds"] for line in lines)
