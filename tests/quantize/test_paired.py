"""What searches and what decodes are two: codes come of the one, latents of the other."""

import pytest
import torch

from vocable.errors import ModelError
from vocable.quantize import VQ, KMeans, PairedVQ, ResidualVQ, SplitVQ

SIZES = (16,) * 3


def paired(**options) -> PairedVQ:
    torch.manual_seed(0)
    return PairedVQ(6, [VQ(4, 16, **options), ResidualVQ(3, SIZES, **options)])


def latents(frames: int = 30, seed: int = 1) -> torch.Tensor:
    return torch.randn(2, frames, 6, generator=torch.Generator().manual_seed(seed))


def own(pair: PairedVQ) -> SplitVQ:
    """Return a quantizer of what decodes alone."""
    found = SplitVQ(6, [VQ(4, 16), ResidualVQ(3, SIZES)])
    for part, theirs in zip(found.parts, pair.decoding, strict=True):
        for level, other in zip(part.stack, theirs.stack, strict=True):
            level.codebook.entries = other.codebook.entries.detach()
    for out, theirs in zip(found.out, pair.decoding_out, strict=True):
        out.weight = theirs.weight
    return found.eval()


def test_codes_are_those_of_the_search_and_latents_those_of_the_other_books():
    pair, z = paired().eval(), latents()
    codes = SplitVQ.encode(pair, z)
    assert torch.equal(pair.encode(z), codes) and len(codes.unique()) > 5
    for n in pair.prefixes:
        assert torch.equal(pair.decode(codes[:, :n]), own(pair).decode(codes[:, :n]))
    assert torch.equal(pair(z).z, pair.decode(codes))
    assert not torch.allclose(pair.decode(codes), SplitVQ.decode(pair, codes))


def test_what_decodes_begins_as_what_searches_and_then_learns_by_the_gradient():
    pair, z = paired(), latents(200)
    pair.start_learning(z.flatten(0, 1), per_step=400)
    codes = pair.encode(z)
    assert torch.equal(pair.decode(codes), SplitVQ.decode(pair, codes))
    z = z.requires_grad_()
    found = pair.train()(z)
    (found.z.square().mean() + found.losses["commitment"]).backward()
    learning = {name for name, weight in pair.named_parameters() if weight.grad.abs().sum() > 0}
    assert learning == {name for name, _ in pair.named_parameters()}
    assert sum("decoding" in name for name in learning) == 2 + 4
    assert z.grad.abs().sum() > 0


def test_books_that_start_within_training_start_alike():
    pair = paired(initialise=KMeans(per_entry=2)).train()
    z = latents(8)  # too few for the start
    assert torch.equal(pair(z).z, SplitVQ.forward(paired().train(), z).z)
    pair(latents(30, seed=2))
    assert pair.learning_started
    codes = pair.eval().encode(latents())
    # the search has gone on by one step of its means
    torch.testing.assert_close(pair.decode(codes), SplitVQ.decode(pair, codes), rtol=0.1, atol=0.1)


def test_books_that_are_trained_further_stay_what_they_are():
    pair = paired().eval()
    before = [value.clone() for value in pair.decoding.state_dict().values()]
    pair.train().resume_learning()
    pair(latents())
    after = pair.decoding.state_dict().values()
    assert pair.learning_started and all(map(torch.equal, before, after))


def test_what_only_training_needs_is_dropped():
    pair = paired()
    pair.drop_learning()
    assert not [key for key in pair.state_dict() if "learner" in key or "waiting" in key]


def test_dropout_of_levels_is_refused():
    with pytest.raises(ModelError, match=r"dropout of the parts is \[0.0, 0.5\]"):
        PairedVQ(6, [VQ(4, 16), ResidualVQ(3, SIZES, dropout=0.5)])
