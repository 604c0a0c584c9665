"""Make packed speech of a manifest: of rows that have a text, or of all by their units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vocable.audio import Audio
from vocable.audio.manifest import Clip, read_manifest
from vocable.codecs import Codec
from vocable.errors import MeasureError, RecipeError, VocableError
from vocable.text.languages import NAMES, USUAL
from vocable.text.timed import HOP
from vocable.train.data.speeds import with_speeds
from vocable.train.say.aligner import aligner
from vocable.train.say.packed import PHONES, PackedSpeech, Utterance, pack
from vocable.train.say.units import Units

_LEAST = 1.5  # right texts of many speakers have 1.6 to 3.8, wrong ones -3 to 1.4


@dataclass(frozen=True)
class Prepared:
    """Packed speech; why other recordings are not in it, by name."""

    speech: PackedSpeech
    refused: dict[str, str]


def prepare(
    manifest: Path,
    codec: Codec,
    progress: Callable[[float], None] | None = None,
    speeds: Sequence[float] = (),
    units: Units | None = None,
) -> Prepared:
    """Return the tokens, symbols and durations of the rows that have a text, in English or German.

    Rows in other languages, or without a text, are passed over; one whose text is not what is
    spoken is refused. The split is that of the rows, "train" where they name none. speeds: at which
    rows of that split are played as well, higher or lower: other speakers, whose names and sets end
    in @ and, of the speaker, the speed. units: are the symbols; then rows need no text.
    """
    clips = read_manifest(manifest)
    if units is None:
        clips = [each for each in clips if each.text and (each.language or USUAL) in NAMES]
    found: list[Utterance] = []
    refused: dict[str, str] = {}
    for k, clip in enumerate(clips):
        for played, at in with_speeds(clip, speeds):
            try:
                found.append(_utterance(played, clip.name + at, codec, units))
            except (VocableError, OSError) as error:
                refused[clip.name + at] = str(error)
        if progress:
            progress((k + 1) / len(clips))
    spec = codec.spec
    alphabet = PHONES if units is None else units.alphabet
    return Prepared(pack(found, spec.space, spec.frame / spec.rate, alphabet), refused)


def _utterance(clip: Clip, name: str, codec: Codec, units: Units | None) -> Utterance:
    if units is None:
        learnt = to_learn(clip.read(), clip.text, clip.language or USUAL, codec)
    else:
        learnt = units_to_learn(clip.read(), codec, units)
    return Utterance(name, clip.speaker or "unknown", clip.split or "train", clip.set, *learnt)


def to_learn(
    audio: Audio, text: str, language: str, codec: Codec
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return symbols, durations and codes of a recording, as an `Utterance` has them.

    MeasureError where the text is not what is spoken.
    """
    audio = audio.mono()
    codes = codec.encode(audio).codes[0].T
    hops = len(codes) * hops_per_frame(codec)
    found = aligner()(audio, text, language, hops)
    if found.score < _LEAST:
        raise MeasureError(
            f"the text is not what is spoken (it fits by {found.score:.2f}, wanted {_LEAST:g}): "
            f"{text[:60]}"
        )
    return found.timed.spoken.rows, found.timed.durations.astype(np.int64), codes


def units_to_learn(
    audio: Audio, codec: Codec, units: Units
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the same of a recording whose units are the symbols. TokenError if it has none."""
    audio = audio.mono()
    codes = codec.encode(audio).codes[0].T
    return *units.of(audio, len(codes) * hops_per_frame(codec)), codes


def hops_per_frame(codec: Codec) -> int:
    """Return how many hops of 10 ms a frame of the codec lasts. RecipeError if not whole."""
    found = codec.spec.frame / codec.spec.rate / HOP
    if found != round(found):
        raise RecipeError(f"a frame of {codec.spec.space} is not a whole number of 10 ms")
    return round(found)
