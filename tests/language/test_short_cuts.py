"""What a step does in fewer operations gives what the plain form gives."""

import pytest
import torch

from tests.language.toys import model_named, rows
from vocable.language import positions as module
from vocable.language import transformer
from vocable.language.config import Rotary
from vocable.language.norm import FEW, RowNorm
from vocable.language.positions import RotaryPositions
from vocable.nn import RMSNorm


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e4, 0.0])
def test_the_norm_of_few_rows(scale):
    norm, plain, x = RowNorm(16), RMSNorm(16), scale * rows(2, 3)
    with torch.no_grad():
        for each in (norm, plain):
            each.weight.copy_(torch.linspace(0.5, 2, 16))
    with torch.inference_mode():
        torch.testing.assert_close(norm.forward(x), plain.forward(x), atol=1e-6, rtol=1e-5)
        many = rows(1, FEW // 16 + 1)
        assert torch.equal(norm.forward(many), plain.forward(many))
    assert norm.forward(x).requires_grad
    assert norm.forward(x.bfloat16()).dtype == torch.bfloat16


@torch.inference_mode()
def test_turns_are_kept_and_no_more_than_some(monkeypatch):
    monkeypatch.setattr(module, "KEPT", 4)
    monkeypatch.setattr(module, "CHUNKS", 2)
    turning, like = RotaryPositions(Rotary(), 8), torch.zeros(1)
    for position in (0, 3, 4, 9, 100_000, 1):
        wanted = turning.turn(torch.tensor([[position]]), torch.float32)
        for found, each in zip(turning.turn_row(position, like), wanted, strict=True):
            assert torch.equal(found, each)
        assert len(turning._kept) <= 2


def test_a_frame_sees_what_the_first_one_saw(monkeypatch):
    """Steps of a depth model are worked out once for each number of streams, not once a frame."""
    model, asked = model_named("csm"), []
    original = transformer.step_sight
    monkeypatch.setattr(transformer, "step_sight", lambda *each: asked.append(1) or original(*each))
    scratch = model.make_scratch(3, torch.float32, torch.device("cpu"))
    greedy = lambda row, logits: logits.argmax(-1)  # noqa: E731
    hidden = rows(3, 1)[:, 0]
    frames = [model.predict(hidden[:streams], greedy, scratch) for streams in (3, 2, 3, 2)]
    assert len(asked) == 2 * (model.drawn - 1)
    assert torch.equal(frames[0], frames[2]) and torch.equal(frames[1], frames[0][:2])
