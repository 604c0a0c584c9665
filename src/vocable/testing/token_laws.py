"""Check law 5: layouts, vocabularies and files lose nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vocable.errors import FormatError
from vocable.tokens import AudioTokens, Layout, Vocabulary, read_tokens


def check_layout_no_loss(layout: Layout, tokens: AudioTokens) -> None:
    """Check law 5: tokens → layout → tokens gives back equal tokens, sides and source included."""
    grid = layout.arrange(tokens)
    back = layout.restore(
        grid, tokens.spec, tokens.levels, sides=dict(tokens.sides), source=tokens.source
    )
    if back != tokens:
        raise AssertionError(
            f"layout {layout.name}: {_difference(tokens, back)} after a round trip through "
            f"{list(grid.shape)}"
        )


def check_vocabulary_no_loss(vocabulary: Vocabulary, tokens: AudioTokens) -> None:
    """Check law 5: tokens → ids of a text vocabulary → tokens gives back the same integers."""
    ids = vocabulary.to_ids(tokens)
    back = vocabulary.from_ids(ids, sides=dict(tokens.sides), source=tokens.source)
    if any((a != b).any() for a, b in zip(tokens.stacks, back.stacks, strict=True)):
        raise AssertionError(
            f"vocabulary: {_difference(tokens, back)} after a round trip through ids"
        )


def check_file_no_loss(tokens: AudioTokens, path: Path) -> None:
    """Check law 5: tokens → bytes → tokens gives back equal tokens, sides and source included."""
    tokens.save(path)
    back = read_tokens(path)
    if back != tokens:
        raise AssertionError(
            f"{path.suffix}: {_difference(tokens, back)} after a round trip through the file"
        )


def check_damage_is_noticed(path: Path, offsets: Iterable[int]) -> None:
    """Check law 5: a token file in which the byte at any of these offsets changed is refused.

    Offsets wrap around at the file's size. The file is left as it was.
    """
    data = path.read_bytes()
    try:
        for offset in offsets:
            offset %= len(data)
            damaged = bytearray(data)
            damaged[offset] ^= 1 << offset % 8
            path.write_bytes(damaged)
            _check_refused(path, f"bit {offset % 8} of byte {offset} of {len(data)} changed")
    finally:
        path.write_bytes(data)


def _check_refused(path: Path, damage: str) -> None:
    try:
        read_tokens(path)
    except FormatError:
        return
    raise AssertionError(f"{path.name}: read without complaint with {damage}")


def _difference(wanted: AudioTokens, got: AudioTokens) -> str:
    for level, (a, b) in enumerate(zip(wanted.stacks, got.stacks, strict=False)):
        if a.shape != b.shape:
            return f"level {level} is {list(b.shape)}, wanted {list(a.shape)}"
        if (a != b).any():
            return f"level {level} differs in {int((a != b).sum())} of {a.size} codes"
    return "spec, sides, durations or source differ"
