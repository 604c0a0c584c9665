"""What is heard of a recording, windows, and reading ahead."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from vocable.corpus import hearing
from vocable.corpus.entry import Entry, Found
from vocable.corpus.hearing import Facts, Heard, hear
from vocable.corpus.windows import ITEMS, SECONDS, ahead, windows


def heard(path: Path, **given: object) -> Heard:
    return hear(Found(Entry(path.stem, **given), str(path)), 16_000)  # type: ignore[arg-type]


def test_equal_sound_has_one_digest_in_any_lossless_file(sounds: Path) -> None:
    samples, rate = soundfile.read(sounds / "deep/wide.wav")
    soundfile.write(sounds / "same.flac", samples, rate)
    soundfile.write(sounds / "other.flac", samples[1:], rate)
    a, b, c = (heard(sounds / name).facts for name in ("deep/wide.wav", "same.flac", "other.flac"))
    assert a == b and a and c and a.digest != c.digest
    assert (a.samples, a.rate, a.channels) == (8000, 22_050, 2)


def test_a_long_recording_is_not_held_and_has_the_same_facts(
    sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000 * 25).astype(np.float32)
    soundfile.write(sounds / "long.flac", noise, 16_000)
    short = heard(sounds / "long.flac")
    monkeypatch.setattr(hearing, "LONG", 11)
    long = heard(sounds / "long.flac")
    assert short.audio is not None and long.audio is None
    assert long.facts == short.facts and long.sound == str(sounds / "long.flac")


def test_silence_is_counted_in_seconds(sounds: Path) -> None:
    samples = np.zeros((1, 16_000 * 12 + 100), np.float32)
    samples[0, 16_000 : 3 * 16_000] = 0.1
    soundfile.write(sounds / "pause.flac", samples[0], 16_000)
    facts = heard(sounds / "pause.flac").facts
    assert facts and facts.silent == pytest.approx(10 + 100 / 16_000)


def test_a_part_is_heard_and_what_cannot_be_is_a_fault(sounds: Path) -> None:
    part = heard(sounds / "0.flac", start=0.1, end=0.2)
    assert part.facts and part.facts.samples == 1600
    beyond = heard(sounds / "0.flac", start=5.0, end=6.0)
    assert beyond.fault.endswith("0.flac ends before 5 s; mend the manifest")
    assert "gone.flac" in heard(sounds / "gone.flac").fault
    (sounds / "bad.flac").write_bytes(b"fLaC" + bytes(50))
    assert "bad.flac" in heard(sounds / "bad.flac").fault


def recording(seconds: float, long: bool = False) -> Heard:
    from vocable import Audio

    audio = None if long else Audio(np.zeros((1, 10), np.float32), 16_000)
    return Heard(Entry("x"), audio, facts=Facts(round(seconds * 10), 10, 1, "", 0.0))


@given(st.lists(st.tuples(st.floats(0, 200), st.booleans())), st.sets(st.integers(0, 9)))
def test_windows_hold_all_in_order_within_their_bounds(
    kinds: list[tuple[float, bool]], alone: set[int]
) -> None:
    items = [(k, recording(*kind)) for k, kind in enumerate(kinds)]
    found = list(windows(iter(items), frozenset(alone)))
    assert [number for window in found for number, _ in window] == list(range(len(items)))
    for window in found:
        seconds = sum(each.facts.seconds for _, each in window if each.facts)
        assert len(window) == 1 or (len(window) <= ITEMS and seconds <= SECONDS)
        if any(number in alone or each.audio is None for number, each in window):
            assert len(window) == 1


def test_reading_ahead_gives_all_hands_on_errors_and_ends() -> None:
    assert list(ahead(lambda: iter(range(20)))) == list(range(20))
    closed = []

    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        list(ahead(failing))

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    reader = ahead(endless)
    assert next(reader) == 1
    reader.close()  # type: ignore[attr-defined]
    assert closed == [True]
