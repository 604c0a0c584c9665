"""Recordings become a set: what is in it, what a second run does, what a full disk leaves."""

import errno
import json
import os
import re
import sys

import numpy as np
import pytest
import soundfile

from tests.speak.prepare.talk import RATE, Ear, talk, write
from vocable import atomic
from vocable.audio import Audio
from vocable.errors import RecipeError
from vocable.speak.prepare import PreparedSet, prepare
from vocable.speak.prepare.correct import correct

FIRST = ("one two three four.", 0.5, "five six.", 1.5, "seven one two four.")
SECOND = ("six.", 0.3, "one one one", 0.4, "two two two two four.", 1.2, "three six.")


@pytest.fixture
def first(tmp_path):
    return write(tmp_path / "first talk.wav", talk(*FIRST))


@pytest.fixture
def second(tmp_path):
    return write(tmp_path / "second.wav", talk(*SECOND, seed=1))


def contents(folder) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".work" not in path.parts
    }


def test_the_texts_are_what_was_spoken_and_the_sound_is_the_recording_s(tmp_path, first, settings):
    found = prepare([first], tmp_path / "anna", settings(), consent="Anna, by letter").made
    assert PreparedSet.read(tmp_path / "anna") == found
    texts = [row.text for row in found.rows]
    assert texts == ["one two three four. five six.", "seven one two four."]
    assert {(r.speaker, r.language, r.source) for r in found.rows} == {
        ("anna", "xx", "first talk.wav")
    }
    assert [row.file_name for row in found.rows] == [
        f"audio/first-talk-000{n}.flac" for n in (1, 2)
    ]
    whole, _ = soundfile.read(first, dtype="int16")
    for row in found.rows:
        sound, rate = soundfile.read(found.path(row), dtype="int16")
        begin = round(row.begin * RATE)
        assert rate == RATE and soundfile.info(found.path(row)).subtype == "PCM_16"
        assert np.abs(sound - whole[begin : begin + sound.size]).max() <= 1
        for word, tone in zip(row.words, row.text.split(), strict=True):
            assert word.word == tone and 0 <= word.begin < word.end <= row.seconds
        assert 0.1 <= row.words[0].begin <= 0.2 and 0.1 <= row.seconds - row.words[-1].end <= 0.2


def test_checks_are_those_of_the_sound(tmp_path, first, settings):
    (row, _) = prepare([first], tmp_path / "anna", settings()).made.rows
    assert row.checks["likeness"] > 0.99 and row.checks["clipped"] == 0
    assert 5500 < row.checks["band"] < 6500
    assert row.checks["snr"] == pytest.approx(10 * np.log10(0.0225 / 1e-8), abs=1.5)
    assert row.checks["peak"] == pytest.approx(20 * np.log10(0.35), abs=2)


def test_what_went_in_circles_is_recognised_again_by_itself(tmp_path, first, settings):
    made = prepare([first], tmp_path / "anna", settings(recogniser="talk-dizzy")).made
    assert [row.text for row in made.rows] == [
        "one two three four. five six.",
        "seven one two four.",
    ]
    for row in made.rows:
        assert 0.1 <= row.words[0].begin <= 0.2 and row.words[-1].end <= row.seconds


def test_a_second_run_does_only_what_is_new(tmp_path, first, second, settings):
    folder = tmp_path / "anna"
    prepare([first], folder, settings())
    before, calls = contents(folder), len(Ear.calls)
    again = prepare([first], folder, settings())
    assert (again.fresh, again.repeated) == (0, (str(first),))
    assert contents(folder) == before and len(Ear.calls) == calls
    more = prepare([first, second], folder, settings()).made
    assert sum(Ear.calls[calls:]) < soundfile.info(second).duration + 2
    assert [source.name for source in more.about.sources] == ["first talk.wav", "second.wav"]
    after = contents(folder)
    assert all(after[name] == before[name] for name in before if name.startswith("audio/"))
    alone = prepare([second], tmp_path / "alone", settings()).made
    texts = [row.text for row in more.rows if row.source == "second.wav"]
    assert texts == [row.text for row in alone.rows] and texts


def test_what_ended_a_run_is_not_done_again(tmp_path, first, second, settings, monkeypatch):
    folder, words = tmp_path / "anna", Ear.words

    def stopped(self, samples, rate, language):
        if len(Ear.calls):
            raise KeyboardInterrupt
        return words(self, samples, rate, language)

    monkeypatch.setattr(Ear, "words", stopped)
    with pytest.raises(KeyboardInterrupt):
        prepare([first, second], folder, settings())
    monkeypatch.setattr(Ear, "words", words)
    Ear.calls.clear()
    prepare([first, second], folder, settings())
    assert sum(Ear.calls) < soundfile.info(second).duration + 2
    prepare([first, second], tmp_path / "whole" / ".." / "anna2", settings(), speaker="anna")
    one, other = (PreparedSet.read(tmp_path / name).rows for name in ("anna", "anna2"))
    assert one == other


@pytest.mark.parametrize("writes", range(1, 12, 2))
def test_a_full_disk_loses_nothing(tmp_path, first, second, settings, monkeypatch, writes):
    """The disk is full at the n-th file: the set there was is whole, and the next run goes on."""
    folder = tmp_path / "anna"
    prepare([first], folder, settings())
    before, left, commit = PreparedSet.read(folder), [writes], atomic._sync

    def full(path):
        left[0] -= 1
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        commit(path)

    monkeypatch.setattr(atomic, "_sync", full)
    try:
        prepare([first, second], folder, settings())
    except (OSError, ValueError) as error:
        assert "space" in str(error).lower()
    monkeypatch.undo()
    assert left[0] <= 0 or writes > 8
    assert not list(folder.rglob("*part"))
    now = PreparedSet.read(folder)
    assert now.rows[: len(before.rows)] == before.rows


def test_corrected_texts_stay_and_edited_ones_are_not_written_over(
    tmp_path, first, second, settings
):
    folder, table = tmp_path / "anna", tmp_path / "anna" / "transcript.tsv"
    one, other = prepare([first], folder, settings()).made.rows
    edited = table.read_text().replace("one two three", "won too three").replace(other.text, "")
    table.write_text(edited)
    with pytest.raises(
        RecipeError, match=r"corrections that are not in the set yet.*speak correct"
    ):
        prepare([first, second], folder, settings())
    correct(folder, table)
    more = prepare([first, second], folder, settings()).made
    assert more.rows[0].text == one.text.replace("one two", "won too")
    assert {row.source for row in more.rows[1:]} == {"second.wav"}
    assert more.about.dropped == (other.file_name,) and more.path(other).exists()
    page = (folder / "correct.html").read_text("utf-8")
    assert all(row.file_name in page for row in (*more.rows, other))


def test_a_source_whose_snippets_were_all_dropped_keeps_its_names(tmp_path, first, settings):
    folder, table = tmp_path / "anna", tmp_path / "anna" / "transcript.tsv"
    third = write(tmp_path / "third.wav", talk("two two", 0.5, "six. one"))
    made = prepare([first, third], folder, settings()).made
    lost = [row for row in made.rows if row.source == "first talk.wav"]
    table.write_text("file\ttext\n" + "".join(f"{row.file_name}\t\n" for row in lost))
    correct(folder, table)
    kept = (folder / lost[0].file_name).read_bytes()
    (tmp_path / "b").mkdir()
    again = write(tmp_path / "b" / "first talk.wav", talk(*SECOND, seed=9))
    more = prepare([again], folder, settings()).made
    assert (folder / lost[0].file_name).read_bytes() == kept
    assert not {row.file_name for row in more.rows} & {row.file_name for row in lost}


def test_force_keeps_the_old_set_until_the_new_one_is_whole(tmp_path, first, settings, monkeypatch):
    folder = tmp_path / "anna"
    made = prepare([first], folder, settings()).made
    before = contents(folder)

    def full(path):
        if path.name.startswith(".report"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(atomic, "_sync", full)
    with pytest.raises(OSError, match="[Ss]pace"):
        prepare([first], folder, settings(shortest=2.5), afresh=True)
    after = contents(folder)
    assert PreparedSet.read(folder) == made and all(after[name] == before[name] for name in before)


def test_the_second_voice_is_left_out_and_counted(tmp_path, settings):
    anna = talk("one two three four. five", 0.4, "six. seven one two", seed=1)
    bert = talk("three three one two four.", 0.3, "one six.", voice="bert", seed=2)
    both = write(tmp_path / "both.wav", np.concatenate([bert, anna, anna]))
    made = prepare([both], tmp_path / "anna", settings()).made
    assert {row.speaker for row in made.rows} == {"anna"}
    assert min(row.begin for row in made.rows) > bert.size / RATE
    (source,) = made.about.sources
    assert source.lost["another voice"] == pytest.approx(bert.size / RATE, abs=0.7)
    assert [(each.why, each.text) for each in source.left_out] == [
        ("another voice (2)", "three three one two four. one six.")
    ]
    report = (tmp_path / "anna" / "report.md").read_text()
    assert "| both.wav | 0.1 to " in report and "| another voice (2) | three three" in report
    lost, kept = sum(source.lost.values()), sum(row.seconds for row in made.rows)
    assert lost + kept == pytest.approx(source.seconds, abs=0.05)
    kept_all = prepare([both], tmp_path / "all", settings(keep_speakers=True)).made
    assert [row.speaker for row in kept_all.rows][0] == "all-2"
    assert {row.speaker for row in kept_all.rows} == {"all", "all-2"}


def test_the_voice_of_a_set_stays_the_one_of_its_first_recordings(tmp_path, first, settings):
    bert = write(tmp_path / "bert.wav", talk(*FIRST, 0.5, *FIRST, voice="bert"))
    folder = tmp_path / "anna"
    before = prepare([first], folder, settings()).made
    made = prepare([bert], folder, settings()).made
    assert made.rows == before.rows and made.about.sources[1].snippets == 0


def test_a_set_holds_out_whole_recordings(tmp_path, settings):
    lengths = {"a": 4, "b": 6, "c": 1, "d": 5}
    parts = [x for n in range(6) for x in ("one two three four.", 1.2)]
    paths = [
        write(tmp_path / f"{name}.wav", talk(*parts[: 2 * n], seed=n))
        for name, n in lengths.items()
    ]
    made = prepare(paths, tmp_path / "set", settings()).made
    assert {row.source for row in made.part("valid")} == {"c.wav"}
    assert {row.source for row in made.part("train")} == {"a.wav", "b.wav", "d.wav"}


def test_equal_names_and_strange_ones_become_files_of_their_own(tmp_path, settings):
    (tmp_path / "b").mkdir()
    one = write(tmp_path / "Grüße an alle?.wav", talk("one two three four.", seed=1))
    other = write(tmp_path / "b" / "Grüße an alle?.wav", talk("one two three four.", seed=2))
    made = prepare([one, other, one], tmp_path / "set", settings()).made
    assert all(re.fullmatch(r"audio/[A-Za-z0-9_-]+\.flac", r.file_name) for r in made.rows)
    assert len({row.file_name for row in made.rows}) == len({r.source for r in made.rows}) == 2


def test_force_begins_anew(tmp_path, first, second, settings):
    folder = tmp_path / "anna"
    prepare([first, second], folder, settings())
    (folder / "heard.jsonl").write_text("{}\n")
    made = prepare([second], folder, settings(pause=0.25), afresh=True).made
    assert {row.source for row in made.rows} == {"second.wav"}
    assert {p.name for p in (folder / "audio").iterdir()} == {
        row.file_name.removeprefix("audio/") for row in made.rows
    }
    assert not (folder / "heard.jsonl").exists()


def test_force_mends_a_damaged_set(tmp_path, first, settings):
    folder = tmp_path / "anna"
    made = prepare([first], folder, settings()).made
    (folder / "metadata.jsonl").write_text("{")
    with pytest.raises(RecipeError, match=r"metadata\.jsonl:1 is damaged"):
        prepare([first], folder, settings())
    assert prepare([first], folder, settings(), afresh=True).made.rows == made.rows


@pytest.mark.skipif(sys.platform != "linux", reason="names of other systems are text")
def test_a_name_that_is_not_text(tmp_path, settings):
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.wav")
    write(tmp_path / "a.wav", talk(*FIRST)).rename(os.fsdecode(path))
    made = prepare([os.fsdecode(path)], tmp_path / "set", settings()).made
    assert made.rows[0].source == "caf?.wav" and PreparedSet.read(made.folder) == made


def test_other_settings_and_other_folders_are_refused(tmp_path, first, settings):
    folder = tmp_path / "anna"
    prepare([first], folder, settings())
    with pytest.raises(
        RecipeError, match=r"was prepared with pause 0\.2; name another folder, or --f"
    ):
        prepare([first], folder, settings(pause=0.3))
    with pytest.raises(RecipeError, match='is of "anna", not of "bert"'):
        prepare([first], folder, settings(), speaker="bert")
    with pytest.raises(RecipeError, match="holds other files and no prepared set"):
        prepare([first], tmp_path, settings())
    with pytest.raises(RecipeError, match="is a file; name the folder"):
        prepare([first], first, settings())


def test_consent_is_kept_and_can_be_given_later(tmp_path, first, settings):
    folder = tmp_path / "anna"
    made = prepare([first], folder, settings()).made
    assert "no consent is stored" in (folder / "report.md").read_text()
    with pytest.raises(RecipeError, match=r"says nothing about consent.*--consent"):
        made.require_consent()
    prepare([first], folder, settings(), consent="Anna allowed all, 3 May")
    assert prepare([first], folder, settings()).made.require_consent() == "Anna allowed all, 3 May"
    assert "Consent: Anna allowed all, 3 May" in (folder / "report.md").read_text()


def test_a_film_is_a_recording(tmp_path, settings):
    av = pytest.importorskip("av")
    samples, path = talk(*FIRST, rate=48_000), tmp_path / "film.mp4"
    with av.open(str(path), "w") as file:
        picture = file.add_stream("mpeg4", rate=5)
        picture.width = picture.height = 32
        picture.pix_fmt = "yuv420p"
        sound = file.add_stream("aac", rate=48_000, layout="mono")
        sound.bit_rate = 128_000
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            file.mux(picture.encode(frame))
        file.mux(picture.encode())
        frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.rate = 48_000
        resampler = av.AudioResampler("fltp", "mono", 48_000, frame_size=1024)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(sound.encode(part))
        file.mux(sound.encode())
    made = prepare([path], tmp_path / "anna", settings()).made
    assert [row.text for row in made.rows] == [
        "one two three four. five six.",
        "seven one two four.",
    ]
    assert made.about.sources[0].rate == 48_000


def test_stereo_and_high_rates_become_mono_of_48_khz_at_most(tmp_path, settings):
    samples = talk(*FIRST, rate=96_000)
    soundfile.write(tmp_path / "high.flac", np.stack([samples, samples], 1), 96_000)
    made = prepare([tmp_path / "high.flac"], tmp_path / "anna", settings()).made
    audio = Audio.read(made.path(made.rows[0]))
    assert (audio.channels, audio.rate) == (1, 48_000)
    assert (made.about.sources[0].channels, made.about.sources[0].rate) == (2, 96_000)


def test_rows_are_plain_json(tmp_path, first, settings):
    folder = tmp_path / "anna"
    prepare([first], folder, settings(speakers=""))
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
    assert rows[0]["checks"]["likeness"] is None and rows[0]["split"] == "train"
    assert set(rows[0]["words"][0]) == {"begin", "end", "word", "probability"}
    report = (folder / "report.md").read_text()
    assert (
        "2 snippets" in report
        and "characters a second" in report
        and "| first talk.wav |" in report
    )
