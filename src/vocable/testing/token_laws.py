"""Check the law of what holds tokens: layouts, vocabularies and files lose nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vocable.errors import FormatError
from vocable.tokens import AudioTokens, Layout, Vocabulary, read_tokens


def check_layout_no_loss(layout: Layout, tokens: AudioTokens) -> None:
    """Check law 5: tokens → layout → tokens gives back the same integers, and all they know."""
    grid = layout.arrange(tokens)
    back = layout.restore(
        grid, tokens.spec, tokens.levels, sides=dict(tokens.sides), source=tokens.source
    )
    if back != tokens:
        raise AssertionError(
            f"layout {layout.name}: {_where(tokens, back)} after a way through {list(grid.shape)}"
        )


def check_vocabulary_no_loss(vocabulary: Vocabulary, tokens: AudioTokens) -> None:
    """Check law 5: tokens → ids of a text vocabulary → tokens gives back the same integers."""
    ids = vocabulary.to_ids(tokens)
    back = vocabulary.from_ids(ids)
    if any((a != b).any() for a, b in zip(tokens.stacks, back.stacks, strict=True)):
        raise AssertionError(f"vocabulary: {_where(tokens, back)} after a way through ids")


def check_file_no_loss(tokens: AudioTokens, path: Path) -> None:
    """Check law 5: tokens → bytes → tokens gives back the same integers and all they know."""
    tokens.save(path)
    back = read_tokens(path)
    if back != tokens:
        raise AssertionError(f"{path.suffix}: {_where(tokens, back)} after a way through the file")


def check_damage_is_noticed(path: Path, places: Iterable[int]) -> None:
    """Check law 5: a token file with a changed byte, at any of these places, is refused.

    The file is left as it was.
    """
    whole = path.read_bytes()
    try:
        for place in places:
            place %= len(whole)
            damaged = bytearray(whole)
            damaged[place] ^= 1 << place % 8
            path.write_bytes(damaged)
            _check_refused(path, f"bit {place % 8} of byte {place} of {len(whole)} changed")
    finally:
        path.write_bytes(whole)


def _check_refused(path: Path, damage: str) -> None:
    try:
        read_tokens(path)
    except FormatError:
        return
    raise AssertionError(f"{path.name}: read without complaint with {damage}")


def _where(wanted: AudioTokens, got: AudioTokens) -> str:
    for level, (a, b) in enumerate(zip(wanted.stacks, got.stacks, strict=False)):
        if a.shape != b.shape:
            return f"level {level} is {list(b.shape)}, wanted {list(a.shape)}"
        if (a != b).any():
            return f"level {level} differs in {int((a != b).sum())} of {a.size} codes"
    return "spec, sides, durations or source differ"
