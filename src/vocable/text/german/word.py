"""How a German word is spoken: by a list, else by prefixes, endings and letters.

German is spelled much as it is spoken, so rules do; the list has short and odd words. Words of
several stems are not taken apart: a vowel at the end of one of them may come out short.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from vocable.text.german.letters import has_vowel, sounds
from vocable.text.phones import VOWELS, Pronunciation

_FILE = Path(__file__).with_name("words.txt")
_WEAK = {
    "ge": "g ax0", "be": "b ax0", "ver": "f eh0 ar0", "zer": "t s eh0 ar0", "er": "eh0 ar0",
    "ent": "eh0 n t", "emp": "eh0 m p",
}  # fmt: skip
_STRONG = {
    "auf": "aw1 f", "aus": "aw1 s", "ein": "ay1 n", "an": "a1 n", "ab": "a1 p", "vor": "f oo1 ar0",
    "nach": "n aa1 x", "mit": "m ih1 t", "mittel": "m ih1 t ax0 l", "zurück": "t s uw0 rr uy1 k",
    "unter": "uh1 n t ar0", "über": "ue1 b ar0", "hinter": "hh ih1 n t ar0", "hin": "hh ih1 n",
    "durch": "d uh1 ar0 cx", "um": "uh1 m", "weg": "v eh1 k", "los": "l oo1 s", "her": "hh ee1 ar0",
    "hervor": "hh eh0 ar0 f oo1 ar0", "heraus": "hh eh0 rr aw1 s", "gegen": "g ee1 g ax0 n",
    "gegenüber": "g ee2 g ax0 n ue1 b ar0", "zusammen": "t s uw0 z a1 m ax0 n",
}  # fmt: skip
_ENDINGS = {
    "tionen": "t s y oo1 n ax0 n", "tion": "t s y oo1 n", "ierungen": "iy1 rr uh0 ng ax0 n",
    "ierung": "iy1 rr uh0 ng", "ieren": "iy1 rr ax0 n", "ierte": "iy1 ar0 t ax0",
    "ierten": "iy1 ar0 t ax0 n", "iert": "iy1 ar0 t", "ität": "iy0 t ea1 t",
    "ssionen": "s y oo1 n ax0 n", "ssion": "s y oo1 n", "sionen": "z y oo1 n ax0 n",
    "sion": "z y oo1 n",
}  # fmt: skip
_NUMBERS = {
    "ein": "ay1 n", "eins": "ay1 n s", "zwei": "t s v ay1", "drei": "d rr ay1", "vier": "f iy1 ar0",
    "fünf": "f uy1 n f", "sechs": "z eh1 k s", "sech": "z eh1 cx", "sieben": "z iy1 b ax0 n",
    "sieb": "z iy1 p", "acht": "a1 x t", "neun": "n oy1 n", "zehn": "t s ee1 n", "elf": "eh1 l f",
    "zwölf": "t s v oq1 l f", "zwanzig": "t s v a1 n t s ih0 cx", "ßig": "s ih0 cx",
    "zig": "t s ih0 cx", "und": "uh0 n t", "hundert": "hh uh1 n d ar0 t",
    "tausend": "t aw1 z ax0 n t", "ste": "s t ax0", "sten": "s t ax0 n", "te": "t ax0",
    "ten": "t ax0 n", "er": "ar0",
}  # fmt: skip
_NAMES = {
    "b": "b ee1", "c": "t s ee1", "d": "d ee1", "f": "eh1 f", "g": "g ee1", "h": "hh aa1",
    "j": "y ao1 t", "k": "k aa1", "l": "eh1 l", "m": "eh1 m", "n": "eh1 n", "p": "p ee1",
    "q": "k uw1", "r": "eh1 ar0", "s": "eh1 s", "t": "t ee1", "v": "f aw1", "w": "v ee1",
    "x": "ih1 k s", "y": "uy1 p s ih0 l ao0 n", "z": "t s eh1 t", "ß": "eh0 s t s eh1 t",
}  # fmt: skip
_TWO = r"sch[lmnrw]?|s[pt]r?|[bfgkp][lr]|[dt]r|kn|pfl?|zw|qu"  # consonants that begin a stem
_ONE = r"[bdfghjklmnprstvwz]"
_WEAK_BEFORE = re.compile(
    f"({'|'.join(_WEAK)})(?=(?:{_TWO})[aeiouäöüy].|{_ONE}[aeiouäöüy]..)"  # not Besen
)
_STRONG_BEFORE = re.compile(
    f"({'|'.join(sorted(_STRONG, key=len, reverse=True))})(?=(?:{_TWO}|{_ONE})[aeiouäöüy].)"
)


_NUMBER = re.compile("|".join(sorted(_NUMBERS, key=len, reverse=True)))
_NUMBER_WORD = re.compile(f"(?:{_NUMBER.pattern}){{2,}}")


def german(word: str) -> Pronunciation:
    """Return how a word in lower case is spoken, or a letter; nothing where no letter is a vowel.

    Sounds by the names of `phones.SYMBOLS`, vowels with their stress.
    """
    letters = "".join(letter for letter in word if letter.isalpha())
    if letters in _NAMES:
        return tuple(_NAMES[letters].split())
    if not has_vowel(letters):
        return ()
    found = _first_stressed(_parts(letters))
    once = [each for each, coming in zip(found, [*found[1:], ""], strict=True) if each != coming]
    return tuple(once)


def pronounce_german(word: str) -> Pronunciation:
    """Return how a German word is spoken: by a list and rules; spelled where none is a vowel."""
    return german(word) or tuple(sound for letter in word for sound in german(letter))


def _parts(word: str) -> list[str]:
    """Return the sounds of a word, its prefixes and ending apart; unsure stress is left open."""
    if word in _words():
        return _words()[word].split()
    if _NUMBER_WORD.fullmatch(word):
        first, *rest = (_NUMBERS[part] for part in _NUMBER.findall(word))
        return f"{first} {' '.join(rest).replace('1', '2')}".split()
    if found := _STRONG_BEFORE.match(word):
        rest = _first_stressed(_parts(word[found.end() :]))
        return [*_STRONG[found.group()].split(), *(each.replace("1", "2") for each in rest)]
    if found := _WEAK_BEFORE.match(word):
        return [*_WEAK[found.group()].split(), *_parts(word[found.end() :])]
    for ending, spoken in _ENDINGS.items():
        stem = word.removesuffix(ending)
        if stem != word and has_vowel(stem):
            return [*_weak(_before(stem, ending[:2])), *spoken.split()]
    return sounds(word)


def _before(stem: str, letters: str) -> list[str]:
    """Return the sounds of a stem, as they are before these letters."""
    return sounds(stem + letters)[: -len(sounds(letters))]


def _weak(found: list[str]) -> list[str]:
    return [sound + "0" if sound in VOWELS else sound for sound in found]


def _first_stressed(found: list[str]) -> list[str]:
    """Return sounds whose vowels all have a stress: the first one that is open has the main one."""
    done = any(sound.endswith("1") for sound in found)
    stressed = []
    for sound in found:
        if sound in VOWELS:
            first = not done and sound not in ("ax", "ar")
            done = done or first
            sound += "1" if first else "0"
        stressed.append(sound)
    return stressed


@cache
def _words() -> dict[str, str]:
    lines = _FILE.read_text("utf-8").splitlines()
    return {word: spoken for word, _, spoken in (line.partition(" ") for line in lines)}
