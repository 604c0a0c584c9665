"""The `vocable` command itself: imports its subcommands when needed, and ends with an exit code.

The exit codes are those of exit_codes.py; whatever ends a run is said in one line on stderr.
"""

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

import click

from vocable.cli.errors import message_of
from vocable.cli.exit_codes import CLOSED_PIPE, FAILED, INTERRUPTED
from vocable.cli.lazy import LazyGroup
from vocable.cli.process import (
    exit_on_sigterm,
    import_modules,
    print_in_any_encoding,
    warnings_on_stderr,
    without_hub,
)

COMMANDS = (
    "encode",
    "decode",
    "roundtrip",
    "info",
    "context",
    "models",
    "verify",
    "evaluate",
    "units",
    "speak",
    "convert",
    "convert-checkpoint",
    "continue",
    "generate",
    "stream",
    "data",
    "corpus",
    "export",
    "train",
    "completion",
)


class _ClosedPipe(Exception):
    """A BrokenPipeError under a name that click does not turn into exit code 1 by itself."""


@contextlib.contextmanager
def _broken_pipe_renamed() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _ClosedPipe from error


class Commands(LazyGroup):
    """A group whose subcommands are the modules `vocable.cli.NAME`, imported when needed."""

    names = COMMANDS
    modules = {  # units.py writes numbers with their units of measure; these cannot be names
        "units": "semantic_units",
        "continue": "continue_recording",
        "convert-checkpoint": "convert_checkpoint",
    }

    def make_context(self, *args: Any, **settings: Any) -> click.Context:
        with _broken_pipe_renamed():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        with _broken_pipe_renamed():
            return super().invoke(ctx)

    def main(  # type: ignore[override]  # click has an overload for standalone_mode, fixed here
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **settings: Any
    ) -> Any:
        """Run a command line, then exit with a code of exit_codes.py."""
        settings["standalone_mode"] = False
        arguments = list(sys.argv[1:] if args is None else args)
        try:
            code = super().main(arguments, prog_name or "vocable", **settings)
            sys.stdout.flush()
        except Exception as error:
            if "--debug" in arguments:
                traceback.print_exc()
            code = _report(error)
        sys.exit(code or 0)


def _report(error: Exception) -> int:
    """Print in one line on stderr what ended the run; return the exit code for it."""
    if isinstance(error, _ClosedPipe | BrokenPipeError):
        _redirect_stdout_to_null()
        return CLOSED_PIPE
    if isinstance(error, click.Abort):
        click.echo("stopped", err=True)
        return INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    if isinstance(error, click.UsageError):
        click.echo(f"error: {_usage_message(error)}", err=True)
        return error.exit_code
    click.echo(f"error: {message_of(error)}", err=True)
    return error.exit_code if isinstance(error, click.ClickException) else FAILED


def _usage_message(error: click.UsageError) -> str:
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    command = error.ctx.command_path if error.ctx else "vocable"
    return f'{message} ("{command} --help" shows what it takes)'


def _redirect_stdout_to_null() -> None:
    """Keep Python's flush at exit from failing on the closed pipe once more."""
    with contextlib.suppress(OSError), open(os.devnull, "wb") as null:
        os.dup2(null.fileno(), sys.stdout.fileno())


@click.group("vocable", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version=None, package_name="vocable", message="vocable %(version)s")
@click.option(
    "--offline", is_flag=True, help="Take models from this machine only; ask no model hub."
)
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
@click.option(
    "--import",
    "modules",
    multiple=True,
    metavar="MODULE",
    help="Import a Python module of yours first, that registers codecs, measures or tasks.",
)
@click.pass_context
def commands(ctx: click.Context, offline: bool, debug: bool, modules: tuple[str, ...]) -> None:
    """Turn sound into tokens and tokens into sound."""
    if offline:
        ctx.with_resource(without_hub())
    ctx.with_resource(warnings_on_stderr())
    import_modules(modules)


def main() -> None:
    """Run the command line that the program was called with; never returns."""
    signal.signal(signal.SIGTERM, exit_on_sigterm)
    _replace_closed_streams()
    print_in_any_encoding()
    commands.main()


def _replace_closed_streams() -> None:
    """Open the null device for each standard stream that was closed when the program started.

    Python sets such a stream to None. They are replaced in the order of their numbers, so that each
    gets its own number again and no file that is opened later takes it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))
