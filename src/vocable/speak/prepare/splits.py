"""Hold out a part of a set to judge by: whole recordings where that is possible.

Neighbouring snippets share their room, their mood, sometimes their words; so what is held out is
not drawn snippet by snippet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SHARE, LEAST, MOST = 0.1, 0.03, 0.2  # of the time: aimed at, and what recordings may come to

TRAIN, VALID = "train", "valid"


def splits(seconds: Mapping[str, Sequence[float]], held: float = 0.0) -> dict[str, list[str]]:
    """Return the split of each snippet: by recording, in their order.

    seconds: of the snippets of each recording. held: seconds that are held out already.

    The shortest recordings are held out while they come to a tenth; if none is short enough, the
    end of the longest one.
    """
    found = {name: [TRAIN] * len(each) for name, each in seconds.items()}
    total = held + sum(map(sum, seconds.values()))
    if held >= LEAST * total:
        return found
    whole = 0.0
    for name in sorted(seconds, key=lambda name: sum(seconds[name]))[:-1]:
        if whole >= SHARE * total or whole + sum(seconds[name]) > MOST * total:
            break
        found[name] = [VALID] * len(seconds[name])
        whole += sum(seconds[name])
    if whole < LEAST * total and seconds:
        longest = max(seconds, key=lambda name: sum(seconds[name]))
        _hold_end(found[longest], seconds[longest], SHARE * total)
    return found


def _hold_end(found: list[str], seconds: Sequence[float], wanted: float) -> None:
    """Hold out the last snippets, up to so many seconds, but one at least, and not the first."""
    spent = 0.0
    for n in range(len(seconds) - 1, 0, -1):
        spent += seconds[n]
        if spent > wanted and n < len(seconds) - 1:
            break
        found[n] = VALID
