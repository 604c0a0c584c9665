"""The harness itself: random references that say something, and comparisons that can fail."""

import importlib.util
import json

import pytest
import torch

from tests.parity.checkpoints import in_form, open_checkpoint, write_hub_folder, write_original
from tests.parity.compare import compare_codes, compare_latents, compare_samples, record
from tests.parity.peers import peer
from tests.parity.randomise import levels_of, randomise, sound
from vocable.quantize import VQ


def hub_encodec(**changes):
    peer("transformers")
    from transformers import EncodecConfig, EncodecModel

    small = dict(num_filters=4, upsampling_ratios=[4, 2], hidden_size=16, codebook_size=32)
    return EncodecModel(EncodecConfig(**small | {"target_bandwidths": [30.0, 60.0]} | changes))


def hub_mimi():
    peer("transformers")
    from transformers import MimiConfig, MimiModel

    return MimiModel(MimiConfig(
        num_filters=4, hidden_size=32, codebook_size=64, codebook_dim=16, num_quantizers=4,
        vector_quantization_hidden_dimension=16, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, head_dim=8, intermediate_size=64, upsample_groups=32,
    ))  # fmt: skip


def hub_dac():
    peer("transformers")
    from transformers import DacConfig, DacModel

    return DacModel(DacConfig(
        encoder_hidden_size=8, decoder_hidden_size=64, downsampling_ratios=[2, 4],
        n_codebooks=3, codebook_size=64,
    ))  # fmt: skip


def own_encodec():
    encodec = peer("encodec")
    return encodec.EncodecModel._get_model([1.5, 24.0], causal=True, name="toy")


def own_dac():
    dac = peer("dac")
    return dac.DAC(encoder_dim=8, encoder_rates=[2, 4], decoder_dim=64, decoder_rates=[4, 2],
                   n_codebooks=3, codebook_size=64)  # fmt: skip


def own_snac():
    snac = peer("snac")
    return snac.SNAC(encoder_dim=16, encoder_rates=[2, 3], decoder_dim=64, decoder_rates=[3, 2],
                     attn_window_size=32, codebook_size=64, vq_strides=[4, 2, 1])  # fmt: skip


def own_mimi():
    peer("moshi")
    from moshi.models.loaders import get_mimi

    return get_mimi(None)


REFERENCES = [hub_encodec, hub_mimi, hub_dac, own_encodec, own_dac, own_snac, own_mimi]


@pytest.mark.parametrize("reference", REFERENCES)
def test_weights_are_repeatable_and_codes_are_many(reference):
    torch.manual_seed(0)
    model = randomise(reference(), seed=1)
    torch.manual_seed(1)
    again = randomise(reference(), seed=1)
    for (name, a), b in zip(model.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
        assert a.isfinite().all(), name
    constant = [n for n, p in model.named_parameters() if p.numel() > 1 and p.std() == 0]
    assert not constant
    assert levels_of(model)


@pytest.mark.parametrize("reference", [hub_encodec, hub_mimi, hub_dac])
def test_a_hub_folder_holds_the_model(reference, tmp_path):
    model = randomise(reference(), seed=2)
    again = type(model).from_pretrained(write_hub_folder(model, tmp_path).parent).eval()
    for (name, a), b in zip(model.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
    checkpoint = open_checkpoint(tmp_path / "model.safetensors")
    assert checkpoint.config["model_type"] in ("encodec", "mimi", "dac")
    assert {k: tuple(v.shape) for k, v in checkpoint.tensors().items()} == checkpoint.shapes


def test_an_original_file_holds_the_model(tmp_path):
    model = randomise(own_dac(), seed=2)
    checkpoint = open_checkpoint(write_original(model, tmp_path, n_codebooks=3))
    assert checkpoint.stated["metadata"] == {"kwargs": {"n_codebooks": 3}}
    tensors = checkpoint.tensors()
    assert all(torch.equal(tensors[k], v) for k, v in model.state_dict().items())


def test_a_snac_folder_holds_the_model(tmp_path):
    model = randomise(own_snac(), seed=2)
    again = type(model).from_pretrained(str(write_hub_folder(model, tmp_path).parent))
    for (name, a), b in zip(model.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def test_forms_of_weight_norm_are_one_weight():
    tensors = {"a.weight_g": torch.rand(3, 1, 1), "a.weight_v": torch.randn(3, 2, 5)}
    turned = in_form(tensors, "parametrised")
    assert list(turned) == [f"a.parametrizations.weight.original{i}" for i in (0, 1)]
    assert in_form(turned, "old").keys() == tensors.keys()
    fused = in_form(turned, "fused")["a.weight"]
    assert torch.equal(fused, in_form(tensors, "fused")["a.weight"])
    assert torch.allclose(fused.flatten(1).norm(dim=1), tensors["a.weight_g"].flatten())


def test_weights_that_use_few_entries_are_refused():
    def run(model, audio):
        model(audio, bandwidth=60.0)
        model.quantizer.layers[1].codebook.embed[1:] = 1e3

    with pytest.raises(AssertionError, match="levels that use few entries"):
        randomise(hub_encodec(), seed=1, run=run)


def test_levels_that_were_not_met_are_named():
    with pytest.raises(AssertionError, match="codebooks were not met"):
        randomise(hub_encodec(), seed=1, run=lambda model, audio: model(audio, bandwidth=30.0))


def test_comparisons_notice_a_difference():
    x = sound(100).transpose(1, 2)
    assert compare_latents(x, x) == 0 < compare_latents(x + 1e-5, x) < 2e-5
    with pytest.raises(AssertionError, match="latent: differs first in row 7"):
        compare_latents(x.index_fill(1, torch.tensor([7]), 2.0), x)
    y = sound(100)
    with pytest.raises(AssertionError, match="sound: differs"):
        compare_samples(y + 2e-4, y)
    with pytest.raises(AssertionError, match="silent"):
        compare_samples(y * 0, y * 0)


def test_codes_may_differ_by_ties_alone():
    quantizer = VQ(2, 2).eval()
    quantizer.stack[0].codebook.entries.copy_(torch.tensor([[0.0, 1.0], [0.0, -1.0]]))
    z = torch.tensor([[[3.0, 1e-7]]])
    codes = quantizer.encode(z)
    assert compare_codes(quantizer, z, codes, z, codes) == 0
    assert compare_codes(quantizer, z, codes, -z, 1 - codes) == 1
    with pytest.raises(AssertionError, match="codes differ first in frame 0"):
        compare_codes(quantizer, z + 1, quantizer.encode(z + 1), z + 1, 1 - codes)


def test_an_absent_peer_is_skipped_unless_all_are_wanted(monkeypatch):
    monkeypatch.setattr("tests.parity.peers.find_spec", lambda name: None)
    monkeypatch.delenv("VOCABLE_PARITY", raising=False)
    with pytest.raises(pytest.skip.Exception, match='"python3 dev.py parity" installs it'):
        peer("snac")
    monkeypatch.setenv("VOCABLE_PARITY", "all")
    with pytest.raises(RuntimeError, match="descript-audio-codec is not installed"):
        peer("dac")


def test_what_is_recorded_is_a_line(monkeypatch, tmp_path):
    monkeypatch.setenv("VOCABLE_PARITY_REPORT", str(tmp_path / "report"))
    for ties in (0, 1):
        record("Toy", size="toy", reference="itself", samples=1e-6, frames=8, ties=ties)
    lines = [json.loads(line) for line in (tmp_path / "report").read_text().splitlines()]
    assert [line["ties"] for line in lines] == [0, 1] and lines[0]["samples"] == 1e-6


def test_the_stand_in_is_gone_once_a_peer_is_imported():
    present = importlib.util.find_spec("torchaudio") is not None
    peer("encodec")
    assert (importlib.util.find_spec("torchaudio") is not None) == present


def test_the_network_is_out_of_reach():
    import socket

    with pytest.raises(AssertionError, match="reached for the network"):
        socket.create_connection(("127.0.0.1", 9))
