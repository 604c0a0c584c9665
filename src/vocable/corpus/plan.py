"""What a corpus is: from what, by what and to what it is made, and its pieces.

OUT/corpus/plan.json and pieces.jsonl are written before the first piece. Whoever runs the same
command again, on this machine or beside others, compares.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from vocable.atomic import replacing
from vocable.corpus.marks import read_mark
from vocable.corpus.pieces import Piece
from vocable.errors import FormatError, RecipeError
from vocable.tokens import TokenSpec, Vocabulary

FOLDER = "corpus"
VERSION = 1
_TRIES, _WAIT = 6, 0.2  # seconds longer each time, while another run writes the plan
_WORDS = {  # what each setting is called, where it is not what it was
    "source": "is made from", "to": "is written as", "codec": "is of the codec",
    "levels": "has the levels", "mix": "has mix", "allow_loud": "has allow_loud",
    "spec": "has tokens of", "vocabulary": "has the vocabulary", "numbers": "has the numbers",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What is made: `source` as it was named, `codec` as it is loaded, `to` as the output is named.

    numbers     what the output chose, as its dtype
    pieces      how many there are
    digest      SHA-256 of pieces.jsonl
    """

    source: str
    codec: str
    spec: dict[str, Any]
    levels: int
    to: str
    mix: bool = False
    allow_loud: bool = False
    vocabulary: dict[str, Any] | None = None
    numbers: dict[str, Any] = field(default_factory=dict)
    pieces: int = 0
    digest: str = ""

    @property
    def token_spec(self) -> TokenSpec:
        """What the tokens are."""
        return TokenSpec.from_dict(self.spec)

    @property
    def words(self) -> Vocabulary | None:
        """The vocabulary, where ids are written."""
        return None if self.vocabulary is None else Vocabulary.from_dict(self.vocabulary)


def begin(folder: Path, plan: Plan, pieces: Sequence[Piece], *, retry: bool = False) -> Plan:
    """Put the plan of a new corpus in place, or compare it with that which the folder has.

    retry: recordings that failed may have changed. FileExistsError for a folder that holds
    something else, RecipeError for a corpus that is made otherwise or whose source has changed.
    """
    lines = [json.dumps(piece.to_dict(), ensure_ascii=False) + "\n" for piece in pieces]
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    plan = Plan(**{**asdict(plan), "pieces": len(pieces), "digest": digest})
    for attempt in range(_TRIES):
        time.sleep(attempt * _WAIT)
        known = existing(folder)
        if known is None:
            _check_empty(folder)
        else:
            compare(folder, known, plan)
            if known.digest == plan.digest:
                return known
            _compare_pieces(folder, plan, pieces, retry)
        with contextlib.suppress(FileExistsError):  # another run of the same corpus begins it
            _write(folder, plan, lines, overwrite=known is not None)
            return plan
    raise FileExistsError(f"{folder} is being begun by another run, which does not end; try again")


def existing(folder: Path) -> Plan | None:
    """Return the plan of a corpus that has been begun; FormatError for a damaged one."""
    path = folder / FOLDER / "plan.json"
    try:
        table = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise FormatError(f"{path} is damaged ({error})") from error
    try:
        if table.pop("version") != VERSION:
            raise FormatError(f"{path} is of another version of vocable; read it with that one")
        return Plan(**table)
    except (TypeError, KeyError, AttributeError) as error:
        raise FormatError(f"{path} is not the plan of a corpus ({error})") from error


def corpus_plan(folder: Path) -> Plan:
    """Return the plan of a corpus; FileNotFoundError for a folder that is none."""
    if (found := existing(folder)) is None:
        raise FileNotFoundError(f"{folder} is not a corpus: it lacks {FOLDER}/plan.json")
    return found


def read_pieces(folder: Path, first: int = 0, step: int = 1) -> Iterator[Piece]:
    """Yield the pieces of a corpus in order; every `step`-th from number `first` on."""
    path = folder / FOLDER / "pieces.jsonl"
    with open(path, encoding="utf-8") as file:
        for line in islice(file, first, None, step):
            try:
                yield Piece.from_dict(json.loads(line))
            except ValueError as error:
                raise FormatError(f"{path} is damaged ({error})") from error


def _write(folder: Path, plan: Plan, lines: Sequence[str], *, overwrite: bool) -> None:
    kept = folder / FOLDER
    kept.mkdir(parents=True, exist_ok=True)
    with replacing(kept / "pieces.jsonl", overwrite=True) as fresh:
        fresh.write_text("".join(lines), encoding="utf-8", newline="\n")
    table = {"version": VERSION, **asdict(plan)}
    with replacing(kept / "plan.json", overwrite=overwrite) as fresh:
        fresh.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _check_empty(folder: Path) -> None:
    held = [name for name in os.listdir(folder)] if folder.is_dir() else []
    if [name for name in held if name != FOLDER and not name.startswith(".")]:
        raise FileExistsError(f"{folder} holds something else already; name a folder of its own")


def compare(folder: Path, known: Plan, plan: Plan) -> None:
    """RecipeError for a plan that is not the one by which a corpus was begun."""
    before, now = asdict(known), asdict(plan)
    for name, word in _WORDS.items():
        if before[name] != now[name]:
            old, new = (_shown(name, table[name]) for table in (before, now))
            raise RecipeError(f"{folder} {word} {old}, and {new} is asked for; name another folder")


def _shown(name: str, value: Any) -> str:
    if name == "spec":
        return str(value["space"])
    if isinstance(value, dict):
        digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]
        return f"{name} {digest}" if name == "vocabulary" else json.dumps(value)
    return str(value)


def _compare_pieces(folder: Path, plan: Plan, pieces: Sequence[Piece], retry: bool) -> None:
    """Refuse a source that has changed, but for what failed and is tried again."""
    before = list(read_pieces(folder))
    if len(before) != len(pieces):
        raise _changed(plan, f"it has {len(pieces)} pieces and had {len(before)}")
    for old, new in zip(before, pieces, strict=True):
        if old != new:
            mark = read_mark(folder, old.number) if retry else None
            failed = {name for name, _ in mark.failed} if mark else set()
            _compare_piece(plan, old, new, failed)


def _compare_piece(plan: Plan, old: Piece, new: Piece, failed: set[str]) -> None:
    if [each.id for each in old.entries] != [each.id for each in new.entries]:
        names = {each.id for each in old.entries} ^ {each.id for each in new.entries}
        raise _changed(plan, f"{min(names, default=old.place)} has come or gone")
    if (old.place, old.part) != (new.place, new.part):
        raise _changed(plan, f"{new.place} was {old.place}")
    if old.place and failed:
        return
    for number, (was, now) in enumerate(zip(old.seals, new.seals, strict=True)):
        entry = new.entries[number] if new.entries else None
        if was != now and (entry is None or entry.id not in failed):
            raise _changed(plan, f"{entry.path if entry else new.place} is another file")
    for before, after in zip(old.entries, new.entries, strict=True):
        if before != after:
            raise _changed(plan, f"{after.id} is described otherwise")


def _changed(plan: Plan, how: str) -> RecipeError:
    return RecipeError(
        f"{plan.source} has changed since the corpus was begun: {how}; name another folder, or put "
        "it back (files that failed may change with --retry-failed)"
    )
