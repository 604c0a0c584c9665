"""Law 9, host settings: what the program around sets reaches neither in nor out."""

from functools import partial
from pathlib import Path

import pytest
import torch

from vocable import nn, testing
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.soundstream import SoundStream
from vocable.load import load_tokenizer, models, save_model
from vocable.testing.quantizer_examples import quantizer_named
from vocable.testing.tiny_configs import soundstream_tiny

BLOCKS, QUANTIZERS, TOKENIZERS = testing.blocks(), testing.quantizers(), testing.tokenizers()
BUNDLED = {model.name for model in models()}
# Of each architecture the first example; its other sizes and the bundled models in `test-all`.
FIRST = TOKENIZERS.firsts(lambda each: type(each.model))


def sound(codec: Codec, frames: int = 6) -> Audio:
    x = testing.voice(codec, 1, frames * codec.frame - 5)
    return Audio(x[0].numpy(), codec.rate)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name not in FIRST)) for name in TOKENIZERS],
)
def test_codecs_ignore_settings(name: str, tmp_path: Path):
    codec = TOKENIZERS[name]
    folder = name if name in BUNDLED else tmp_path / "model"
    if folder != name:
        save_model(codec.model, folder, name="a")
    testing.check_codec_ignores_settings(partial(load_tokenizer, folder), sound(codec))


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_ignore_settings(name: str):
    block = BLOCKS[name]
    x = torch.randn(2, 6 * block.stride_in, 4, generator=torch.Generator().manual_seed(1))
    testing.check_block_ignores_settings(block, x)


@pytest.mark.parametrize("name", QUANTIZERS)
def test_quantizers_ignore_settings(name: str):
    z = torch.randn(2, 8, 6, generator=torch.Generator().manual_seed(1))
    testing.check_quantizer_ignores_settings(partial(quantizer_named, name), z)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_what_comes_out_is_ordinary(name: str):
    codec = TOKENIZERS[name]
    testing.check_tensors_are_ordinary(codec, testing.voice(codec, 2, 6 * codec.frame - 5))


class AsksTorch(nn.Linear):
    """Makes a tensor as torch's defaults happen to be."""

    def forward(self, x):
        return super().forward(x) + torch.zeros(x.shape[1], 1)


class Rolls(Codec):
    """Dithers with the generator of everybody."""

    def decode_batch(self, tokens, **more):
        torch.rand(1)
        return super().decode_batch(tokens, **more)


class Shares(Codec):
    """Hands out what the network gave."""

    def to_codes(self, x, levels=None):
        with torch.inference_mode():
            return self.model.to_codes(x, levels)


def tiny(kind: type[Codec]) -> Codec:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return kind(SoundStream(soundstream_tiny()))


def test_broken_parts_are_caught():
    block = AsksTorch(4, 5).eval()
    with pytest.raises(AssertionError, match=r"AsksTorch under default dtype float64: result 0 is"):
        testing.check_block_ignores_settings(block, torch.randn(1, 6, 4))
    with pytest.raises(AssertionError, match="AsksTorch under the meta device: "):
        meta = {"the meta device": partial(torch.device, "meta")}
        testing.check_settings_ignored("AsksTorch", lambda: [block(torch.randn(1, 6, 4))], meta)
    with pytest.raises(
        AssertionError, match=r"soundstream, used .*: changes the generator of torch"
    ):
        testing.check_codec_ignores_settings(partial(tiny, Rolls), sound(tiny(Rolls)))
    with pytest.raises(
        AssertionError, match="made under default dtype bfloat16: raises ModelError"
    ):
        testing.check_codec_ignores_settings(partial(tiny, Codec), sound(tiny(Codec)))
    with pytest.raises(AssertionError, match="level 0 of to_codes is a tensor of inference mode"):
        testing.check_tensors_are_ordinary(tiny(Shares), testing.voice(tiny(Shares), 1, 99))
