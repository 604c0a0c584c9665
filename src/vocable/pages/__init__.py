"""Pages of HTML in one file: what they look like and what they do is inside, and their data.

A page is a folder beside the module that writes it: `index.html`, `style.css` and scripts.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.abc import Traversable
from importlib.resources import files


def assemble(parts: Traversable, scripts: Sequence[str], data: Mapping[str, object]) -> str:
    """Return the page of a folder: `index.html` with style, data and scripts put in.

    data: constants of the scripts, by name. Whatever texts are in them stays text. The index says
    where things go: `/* style */` after the style that all pages have, `/* script */`, and in its
    policy `sha256-style` and `sha256-script`, so that a browser runs these scripts and no others.
    """
    style = "\n" + _read(files(__package__) / "base.css") + _read(parts / "style.css")
    constants = (f"const {name} = {_literal(value)};\n" for name, value in data.items())
    script = "\n".join(['\n"use strict";', *constants, *(_read(parts / each) for each in scripts)])
    page = _read(parts / "index.html")
    page = page.replace("sha256-style", _hash(style)).replace("sha256-script", _hash(script))
    # The script comes last: nothing in the data is taken for a place to put something.
    return page.replace("/* style */", style).replace("/* script */", script)


def _literal(value: object) -> str:
    """Return JSON that ends no script and begins no comment of HTML, whatever is in its texts."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _read(part: Traversable) -> str:
    return part.read_text(encoding="utf-8")
