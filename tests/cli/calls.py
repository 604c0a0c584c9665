"""Call a command in this process or in a new one."""

import json
import subprocess
import sys
from typing import Any

from click.testing import CliRunner, Result

from vocable.cli.group import commands

PROGRAM = [sys.executable, "-c", "from vocable.cli import main; main()"]


def call(*args: object, stdin: bytes | None = None, code: int = 0) -> Result:
    """Run a command in this process; it has to end with `code`."""
    done = CliRunner().invoke(commands, [str(arg) for arg in args], input=stdin)
    assert done.exit_code == code, done.output
    return done


def results(*args: object, code: int = 0) -> list[dict[str, Any]]:
    """Run a command with --json and return its objects."""
    end = args.index("--") if "--" in args else len(args)
    done = call(*args[:end], "--json", *args[end:], code=code)
    return [json.loads(line) for line in done.stdout.splitlines()]


def called(*args: object, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run a command in a new process, with real pipes."""
    line = [*PROGRAM, *map(str, args)]
    return subprocess.run(line, input=stdin, capture_output=True, timeout=120)
