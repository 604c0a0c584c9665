"""`vocable info FILE_OR_MODEL`: describe a token file, a recording or a model, without torch."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.context_table import context_facts, context_table
from vocable.cli.errors import Refusal
from vocable.cli.info_entry import Entry
from vocable.cli.info_files import file_entries, is_no_model, must_be_file
from vocable.cli.info_models import model_entry
from vocable.cli.info_units import units_facts, units_rows
from vocable.cli.paths import is_special
from vocable.cli.pipes import input_path
from vocable.cli.units import table

if TYPE_CHECKING:
    from vocable.tokens import Fit, TokenSpec


@click.command("info")
@click.argument("what", metavar="FILE_OR_MODEL", type=options.FILE)
@click.option(
    "--context",
    type=click.IntRange(min=1),
    metavar="N",
    help="Also show how many seconds fit into N positions, for each layout.",
)
@options.as_json
def command(what: str, context: int | None, as_json: bool) -> int:
    """Describe a token file, a recording or a model.

    FILE_OR_MODEL is a .vcb file, a recording, "-" for either on stdin, tokens as .npy, .npz or
    .safetensors, or a model: its folder, its file, or its name (`vocable models`). Of published
    units it says which files make them, and where these are.
    """
    console = Console(as_json=as_json)
    for entry in entries(what):
        facts = entry.facts
        if context is not None:
            if entry.spec is None:
                raise Refusal(without_context(what, facts["kind"], context))
            facts["context"] = context_facts(_fits(entry.spec, context, facts.get("levels")))
        console.result({"input": what, **facts})
        if not as_json:
            click.echo(_as_text(entry, context))
    return 0


def without_context(what: str, kind: str, context: int) -> str:
    """Return why nothing can be said of a context."""
    if kind != "recording":
        return f"--context: {what} does not say what its tokens are; give a .vcb file of it"
    return (
        f"--context: {what} is a recording; how much fits depends on the codec: "
        f"vocable info {options.DEFAULT_CODEC} --context {context}"
    )


def entries(what: str) -> list[Entry]:
    """Return the tracks of a token file, a recording, a model, or published units."""
    from vocable.load import is_bundled

    if is_special(what) or (is_no_model(what) and not is_bundled(what)):
        with input_path(what) as path:
            return file_entries(path, what)
    if must_be_file(what):
        raise Refusal(f"no such file: {what}")
    if not os.path.exists(what) and (units := units_facts(what)):
        return [Entry(what, units, partial(units_rows, units))]
    return [model_entry(what)]


def _fits(spec: TokenSpec, context: int, levels: Any) -> list[Fit]:
    from vocable.tokens import fits

    return fits(spec, context, levels if isinstance(levels, int) else None)


def _as_text(entry: Entry, context: int | None) -> str:
    paragraphs = [entry.title, table(entry.rows())]
    if "context" in entry.facts:
        paragraphs.append(context_table(entry.facts["context"], context))
    return "\n".join(paragraphs)
