"""Make packed speech of a manifest whose rows have a text and timed phones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vocable.audio.manifest import Clip, read_manifest
from vocable.codecs import Codec
from vocable.errors import MeasureError, RecipeError, VocableError
from vocable.text.dictionary import dictionary
from vocable.text.timed import HOP, timed
from vocable.train.say.packed import PackedSpeech, Utterance, pack


@dataclass(frozen=True)
class Prepared:
    """Packed speech; why other recordings are not in it, by name."""

    speech: PackedSpeech
    refused: dict[str, str]


def prepare(
    manifest: Path, codec: Codec, progress: Callable[[float], None] | None = None
) -> Prepared:
    """Return the tokens, symbols and durations of the rows that have a text and timed phones.

    Rows in other languages than English, or without either, are passed over. The split is that of
    the rows, "train" where they name none.
    """
    clips = [clip for clip in read_manifest(manifest) if clip.text and clip.phones]
    clips = [clip for clip in clips if clip.language in ("", "en")]
    found: list[Utterance] = []
    refused: dict[str, str] = {}
    for k, clip in enumerate(clips):
        try:
            found.append(_utterance(clip, codec))
        except (VocableError, OSError) as error:
            refused[clip.name] = str(error)
        if progress:
            progress((k + 1) / len(clips))
    spec = codec.spec
    return Prepared(pack(found, spec.space, spec.frame / spec.rate), refused)


def _utterance(clip: Clip, codec: Codec) -> Utterance:
    codes = codec.encode(clip.read().mono()).codes[0].T
    hops = len(codes) * hops_per_frame(codec)
    last = clip.phones[-1][1]
    if last > hops * HOP + 0.05:
        raise MeasureError(f"phones end at {last:g} s, after the recording")
    found = timed(clip.text, clip.phones, dictionary(), hops)
    return Utterance(
        clip.name,
        clip.speaker or "unknown",
        clip.split or "train",
        clip.set,
        found.spoken.rows,
        found.durations.astype(np.int64),
        codes,
    )


def hops_per_frame(codec: Codec) -> int:
    """Return how many hops of 10 ms a frame of the codec lasts. RecipeError if not whole."""
    found = codec.spec.frame / codec.spec.rate / HOP
    if found != round(found):
        raise RecipeError(f"a frame of {codec.spec.space} is not a whole number of 10 ms")
    return round(found)
