"""`vocable context CODEC …`: how much audio fits into a language model, and what it costs there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.context_table import context_facts, context_table, memory
from vocable.cli.errors import Refusal, message_of
from vocable.cli.info import entries, without_context
from vocable.errors import TokenError

if TYPE_CHECKING:
    from vocable.tokens import Cache

COUNT = click.IntRange(min=1)


@click.command("context")
@click.argument("codecs", nargs=-1, required=True, metavar="CODEC...", type=options.FILE)
@click.option(
    "--context", type=COUNT, required=True, metavar="N", help="Positions that the model can see."
)
@click.option("--levels", type=COUNT, help="Count only the first N levels.  [default: all]")
@click.option(
    "--prompt",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Positions that are taken already, by text say.  [default: 0]",
)
@click.option("--layers", type=COUNT, help="Layers of the model, for the memory of its cache.")
@click.option("--kv-heads", type=COUNT, help="Heads whose keys and values are kept in each layer.")
@click.option("--head-dim", type=COUNT, help="Numbers in a key of one head.")
@click.option(
    "--item-bytes",
    type=COUNT,
    default=2,
    show_default=True,
    help="Bytes of one number in the cache: 2 for bf16.",
)
@options.as_json
def command(
    codecs: tuple[str, ...],
    context: int,
    levels: int | None,
    prompt: int,
    as_json: bool,
    item_bytes: int,
    **shape: int | None,
) -> int:
    """Show for each layout how much of a codec's tokens fits into a language model's context.

    CODEC is what `vocable info` takes: a model's name or folder, or a token file, whose own levels
    count. A position is one step of the model; depth/s are steps of a depth model, which take none.
    With --layers, --kv-heads and --head-dim the memory of keys and values is counted too.
    """
    console, cache = Console(as_json=as_json), _cache(item_bytes, **shape)
    texts = []
    for what in codecs:
        for entry in entries(what):
            facts, spec = entry.facts, entry.spec
            if spec is None:
                raise Refusal(without_context(what, facts["kind"], context))
            counted = levels or (facts["levels"] if facts["kind"] == "tokens" else None)
            found = _fits(spec, context, counted, prompt, cache)
            console.result({"input": what, "space": spec.space, "context": context} | found)
            texts.append(f"{entry.title}\n{context_table(found['layouts'], context)}")
    if cache is not None:
        texts.append(f"a position takes {memory(cache.bytes_per_position)}")
    if not as_json:
        click.echo("\n\n".join(texts))
    return 0


def _fits(
    spec: Any, context: int, levels: int | None, prompt: int, cache: Cache | None
) -> dict[str, Any]:
    from vocable.tokens import fits

    try:
        found = fits(spec, context, levels, prompt=prompt, cache=cache)
    except TokenError as error:
        raise Refusal(message_of(error)) from error
    return {"levels": spec.check_levels(levels), "layouts": context_facts(found)}


def _cache(item_bytes: int, **shape: int | None) -> Cache | None:
    """Return the shape of the model's cache, if all or nothing of it was given."""
    from vocable.tokens import Cache

    if missing := [name for name, value in shape.items() if value is None]:
        if len(missing) < len(shape):
            names = ", ".join("--" + name.replace("_", "-") for name in missing)
            raise Refusal(f"the memory of a cache needs {names} too")
        return None
    try:
        return Cache(**shape, item_bytes=item_bytes)  # type: ignore[arg-type]  # none is None here
    except TokenError as error:
        raise Refusal(message_of(error)) from error
