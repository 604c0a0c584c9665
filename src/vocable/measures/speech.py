"""Predict what listeners would say of decoded speech: quality (PESQ) and intelligibility (STOI).

Both wrap the packages whose numbers the field quotes, and turn their many ways to fail (a NaN, a
score of 1e-5, a bytes message, a crash on long input) into one MeasureError with the reason.
"""

import warnings

from vocable.errors import MeasureError
from vocable.measures.checks import (
    Signal,
    check_longest,
    check_pair,
    check_rate,
    import_package,
    is_silent,
)

PESQ_RATE = 16000
PESQ_SHORTEST = 0.25  # seconds
# Seconds: the ITU's code has tables for 50 utterances and crashes beyond them; 30 s stay below.
PESQ_LONGEST = 30.0
STOI_MIN_RATE = 8000


def pesq_wb(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return the wideband PESQ score (MOS-LQO, about 1 to 4.64; identity gives 4.6439).

    Takes [samples] of one length at 16 kHz, 0.25 to 30 s. MeasureError where it is not defined:
    silence on either side, no speech found, another rate. ITU-T P.862.2, package pesq.
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


def _text(error: Exception) -> str:
    """Return the message, which pesq raises as bytes."""
    message = error.args[0] if error.args else type(error).__name__
    return message.decode(errors="replace") if isinstance(message, bytes) else str(message)
