"""Write a set of pairs: a folder of recordings for each part, and the list of pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from vocable.atomic import check_new, new_folder
from vocable.audio import Audio
from vocable.audio.manifest import Clip
from vocable.errors import MeasureError
from vocable.evaluate.likelihood import made
from vocable.evaluate.likelihood.making.noises import Noises
from vocable.evaluate.likelihood.making.order import order
from vocable.evaluate.likelihood.making.rooms import room
from vocable.evaluate.likelihood.making.sounds import SHORTEST
from vocable.evaluate.likelihood.making.splice import Item
from vocable.evaluate.likelihood.making.voices import gender, speaker
from vocable.evaluate.likelihood.pairs import Pair
from vocable.evaluate.recording import Refusal, attempt
from vocable.nearest import nearest

PARTS = ("speaker", "gender", "room", "noise", "noise-alike", "order")
Maker: TypeAlias = Callable[[Sequence[Clip], float, np.random.Generator], Iterator[Item]]


@dataclass(frozen=True)
class Outcome:
    """What was made. items: how many of each part. missing: why others have none.

    refusals: of recordings that a part could not use
    """

    items: Mapping[str, int]
    pairs: int
    missing: Mapping[str, str]
    refusals: tuple[Refusal, ...]


def make_pairs(
    folder: str | Path,
    clips: Sequence[Clip],
    noises: Sequence[Clip] = (),
    *,
    parts: Sequence[str] = PARTS,
    count: int = 100,
    seconds: float = 8.0,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Outcome:
    """Write pairs made of recordings into a new folder, which `read_pairs` reads.

    count: items of each part, at most. seconds: of a recording, at most. Equal seeds, equal pairs,
    whatever other parts are asked for. FileExistsError for a folder that is there; MeasureError for
    a part that there is not, and where nothing can be made.
    """
    folder, makers = Path(folder), _makers(noises)
    check_new(folder)
    if not SHORTEST <= seconds < math.inf:
        raise MeasureError(f"recordings last at most {seconds:g} s; give {SHORTEST:g} s or more")
    if unknown := [part for part in parts if part not in makers]:
        raise MeasureError(f'no part named "{unknown[0]}"; {nearest(unknown[0], PARTS)}')
    if not clips or not parts:
        raise MeasureError("pairs are made of recordings, by parts; give one of each or more")
    with new_folder(folder) as unfinished:
        writer = _Writer(unfinished, count)
        for number, part in enumerate(parts := tuple(dict.fromkeys(parts))):
            random = np.random.default_rng((seed, PARTS.index(part)))
            writer.write(part, makers[part](clips, seconds, random))
            if progress:
                progress((number + 1) / len(parts))
        writer.finish()
    return Outcome(writer.items, len(writer.pairs), writer.missing, tuple(writer.refusals))


def _makers(noises: Sequence[Clip]) -> dict[str, Maker]:
    backs = Noises(noises)
    makers: tuple[Maker, ...] = (speaker, gender, room, backs.other, backs.same, order)
    return dict(zip(PARTS, makers, strict=True))


class _Writer:
    """What has been written to a folder, at most `count` items of each part."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder, count
        self.pairs: list[Pair] = []
        self.items: dict[str, int] = {}
        self.missing: dict[str, str] = {}
        self.refusals: list[Refusal] = []

    def write(self, part: str, items: Iterator[Item]) -> None:
        """Write a part; it is missing where it has nothing to be made of."""
        own: list[Refusal] = []
        done, files = 0, self._folder
        try:
            for item, pairs in attempt(items, lambda each: each.make(), own):
                for side, (positive, negative) in enumerate(pairs):
                    name = f"{part}/{done:04}" + "ab"[side] * (len(pairs) > 1)
                    pair = Pair(
                        name, part, files / f"{name}-0.flac", files / f"{name}-1.flac",
                        f"{done:04} {item.name}", owner=item.owner,
                    )  # fmt: skip
                    self._add(pair, positive, negative)
                done += 1
                if done == self._count:
                    break
        except MeasureError as error:
            self.missing[part] = str(error)
        if done:
            self.items[part] = done
        elif own:
            self.missing[part] = f"can use none of {len(own)} recordings, as {own[0]}"
        self.refusals += [Refusal(f"{part}, {each.name}", each.reason) for each in own]

    def _add(self, pair: Pair, positive: Audio, negative: Audio) -> None:
        pair.positive.parent.mkdir(exist_ok=True)
        positive.save(pair.positive)
        negative.save(pair.negative)
        self.pairs.append(pair)

    def finish(self) -> None:
        """Write the list. MeasureError where there is nothing to list."""
        if not self.pairs:
            part, why = next(iter(self.missing.items()))
            raise MeasureError(f"no pairs can be made; {part} {why}")
        lines = [made.to_line(pair, self._folder) for pair in self.pairs]
        (self._folder / made.LIST).write_text("\n".join(lines) + "\n", encoding="utf-8")
