"""docs/cli.md shows the real `--help` of every command.

`python tests/cli/test_docs.py` writes the help into the page again.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from vocable.cli.group import commands

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
BLOCK = re.compile(r"```text\n\$ (vocable[^\n]*) --help\n.*?```\n", re.DOTALL)


def names(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the command, then all below it: (), ("encode",), ("stream",), ("stream", "encode") …"""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            member = command.get_command(context, name)
            assert member is not None
            yield from names(member, (*path, name))


def block(line: str) -> str:
    """Return the block that the page has to show for a command."""
    width = {"max_content_width": 96, "terminal_width": 96}
    done = CliRunner().invoke(commands, [*line.split()[1:], "--help"], prog_name="vocable", **width)
    assert done.exit_code == 0, done.output
    return f"```text\n$ {line} --help\n{done.output}```\n"


def rewritten(page: str) -> str:
    return BLOCK.sub(lambda found: block(found[1]), page)


def test_help_in_the_docs_is_what_the_commands_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == rewritten(page), "run: python tests/cli/test_docs.py"


def test_every_command_is_in_the_docs() -> None:
    shown = {found[1] for found in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))}
    assert shown == {" ".join(("vocable", *path)) for path in names(commands)}


if __name__ == "__main__":
    fresh = PAGE.with_suffix(".new")
    fresh.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    os.replace(fresh, PAGE)
