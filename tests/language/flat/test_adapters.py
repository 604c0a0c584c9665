"""Adapters of flat models are PEFT's: logits, one step, files, what is merged."""

import copy

import pytest
import torch

from tests.language.flat import references
from tests.language.flat.test_parity import some_ids
from vocable.errors import ModelError
from vocable.language.adapting import adapter_places, load_adapter
from vocable.language.flat import flat_loss
from vocable.language.keys.flat import in_transformers
from vocable.nn.lora import choose, write_adapter

CLOSE = {"atol": 1e-4, "rtol": 1e-4}
SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@pytest.fixture
def ours(pair):
    """A network with weights of its own, that tests may change."""
    return copy.deepcopy(pair.ours.network)


@pytest.fixture
def theirs(pair, tmp_path):
    """PEFT's adapter on transformers' model, far from what it starts with, and its folder."""
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=SEVEN)
    model = peft.get_peft_model(copy.deepcopy(pair.reference), config)
    generator = torch.Generator().manual_seed(3)
    for name, weight in model.named_parameters():
        if ".lora_" in name:
            weight.data = 0.2 * torch.randn(weight.shape, generator=generator)
    model.save_pretrained(tmp_path / "theirs")
    return model, tmp_path / "theirs"


def logits(network, ids):
    return network.logits(network(ids).flatten(0, 1)).view(*ids.shape, -1)


@torch.no_grad()
def test_pefts_opens_in_ours_apart_and_merged(theirs, ours):
    model, folder = theirs
    ids = some_ids(30)
    wanted, before = model(ids).logits, logits(ours, ids)
    adapter = load_adapter(ours, folder)
    torch.testing.assert_close(logits(ours, ids), wanted, **CLOSE)
    adapter.merge(ours)
    torch.testing.assert_close(logits(ours, ids), wanted, **CLOSE)
    merged = model.merge_and_unload().state_dict()
    for key, value in in_transformers(ours.state_dict(), ours.config).items():
        torch.testing.assert_close(value, merged[key], **CLOSE)
    adapter.unmerge(ours)
    adapter.detach(ours)
    torch.testing.assert_close(logits(ours, ids), before, **CLOSE)


@torch.no_grad()
def test_ours_opens_in_peft(pair, theirs, ours, tmp_path):
    peft = pytest.importorskip("peft")
    ids = some_ids(30)
    adapter = load_adapter(ours, theirs[1])
    write_adapter(adapter, tmp_path / "ours", "orpheus-3b")
    model = peft.PeftModel.from_pretrained(copy.deepcopy(pair.reference), tmp_path / "ours")
    torch.testing.assert_close(model(ids).logits, logits(ours, ids), **CLOSE)


def test_one_step_is_that_of_peft_and_transformers(theirs, ours):
    """Loss and the gradient of every pair."""
    model, folder = theirs
    ids = some_ids(40)
    counted = (torch.arange(40) > 0).expand(2, 40).clone()
    counted[1, 25:] = False
    wanted = model(ids, labels=torch.where(counted, ids, -100)).loss
    wanted.backward()
    adapter = load_adapter(ours, folder).requires_grad_(True)
    found = flat_loss(ours, ids, counted)
    found.backward()
    torch.testing.assert_close(found, wanted, **CLOSE)
    gradients = {name: weight.grad for name, weight in model.named_parameters()}
    pairs = dict(adapter.named_pairs())
    assert len(pairs) == 7 * 2
    for name, pair in pairs.items():
        for letter, weight in (("A", pair.down), ("B", pair.up)):
            their = gradients[f"base_model.model.{name}.lora_{letter}.default.weight"]
            assert their.norm() > 0
            torch.testing.assert_close(weight.grad, their, **CLOSE)
    assert all(
        weight.grad is None for name, weight in ours.named_parameters() if "pairs" not in name
    )


def test_a_head_that_is_the_table_takes_no_adapter(ours):
    places = adapter_places(ours)
    assert ("lm_head" in {place.name for place in places}) != ours.config.tied
    if ours.config.tied:
        with pytest.raises(ModelError, match='no layer is called "lm_head"'):
            choose(places, ["lm_head"])


def test_an_adapter_of_another_size_is_refused(theirs, tmp_path):
    import vocable

    shallow = references.make_reference(num_hidden_layers=1)
    small = vocable.load(references.write_model(shallow, tmp_path / "small"))
    with pytest.raises(ModelError, match=r"of another model: 7 of its 14 layers are not in this"):
        load_adapter(small.network, theirs[1])
