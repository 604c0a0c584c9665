"""Models of frames keep the laws: steps equal the whole, batches singles, nothing sees ahead."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.language.frames.toys import CASES, DEEP, network, some_tokens, stepped
from vocable.language.lessons import GIVEN, Lesson, Lessons

every_layout = pytest.mark.parametrize(("layout", "streams"), CASES)


def nats_by_place(made, lesson: Lesson) -> np.ndarray:
    """Return the nats of each id that is asked for, `[time, rows]`, 0 elsewhere."""
    asked, found = lesson.levels != GIVEN, np.zeros(lesson.ids.shape)
    numbers = np.full_like(lesson.levels, GIVEN)
    numbers[asked] = np.arange(asked.sum())  # in place of levels: which id each is of
    told = made.nats(Lessons.of([Lesson(lesson.ids, numbers)]))
    found[asked] = told.nats.detach()[told.levels.argsort()]
    return found


@every_layout
def test_steps_equal_the_whole(layout, streams):
    made = network(layout, streams)
    lesson = made.lesson({"acoustic": some_tokens(6, streams=streams)})
    whole, found = nats_by_place(made, lesson), np.zeros(lesson.ids.shape)
    for (step, row), logits in stepped(made, lesson).items():
        found[step, row] = -float(logits.log_softmax(-1)[lesson.ids[step, row]])
    np.testing.assert_allclose(found, whole, atol=1e-4)


@every_layout
def test_a_batch_equals_singles(layout, streams):
    made = network(layout, streams)
    lessons = [
        made.lesson({"acoustic": some_tokens(n, n, streams)}, begins=n > 4, ends=n > 3)
        for n in (7, 2, 4)
    ]
    told = made.nats(Lessons.of(lessons))
    alone = [made.nats(Lessons.of([each])) for each in lessons]
    numbers = made.asked.end + 1
    sums, counts = told.sums(numbers)
    torch.testing.assert_close(sums, torch.stack([each.sums(numbers)[0] for each in alone]).sum(0))
    assert counts.tolist() == sum(each.sums(numbers)[1] for each in alone).tolist()


@every_layout
def test_nothing_is_seen_ahead(layout, streams):
    """An id changes what is foretold behind it alone: in later steps, and rows that go in turn."""
    made = network(layout, streams)
    lesson = made.lesson({"acoustic": some_tokens(5, streams=streams)})
    before = nats_by_place(made, lesson)
    for step, row in np.argwhere(lesson.levels != GIVEN):
        ids = lesson.ids.copy()
        ids[step, row] = (ids[step, row] + 1) % 6
        after = nats_by_place(made, Lesson(ids, lesson.levels))
        changed = np.abs(after - before) > 1e-6
        ahead = changed[:step].any() or (layout not in DEEP and changed[step].sum() > 1)
        assert not ahead and not changed[step, :row].any()


@every_layout
def test_each_code_is_asked_for_once(layout, streams):
    made, tokens = network(layout, streams), some_tokens(9, streams=streams)
    lesson = made.lesson({"acoustic": tokens})
    asked = [lesson.ids[lesson.levels == level] for level in made.asked.named.values()]
    codes = tokens.codes.reshape(3 * streams, -1)
    assert all(np.array_equal(*pair) for pair in zip(asked, codes, strict=True))
    ends = (lesson.levels == made.asked.end).sum()
    assert ends == (layout != "coarse_first")
    assert (lesson.levels[0] == GIVEN).all()
    lead = made.lesson({"acoustic": tokens}, begins=False).ids[0, 0]
    assert {int(lesson.ids[0, 0]), int(lead)} == {9, 10}
