"""Take the marks out of marked-up text: tags, Markdown, entities. What they enclose stays.

Tags are those of HTML and SSML alike: SSML is not obeyed, its text is said.
"""

from __future__ import annotations

import html
import re

_NAME = r"[A-Za-z][\w:-]{0,40}"
_BREAKING = r"(?:p|br|div|h\d|li|tr|table|ul|ol|blockquote|para|title)"

# Each pattern with what it becomes, in this order. Everything that repeats without end stops at the
# end of a line, or at the sign that it begins with, so that any text takes a time like its length.
_MARKS = (
    (r"<!--[^<>]{0,2000}-->|<\?[^<>]{0,2000}>|<![A-Za-z\[][^<>]{0,2000}>", " "),
    (rf"</?{_BREAKING}(?:\s[^<>]{{0,2000}})?/?>", "\n\n"),
    (r"<break(?:\s[^<>]{0,2000})?/?>", ", "),  # a pause, in SSML
    (rf"</?{_NAME}(?:\s[^<>]{{0,2000}})?/?>", ""),
    (r"^[ \t]*(?:```|~~~)[^\n]*$", "\n"),  # fences of code
    (r"^[ \t]*(?:[-*_=][ \t]*){3,}$", "\n"),  # rules, and lines under headings
    (r"^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+[-: \t]*$", "\n"),  # under the head of a table
    (r"!?\[([^\[\]\n]{0,500})\]\([^()\s]{0,2000}(?:[ \t]\"[^\"\n]{0,500}\")?\)", r"\1"),
    (r"\[\d{1,3}\](?!\()", ""),  # numbers of notes
    (r"^[ \t]*#{1,6}[ \t]+([^\n]+?)[ \t]*#*$", r"\n\1\n"),  # headings
    (r"^(?:[ \t]*>)+[ \t]?", ""),  # quotations
    (r"^[ \t]*[-*+•‣▪●○][ \t]+(?:\[[ xX]\][ \t]+)?(?=\S)([^\n]*)$", r"\n\1\n"),  # lists
    (r"^[ \t]*(\d{1,3}[.)][ \t]+[^\n]+)$", r"\n\1\n"),
    (r"`+([^`\n]{1,500})`+", r"\1"),
    (r"(\*{1,3}|~~)(?=\S)([^*~\n]{1,1000}?)(?<=\S)\1(?!\d)", r"\2"),
    (r"(?<!\w)(_{1,3})(?=\S)([^_\n]{1,1000}?)(?<=\S)\1(?!\w)", r"\2"),
    (r"^[ \t]*\||\|[ \t]*$", ""),  # edges of a table
    (r"[ \t]*\|[ \t]*", ", "),
)
_COMPILED = tuple((re.compile(pattern, re.M), becomes) for pattern, becomes in _MARKS)


def without_markup(text: str) -> str:
    """Return a text without tags and marks; headings and items of lists become paragraphs."""
    text = re.sub(r"[ \t]{2,}", " ", html.unescape(text))
    for pattern, becomes in _COMPILED:
        text = pattern.sub(becomes, text)
    return text
