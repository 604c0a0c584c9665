"""`vocable convert AUDIO --voice RECORDING`: what is said, in another voice."""

import time
from pathlib import Path

import click

from vocable.cli import options
from vocable.cli.console import Console
from vocable.cli.errors import Refusal, message_of
from vocable.cli.paths import check_endings, check_input, check_outputs
from vocable.cli.pipes import input_path
from vocable.cli.shown_voice import shown_voice
from vocable.cli.units import duration, times_real_time
from vocable.errors import VocableError
from vocable.speak.conversion.names import VOCODER, WAYS


@click.command("convert")
@click.argument("recording", metavar="AUDIO", type=options.FILE)
@click.option(
    "-o",
    "--out",
    type=options.FILE,
    help="The recording in the other voice.  [default: beside AUDIO, NAME-converted.wav]",
)
@click.option("--voice", required=True, metavar="FILE", help="A recording of the other voice.")
@click.option("--consent", default="", help="Who agreed to that voice being used.")
@click.option(
    "--way",
    type=click.Choice(WAYS),
    default="units",
    show_default=True,
    help="Say its units anew; take the other's frames that sound alike; move the pitch alone; take "
    "the timbre that a codec holds beside its codes.",
)
@click.option(
    "--model",
    metavar="NAME_OR_FOLDER",
    default=VOCODER,
    show_default=True,
    help="What says units, for --way units; a codec such as FACodec, for --way timbre.",
)
@click.option(
    "--units", metavar="NAME_OR_FOLDER", help="The units that it says.  [default: by name]"
)
@click.option(
    "--seed", type=options.SEED, default=0, show_default=True, help="Equal seeds, equal sound."
)
@options.machine
@options.force
@options.output
def command(
    recording: str, out: str | None, voice: str, consent: str, way: str, model: str,
    units: str | None, seed: int,
    device: str | None, threads: int | None, force: bool, as_json: bool, quiet: bool,
) -> int:  # fmt: skip
    """Say what a recording says in another voice, as long and at the same time.

    Its channels are mixed to one.
    """
    from vocable.audio.formats import WRITABLE
    from vocable.cli.open_codec import set_up
    from vocable.cli.results import audio_facts

    path = Path(recording)
    out = out or str(path.with_name(f"{path.stem}-converted.wav"))
    check_input(recording)
    check_input(voice)
    check_endings([out], tuple(WRITABLE))
    check_outputs([out], recording, force=force)
    check_outputs([out], voice, force=force)
    console = Console(as_json=as_json, quiet=quiet)
    set_up(device, threads)
    from vocable.speak.conversion import conversion

    try:
        shown = shown_voice(voice, "", consent)
        began = time.perf_counter()
        way_of = conversion(way, model, units=units, seed=seed, device=device)
        with input_path(recording) as source, console.progress(recording) as progress:
            way_of.convert_to(source, out, shown, overwrite=force, progress=progress)
        took, seconds = time.perf_counter() - began, audio_facts(out)["seconds"]
    except (VocableError, OSError) as error:
        raise Refusal(message_of(error)) from error
    console.line(f"{out}  {duration(seconds)}  {times_real_time(seconds / took)}")
    console.result(
        {"audio": recording, "out": out, "way": way, "seconds": seconds, "consent": consent}
    )
    return 0
