"""`vocable models`: list the codecs that come with the package."""

from typing import Any

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.units import kbps


@click.command("models")
@options.as_json
def command(as_json: bool) -> int:
    """List the codecs that come with the package.

    Others are used by their folder, as `vocable train codec` writes it: --codec FOLDER.
    """
    from vocable.load import models

    found = models()
    console = Console(as_json=as_json)
    for model in found:
        console.result(facts_of(model))
        if not as_json:
            click.echo("  ".join([model.name, *_summary(model), model.space]))
    if not found:
        console.line("no codec comes with this package; train one: vocable train codec --help")
    return 0


def facts_of(model: Any) -> dict[str, Any]:
    """Return the facts of a model for --json."""
    return {"folder": str(model.folder), **model.facts}


def _summary(model: Any) -> list[str]:
    """Return rates and levels in a few words; nothing for a model whose config has no spec."""
    spec = model.spec
    if spec is None:
        return []
    rates = f"{spec.rate} Hz", f"{float(spec.frame_rate):g} frames/s", f"{len(spec.levels)} levels"
    return [*rates, kbps(float(spec.bitrate()))]
