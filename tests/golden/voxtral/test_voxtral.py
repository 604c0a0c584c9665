"""The package `vllm-omni` gave these codes and this sound for these weights (make.py)."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import vocable
from vocable import weights
from vocable.codecs.codes import Codes
from vocable.codecs.keys import voxtral as keys
from vocable.codecs.keys.checkpoint import open_checkpoint
from vocable.codecs.voxtral import PUBLISHED_CHUNKS
from vocable.errors import ModelError
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal
from vocable.tokens import AudioTokens

HERE = Path(__file__).parent
ANSWERS = weights.read(HERE / "answers.safetensors")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("VOCABLE_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_latents_codes_and_sound():
    codec = vocable.load(HERE / "checkpoint")
    z = codec.model.encoder(codec.model._rows(ANSWERS["sound"]))
    check_rows_equal("latent", z, ANSWERS["latents"], atol=WHOLE_CODEC)
    codes = ANSWERS["codes"].long()
    assert torch.equal(codec.to_codes(ANSWERS["sound"]).stacked(), codes)
    decoded = codec.from_codes(Codes(codes.unbind(1)))
    check_rows_equal("sound", decoded, ANSWERS["decoded"], atol=WHOLE_CODEC, axis=2)
    assert [level.role for level in codec.spec.levels] == ["semantic", *["acoustic"] * 3]
    assert codec.spec.space.startswith("voxtral@1:") and codec.spec.prefixes == (4,)


def tokens_of(codec, frames):
    """Return tokens of random codes."""
    draw = np.random.default_rng(1)
    stacks = (draw.integers(0, level.size, (1, frames)) for level in codec.spec.levels)
    return AudioTokens(codec.spec, tuple(stack.astype(np.int32) for stack in stacks))


def test_the_package_s_chunks_are_pieces_by_themselves():
    codec = vocable.load(HERE / "checkpoint")
    tokens = tokens_of(codec, 400)
    found = codec.decode(tokens, chunks=PUBLISHED_CHUNKS).samples
    alone = [codec.decode(tokens[a:b]).samples for a, b in ((0, 375), (375, 400))]
    np.testing.assert_allclose(found, np.concatenate(alone, 1), atol=1e-6)
    assert np.abs(found - codec.decode(tokens).samples).max() > 1e-3


def without_encoder(folder):
    """Write the checkpoint as it is published, without the encoder."""
    shutil.copytree(HERE / "checkpoint", folder)
    tensors = load_file(folder / "consolidated.safetensors")
    left_out = ("audio_tokenizer.input_proj.", "audio_tokenizer.encoder_blocks.")
    kept = {key: value for key, value in tensors.items() if not key.startswith(left_out)}
    save_file(kept, folder / "consolidated.safetensors")
    return folder


def test_without_the_encoder_it_decodes_and_streams_and_refuses_to_encode(tmp_path):
    codec = vocable.load(without_encoder(tmp_path / "x"))
    whole = vocable.load(HERE / "checkpoint")
    codes = Codes(ANSWERS["codes"].long().unbind(1))
    decoded = codec.from_codes(codes)
    assert torch.equal(decoded, whole.from_codes(codes))
    state, pieces = codec.start_decoding(1), []
    for at in range(codes[0].shape[1]):
        block, state = codec.decode_step(Codes(row[:, at : at + 1] for row in codes), state)
        pieces.append(block)
    pieces.append(codec.finish_decoding(state))
    check_rows_equal("sound", torch.cat(pieces, 2), decoded, axis=2)
    for refused in (lambda: codec.encode(ANSWERS["sound"][0], rate=4000), lambda: in_steps(codec)):
        with pytest.raises(ModelError, match="encode nothing: the makers of Voxtral TTS publish"):
            refused()


def in_steps(codec):
    codec.encode_step(ANSWERS["sound"], codec.start_encoding(1))


def copied(folder, **changes):
    """Return a copy of the checkpoint whose config says something else."""
    shutil.copytree(HERE / "checkpoint", folder)
    config = json.loads((folder / "config.json").read_text())
    config["multimodal"]["audio_tokenizer_args"].update(changes)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"causal": False}, "says causal False"),
        ({"qk_norm": False}, "says qk_norm False"),
        ({"channels": 2}, "says channels 2"),
        ({"sampling_rate": 0}, "says sampling_rate 0; wanted whole Hz"),
        (
            {"semantic_codebook_size": 64},
            r"a codebook of \[32, 4\].* but Voxtral's codec \[64, 4\]",
        ),
        ({"dim": 16}, "a first convolution of"),
        ({"n_heads": 3}, "heads"),
        ({"encoder_convs_kernels_str": 4}, "does not describe Voxtral's codec"),
        ({"decoder_transformer_lengths_str": "1,2,1000000000"}, "layers is|tensors in all"),
    ],
)
def test_a_config_of_another_model_is_refused(changes, words, tmp_path):
    with pytest.raises(ModelError, match=words):
        vocable.load(copied(tmp_path / "x", **changes))


def test_a_toy_without_its_config_is_refused(tmp_path):
    folder = copied(tmp_path / "x")
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match="sizes of your own put a config.json with multimodal"):
        vocable.load(folder)


def test_every_key_of_the_codec_is_used():
    checkpoint = open_checkpoint(HERE / "checkpoint")
    read = keys.read(checkpoint, keys.recognise(checkpoint))
    unused = ("original0", "cluster_usage", "wk.weight", "wv.weight", "w3.weight")
    unused += ("token_embedding.embeddings.weight",)
    own = [key for key in checkpoint.shapes if key.startswith(keys.BELOW)]
    assert len(read) == sum(not key.endswith(unused) for key in own)
