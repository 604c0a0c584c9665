"""Predict what listeners would say of speech by networks that hear no reference.

They are learned: DNSMOS (Reddy et al. 2022) on the output of noise suppressors, so it rewards the
removal of a background that the source has; PLCMOS (Diener et al. 2023) on lost packets. They are
never the only evidence. Both run in the package speechmos, which brings its weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from vocable.errors import MeasureError
from vocable.measures.checks import Samples, Signal, import_package, same_randomness
from vocable.measures.measure import Measure, compute
from vocable.measures.registry import score

RATE = 16000  # Hz


class DNSMOS(NamedTuple):
    """What DNSMOS predicts, each a mean opinion of 1 to 5."""

    overall: float  # P.835
    signal: float  # P.835: is the speech distorted
    background: float  # P.835: is the background disturbing
    p808: float  # P.808: overall, by another network


def dnsmos(degraded: Signal, rate: int) -> DNSMOS:
    """Return what DNSMOS predicts of speech [samples] at 16 kHz within ±1, of a second or more.

    It hears 9 s at a time; what is shorter is repeated. The first call in a process takes long,
    to compile. Reddy et al. 2022, arXiv 2110.01763; package speechmos.
    """
    whole = replace(DNSMOS_OVRL, name="dnsmos", function=_dnsmos)
    return DNSMOS(*compute(whole, None, degraded, rate))


def plcmos(degraded: Signal, rate: int) -> float:
    """Return what PLCMOS v2 predicts of speech [samples] at 16 kHz within ±1, 1 to 5.

    It takes the mean over 15 imagined raters drawn at random, which moves it by 0.03 from call to
    call in the package; here they are the same ones every time. Diener et al. 2023, arXiv
    2305.15127; package speechmos.
    """
    return score(PLCMOS, None, degraded, rate)


def _dnsmos(samples: Samples, rate: int) -> DNSMOS:
    _check_within(samples, "dnsmos")
    return _predicted(samples.tobytes())


@lru_cache(maxsize=1)  # one run gives all four
def _predicted(samples: bytes) -> DNSMOS:
    package = import_package("speechmos.dnsmos", "dnsmos", "vocable[mos]")
    found = package.run(np.frombuffer(samples), RATE)
    names = ("ovrl_mos", "sig_mos", "bak_mos", "p808_mos")
    return DNSMOS(*(float(found[name]) for name in names))


def _plcmos(samples: Samples, rate: int) -> float:
    _check_within(samples, "plcmos")
    package = import_package("speechmos.plcmos", "plcmos", "vocable[mos]")
    with same_randomness():
        return float(package.run(samples, RATE)["plcmos"])


def _check_within(samples: Samples, name: str) -> None:
    peak = float(np.abs(samples).max())
    if peak > 1:
        raise MeasureError(f"{name} takes samples within ±1, got {peak:.4g}; clip or scale first")


def _measure(name: str, function: Callable[..., Any], about: str, version: str) -> Measure:
    return Measure(
        name,
        function,
        about=about,
        unit="MOS",
        direction="up",
        range=(1.0, 5.0),
        needs="mos",
        package="speechmos",
        version=version,
        rate=RATE,
        shortest=1.0,
        longest=300.0,
        reference=False,
        default=False,
        digits=2,
    )


DNSMOS_OVRL = _measure(
    "dnsmos_ovrl",
    lambda samples, rate: _dnsmos(samples, rate).overall,
    "quality of speech as DNSMOS P.835 predicts it, Reddy et al. 2022",
    "P.835",
)
DNSMOS_SIG = _measure(
    "dnsmos_sig",
    lambda samples, rate: _dnsmos(samples, rate).signal,
    "quality of the speech in it as DNSMOS P.835 predicts it",
    "P.835",
)
DNSMOS_BAK = _measure(
    "dnsmos_bak",
    lambda samples, rate: _dnsmos(samples, rate).background,
    "quality of the background as DNSMOS P.835 predicts it",
    "P.835",
)
DNSMOS_P808 = _measure(
    "dnsmos_p808",
    lambda samples, rate: _dnsmos(samples, rate).p808,
    "quality of speech as DNSMOS P.808 predicts it, Reddy et al. 2021",
    "P.808",
)
PLCMOS = _measure(
    "plcmos",
    _plcmos,
    "quality of speech after lost packets as PLCMOS predicts it, Diener et al. 2023",
    "v2",
)
