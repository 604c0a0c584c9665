"""`vocable corpus encode SOURCE -o OUT`: encode a corpus, or go on with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal
from vocable.cli.exit_codes import FAILED
from vocable.cli.open_codec import set_up
from vocable.cli.units import duration, file_size

if TYPE_CHECKING:
    from vocable.corpus import Report
    from vocable.corpus.encoder import Encoder
    from vocable.tokens import Vocabulary


@click.command("encode")
@click.argument("source", metavar="SOURCE")
@click.option(
    "-o", "--out", required=True, type=click.Path(file_okay=False), help="The folder of the corpus."
)
@options.codec
@click.option(
    "--to",
    default="vcb",
    show_default=True,
    metavar="FORM",
    help="How it is written: vcb, parquet, webdataset, jsonl, shar, megatron, nanoset, mds or "
    "litdata.",
)
@options.levels
@click.option("--layout", metavar="NAME", help="The order of ids, in forms that hold ids.")
@click.option(
    "--vocabulary",
    type=click.Path(exists=True, dir_okay=False),
    help="The ids, as Vocabulary.save wrote them, in place of --layout.",
)
@options.mix
@options.allow_loud
@click.option(
    "--workers", type=click.IntRange(1, options.JOBS), default=1, show_default=True, metavar="N",
    help="Processes, each with one thread (or --threads).",
)  # fmt: skip
@click.option("--ray", metavar="ADDRESS", help="Work on a Ray cluster in place of here; or local.")
@click.option("--task", type=click.IntRange(min=1), help="Be run K of --tasks N side by side.")
@click.option("--tasks", type=click.IntRange(min=1), help="How many runs share the work.")
@click.option(
    "--piece",
    type=click.IntRange(min=1),
    metavar="N",
    help="Recordings in a shard, of files.  [default: 16 to 1000]",
)
@click.option("--retry-failed", is_flag=True, help="Try recordings again that failed.")
@options.machine
@options.output
def command(
    source: str, out: str, codec: str | None, to: str, levels: int | None, kbps: float | None,
    layout: str | None, vocabulary: str | None, mix: bool, allow_loud: bool, workers: int,
    ray: str | None, task: int | None, tasks: int | None, piece: int | None, retry_failed: bool,
    device: str | None, threads: int | None, as_json: bool, quiet: bool,
) -> int:  # fmt: skip
    """Encode all recordings of SOURCE, each exactly once; the same command goes on after a stop.

    SOURCE is a folder of recordings, of WebDataset tars or of Parquet, a manifest, or a file that
    lists paths or addresses. OUT/corpus has the plan, what failed and why, copies, and a report.
    """
    if (task is None) != (tasks is None):
        raise Refusal("--task K and --tasks N belong together; give both")
    if layout and vocabulary:
        raise Refusal("--vocabulary has its layout; leave --layout out")
    set_up(device, threads or 1)
    from vocable.corpus import encode_corpus

    console = Console(as_json=as_json, quiet=quiet)
    name = codec or options.DEFAULT_CODEC
    with console.progress(source) as progress:
        report = encode_corpus(
            source, out, name, to=to, levels=_levels(name, levels, kbps),
            vocabulary=_words(layout, vocabulary), mix=mix, allow_loud=allow_loud, size=piece,
            workers=workers, threads=threads or 1, device=device,
            task=(task or 1, tasks or 1), retry_failed=retry_failed, ray=ray, progress=progress,
        )  # fmt: skip
    return _tell(report, out, console)


def _levels(codec: str, levels: int | None, kbps: float | None) -> int | None:
    if kbps is None:
        return levels
    from vocable.cli.open_codec import chosen_levels, open_codec

    return chosen_levels(open_codec(codec, None, None).spec, levels, kbps)


def _words(layout: str | None, path: str | None) -> "Callable[[Encoder], Vocabulary] | None":
    """Return what makes the ids: a saved vocabulary, or one of a layout."""
    from vocable.tokens import LAYOUTS, Vocabulary

    if path is not None:
        words = Vocabulary.load(path)
        return lambda _: words
    if layout is None:
        return None
    if layout not in LAYOUTS:
        raise Refusal(f"--layout {layout}: known are {', '.join(LAYOUTS)}")
    return lambda encoder: Vocabulary.of(encoder.spec, LAYOUTS[layout], levels=encoder.levels)


def _tell(report: "Report", out: str, console: Console) -> int:
    """Say what there is now; return the exit code."""
    facts: dict[str, Any] = report.to_dict()
    console.line(
        f"{out}  {report.recordings} recordings  {duration(report.seconds)}  "
        f"{report.tokens} tokens  {file_size(report.bytes)}"
    )
    if report.seconds:
        console.line(
            f"silence {report.silent / report.seconds:.1%}  copies {report.copies}  "
            f"{report.bits / report.seconds:.0f} bit/s nominal"
        )
    if not report.whole:
        console.line(f"{report.made} of {report.pieces} pieces are made; other tasks make the rest")
    if report.failed:
        where = os.path.join(out, "corpus", "failed.jsonl")
        console.failure(f"{report.failed} recordings failed; {where} says why")
    console.result({"output": out, **facts})
    return FAILED if report.failed else 0
