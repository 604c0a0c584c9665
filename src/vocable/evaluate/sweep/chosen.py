"""Choose the measures of a set of recordings, and say which version of each is here."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence

from vocable.errors import MeasureError
from vocable.measures import REGISTRY, Measure
from vocable.measures.registry import find

ALL = "all"
# What is computed unasked. MCD is left out for its time: as much as all others together.
_SPEECH = (
    *("pesq_wb", "stoi", "estoi", "visqol_speech", "mel_distance_dac", "stft_distance_dac"),
    *("f0_cents", "f0_voicing", "si_sdr"),
)
_OTHER = (
    *("visqol_audio", "mel_distance_dac", "stft_distance_dac", "log_spectral_distance"),
    "si_sdr",
)
# What says nothing of music and noises.
_OF_SPEECH = frozenset(
    (
        *("pesq_wb", "pesq_nb", "stoi", "estoi", "visqol_speech", "mcd"),
        *("dnsmos_ovrl", "dnsmos_sig", "dnsmos_bak", "dnsmos_p808", "plcmos"),
        *("f0_cents", "f0_correlation", "f0_voicing"),
    )
)
_log = logging.getLogger(__name__)


def measures_of(
    asked: Sequence[str] | str | None, sets: Sequence[str], speech: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    """Return the names of the measures of each set.

    asked: names for all sets, each of which has to be here; "all" for every registered measure;
    None for a usual choice, and those of your own that are registered as a default. Of the latter
    two, sets without speech get none that is made for it, and those whose packages are missing are
    left out and logged. Raises MeasureError for a name that is not known, or lacks its package.
    """
    if (names := named(asked)) is not None:
        return {each: names for each in sets}
    every = asked == ALL
    here = _here(every)
    return {
        each: tuple(name for name in here if name in _unasked(every, each in speech))
        for each in sets
    }


def named(asked: Sequence[str] | str | None) -> tuple[str, ...] | None:
    """Return the measures that are asked for by their names, each once; None where none is.

    Raises MeasureError for one that is not known, or lacks its package.
    """
    if asked is None or asked == ALL:
        return None
    names = tuple(dict.fromkeys([asked] if isinstance(asked, str) else asked))
    for name in names:
        _check(find(name))
    return names


def version_of(measure: str) -> str:
    """Return what decides on a measure's values: its definition, and what computes it here."""
    found = find(measure)
    return f"{found.version}, {found.computed_by}"


def _unasked(every: bool, is_speech: bool) -> set[str]:
    of_users = {each.name for each in REGISTRY.values() if each.default} - _OF_SPEECH
    usual = set(_SPEECH if is_speech else _OTHER) | of_users
    chosen = set(REGISTRY) if every else usual
    return chosen if is_speech else chosen - _OF_SPEECH


def _here(every: bool) -> list[str]:
    """Return those that can be computed, in the order of the table; log which cannot."""
    wanted = _unasked(every, True) | _unasked(every, False)
    missing = [REGISTRY[name] for name in REGISTRY if name in wanted and _lacks(REGISTRY[name])]
    if missing:
        names = ", ".join(each.name for each in missing)
        extras = ",".join(dict.fromkeys(each.needs for each in missing if each.needs))
        _log.warning('left out %s; for them: pip install "vocable[%s]"', names, extras)
    return [name for name in REGISTRY if name in wanted and REGISTRY[name] not in missing]


def _check(measure: Measure) -> None:
    if _lacks(measure):
        raise MeasureError(
            f"{measure.name} needs the package {measure.package}: "
            f'pip install "vocable[{measure.needs}]"'
        )


def _lacks(measure: Measure) -> bool:
    return measure.package is not None and importlib.util.find_spec(measure.package) is None
