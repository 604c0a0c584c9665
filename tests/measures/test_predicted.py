"""DNSMOS and PLCMOS: what they refuse, and that their values do not wander."""

import numpy as np
import pytest

from tests.measures.signals import RATE, noise, voice
from vocable.errors import MeasureError
from vocable.measures import DNSMOS, dnsmos, plcmos, score

NAMES = ("dnsmos_ovrl", "dnsmos_sig", "dnsmos_bak", "dnsmos_p808")


@pytest.mark.parametrize("name", [*NAMES, "plcmos"])
def test_samples_beyond_full_scale_are_refused(name):
    loud = 1.01 * voice() / np.abs(voice()).max()
    with pytest.raises(MeasureError, match=r"takes samples within ±1, got 1.01; clip or scale"):
        score(name, None, loud, RATE)


def test_four_opinions_come_of_one_run():
    pytest.importorskip("speechmos")
    x = voice() + noise(2 * RATE, 1e-5)
    found = dnsmos(x, RATE)
    assert isinstance(found, DNSMOS)
    assert [score(name, None, x, RATE) for name in NAMES] == list(found)
    assert dnsmos(x + noise(2 * RATE, 1e-3), RATE) != found


def test_the_imagined_raters_are_the_same_every_time():
    pytest.importorskip("speechmos")
    x = voice()
    first = plcmos(x, RATE)
    np.random.seed(99)
    assert plcmos(x, RATE) == first
