"""`vocable models`: the codecs that come with the package."""

from typing import Any

import click

from vocable.cli import options
from vocable.cli.say import Voice


@click.command("models")
@options.as_json
def command(as_json: bool) -> int:
    """List the codecs that come with the package.

    Others are used by their folder: --codec FOLDER, as `vocable train codec` leaves it.
    """
    from vocable.load import models

    found = models()
    voice = Voice(as_json=as_json)
    for model in found:
        voice.result(facts_of(model))
        if not as_json:
            click.echo(f"{model.name}  {model.space}  {_first_line(model.card)}".rstrip())
    if not found:
        voice.line("no codec comes with this package; train one: vocable train codec --help")
    return 0


def facts_of(model: Any) -> dict[str, Any]:
    """Return what a model's folder says of it, for --json."""
    return {"folder": str(model.folder), **model.facts}


def _first_line(card: str) -> str:
    """Return the first line of a model card that is prose."""
    lines = (line.strip() for line in card.splitlines())
    return next((line for line in lines if line and line[0].isalpha()), "")
