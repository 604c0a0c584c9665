"""German names of signs."""

from __future__ import annotations

import re

from vocable.text.normal.greek import GREEK, greek

ADDRESS = {
    **{".": "Punkt", "@": "ät", "/": "Schrägstrich", "-": "Bindestrich", "_": "Unterstrich"},
    **{":": "Doppelpunkt", "?": "Fragezeichen", "=": "gleich", "&": "und", "#": "Raute"},
    **{"%": "Prozent", "+": "plus", "~": "Tilde"},
}
_SIGNS = (
    (r"\bC\+\+", "Ce plus plus"),
    (r"\b([CF])#", r"\1 Sharp"),
    (r"(?<=\w)\^2(?!\d)", " hoch zwei "),
    (r"(?<=\w)\^3(?!\d)", " hoch drei "),
    (r"(?<=\d)\^(?=[-−]?\d)|(?<=\b[A-Za-z])\^(?=[-−]?\d)", " hoch "),
    (r"(?<=[^\W\d_])\^\d+", ""),  # the number of a note
    (r"(?<!\w)#(?=\d)", " Nummer "),
    (r"(?<!\w)#(?=[^\W\d_])", " Hashtag "),
    (r"\bund/oder\b", "und oder"),
    (r"(?<=[^\W\d_])/-?(?=[^\W\d_])", " "),
    (r"(?<=[a-zäöüß])[*:_](?=innen\b|in\b)", ""),
    (r"&", " und "),
    (r"(?<=\w)@(?=\w)|(?<= )@(?= )|(?<![\w@])@(?=\w)", " ät "),
    (r"§§\s?(?=\d)", " Paragrafen "),
    (r"§\s?(?=\d)", " Paragraf "),
    (r"©", " Copyright "),
    (r"(?<=\w)\s?≠\s?(?=[\w(-])", " ist ungleich "),
    (r"(?<=\w)\s?(?:≤|<=)\s?(?=[\w(-])", " ist höchstens "),
    (r"(?<=\w)\s?(?:≥|>=)\s?(?=[\w(-])", " ist mindestens "),
    (r"(?<!\w)(?:≤|<=)\s?(?=\d)", " höchstens "),
    (r"(?<!\w)(?:≥|>=)\s?(?=\d)", " mindestens "),
    (r"(?<=\w)\s?==?\s?(?=[\w(-])", " gleich "),
    (r"(?<=[a-zäöüß]{2}) > (?=\w)", " mehr als "),
    (r"(?<=[a-zäöüß]{2}) < (?=\w)", " weniger als "),
    (r"(?<=\w) < (?=\w)|(?<=\d)<(?=\d)|<(?=\d)", " kleiner als "),
    (r"(?<=\w) > (?=\w)|(?<=\d)>(?=\d)|(?<!\w)>(?=\d)", " größer als "),
    (r"[≈~]\s?(?=[$£€]?\d)", " etwa "),
    (r"(?<=\w)\s*\+\s*(?=\w)", " plus "),
    (r"±", " plus minus "),
    (r"∞", " unendlich "),
    (r"√", " Wurzel aus "),
)
_COMPILED = tuple((re.compile(pattern), words) for pattern, words in _SIGNS)
_NAMES = dict(
    zip(
        GREEK,
        (
            *(
                "Alpha",
                "Beta",
                "Gamma",
                "Delta",
                "Epsilon",
                "Zeta",
                "Eta",
                "Theta",
                "Jota",
                "Kappa",
            ),
            *(
                "Lambda",
                "Mü",
                "Nü",
                "Xi",
                "Omikron",
                "Pi",
                "Rho",
                "Sigma",
                "Sigma",
                "Tau",
                "Ypsilon",
            ),
            *("Phi", "Chi", "Psi", "Omega"),
        ),
        strict=True,
    )
)


def signs(text: str) -> str:
    """Return a text whose signs are words; what has no name here is left to be dropped."""
    for pattern, words in _COMPILED:
        text = pattern.sub(words, text)
    return greek(text, _NAMES)
