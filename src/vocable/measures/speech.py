"""Predict what listeners would say of decoded speech: quality (PESQ) and intelligibility (STOI).

Both wrap the packages whose numbers the field quotes, and turn their many ways to fail (a NaN, a
score of 1e-5, a bytes message, a crash on long input) into one MeasureError with the reason.
"""

import warnings
from typing import Any

from vocable.errors import MeasureError
from vocable.measures.checks import Signal, check_pair, check_rate, is_silent

PESQ_RATE = 16000
# The ITU's code keeps fixed tables of 50 utterances and crashes beyond them; 30 s stay below.
PESQ_LONGEST = 30.0
PESQ_SHORTEST = 0.25


def pesq_wb(reference: Signal, degraded: Signal, rate: int) -> float:
    """Return the wideband PESQ score (MOS-LQO, 1.04 to 4.64; identity gives 4.6439).

    Takes [samples] of one length at 16 kHz, 0.25 to 30 s. MeasureError where it is not defined:
    silence on either side, no speech found, another rate. ITU-T P.862.2, package pesq.
    """
    x, y = check_pair(reference, degraded)
    _check_pesq(rate, x.size)
    if is_silent(y):
        raise MeasureError("pesq_wb is not defined for a silent degraded signal; count it apart")
    package = _import_pesq()
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
    check_rate(rate, least=8000)
    package = _import_pystoi()
    too_short = f"stoi needs at least 0.4 s of active speech, got {x.size / rate:.2f} s in all"
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Not enough STFT frames")
        try:
            return float(package.stoi(x, y, rate, extended=False))
        except (RuntimeWarning, ValueError) as error:  # numpy's AxisError is a ValueError
            raise MeasureError(too_short) from error


def _check_pesq(rate: int, samples: int) -> None:
    if rate != PESQ_RATE:
        raise MeasureError(f"pesq_wb is defined at {PESQ_RATE} Hz, got {rate} Hz; resample both")
    seconds = samples / rate
    if not PESQ_SHORTEST <= seconds <= PESQ_LONGEST:
        raise MeasureError(
            f"pesq_wb scores {PESQ_SHORTEST} to {PESQ_LONGEST:.0f} s at a time, "
            f"got {seconds:.2f} s; cut both alike"
        )


def _import_pesq() -> Any:
    try:
        import pesq
    except ImportError as error:
        raise _missing("pesq_wb", "pesq", "pesq") from error
    return pesq


def _import_pystoi() -> Any:
    try:
        import pystoi
    except ImportError as error:
        raise _missing("stoi", "pystoi", "eval") from error
    return pystoi


def _missing(measure: str, package: str, extra: str) -> MeasureError:
    return MeasureError(f'{measure} needs the package {package}: pip install "vocable[{extra}]"')


def _text(error: Exception) -> str:
    """Return the message, which pesq raises as bytes."""
    said = error.args[0] if error.args else type(error).__name__
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
