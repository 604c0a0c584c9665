"""Words in capitals: NASA is said as a word, IBM is spelled, and SHOUTING is words again."""

from __future__ import annotations

import re
from functools import cache

from vocable.text.dictionary import dictionary
from vocable.text.normal.en.letters import spelled
from vocable.text.normal.en.numbers import cardinal
from vocable.text.normal.roman import CERTAIN, roman
from vocable.text.phones import plain

# Spelled, though the dictionary has a word of these letters.
_SPELLED = {
    *(
        "AC",
        "ACT",
        "AD",
        "AI",
        "ALS",
        "AM",
        "AP",
        "AR",
        "BA",
        "BC",
        "BCE",
        "CE",
        "CET",
        "CFO",
        "CO",
        "COO",
    ),
    *(
        "DC",
        "ER",
        "EST",
        "ET",
        "ETA",
        "EU",
        "HR",
        "ID",
        "IP",
        "IRS",
        "IT",
        "LA",
        "LED",
        "MA",
        "MIT",
    ),
    *("MS", "OS", "PA", "PE", "PM", "PR", "RAF", "SAT", "TA", "UI", "UK", "UN", "US", "WHO"),
}
_SAID = {"JPEG": "jay peg", "SQL": "sequel", "GIF": "gif", "COVID": "covid", "LASER": "laser"}
_CAPITALS = re.compile(r"(?<![^\W\d_])([A-Z]{2,})('?s\b)?(?![^\W\d_])")
_BEFORE, _AFTER = re.compile(r"\b([A-Z]{2,})\W{1,3}$"), re.compile(r"\W{1,3}([A-Z]{2,})\b")
_MIXED = re.compile(r"\b(?=\w*[a-z])(?=\w*[A-Z])[A-Za-z]*[a-zA-Z][A-Z][A-Za-z]*\b")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ARTICLE = re.compile(
    r"(?<![\w'.])A(?=\s*[,;:)?!]|\.(?!\w)|\s*$|\s*\n|\s(?:and|or|is|was|to) )|(?<=[a-z] )A(?=\s\d)"
)
_LONGEST = 4  # letters of an unknown word that is spelled even if it has vowels


def capitals(text: str) -> str:
    """Return a text without words in capitals, but for single letters."""
    text = _MIXED.sub(_mixed, text)
    text = _CAPITALS.sub(_word, text)
    return _ARTICLE.sub("ay", text)


def _mixed(found: re.Match[str]) -> str:
    """Return "YouTube" as it is known, or else in parts: "JavaScript" is "Java Script"."""
    if dictionary()(found[0].lower()) or found[0].endswith("s") and found[0][:-1].isupper():
        return found[0]
    return _HUMP.sub(" ", found[0])


def _word(found: re.Match[str]) -> str:
    word, ending = found[1], found[2] or ""
    if re.fullmatch(CERTAIN, word):
        return cardinal(roman(word)) + ending
    if word in _SAID:
        return _SAID[word] + ending
    shouted = _is_shouted(found)
    if (word in _SPELLED and not shouted) or _has_letters_only(word):
        return spelled(word) + (ending and "'s")
    if dictionary()(word.lower()) or (shouted and set(word) & set("AEIOUY")):
        return word.capitalize() + ending
    if len(word) > _LONGEST and set(word) & set("AEIOUY"):
        return word.capitalize() + ending
    return spelled(word) + (ending and "'s")


def _is_shouted(found: re.Match[str]) -> bool:
    """Return whether a word beside is in capitals and is one: "GIVE US"."""
    before = found.string[max(0, found.start() - 24) : found.start()]
    beside = _BEFORE.search(before), _AFTER.match(found.string, found.end())
    words = [each[1] for each in beside if each]
    return any(
        each not in _SPELLED and not _has_letters_only(each) and dictionary()(each.lower())
        for each in words
    )


@cache
def _has_letters_only(word: str) -> bool:
    """Return whether a word is known to be spelled: its phones are those of its letters."""
    known = dictionary()(word.lower())
    if not known:
        return not set(word) & set("AEIOUY")
    names = [dictionary()("ay" if letter == "A" else letter.lower())[0] for letter in word]
    phones = [plain(phone) for name in names for phone in name]
    return [plain(phone) for phone in known[0]] == phones
