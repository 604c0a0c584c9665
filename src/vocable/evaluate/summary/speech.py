"""Say what systems did to words and voices, from what the study keeps of each recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np

from vocable.evaluate.intervals import bootstrap_interval
from vocable.evaluate.recording import Refusal
from vocable.evaluate.speakers import Vectors, Verification, VoiceKept, verify
from vocable.evaluate.summary.board import Board
from vocable.evaluate.sweep.result import Result
from vocable.evaluate.systems.system import ORIGINAL
from vocable.evaluate.words import Transcribed, Transcripts, WordErrors, word_errors
from vocable.measures.words import word_edits

Pairs = list[tuple[Result, Result]]  # of a recording as it is, and as a system made it
UNKNOWN = "not heard, and nobody knows why"


def words(board: Board, texts: Mapping[str, str]) -> dict[str, dict[str, WordErrors]]:
    """Return the errors of words by system and recogniser; of the original, the recogniser's own.

    texts: what is said, by recording. Empty without originals.
    """
    edits = lru_cache(maxsize=None)(word_edits)  # the originals' come up for each system
    found: dict[str, dict[str, WordErrors]] = {system: {} for system in board.systems}
    for recogniser in _names(board, "words"):
        for system, pairs, refusals in _pairs(board, "words", recogniser):
            transcripts = tuple(
                Transcripts(
                    old.name,
                    old.speaker,
                    texts.get(old.recording, ""),
                    old.words[recogniser],
                    new.words[recogniser],
                )
                for old, new in pairs
            )
            errors = word_errors(Transcribed(transcripts, tuple(refusals)), edits)
            found[system][recogniser] = errors
    return found


def voices(
    board: Board,
) -> tuple[dict[str, dict[str, VoiceKept]], dict[str, Verification | None]]:
    """Return what became of voices by system and embedding, and each embedding's own errors."""
    found: dict[str, dict[str, VoiceKept]] = {system: {} for system in board.systems}
    own: dict[str, Verification | None] = {}
    for embedding in _names(board, "voice"):
        for system, pairs, refusals in _pairs(board, "voice", embedding):
            before = _vectors([old for old, _ in pairs], embedding)
            after = _vectors([new for _, new in pairs], embedding)
            speakers = [old.speaker for old, _ in pairs]
            trials = verify(before, after, speakers)
            alike = bootstrap_interval(np.sum(before * after, axis=1), speakers)
            found[system][embedding] = VoiceKept(alike, trials, len(pairs), tuple(refusals))
            if system == ORIGINAL:
                own[embedding] = trials
    return found, own


def _names(board: Board, kept: str) -> list[str]:
    """Return the recognisers or embeddings that took the originals, in order."""
    originals = board.results.get(ORIGINAL, {}).values()
    return sorted({name for each in originals for name in getattr(each, kept)})


def _pairs(board: Board, kept: str, name: str) -> Iterator[tuple[str, Pairs, list[Refusal]]]:
    """Yield each system with the recordings that it and the original have, and those it lacks."""
    originals = board.results[ORIGINAL]
    for system in board.systems:
        results, pairs, refusals = board.results[system], [], []
        for key in board.recordings:
            old, new = originals.get(key), results.get(key)
            lacking = next((r for r in (old, new) if r and name not in getattr(r, kept)), None)
            if lacking:
                refusals.append(Refusal(lacking.name, _reason(lacking, name)))
            elif old and new:
                pairs.append((old, new))
        if pairs:
            yield system, pairs, refusals


def _reason(result: Result, name: str) -> str:
    return result.fault or result.unscored.get(name, UNKNOWN)


def _vectors(results: list[Result], embedding: str) -> Vectors:
    return np.array([each.voice[embedding] for each in results], np.float64)
