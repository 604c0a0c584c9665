"""Make of a study what tables and reports show."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vocable.errors import VocableError
from vocable.evaluate.summary.board import Board
from vocable.evaluate.summary.differences import differences
from vocable.evaluate.summary.doubts import doubts
from vocable.evaluate.summary.evidence import Evidence
from vocable.evaluate.summary.ranks import ranks
from vocable.evaluate.summary.rows import rows
from vocable.evaluate.summary.speech import voices, words
from vocable.evaluate.summary.values import Doubt, Summary
from vocable.evaluate.sweep.study import Study
from vocable.evaluate.token_use import TokenUse, token_use
from vocable.tokens import AudioTokens

ReadTokens = Callable[[str], AudioTokens]
"""Return the tokens of a hash, as in `Result.tokens`."""


def summarise(study: Study, tokens: ReadTokens | None = None) -> Summary:
    """Return what the results come to, set by set; equal results in any order give equal ones.

    tokens: reads what `Result.tokens` names; left out, the use of tokens is not counted. Raises
    MeasureError for a measure that is not registered.
    """
    parts = [_of_set(study, of_set, tokens) for of_set in study.sets if study.of(of_set=of_set)]
    return Summary(
        rows=tuple(each for part in parts for each in part.rows),
        differences=tuple(each for part in parts for each in part.differences),
        ranks=tuple(each for part in parts for each in part.ranks),
        doubts=tuple(each for part in parts for each in part.doubts),
        use={key: each for part in parts for key, each in part.use.items()},
        own={key: each for part in parts for key, each in part.own.items()},
    )


def _of_set(study: Study, of_set: str, tokens: ReadTokens | None) -> Summary:
    board = Board.of(study, of_set)
    kept, own = voices(board)
    found = rows(board, words(board, study.texts), kept)
    use, uncounted = _use(board, tokens) if tokens else ({}, [])
    return Summary(
        rows=tuple(found),
        differences=tuple(differences(board)),
        ranks=tuple(ranks(board)),
        doubts=(*doubts(Evidence(board, found, own)), *uncounted),
        use=use,
        own={(of_set, embedding): trials for embedding, trials in own.items()},
    )


def _use(
    board: Board, tokens: ReadTokens
) -> tuple[Mapping[tuple[str, str], TokenUse], list[Doubt]]:
    found, uncounted = {}, []
    for system in board.systems:
        results = board.results[system]
        hashes = [results[key].tokens for key in board.recordings if key in results]
        try:
            if any(hashes):
                found[board.set, system] = token_use(tokens(each) for each in hashes if each)
        except (VocableError, OSError) as error:
            uncounted.append(Doubt(board.set, system, f"its tokens cannot be counted: {error}"))
    return found, uncounted
