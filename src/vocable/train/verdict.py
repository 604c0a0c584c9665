"""Tell a sick run by its own reports, and name the known remedy."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from vocable.train.recipe import Recipe

_log = logging.getLogger(__name__)
HEALTHY = "healthy"
OF_NAN = "half of optimizer.lr, or optimizer.clip = 0.5"  # the remedy; the loop stops by itself

COLLAPSE = 0.03  # of the perplexity that the report's codes could have: fewer entries carry a level
SILENCE = -15.0  # dB of the output over the input
WINNING = (
    0.1  # of a hinge loss that is 2 when undecided and 0 when the discriminator is always right
)
PATIENCE = 2  # reports in a row before a sickness is named


class Doctor:
    """Examines each report; a sickness is named when it has lasted `PATIENCE` reports."""

    def __init__(self, recipe: Recipe) -> None:
        self.warmup = recipe.schedule.warmup
        self._lasting: dict[str, int] = {}
        self._said = HEALTHY

    def examine(self, step: int, line: dict[str, Any]) -> str:
        """Return "healthy", or what is wrong and what to do, for a line of the log."""
        found = dict(_sicknesses(line)) if step > self.warmup else {}
        self._lasting = {name: self._lasting.get(name, 0) + 1 for name in found}
        named = [text for name, text in found.items() if self._lasting[name] >= PATIENCE]
        verdict = "; ".join(named) or HEALTHY
        if verdict != self._said and named:
            _log.warning("step %d: %s", step, verdict)
        self._said = verdict
        return verdict


def _sicknesses(line: dict[str, Any]) -> Sequence[tuple[str, str]]:
    return [*_collapse(line), *_silence(line), *_winning(line)]


def _collapse(line: dict[str, Any]) -> list[tuple[str, str]]:
    """Find levels that few entries carry; a level not yet started has no codes."""
    found = []
    for level, (perplexity, possible) in enumerate(
        zip(line.get("perplexity", ()), line.get("possible", ()), strict=True)
    ):
        if possible and perplexity < max(1.5, COLLAPSE * possible):
            found.append(level)
    if not found:
        return []
    text = (
        f"collapse: level {', '.join(map(str, found))} of the codebooks lives on few entries; "
        "halve optimizer.lr, use EMA codebooks with k-means start and revival, and see that the "
        "latent varies"
    )
    return [("collapse", text)]


def _silence(line: dict[str, Any]) -> list[tuple[str, str]]:
    level = line.get("level_db")
    if level is None or level > SILENCE:
        return []
    text = (
        f"silence: the output is {-level:.0f} dB below the input; lower loss.complex and "
        "loss.time, which reward quiet output, and raise loss.mel"
    )
    return [("silence", text)]


def _winning(line: dict[str, Any]) -> list[tuple[str, str]]:
    critic = line.get("losses", {}).get("critic")
    if critic is None or critic > WINNING:
        return []
    text = (
        f"discriminator winning: its loss is {critic:.3f} (2 when undecided); lower "
        "adversarial.optimizer.lr, or raise adversarial.feature"
    )
    return [("winning", text)]
