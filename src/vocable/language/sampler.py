"""Draw the ids of many streams at once, each by its settings and its own chance.

A stream's chance comes from a generator of its own, two numbers for each row of each step, used or
not: so its ids depend neither on its neighbours nor on when it joined. The generator is the
processor's on any device, so that a seed gives the same chance everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from vocable.language import filters
from vocable.language.filters import EMPTY
from vocable.language.row_settings import RowSettings
from vocable.language.sampling import Sampling


@dataclass
class Stream:
    """How the stream at a place draws: its settings for each row, and where its chance comes from.

    against: the place of the stream that lacks its condition. follows: the place of the stream
    whose ids it takes. Both are its own place where there is no guidance.
    """

    rows: tuple[Sampling, ...]
    chance: torch.Generator
    against: int
    follows: int
    numbers: Tensor | None = None  # the chance of the step that runs, until it has ended


class Sampler:
    """Draws for streams at places 0, 1, …; `set_streams` says which.

    histories: among whose draws each row looks for repetition: rows of one number are successive
    draws of one sequence. None: each row among its own.
    `begin` starts a step, `end` keeps what it drew; begun anew without an end, a step has the same
    chance again.
    """

    def __init__(
        self, places: int, rows: int, device: torch.device, histories: Sequence[int] | None = None
    ) -> None:
        self._rows, self._device = rows, device
        self._histories = range(rows) if histories is None else histories
        self._recent = torch.full((places, rows, 0), EMPTY, device=device)
        self._settings: list[RowSettings] = []

    def set_streams(self, streams: Sequence[Stream]) -> None:
        """Draw for these from now on."""
        self._streams = list(streams)
        self._settings = [
            RowSettings([each.rows[row] for each in streams], self._device)
            for row in range(self._rows)
        ]
        self._against = self._indices([each.against for each in streams])
        self._follows = self._indices([each.follows for each in streams])
        self._paired = any(each.follows != place for place, each in enumerate(streams))
        self._remember(max((each.window for each in self._settings), default=0))

    def forget(self, place: int) -> None:
        """A new stream has drawn nothing."""
        self._recent[place] = EMPTY

    def move(self, source: int, target: int) -> None:
        """Give a stream another place."""
        self._recent[target] = self._recent[source]

    def begin(self, legal: Bool[Tensor, "streams rows ids"] | None) -> None:
        """Start a step; legal: which ids each row of each stream may be, None: all."""
        self._legal = legal
        if not all(settings.all_greedy for settings in self._settings):
            for each in self._streams:
                if each.numbers is None:
                    each.numbers = torch.rand(self._rows, 2, generator=each.chance)
            chance = [each.numbers for each in self._streams if each.numbers is not None]
            self._chance = torch.stack(chance).double().to(self._device)
        self.failed = torch.zeros(len(self._streams), dtype=torch.bool, device=self._device)
        self.barred = torch.zeros_like(self.failed)
        self._fresh: dict[int, Tensor] = {}

    def end(self) -> None:
        """Keep what the step drew."""
        for each in self._streams:
            each.numbers = None
        for row, ids in self._fresh.items():
            recent = self._recent[: len(ids), self._histories[row]]
            recent.copy_(torch.cat((recent[:, 1:], ids[:, None]), 1))

    def draw(self, row: int, logits: Float[Tensor, "streams ids"]) -> Int[Tensor, " streams"]:
        """Return the ids of a row.

        A stream gets any where its logits are not numbers (`failed`), or where no id of them is
        legal (`barred`).
        """
        settings, logits = self._settings[row], logits.float()
        if settings.guidance is not None:
            logits = filters.guided(logits, logits[self._against], settings.guidance)
        if self._legal is not None:
            logits = logits.where(self._legal[:, row, : logits.shape[1]], -torch.inf)
            self.barred |= logits.amax(-1) == -torch.inf
        self.failed |= ~(logits.amax(-1).isfinite() | self.barred)
        logits = self._penalised(row, logits)
        ids = logits.argmax(-1) if settings.all_greedy else self._drawn(row, logits)
        if settings.greedy is not None and not settings.all_greedy:
            ids = logits.argmax(-1).where(settings.greedy[:, 0] > 0, ids)
        if self._paired:
            ids = ids[self._follows]
        if settings.window:
            self._fresh[row] = ids
        return ids

    def _penalised(self, row: int, logits: Tensor) -> Tensor:
        settings = self._settings[row]
        if settings.penalty is None or settings.penalised is None:
            return logits
        return filters.penalised(logits, self._last(row, settings.penalised), settings.penalty)

    def _drawn(self, row: int, logits: Tensor) -> Int[Tensor, " streams"]:
        """Draw from the ids that are kept; again where one has come too often."""
        settings = self._settings[row]
        if settings.temperature is not None:
            logits = logits / settings.temperature
        kept = logits
        if settings.top_k is not None:
            kept = filters.top_k(kept, settings.top_k, settings.most)
        if settings.top_p is not None:
            whole = kept if settings.least is None else logits.where(settings.least > 0, kept)
            kept = kept.where(filters.top_p(whole, settings.top_p) > -torch.inf, -torch.inf)
        ids = filters.draw(kept, self._chance[:, row, :1])
        return ids if settings.least is None else self._drawn_anew(row, logits, ids)

    def _drawn_anew(self, row: int, logits: Tensor, ids: Tensor) -> Int[Tensor, " streams"]:
        settings = self._settings[row]
        assert settings.least is not None and settings.watched is not None, "asked for together"
        times = (self._last(row, settings.watched) == ids[:, None]).sum(-1, keepdim=True)
        often = (times >= settings.least) & (settings.least > 0)
        if settings.without is not None:
            banned = filters.among(ids[:, None].where(settings.without > 0, EMPTY), logits.shape[1])
            logits = logits.masked_fill(banned, -torch.inf)
        often &= logits.amax(-1, keepdim=True) > -torch.inf  # a layout may leave one id alone
        again = filters.draw(logits, self._chance[:, row, 1:])
        return torch.where(often[:, 0], again, ids)

    def _last(self, row: int, window: Int[Tensor, "streams 1"]) -> Int[Tensor, "streams window"]:
        """Return what each stream drew last, of its own window."""
        history = self._histories[row]
        fresh = [ids[:, None] for k, ids in self._fresh.items() if self._histories[k] == history]
        recent = torch.cat((self._recent[: len(window), history], *fresh), 1)
        age = torch.arange(recent.shape[1], 0, -1, device=self._device)
        return recent.where(age <= window, EMPTY)

    def _remember(self, window: int) -> None:
        """Make room for so many draws of each row; what was drawn stays."""
        kept = self._recent
        if window > kept.shape[2]:
            shape = (*kept.shape[:2], window - kept.shape[2])
            self._recent = torch.cat((kept.new_full(shape, EMPTY), kept), 2)

    def _indices(self, values: list[int]) -> Tensor:
        return torch.tensor(values, dtype=torch.int64, device=self._device)
