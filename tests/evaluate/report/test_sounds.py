"""What is heard and seen is what was made: excerpts, spectrograms, pictures as files."""

import io
import struct
import zlib

import numpy as np
import pytest
import soundfile

from tests.evaluate.made_up import Steps, sound
from tests.evaluate.report.made import result
from tests.evaluate.report.reader import Reader, from_uri
from vocable.audio import Audio
from vocable.evaluate.report.excerpts import LONGEST, ROOM, Excerpt, fetch, fitted, flac
from vocable.evaluate.report.picks import Pick
from vocable.evaluate.report.pictures import picture
from vocable.evaluate.report.spectrogram import BANDS, COLUMNS, spectrograms
from vocable.png import mixed, palette_png, png

PICK = Pick(result("opus-6"), "pesq_wb", ("best",), 3)


def pixels(content: bytes) -> np.ndarray:
    """Return what a PNG holds, and check the sums of its chunks."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        assert struct.unpack(">I", content[at + 8 + length : at + 12 + length])[0] == zlib.crc32(
            kind + data
        )
        chunks[kind] = data
        at += 12 + length
    width, height, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert depth == 8 and list(chunks)[-1] == b"IEND"
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()  # no filter
    if kind == 3:
        return np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)[rows[:, 1:]]
    return rows[:, 1:].reshape(height, width, 3)


def test_pictures_come_back_pixel_for_pixel() -> None:
    colours = mixed(np.linspace(0, 1, 9), ((0, 0, 0), (200, 100, 0), (255, 255, 255)))
    assert colours[[0, 4, 8]].tolist() == [[0, 0, 0], [200, 100, 0], [255, 255, 255]]
    numbers = np.random.default_rng(0).integers(0, 9, (5, 7), np.uint8)
    assert np.array_equal(pixels(palette_png(numbers, colours)), colours[numbers])
    assert np.array_equal(pixels(png(colours[numbers])), colours[numbers])


def tone(hertz: float, rate: int = 16_000) -> Audio:
    return Audio(0.5 * np.sin(2 * np.pi * hertz * np.arange(rate) / rate).astype(np.float32), rate)


def brightness(content: bytes) -> np.ndarray:
    return pixels(content).astype(int).sum(axis=2)


@pytest.mark.parametrize("hertz", [300, 1000, 5000])
def test_a_tone_is_bright_at_its_pitch(hertz: float) -> None:
    shown = brightness(spectrograms(tone(hertz), tone(hertz))[0])
    assert shown.shape == (BANDS, COLUMNS)
    share = 1 - np.argmax(shown[:, COLUMNS // 2]) / BANDS  # from the bottom
    assert share == pytest.approx(np.log10(1 + hertz / 700) / np.log10(1 + 8000 / 700), abs=0.03)


def test_both_have_one_scale_so_that_less_looks_like_less() -> None:
    loud = sound(1.0)
    faint = Audio(0.1 * loud.samples, loud.rate)
    first, second = map(brightness, spectrograms(loud, faint))
    assert first.mean() > second.mean() + 50
    low = Audio(np.zeros((1, 8000), np.float32), 8000)  # silence of half the rate
    assert not np.ptp(brightness(spectrograms(tone(1000), low)[1]))


def test_a_shorter_decoded_sound_ends_where_it_ends() -> None:
    whole = tone(1000)
    half = Audio(whole.samples[:, :8000], whole.rate)
    shown = brightness(spectrograms(whole, half)[1])
    assert shown[:, : COLUMNS // 2 - 20].max() > 400 and shown[:, COLUMNS // 2 + 20 :].max() < 50


def test_files_hold_the_samples() -> None:
    audio = sound(0.3)
    read, rate = soundfile.read(io.BytesIO(flac(audio)), dtype="float32")
    assert rate == audio.rate and np.abs(read - audio.samples[0]).max() <= 2.0**-16
    loud = Audio(4 * np.ones((1, 50), np.float32), 8000, allow_loud=True)
    assert soundfile.read(io.BytesIO(flac(loud)))[0].max() == pytest.approx(1, abs=1e-4)


def test_excerpts_are_the_start_of_both_in_one_channel() -> None:
    stereo = Audio(np.stack([sound(7.0, 1).samples[0], sound(7.0, 2).samples[0]]), 8000)
    (found,) = fetch([PICK], lambda of: stereo, lambda of: stereo, lambda of: None)
    assert found.original.seconds == found.decoded.seconds == LONGEST
    assert np.array_equal(found.original.samples, stereo.mono().samples[:, : len(found.original)])


def test_what_is_empty_is_said() -> None:
    empty = Audio(np.zeros((1, 0), np.float32), 8000)
    (found,) = fetch([PICK], lambda of: empty, lambda of: sound(1.0), lambda of: None)
    assert found == Excerpt(PICK, fault="there is no sound in it")


def test_large_sounds_are_cut_and_small_ones_left_whole() -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 120_000)).astype(np.float32)
    large, small = Audio(noise, 48_000), sound(1.0)
    given = [Excerpt(PICK, large, large)] * 20 + [Excerpt(PICK, small, small)] * 3
    found = fitted(given)
    assert found[20:] == given[20:]
    total = sum(len(flac(audio)) for each in found for audio in (each.original, each.decoded))
    assert 0.8 * ROOM < total <= ROOM
    assert len({each.original.seconds for each in found[:20]}) == 1
    assert fitted(given[18:]) == given[18:]  # two of them fit as they are


def test_tokens_stand_below_on_the_same_axis_of_time() -> None:
    audio = sound(1.0)
    tokens = Steps().encode(audio)
    page = Reader(picture(audio, audio, tokens, ""))
    images = [known for name, known in page.elements if name == "image"]
    assert len({(known["x"], known["width"]) for known in images}) == 1
    tops = [float(known["y"]) for known in images]
    assert tops == sorted(tops) and len(tops) == 3
    rows = pixels(from_uri(images[2]["href"]))
    assert rows.shape == (2, COLUMNS, 3)
    starts = (np.arange(COLUMNS) + 0.5) / COLUMNS * tokens.stacks[0].shape[1]
    codes = tokens.stacks[0][0][starts.astype(int)]
    same_code, same_colour = np.diff(codes) == 0, (np.diff(rows[0].astype(int), axis=0) == 0).all(1)
    assert np.array_equal(same_code, same_colour)
    assert Reader(picture(audio, audio, None, "")).names.count("image") == 2
