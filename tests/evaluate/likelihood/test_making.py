"""Pairs made of recordings: who goes on, over what, how loud, and that no single half tells."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.evaluate.likelihood.talk import (
    RATE,
    strongest,
    talk,
    write_noises,
    write_rows,
    write_talks,
)
from vocable.audio import Audio
from vocable.audio.manifest import read_manifest
from vocable.errors import MeasureError
from vocable.evaluate.likelihood import Pair, System, judge, read_pairs
from vocable.evaluate.likelihood.making import PARTS, make_pairs
from vocable.evaluate.likelihood.making.order import pieces
from vocable.evaluate.likelihood.making.rooms import impulse
from vocable.evaluate.likelihood.making.sounds import LEVEL, levelled, quiet_place
from vocable.language.likelihood import Likely
from vocable.tokens import AudioTokens, Level, TokenSpec

TWO_WAYS = PARTS[:-1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    clips = read_manifest(write_talks(folder / "talks"))
    noises = read_manifest(write_noises(folder / "noises"))
    found = make_pairs(folder / "pairs", clips, noises, count=6, seconds=4.0)
    assert list(found.items) == list(PARTS) and not found.missing and not found.refusals
    return folder / "pairs"


def of_part(made: Path, part: str) -> list[Pair]:
    return [pair for pair in read_pairs(made) if pair.part == part]


def both(pair: Pair) -> list[np.ndarray]:
    audios = [Audio.read(path) for path in (pair.positive, pair.negative)]
    assert all(audio.rate == RATE for audio in audios)
    return [audio.samples[0].astype(float) for audio in audios]


def changed(pair: Pair) -> tuple[np.ndarray, np.ndarray, int]:
    """Both recordings of a pair, and where they begin to differ."""
    positive, negative = both(pair)
    return positive, negative, int(np.flatnonzero(positive != negative)[0])


@pytest.mark.parametrize("part", PARTS)
def test_both_recordings_begin_alike_and_last_as_long(made: Path, part: str) -> None:
    for pair in of_part(made, part):
        positive, negative, at = changed(pair)
        assert len(positive) == len(negative) <= 4 * RATE
        assert (0.01 if part == "order" else 0.25) < at / len(positive) < 0.75


@pytest.mark.parametrize("part", ["speaker", "gender"])
def test_a_voice_goes_on_or_another(made: Path, part: str) -> None:
    pairs = of_part(made, part)
    assert len(pairs) == 12 if part == "speaker" else pairs
    for pair in pairs:
        positive, negative, at = changed(pair)
        voices = [strongest(sound) for sound in (positive[:at], positive[at:], negative[at:])]
        assert abs(voices[0] - voices[1]) < 10 < abs(voices[0] - voices[2])
        assert part == "speaker" or (voices[0] > 1000) != (voices[2] > 1000)


BANDS = TokenSpec("bands@1:0a", RATE, 160, 1, (Level(8),), (1,))


def bands(audio: Audio) -> dict[str, AudioTokens]:
    """A token for each 10 ms: which of eight bands has the most power."""
    frames = audio.samples[0, : len(audio) // 160 * 160].reshape(-1, 160)
    powers = np.abs(np.fft.rfft(frames)[:, :80]) ** 2
    codes = powers.reshape(len(frames), 8, 10).sum(2).argmax(1)
    return {"bands": AudioTokens(BANDS, [codes[None].astype(np.int32)])}


@dataclass(frozen=True, eq=False)
class NoContext:
    """Costs by each code alone."""

    nats: np.ndarray

    def __call__(self, tokens: Mapping[str, AudioTokens]) -> Likely:
        codes = tokens["bands"].codes[0, 0]
        return Likely(float(self.nats[codes].sum()), codes.size)


@pytest.mark.parametrize("part", TWO_WAYS)
def test_what_looks_at_no_context_is_at_chance(made: Path, part: str) -> None:
    random = np.random.default_rng(0)
    systems = [System(str(k), (NoContext(random.random(8)),)) for k in range(3)]
    for row in judge(of_part(made, part), bands, systems).rows:
        assert row.interval.mean == pytest.approx(0.5, abs=0.1)
        assert row.pairs == 2 * row.items


@pytest.mark.parametrize("part, alike", [("noise", False), ("noise-alike", True)])
def test_a_noise_goes_on_or_another(made: Path, part: str, alike: bool) -> None:
    for pair in of_part(made, part):
        positive, negative, at = changed(pair)
        tones = [strongest(s, above=1900) for s in (positive[:at], positive[at:], negative[at:])]
        assert abs(tones[0] - tones[1]) < 10 < abs(tones[0] - tones[2])
        assert ((tones[0] > 3000) == (tones[2] > 3000)) is alike


def test_a_room_goes_on_or_another(made: Path) -> None:
    """The pauses behind words are louder in the large one."""
    for pair in of_part(made, "room"):
        positive, negative, at = changed(pair)
        floors = [
            np.quantile(np.square(s[: len(s) // 160 * 160]).reshape(-1, 160).mean(1), 0.1)
            for s in (positive[:at], positive[at:], negative[at:])
        ]
        large = pair.name.endswith("b")
        assert (floors[1] > floors[2]) == large


def test_order_is_of_the_same_samples(made: Path) -> None:
    for pair in of_part(made, "order"):
        positive, negative = both(pair)
        assert np.array_equal(np.sort(positive), np.sort(negative))


@pytest.mark.parametrize("rate", [RATE, 22_050, 11_025])
def test_order_is_cut_at_the_edges_of_pauses(rate: int) -> None:
    """Nothing of a word is in a pause, and speech begins and ends with one."""
    sound = Audio(talk(300, 14, 0)[None].astype(np.float32), RATE).resample(rate).samples[0]
    cut = pieces(sound.astype(float), rate)
    assert np.array_equal(np.concatenate(cut), sound) and len(sound) > 7 * rate
    for silence in cut[::2]:
        assert np.abs(silence).max() < 0.01
    for speech in cut[1::2]:
        edge = round(0.015 * rate)
        assert np.abs(speech[:edge]).max() > 0.1 < np.abs(speech[-edge:]).max()


def loudness(sound: np.ndarray) -> float:
    powers = np.square(sound[: len(sound) // 160 * 160]).reshape(-1, 160).mean(1)
    return float(10 * np.log10(powers[powers > powers.max() / 1000].mean()))


@pytest.mark.parametrize("part", ["speaker", "gender", "room"])
def test_halves_are_as_loud(made: Path, part: str) -> None:
    """Talk was written at levels 6 dB apart."""
    for pair in of_part(made, part):
        for sound in both(pair):
            half = len(sound) // 2
            assert abs(loudness(sound[:half]) - loudness(sound[half:])) < 2.5
            assert loudness(sound) == pytest.approx(LEVEL, abs=2)


def test_equal_seeds_give_equal_pairs_whatever_else_is_made(made: Path, tmp_path: Path) -> None:
    clips = read_manifest(made.parent / "talks" / "manifest.jsonl")

    def again(name: str, parts: Sequence[str], seed: int) -> list[np.ndarray]:
        make_pairs(tmp_path / name, clips, parts=parts, count=6, seconds=4.0, seed=seed)
        return [sound for pair in read_pairs(tmp_path / name) for sound in both(pair)]

    first = [sound for pair in of_part(made, "speaker") for sound in both(pair)]
    for mine, theirs in zip(first, again("same", ["speaker"], 0), strict=True):
        assert np.array_equal(mine, theirs)
    other = again("other", ["speaker"], 1)
    assert any(a.shape != b.shape or (a != b).any() for a, b in zip(first, other, strict=False))


def test_a_part_that_is_named_twice_is_made_once(made: Path, tmp_path: Path) -> None:
    clips = read_manifest(made.parent / "talks" / "manifest.jsonl")
    found = make_pairs(tmp_path / "pairs", clips, parts=["room", "room"], count=1, seconds=4.0)
    assert found.items == {"room": 1} and found.pairs == 2


def test_couples_of_speakers_are_independent(made: Path) -> None:
    owners = {pair.owner for pair in of_part(made, "speaker")}
    names = [name for owner in owners for name in owner.split("+")]
    assert len(names) == len(set(names)) == 4
    assert all(pair.owner in {f"s{k}" for k in range(4)} for pair in of_part(made, "room"))


def test_it_cuts_where_it_is_quiet() -> None:
    sound = talk(300, 4, 0)
    powers = np.square(sound)
    place = quiet_place(sound, RATE, 0.6, 1.4)
    assert powers[place - 400 : place + 400].max() < 1e-6
    for level in (0.01, 0.5):
        assert loudness(levelled(talk(300, 4, 0, level), RATE)) == pytest.approx(LEVEL, abs=0.01)


def test_a_room_decays_as_asked() -> None:
    response = impulse(RATE, 0.5, np.random.default_rng(0))
    tail = np.square(response[1:])
    assert response[0] == 1 and tail.sum() == pytest.approx(0.5)
    early, late = (tail[round(t * RATE) :][:800].mean() for t in (0.05, 0.3))
    assert 10 * np.log10(early / late) == pytest.approx(30, abs=2)


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    sounds = {
        "short": talk(300, 1, 0)[:2000], "silent": np.zeros(RATE), "talk": talk(300, 6, 0),
        "hum": np.sin(np.arange(3 * RATE) / 9),
    }  # fmt: skip
    clips = read_manifest(write_rows(tmp_path, sounds))
    found = make_pairs(tmp_path / "pairs", clips)
    assert found.items == {"room": 2, "order": 1}
    reasons = {refusal.name: refusal.reason for refusal in found.refusals}
    assert "silent" in reasons["room, silent"] and "too short" in reasons["room, short"]
    assert "no pause of 0.1 s" in reasons["order, hum"]
    assert "give rows their `speaker`" in found.missing["speaker"]
    assert "`gender`" in found.missing["gender"] and "--noise" in found.missing["noise"]


def test_noises_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    """Silent over the speech, and too short to be heard at all."""
    clips = read_manifest(write_rows(tmp_path / "talks", {"talk": talk(300, 4, 0)}))
    late = np.concatenate((np.zeros(3 * RATE), talk(900, 3, 1)))
    hum = np.sin(np.arange(5 * RATE) / 9)
    for wrong, words in [
        (late, "late.wav is silent over a half of the recording"),
        (hum[:288], "late.wav lasts 0.018 s, too short for a noise; give 1 s"),
    ]:
        sounds, labels = (
            {"hum": hum, "late": wrong},
            {"hum": {"label": "a"}, "late": {"label": "b"}},
        )
        noises = read_manifest(write_rows(tmp_path / "noises", sounds, **labels))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(MeasureError, match=words):
                make_pairs(tmp_path / "pairs", clips, noises, parts=["noise"])


def test_bad_calls_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    clips = read_manifest(write_rows(tmp_path / "talks", {"silent": np.zeros(RATE)}))
    with pytest.raises(MeasureError, match="no pairs can be made; room can use none of 1"):
        make_pairs(tmp_path / "pairs", clips, parts=["room"])
    with pytest.raises(MeasureError, match='no part named "rooms"; nearest: "room"'):
        make_pairs(tmp_path / "pairs", clips, parts=["rooms"])
    for wrong in (0.5, float("nan"), float("inf")):
        with pytest.raises(MeasureError, match=f"last at most {wrong} s; give 1 s or more"):
            make_pairs(tmp_path / "pairs", clips, seconds=wrong)
    for wrong in ({"clips": []}, {"clips": clips, "parts": []}):
        with pytest.raises(MeasureError, match="give one of each or more"):
            make_pairs(tmp_path / "pairs", **wrong)
    with pytest.raises(FileExistsError, match="talks exists already; name another"):
        make_pairs(tmp_path / "talks", clips)
    assert [path.name for path in tmp_path.iterdir()] == ["talks"]
