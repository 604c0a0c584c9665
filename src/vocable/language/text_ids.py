"""The ids of text, by a tokenizer's file beside the weights: `tokenizer.json` of Hugging Face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from vocable.errors import ModelError

FILE = "tokenizer.json"
TextIds: TypeAlias = Callable[[str], Sequence[int]]
"""The ids of a text, without any that stand for its beginning or end."""


def read_text_ids(path: str | Path) -> TextIds:
    """Return what turns text into ids as a tokenizer's file says.

    Names of special tokens within a text are text: who writes them cannot end a prompt. ModelError
    for a damaged file, and without the package `tokenizers`.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ModelError(
            f'reading {path} needs an extra: pip install "vocable[language]"'
        ) from error
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises plain exceptions for whatever is wrong
        reason = str(error).partition("\n")[0].rstrip(".")
        raise ModelError(f"{path} is not a tokenizer's file ({reason}); fetch it again") from error
    tokenizer.encode_special_tokens = True

    def ids(text: str) -> Sequence[int]:
        found: Sequence[int] = tokenizer.encode(text, add_special_tokens=False).ids
        return found

    return ids
