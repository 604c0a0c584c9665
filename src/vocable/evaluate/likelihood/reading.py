"""Read sets of pairs from the folders that they come in; nothing is fetched."""

from __future__ import annotations

from pathlib import Path

from vocable.errors import MeasureError
from vocable.evaluate.likelihood import made, salmon, zerospeech
from vocable.evaluate.likelihood.pairs import Pair


def read_pairs(folder: str | Path) -> list[Pair]:
    """Return the pairs of a folder: our own, SALMon's, or ZeroSpeech's words and sentences.

    MeasureError for a folder that holds none, and where a recording is missing.
    """
    folder = Path(folder)
    for reader in (made, zerospeech, salmon):
        if pairs := reader.read(folder):
            return _all_there(folder, pairs)
    raise MeasureError(
        f"{folder} holds no pairs: no {made.LIST}, no {zerospeech.GOLD} beside recordings, no "
        "folder of sample_0_0.wav and sample_0_1.wav; make some: vocable data pairs"
    )


def _all_there(folder: Path, pairs: list[Pair]) -> list[Pair]:
    files = [path for pair in pairs for path in (pair.positive, pair.negative)]
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise MeasureError(
            f"{folder} lacks {len(missing)} of {len(files)} recordings, the first {missing[0]}; "
            "unpack it again"
        )
    return pairs
