"""English names of signs, and of Greek letters that stand alone."""

from __future__ import annotations

import re

from vocable.text.normal.en.letters import spelled
from vocable.text.normal.greek import GREEK, greek

ADDRESS = {
    **{
        ".": "dot",
        "@": "at",
        "/": "slash",
        "-": "dash",
        "_": "underscore",
        ":": "colon",
        "~": "tilde",
    },
    **{"?": "question mark", "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus"},
}
_NAMES = dict(
    zip(
        GREEK,
        (
            *(
                "alpha",
                "beta",
                "gamma",
                "delta",
                "epsilon",
                "zeta",
                "eta",
                "theta",
                "iota",
                "kappa",
            ),
            *("lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau"),
            *("upsilon", "phi", "chi", "psi", "omega"),
        ),
        strict=True,
    )
)


def _either(found: re.Match[str]) -> str:
    return f"{found[1]} {found[2]}" if found[2] == "or" else f"{found[1]} or {found[2]}"


_SIGNS = (
    (r"(?<=\d)\^2(?!\d)|(?<=\b[A-Za-z])\^2(?!\d)|(?<=\b[A-Za-z]{2})\^2(?!\d)", " squared "),
    (r"(?<=\d)\^3(?!\d)|(?<=\b[A-Za-z])\^3(?!\d)", " cubed "),
    (r"(?<=\d)\^(?=[-−]?\d)|(?<=\b[A-Za-z])\^(?=[-−]?\d)", " to the power of "),
    (r"(?<=[^\W\d_])\^\d+", ""),  # the number of a note
    (
        r"\b([A-Z]{1,3})&([A-Z]{1,3})\b",
        lambda found: f"{spelled(found[1])} and {spelled(found[2])}",
    ),
    (r"(?<![\w'])A(?=-?\d)", "ay "),
    (r"\bC\+\+", "C plus plus"),
    (r"\b([CF])#", r"\1 sharp"),
    (r"(?<=\b[A-F])\+(?=[\s,.;)]|$)", " plus"),
    (r"(?<=\b[A-F])[-−](?=[\s,.;)]|$)", " minus"),
    (r"\bA(?= (?:plus|minus)\b)", "ay"),
    (r"(?<![\w])#(?=\d)", " number "),
    (r"(?<![\w])#(?=[A-Za-z])", " hashtag "),
    (r"\b([Hh]e|[Hh]is|[Hh]im|[Yy]es|[Aa]nd)/(she|hers?|no|or)\b", _either),
    (r"(?<=[A-Za-z])/(?=[A-Za-z])", " "),
    (r"&", " and "),
    (r"(?<=\w)@(?=\w)|(?<= )@(?= )", " at "),
    (r"(?<![\w@])@(?=\w)", " at "),
    (r"§§?\s?(?=\d)", " section "),
    (r"©", " copyright "),
    (r"(?<=\w)\s?≠\s?(?=[\w(-])|(?<=\w)\s?!=\s?(?=[\w(-])", " is not equal to "),
    (r"(?<=\w)\s?(?:≤|<=)\s?(?=[\w(-])", " is at most "),
    (r"(?<=\w)\s?(?:≥|>=)\s?(?=[\w(-])", " is at least "),
    (r"(?<![\w])(?:≤|<=)\s?(?=\d)", " at most "),
    (r"(?<![\w])(?:≥|>=)\s?(?=\d)", " at least "),
    (r"(?<=\w)\s?==?\s?(?=[\w(-])", " equals "),
    (r"(?<=[a-z]{2}) > (?=\w)", " more than "),
    (r"(?<=\w) < (?=\w)|(?<=\d)<(?=\d)|<(?=\d)", " less than "),
    (r"(?<=\w) > (?=\w)|(?<=\d)>(?=\d)|(?<!\w)>(?=\d)", " greater than "),
    (r"[≈~]\s?(?=[$£€]?\d)", " about "),
    (r"(?<=\w)\s*\+\s*(?=\w)", " plus "),
    (r"±", " plus or minus "),
    (r"∞", " infinity "),
    (r"√", " the square root of "),
    (r"(?<![\w$])\$(?![\w$])", " dollars "),
    (r"(?<![\w€])€(?![\w€])", " euros "),
    (r"(?<![\w£])£(?![\w£])", " pounds "),
)
_COMPILED = tuple((re.compile(pattern), words) for pattern, words in _SIGNS)


def signs(text: str) -> str:
    """Return a text whose signs are words; what has no name here is left to be dropped."""
    for pattern, words in _COMPILED:
        text = pattern.sub(words, text)
    return greek(text, _NAMES)
