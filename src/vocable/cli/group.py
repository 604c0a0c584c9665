"""The `vocable` command itself: finds its subcommands lazily and turns every end into an exit code.

0 done; 1 some input failed (the others are done); 2 the call was wrong and nothing was started;
130 Ctrl-C; 141 the reader of our output went away (as for any program that a closed pipe ends);
143 asked to end (SIGTERM).
"""

import contextlib
import importlib
import logging
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import click

from vocable.cli import INTERRUPTED
from vocable.cli.refusal import one_line, sentence

CLOSED_PIPE = 141
TERMINATED = 143

COMMANDS = (
    "encode",
    "decode",
    "roundtrip",
    "info",
    "models",
    "stream",
    "data",
    "train",
    "completion",
)


class _ClosedPipe(Exception):
    """A closed pipe, by a name that click does not turn into exit code 1 on its own."""


@contextlib.contextmanager
def _marked() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _ClosedPipe from error


class Commands(click.Group):
    """A group whose members are the modules `vocable.cli.NAME`, imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"vocable.cli.{name}").command
        return command

    def make_context(self, *args: Any, **settings: Any) -> click.Context:
        with _marked():
            return super().make_context(*args, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        with _marked():
            return super().invoke(ctx)

    def main(  # type: ignore[override]  # click overloads it by a mode that we settle here
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **settings: Any
    ) -> Any:
        """Run a command line, then leave by `sys.exit` with the codes of the module's docstring."""
        settings["standalone_mode"] = False
        arguments = list(sys.argv[1:] if args is None else args)
        try:
            code = super().main(arguments, prog_name or "vocable", **settings)
            sys.stdout.flush()
        except Exception as error:
            if "--debug" in arguments:
                traceback.print_exc()
            code = _explain(error)
        sys.exit(code or 0)


def _explain(error: Exception) -> int:
    """Say in one line on stderr what ended the run; return the exit code for it."""
    if isinstance(error, _ClosedPipe | BrokenPipeError):
        _drop_stdout()
        return CLOSED_PIPE
    if isinstance(error, click.Abort):
        click.echo("stopped", err=True)
        return INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    if isinstance(error, click.UsageError):
        click.echo(f"error: {_usage(error)}", err=True)
        return error.exit_code
    click.echo(f"error: {sentence(error)}", err=True)
    return error.exit_code if isinstance(error, click.ClickException) else 1


def _usage(error: click.UsageError) -> str:
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    where = error.ctx.command_path if error.ctx else "vocable"
    return f'{message} ("{where} --help" shows what it takes)'


def _drop_stdout() -> None:
    """Point stdout at nothing, so that Python's own flush at exit does not complain again."""
    with contextlib.suppress(OSError), open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


@click.group("vocable", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version=None, package_name="vocable", message="vocable %(version)s")
@click.option("--debug", is_flag=True, help="Show the whole traceback of an error.")
@click.pass_context
def commands(ctx: click.Context, debug: bool) -> None:
    """Turn sound into tokens and tokens into sound."""
    ctx.with_resource(_warnings_shown())


@contextlib.contextmanager
def _warnings_shown() -> Iterator[None]:
    """Show what the library warns of on stderr, one line each and each once, for one command."""
    log, handler = logging.getLogger("vocable"), _Stderr(logging.WARNING)
    said = set()

    def say(message: Warning | str, *where: Any, **more: Any) -> None:
        text = one_line(str(message))
        if text not in said:  # a file that is opened twice warns twice
            click.echo(f"warning: {text}", err=True)
        said.add(text)

    log.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = say
            yield
    finally:
        log.removeHandler(handler)


class _Stderr(logging.Handler):
    """Writes to the stderr of this moment, which click's test runner changes."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"{record.levelname.lower()}: {one_line(record.getMessage())}", err=True)


def main() -> None:
    """Run the command line that the program was called with; never returns."""
    signal.signal(signal.SIGTERM, _terminated)
    _replace_closed_streams()
    commands.main()


def _terminated(*_: Any) -> None:
    """Leave as after an error, so that everything temporary is removed."""
    sys.exit(TERMINATED)


def _replace_closed_streams() -> None:
    """Put nothing in place of a stream that whoever called us has closed, for Python says None.

    In their order, so that each gets its own number: no file that is opened later may take it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))
