"""A codebook that one map makes: all entries move with every one that is chosen, none by itself."""

import copy

import pytest
import torch

from vocable.errors import ModelError
from vocable.quantize import VQ, Ema, Gradient, Parametrisation, Plain, SimVQ


def made(book: Parametrisation = SimVQ()) -> VQ:  # noqa: B008 - a frozen value
    torch.manual_seed(0)
    return VQ(4, 32, codebook=book, update=Gradient(), revival=None, initialise=None)


def latents(frames: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(1, frames, 4, generator=torch.Generator().manual_seed(seed))


def test_all_entries_move_with_one_that_is_chosen():
    quantizer = made().train()
    book = quantizer.stack[0].codebook
    before, frozen = book.entries.detach().clone(), book.frozen.clone()
    found = quantizer(latents(1))
    (slope,) = torch.autograd.grad(found.losses["codebook"], book.map.weight)
    with torch.no_grad():
        book.map.weight -= 0.1 * slope
    assert ((book.entries - before).abs().amax(1) > 0).all()
    assert torch.equal(book.frozen, frozen)
    assert {key for key, _ in quantizer.named_parameters()} == {"stack.0.codebook.map.weight"}


def test_latents_of_another_spread_come_to_use_all_entries():
    """Of a plain codebook, by the same steps, two in five are left behind."""
    z = latents(400) * torch.tensor([8.0, 4, 0.3, 0.3])
    healths = []
    for book in (SimVQ(), Plain()):
        quantizer = made(book).train()
        (weight,) = quantizer.parameters()
        for _ in range(150):
            found = quantizer(z)
            (slope,) = torch.autograd.grad(found.losses["codebook"], weight)
            with torch.no_grad():
                weight -= 0.3 * slope
        healths.append(found.health)
    mapped, plain = healths
    assert float(mapped.used) == 1 and float(plain.used) < 0.8
    assert float(mapped.perplexity) > 1.5 * float(plain.perplexity)


def test_what_is_kept_in_evaluation_follows_the_map_and_goes_into_no_copy():
    quantizer, z = made().eval(), latents(50)
    codes = quantizer.encode(z)
    assert torch.equal(quantizer.decode(codes), quantizer(z).z)
    again = copy.deepcopy(quantizer)
    other = made()
    with torch.no_grad():
        for each in (quantizer, other.eval()):
            each.stack[0].codebook.map.weight.copy_(torch.eye(4).flip(0))
        other.stack[0].codebook.frozen.copy_(quantizer.stack[0].codebook.frozen)
    assert torch.equal(quantizer.encode(z), other.encode(z))
    assert torch.equal(again.encode(z), codes) and not torch.equal(quantizer.encode(z), codes)
    quantizer.drop_learning()
    assert set(quantizer.state_dict()) == {
        "stack.0.codebook.frozen", "stack.0.codebook.map.weight"
    }  # fmt: skip


@pytest.mark.parametrize("aids", [{"update": Ema(), "revival": None}, {"update": Gradient()}])
def test_aids_that_would_write_entries_are_refused(aids):
    with pytest.raises(ModelError, match="entries of SimVQ are not written one by one; give"):
        VQ(4, 8, codebook=SimVQ(), **aids)
    assert VQ(4, 8, codebook=SimVQ(), update=None).levels == (8,)
