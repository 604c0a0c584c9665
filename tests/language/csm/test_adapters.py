"""Adapters of CSM are PEFT's: logits, one step's losses and gradients, files, what is merged."""

import copy

import pytest
import torch

import vocable
from tests.language.csm import references
from tests.language.csm.test_parity import conversation, theirs_embedded
from vocable.errors import ModelError
from vocable.language.adapting import adapter_places, load_adapter
from vocable.language.csm import csm_loss
from vocable.language.keys.csm_places import in_transformers
from vocable.nn.lora import write_adapter

CLOSE = {"atol": 1e-4, "rtol": 1e-4}
SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@pytest.fixture
def ours(speaker):
    """A network with weights of its own, that tests may change."""
    return copy.deepcopy(speaker.network)


@pytest.fixture
def theirs(tmp_path):
    """PEFT's adapter on transformers' model, far from what it starts with, and its folder."""
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(
        r=4, lora_alpha=8, target_modules=SEVEN, exclude_modules=r"codec_model.*"
    )
    model = peft.get_peft_model(references.make_reference(), config)
    generator = torch.Generator().manual_seed(3)
    for name, weight in model.named_parameters():
        if ".lora_" in name:
            weight.data = 0.2 * torch.randn(weight.shape, generator=generator)
    model.save_pretrained(tmp_path / "theirs")
    return model, tmp_path / "theirs"


def logits(model, ids):
    return model(inputs_embeds=theirs_embedded(model.base_model.model, ids)).logits


def test_pefts_opens_in_ours_apart_and_merged(theirs, ours):
    model, folder = theirs
    ids = conversation()
    wanted, before = logits(model, ids), ours(ids).logits
    adapter = load_adapter(ours, folder)
    torch.testing.assert_close(ours(ids).logits, wanted, **CLOSE)
    adapter.merge(ours)
    torch.testing.assert_close(ours(ids).logits, wanted, **CLOSE)
    merged = model.merge_and_unload().state_dict()
    for key, value in in_transformers(ours.state_dict(), ours.config).items():
        torch.testing.assert_close(value, merged[key], **CLOSE)
    adapter.unmerge(ours)
    adapter.detach(ours)
    torch.testing.assert_close(ours(ids).logits, before, **CLOSE)


def test_ours_opens_in_peft(theirs, ours, tmp_path):
    peft = pytest.importorskip("peft")
    ids = conversation()
    adapter = load_adapter(ours, theirs[1])
    write_adapter(adapter, tmp_path / "ours", "csm-1b")
    model = peft.PeftModel.from_pretrained(references.make_reference(), tmp_path / "ours")
    torch.testing.assert_close(logits(model, ids), ours(ids).logits, **CLOSE)


def test_one_step_is_that_of_peft_and_transformers(theirs, ours):
    """Losses and the gradient of every pair, by labels that both read alike: see test_parity."""
    model, folder = theirs
    ids, lengths = conversation(), [30, 24]
    counted = ids[..., 0] >= 0
    counted[1, lengths[1] :] = False
    deep = counted & (torch.arange(30) % 3 == 0)
    labels = torch.where(counted[..., None], ids[..., :-1], -100)
    labels[..., 1:] = torch.where(deep[..., None], labels[..., 1:], -100)
    embedded = theirs_embedded(model.base_model.model, ids)
    wanted = model(inputs_embeds=embedded, labels=labels)
    wanted.loss.backward()
    adapter = load_adapter(ours, folder).requires_grad_(True)
    found = csm_loss(ours, ids, counted, deep, lengths)
    found.total.backward()
    torch.testing.assert_close(found.total, wanted.loss, **CLOSE)
    gradients = {name: weight.grad for name, weight in model.named_parameters()}
    for name, pair in adapter.named_pairs():
        for letter, weight in (("A", pair.down), ("B", pair.up)):
            their = gradients[f"base_model.model.{name}.lora_{letter}.default.weight"]
            assert their.norm() > 0
            torch.testing.assert_close(weight.grad, their, **CLOSE)
    assert all(
        weight.grad is None for name, weight in ours.named_parameters() if "pairs" not in name
    )


def test_the_seven_names_are_all_of_both_models_and_none_of_the_codec(ours):
    places = adapter_places(ours)
    chosen = [place.name for place in places if place.name.rpartition(".")[2] in SEVEN]
    assert len(chosen) == 7 * (3 + 2) and len(places) == len(chosen) + 2
    assert not [place.name for place in places if place.name.startswith("codec")]


def test_an_adapter_of_another_size_is_refused(theirs, tmp_path):
    shallow = references.make_reference(num_hidden_layers=2)
    small = vocable.load(references.write_transformers(shallow, tmp_path / "small"))
    with pytest.raises(ModelError, match=r"of another model: 7 of its 35 layers are not in this"):
        load_adapter(small.network, theirs[1])


def test_packed_weights_take_no_adapter(pair, theirs):
    try:
        packed = vocable.load(pair.folder, weights=torch.int8)
    except ModelError as error:
        pytest.skip(str(error))
    with pytest.raises(ModelError, match="are packed; load the model without weights="):
        load_adapter(packed.network, theirs[1])
