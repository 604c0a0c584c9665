"""TIMIT's labels become the phones that results are stated in."""

import pytest

from vocable.measures.timit import fold_timit

SAID = [
    *((0.0, 1.0, "h#"), (1.0, 2.0, "ux"), (2.0, 3.0, "bcl"), (3.0, 4.0, "b"), (4.0, 5.0, "q")),
    *((5.0, 6.0, "pau"), (6.0, 7.0, "zh"), (7.0, 8.0, "epi")),
]
PHONES = ((1.0, 2.0, "uw"), (3.0, 4.0, "b"), (6.0, 7.0, "sh"))
SILENCE = ((0.0, 1.0, "sil"), (2.0, 3.0, "sil"), (5.0, 6.0, "sil"), (7.0, 8.0, "sil"))
ALL = (
    "iy ih eh ey ae aa aw ay ah ao oy ow uh uw ux er ax ix axr ax-h b d g p t k dx q jh ch s sh z "
    "zh f th v dh m n ng em en eng nx l r w y hh hv el bcl dcl gcl pcl tcl kcl pau epi h#"
)


@pytest.mark.parametrize(("silence", "more"), [("", ()), ("sil", SILENCE)])
def test_silence_is_no_phone_unless_it_has_a_label(silence, more):
    assert fold_timit(SAID, silence) == tuple(sorted(PHONES + more))


def test_61_labels_become_38_and_silence():
    spans = [(float(k), k + 1.0, label) for k, label in enumerate(ALL.split())]
    assert len(spans) == 61
    assert len({label for _, _, label in fold_timit(spans)}) == 38
    assert len({label for _, _, label in fold_timit(spans, "sil")}) == 39
