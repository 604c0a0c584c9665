"""Find what is known of segments: phones or units, who speaks, the course of the pitch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64, Int64
from torch import Tensor

from vocable.audio.manifest import Clip, read_manifest
from vocable.errors import MeasureError, ModelError, RecipeError
from vocable.measures import fundamental
from vocable.measures.phones import check_within, labels_at
from vocable.tokens import TokenSpec
from vocable.train.codec.evaluation import at_rate
from vocable.train.codec.factors.heads import NONE, Told
from vocable.train.codec.recipe import CodecRecipe, Factors
from vocable.train.data.manifest import split
from vocable.train.data.recordings import Recordings
from vocable.train.data.segments import Place
from vocable.train.vocoder.kept import KeptUnits

PHONES = "phones"  # what `factors.content` calls those of the manifest


class Content(Protocol):
    """What is said when."""

    def at(
        self, recording: int, seconds: Float64[np.ndarray, " frames"]
    ) -> Int64[np.ndarray, " frames"]:
        """Return numbers at moments of a recording, NONE where none is known."""
        ...


class StatedPhones:
    """The phones that a manifest states, numbered in the order of their names.

    RecipeError where they begin behind the end of their recording, or overlap.
    """

    def __init__(self, recordings: Recordings) -> None:
        self.clips = recordings.clips
        self._number = {name: k for k, name in enumerate(phone_names(self.clips))}
        for clip, (first, last) in zip(self.clips, recordings.spans, strict=True):
            try:
                check_within(clip.phones, float(last - first) / recordings.rate)
                labels_at(clip.phones, np.zeros(1))
            except MeasureError as error:
                raise RecipeError(f"{clip.path}: {error}") from error

    def at(
        self, recording: int, seconds: Float64[np.ndarray, " frames"]
    ) -> Int64[np.ndarray, " frames"]:
        labels = labels_at(self.clips[recording].phones, seconds)
        return np.array([self._number.get(str(label), NONE) for label in labels], np.int64)


class StatedUnits:
    """The units of each recording, at each moment the nearest one."""

    def __init__(self, kept: KeptUnits, spec: TokenSpec) -> None:
        self.kept, self.spec = kept, spec

    def at(
        self, recording: int, seconds: Float64[np.ndarray, " frames"]
    ) -> Int64[np.ndarray, " frames"]:
        units, spec = self.kept.of(recording), self.spec
        if not len(units):
            return np.full(len(seconds), NONE, np.int64)
        places = (seconds * spec.rate - (spec.window or spec.frame) / 2) / spec.frame
        nearest = np.round(places).astype(np.int64).clip(0, len(units) - 1)
        found: np.ndarray = units[nearest].astype(np.int64)
        return found


class Knowledge:
    """What is known of segments of recordings, of a codec with frames of so many samples."""

    def __init__(self, recordings: Recordings, content: Content, frame: int) -> None:
        self.recordings, self.content, self.frame = recordings, content, frame
        number = {name: k for k, name in enumerate(speaker_names(recordings.clips))}
        self.speakers = [number.get(clip.speaker, NONE) for clip in recordings.clips]

    def of(self, sound: Float[Tensor, "batch channels samples"], places: Sequence[Place]) -> Told:
        """Return what is known of segments that were cut there, however fast they are played."""
        rate, segment = self.recordings.rate, sound.shape[2]
        middles = (np.arange(-(-segment // self.frame)) + 0.5) * self.frame  # samples
        phones = []
        for place in places:
            begin, end = self.recordings.spans[place.recording]
            moments = place.first + middles * place.samples / segment
            phone = self.content.at(place.recording, moments / rate)
            phones.append(np.where(moments < end - begin, phone, NONE))
        whole = at_rate(sound.mean(1, keepdim=True), rate, fundamental.RATE)[:, 0].numpy()
        pitches = [normalised_pitch(each, middles / rate) for each in whole]
        voiced, octaves = (np.stack(each) for each in zip(*pitches, strict=True))
        speakers = [self.speakers[place.recording] for place in places]
        told = (np.stack(phones), np.array(speakers), voiced, octaves)
        return Told(*(torch.from_numpy(each) for each in told))


def normalised_pitch(
    samples: Float32[np.ndarray, " samples"], seconds: Float64[np.ndarray, " frames"]
) -> tuple[Bool[np.ndarray, " frames"], Float32[np.ndarray, " frames"]]:
    """Return where speech at 16 kHz is voiced at these moments, and the octaves of its pitch there.

    Octaves come to mean 0 and deviation 1 over what is voiced, so that nothing is said of whose
    voice it is; 0 where there is none.
    """
    hertz = fundamental.pitch(samples)
    places = seconds * fundamental.RATE / fundamental.POINT
    hertz = hertz[np.floor(places).astype(np.int64).clip(0, len(hertz) - 1)]
    voiced = hertz > 0
    octaves = np.log2(np.where(voiced, hertz, 1.0))
    if voiced.any():
        own = octaves[voiced]
        octaves = (octaves - own.mean()) / max(float(own.std()), 1e-3)
    return voiced, np.where(voiced, octaves, 0.0).astype(np.float32)


# ---- what a recipe needs to know ----------------------------------------------------------------


def speaker_names(clips: Sequence[Clip]) -> list[str]:
    """Return the speakers of clips, in the order of their names."""
    return sorted({clip.speaker for clip in clips} - {""})


def phone_names(clips: Sequence[Clip]) -> list[str]:
    """Return the phones that clips state, in the order of their names."""
    return sorted({label for clip in clips for _, _, label in clip.phones})


def open_units(name: str, device: torch.device | None = None) -> Any:
    """Return the tokenizer of units that a recipe names; RecipeError for what is none."""
    from vocable.load import load_tokenizer

    try:
        found = load_tokenizer(name, device)
    except (ModelError, OSError) as error:
        raise RecipeError(
            f'factors.content is "{name}"; wanted phones, units-16k or another tokenizer of units '
            f"({error})"
        ) from error
    if len(found.spec.levels) != 1:
        raise RecipeError(
            f"factors.content: {name} has {len(found.spec.levels)} levels; wanted units, of one"
        )
    return found


def complete(recipe: CodecRecipe, data: Path) -> CodecRecipe:
    """Return a recipe that says how many phones or units there are, and how many speakers.

    RecipeError where the manifest has none of them to train on.
    """
    table: Factors = recipe.factors
    if not table.content or table.speakers:
        return recipe
    clips, _ = split(read_manifest(data), recipe.data)
    speakers = len(speaker_names(clips))
    if speakers < 2:
        raise RecipeError(
            f"factors: {data} names {speakers} speakers of what is trained on; wanted 2 or more, "
            "as speaker in its rows"
        )
    if table.content == PHONES:
        phones = len(phone_names(clips))
        if not phones:
            raise RecipeError(
                f"factors.content: {data} states no phones; make them (vocable data phones), or "
                'set factors.content = "units-16k"'
            )
    else:
        phones = open_units(table.content).spec.levels[0].size
    return replace(recipe, factors=replace(table, phones=phones, speakers=speakers))
