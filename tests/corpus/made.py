"""Make a corpus in this process, and look at all that it wrote."""

from pathlib import Path
from typing import Any

from vocable.corpus.finish import finish
from vocable.corpus.report import Report
from vocable.corpus.run import planned
from vocable.corpus.worker import Maker


def made(source: Path, folder: Path, codec: Path, to: str = "vcb", **given: Any) -> Report:
    """Encode a source with a codec's folder, all pieces that have no mark, as one worker does."""
    work, tokenizer, pieces = planned(source, folder, str(codec), to=to, **given)
    maker = Maker(work, tokenizer)
    for piece in pieces:
        maker.make(piece)
    return finish(work.folder, work.plan, range(len(pieces)))


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files of a corpus but the account of its runs, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "runs.jsonl"
    }


def failed(folder: Path) -> dict[str, str]:
    """Return why recordings failed, by id."""
    import json

    lines = (folder / "corpus/failed.jsonl").read_text("utf-8").splitlines()
    return {row["id"]: row["reason"] for row in map(json.loads, lines)}
