"""Read the YAML that programs dump: mappings and lists by indentation, and plain values.

Nothing is made or run, whatever a value asks for: tags, anchors and what else YAML has stay text.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

from vocable.errors import ModelError

DEEPEST = 32  # blocks inside one another
_KEY = re.compile(r"""(?:"([^"]*)"|'([^']*)'|([^\s"'\[{#-][^#]*?)):(?:\s+(.*))?""")
_COMMENT = re.compile(r"^\s*#.*|\s#[^'\"]*$")
_WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}
_Line = tuple[int, str]  # its indent, and what it says


def read_block_yaml(text: str, name: str) -> Any:
    """Return the mappings, lists, numbers, booleans and strings that a text states.

    name: of the file, for the message. ModelError for any other text.
    """
    lines = [(len(line) - len(line.lstrip(" ")), line.strip()) for line in _said(text)]
    try:
        value, rest = _block(lines, 0)
    except ValueError as error:
        raise ModelError(f"{name} is not YAML as programs dump it ({error})") from error
    if rest:
        raise ModelError(f"{name} is not YAML as programs dump it (at {rest[0][1][:60]!r})")
    return value


def stated_anywhere(value: Any) -> dict[str, list[Any]]:
    """Return the values of each key, wherever it stands, in their order."""
    found: dict[str, list[Any]] = {}
    inside = [value]
    while inside:
        block = inside.pop()
        items = block.items() if isinstance(block, dict) else ()
        for key, each in items:
            found.setdefault(key, []).append(each)
        inside += reversed(block if isinstance(block, list) else [each for _, each in items])
    return found


def _said(text: str) -> Iterator[str]:
    """Yield the lines that say something, without comments."""
    for line in text.splitlines():
        kept = _COMMENT.sub("", line).rstrip()
        if kept and kept != "---":
            yield kept


def _block(lines: list[_Line], depth: int) -> tuple[Any, list[_Line]]:
    """Return what the block at the front states, and the lines behind it."""
    if depth > DEEPEST:
        raise ValueError(f"blocks lie {depth} deep")
    if not lines:
        return None, lines
    indent, words = lines[0]
    if words == "-" or words.startswith("- "):
        return _list(lines, indent, depth)
    if _KEY.fullmatch(words):
        return _mapping(lines, indent, depth)
    end = next((n for n, line in enumerate(lines) if line[0] < indent), len(lines))
    return _plain(" ".join(words for _, words in lines[:end])), lines[end:]


def _list(lines: list[_Line], indent: int, depth: int) -> tuple[list[Any], list[_Line]]:
    found = []
    while lines and lines[0][0] == indent and lines[0][1].startswith("-"):
        rest = lines[0][1][1:]
        inner = rest.lstrip()
        begun = [(indent + 1 + len(rest) - len(inner), inner)] if inner else []
        value, lines = _inside([*begun, *lines[1:]], indent, depth)
        found.append(value)
    return found, lines


def _mapping(lines: list[_Line], indent: int, depth: int) -> tuple[dict[str, Any], list[_Line]]:
    found: dict[str, Any] = {}
    while lines and lines[0][0] == indent and (match := _KEY.fullmatch(lines[0][1])):
        key, words = match[1] or match[2] or match[3] or "", match[4] or ""
        if key in found:
            raise ValueError(f"{key[:60]!r} is stated twice")
        begun, lines = [(indent + 1, words)] if words else [], lines[1:]
        if begun:  # a value goes on in lines that are further in
            value, lines = _scalar([*begun, *lines], indent)
        elif lines and lines[0][0] == indent and lines[0][1].startswith("-"):
            value, lines = _list(lines, indent, depth + 1)  # a list may stand as far out as its key
        else:
            value, lines = _inside(lines, indent, depth)
        found[key] = value
    return found, lines


def _inside(lines: list[_Line], indent: int, depth: int) -> tuple[Any, list[_Line]]:
    """Return the block that is further in than `indent`; None where there is none."""
    return _block(lines, depth + 1) if lines and lines[0][0] > indent else (None, lines)


def _scalar(lines: list[_Line], indent: int) -> tuple[Any, list[_Line]]:
    end = next((n for n, line in enumerate(lines) if line[0] <= indent), len(lines))
    return _plain(" ".join(words for _, words in lines[:end])), lines[end:]


def _plain(words: str) -> Any:
    """Return a number, a boolean, None, a list in brackets, or the text itself."""
    if words.lower() in _WORDS:
        return _WORDS[words.lower()]
    if words.startswith("'") and words.endswith("'"):
        return words[1:-1].replace("''", "'")
    if words[:1] in '"[{' or re.fullmatch(r"[-+]?[\d.][\d.eE+-]*", words):
        with contextlib.suppress(ValueError):
            return json.loads(words)
    return words
