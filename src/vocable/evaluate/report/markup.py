"""Build HTML and SVG from values: text is escaped wherever it comes from, unless it is `Markup`."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

_VOID = frozenset(("meta", "br", "wbr", "img", "col"))
# HTML has no place for control characters, nor UTF-8 for halves of pairs; names of files have both.
_CONTROL = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(9), 11, *range(13, 32), 127)}


class Markup(str):
    """HTML that goes into a page as it is; only this module and constants make it."""

    __slots__ = ()


def tag(element: str, /, *inside: str, **attributes: str | int | float | None) -> Markup:
    """Return an element. Strings inside are escaped, unless they are `Markup`.

    Attributes of value None are left out, those of value "" stand by their name. `class_` is class,
    and other underscores are hyphens: `data_value=3` is data-value="3".
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    if element in _VOID:
        return Markup(f"<{element}{given}>")
    return Markup(f"<{element}{given}>{joined(inside)}</{element}>")


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Return parts one after the other, each escaped unless it is `Markup`."""
    return Markup(_safe(between).join(map(_safe, parts)))


def data_uri(kind: str, content: bytes) -> str:
    """Return a file as an address that holds it; kind is its media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _attribute(name: str, value: str | int | float | None) -> str:
    if value is None:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f' {name}="{_safe(str(value))}"' if value != "" else f" {name}"


def _safe(text: str) -> str:
    if isinstance(text, Markup):
        return text
    return escape(text.encode(errors="replace").decode().translate(_CONTROL))
