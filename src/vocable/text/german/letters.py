"""German letters in groups that stand for a sound, and what each group is where it stands.

Long and short vowels are told apart by what follows: one consonant and a vowel, or one that ends
the word, make it long, more make it short. Consonants lose their voice at an end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_GROUP = re.compile(
    r"ieh|eih|ei|ai|ey|ay|eu|äu|au|ie|([aeo])\1|[aeiouäöü]h(?![aiouäöü])|[aeiouäöüy]"
    r"|tsch|sch|chs|ch|ck|dt|ph|th|rh|tz|qu|ng|nk|([bdfgklmnprstz])\2|[bcdfghjklmnpqrstvwxzß]"
)
_VOWELS = "aeiouäöüy"
_DIPHTHONGS = {
    **{"ei": "ay", "ai": "ay", "ey": "ay", "ay": "ay", "eu": "oy", "äu": "oy", "au": "aw"},
    **{"ie": "iy", "ieh": "iy", "eih": "ay"},
}
_LONG = dict(zip(_VOWELS, ("aa", "ee", "iy", "oo", "uw", "ea", "oe", "ue", "ue"), strict=True))
_SHORT = dict(zip(_VOWELS, ("a", "eh", "ih", "ao", "uh", "eh", "oq", "uy", "uy"), strict=True))
_SOUNDS = {
    **{"b": "b", "d": "d", "f": "f", "g": "g", "h": "hh", "j": "y", "k": "k", "l": "l", "m": "m"},
    **{"n": "n", "p": "p", "q": "k", "r": "rr", "t": "t", "v": "f", "w": "v", "x": "k s"},
    **{"z": "t s", "ß": "s", "c": "k", "ss": "s", "zz": "t s", "tsch": "ch", "sch": "sh"},
    **{"chs": "k s", "ck": "k", "dt": "t", "ph": "f", "th": "t", "rh": "rr", "tz": "t s"},
    **{"qu": "k v", "ng": "ng", "nk": "ng k"},
}
_VOICELESS = {"b": "p", "d": "t", "g": "k"}
_CLOSING = {"ch", "sch", "chs", "tsch", "ck", "dt", "tz", "ng", "nk", "x"}  # short before these
_FULL = {"ck", "tz", "x", "sch", "ng"}  # an e before these is one
_STOPS, _LIQUIDS = "bdgptkf", "rl"


def sounds(word: str) -> list[str]:
    """Return the sounds of letters in lower case, without stress."""
    groups = [found.group() for found in _GROUP.finditer(word)]
    found: list[str] = []
    for place, group in enumerate(groups):
        before, after = groups[:place], groups[place + 1 :]
        found += _vowel(group, before, after) if _is_vowel(group) else []
        found += _consonant(group, before, after) if not _is_vowel(group) else []
    return found


def has_vowel(word: str) -> bool:
    """Say whether any letter is a vowel."""
    return any(letter in _VOWELS for letter in word)


def _is_vowel(group: str) -> bool:
    return group[0] in _VOWELS


def _starts_with_vowel(groups: Sequence[str]) -> bool:
    return bool(groups) and _is_vowel(groups[0])


def _vowel(group: str, before: Sequence[str], after: Sequence[str]) -> list[str]:
    inner = any(map(_is_vowel, before))  # behind the first vowel
    if group in _DIPHTHONGS:
        return [_DIPHTHONGS[group]]
    if group == "e" and inner and not _full(after):
        ends_in_r = after[:1] == ["r"] and not _starts_with_vowel(after[1:])
        return ["ar"] if ends_in_r else ["ax"]
    if len(group) == 2:
        return [_LONG[group[0]]]
    return [_LONG[group] if _open(after, inner) else _SHORT[group]]


def _full(after: Sequence[str]) -> bool:
    """Say whether an e behind the first vowel is a full one, by the consonants that follow."""
    doubled = bool(after) and len(after[0]) == 2 and after[0][0] == after[0][1]
    return doubled or bool(_FULL & set(after[:1])) or after[:2] in (["k", "t"], ["p", "t"])


def _open(after: Sequence[str], inner: bool) -> bool:
    """Say whether a vowel is long, by the consonants that follow."""
    close = []
    for group in after:
        if _is_vowel(group):
            break
        close.append(group)
    ends = len(close) == len(after)
    if not close:
        return True
    if close[0] in _CLOSING or (len(close[0]) == 2 and close[0][0] == close[0][1]):
        return False
    if len(close) == 1:
        return not (ends and inner)
    if close[0] in "bdg" and close[1] in ("t", "s"):
        return True  # sagt, lebte: what is voiced, and an ending
    return not ends and len(close) == 2 and close[0] in _STOPS and close[1] in _LIQUIDS


def _consonant(group: str, before: Sequence[str], after: Sequence[str]) -> list[str]:
    last = before[-1] if before else ""
    vowel = _starts_with_vowel(after)
    if group == "s":
        return [_s(last, after)]
    if group == "v" and before and after:
        return ["v"]
    if group == "ch":
        return [_ch(last, before, after)]
    if group == "chs" and last in ("ö", "ä"):
        return ["cx", "s"]
    if group == "c" and vowel and after[0][0] in "eiäy":
        return ["t", "s"]
    if group == "g" and last == "i" and not vowel and any(map(_is_vowel, before[:-1])):
        return ["cx"]  # wenig
    if group in ("r", "rr") and last and _is_vowel(last) and not vowel:
        return [] if last == "e" and any(map(_is_vowel, before[:-1])) else ["ar"]
    plain = group[0] if len(group) == 2 and group[0] == group[1] else group
    found = _SOUNDS.get(group) or _SOUNDS[plain]
    voiced = vowel or (after[:1] and after[0] in "lrn" and _starts_with_vowel(after[1:]))
    return found.split() if voiced else _VOICELESS.get(found, found).split()


def _s(last: str, after: Sequence[str]) -> str:
    if not last and after[:1] and after[0] in ("p", "t"):
        return "sh"
    between = not last or _is_vowel(last) or last in ("l", "m", "n", "r")
    return "z" if between and _starts_with_vowel(after) else "s"


def _ch(last: str, before: Sequence[str], after: Sequence[str]) -> str:
    if not before:
        return "cx" if after[:1] and after[0][0] in "eiy" else "k"
    return "x" if last[-1] in "aou" or last in ("ah", "oh", "uh") else "cx"
