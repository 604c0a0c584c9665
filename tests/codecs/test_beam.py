"""Codecs that search several paths: nearer latents, in all ways of encoding, for one decoder."""

from pathlib import Path

import pytest
import soundfile
import torch

from vocable import testing
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.errors import ModelError
from vocable.testing.codec_examples import small_codec
from vocable.tokens import read_tokens

NAMES = ["soundstream", "speech", "mimi", "dac"]


def sound(codec: Codec, seconds: float = 0.5, seed: int = 0) -> Audio:
    samples = round(seconds * codec.rate)
    return Audio(testing.voice(codec, seed + 1, samples)[seed].numpy(), codec.rate)


def error(codec: Codec, audio: Audio, codes: torch.Tensor) -> float:
    with torch.no_grad():
        x = torch.tensor(audio.samples)[None].transpose(1, 2).contiguous()
        z = codec.model.encoder(x[:, : x.shape[1] // codec.frame * codec.frame])
        return float((z - codec.model.quantizer.decode(codes[:, :, : z.shape[1]])).square().sum())


@pytest.mark.parametrize("name", NAMES)
def test_tokens_lie_nearer_and_decode_by_the_codec_itself(name: str):
    codec = small_codec(name)
    wide, audio = codec.with_beam(4), sound(codec)
    greedy, tokens = codec.encode(audio), wide.encode(audio)
    assert tokens.spec == greedy.spec and tokens != greedy
    if name == "soundstream":  # others search in projections of their own, or have a contour
        found, before = (error(codec, audio, t.to_torch()) for t in (tokens, greedy))
        assert found <= before
    assert codec.decode(tokens).samples.shape == audio.samples.shape
    assert codec.encode(audio) == greedy == codec.with_beam(1).encode(audio)


@pytest.mark.parametrize("name", NAMES[:2])
def test_batches_streams_and_files_give_the_same(name: str, tmp_path: Path):
    codec = small_codec(name).with_beam(4)
    one, other = sound(codec), sound(codec, seed=1)
    wanted = [codec.encode(one), codec.encode(other)]
    assert codec.encode_batch([one, other]) == wanted
    soundfile.write(tmp_path / "one.wav", one.samples.T, one.rate, subtype="FLOAT")
    codec.encode_to(tmp_path / "one.wav", tmp_path / "one.vcb")
    assert read_tokens(tmp_path / "one.vcb").to_torch().equal(wanted[0].to_torch())
    levels = codec.spec.prefixes[0]
    assert len(codec.encode(one, levels=levels).stacks) == levels


def test_codecs_without_such_levels_are_refused():
    with pytest.raises(ModelError, match="wavtokenizer has no residual levels to search together"):
        small_codec("wavtokenizer").with_beam(4)
    with pytest.raises(ModelError, match=r"beam is 4 but levels have strides"):
        small_codec("snac").with_beam(4)
    with pytest.raises(ModelError, match=r"beam is 2.5; give 1 for greedy search"):
        small_codec("soundstream").with_beam(2.5)
