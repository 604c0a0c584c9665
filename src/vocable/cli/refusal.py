"""What can go wrong, in one line each: `Refusal` before any work, `sentence` for the rest."""

import errno

import click

from vocable.errors import FormatError, VocableError

_REPAIRS = {
    errno.ENOSPC: "the disk is full; free some space and run again",
    errno.EDQUOT: "the disk quota is used up; free some space and run again",
    errno.EFBIG: "the file would be larger than this system allows; free some space or raise it",
    errno.EACCES: "no permission; change the file's rights or write elsewhere with -o",
    errno.EPERM: "not permitted; change the file's rights or write elsewhere with -o",
    errno.EROFS: "this file system is read-only; write elsewhere with -o",
}


_STAND_INS: dict[str, str] = {}  # temporary files that errors may name: what they stand for
# What only Python offers is named in full; and what can be done, where the library leaves it out.
_IN_FULL = {
    "read with recover=True for the rest": "vocable.read_tokens(PATH, recover=True) reads the rest",
    "or pass trust_space=True": "or call codec.decode_to(…, trust_space=True)",
    "has 0 frames; at least 1 is needed": "has 0 frames, so no sound; encode the recording again",
}
_REPAIRED = ("again", "install", "recover=True")


class Refusal(click.ClickException):
    """The call cannot work; nothing was started, nothing was written (exit code 2)."""

    exit_code = 2


def sentence(error: BaseException) -> str:
    """Return an error as one line: what was wrong, where, and what to do."""
    if isinstance(error, click.ClickException):
        return one_line(error.format_message())
    if isinstance(error, OSError) and error.errno is not None:
        why = _REPAIRS.get(error.errno, (error.strerror or "failed").lower())
        return one_line(f"{error.filename}: {why}" if error.filename else why)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's
        return "out of memory; close other programs, or take another --device"
    message = one_line(str(error))
    if isinstance(error, VocableError | OSError):
        return _with_repair(error, message)
    kind = type(error).__name__
    return f"this is a bug in vocable: {kind}: {message}; `vocable --debug …` shows where"


def _with_repair(error: Exception, message: str) -> str:
    for short, full in _IN_FULL.items():
        message = message.replace(short, full)
    if isinstance(error, FormatError) and not any(word in message for word in _REPAIRED):
        message += "; fetch it again, or encode the recording again"
    return message


def stand_in(path: str, name: str) -> None:
    """Let whatever is said of a temporary file, in this process, call it by another name."""
    _STAND_INS[path] = name


def one_line(text: str) -> str:
    """Return a text on one line, whatever the names of files in it hold."""
    for path, name in _STAND_INS.items():
        text = text.replace(path, name)
    return " ".join(line.strip() for line in text.splitlines())


def listed(names: list[str], most: int = 5) -> str:
    """Return at most `most` names joined by commas, then how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
