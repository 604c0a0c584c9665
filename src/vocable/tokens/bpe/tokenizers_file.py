"""Read and write merges as a file of the `tokenizers` package, which then merges at Rust's speed.

Unit i is the code point U+4E00 + i, so a sequence of units is a string for that package, and the
ids that it gives are the tokens here. From U+4E00 on 35,328 code points come before the surrogates
(U+D800), which do not stand for characters, and so many units there can be.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...atomic import replacing
from ...errors import TokenError
from .merging import Merge, Strings

FIRST, SURROGATES = 0x4E00, 0xD800
MOST = SURROGATES - FIRST


def as_text(units: Sequence[int]) -> str:
    """Return units as the string that stands for them in such a file."""
    return "".join(chr(FIRST + unit) for unit in units)


def check_units(count: int) -> None:
    """Refuse more units than code points, which would reach into the surrogates."""
    if count > MOST:
        raise TokenError(
            f"{count} units need as many code points from U+4E00, and {MOST} come before the "
            "surrogates; take fewer levels"
        )


def write(path: str | os.PathLike[str], units: int, merges: Sequence[Merge]) -> None:
    """Write a file that `tokenizers.Tokenizer.from_file` reads, replacing an old one."""
    check_units(units)
    strings = Strings(units)
    pairs = [[as_text(strings[left]), as_text(strings[right])]
             for left, right in merges if strings.add(left, right) >= 0]  # fmt: skip
    table: dict[str, Any] = dict.fromkeys(
        ("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor")
    )
    table |= {"version": "1.0", "added_tokens": [], "decoder": {"type": "Fuse"}}
    table["model"] = {
        "type": "BPE",
        "vocab": {as_text(strings[token]): token for token in range(len(strings))},
        "merges": pairs,
    }
    with replacing(path, overwrite=True) as fresh:
        fresh.write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")


def read_merges(path: str | os.PathLike[str], units: int) -> list[Merge]:
    """Return the merges of such a file, also of one that `tokenizers` trained.

    TokenError for another kind of file, for another number of units, and for tokens that are not
    numbered as their merges make them.
    """
    check_units(units)
    try:
        model = json.loads(Path(path).read_bytes())["model"]
        vocabulary: dict[str, int] = model["vocab"]
        halves = [each.split(" ") if isinstance(each, str) else each for each in model["merges"]]
        merges = [(vocabulary[left], vocabulary[right]) for left, right in halves]
        alphabet = {string: token for string, token in vocabulary.items() if len(string) == 1}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise TokenError(f"{path} is not a tokenizers file of merged units: {error!r}") from error
    if alphabet != {as_text([unit]): unit for unit in range(units)}:
        raise TokenError(
            f"{path} has {len(alphabet)} units, wanted {units} from U+4E00 on as ids from 0; "
            "train with all of them as the initial alphabet"
        )
    _check_order(path, vocabulary, units, merges)
    return merges


def _check_order(
    path: str | os.PathLike[str], vocabulary: dict[str, int], units: int, merges: list[Merge]
) -> None:
    """Refuse tokens that are not numbered as their merges come."""
    strings = Strings(units)
    for number, (left, right) in enumerate(merges):
        if not 0 <= max(left, right) < len(strings) or min(left, right) < 0:
            raise TokenError(f"{path}: merge {number} needs a token that a later merge makes")
        strings.add(left, right)
    if vocabulary != {as_text(strings[token]): token for token in range(len(strings))}:
        raise TokenError(f"{path} numbers its tokens in another order than its merges make them")
