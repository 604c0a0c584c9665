"""Make a set of tokens of recordings, or of token files that are there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from vocable.audio.manifest import Clip, read_manifest
from vocable.codecs.bundle import Bundle, track_name
from vocable.conditions.origin import FILE
from vocable.errors import RecipeError, TokenError, VocableError
from vocable.folders import search
from vocable.tokens import AudioTokens, TokenFile
from vocable.tokens.formats import OWN
from vocable.tokens.sets import About, TokenSetWriter
from vocable.train.data.speeds import with_speeds
from vocable.train.language.conditions import TRACK, Conditions, conditions_of
from vocable.train.language.places import FILE as PLACES
from vocable.train.language.places import file_of

if TYPE_CHECKING:
    from vocable.conditions import Conditioner, Embeds

HELD_OUT = 10  # of so many recordings one is held out, where nothing says which


class EncodesTracks(Protocol):
    """What makes tracks of a recording: a `Bundle`."""

    def encode(self, source: object, *, mix: bool = False) -> Mapping[str, AudioTokens]: ...


@dataclass
class Packed:
    """What came of it. refused: why other recordings are not in the set, by name."""

    recordings: int = 0
    frames: dict[str, int] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def prepare_tokens(
    source: Path,
    out: Path,
    tokenizer: Callable[[], EncodesTracks],
    *,
    condition: Conditioner | Embeds | None = None,
    mix: bool = False,
    speeds: Sequence[float] = (),
    overwrite: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Packed:
    """Write the tokens of a manifest's rows, or of a folder's token files, as one set.

    A row names a recording, which `tokenizer()` encodes, or a .vcb file, which is read. Where no
    row says its split, every tenth recording is held out, in the order of their names.
    condition: what tells what each recording is like, in a track "condition"; of an embedding alone
    the centres are fitted to the recordings that are trained on. speeds: at which recordings that
    are trained on are played as well, see `with_speeds`. RecipeError where nothing can be used, and
    for speeds of token files.
    """
    rows = _with_speeds(_with_splits(_rows(source)), speeds)
    found, encode = Packed(), _Tracks(tokenizer, mix)
    conditions: Conditions | None = None
    if condition is not None:
        conditions = conditions_of(rows, condition, found.refused, _half(progress, 0))
        progress = _half(progress, 1)
        rows = [row for row in rows if row[1] not in found.refused]
    try:
        with TokenSetWriter(out, overwrite=overwrite) as writer:
            if conditions is not None:
                writer.keep(FILE, conditions.file)
            for number, (clip, name) in enumerate(rows, 1):
                try:
                    tracks = dict(encode(clip))
                    if conditions is not None:
                        tracks[TRACK] = conditions.tokens[name]
                    _add(writer, found, tracks, clip, name)
                except (VocableError, OSError) as error:
                    found.refused[name] = str(error)
                if progress:
                    progress(number / len(rows))
            if (places := file_of(encode.tokenizers)) is not None:
                writer.keep(PLACES, places)
    except TokenError as error:
        why = next(iter(found.refused.values()), str(error))
        raise RecipeError(f"of {source} no recording can be used ({why})") from error
    return found


def _half(progress: Callable[[float], None] | None, done: int) -> Callable[[float], None] | None:
    """Return what reports the first or the second half of the work."""
    return None if progress is None else lambda share: progress((done + share) / 2)


def _add(
    writer: TokenSetWriter, found: Packed, tracks: Mapping[str, AudioTokens], clip: Clip, name: str
) -> None:
    split = clip.split or "train"
    writer.add(tracks, About(name, split, clip.set, clip.speaker, clip.language, clip.text))
    found.recordings += 1
    found.splits[split] = found.splits.get(split, 0) + 1
    for track, tokens in tracks.items():
        found.frames[track] = found.frames.get(track, 0) + tokens.frames


def _rows(source: Path) -> list[tuple[Clip, str]]:
    """Return recordings with their names."""
    if source.is_file():
        clips = read_manifest(source)
        counts = Counter(clip.name for clip in clips)
        return [
            (clip, clip.name if counts[clip.name] == 1 else f"{clip.path.parent.name}/{clip.name}")
            for clip in clips
        ]
    files = sorted(search(source, [OWN]).files)
    if not files:
        raise RecipeError(f"{source} holds no {OWN} files; make some: vocable encode FOLDER -o …")
    return [
        (Clip(Path(file)), Path(file).relative_to(source).with_suffix("").as_posix())
        for file in files
    ]


def _with_splits(rows: list[tuple[Clip, str]]) -> list[tuple[Clip, str]]:
    if any(clip.split for clip, _ in rows):
        return rows
    ordered = sorted(name for _, name in rows)
    held_out = set(ordered[HELD_OUT - 1 :: HELD_OUT])
    return [
        (Clip(**{**vars(clip), "split": "valid" if name in held_out else "train"}), name)
        for clip, name in rows
    ]


def _with_speeds(rows: list[tuple[Clip, str]], speeds: Sequence[float]) -> list[tuple[Clip, str]]:
    if speeds and (file := next((c.path for c, _ in rows if _is_tokens(c.path)), None)):
        raise RecipeError(f"{file} holds tokens, which have one speed; take recordings")
    return [(each, name + at) for clip, name in rows for each, at in with_speeds(clip, speeds)]


def _is_tokens(path: Path) -> bool:
    return path.suffix.lower() == OWN


class _Tracks:
    """Tokens of a recording by track; the tokenizer is opened when the first has none yet."""

    def __init__(self, tokenizer: Callable[[], EncodesTracks], mix: bool) -> None:
        self._open, self._mix = tokenizer, mix
        self._tokenizer: EncodesTracks | None = None

    @property
    def tokenizers(self) -> Mapping[str, object]:
        """What made the tracks, if it was opened."""
        return self._tokenizer.tokenizers if isinstance(self._tokenizer, Bundle) else {}

    def __call__(self, clip: Clip) -> Mapping[str, AudioTokens]:
        if _is_tokens(clip.path):
            return dict(_read(clip.path))
        self._tokenizer = self._tokenizer or self._open()
        return self._tokenizer.encode(clip.read(), mix=self._mix)


def _read(path: Path) -> Iterator[tuple[str, AudioTokens]]:
    with TokenFile(path) as file:
        for name in file.tracks:
            tokens = file.read(name)
            yield name or track_name(tokens.spec), tokens
