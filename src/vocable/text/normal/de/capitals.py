"""Words in capitals: NATO is said as a word, ADAC is spelled, and so are single letters."""

from __future__ import annotations

import re

from vocable.text.normal.de.letters import NAMES, spelled

_SAID = {
    *("AIDS", "ALDI", "APEC", "ASCII", "AStA", "AWACS", "AZUBI", "BAFÖG", "COVID", "DAX", "DEFA"),
    *("DEKRA", "EDEKA", "ELSTER", "FIFA", "GAU", "GEMA", "HARIBO", "IKEA", "ISIS", "KITA", "LASER"),
    *(
        "MDAX",
        "NABU",
        "NASA",
        "NASDAQ",
        "NATO",
        "OBI",
        "OPEC",
        "PIN",
        "PISA",
        "RADAR",
        "RAM",
        "REWE",
        "ROM",
    ),
    *(
        "SCHUFA",
        "SIM",
        "TAN",
        "TÜV",
        "UEFA",
        "UFO",
        "UNESCO",
        "UNICEF",
        "UNO",
        "WADA",
        "ELSA",
        "ESA",
    ),
}
# Small words, by which a text in capitals is known.
_SMALL = {
    *("ALLE", "AM", "AN", "AUF", "AUS", "BEI", "BIN", "BIS", "DAS", "DEM", "DEN", "DER"),
    *("DES", "DIE", "DU", "EIN", "ER", "ES", "FÜR", "GEH", "GUT", "HALT", "HAT", "HIER"),
    *("ICH", "IHR", "IM", "IN", "IST", "JA", "JETZT", "KANN", "MAL", "MIT", "NACH", "NEIN"),
    *("NICHT", "NIE", "NOCH", "NUN", "NUR", "OB", "ODER", "RAUS", "SEHR", "SEI", "SIE"),
    *("SIND", "SO", "STOP", "UND", "UNS", "VON", "VOR", "WAR", "WAS", "WEG", "WER", "WIE"),
    *("WIR", "WO", "ZU", "ZUM", "ZUR"),
}
_VOWELS = set("AEIOUÄÖÜY")
_LONGEST = 4  # letters of a word that is spelled even if it has vowels
_CAPITALS = re.compile(r"(?<![^\W\d_])([A-ZÄÖÜẞ]{2,})(s)?(?![^\W\d_])")
_BEFORE = re.compile(r"\b([A-ZÄÖÜ]{2,})\W{1,3}$")
_AFTER = re.compile(r"\W{1,3}([A-ZÄÖÜ]{2,})\b")
_SINGLE = re.compile(r"(?<![^\W\d_])(?<!')([B-DF-HJ-NP-TV-Zb-df-hj-np-tv-zß])(?![^\W\d_])")
_HUMP = re.compile(r"(?<=[a-zäöüß]{2})(?=[A-ZÄÖÜ])|(?<=[A-ZÄÖÜ])(?=[A-ZÄÖÜ][a-zäöüß])")


def capitals(text: str) -> str:
    """Return a text without words in capitals and without single consonants."""
    text = _CAPITALS.sub(_word, text)
    text = _HUMP.sub(" ", text)
    text = _CAPITALS.sub(_word, text)
    return _SINGLE.sub(lambda found: NAMES[found[1].lower()], text)


def _word(found: re.Match[str]) -> str:
    word, ending = found[1], found[2] or ""
    if word in _SAID or (_VOWELS & set(word) and (_is_plain(word) or _is_shouted(found))):
        return word.capitalize() + ending
    return spelled(word.replace("ẞ", "ß")) + ending


def _is_plain(word: str) -> bool:
    return len(word) > _LONGEST


def _is_shouted(found: re.Match[str]) -> bool:
    """Return whether a word beside is in capitals and is one: "DAS IST GUT"."""
    before = found.string[max(0, found.start() - 24) : found.start()]
    beside = _BEFORE.search(before), _AFTER.match(found.string, found.end())
    words = [each[1] for each in beside if each]
    return any(each in _SMALL or _is_plain(each) for each in words)
