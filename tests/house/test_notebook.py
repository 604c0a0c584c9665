"""Every value that a notebook may end on shows itself: well-formed, escaped, without torch."""

import base64
import io
import re
import struct
import subprocess
import sys
import wave
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.codecs import tiny
from tests.tokens.strategies import made
from tests.tokens.test_spec import ENCODEC48, SNAC, SPEECH
from vocable.audio import Audio
from vocable.codecs import Tokenizer
from vocable.notebook import card
from vocable.testing.tiny_codecs import TinyConfig, TinyUnits
from vocable.tokens import (
    AudioTokens,
    Level,
    TokenFile,
    TokenSpec,
    TokenWriter,
    Track,
    Vocabulary,
    delay,
    flatten,
    orpheus,
)
from vocable.tokens.raster import raster, time_marks

TOKENS = made(SPEECH, 2, 1, 25)


def parsed(value) -> ElementTree.Element:
    """Return what a value shows, which must be well-formed and of one element."""
    return ElementTree.fromstring(value._repr_html_())


def text(value) -> str:
    """Return the text of what a value shows, a space between its elements."""
    return " ".join(part for part in parsed(value).itertext() if part.strip())


def pictures(value) -> list[tuple[int, int]]:
    """Return width and height in pixels of each picture."""
    found = [each.get("src").partition(",")[2] for each in parsed(value).iter("img")]
    return [struct.unpack(">II", base64.b64decode(data)[16:24]) for data in found]


# ---- recordings ----------------------------------------------------------------------------------


def test_a_player_shows_its_length_before_it_is_started():
    sound = Audio(np.linspace(-1, 1, 8000), 16000)
    (player,) = parsed(sound).iter("audio")
    assert player.get("preload") == "metadata"  # "none" stands at 0:00
    data = base64.b64decode(player.get("src").removeprefix("data:audio/wav;base64,"))
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnframes(), file.getframerate(), file.getnchannels()) == (8000, 16000, 1)
    assert text(sound) == "0.50 s, 16000 Hz, mono Audio"


def test_a_long_recording_of_many_channels_is_cut_and_says_so():
    long = Audio(np.zeros((6, 61 * 1000)), 1000)
    assert "first 60 s only" in text(long) and "first 2 channels only" in text(long)
    assert len(long._repr_html_()) < 2 * 60 * 1000 * 2 * 1.4


def test_a_recording_of_no_samples_has_no_player():
    assert not list(parsed(Audio(np.zeros((1, 0)), 16000)).iter("audio"))


# ---- tokens --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("some", "columns"),
    [(TOKENS, 25), (made(SPEECH, 2, 1, 700), 480), (made(SNAC, 3, 2, 9), 9),
     (made(SPEECH, 2, 1, 5, lasting=True), None)],
)  # fmt: skip
def test_tokens_are_a_picture_for_each_stream(some, columns):
    columns = some.frames if columns is None else columns
    assert pictures(some) == [(columns, some.levels)] * some.streams
    assert ("480 of 700 frames are drawn" in text(some)) == (some.frames == 700)
    assert ("stream 1" in text(some)) == (some.streams == 2)


def test_no_tokens_are_no_picture():
    assert pictures(made(SPEECH, 2, 1, 0)) == []
    assert "× 0 frames" in text(made(SPEECH, 2, 1, 0))


def test_of_very_many_streams_the_first_are_drawn():
    many = made(SPEECH, 2, 40, 2)
    assert len(pictures(many)) == 32 and "32 of 40 streams are drawn" in text(many)


def test_levels_are_named_with_their_roles():
    levels = (Level(8, role="prosody"), Level(8, role="semantic"), Level(8))
    spec = TokenSpec("some@1:0a", 8000, 80, 1, levels, (3,))
    shown = text(AudioTokens(spec, (np.zeros((1, 3), int),) * 3))
    assert "level 0, prosody level 1, semantic level 2 " in shown
    assert "code 0 code 7" in shown


def test_the_colour_key_says_where_codebooks_differ():
    assert "code 0 last of its codebook" in text(
        made(TokenSpec("some@1:0a", 8000, 80, 1, (Level(8), Level(9)), (2,)), 2, 1, 3)
    )


def test_equal_codes_have_equal_colours():
    some = AudioTokens(SNAC, ([[7]], [[0, 4095]], [[1, 1, 1, 2]]))
    grid = raster(some)
    assert grid.shape == (3, 4, 3)
    assert (grid[0] == grid[0, 0]).all()
    assert (grid[1, 0] == grid[1, 1]).all() and (grid[1, 1] != grid[1, 2]).any()


@pytest.mark.parametrize(
    "seconds", [0.013, 0.12, 1.0, 4.93, 5.0, 59.0, 179.0, 180.0, 3968.0, 40_000.0]
)
def test_marks_of_time_are_round_and_inside(seconds):
    marks = time_marks(seconds)
    assert 2 <= len(marks) <= 6 and marks[0][0] == 0
    assert seconds * 0.5 < marks[-1][0] <= seconds * (1 + 1e-9)
    assert len({label for _, label in marks}) == len(marks)
    for at, label in marks:
        number, unit = label.split()
        assert float(number) * {"s": 1, "min": 60, "h": 3600}[unit] == pytest.approx(at)


def test_the_last_mark_is_not_clipped():
    """Its text ends at the edge of the picture instead of being centred on it."""
    labels = re.findall(r"left:([\d.]+)%;top:4px;transform:translateX\(-(\d+)%\)", html(5 * 200))
    assert labels[0] == ("0.00", "0") and labels[-1] == ("100.00", "100")
    assert {shift for _, shift in labels[1:-1]} == {"50"}


def html(frames: int) -> str:
    return made(SPEECH, 2, 1, frames)._repr_html_()


# ---- the others ----------------------------------------------------------------------------------


def test_a_codec_and_a_tokenizer_show_what_they_do():
    shown = text(tiny.speech())
    assert "Codec space" in shown and "level 0 is prosody" in shown
    assert "25 frames/s, 640 samples at 16000 Hz" in shown and "M parameters" in shown
    assert "encodes in steps, on cpu decodes in steps, in float32 latency 50.0 ms" in shown
    units = text(Tokenizer(TinyUnits(TinyConfig())))
    assert "Tokenizer space" in units and "decodes in" not in units


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (SPEECH, "bit rate 0.50 kbps"),
        (SNAC, "strides 4, 2, 1 frames a token"),
        (ENCODEC48, "segments 1 s, one every 0.99 s sides scale, per segment"),
    ],
)
def test_a_spec_shows_its_rows(spec, words):
    assert words in text(spec)
    assert f"space {spec.space}" in text(spec)


def test_a_vocabulary_shows_what_its_ids_are():
    shown = text(Vocabulary.of(SPEECH, delay([1, 3]), text=100))
    assert "layout delay, delays 1, 3 ids 2151 text 0 to 99 pad 100 bos 101 eos 102" in shown
    assert shown.endswith("level 0 103 to 1126 level 1 1127 to 2150")
    snac = TokenSpec("snac@1:0a", 24_000, 512, 1, tuple(Level(4096, n) for n in (4, 2, 1)), (3,))
    assert "slot 2, level 2 136458 to 140553" in text(orpheus(snac))
    many = Vocabulary.of(SPEECH, flatten(), specials=[f"<{n}>" for n in range(20)])
    assert "<15> 15 … 4 more specials level 0" in text(many)


def test_a_token_file_shows_its_tracks(tmp_path):
    TOKENS.save(tmp_path / "some.vcb")
    with TokenFile(tmp_path / "some.vcb") as file:
        assert text(file) == f"{file.name} TokenFile track speech-16k, 1 × 2 × 25 frames, 1.00 s"
        assert repr(file) == f"<TokenFile {file.name}: speech-16k, 1 × 2 × 25 frames, 1.00 s>"
    with TokenWriter(
        tmp_path / "cut.vcb", {"a": Track(SPEECH), "b": Track(SPEECH, 1)}, chunk_seconds=0
    ) as file:
        file.write(TOKENS, "a")
        file.write(TOKENS.first(1), "b")
        with pytest.warns(UserWarning, match="trailer"):
            broken = TokenFile(tmp_path / "cut.vcb")
        assert "track b speech-16k, 1 × 1 of 2 × 25 frames" in text(broken)
        assert "end missing" in text(broken)


def test_text_is_escaped():
    hostile = "<script>alert('&')</script>"
    shown = card(hostile, hostile, [(hostile, hostile)])
    assert "<script" not in shown and shown.count("&lt;script&gt;") == 4
    special = Vocabulary.of(SPEECH, specials=["</div><b>"])
    assert "</div><b>" in text(special)
    assert not any(each.text == "</div><b>" for each in parsed(special).iter("script"))


def test_no_torch_is_needed():
    code = (
        "import sys, numpy as np; from vocable import *; from vocable.tokens import *\n"
        "spec = TokenSpec('a@1:0a', 8000, 80, 1, (Level(8),), (1,))\n"
        "tokens = AudioTokens(spec, (np.zeros((1, 3), int),))\n"
        "for value in (Audio(np.zeros(10), 8000), tokens, spec, Vocabulary.of(spec)):\n"
        "    assert value._repr_html_()\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
