"""Run many streams through one model: they join and leave at any step.

Places of running streams have no gaps, so that a step is one dense batch: when one leaves, the last
takes its place, at the cost of copying its cache once. One copy of ids a step goes to the processor
and back; levels of a frame do not.

The law: a stream's ids do not depend on its neighbours, nor on when it joined. Logits are within
rounding of those it has alone; where two ids are that close, rounding may choose.

A step that is broken off (an interrupt, memory that is out) has not happened: the next one is the
same again. Threads may share an engine; one step runs at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from threading import RLock

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.language.cache import Cache
from vocable.language.joining import Prompt as Prompt
from vocable.language.joining import check_settings, check_start, seeded
from vocable.language.sampler import Sampler, Stream
from vocable.language.sampling import Sampling
from vocable.language.session import BARRED, FAILED, Follow, Legal, Session, Step, Stop
from vocable.language.token_model import TokenModel
from vocable.nn.settings import plain_settings

PLAIN = Sampling()
BLOCK = 256  # rows of prompts that run at once, if no prefix has more: masks stay small


@dataclass
class _Place:
    """A stream of the batch: the session it belongs to, and what it runs next."""

    session: Session
    prompt: Prompt
    stream: Stream
    next_step: Step | None = None
    leader: _Place | None = field(default=None, repr=False)  # whose ids it takes, under guidance


class Engine:
    """A batch of up to `streams` streams of one model; a guided stream takes two.

    context, window, sinks, cross_states: of the `Cache`. dtype: what keys and values are kept in;
    None: as the model's weights. The model must be in evaluation mode.
    """

    def __init__(
        self,
        model: TokenModel,
        streams: int,
        *,
        context: int | None = None,
        window: int | None = None,
        sinks: int = 0,
        cross_states: int = 0,
        dtype: torch.dtype | None = None,
    ) -> None:
        self.model = model
        like = next(model.trunk.parameters())
        if like.is_meta:
            raise ModelError("the model has shapes and no weights (the meta device); load them")
        self._device, self._computes = like.device, like.dtype
        dtype = dtype or like.dtype
        self.cache = Cache(
            model.trunk.config,
            streams,
            context=context,
            window=window,
            sinks=sinks,
            cross_states=cross_states,
            dtype=dtype,
            device=like.device,
        )
        self._scratch = model.make_scratch(streams, dtype, like.device)
        histories = getattr(model, "histories", None)  # of rows that continue one another
        self._sampler = Sampler(streams, model.drawn, like.device, histories)
        self._running: list[_Place] = []
        self._waiting: list[_Place] = []
        self._lock, self._stepping = RLock(), False

    @property
    def running(self) -> int:
        """How many streams there are."""
        return len(self._running) + len(self._waiting)

    @property
    def free(self) -> int:
        """How many streams may still join."""
        return self.cache.streams - self.running

    def join(
        self,
        prompt: Prompt,
        *,
        sampling: Sampling | Sequence[Sampling] = PLAIN,
        seed: int = 0,
        most: int | None = None,
        against: Prompt | None = None,
        stop: Stop | None = None,
        follow: Follow | None = None,
        legal: Legal | None = None,
    ) -> Session:
        """Let a stream take part from the next step on.

        sampling: of all rows, or one for each that is drawn. seed: of its chance. most: steps that
        it may give; None: until it stops or its context is full. against: the prompt without the
        condition, for guidance. stop, follow, legal: see `session`.
        """
        rows = [sampling] * self.model.drawn if isinstance(sampling, Sampling) else list(sampling)
        prompts = [prompt] if against is None else [prompt, against]
        check_settings(self.model, rows, most=most, guided=against is not None, follow=follow)
        for each in prompts:
            check_start(each, self.model, self.cache)
        session = Session(self, self.model.sizes, most=most, stop=stop, follow=follow, legal=legal)
        streams = [Stream(tuple(rows), seeded(seed), 0, 0) for _ in prompts]
        with self._lock:
            self._check_free(len(prompts))
            leader = None
            for each, stream in zip(prompts, streams, strict=True):
                place = _Place(session, each, stream, leader=leader)
                leader = leader or place
                self._waiting.append(place)
        return session

    def step(self) -> bool:
        """Run every stream for one step; say whether there was any."""
        with self._lock:
            if self._stepping:
                raise ModelError(
                    "a step runs already; what it asks (stop, follow, legal) cannot run another"
                )
            self._stepping = True
            try:
                with plain_settings(), torch.inference_mode():
                    return self._run()
            finally:
                self._stepping = False

    def _run(self) -> bool:
        if not self._running and not self._waiting:
            return False
        running, waiting = list(self._running), self._waiting
        lengths, cross_lengths = list(self.cache.lengths), list(self.cache.cross_lengths)
        try:
            drawn = self._draw()
        except BaseException:
            self._running, self._waiting = running, waiting + self._waiting
            self.cache.lengths, self.cache.cross_lengths = lengths, cross_lengths
            self._arrange()
            raise
        self._sampler.end()
        self._hand_out(drawn)
        return True

    def _draw(self) -> Int[np.ndarray, "streams rows"]:
        """Run what comes next of every stream; return what each drew."""
        new, self._waiting = self._waiting, []
        found = [self._continue()] if self._running else []
        if new:
            found.append(self._begin(new))
            self._arrange()
        self._sampler.begin(self._legal())
        hidden = torch.cat(found) if len(found) > 1 else found[0]
        ids = self.model.predict(hidden, self._sampler.draw, self._scratch)
        ids = ids.where(~self._sampler.barred[:, None], BARRED)
        return ids.where(~self._sampler.failed[:, None], FAILED).cpu().numpy()

    def remove(self, session: Session) -> None:
        """Give the places of a session to others; `Session.leave` asks for it."""
        with self._lock, plain_settings(), torch.inference_mode():
            self._waiting = [place for place in self._waiting if place.session is not session]
            if self._stepping:  # asked within a step, at whose end who has left makes room
                return
            for index in reversed(range(len(self._running))):
                if self._running[index].session is session:
                    self._vacate(index)
            self._arrange()

    def _continue(self) -> Float[Tensor, "streams width"]:
        """Run the next step of the streams that have begun; return the trunk's output."""
        rows = np.stack([place.next_step for place in self._running])  # type: ignore[misc]
        ids = torch.from_numpy(rows.astype(np.int64))[:, None].to(self._device)
        x = self.model.embed(ids).to(self._computes)
        return self.model.trunk.step(x, self.cache)[:, 0]

    def _begin(self, new: list[_Place]) -> Float[Tensor, "streams width"]:
        """Run the prompts of new streams, in blocks; return the trunk's output of the last rows."""
        first = len(self._running)
        for index, place in enumerate(new, first):
            self.cache.free(index)
            self._sampler.forget(index)
            if place.prompt.states is not None:
                states = place.prompt.states.to(self._device, self._computes)
                self.model.trunk.look(states, self.cache, index)
        self._running += new
        prompts = [self._embedded(place.prompt) for place in new]
        lengths = [len(prompt) for prompt in prompts]
        x = nn.utils.rnn.pad_sequence(prompts, batch_first=True)
        last = torch.empty_like(x[:, 0])
        prefixes = [place.prompt.prefix for place in new]
        seen = prefixes if any(prefixes) else None  # of the first block, which holds them whole
        edges = [0, *range(max(BLOCK, *prefixes), max(lengths), BLOCK), max(lengths)]
        for start, end in pairwise(edges):
            block = x[:, start:end]
            counts = [min(max(length - start, 0), block.shape[1]) for length in lengths]
            y = self.model.trunk.step(
                block, self.cache, first=first, counts=counts, prefixes=None if start else seen
            )
            for item, length in enumerate(lengths):
                if start < length <= end:
                    last[item] = y[item, length - 1 - start]
        return last

    def _embedded(self, prompt: Prompt) -> Float[Tensor, "time width"]:
        rows = prompt.rows.to(self._device)
        if not rows.is_floating_point():
            rows = self.model.embed(rows[None].long())[0]
        return rows.to(self._computes)  # tables may be narrower

    def _legal(self) -> Tensor | None:
        """Return which ids are legal in this step; streams that do not say so may have all."""
        masks = [
            each.session.legal(self.model.drawn) if each.leader is None else None
            for each in self._running
        ]
        given = [mask for mask in masks if mask is not None]
        if not given:
            return None
        ids = max(*self.model.sizes, *(mask.shape[1] for mask in given))
        every = np.ones((len(masks), self.model.drawn, ids), bool)
        for one, mask in zip(every, masks, strict=True):
            if mask is not None:
                one[:, : mask.shape[1]] = mask
                one[:, mask.shape[1] :] = False
        return torch.from_numpy(every).to(self._device)

    def _hand_out(self, drawn: Int[np.ndarray, "streams rows"]) -> None:
        """Give each session what it drew; streams that ended make room."""
        for index, place in enumerate(self._running):
            if place.leader is None:
                room = self.cache.room(index)
                place.next_step = place.session.take(drawn[index], room)
        for place in self._running:
            if place.leader is not None:
                place.next_step = place.leader.next_step
        ended = [index for index, place in enumerate(self._running) if place.next_step is None]
        for index in reversed(ended):
            if self._running[index].session.reason == "error":
                self.cache.wipe(index)
            self._vacate(index)
        if ended:
            self._arrange()

    def _vacate(self, index: int) -> None:
        """Take a stream out; the last one gets its place."""
        last = len(self._running) - 1
        self.cache.move(last, index)
        self._sampler.move(last, index)
        self._running[index] = self._running[last]
        self._running.pop()

    def _arrange(self) -> None:
        """Tell the sampler who stands where."""
        places = {id(place): index for index, place in enumerate(self._running)}
        for index, place in enumerate(self._running):
            place.stream.against = place.stream.follows = index
        for index, place in enumerate(self._running):
            if place.leader is not None:
                place.stream.follows = places[id(place.leader)]
                place.leader.stream.against = index
        self._sampler.set_streams([place.stream for place in self._running])

    def _check_free(self, streams: int) -> None:
        if self.free < streams:
            raise ModelError(
                f"{streams} streams want to join but {self.free} of {self.cache.streams} "
                f"places are free; wait until one ends"
            )
