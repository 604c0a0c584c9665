"""Errors as one line each: `Refusal` before any work, `message_of` for any other exception."""

import errno

import click

from vocable.cli.exit_codes import REFUSED
from vocable.errors import FormatError, VocableError

_REPAIRS = {
    errno.ENOSPC: "the disk is full; free some space and run again",
    errno.EDQUOT: "the disk quota is used up; free some space and run again",
    errno.EFBIG: "the file would be larger than this system allows; free some space or raise it",
    errno.EACCES: "no permission; change the file's rights or write elsewhere with -o",
    errno.EPERM: "not permitted; change the file's rights or write elsewhere with -o",
    errno.EMFILE: "too many open files; raise `ulimit -n`, or take fewer --jobs",
    errno.EROFS: "this file system is read-only; write elsewhere with -o",
}
# The library's repairs are calls in Python; here they say where that call is.
_PYTHON_REPAIRS = {
    "read with recover=True for the rest": "vocable.read_tokens(PATH, recover=True) reads the rest",
    "name one by track=": "choose one by --track NAME",
    "leave track out": "leave --track out",
    "or pass trust_space=True": "or call codec.decode_to(…, trust_space=True)",
    "make AudioTokens(spec, levels) of np.load": (
        "encode the recording again, or make AudioTokens(spec, levels) of it in Python"
    ),
    "has 0 frames; at least 1 is needed": "has 0 frames, so no sound; encode the recording again",
}
# Words of messages that say what to do.
_HAS_REPAIR = ("again", "install", "recover=True", "--conceal", "`vocable ")

_names: dict[str, str] = {}  # temporary files: their names in messages


class Refusal(click.ClickException):
    """The call cannot work; nothing was started, nothing was written."""

    exit_code = REFUSED


def message_of(error: BaseException) -> str:
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
    for short, full in _PYTHON_REPAIRS.items():
        message = message.replace(short, full)
    if isinstance(error, FormatError) and not any(word in message for word in _HAS_REPAIR):
        message += "; fetch it again, or encode the recording again"
    return message


def name_in_messages(path: str, name: str) -> None:
    """Show a temporary file under another name in all messages of this process."""
    _names[path] = name


def one_line(text: str) -> str:
    """Return a text on one line: names of files in it may have line breaks."""
    for path, name in _names.items():
        text = text.replace(path, name)
    return " ".join(line.strip() for line in text.splitlines())
