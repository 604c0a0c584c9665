"""`vocable models`: the codecs that come with the package."""

from typing import Any

import click

from vocable.cli import options
from vocable.cli.say import Voice, kbps


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
            click.echo("  ".join([model.name, *_short(model), model.space]))
    if not found:
        voice.line("no codec comes with this package; train one: vocable train codec --help")
    return 0


def facts_of(model: Any) -> dict[str, Any]:
    """Return what a model's folder says of it, for --json."""
    return {"folder": str(model.folder), **model.facts}


def _short(model: Any) -> list[str]:
    """Return what the tokens are, in a few words; nothing for models that do not say."""
    from vocable.tokens import TokenSpec

    if "spec" not in model.facts:
        return []
    spec = TokenSpec.from_dict(model.facts["spec"])
    rates = f"{spec.rate} Hz", f"{float(spec.frame_rate):g} frames/s", f"{len(spec.levels)} levels"
    return [*rates, kbps(float(spec.bitrate()))]
