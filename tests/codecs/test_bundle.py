"""Several tokenizers of one recording: each as by itself, whole, in files and live."""

import numpy as np
import pytest

from vocable import testing
from vocable.audio import Audio
from vocable.codecs.bundle import Bundle
from vocable.errors import ModelError, TokenError
from vocable.tokens import AudioTokens
from vocable.tokens.tracks import read_tracks
from vocable.tokens.values import joined
from vocable.units import SignalEncoder, UnitTokenizer, fit

TOKENIZERS = testing.tokenizers()
UNITS, CODEC = TOKENIZERS["streaming-units"], TOKENIZERS["speech"]
BUNDLE = Bundle([UNITS, CODEC])


def recording(rate: int = 22_050, samples: int = 40_001, channels: int = 1) -> Audio:
    made = np.random.default_rng(0).normal(0, 0.1, (channels, samples))
    return Audio(made.astype(np.float32), rate)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    target = tmp_path_factory.mktemp("bundle") / "talk.wav"
    recording().save(target)
    return target


def test_each_track_is_what_its_tokenizer_gives(path):
    tracks = BUNDLE.encode(path)
    assert list(tracks) == ["semantic", "acoustic"]
    assert tracks["semantic"] == UNITS.encode(path)
    assert tracks["acoustic"] == CODEC.encode(path)


def test_many_are_as_one(path):
    assert BUNDLE.encode_batch([path, recording(16_000, 9000)]) == [
        BUNDLE.encode(path),
        BUNDLE.encode(recording(16_000, 9000)),
    ]


def test_a_file_is_what_encoding_and_saving_gives(path, tmp_path):
    BUNDLE.encode(path).save(tmp_path / "whole.vcb")
    BUNDLE.encode_to(path, tmp_path / "blocks.vcb")
    assert read_tracks(tmp_path / "blocks.vcb") == BUNDLE.encode(path)
    assert (tmp_path / "blocks.vcb").read_bytes() == (tmp_path / "whole.vcb").read_bytes()
    with pytest.raises(FileExistsError):
        BUNDLE.encode_to(path, tmp_path / "blocks.vcb")
    with pytest.raises(TokenError, match="arrays are of one track"):
        BUNDLE.encode_to(path, tmp_path / "blocks.npz")


def test_live_tokens_are_those_of_the_whole():
    audio = recording(16_000, 20_000)
    live = BUNDLE.live(rate=16_000)
    found: dict[str, list[AudioTokens]] = {"semantic": [], "acoustic": []}
    for start in range(0, 20_000, 777):
        for name, tokens in live.push(audio.samples[:, start : start + 777]).items():
            found[name] += tokens
    for name, tokens in live.finish().items():
        found[name] += tokens
    whole = BUNDLE.encode(audio)
    for name, tokens in found.items():
        assert (joined(tokens).codes == whole[name].codes).all()


def test_the_codec_of_a_bundle_decodes(path):
    tracks = BUNDLE.encode(path)
    assert BUNDLE.decode(tracks) == CODEC.decode(tracks["acoustic"])
    with pytest.raises(ModelError, match="none decode"):
        Bundle([UNITS]).decode(tracks)


def test_a_tokenizer_of_whole_recordings_joins_in_but_not_live(path, tmp_path):
    mfcc = SignalEncoder("mfcc")
    units = UnitTokenizer(mfcc, fit(mfcc, [path], 5).centres)
    bundle = Bundle([units, CODEC])
    tracks = bundle.encode(path)
    assert tracks["semantic"] == units.encode(path)
    bundle.encode_to(path, tmp_path / "both.vcb")
    assert read_tracks(tmp_path / "both.vcb") == tracks
    with pytest.raises(ModelError, match="mfcc takes whole recordings; use encode"):
        bundle.live()


def test_two_of_a_kind_have_their_own_names(path):
    bundle = Bundle([CODEC, TOKENIZERS["mimi"]])
    assert list(bundle.encode(path)) == [CODEC.name, TOKENIZERS["mimi"].name]
    with pytest.raises(ModelError, match="two tokenizers are named"):
        Bundle([CODEC, CODEC])
    assert list(Bundle({"a": CODEC, "b": CODEC}).encode(path)) == ["a", "b"]
    with pytest.raises(ModelError, match="a bundle needs a tokenizer"):
        Bundle([])
