"""Whole equals steps, a batch equals singles, a stream does not notice its neighbours."""

import numpy as np
import pytest
import torch

from tests.language.csm.test_parity import conversation
from vocable.language.cache import Cache
from vocable.language.csm import Utterance
from vocable.language.sampling import GREEDY, Sampling


@torch.no_grad()
@pytest.mark.parametrize("sizes", [[30], [1] * 30, [7, 1, 13, 9]])
def test_steps_equal_the_whole(speaker, sizes):
    """Of the backbone, and of the depth model with the levels of each frame one by one."""
    network, ids = speaker.network, conversation()
    whole = network(ids)
    cache = Cache(network.trunk.config, 2)
    parts = ids.split(sizes, 1)
    steps = torch.cat([network.trunk.step(network.embed(part), cache) for part in parts], 1)
    torch.testing.assert_close(steps, whole.hidden, atol=1e-4, rtol=1e-4)
    frames, before = ids[:, 20:, :-1].flatten(0, 1), steps[:, 19:-1].flatten(0, 1)
    seen = []

    def known(row, logits):
        seen.append(logits)
        return frames[:, row]

    network.predict(before, known, network.make_scratch(20, torch.float32, torch.device("cpu")))
    wanted = torch.cat((whole.logits[:, 19:-1].reshape(20, 1, -1),
                        network.deep_logits(before, frames)), 1)  # fmt: skip
    torch.testing.assert_close(torch.stack(seen, 1), wanted, atol=1e-4, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("padding", [-1, 0, 31])
def test_a_batch_equals_singles_with_any_padding(speaker, padding):
    ids, lengths = conversation(batch=3), [30, 11, 1]
    for item, length in zip(ids, lengths, strict=True):
        item[length:] = padding
    found = speaker.network(ids, lengths).logits
    for item, length in enumerate(lengths):
        alone = speaker.network(ids[item : item + 1, :length]).logits
        torch.testing.assert_close(found[item, :length], alone[0], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_what_comes_later_changes_nothing_before(speaker):
    ids = conversation()
    changed = ids.clone()
    changed[:, 20:] = conversation(seed=1)[:, 20:]
    before, after = (speaker.network(each).logits for each in (ids, changed))
    torch.testing.assert_close(before[:, :20], after[:, :20], atol=1e-6, rtol=1e-6)
    assert not torch.allclose(before[:, 20:], after[:, 20:], atol=1e-2)


def test_streams_do_not_notice_their_neighbours(speaker):
    """Prompts, settings and seeds of their own; they join and end at different steps."""
    voice = np.random.default_rng(0).integers(0, 32, (4, 5))
    asked = [
        ([Utterance(0, [3, 4])], {"seed": 1, "most": 7}),
        ([Utterance(0, [3], voice), Utterance(1, [9, 8, 7])], {"seed": 2, "most": 4}),
        ([Utterance(2, [5])], {"sampling": GREEDY, "most": 9}),
        ([Utterance(0, [3, 4])], {"sampling": Sampling(1.3), "seed": 4, "most": 3}),
    ]
    engine, sessions = speaker.start_engine(4), []
    for utterances, options in asked:
        sessions.append(speaker.generate(utterances, engine=engine, **options))
        engine.step()
    together = [np.stack(list(session)) for session in sessions]
    for found, (utterances, options) in zip(together, asked, strict=True):
        alone = np.stack(list(speaker.generate(utterances, **options)))
        np.testing.assert_array_equal(found, alone)
    assert engine.running == 0
