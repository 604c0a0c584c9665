"""What a model that says phones obeys: batch == singles, frames see no later codes, bells."""

from dataclasses import replace

import pytest
import torch

from tests.language.say.toy import CONFIG, codes, toy, utterances
from vocable.errors import ModelError
from vocable.language.say import Disturbance, losses
from vocable.language.say.durations import median, spread, whole_frames


def alone(batch, k):
    """Return item k of a batch, without padding."""
    symbols, frames, reference = (
        int(each[k]) for each in (batch.symbol_counts, batch.frame_counts, batch.reference_counts)
    )
    own = {name: value[k : k + 1] for name, value in vars(batch).items()}
    for name, count in (
        ("symbols", symbols),
        ("durations", symbols),
        ("codes", frames),
        ("reference", reference),
    ):
        own[name] = own[name][:, :count]
    return type(batch)(**own)


def test_a_batch_is_what_its_items_are_alone():
    """The mean over frames of the batch is that of the items, weighted by their frames."""
    model, batch = toy(), utterances()
    together = losses(model, batch)
    singles = [losses(model, alone(batch, k)) for k in range(2)]
    for name, value in together.items():
        counts = batch.symbol_counts if name == "duration" else batch.frame_counts
        mean = sum(n * own[name] for n, own in zip(counts, singles, strict=True)) / counts.sum()
        torch.testing.assert_close(value, mean, atol=1e-5, rtol=1e-5)


def test_padding_does_not_matter():
    model, batch = toy(), utterances()
    other = {
        "symbols": batch.symbols.clone(), "codes": batch.codes.clone(), "reference": batch.reference
    }  # fmt: skip
    other["symbols"][1, 3:] = 7
    other["codes"][0, 6:] = 1
    for one, two in zip(
        losses(model, batch).values(), losses(model, replace(batch, **other)).values(), strict=True
    ):
        torch.testing.assert_close(one, two)


def test_a_frame_knows_the_codes_before_it_and_its_own_lower_levels():
    """Another code changes the surprise at later levels and frames, and at none before."""
    model, batch = toy(), utterances(((5, 6),))

    def surprises(given):
        known = model.books.known(given)
        before = torch.nn.functional.pad(known[-1], (0, 0, 1, 0))[:, :-1]
        voice = model.voices(batch.reference, batch.reference_counts)
        encoded = model.encoded(batch.symbols, batch.symbol_counts, voice)
        placed = model.placed(encoded, batch.durations, batch.frame_counts, voice)
        contexts = model.heads.contexts(model.contexts(placed, before)[0])
        return torch.stack(
            [
                model.heads.logits(level, contexts[level], known[level][0])[:, 0]
                for level in range(4)
            ],
            1,
        )

    changed = batch.codes.clone()
    changed[0, 2, 1] = (changed[0, 2, 1] + 1) % CONFIG.sizes[1]
    same = torch.isclose(surprises(batch.codes), surprises(changed), atol=1e-6)
    assert same[:2].all() and same[2].tolist() == [True, True, False, False]
    assert not same[3].any()


def test_entries_add_up_as_they_are_known():
    model, given = toy(), codes(2, 3)
    known = model.books.known(given)
    rows = known[0].flatten(0, 1)
    assert not rows.any()
    for level in range(4):
        rows = rows + model.books.placed(level)[given[..., level].flatten()]
        torch.testing.assert_close(rows, known[level + 1].flatten(0, 1))


def test_other_codebooks_are_refused():
    with pytest.raises(ModelError, match="take the codec that it was trained on"):
        toy().books.set([torch.zeros(3, 3)])


def test_every_part_learns():
    model = toy().train()
    sum(losses(model, utterances(), Disturbance()).values()).backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert not silent


def test_units_are_spread_over_their_symbols():
    index, places = spread(torch.tensor([[2, 0, 4], [1, 1, 0]]), 6)
    assert index.tolist() == [[0, 0, 2, 2, 2, 2], [0, 1, 2, 2, 2, 2]]
    torch.testing.assert_close(
        places[0, :, 0], torch.tensor([0.25, 0.75, 0.125, 0.375, 0.625, 0.875])
    )
    assert (places[0, 2:, 1] * 20).tolist() == [0, 1, 2, 3]


def test_lengths_are_medians_and_fill_frames():
    assert median(torch.tensor([[0.1, 0.3, 0.6], [0.6, 0.3, 0.1]]).log()).tolist() == [2, 0]
    assert whole_frames(torch.tensor([3, 4]), 4).tolist() == [3, 5]
    assert whole_frames(torch.tensor([4, 4]), 4).tolist() == [4, 4]
