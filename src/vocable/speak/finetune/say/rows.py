"""Rows of a prepared set as what a model that says texts learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.errors import RecipeError, VocableError
from vocable.speak.prepare.set import PreparedSet, Row
from vocable.train.say.packed import Utterance, pack, read_packed
from vocable.train.say.prepare import to_learn

KEPT = "speech.npz"


@dataclass(frozen=True, eq=False)
class SayExample:
    """A row that is ready to learn from."""

    utterance: Utterance

    @property
    def name(self) -> str:
        """The row's file."""
        return self.utterance.name

    @property
    def length(self) -> int:
        """Frames."""
        return len(self.utterance.codes)


@dataclass(frozen=True)
class SayRows:
    """Examples in the order of the rows; why others are left out, by their names."""

    examples: tuple[SayExample, ...]
    left_out: dict[str, str]


def make_examples(rows: Sequence[Row], found: PreparedSet, codec: Codec, folder: Path) -> SayRows:
    """Return the rows that can be learnt from; `folder` keeps them, for a run that is resumed."""
    kept = _read_kept(folder / KEPT, codec.spec.space)
    left_out: dict[str, str] = {}
    made: dict[str, Utterance] = {}
    for row in rows:
        own = kept.get(row.file_name)
        try:
            made[row.file_name] = own or _utterance(row, found, codec)
        except (VocableError, OSError) as error:
            left_out[row.file_name] = str(error)
    if made and made.keys() - kept.keys():
        folder.mkdir(parents=True, exist_ok=True)
        spec = codec.spec
        speech = pack(list(made.values()), spec.space, spec.frame / spec.rate)
        speech.save(folder / KEPT, overwrite=True)
    return SayRows(tuple(SayExample(each) for each in made.values()), left_out)


def _utterance(row: Row, found: PreparedSet, codec: Codec) -> Utterance:
    learnt = to_learn(Audio.read(found.path(row)), row.text, row.language, codec)
    return Utterance(row.file_name, row.speaker, row.split, row.language, *learnt)


def _read_kept(path: Path, space: str) -> dict[str, Utterance]:
    """Return rows that were kept; none of another codec, or from a damaged file."""
    try:
        speech = read_packed(path)
    except (FileNotFoundError, RecipeError):
        return {}
    if speech.space != space:
        return {}
    return {speech[index].name: speech[index] for index in range(len(speech))}
