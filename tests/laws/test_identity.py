"""Law 6, identity: tokens know the weights that gave them meaning; others refuse them by name."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from vocable import testing
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.codes import as_codes
from vocable.codecs.soundstream import SoundStream
from vocable.testing.tiny_configs import soundstream_tiny
from vocable.tokens import read_tokens

CODECS = testing.codecs()


def sound(codec: Codec) -> Audio:
    return Audio(testing.voice(codec, 1, 3 * codec.frame)[0].numpy(), codec.rate)


@pytest.mark.parametrize("name", CODECS)
def test_identity_is_kept(name: str):
    testing.check_identity(CODECS[name], sound(CODECS[name]))


def codes_made(codec: Codec, folder: Path) -> list[torch.Tensor]:
    """Return the codes of one recording by every way to make them."""
    x = testing.voice(codec, 1, 100 * codec.frame - 9)
    recording = Audio(x[0].numpy(), codec.rate)
    target = folder / ("tokens.vcb" if codec.spec.latent is None else "tokens.safetensors")
    recording.save(folder / "in.wav", overwrite=True)
    codec.encode_to(folder / "in.wav", target, overwrite=True)
    made = [codec.encode(recording).to_torch(), read_tokens(target).to_torch(), codec.to_codes(x)]
    if codec.model.encodes_in_steps:
        codes, state = codec.encode_step(x, codec.start_encoding())
        made += [codes, codec.finish_encoding(state)]
    return [level for found in made for level in as_codes(found)]


@pytest.mark.parametrize("name", CODECS)
def test_autocast_around_a_codec_changes_no_code(name: str, tmp_path: Path):
    wanted = codes_made(CODECS[name], tmp_path)
    with torch.autocast("cpu", torch.bfloat16):
        found = codes_made(CODECS[name], tmp_path)
        assert torch.is_autocast_enabled("cpu"), "it holds again afterwards"
    for want, got in zip(wanted, found, strict=True):
        torch.testing.assert_close(got, want, rtol=0, atol=0)


class CallsAllWeightsOne(Codec):
    """Gives every training of itself the same name."""

    @property
    def spec(self):
        return replace(self.model.spec, space="soundstream@1:0000")


def test_broken_codec_is_caught():
    codec = CallsAllWeightsOne(SoundStream(soundstream_tiny()))
    with pytest.raises(AssertionError, match="other weights decode tokens of soundstream@1"):
        testing.check_identity(codec, sound(codec))
