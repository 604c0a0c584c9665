"""Models of frames keep the laws: steps equal the whole, batches singles, nothing sees ahead."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.language.frames.toys import DEEP, LAYOUTS, network, some_tokens, stepped
from vocable.language.lessons import GIVEN, Lesson, Lessons

every_layout = pytest.mark.parametrize("layout", LAYOUTS)


def nats_by_place(made, lesson: Lesson) -> np.ndarray:
    """Return the nats of each id that is asked for, `[time, rows]`, 0 elsewhere."""
    found = np.zeros(lesson.ids.shape)
    for step, row in np.argwhere(lesson.levels != GIVEN):
        levels = np.full_like(lesson.levels, GIVEN)
        levels[step, row] = lesson.levels[step, row]
        found[step, row] = float(made.nats(Lessons.of([Lesson(lesson.ids, levels)])).nats)
    return found


@every_layout
def test_steps_equal_the_whole(layout):
    made = network(layout)
    lesson = made.lesson({"acoustic": some_tokens(6)})
    whole, found = nats_by_place(made, lesson), np.zeros(lesson.ids.shape)
    for (step, row), logits in stepped(made, lesson).items():
        found[step, row] = -float(logits.log_softmax(-1)[lesson.ids[step, row]])
    np.testing.assert_allclose(found, whole, atol=1e-4)


@every_layout
def test_a_batch_equals_singles(layout):
    made = network(layout)
    lessons = [
        made.lesson({"acoustic": some_tokens(n, n)}, begins=n > 4, ends=n > 3) for n in (7, 2, 4)
    ]
    told = made.nats(Lessons.of(lessons))
    alone = [made.nats(Lessons.of([each])) for each in lessons]
    sums, counts = told.sums(4)
    torch.testing.assert_close(sums, torch.stack([each.sums(4)[0] for each in alone]).sum(0))
    assert counts.tolist() == sum(each.sums(4)[1] for each in alone).tolist()


@every_layout
def test_nothing_is_seen_ahead(layout):
    """An id changes what is foretold behind it alone: in later steps, and rows that go in turn."""
    made = network(layout)
    lesson = made.lesson({"acoustic": some_tokens(5)})
    before = nats_by_place(made, lesson)
    for step, row in np.argwhere(lesson.levels != GIVEN):
        ids = lesson.ids.copy()
        ids[step, row] = (ids[step, row] + 1) % 6
        after = nats_by_place(made, Lesson(ids, lesson.levels))
        changed = np.abs(after - before) > 1e-6
        ahead = changed[:step].any() or (layout not in DEEP and changed[step].sum() > 1)
        assert not ahead and not changed[step, :row].any()


@every_layout
def test_each_code_is_asked_for_once(layout):
    made, tokens = network(layout), some_tokens(9)
    lesson = made.lesson({"acoustic": tokens})
    asked = [lesson.ids[lesson.levels == level] for level in range(3)]
    assert all(np.array_equal(*pair) for pair in zip(asked, tokens.codes[0], strict=True))
    ends = (lesson.levels == 3).sum()
    assert ends == (layout != "coarse_first")
    assert (lesson.levels[0] == GIVEN).all()
    lead = made.lesson({"acoustic": tokens}, begins=False).ids[0, 0]
    assert {int(lesson.ids[0, 0]), int(lead)} == {9, 10}
