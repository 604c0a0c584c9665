"""What `vocable roundtrip` finds out, with a codec of several rates that halves every sample."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.small import tone
from tests.measures.signals import LOUDER, noise
from vocable import testing
from vocable.audio import Audio
from vocable.cli.compare import Comparison, as_table, as_title, compare
from vocable.cli.console import Console
from vocable.codecs import Codec
from vocable.measures import REGISTRY, Measure, register
from vocable.tokens import AudioTokens, Level, Source, TokenSpec
from vocable.tokens.grid import rows_a_stream

RATE = 24_000


class Halving:
    """A codec with levels of three rates whose decoder turns half the recording down to a half."""

    name = "halving"
    rate = RATE
    channels = 1
    spec = TokenSpec(
        "halving@1:0", RATE, 240, 1, (Level(9, 4, "prosody"), Level(9, 2), Level(9)), (1, 3)
    )

    def encode(self, audio: Audio, *, levels: int | None = None) -> AudioTokens:
        self.audio = audio
        source = Source(len(audio), audio.rate, audio.channels)
        frames = self.spec.frames(self.spec.samples(source))
        counts = [self.spec.frames_of(k, frames) for k in range(levels or 3)]
        stacks = [np.arange(audio.channels * n).reshape(-1, n) % 9 for n in counts]
        return AudioTokens(self.spec, stacks, source=source)

    def decode(self, tokens: AudioTokens) -> Audio:
        gain = np.where(np.arange(len(self.audio)) < len(self.audio) // 2, 1.0, 0.5)
        return Audio((self.audio.samples * gain).astype(np.float32), self.audio.rate)

    def encode_to(
        self, source: str, target: str, *, levels: Any, mix: bool, allow_loud: bool, progress: Any
    ) -> None:
        audio = Audio.read(source, allow_loud=allow_loud)
        self.encode(audio.mono() if mix else audio, levels=levels).save(target)

    def decode_to(self, source: str, target: str, *, overwrite: bool, progress: Any) -> None:
        self.decode(None).save(target, overwrite=overwrite)  # type: ignore[arg-type]

    def shift_pitch(self, tokens: AudioTokens, semitones: float) -> AudioTokens:
        return tokens


@pytest.fixture
def stereo(tmp_path: Path) -> str:
    path = tmp_path / "stereo.wav"
    Audio(tone(2.0, RATE, channels=2).T, RATE).save(path)
    return str(path)


def compared(source: str, codec: Any = None, **how: Any) -> Comparison:
    how = {"levels": None, "mix": False, "pitch": None, **how}
    target = str(Path(source).with_name("decoded.wav"))
    return compare(codec or Halving(), source, target, console=Console(quiet=True), **how)  # type: ignore[arg-type]


def test_levels_of_several_rates_and_streams_are_compared_and_shown(stereo: str) -> None:
    found = compared(stereo)
    assert [stack.shape for stack in found.tokens.stacks] == [(2, 50), (2, 100), (2, 200)]
    assert found.reference == Audio.read(stereo)
    assert found.decoded == Audio.read(Path(stereo).with_name("decoded.wav"))
    lines = as_table(found).splitlines()
    assert "frames             200 (100 frames/s, 2 streams)" in lines
    assert "levels             3 of 3" in lines


def test_a_prefix_and_a_mix_are_what_is_asked_for(stereo: str) -> None:
    found = compared(stereo, levels=1, mix=True)
    assert [stack.shape for stack in found.tokens.stacks] == [(1, 50)]
    assert "levels             1 of 3" in as_table(found)


def test_measures_get_the_reference_first_and_at_the_codecs_rate(
    registry: dict[str, Measure], stereo: str
) -> None:
    calls = []

    def louder(reference: np.ndarray, degraded: np.ndarray, rate: int) -> float:
        calls.append((len(reference), len(degraded), rate))
        return LOUDER.function(reference, degraded, rate)

    register(Measure("louder", louder, "power", "dB", None, (-99.0, 99.0), digits=1))
    found = compared(stereo)
    assert found.scores["louder"] == pytest.approx(2.04, abs=0.2)  # half of it 6 dB quieter
    assert calls == [(2 * RATE, 2 * RATE, RATE)]
    value = f"{found.scores['louder']:.1f} dB"
    assert f"louder             {value}" in as_table(found).splitlines()
    assert as_title(found, "stereo.wav").split("    ")[-2:] == [
        f"louder {value}", "(measured: 2 channels mixed)"
    ]  # fmt: skip


def test_measures_get_their_own_rate_and_no_more_than_they_take(
    registry: dict[str, Measure], stereo: str
) -> None:
    calls = []

    def size(degraded: np.ndarray, rate: int) -> float:
        calls.append((len(degraded), rate))
        return 0.0

    how = {"about": "size", "unit": "", "direction": None, "range": (0.0, 1.0), "reference": False}
    register(Measure("own", size, rate=8000, longest=0.5, **how))
    register(Measure("least", size, min_rate=32_000, **how))
    compared(stereo)
    assert calls == [(4000, 8000), (64_000, 32_000)]


class Late(Halving):
    """A codec that keeps the waveform and brings it 5 ms late."""

    def decode(self, tokens: AudioTokens) -> Audio:
        samples = np.pad(self.audio.samples, ((0, 0), (120, 0)))[:, : len(self.audio)]
        return Audio(samples, self.audio.rate)


@pytest.mark.parametrize(("codec", "seconds"), [(Halving, 0.0), (Late, 0.005)])
def test_a_delay_is_put_right_and_has_a_row(
    tmp_path: Path, registry: dict[str, Measure], codec: type[Halving], seconds: float
) -> None:
    register(replace(REGISTRY["snr"], name="likeness", default=True))
    Audio(noise(2 * RATE, 1e-2).astype(np.float32), RATE).save(tmp_path / "noise.wav")
    found = compared(str(tmp_path / "noise.wav"), codec=codec())
    assert found.facts["delay_seconds"] == seconds
    rows = [line for line in as_table(found).splitlines() if line.startswith("delay ")]
    assert rows == (["delay              5.0 ms late"] if seconds else [])
    if seconds:
        assert found.scores["likeness"] > 60


def test_a_shifted_pitch_is_scored_only_without_a_reference(
    registry: dict[str, Measure], stereo: str
) -> None:
    how = {"about": "power", "unit": "", "direction": None, "range": (0.0, 1.0), "reference": False}
    register(Measure("power", lambda degraded, rate: float(np.mean(degraded**2)), **how))
    found = compared(stereo, pitch=3.0)
    assert found.scores == {"pesq_wb": None, "stoi": None, "power": found.scores["power"]}
    assert found.unscored == dict.fromkeys(("pesq_wb", "stoi"), "the pitch is shifted")
    assert found.scores["power"] == pytest.approx(0.05, abs=0.02)
    lines = as_table(found).splitlines()
    assert "pesq_wb            not measured: the pitch is shifted" in lines
    assert as_title(found, "x.wav") == (
        f"x.wav    halving, 3 levels, 1.11 kbps    pitch +3 semitones"
        f"    power {found.scores['power']:.3f}    (measured: 2 channels mixed)"
    )


CODECS = testing.codecs()


def drawn(codec: Codec) -> tuple[object, ...]:
    """Return what a picture shows of a codec besides its numbers."""
    spec = codec.model.spec
    strides = tuple(level.stride for level in spec.levels)
    return len(set(strides)), spec.channels, bool(spec.segment), bool(spec.sides), spec.out_rate


# The first codec of each kind of picture; the others, which draw the same, in `test-all`.
FIRST = CODECS.firsts(drawn)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name not in FIRST)) for name in CODECS]
)
def test_every_kind_of_codec_is_compared_and_drawn(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from vocable.cli.report import figure

    source, channels = tmp_path / "x.wav", 3  # which leave a stereo codec's last stream half full
    Audio(tone(1.01, channels=channels).T, 16_000).save(source)
    found = compared(str(source), CODECS[name])
    assert found.decoded.samples.shape == found.reference.samples.shape == (3, 16_160)
    streams, levels = -(-channels // CODECS[name].channels), rows_a_stream(found.tokens)
    picture = figure(found.reference, found.decoded, found.tokens, as_title(found, name))
    for stream, axis in enumerate(picture.axes[4 : 5 * streams : 5]):
        grid = np.asarray(axis.images[0].get_array())
        assert len(grid) == len(axis.get_yticklabels()) == levels
        stacks = [stack[stream] for stack in found.tokens.stacks]
        if found.tokens.spec.latent is not None:
            stacks = [*stacks[0].T]
        tokens = [len(set(stack)) for stack in stacks]
        assert not np.isnan(grid).any() and [len(set(row)) for row in grid] == tokens
        assert max(tokens) > 1
    assert sum(axis.get_ylabel() == "input wave" for axis in picture.axes) == streams
