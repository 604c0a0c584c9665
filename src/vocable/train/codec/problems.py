"""What goes wrong when a codec trains: how a report shows it, and the known remedy."""

from __future__ import annotations

from typing import Any

from vocable.train.task import Problem

COLLAPSE = 0.03  # of the perplexity that the report's codes could have: few entries are used
# Steps: in a sound run from nothing the first level stays below that for some 250 steps, and then
# fills up at once.
FILLING = 500
SILENCE = -15.0  # dB of the output over the input
UNTAUGHT = 0.98  # of the loss of a level that knows nothing of its teacher
WINNING = 0.05  # of the loss of discriminators that cannot tell; at 0 they are always right


def diagnose(line: dict[str, Any], undecided: float = 2.0) -> list[Problem]:
    """Return what is wrong by one line of the log.

    undecided: the loss of discriminators that cannot tell decoded from real audio.
    """
    return [*_collapse(line), *_silence(line), *_winning_discriminator(line, undecided)]


def untaught(line: dict[str, Any], nothing: float) -> list[Problem]:
    """Return whether a codec learns nothing of its teacher, by one line of the log.

    nothing: the loss of a codec that knows nothing of it.
    """
    loss = line.get("losses", {}).get("distil")
    if loss is None or loss < UNTAUGHT * nothing:
        return []
    text = (
        f"untaught: level 0 tells nothing of the teacher ({loss:.3f}, where nothing is "
        f"{nothing:.3f}); raise distil.weight, or take another distil.layer"
    )
    return [Problem("untaught", text, FILLING)]


def _collapse(line: dict[str, Any]) -> list[Problem]:
    """Find levels that few entries carry; a level without codes has not been initialised yet."""
    pairs = zip(line.get("perplexity", ()), line.get("possible", ()), strict=True)
    found = [
        str(level)
        for level, (perplexity, possible) in enumerate(pairs)
        if possible and perplexity < max(1.5, COLLAPSE * possible)
    ]
    if not found:
        return []
    text = (
        f"collapse: codebooks of level {', '.join(found)} use few of their entries; halve "
        "optimizer.lr, or double data.batch or loss.codec.commitment, and see that the recordings "
        "are not all alike"
    )
    return [Problem("collapse", text, FILLING)]


def _silence(line: dict[str, Any]) -> list[Problem]:
    level = line.get("level_db")
    if level is None or level > SILENCE:
        return []
    text = (
        f"silence: the output is {-level:.0f} dB below the input; lower loss.complex and "
        "loss.time, which reward quiet output, and raise loss.mel"
    )
    return [Problem("silence", text)]


def _winning_discriminator(line: dict[str, Any], undecided: float) -> list[Problem]:
    loss = line.get("losses", {}).get("discriminator")
    if loss is None or loss > WINNING * undecided:
        return []
    text = (
        f"discriminator winning: its loss is {loss:.3f} ({undecided:g} when undecided); lower "
        "adversarial.optimizer.lr, or raise adversarial.feature"
    )
    return [Problem("winning discriminator", text)]
