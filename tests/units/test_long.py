"""Long recordings: files in blocks, the same as in memory, and memory that does not grow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.units.test_encoders import close, sound
from vocable.audio import Audio, AudioWriter
from vocable.codecs import Tokenizer
from vocable.codecs.bundle import Bundle
from vocable.errors import AudioError
from vocable.testing import check_bounded
from vocable.testing.block_examples import seeded
from vocable.testing.codec_examples import filled, small_codec
from vocable.testing.tiny_configs import streaming_units_tiny
from vocable.tokens import read_tokens
from vocable.tokens.tracks import read_tracks
from vocable.units import FeatureEncoder, SignalEncoder, UnitTokenizer, centres_of
from vocable.units.cpc import CPC, CPCConfig
from vocable.units.streaming import StreamingUnits
from vocable.units.tokenizer import origin_of
from vocable.units.w2v_bert import W2vBert, W2vBertConfig
from vocable.units.wav2vec2 import Wav2Vec2, Wav2Vec2Config
from vocable.units.wavlm import WavLM, WavLMConfig

RATE = 16_000
# Narrow, at the published frames of 20 ms; CPC of 10 ms.
SIZES = dict(width=8, blocks=1, heads=2, hidden=8, filters=4, position_kernel=16, position_groups=4)
LARGE = dict(pre_norm=True, extractor="layer", normalize=True)
ENCODERS = {
    "base": lambda: FeatureEncoder(Wav2Vec2(Wav2Vec2Config(**SIZES)).eval()),
    "large": lambda: FeatureEncoder(Wav2Vec2(Wav2Vec2Config(**SIZES, **LARGE)).eval()),
    "wavlm": lambda: FeatureEncoder(WavLM(WavLMConfig(**SIZES, buckets=32, furthest=40)).eval()),
    "w2v-bert": lambda: FeatureEncoder(
        W2vBert(W2vBertConfig(width=8, blocks=1, heads=2, hidden=8, kernel=7, back=12, ahead=3))
    ),
    "cpc": lambda: FeatureEncoder(CPC(CPCConfig(filters=8, width=8)).eval()),
    "mfcc": lambda: SignalEncoder("mfcc"),
}


def units_of(encoder: FeatureEncoder | SignalEncoder, size: int = 7) -> UnitTokenizer:
    """Return units of the last layer, whose centres are frames of a sound."""
    (rows,) = encoder.features(sound(3 * RATE), RATE, layer=encoder.layers)
    centres = rows[:: len(rows) // size][:size]
    return UnitTokenizer(encoder, centres_of(origin_of(encoder, encoder.layers), [centres]))


def streaming_units() -> Tokenizer:
    """Return small units that are encoded in steps."""
    return Tokenizer(filled(seeded(lambda: StreamingUnits(streaming_units_tiny()))))


def write(path: Path, seconds: float, rate: int = RATE, channels: int = 1) -> Path:
    """Write a recording of noise that swells, ten seconds at a time, and return its path."""
    ten = np.stack([0.5 * sound(10 * rate, seed=k) for k in range(channels)])
    with AudioWriter(path, rate, channels) as writer:
        left = round(seconds * rate)
        while left > 0:
            writer.write(ten[:, :left])
            left -= ten.shape[1]
    return path


# Those that have the windows of "base" in `test-all`.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in ("large", "wavlm")))
        for name in ENCODERS
    ],
)
def test_files_give_what_samples_in_memory_do(name, tmp_path):
    """Longer than a window of 100 s, in blocks, at another rate, between short ones."""
    encoder = ENCODERS[name]()
    path = write(tmp_path / "long.wav", 130.01, rate=24_000)
    (wanted,) = encoder.features(Audio.read(path), layer=encoder.layers)
    short = Audio(sound(9000), RATE)
    before, found, after = encoder.features([short, path, short], layer=encoder.layers)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(before, after)
    close(before, encoder.features(short, layer=encoder.layers)[0])
    with open(path, "rb") as file:  # has been read once when its frames are made
        parts = list(encoder.feature_parts(file, layer=encoder.layers))
    assert len(parts) > 1 and {number for number, _ in parts} == {0}
    np.testing.assert_array_equal(np.concatenate([rows for _, rows in parts]), wanted)


def test_pieces_that_begin_anew_are_exact(tmp_path):
    encoder = ENCODERS["cpc"]()
    x = sound(RATE * 104 + 171)
    (found,) = encoder.features(x, RATE, layer=1)
    close(found, encoder.model.each([torch.from_numpy(x)], 1)[0].detach().numpy())


@pytest.mark.parametrize("after", [0, 399, 400, 40 * 320 + 400, 80 * 320 - 1, 80 * 320])
def test_windows_lose_no_frame_at_the_end(after):
    """Lengths at which a window of 100 frames, or what is fresh of the next, ends."""
    encoder = ENCODERS["base"]()
    x = np.zeros(80 * 320 + after, np.float32)
    (rows,) = encoder.features(x, RATE, layer=1, window=2.0, context=0.2)
    assert len(rows) == encoder.model.frames(len(x))


@pytest.mark.parametrize("name", ["cpc", "mfcc"])
def test_units_of_a_file_are_those_of_the_whole(name, tmp_path):
    """A stream for each channel, alone and beside the tokens of a codec."""
    units, codec = units_of(ENCODERS[name]()), small_codec("speech")
    path = write(tmp_path / "long.wav", 112.3, rate=24_000, channels=2)
    wanted = units.encode(path)
    assert wanted.streams == 2 and wanted.source.channels == 2
    shares: list[float] = []
    units.encode_to(path, tmp_path / "units.vcb", progress=shares.append)
    assert read_tokens(tmp_path / "units.vcb") == wanted == units.encode(Audio.read(path))
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) > 2
    Bundle([units, codec]).encode_to(path, tmp_path / "both.vcb", mix=True)
    both = read_tracks(tmp_path / "both.vcb")
    assert both["semantic"] == units.encode(path, mix=True)
    assert both["acoustic"] == codec.encode(path, mix=True)
    units.encode_to(path, tmp_path / "units.npz")
    assert read_tokens(tmp_path / "units.npz").codes.tolist() == wanted.codes.tolist()


@pytest.fixture(scope="module")
def long(tmp_path_factory) -> Callable[[int], Path]:
    """Give the path of a recording of so many seconds."""
    folder = tmp_path_factory.mktemp("long")
    return {seconds: write(folder / f"{seconds}.wav", seconds) for seconds in (100, 600)}.get


@pytest.mark.alone
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) for name in ("large", "w2v-bert", "cpc")]
    + ["mfcc"],
)
def test_memory_does_not_grow_with_a_file(name, long):
    """Law 7: 10 minutes take no more than 100 s; their samples alone would be 31 MB more."""
    encoder = ENCODERS[name]()
    window = {} if name == "mfcc" else {"window": 10.0, "context": 0.5}

    def encode(seconds: int) -> int:
        parts = encoder.feature_parts(long(seconds), layer=encoder.layers, **window)
        return sum(len(rows) for _, rows in parts)

    check_bounded(encode, 100, 600)


@pytest.mark.slow
@pytest.mark.alone
def test_memory_of_a_bundle_does_not_grow_with_a_file(long, tmp_path):
    """Units that go through the recording by themselves, and units that stream."""
    bundle = Bundle({
        "mfcc": units_of(ENCODERS["mfcc"]()), "units": streaming_units()
    })  # fmt: skip

    def encode(seconds: int) -> None:
        bundle.encode_to(long(seconds), tmp_path / "tokens.vcb", overwrite=True)

    check_bounded(encode, 100, 600)


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", ["mfcc", "units", "both"])
def test_three_hours_take_the_memory_of_ten_minutes(name, tmp_path):
    bundle = Bundle({"mfcc": units_of(ENCODERS["mfcc"]()), "units": streaming_units()})
    used = bundle if name == "both" else bundle.tokenizers[name]
    paths = {m: write(tmp_path / f"{m}.flac", 60 * m) for m in (10, 180)}

    def encode(minutes: int) -> None:
        used.encode_to(paths[minutes], tmp_path / "tokens.vcb", overwrite=True)

    check_bounded(encode, 10, 180)


@pytest.mark.slow
@pytest.mark.alone
def test_features_take_their_own_memory_twice_at_most_and_that_of_a_window(long):
    encoder = ENCODERS["mfcc"]()
    (rows,) = encoder.features(long(600))
    assert rows.nbytes == 59_998 * 39 * 4
    more = 2 * rows.nbytes * 5 / 6  # those of 500 s; samples would be 32 MB more
    check_bounded(lambda seconds: encoder.features(long(seconds)), 100, 600, slack=2**24 + more)


def test_a_file_that_breaks_off_leaves_nothing(tmp_path):
    """Found out in the second pass or the first: no file, and what was there stays."""
    path = write(tmp_path / "long.wav", 120)
    path.write_bytes(path.read_bytes()[:-64_000])
    target = tmp_path / "units.vcb"
    target.write_bytes(b"mine")
    for name in ("large", "mfcc"):
        with pytest.raises(AudioError, match=r"long.wav ends after 118.00 s of 120.00 s"):
            units_of(ENCODERS[name]()).encode_to(path, target, overwrite=True)
    assert target.read_bytes() == b"mine"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["long.wav", "units.vcb"]
