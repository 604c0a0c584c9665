"""The picture of a round trip: which signal is where, one scale for both, all tokens with names."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.small import tone
from vocable.audio import Audio
from vocable.tokens import AudioTokens, Level, TokenSpec

pytest.importorskip("matplotlib")

from vocable.cli.report import draw, figure  # noqa: E402 - it needs matplotlib

PNG = b"\x89PNG\r\n\x1a\n"
RATE = 16_000


def sine(hertz: float, peak: float, rate: int = RATE, seconds: float = 0.5) -> Audio:
    time = np.arange(round(seconds * rate)) / rate
    return Audio((peak * np.sin(2 * np.pi * hertz * time)).astype(np.float32), rate)


def tokens_of(audio: Audio, streams: int = 1, levels: int = 2) -> AudioTokens:
    """Tokens of 40 ms in levels of 250; stream s has 10 s + k at level k."""
    spec = TokenSpec("made-up@1:0", RATE, 640, 1, (Level(250),) * levels, (levels,))
    frames = spec.frames(round(audio.seconds * RATE))
    codes = np.arange(streams)[:, None] * 10 + np.zeros((1, frames), int)
    return AudioTokens(spec, tuple(codes + k for k in range(levels)))


def axes_of(reference: Audio, decoded: Audio, tokens: AudioTokens) -> dict[str, Any]:
    """Return the axes by the name beside them; tokens have none."""
    return {axis.get_ylabel(): axis for axis in figure(reference, decoded, tokens, "title").axes}


def loudest(axis: Any) -> tuple[str, float]:
    """Return the frequency of the loudest band, as the nearest mark says it, and its dB."""
    (image,) = axis.images
    rows = np.asarray(image.get_array())
    band = rows.mean(axis=1).argmax() + 0.5
    mark = np.abs(axis.get_yticks() - band).argmin()
    return axis.get_yticklabels()[mark].get_text(), float(rows.max())


def test_waves_are_input_and_decoded_in_one_scale() -> None:
    reference, decoded = sine(500, 0.8), sine(2000, 0.1)
    axes = axes_of(reference, decoded, tokens_of(reference))
    for name, audio in (("input wave", reference), ("decoded wave", decoded)):
        (line,) = axes[name].lines
        assert np.array_equal(line.get_ydata(), audio.samples[0])
        assert line.get_xdata()[-1] == pytest.approx(0.5, abs=1e-3)
        assert axes[name].get_ylim() == pytest.approx((-0.84, 0.84), rel=1e-3)


def test_mels_are_input_and_decoded_in_one_scale() -> None:
    reference, decoded = sine(500, 0.8), sine(2000, 0.08)
    axes = axes_of(reference, decoded, tokens_of(reference))
    (hertz, top), (other, below) = (
        loudest(axes[f"{name} mel [Hz]"]) for name in ("input", "decoded")
    )
    assert (hertz, other) == ("500", "2000")
    assert top == 0 and -25 < below < -15  # 20 dB quieter, in a band of another width
    scales = [axes[f"{name} mel [Hz]"].images[0].get_clim() for name in ("input", "decoded")]
    assert scales == [(-80, 0)] * 2


def test_the_mel_of_another_rate_reaches_as_far_as_both_do() -> None:
    reference, decoded = sine(500, 0.8), sine(500, 0.8, rate=8000)
    axes = axes_of(reference, decoded, tokens_of(reference))
    for name in ("input", "decoded"):
        marks = [label.get_text() for label in axes[f"{name} mel [Hz]"].get_yticklabels()]
        assert marks[-1] == "4000" and loudest(axes[f"{name} mel [Hz]"])[0] == "500"


def test_every_level_of_every_stream_is_drawn_and_named() -> None:
    audio = Audio(np.stack([sine(500, 0.5).samples[0]] * 3), RATE)
    picture = figure(audio, audio, tokens_of(audio, streams=3))
    for s, axis in enumerate(picture.axes[4:15:5]):
        grid = np.asarray(axis.images[0].get_array())
        assert (249 * grid).round().astype(int)[:, 0].tolist() == [10 * s, 10 * s + 1]
        names = [label.get_text() for label in axis.get_yticklabels()]
        assert names == [f"stream {s}, level {k}" for k in range(2)]
        assert axis.get_yticks().tolist() == [0.5, 1.5]
        assert axis.images[0].get_extent() == [0, 0.5, 2, 0]


def test_each_stream_shows_its_own_channel() -> None:
    left, right = sine(500, 0.5), sine(1000, 0.3)
    stereo = Audio(np.concatenate([left.samples, right.samples]), RATE)
    swapped = Audio(stereo.samples[::-1], RATE)
    axes = figure(stereo, swapped, tokens_of(stereo, streams=2)).axes
    for first, own, other in ((0, left, right), (5, right, left)):
        heading = f"stream {first // 5} of 2: channel {first // 5 + 1}"
        assert axes[first].get_title(loc="right") == heading
        assert np.array_equal(axes[first].lines[0].get_ydata(), own.samples[0])
        assert np.array_equal(axes[first + 1].lines[0].get_ydata(), other.samples[0])
    assert loudest(axes[2])[0] == "500" and loudest(axes[7])[0] == "1000"


def test_channels_that_one_stream_codes_are_mixed_and_it_says_so() -> None:
    samples = np.stack([sine(500, 0.5).samples[0], sine(900, 0.3).samples[0]])
    stereo, mono = Audio(samples, RATE), sine(500, 0.5)
    axis = figure(stereo, stereo, tokens_of(stereo)).axes[0]
    assert axis.get_title(loc="right") == "channels 1 and 2 mixed"
    assert np.allclose(axis.lines[0].get_ydata(), samples.mean(axis=0), atol=1e-6)
    assert figure(mono, mono, tokens_of(mono)).axes[0].get_title(loc="right") == ""


def test_very_many_streams_and_levels_stay_a_picture() -> None:
    audio = Audio(np.repeat(sine(500, 0.5).samples, 5, axis=0), RATE)
    picture = figure(audio, audio, tokens_of(audio, streams=5, levels=200))
    assert picture.get_size_inches()[1] < 200
    headings = [axis.get_title(loc="right") for axis in picture.axes[0:20:5]]
    assert headings == [f"stream {s} of 5: channel {s + 1}" for s in range(4)]
    assert sum(axis.get_ylabel() == "input wave" for axis in picture.axes) == 4
    names = [label.get_text() for label in picture.axes[4].get_yticklabels()]
    assert len(picture.axes[4].images[0].get_array()) == 200
    assert names == [f"stream 0, level {k}" for k in range(200)]


def test_a_wave_of_one_sample_is_a_dot() -> None:
    one, many = Audio(np.full((1, 1), 0.3, np.float32), RATE), sine(500, 0.5)
    (line,) = axes_of(one, one, tokens_of(one))["input wave"].lines
    assert line.get_marker() == "o" and not line.get_clip_on()
    (line,) = axes_of(many, many, tokens_of(many))["input wave"].lines
    assert line.get_marker() == "None"


def test_a_long_report_shows_its_start(tmp_path: Path) -> None:
    audio = Audio(tone(25.0, channels=2).T, RATE)
    picture = figure(audio, audio, tokens_of(audio, streams=2), "25 s")
    axis = picture.axes[9]
    assert axis.get_xlim() == (0, 20) and axis.get_xlabel() == "seconds (the first 20)"
    assert len(picture.axes[0].lines[0].get_ydata()) == 20 * RATE
    draw(tmp_path / "x.png", audio, audio, tokens_of(audio, streams=2), title="25 s")
    assert (tmp_path / "x.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("samples", [1, 700])
def test_a_report_of_next_to_nothing(tmp_path: Path, samples: int) -> None:
    levels = (Level(4096, 4, "semantic"), Level(4096, 2), Level(4096))
    spec = TokenSpec("snac@1:0", 24_000, 512, 1, levels, (3,))
    stacks = tuple(np.zeros((1, n), np.int32) for n in (1, 1, 1 + samples // 513))
    reference = Audio(np.zeros((1, samples), np.float32), 24_000)
    decoded = Audio(np.zeros((1, samples), np.float32), 8000)
    draw(tmp_path / "x.png", reference, decoded, AudioTokens(spec, stacks))
    assert (tmp_path / "x.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("name", ["a$\\foo$.wav", "caf\udce9.wav", "$$ a_b^c.wav"])
def test_any_name_can_be_the_title(tmp_path: Path, name: str) -> None:
    audio = sine(440, 0.5)
    picture = figure(audio, audio, tokens_of(audio), name)
    assert picture.get_suptitle() == name.replace("\udce9", "?")
    draw(tmp_path / "x.png", audio, audio, tokens_of(audio), title=name)
    assert (tmp_path / "x.png").read_bytes().startswith(PNG)
