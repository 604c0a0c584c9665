"""The published sizes, with random weights, and our speech codec: minutes each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import vocable
from tests.export.outside import Outside
from vocable.codecs import Codec, CodecModel
from vocable.codecs.dac import DAC, dac_24khz, dac_44khz
from vocable.codecs.encodec import EnCodec, encodec_24khz
from vocable.codecs.mimi import Mimi, mimi
from vocable.codecs.moss import Moss, moss_audio_tokenizer_nano
from vocable.codecs.qwen3_tts import Qwen3TTS, qwen3_tts_12hz
from vocable.codecs.snac import SNAC, snac_24khz, snac_44khz
from vocable.export import export
from vocable.export.checking import CLOSE
from vocable.testing.codec_examples import voice

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

MODELS: dict[str, Callable[[], CodecModel]] = {
    "encodec-24": lambda: EnCodec(encodec_24khz()),
    "mimi": lambda: Mimi(mimi()),
    "qwen3-tts": lambda: Qwen3TTS(qwen3_tts_12hz()),
    "moss-nano": lambda: Moss(moss_audio_tokenizer_nano()),
    "dac-24": lambda: DAC(dac_24khz()),  # its odd stride loses rows, which follow after all
    "dac-44": lambda: DAC(dac_44khz()),
    "snac-24": lambda: SNAC(snac_24khz()),
    "snac-44": lambda: SNAC(snac_44khz()),
}


@pytest.mark.parametrize("to", ["onnx", "torch"])
@pytest.mark.parametrize("name", [*MODELS, "speech-16k"])
def test_a_published_size_gives_elsewhere_what_it_gives_here(name, to, tmp_path):
    codec = vocable.load(name) if name not in MODELS else _random(MODELS[name])
    done = export(codec, tmp_path / "out", to=to)
    assert done.agreement.ties <= max(1, done.agreement.frames // 1000)
    samples = voice(codec, 1, 2 * codec.rate + 7)
    with Outside() as process:
        ((codes, sound),) = process.run_readme(tmp_path / "out", [samples.numpy()], tmp_path)
    levels = tuple(map(torch.from_numpy, codes))
    levels = levels[0].unbind(1) if len(levels) == 1 else levels
    mine = codec.from_codes(levels)[..., : samples.shape[2]].numpy()
    assert sound.shape == mine.shape
    assert np.abs(sound - mine).max() <= CLOSE * max(1.0, np.abs(mine).max())


def _random(make: Callable[[], CodecModel]) -> Codec:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = make()
    model.quantizer.drop_learning()
    return Codec(model.eval())
