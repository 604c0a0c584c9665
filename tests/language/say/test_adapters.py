"""Adapters reach every linear map of a model that says phones, whole and in steps."""

import torch

from tests.language.say.toy import symbols, toy, utterances
from vocable.language.adapting import adapter_places
from vocable.language.say import losses, plan, say
from vocable.language.say.steps import Steps
from vocable.nn.lora import Adapter, LoraSettings


def test_every_layer_gets_a_gradient_and_nothing_else_does():
    model, batch = toy().requires_grad_(False), utterances()
    places = adapter_places(model)
    before = losses(model, batch)
    adapter = Adapter(model, places, LoraSettings(rank=2))
    adapter.attach(model)
    found = losses(model, batch)
    assert all(torch.equal(found[name], before[name]) for name in before)
    torch.stack(list(found.values())).sum().backward()
    silent = [name for name, pair in adapter.named_pairs() if not pair.up.grad.norm() > 0]
    assert not silent
    linear = sum(isinstance(part, torch.nn.Linear) for part in model.modules())
    assert len(places) > linear > 10, "ours are among them"


def test_what_is_said_apart_is_what_is_said_merged():
    model = toy()
    adapter = Adapter(model, adapter_places(model), LoraSettings(rank=2))
    for _, pair in adapter.named_pairs():
        torch.nn.init.normal_(pair.up, std=0.2)
    voice = torch.linspace(-1, 1, 6)[None]

    def spoken():
        planned = plan(model, [symbols(5)], voice)
        return torch.stack(list(say(Steps(model), planned, [3])))

    base = spoken()
    adapter.attach(model)
    apart = spoken()
    adapter.merge(model)
    assert torch.equal(spoken(), apart)
    assert apart.shape != base.shape or not torch.equal(apart, base)
