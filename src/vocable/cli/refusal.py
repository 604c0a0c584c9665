"""What can go wrong, in one line each: `Refusal` before any work, `sentence` for the rest."""

import errno

import click

from vocable.errors import VocableError

_REPAIRS = {
    errno.ENOSPC: "the disk is full; free some space and run again",
    errno.EDQUOT: "the disk quota is used up; free some space and run again",
    errno.EFBIG: "the file would be larger than this system allows; free some space or raise it",
    errno.EACCES: "no permission; change the file's rights or write elsewhere with -o",
    errno.EPERM: "not permitted; change the file's rights or write elsewhere with -o",
    errno.EROFS: "this file system is read-only; write elsewhere with -o",
}


class Refusal(click.ClickException):
    """The call cannot work; nothing was started, nothing was written (exit code 2)."""

    exit_code = 2


def sentence(error: BaseException) -> str:
    """Return an error as one line: what was wrong, where, and what to do."""
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, OSError) and error.errno is not None:
        why = _REPAIRS.get(error.errno, (error.strerror or "failed").lower())
        return f"{error.filename}: {why}" if error.filename else why
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's
        return "out of memory; close other programs, or take another --device"
    message = " ".join(str(error).split())
    if isinstance(error, VocableError | OSError):
        return message
    kind = type(error).__name__
    return f"this is a bug in vocable: {kind}: {message}; `vocable --debug …` shows where"


def listed(names: list[str], most: int = 5) -> str:
    """Return at most `most` names joined by commas, then how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
