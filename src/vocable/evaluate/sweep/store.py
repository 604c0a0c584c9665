"""Keep what a sweep finds in a folder, so that it can be stopped, resumed, widened and read back.

results.jsonl     one line for each recording in each system, added as soon as it is done; later
                  lines on the same two add to the earlier ones
study.json        what was asked last
tokens/HASH.vcb   tokens, by the hash of their content
sounds/           recordings that were made again to be listened to
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from vocable.atomic import replacing
from vocable.errors import FormatError
from vocable.evaluate.lines import LineFile, read_lines
from vocable.evaluate.sweep.asked import FORMAT, Asked
from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.study import Study
from vocable.tokens import AudioTokens, read_tokens

RESULTS, ASKED, TOKENS, SOUNDS = "results.jsonl", "study.json", "tokens", "sounds"
_ADDED = ("scores", "unscored", "versions", "words", "voice")  # fields that later lines add to


class Store:
    """The folder of a sweep, open for writing: a context that one process has at a time.

    `results` holds what is known, by recording and system. Raises FileExistsError while another
    process has the folder, and FormatError for lines that are not results.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        for part in (TOKENS, SOUNDS):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        self._file = LineFile(self.folder / RESULTS)
        try:
            self.results = _read(self.folder / RESULTS)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def ask(self, asked: Asked) -> None:
        """Keep what is asked."""
        with replacing(self.folder / ASKED, overwrite=True) as path:
            path.write_text(json.dumps(asked.to_json(), indent=1), encoding="utf-8")

    def add(self, result: Result) -> None:
        """Keep a result, at once."""
        self._file.add(result.to_json())
        self.results[result.key] = merged(self.results.get(result.key), result)


def read_study(folder: str | os.PathLike[str]) -> Study:
    """Return the study that a folder holds, as far as it has come.

    Raises FileNotFoundError for a folder without one, FormatError for files that are damaged.
    """
    path = Path(folder) / ASKED
    if not path.exists():
        raise FileNotFoundError(f"{folder} holds no study ({ASKED}); run vocable evaluate codec")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise FormatError(
                f"{path} has format {found['format']}, and this version of vocable reads {FORMAT}; "
                "take the version that wrote it"
            )
        asked = Asked.from_json(found)
    except (ValueError, TypeError, KeyError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{path} is damaged; run vocable evaluate codec again") from error
    return asked.study(_read(Path(folder) / RESULTS))


def read_kept(folder: str | os.PathLike[str], tokens: str) -> AudioTokens:
    """Return the tokens of a hash, as `Result.tokens` has it."""
    return read_tokens(Path(folder) / TOKENS / f"{tokens}.vcb")


def merged(old: Result | None, new: Result) -> Result:
    """Return what two lines on the same say together: whatever both say, the new one says."""
    if old is None:
        return new
    known: dict[str, Any] = {name: {**getattr(old, name), **getattr(new, name)} for name in _ADDED}
    known["unscored"] = {
        name: why
        for name, why in known["unscored"].items()
        if name in new.unscored or name not in (*new.scores, *new.words, *new.voice)
    }
    for name in ("scores", "words", "voice"):
        values = known[name]
        known[name] = {k: v for k, v in values.items() if k not in new.unscored}
    if new.fault:  # what was made before it failed still says what it is
        return replace(old, fault=new.fault, **known)
    return replace(new, **known)


def _read(path: Path) -> dict[tuple[str, str], Result]:
    found: dict[tuple[str, str], Result] = {}
    for result in read_lines(path, Result.from_json):
        found[result.key] = merged(found.get(result.key), result)
    return found
