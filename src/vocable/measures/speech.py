"""Predict what listeners would say of decoded speech: quality (PESQ) and intelligibility (STOI).

Both wrap the packages whose numbers the field quotes, and turn their many ways to fail (a NaN, a
score of 1e-5, a bytes message, a crash on many words) into one MeasureError with the reason.
"""

from __future__ import annotations

import warnings
from functools import partial

from vocable.errors import MeasureError
from vocable.measures.checks import Samples, Signal, import_package, named, same_randomness
from vocable.measures.measure import Measure
from vocable.measures.registry import score
from vocable.measures.utterances import most_utterances

# The ITU's code has tables for 50 utterances and writes past their ends, which gives a wrong score
# or ends the process. Words with pauses reach 50 from 19.4 s on, and 75 in 30 s. Our count was at
# most one below its own (120 trains of words, bursts and tones; its code built with larger tables).
PESQ_UTTERANCES, PESQ_SURE = 45, 19.0  # seconds that never hold more than 50


def pesq(reference: Signal, degraded: Signal, rate: int, *, mode: str = "wb") -> float:
    """Return the PESQ score (MOS-LQO): of wideband speech, mode "wb", or of a telephone's, "nb".

    Takes [samples] of one length, 0.25 to 30 s. "wb": at 16 kHz, about 1 to 4.64, ITU-T P.862.2.
    "nb": at 16 or 8 kHz, about 1 to 4.55, P.862.1. MeasureError where it is not defined: silence on
    either side, no speech found, another rate, or more than about 50 words with pauses between
    them, of which the package would crash. Package pesq.
    """
    return score(named(PESQ_MODES, mode, "mode of pesq"), reference, degraded, rate)


def stoi(reference: Signal, degraded: Signal, rate: int, *, extended: bool = False) -> float:
    """Return short-time objective intelligibility (about 0 to 1; identity gives 1).

    Takes [samples] of one length at 8 kHz or more, with at least 0.4 s of active speech, else
    MeasureError (the package would return 1e-5). extended: ESTOI, Jensen and Taal 2016, which suits
    fluctuating noise. Taal et al. 2011, package pystoi.
    """
    return score(ESTOI if extended else STOI, reference, degraded, rate)


def _pesq(x: Samples, y: Samples, rate: int, mode: str) -> float:
    name, seconds = f"pesq_{mode}", x.size / rate
    _check_utterances(name, x, rate)
    package = import_package("pesq", name, "vocable[pesq]")
    try:
        return float(package.pesq(rate, x, y, mode))
    except (package.PesqError, ValueError) as error:
        raise MeasureError(
            f"{name} found nothing to score in {seconds:.2f} s ({_text(error)})"
        ) from error


def _check_utterances(name: str, x: Samples, rate: int) -> None:
    """Refuse a reference on which the package may crash."""
    if x.size > PESQ_SURE * rate and (count := most_utterances(x, rate)) > PESQ_UTTERANCES:
        raise MeasureError(
            f"{name} holds 50 utterances at a time, got up to {count} in {x.size / rate:.2f} s "
            f"(words with pauses between them); score pieces of at most {PESQ_SURE:g} s"
        )


def _text(error: Exception) -> str:
    """Return the message, which pesq raises as bytes."""
    message = error.args[0] if error.args else type(error).__name__
    return message.decode(errors="replace") if isinstance(message, bytes) else str(message)


def _stoi(x: Samples, y: Samples, rate: int, extended: bool) -> float:
    name = "estoi" if extended else "stoi"
    package = import_package("pystoi", name, "vocable[eval]")
    too_short = f"{name} needs at least 0.4 s of active speech, got {x.size / rate:.2f} s in all"
    with warnings.catch_warnings(), same_randomness():  # ESTOI adds noise of 1e-16
        warnings.filterwarnings("error", message="Not enough STFT frames")
        try:
            return float(package.stoi(x, y, rate, extended=extended))
        except (RuntimeWarning, ValueError) as error:  # numpy's AxisError is a ValueError
            raise MeasureError(too_short) from error


PESQ_WB = Measure(
    "pesq_wb",
    partial(_pesq, mode="wb"),
    about="quality of decoded speech as listeners would rate it, ITU-T P.862.2",
    unit="MOS-LQO",
    direction="up",
    range=(1.0, 4.644),
    needs="pesq",
    package="pesq",
    version="P.862.2",
    rate=16000,
    shortest=0.25,
    longest=30.0,  # P.862 was validated on 8 to 12, P.862.3 allows 30
    digits=2,
)
PESQ_NB = Measure(
    "pesq_nb",
    partial(_pesq, mode="nb"),
    about="quality of decoded speech over a telephone, ITU-T P.862.1",
    unit="MOS-LQO",
    direction="up",
    range=(1.0, 4.549),
    needs="pesq",
    package="pesq",
    version="P.862.1",
    rate=(16000, 8000),
    shortest=0.25,
    longest=30.0,
    default=False,
    digits=2,
)
PESQ_MODES = {"wb": PESQ_WB, "nb": PESQ_NB}
STOI = Measure(
    "stoi",
    partial(_stoi, extended=False),
    about="intelligibility of decoded speech, Taal et al. 2011",
    unit="",
    direction="up",
    range=(0.0, 1.0),
    needs="eval",
    package="pystoi",
    version="2011",
    min_rate=8000,
    shortest=0.4,
)
ESTOI = Measure(
    "estoi",
    partial(_stoi, extended=True),
    about="intelligibility of decoded speech, with fluctuating noise too, Jensen and Taal 2016",
    unit="",
    direction="up",
    range=(0.0, 1.0),
    needs="eval",
    package="pystoi",
    version="2016",
    min_rate=8000,
    shortest=0.4,
    default=False,
)
