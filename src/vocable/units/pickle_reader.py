"""Read what a pickle would build, without building it: nothing that it names is looked up or run.

A pickle (of protocols 2 to 5 here) is a program for a small machine with a stack. `pickletools`
takes it apart; its steps move plain values, and what it would call becomes a `Call`: a note of the
name, the arguments and the state. Only names that are known may occur.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from io import BufferedIOBase
from typing import IO, Any, cast

from vocable.errors import ModelError

Built = Callable[["Call", BufferedIOBase], None]


@dataclass(frozen=True)
class Name:
    """Something that a pickle asks for by module and name."""

    module: str
    name: str


@dataclass(eq=False)
class Call:
    """What a pickle would call, and the state that it would give to the result.

    data: bytes that follow in the file, where `built` took some.
    """

    function: Any
    arguments: Any
    state: Any = None
    data: bytes | None = None

    def is_of(self, name: str) -> bool:
        """Say whether what would be called has this name, in whatever module."""
        return isinstance(self.function, Name) and self.function.name == name


def read_pickle(file: BufferedIOBase, known: Callable[[str, str], bool], built: Built) -> Any:
    """Return what a pickle holds: plain values, and a `Call` for everything else.

    known: whether a module and a name may occur. built: called when a `Call` has got its state, to
    read what follows it in the file. ModelError for a name that may not occur, a step that is not
    known, and a pickle that is damaged.
    """
    machine = _Machine(file, known, built)
    try:
        for step, argument, _ in pickletools.genops(cast(IO[bytes], file)):
            if step.name == "STOP":
                return machine.pop()
            machine.run(step.name, argument)
    except ModelError:
        raise
    except Exception as error:  # damaged bytes lead to whatever they lead to
        reason = _line(str(error)) or type(error).__name__
        raise ModelError(f"is damaged, or not a pickle ({reason}); fetch it again") from error
    raise ModelError("is damaged: it has no end; fetch it again")


class _Machine:
    """The stack, the marks in it, and what is kept for later."""

    def __init__(
        self, file: BufferedIOBase, known: Callable[[str, str], bool], built: Built
    ) -> None:
        self._file, self._known, self._built = file, known, built
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._kept: dict[int, Any] = {}

    def pop(self) -> Any:
        """Return the topmost value."""
        return self._stack.pop()

    def run(self, step: str, argument: Any) -> None:
        """Take one step."""
        if _VALUES.fullmatch(step):
            self._stack.append(argument)
        elif step in _CONSTANTS:
            self._stack.append(_CONSTANTS[step])
        elif step not in ("PROTO", "FRAME"):
            if step not in _STEPS:
                raise ModelError(f"has a step {step}, which no file of k-means needs")
            _STEPS[step](self, argument)

    def _keep(self, place: Any) -> None:
        self._kept[len(self._kept) if place is None else int(place)] = self._stack[-1]

    def _fetch(self, place: Any) -> None:
        self._stack.append(self._kept[int(place)])

    def _mark(self, _: Any) -> None:
        self._marks.append(len(self._stack))

    def _since_mark(self) -> list[Any]:
        start = self._marks.pop()
        found = self._stack[start:]
        del self._stack[start:]
        return found

    def _tuple(self, count: int) -> None:
        self._stack.append(tuple([self.pop() for _ in range(count)][::-1]))

    def _put(self, pairs: list[Any]) -> None:
        """Add keys and values to a dictionary; what is put into other things is not looked at."""
        holder = self._stack[-1]
        if isinstance(holder, dict):
            both = zip(pairs[::2], pairs[1::2], strict=True)
            holder.update({key: value for key, value in both if isinstance(key, Hashable)})

    def _extend(self, items: list[Any]) -> None:
        if isinstance(self._stack[-1], list):
            self._stack[-1].extend(items)

    def _name(self, module: str, name: str) -> None:
        if not self._known(module, name):
            raise ModelError(
                f"asks for {_line(module)}.{_line(name)} to be run, which vocable never does"
            )
        self._stack.append(Name(module, name))

    def _call(self, _: Any) -> None:
        arguments = self.pop()
        self._stack.append(Call(self.pop(), arguments))

    def _build(self, _: Any) -> None:
        state, holder = self.pop(), self._stack[-1]
        if isinstance(holder, Call):
            holder.state = state
            self._built(holder, self._file)


_VALUES = re.compile(
    r"BININT[12]?|LONG[14]|BINFLOAT|(SHORT_)?(BINSTRING|BINUNICODE|BINBYTES)|BIN(UNICODE|BYTES)8"
    r"|BYTEARRAY8"
)
_CONSTANTS: Mapping[str, Any] = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
}
_STEPS: Mapping[str, Callable[[_Machine, Any], None]] = {
    "BINPUT": _Machine._keep,
    "LONG_BINPUT": _Machine._keep,
    "MEMOIZE": _Machine._keep,
    "BINGET": _Machine._fetch,
    "LONG_BINGET": _Machine._fetch,
    "MARK": _Machine._mark,
    "POP": lambda self, _: self._stack.__delitem__(-1),
    "EMPTY_DICT": lambda self, _: self._stack.append({}),
    "EMPTY_LIST": lambda self, _: self._stack.append([]),
    "TUPLE": lambda self, _: self._stack.append(tuple(self._since_mark())),
    "TUPLE1": lambda self, _: self._tuple(1),
    "TUPLE2": lambda self, _: self._tuple(2),
    "TUPLE3": lambda self, _: self._tuple(3),
    "SETITEM": lambda self, _: self._put([self.pop(), self.pop()][::-1]),
    "SETITEMS": lambda self, _: self._put(self._since_mark()),
    "APPEND": lambda self, _: self._extend([self.pop()]),
    "APPENDS": lambda self, _: self._extend(self._since_mark()),
    "GLOBAL": lambda self, found: self._name(*found.split(" ", 1)),
    "STACK_GLOBAL": lambda self, _: self._name(*[self.pop(), self.pop()][::-1]),
    "REDUCE": _Machine._call,
    "NEWOBJ": _Machine._call,
    "BUILD": _Machine._build,
}


def _line(text: str) -> str:
    return " ".join(text.split())[:80]
