"""Sum up what each system did over a set: means, bitrate, delay, and what has no value, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from vocable.evaluate.speakers import VoiceKept
from vocable.evaluate.summary.board import Board, family
from vocable.evaluate.summary.values import Cell, Row
from vocable.evaluate.sweep.result import Result
from vocable.evaluate.words import WordErrors

NOT_YET = "not judged yet"


def rows(
    board: Board,
    words: Mapping[str, Mapping[str, WordErrors]],
    voices: Mapping[str, Mapping[str, VoiceKept]],
) -> list[Row]:
    """Return the rows of a set; words, voices: by system, then by recogniser or embedding."""
    cells: dict[str, dict[str, Cell]] = {system: {} for system in board.systems}
    for measure, scores in board.scores.items():
        counts = np.count_nonzero(~np.isnan(scores), axis=1)
        for system, found, count in zip(
            board.systems, board.intervals(scores), counts, strict=True
        ):
            if found is not None:
                cells[system][measure] = Cell(found, int(count))
    return [
        _row(board, system, cells[system], words.get(system, {}), voices.get(system, {}))
        for system in board.systems
    ]


def _row(
    board: Board,
    system: str,
    cells: Mapping[str, Cell],
    words: Mapping[str, WordErrors],
    voices: Mapping[str, VoiceKept],
) -> Row:
    results = board.results[system]
    made = [each for each in results.values() if not each.fault]
    faults = Counter(each.fault for each in results.values() if each.fault)
    faults.update({NOT_YET: len(board.recordings) - len(results)})
    return Row(
        set=board.set,
        system=system,
        family=family(results),
        bitrate=_bitrate(made),
        delay=float(np.median([each.delay for each in made])) if made else float("nan"),
        asked=len(board.recordings),
        owners=int(board.owners.max()) + 1,
        made=len(made),
        cells=cells,
        faults=_counted(faults),
        unscored={m: reasons for m in board.measures if (reasons := _reasons(made, m))},
        words=words,
        voices=voices,
    )


def _bitrate(made: list[Result]) -> float | None:
    """Return bits of all recordings over their seconds: a mean of rates would be another number."""
    bits = [each.bits for each in made if each.bits is not None]
    seconds = sum(each.seconds for each in made)
    return sum(bits) / seconds if seconds and len(bits) == len(made) else None


def _reasons(made: list[Result], measure: str) -> dict[str, int]:
    return _counted(Counter(each.unscored[measure] for each in made if measure in each.unscored))


def _counted(reasons: Counter[str]) -> dict[str, int]:
    """Return reasons with how often, the commonest first and then by the alphabet."""
    found = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return {reason: count for reason, count in found if count}
