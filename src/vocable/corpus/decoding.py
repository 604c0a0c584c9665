"""Decode a corpus to sound files, or a few recordings of it to sound."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vocable.audio import Audio
from vocable.audio.formats import WRITABLE
from vocable.codecs import Codec
from vocable.codecs.convert import check_fits
from vocable.corpus.hearing import LONG
from vocable.corpus.marks import Item, Mark
from vocable.corpus.names import file_name
from vocable.corpus.reading import Corpus
from vocable.corpus.shards import Recording
from vocable.corpus.windows import ITEMS, SECONDS
from vocable.errors import AudioError, RecipeError
from vocable.tokens import AudioTokens

Progress = Callable[[float], None]  # the share of the pieces that are done, 0 to 1


def decode_corpus(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    codec: Codec,
    *,
    ending: str = ".flac",
    overwrite: bool = False,
    skip_existing: bool = False,
    progress: Progress | None = None,
) -> int:
    """Decode all recordings to files named by their ids, each as long as it was; return how many.

    Where tars or tables hold recordings of one id, each piece has a folder of its own.
    skip_existing: go on after a stop. Before any work it raises FileExistsError for files that
    exist, without one of the two, and TokenError for a codec of other weights.
    """
    corpus, target = Corpus(Path(folder)), Path(out)
    check_fits(codec.spec, corpus.spec)
    name_of = _Names(corpus, target, ending)
    if not (overwrite or skip_existing):
        name_of.check_new()
    target.mkdir(parents=True, exist_ok=True)
    done = 0
    for number, mark in enumerate(corpus.marks(), 1):
        wanted = {item.id: name_of(mark, item) for item in mark.items}
        if skip_existing:
            wanted = {name: path for name, path in wanted.items() if not path.exists()}
        done += _decode_piece(corpus, mark, wanted, codec, overwrite)
        if progress:
            progress(number / corpus.plan.pieces)
    return done


def decoded(recordings: Iterable[Recording], codec: Codec) -> Iterator[tuple[Item, Audio]]:
    """Yield recordings as sound, several decoded together."""
    for window in _together(recordings):
        found = codec.decode_batch([tokens for _, tokens in window])
        yield from zip((item for item, _ in window), found, strict=True)


class _Names:
    """Where each recording's sound goes. RecipeError for two that go to one file."""

    def __init__(self, corpus: Corpus, out: Path, ending: str) -> None:
        if ending not in WRITABLE:
            raise AudioError(f"{ending} is not written; endings are {' '.join(WRITABLE)}")
        self._corpus, self._out, self._ending = corpus, out, ending
        self._apart = bool(corpus.report["same_ids"])
        known: dict[str, str] = {}
        for mark in corpus.marks():
            for item in mark.items:
                path = str(self(mark, item))
                if (other := known.setdefault(path, item.id)) != item.id:
                    raise RecipeError(f"{other} and {item.id} would both become {path}")

    def __call__(self, mark: Mark, item: Item) -> Path:
        above = f"{mark.piece:06d}/" if self._apart else ""
        return self._out / (above + file_name(item.id, self._ending))

    def check_new(self) -> None:
        """Refuse files that exist, before any work."""
        for mark in self._corpus.marks():
            for item in mark.items:
                if (path := self(mark, item)).exists():
                    raise FileExistsError(
                        f"{path} exists; overwrite=True (--force) replaces, skip_existing=True "
                        "(--skip-existing) goes on"
                    )


def _decode_piece(
    corpus: Corpus, mark: Mark, wanted: dict[str, Path], codec: Codec, overwrite: bool
) -> int:
    """Decode recordings of a piece to their files; return how many those are."""
    if not wanted:
        return 0
    for path in wanted.values():
        path.parent.mkdir(parents=True, exist_ok=True)

    def short() -> Iterator[Recording]:
        for item, tokens in (each for each in corpus.read(mark) if each[0].id in wanted):
            if item.seconds <= LONG:
                yield item, tokens
            else:
                _decode_long(tokens, wanted[item.id], codec, overwrite)

    for item, audio in decoded(short(), codec):
        audio.save(wanted[item.id], overwrite=overwrite)
    return len(wanted)


def _decode_long(tokens: AudioTokens, path: Path, codec: Codec, overwrite: bool) -> None:
    """Decode in a stream through a file, so that memory does not grow with the recording."""
    with tempfile.TemporaryDirectory(prefix="vocable-") as folder:
        held = os.path.join(folder, "tokens.vcb")
        tokens.save(held)
        codec.decode_to(held, path, overwrite=overwrite)


def _together(recordings: Iterable[Recording]) -> Iterator[list[Recording]]:
    """Yield recordings in order, several together, of so many seconds."""
    waiting: list[Recording] = []
    seconds = 0.0
    for each in recordings:
        if waiting and (len(waiting) == ITEMS or seconds + each[0].seconds > SECONDS):
            yield waiting
            waiting, seconds = [], 0.0
        waiting.append(each)
        seconds += each[0].seconds
    if waiting:
        yield waiting
