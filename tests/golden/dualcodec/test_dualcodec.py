"""The published code gave these latents, codes and sound for small weights of DualCodec.

Its three files are written as they are published, so loading is shown here too.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

import vocable
from tests.golden import drawn
from vocable import weights
from vocable.errors import ModelError
from vocable.load import save_model
from vocable.testing.codec_examples import small_codec
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

HERE = Path(__file__).parent
FILE = "dualcodec_tiny.safetensors"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def statistics() -> dict[str, Tensor]:
    """Return what features are standardised by."""
    found = drawn.tensors({"mean": [1024], "var": [1024]})
    return {"mean": found["mean"], "var": (5 * found["var"]).exp()}


def written(folder, change=lambda tensors: None, *, hears=True):
    """Write the files, with other weights; hears: with w2v-BERT's."""
    kept = json.loads((HERE / "shapes.json").read_text())
    tensors = drawn.tensors(kept["codec"])
    change(tensors)
    folder.mkdir()
    save_file(tensors, folder / FILE)
    torch.save(statistics(), folder / "w2vbert2_mean_var_stats_emilia.pt")
    if hears:
        (folder / "w2v-bert-2.0").mkdir()
        speech = drawn.tensors(kept["speech"])
        save_file(speech, folder / "w2v-bert-2.0" / "model.safetensors")
    return folder


def test_latents_codes_and_sound(tmp_path):
    answers = weights.read(HERE / "answers.safetensors")
    codec = vocable.load(written(tmp_path / "x"))
    z = codec.model.encoder(codec.model._rows(answers["sound"]))
    check_rows_equal("latent", z, answers["latents"], atol=WHOLE_CODEC)
    found = codec.to_codes(answers["sound"]).stacked()
    assert torch.equal(found, answers["codes"]) and len(found.unique()) > 4
    for levels, name in ((4, "decoded"), (1, "first")):
        got, wanted = codec.from_codes(answers["codes"][:, :levels].unbind(1)), answers[name]
        check_rows_equal("sound", got[..., : wanted.shape[2]], wanted, atol=WHOLE_CODEC, axis=2)
        assert got.shape[2] == 3 * 960 > wanted.shape[2] > 3 * 960 - 16


def test_without_w2v_bert_it_decodes_only(tmp_path):
    answers = weights.read(HERE / "answers.safetensors")
    codec = vocable.load(written(tmp_path / "x", hears=False))
    assert codec.spec.levels[0].role == "semantic" and codec.spec.prefixes == (1, 2, 3, 4)
    got, wanted = codec.from_codes(answers["codes"].unbind(1)), answers["decoded"]
    check_rows_equal("sound", got[..., : wanted.shape[2]], wanted, atol=WHOLE_CODEC, axis=2)
    with pytest.raises(ModelError, match="these weights encode nothing: w2v-BERT 2.0 was not bes"):
        codec.encode(np.zeros((1, 700), np.float32), rate=24_000)
    written(tmp_path / "y")
    (tmp_path / "y" / "w2v-bert-2.0").rename(tmp_path / "x" / "w2v-bert-2.0")
    assert len(vocable.load(tmp_path / "x").encode(np.zeros((1, 700), np.float32), rate=24_000))


def test_files_hold_what_is_needed(tmp_path):
    """Saved in our own layout, tokens of one are tokens of the other."""
    codec = vocable.load(written(tmp_path / "x"))
    tokens = codec.encode(np.zeros((1, 700), np.float32), rate=24_000)
    tokens.save(tmp_path / "t.vcb")
    save_model(codec.model, tmp_path / "own")
    again = vocable.load(tmp_path / "own")
    sound = again.decode(vocable.read_tokens(tmp_path / "t.vcb"))
    assert sound.samples.shape == (1, 700) and sound.rate == 24_000
    np.testing.assert_array_equal(sound.samples, codec.decode(tokens).samples)


def test_whole_recordings_are_encoded_and_streams_decoded():
    codec = small_codec("dualcodec")
    with pytest.raises(ModelError, match="takes whole recordings: its encoder looks over all"):
        codec.start_encoding(1)
    assert codec.model.decodes_in_steps and codec.model.quantizer.told.lookahead == 0


def test_frames_that_are_no_rows_of_w2v_bert_are_refused():
    codec = small_codec("dualcodec")
    config = type(codec.model.config)(**vars(codec.model.config) | {"pooled": 3})
    with pytest.raises(ModelError, match=r"samples, which are not 3 rows of w2v-BERT, 320 each"):
        type(codec.model)(config)


def without(*parts):
    def change(tensors):
        for key in [key for key in tensors if key.startswith(parts)]:
            del tensors[key]

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("dac.encoder.block.0."), "keys of DAC but no convolution encoder.block.0"),
        (without("dac.quantizer."), "make no DualCodec"),
        (without("convnext_encoder.1.norm."), r"lacks 2 keys \(encoder.spoken.blocks.1.branch"),
        (without("semantic_vq.quantizers.0.in_proj"), r"lacks 2 keys \(quantizer.spoken.stack.0"),
        (lambda found: found.update({"head.weight": torch.ones(2)}), r"has 1 key \(head.weight\)"),
    ],
)
def test_parts_that_lack_or_are_others_are_refused(change, words, tmp_path):
    with pytest.raises(ModelError, match=words) as refusal:
        vocable.load(written(tmp_path / "x", change))
    assert "\n" not in str(refusal.value)
