"""German ordinals: a number with a dot is one where a month, a noun or its article says so.

Its ending is that of an adjective: "der dritte März", "am dritten März", "ein drittes Mal".
"""

from __future__ import annotations

import re

from vocable.text.normal.de.abbreviations import STARTS
from vocable.text.normal.de.dates import MONTHS
from vocable.text.normal.de.gender import gender
from vocable.text.normal.de.numbers import ordinal
from vocable.text.normal.roman import CERTAIN, ROMAN, WELL_FORMED, roman

_PREPOSITIONS = (
    *("ab", "an", "auf", "aus", "außer", "bei", "bis", "gegenüber", "hinter", "in", "mit", "nach"),
    *(
        "neben",
        "seit",
        "statt",
        "trotz",
        "unter",
        "von",
        "vor",
        "während",
        "wegen",
        "zu",
        "zwischen",
    ),
    *("über", "innerhalb", "außerhalb", "gegen", "für", "durch", "um"),
)
_TO_N = (
    *("am", "im", "zum", "zur", "vom", "beim", "den", "dem", "des", "einem", "einen", "einer"),
    *("eines", "diesem", "diesen", "jedem", "jeden", "seinem", "seinen", "seiner"),
    *("ihrem", "ihren", "ihrer", "meinem", "meinen", "meiner", "unserem", "unseren", "unserer"),
    *(
        "deinem",
        "deinen",
        "deiner",
        "keinem",
        "keinen",
        "keiner",
        "ab",
        "bis",
        "seit",
        "vor",
        "nach",
    ),
    *("ans", "ins", "aufs", "beide", "alle"),
)
_TO_E = (
    *("die", "das", "diese", "dieses", "eine", "jede", "jedes", "meine", "deine", "seine", "ihre"),
    *("unsere", "keine", "welche", "ins", "ans", "aufs", "fürs", "ums"),
)
_MIXED = ("ein", "kein", "mein", "dein", "sein", "ihr", "unser", "euer")
_DER = ("der", "dieser", "jeder")
_CUES = {*_TO_N, *_TO_E, *_MIXED, *_DER}
_STRONG = {"m": "er", "f": "e", "n": "es"}
_NOUNS = (
    *(
        "Jahrhundert",
        "Jahrtausend",
        "Kapitel",
        "Klasse",
        "Platz",
        "Weltkrieg",
        "Bundesliga",
        "Liga",
    ),
    *("Etage", "Stock", "Stockwerk", "Runde", "Woche", "Tag", "Mal", "Auflage", "Geburtstag"),
    *(
        "Symphonie",
        "Sinfonie",
        "Halbzeit",
        "Quartal",
        "Advent",
        "FC",
        "Semester",
        "Akt",
        "Teil",
        "OG",
        "UG",
    ),
    *("Obergeschoss", "Bezirk", "Spieltag", "Semester", "Preis", "Rang", "Version", "Schritt"),
)
_CHAIN = r"(\d{1,6})\.((?:\s?(?:und|oder|bis|–|-|/)\s?\d{1,6}\.)*)"
_CERTAIN = re.compile(
    rf"(?<![\w.,:]){_CHAIN}\s?(?=({'|'.join((*MONTHS, *_NOUNS))}|[a-zäöüß]\w+)\b)"
)
_AFTER_CUE = re.compile(
    rf"\b((?i:{'|'.join(sorted(_CUES, key=len, reverse=True))}))\s{_CHAIN}"
    rf"(?:\s(?!{STARTS})(?=([A-ZÄÖÜ][\wäöüß-]+))|(?=(\s*(?:[,;:!?)]|$|\n)|\s{STARTS})))",
)
_NUMBER = re.compile(r"(\d+)\.")
_JOINED = re.compile(r"\b(?i:am|vom|zum|dem|den|ab|bis)\b[^.,;!?]{0,60}\b(?:und|oder|bis)$")
_JOINT = re.compile(r"\s?[–/-]\s?")

_RULERS = (
    *(
        "Albert",
        "Alexander",
        "August",
        "Benedikt",
        "Charles",
        "Christian",
        "Eduard",
        "Ferdinand",
        "Franz",
    ),
    *(
        "Friedrich",
        "Georg",
        "Gregor",
        "Gustav",
        "Harald",
        "Heinrich",
        "Jakob",
        "Johannes",
        "Joseph",
    ),
    *("Karl", "Konrad", "Leo", "Leopold", "Louis", "Ludwig", "Maximilian", "Napoleon", "Nikolaus"),
    *("Otto", "Paul", "Peter", "Philipp", "Pius", "Ramses", "Richard", "Rudolf", "Wilhelm"),
)
_WOMEN = ("Elisabeth", "Katharina", "Maria", "Margarethe", "Beatrix", "Christina", "Anna")
_RULER = re.compile(
    rf"(\b\w+\s)?((?:\b(?:König|Königin|Kaiser|Kaiserin|Papst|Zar|Zarin)s?\s)?)"
    rf"\b({'|'.join((*_RULERS, *_WOMEN))})(s?)\s({ROMAN})(?!\w)\.?(?=(\s*$|\s*\n)?)"
)
_CHAPTER = re.compile(
    rf"\b(Kapitel|Teil|Band|Akt|Buch|Klasse|Typ|Abschnitt)\s({ROMAN})(?![\w.]\w)\b"
)
_ROMAN_NOUN = re.compile(rf"(?<!\w)({ROMAN})\.(?=\s(?:{'|'.join(_NOUNS)}))")
_ROMAN_CERTAIN = re.compile(rf"(?<=[a-zäöüß]\s)({CERTAIN})(?!\w)")


def ordinals(text: str) -> str:
    """Return a text whose ordinals are words."""
    text = _AFTER_CUE.sub(_after_cue, text)
    return _CERTAIN.sub(_certain, text)


def rulers(text: str) -> str:
    """Return a text whose rulers have their numbers in words: "Ludwig der Vierzehnte"."""
    return _RULER.sub(_ruler, text)


def roman_numerals(text: str) -> str:
    """Return a text whose Roman numerals are words, or figures, where they are certainly some."""
    text = _ROMAN_NOUN.sub(lambda found: f"{roman(found[1])}.", text)
    text = _CHAPTER.sub(lambda found: f"{found[1]} {roman(found[2])}", text)
    return _ROMAN_CERTAIN.sub(lambda found: str(roman(found[1])), text)


def _after_cue(found: re.Match[str]) -> str:
    cue, first, rest, noun, end = found.groups()
    if noun is None and cue.lower() not in ("am", "zum", "vom", "der", "die", "das", "den", "dem"):
        return found[0]
    ending = _ending(
        found.string[max(0, found.start() - 80) : found.start()], cue.lower(), noun or ""
    )
    stop = "." if noun is None and (end.lstrip()[:1].isalpha() or not end.strip()) else ""
    return f"{cue} {_chain(first, rest, ending)}{' ' if noun else stop}"


def _certain(found: re.Match[str]) -> str:
    noun = found[3]
    if noun[0].islower() and noun not in ("und", "oder", "bis") and not found[2]:
        noun = ""
    before = found.string[max(0, found.start() - 80) : found.start()].rstrip()
    word = before[before.rfind(" ") + 1 :].lower()
    ending = "en" if _JOINED.search(before) else _ending(before.removesuffix(word), word, noun)
    return f"{_chain(found[1], found[2], ending)} "


def _chain(first: str, rest: str, ending: str) -> str:
    """Return ordinals that are joined: "2. und 3.", "24.–26."."""
    joined = _JOINT.sub(" bis ", rest)
    words = _NUMBER.sub(lambda found: ordinal(int(found[1]), ending), joined)
    return ordinal(int(first), ending) + (f" {words.strip()}" if rest else "")


def _ending(before: str, cue: str, noun: str) -> str:
    """Return the ending of an ordinal between a word and the noun that it belongs to."""
    if cue in _DER:
        if noun and gender(noun) != "m":
            return "en"  # of the genders, only the masculine has "der" in the nominative
        word = before.split()[-1] if before.split() else ""
        return "en" if word.lower() in _PREPOSITIONS and noun not in MONTHS else "e"
    if cue in _TO_E:
        return "e"
    if cue in _TO_N:
        return "en"
    return _STRONG["m" if noun in (*MONTHS, "FC") or not noun else gender(noun)]


def _ruler(found: re.Match[str]) -> str:
    before, title, name, genitive, numeral, end = found.groups()
    if not WELL_FORMED.fullmatch(numeral) or (len(numeral) == 1 and not found[0].endswith(".")):
        return found[0]
    word = (before or "").strip().lower()
    woman = name in _WOMEN
    article, ending = ("die", "e") if woman else ("der", "e")
    if genitive or (word == "des"):
        article, ending = ("der" if woman else "des"), "en"
    elif word in ("von", "unter", "mit", "bei", "nach", "seit", "zu", "vor"):
        article, ending = ("der" if woman else "dem"), "en"
    elif word in ("für", "gegen", "durch", "über", "um"):
        article, ending = ("die", "e") if woman else ("den", "en")
    stop = "." if end is not None and found[0].endswith(".") else ""
    words = ordinal(roman(numeral), ending).capitalize()
    return f"{before or ''}{title}{name}{genitive} {article} {words}{stop}"
