"""A flat model gives what transformers gives: logits, losses, greedy ids under the same rules."""

import numpy as np
import pytest
import torch

import vocable
from tests.language.flat import references
from vocable.language.cache import Cache
from vocable.language.flat import Utterance, flat_loss
from vocable.language.sampling import GREEDY, RepetitionPenalty, Sampling
from vocable.tokens import legal_ids

CLOSE = {"atol": 1e-4, "rtol": 1e-4}


def some_ids(time=90, batch=2, seed=0):
    """Ids `[batch, time]` of text, marks and codes."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 156_938, (batch, time), generator=generator)


@torch.no_grad()
def test_logits(pair):
    ids = some_ids()
    network = pair.ours.network
    found = network.logits(network(ids).flatten(0, 1)).view(*ids.shape, -1)
    torch.testing.assert_close(found, pair.reference(ids).logits, **CLOSE)


@torch.no_grad()
def test_steps_equal_the_whole_and_a_batch_its_singles(speaker):
    network, ids = speaker.network, some_ids()
    whole = network(ids)
    cache = Cache(network.trunk.config, 2)
    parts = [
        network.trunk.step(network.embed(part[..., None]), cache)
        for part in ids.split([1, 40, 7, 42], 1)
    ]
    torch.testing.assert_close(torch.cat(parts, 1), whole, **CLOSE)
    padded = ids.clone()
    padded[1, 30:] = 0
    found = network(padded, [90, 30])
    torch.testing.assert_close(found[1, :30], whole[1, :30], **CLOSE)


def test_the_loss_is_that_of_labels(pair):
    """All ids of a row, and those of its sound alone."""
    ids = some_ids()
    for first in (1, 20):
        counted = (torch.arange(90) >= first).expand(2, 90).clone()
        counted[1, 60:] = False
        labels = torch.where(counted, ids, -100)
        wanted = pair.reference(ids, labels=labels).loss
        torch.testing.assert_close(
            flat_loss(pair.ours.network, ids, counted, [90, 90]), wanted, **CLOSE
        )


def theirs_generated(reference, ids, vocabulary, cycles, **options):
    """Ids of transformers, which may be what is legal in our order."""
    transformers = pytest.importorskip("transformers")
    legal = torch.from_numpy(legal_ids(vocabulary, range(7))[:, 0])
    size, start = legal.shape[1], ids.shape[1]

    class Legal(transformers.LogitsProcessor):
        def __call__(self, input_ids, scores):
            mask = torch.zeros_like(scores, dtype=torch.bool)
            mask[:, :size] = legal[(input_ids.shape[1] - start) % 7]
            return scores.masked_fill(~mask, -torch.inf)

    with torch.no_grad():
        found = reference.generate(
            ids, max_new_tokens=7 * cycles, do_sample=False, eos_token_id=128_258,
            attention_mask=torch.ones_like(ids), logits_processor=[Legal()], **options
        )  # fmt: skip
    return found[0, start:].numpy()


@pytest.mark.parametrize("penalty", [None, 1.3])
def test_greedy_ids(pair, penalty):
    """Theirs penalises the prompt too, of which no id is legal: the same."""
    prompt = pair.ours.prompt([Utterance("good morning", "tara")])
    options = {} if penalty is None else {"repetition_penalty": penalty}
    vocabulary = pair.ours.config.template.ids
    wanted = theirs_generated(
        pair.reference, torch.from_numpy(prompt)[None], vocabulary, 8, **options
    )
    kept = None if penalty is None else RepetitionPenalty(penalty, window=1200)
    sampling = GREEDY if kept is None else Sampling(temperature=0.0, penalty=kept)
    session = pair.ours.generate([Utterance("good morning", "tara")], sampling=sampling, most=8)
    found = np.stack(list(session)) + np.array(vocabulary.offsets)
    assert session.reason == "length" and found.shape == (8, 7)
    np.testing.assert_array_equal(found.ravel(), wanted)


def test_from_a_shown_voice_to_sound(speaker):
    """A recording is encoded and prompted; greedy codes are those of transformers, and heard."""
    reference = references.make_reference()
    random = np.random.default_rng(0)
    her = speaker.codec.encode(0.3 * random.normal(size=(1, 5 * 2048)), rate=24_000)
    said = [Utterance("so it is", audio=her), Utterance("and now?")]
    ids = torch.from_numpy(speaker.prompt(said))[None]
    wanted = theirs_generated(reference, ids, speaker.config.template.ids, 6)
    tokens = speaker.config.template.vocabulary(speaker.codec.spec).from_ids(wanted)
    found = np.concatenate(list(speaker.speak(said, sampling=GREEDY, most=6)), 1)
    assert found.shape == (1, 6 * 2048) and found.std() > 0
    np.testing.assert_allclose(found, speaker.codec.decode(tokens).samples, atol=1e-4)


def test_parts_of_several_files_and_half_precision(pair, tmp_path):
    pair.reference.save_pretrained(tmp_path, max_shard_size="2MB")
    assert (tmp_path / "model.safetensors.index.json").is_file()
    half = vocable.load(tmp_path, dtype=torch.bfloat16)
    assert half.dtype == torch.bfloat16
    ids = some_ids(20)
    with torch.no_grad():
        near, wanted = half.network(ids).float(), pair.ours.network(ids)
    torch.testing.assert_close(near, wanted, atol=0.3, rtol=0.1)
