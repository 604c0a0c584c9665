"""Words that a corrected text still has keep their times: in Python and on the page alike."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files

import pytest

from vocable.speak.prepare.kept_words import kept_words
from vocable.speak.prepare.set import TimedWord

NODE = shutil.which("node")
TWICE = "one of two that are alike"  # which of them was taken out cannot be known
CASES = {  # heard words, the corrected text, what it keeps
    "all": ("the birch canoe", "the birch canoe", "the birch canoe"),
    "another word": ("the birch canoe", "the birch kanu", "the birch"),
    "capitals, marks": ("well he said never", "“Well”, he said: Never!", "“Well”, he said: Never!"),
    "a word more": ("the birch canoe", "the old birch canoe", "the birch canoe"),
    "a word less": ("the old birch canoe", "the birch canoe", "the birch canoe"),
    "two that became one": ("for ever and ever", "forever and ever", "and ever"),
    "one that became two": ("forever and ever", "for ever and ever", "and ever"),
    "part of a word": ("the cat sat", "the cats sat", "the sat"),
    "with inner marks": ("it's 3.14 euros", "It's 3.14 euros", "It's 3.14 euros"),
    "a mark inside that changed": ("it's here", "its here", "here"),
    "two at a hyphen": ("well -known songs", "well-known songs", "well- -known songs"),
    TWICE: ("no no never", "no never", "no never"),
    "another order": ("one two three", "three one two", "one two"),
    "nothing": ("one two", "three", ""),
    "Hebrew": ("שלום עולם גדול", "שלום, עולם קטן", "שלום, עולם"),
    "vowel signs count": ("कि वह", "की वह", "वह"),
    "without spaces": ("今日 は 天気", "今日は元気", "今日 は"),
    "composed otherwise": ("cafe\u0301 noir", "café noir", "café noir"),
    "music and emoji": ("🎻 hello", "hello 🎻", "hello"),
}  # fmt: skip


def timed(text: str) -> list[TimedWord]:
    return [TimedWord(float(n), n + 0.5, word, 0.9) for n, word in enumerate(text.split())]


@pytest.mark.parametrize("case", CASES)
def test_words_are_kept_with_their_times(case):
    heard, text, wanted = CASES[case]
    words = timed(heard)
    kept = kept_words(words, text)
    assert " ".join(each.word for each in kept) == wanted
    times = [(each.begin, each.end, each.probability) for each in kept]
    assert times == sorted(times) and set(times) <= {(w.begin, w.end, 0.9) for w in words}


def test_the_time_that_is_kept_is_that_of_the_word_itself():
    kept = kept_words(timed("one two three four"), "one too three, four")
    assert [(each.begin, each.word) for each in kept] == [(0, "one"), (2, "three,"), (3, "four")]


@pytest.mark.skipif(NODE is None, reason="there is no node")
@pytest.mark.parametrize("case", [each for each in CASES if each != TWICE])
def test_the_page_marks_the_same_words(case):
    heard, text, _ = CASES[case]
    script = (files("vocable.speak.prepare") / "correct_page" / "words.js").read_text("utf-8")
    words = [[each.begin, each.end, each.word, False] for each in timed(heard)]
    call = f"console.log(JSON.stringify(placesOf({json.dumps(words)}, {json.dumps(text)})))"
    done = subprocess.run([str(NODE), "-e", script + call], capture_output=True, check=True)
    kept = [n for n, place in enumerate(json.loads(done.stdout)) if place]
    assert kept == [int(each.begin) for each in kept_words(timed(heard), text)]
