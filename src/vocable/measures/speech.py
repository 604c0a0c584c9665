"""Predict what listeners would say of decoded speech: quality (PESQ) and intelligibility (STOI).

Both wrap the packages whose numbers the field quotes, and turn their many ways to fail (a NaN, a
score of 1e-5, a bytes message, a crash on many words) into one MeasureError with the reason.
"""

import warnings

from vocable.errors import MeasureError
from vocable.measures.checks import (
    Samples,
    Signal,
    check_longest,
    check_pair,
    check_rate,
    import_package,
    is_silent,
)
from vocable.measures.utterances import most_utterances

PESQ_RATE = 16000
PESQ_SHORTEST = 0.25  # seconds
PESQ_LONGEST = 30.0  # seconds: P.862 was validated on 8 to 12, P.862.3 allows 30
# The ITU's code has tables for 50 utterances and writes past their ends, which gives a wrong score
# or ends the process. Words with pauses reach 50 from 19.4 s on, and 75 in 30 s. Our count was at
# most one below its own (120 trains of words, bursts and tones; its code built with larger tables).
PESQ_UTTERANCES, PESQ_SURE = 45, 19.0  # seconds that never hold more than 50
STOI_MIN_RATE = 8000


def pesq_wb(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return the wideband PESQ score (MOS-LQO, about 1 to 4.64; identity gives 4.6439).

    Takes [samples] of one length at 16 kHz, 0.25 to 30 s. MeasureError where it is not defined:
    silence on either side, no speech found, another rate, or more than about 50 words with pauses
    between them, of which the package would crash. ITU-T P.862.2, package pesq.
    """
    x, y = check_pair(reference, degraded)
    rate = check_rate("pesq_wb", rate, exactly=PESQ_RATE)
    check_longest("pesq_wb", x.size / rate, PESQ_LONGEST)
    if x.size < PESQ_SHORTEST * rate:
        raise MeasureError(
            f"pesq_wb needs at least {PESQ_SHORTEST} s, got {x.size / rate:.2f} s; "
            "leave this clip out"
        )
    if is_silent(y):
        raise MeasureError("pesq_wb is not defined for a silent degraded signal; count it apart")
    _check_utterances(x, rate)
    package = import_package("pesq", "pesq_wb", "pesq")
    try:
        return float(package.pesq(rate, x, y, "wb"))
    except (package.PesqError, ValueError) as error:
        raise MeasureError(
            f"pesq_wb found nothing to score in {x.size / rate:.2f} s ({_text(error)})"
        ) from error


def stoi(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return short-time objective intelligibility (about 0 to 1; identity gives 1).

    Takes [samples] of one length at 8 kHz or more, with at least 0.4 s of active speech, else
    MeasureError (the package would return 1e-5). Taal et al. 2011, package pystoi.
    """
    x, y = check_pair(reference, degraded)
    rate = check_rate("stoi", rate, least=STOI_MIN_RATE)
    package = import_package("pystoi", "stoi", "eval")
    too_short = f"stoi needs at least 0.4 s of active speech, got {x.size / rate:.2f} s in all"
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Not enough STFT frames")
        try:
            return float(package.stoi(x, y, rate, extended=False))
        except (RuntimeWarning, ValueError) as error:  # numpy's AxisError is a ValueError
            raise MeasureError(too_short) from error


def _check_utterances(x: Samples, rate: int) -> None:
    """Refuse a reference on which the package may crash."""
    if x.size > PESQ_SURE * rate and (count := most_utterances(x, rate)) > PESQ_UTTERANCES:
        raise MeasureError(
            f"pesq_wb holds 50 utterances at a time, got up to {count} in {x.size / rate:.2f} s "
            f"(words with pauses between them); score pieces of at most {PESQ_SURE:g} s"
        )


def _text(error: Exception) -> str:
    """Return the message, which pesq raises as bytes."""
    message = error.args[0] if error.args else type(error).__name__
    return message.decode(errors="replace") if isinstance(message, bytes) else str(message)
