"""Codes, ids and grids may be tensors of any device; what is none of integers gets one line."""

import numpy as np
import pytest
import torch

from tests.tokens.strategies import made
from tests.tokens.test_spec import SPEECH
from vocable.errors import TokenError
from vocable.tokens import AudioTokens, Source, Vocabulary, delay, flatten, parallel

TOKENS = made(SPEECH, 2, 1, 9, source=Source(9 * SPEECH.frame - 5, SPEECH.rate))


class OnAnotherDevice:
    """A tensor whose memory numpy cannot read until it is brought here."""

    def __init__(self, array):
        self.tensor = torch.from_numpy(np.array(array))

    def __array__(self, *args, **kwargs):
        raise TypeError("can't convert cuda:0 device type tensor to numpy.\nUse Tensor.cpu()")

    def detach(self):
        return self

    def cpu(self):
        return self.tensor


@pytest.mark.parametrize("given", [torch.from_numpy, OnAnotherDevice, np.ndarray.tolist])
def test_tensors_of_any_device_and_lists_are_codes_ids_and_grids(given):
    stacks = [given(np.array(stack)) for stack in TOKENS.stacks]
    assert AudioTokens(SPEECH, stacks, source=TOKENS.source) == TOKENS
    words = Vocabulary.of(SPEECH, text=100)
    ids = words.to_ids(TOKENS)
    assert words.from_ids(given(ids), source=TOKENS.source) == TOKENS
    if given is not np.ndarray.tolist:
        grid = given(np.array(delay().arrange(TOKENS)))
        assert delay().restore(grid, SPEECH, source=TOKENS.source) == TOKENS


@pytest.mark.parametrize("layout", [flatten(), parallel(), delay()])
def test_ids_hold_no_source_and_take_it_back(layout):
    words = Vocabulary.of(SPEECH, layout, text=100)
    ids = words.to_ids(TOKENS)
    assert words.from_ids(ids).source is None
    assert words.from_ids(ids) == AudioTokens(SPEECH, TOKENS.stacks)
    assert words.from_ids(ids, source=TOKENS.source) == TOKENS


@pytest.mark.parametrize(
    "wrong", [[0.5, 1.0], "codes", None, [[1], [1, 2]], [np.nan], torch.zeros(1, 4), b"\0\1"]
)
def test_what_is_none_of_integers_is_refused_in_one_line(wrong):
    words = Vocabulary.of(SPEECH, text=100)
    for call in (lambda: AudioTokens(SPEECH, (wrong, wrong)), lambda: words.from_ids(wrong)):
        with pytest.raises(TokenError, match="must be (integers|an array|made)") as caught:
            call()
        assert "\n" not in str(caught.value)


def test_memory_that_cannot_be_reached_is_one_line():
    class Sealed:
        def __array__(self, *args, **kwargs):
            raise TypeError("Implicit conversion is not allowed.\nUse .get()")

    with pytest.raises(TokenError, match="ids must be an array: Implicit conversion is not"):
        Vocabulary.of(SPEECH).from_ids(Sealed())
