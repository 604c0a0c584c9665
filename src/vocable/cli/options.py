"""The options that several commands share, defined once."""

import math
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_CODEC = "speech-16k"


class FloatRange(click.FloatRange):
    """Numbers of a range; not nan, which lies in every range, nor infinity."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a finite number."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return found


FILE = click.Path(allow_dash=True, readable=False)  # paths.py checks it, with better messages
RATE = click.IntRange(1000, 768_000)  # Hz
JOBS = 60 if sys.platform == "win32" else 256  # Windows waits for 63 processes at most
SEED = click.IntRange(0)  # numpy takes no others
THREADS = click.IntRange(1, 1024)  # with far more than a machine has, the process dies


def combined(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Combine option decorators into one; --help shows them in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


codec = click.option(
    "--codec",
    type=FILE,
    metavar="NAME_OR_FOLDER",
    help="Codec to use: a name (`vocable models`), its folder or its file.  "
    f"[default: {DEFAULT_CODEC}]",
)
codec_of_tokens = click.option(
    "--codec",
    type=FILE,
    metavar="NAME_OR_FOLDER",
    help="Codec to use: a name (`vocable models`), its folder or its file.  "
    "[default: the tokens' own]",
)
track = click.option(
    "--track", metavar="NAME", help="Which of several tracks, as `vocable info` names them."
)
adaptive = click.option(
    "--adaptive",
    type=FloatRange(min=0),
    metavar="LAMBDA",
    help="Join neighbouring frames to one token where that distorts less than LAMBDA for each bit "
    "it saves; try 0.2 to 4.",
)
beam = click.option(
    "--beam",
    type=click.IntRange(min=1),
    metavar="N",
    help="Search residual levels together, by the N best sums after each; 4 is much.  [default: 1]",
)
coding_model = click.option(
    "--lm",
    type=FILE,
    metavar="MODEL",
    help="Code tokens by a language model, its name or folder; readers need it, too.",
)
model_of_tokens = click.option(
    "--lm",
    type=FILE,
    metavar="MODEL",
    help="Language model that coded the tokens, its name or folder.  "
    "[default: the one that they name, if it is bundled]",
)
levels = combined(
    click.option(
        "--levels", type=click.IntRange(min=1), help="Use only the first N levels.  [default: all]"
    ),
    click.option(
        "--kbps",
        type=FloatRange(min=0, min_open=True),
        help="Use the levels that give this bit rate, in place of --levels.",
    ),
)
mix = click.option("--mix", is_flag=True, help="Mix all channels into one before encoding.")
allow_loud = click.option(
    "--allow-loud", is_flag=True, help="Take samples far beyond ±1 (above 16) as they are."
)
threads = click.option("--threads", type=THREADS, help="CPU threads.  [default: all]")
device = click.option("--device", help="cpu, cuda, cuda:1 or mps.")
machine = combined(device, threads)
stream_machine = combined(
    device,
    # One frame is too little work for two threads: a second one doubles the processor time, and
    # the latency as well (benchmarks/streaming.py).
    click.option(
        "--threads",
        type=THREADS,
        default=1,
        show_default=True,
        help="CPU threads; one is fastest.",
    ),
)
force = click.option("--force", is_flag=True, help="Replace files that exist already.")
skip_existing = click.option(
    "--skip-existing", is_flag=True, help="Skip inputs whose output exists already."
)
keep_endings = click.option(
    "--keep-endings", is_flag=True, help="Name outputs as in talk.flac <-> talk.flac.vcb."
)
jobs = click.option(
    "--jobs",
    type=click.IntRange(1, JOBS),
    default=1,
    metavar="N",
    help="Do N files at once, each in a process with one thread (or --threads).  [default: 1]",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object per result.")
output = combined(
    as_json,
    click.option("--quiet", is_flag=True, help="Print errors only."),
)
