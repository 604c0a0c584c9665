"""Recordings that cannot be used: one line each, and the others are done."""

import re
from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.speak.prepare.talk import RATE, talk, write
from vocable.errors import MeasureError, RecipeError
from vocable.speak.prepare import prepare

TALK = ("one two three four.", 0.5, "five six.", 0.4, "seven one two four.")


def music(seconds: float = 6.0) -> np.ndarray:
    """Return chords that never pause."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.1 * sum(np.sin(2 * np.pi * hz * time) for hz in (220, 277, 330))).astype(np.float32)


def noisy(samples: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=samples.size)
    return (samples + 0.04 * noise).astype(np.float32)


@dataclass(frozen=True)
class Bad:
    """A recording, how it is prepared, and what is said of it."""

    samples: np.ndarray
    message: str
    rate: int = RATE
    how: dict[str, str] = field(default_factory=dict)


BAD = {
    "silence": Bad(np.zeros(4 * RATE), "is silent; is it the right track"),
    "music": Bad(music(), "holds no speech and does not sound like it: music or noise"),
    "telephone": Bad(talk(*TALK, rate=8000), "8000 Hz, and a voice needs 16000 Hz", 8000),
    "narrow": Bad(talk(*TALK, voice="narrow"), r"its sound ends at \d+ Hz, as in a telephone"),
    "clipped": Bad(np.clip(9 * talk(*TALK), -1, 1), r"nothing of it can be used: \d+ s clipped"),
    "noisy": Bad(noisy(talk(*TALK)), r"nothing .*: \d+ s noise less than 15 dB below the voice"),
    "quiet": Bad(talk(*TALK) / 100, r"nothing .*: \d+ s below -50 LUFS"),
    "not English": Bad(
        talk(*TALK),
        r'in another language: "elvish" \(95% sure\), and the set is in "en"',
        how={"recogniser": "talk-polyglot", "language": "en"},
    ),
    "not known": Bad(
        talk(*TALK),
        r'100% of its speech gets a text that cannot be right; is it in another language than "xx"',
        how={"recogniser": "talk-parrot"},
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_recording_that_cannot_be_used_is_one_line(tmp_path, settings, kind):
    bad = BAD[kind]
    path = write(tmp_path / f"{kind}.wav", bad.samples, bad.rate)
    found = prepare([path], tmp_path / "set", settings(**bad.how))
    assert found.made is None and not (tmp_path / "set" / "set.json").exists()
    (line,) = found.refused.values()
    assert re.search(bad.message, line)
    assert line.startswith(str(path)) and "\n" not in line


def test_the_others_are_done(tmp_path, settings):
    good = write(tmp_path / "good.wav", talk(*TALK))
    bad = write(tmp_path / "bad.wav", np.zeros(RATE))
    (tmp_path / "text.wav").write_text("no recording")
    paths = [bad, tmp_path / "missing.wav", tmp_path / "text.wav", good]
    found = prepare(paths, tmp_path / "set", settings())
    assert list(found.refused) == [str(path) for path in paths[:3]]
    assert "is not a recording" in found.refused[str(tmp_path / "text.wav")]
    assert {row.source for row in found.made.rows} == {"good.wav"}


def test_the_language_of_a_set_is_that_of_its_first_recording(tmp_path, settings):
    path = write(tmp_path / "a.wav", talk(*TALK))
    made = prepare([path], tmp_path / "set", settings(recogniser="talk-polyglot")).made
    assert made.about.language == made.rows[0].language == "elvish"


def test_a_recogniser_of_one_language_refuses_others(tmp_path, settings):
    path = write(tmp_path / "a.wav", talk(*TALK))
    found = prepare([path], tmp_path / "set", settings(language="de"))
    assert 'hears "xx", and --language is "de"' in found.refused[str(path)]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"recogniser": "hama"}, "hama does not say when each word|needs the package hama"),
        ({"recogniser": "talk-eer"}, 'no recogniser named "talk-eer"; nearest: "talk-ear"'),
        ({"activity": "silver"}, 'no voice activity named "silver"; nearest: "silero"'),
        ({"speakers": "talk-voice"}, 'no embedding named "talk-voice"; nearest: "talk-voices"'),
    ],
)
def test_an_unknown_part_is_refused_before_any_work(tmp_path, settings, how, message):
    path = write(tmp_path / "a.wav", talk(*TALK))
    with pytest.raises(MeasureError, match=message):
        prepare([path], tmp_path / "set", settings(**how))
    assert not (tmp_path / "set").exists()


def test_voices_that_change_within_a_breath_leave_nothing(tmp_path, settings):
    duet = {"anna": "one two five three six. seven four.", "bert": "two six. one five three two"}
    pieces = [talk(text, voice=name)[4800:-4800] for name, text in duet.items()]
    path = write(tmp_path / "duet.wav", np.concatenate([np.zeros(9600), *pieces, np.zeros(9600)]))
    with pytest.raises(RecipeError, match=r"no snippet is left for .*: \d s another voice"):
        prepare([path], tmp_path / "set", settings())
