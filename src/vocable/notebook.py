"""Show values in a notebook: one look for all of them, for light and dark pages and phones.

Styles stand in each element: the page has styles of its own (JupyterLab's for tables and images),
and a saved notebook loses `<style>`. Text has the page's colour, lines a grey that shows on black
and on white, so nothing asks which theme is on. The result is also well-formed XML.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

DIM = "opacity:.7"
LINE = "1px solid rgba(128,128,128,.45)"
CARD = (
    "box-sizing:border-box;max-width:800px;margin:2px 0;padding:8px 12px;"
    f"border:{LINE};border-radius:6px;font:13px/1.5 system-ui,sans-serif;overflow-wrap:anywhere"
)
GRID = "display:grid;grid-template-columns:max-content minmax(0,1fr);gap:1px 14px"

Rows = Iterable[tuple[str, str]]


def card(kind: str, title: str, rows: Rows = (), *parts: str) -> str:
    """Return a box as HTML: what a value is, its name, rows of (label, text), then more HTML.

    kind, title and rows are plain text, escaped here; parts are HTML of this module's making.
    """
    head = f"{styled('b', '', title)} {styled('span', DIM, kind)}"
    return f'<div style="{CARD}"><div>{head}</div>{_columns(rows)}{"".join(parts)}</div>'


def _columns(rows: Rows) -> str:
    """Return rows of (label, text) as two columns of HTML."""
    cells = [styled("div", DIM, label) + styled("div", "", text) for label, text in rows]
    return f'<div style="{GRID}">{"".join(cells)}</div>' if cells else ""


def note(text: str) -> str:
    """Return a line that is less than the rest, as HTML."""
    return styled("div", DIM, text)


def styled(tag: str, style: str, text: str) -> str:
    """Return plain text in a styled element."""
    attribute = f' style="{style}"' if style else ""
    return f"<{tag}{attribute}>{escape(text)}</{tag}>"
