"""Take a text of any length apart into what is said at one go: sentences, or parts of long ones."""

from __future__ import annotations

import math
import re

from vocable.text.language import Language
from vocable.text.languages import language as _language

_PARAGRAPH = re.compile(r"\n\s*\n|[\u2028\u2029]")
_END = re.compile(
    r"(?<![.!?…])(?P<marks>[.!?…]+)[\"'”’“»«)\]]*\s+(?P<opening>[\"'“„‘‚«»(\[¿¡–—-]*\s?)(?=(?P<next>\S))"
)
_LONGEST_SHORT = 20  # characters of an abbreviation, at most
_LAST_WORD = re.compile(r"[^\s\"'“„‘(\[«»]+$")
_INITIAL = re.compile(r"(?:[^\W\d_]\.)+")  # "J.", "U.S."
_NUMBER = re.compile(r"\d{1,3}\.")
_PAUSE = re.compile(r"[,;:)\]–—…-][\"'”’»]?\s|\s(?=[(\[–—])")
_SPACE = re.compile(r"\s")
_LEAST = 4  # a part is not shorter than this part of the longest, unless it must be


def sentences(text: str, language: str = "en", longest: int = 200) -> list[str]:
    """Return the sentences of a text, none longer than `longest` characters, but for single words.

    What is longer is parted at commas and other marks, or at spaces where there are none. Joined
    by spaces, the parts have every word of the text, in order. language: "en" or "de", which have
    abbreviations and numbers with a dot of their own; TokenError for others.
    """
    found: list[str] = []
    for paragraph in _PARAGRAPH.split(text):
        for sentence in _sentences(" ".join(paragraph.split()), _language(language)):
            for part in _parts(sentence, longest):
                if found and (_is_silent(part) or _is_silent(found[-1])):
                    found[-1] += f" {part}"
                else:
                    found.append(part)
    return found


def _is_silent(part: str) -> bool:
    """Return whether a part is marks alone, which cannot be said by themselves."""
    return not any(map(str.isalnum, part))


def _sentences(paragraph: str, language: Language) -> list[str]:
    found, start = [], 0
    for end in _END.finditer(paragraph):
        if _is_end(end, start, language):
            found.append(paragraph[start : end.start("opening")].strip())
            start = end.start("opening")
    return [each for each in (*found, paragraph[start:].strip()) if each]


def _is_end(end: re.Match[str], start: int, language: Language) -> bool:
    """Return whether a sentence ends with these marks, and not an abbreviation or a quote in it."""
    if end["next"].islower():
        return False
    if end["marks"] != ".":
        return True
    last = end.end("marks")
    found = _LAST_WORD.search(end.string[max(start, last - _LONGEST_SHORT) : last])
    word = found[0] if found else ""
    if _NUMBER.fullmatch(word):
        if last - len(word) == start:  # "1. Milk" is the first of a list
            return False
        return not language.ordinal or _starts(end, language)
    if word in language.short or _INITIAL.fullmatch(word):
        return _starts(end, language)
    return True


def _starts(end: re.Match[str], language: Language) -> bool:
    return language.starts.match(end.string, end.end()) is not None


def _parts(sentence: str, longest: int) -> list[str]:
    """Return a sentence in parts of about equal length, parted at marks, else at spaces."""
    found = []
    while len(sentence) > longest:
        wanted = len(sentence) / math.ceil(len(sentence) / longest)
        least = longest // _LEAST
        places = _places(_PAUSE, sentence, least, longest) or _places(_SPACE, sentence, 1, longest)
        if not places:  # a word that is longer
            after = _SPACE.search(sentence)
            if not after:
                break
            places = [after.end()]
        place = min(places, key=lambda each: abs(each - wanted))
        found.append(sentence[:place].strip())
        sentence = sentence[place:].strip()
    return [each for each in (*found, sentence) if each]


def _places(pattern: re.Pattern[str], sentence: str, least: int, longest: int) -> list[int]:
    """Return where a part may end: places of which the part before is not too long."""
    return [each.end() for each in pattern.finditer(sentence, least, longest + 1)]
