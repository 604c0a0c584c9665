"""Hold examples by name: each is made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Examples(Mapping[str, Made], Generic[Made]):
    """Examples by name, each made when it is asked for first, and then that one.

    make: makes one of a name. form: gives what has its form alone and is not to be changed.
    """

    def __init__(
        self, names: Iterable[str], make: Callable[[str], Made], form: Callable[[str], Made]
    ) -> None:
        self._names = tuple(dict.fromkeys(names))
        self._make, self._form = make, form
        self._made: dict[str, Made] = {}

    def __getitem__(self, name: str) -> Made:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def names(self, fits: Callable[[Made], object]) -> list[str]:
        """Return the names of those whose form fits, without making them."""
        return [name for name in self._names if fits(self._form(name))]

    def firsts(self, kind: Callable[[Made], Hashable]) -> list[str]:
        """Return the name of the first of each kind, without making them."""
        found: dict[Hashable, str] = {}
        for name in self._names:
            found.setdefault(kind(self._form(name)), name)
        return [*found.values()]
