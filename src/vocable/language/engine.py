"""Run many streams through one model: they join and leave at any step.

Places of running streams have no gaps, so that a step is one dense batch: when one leaves, the last
takes its place, at the cost of copying its cache once. One copy of ids a step goes to the processor
and back; levels of a frame do not.

The law: a stream's ids do not depend on its neighbours, nor on when it joined. Logits are within
rounding of those it has alone; where two ids are that close, rounding may choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vocable.arrays import to_numpy
from vocable.errors import ModelError, TokenError
from vocable.language.cache import Cache
from vocable.language.sampler import Sampler, Stream
from vocable.language.sampling import Sampling
from vocable.language.session import Follow, Legal, Session, Step, Stop
from vocable.language.token_model import TokenModel, check_ids

PLAIN = Sampling()
BLOCK = 256  # rows of prompts that run at once: a mask over the context stays small


@dataclass(frozen=True)
class Prompt:
    """What a stream starts from.

    rows: ids `[time, rows]`, -1 for nothing, or embeddings `[time, width]`. states: what
    cross-attention sees, `[states, cross]`.
    """

    rows: Int[Tensor, "time rows"] | Float[Tensor, "time width"]
    states: Float[Tensor, "states cross"] | None = None


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
        self._sampler = Sampler(streams, model.drawn, like.device)
        self._running: list[_Place] = []
        self._waiting: list[_Place] = []

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
        self._check(prompts, rows, most, follow)
        session = Session(self, self.model.sizes, most=most, stop=stop, follow=follow, legal=legal)
        leader = None
        for each in prompts:
            stream = Stream(tuple(rows), torch.Generator().manual_seed(seed), 0, 0)
            place = _Place(session, each, stream, leader=leader)
            leader = leader or place
            self._waiting.append(place)
        return session

    def step(self) -> bool:
        """Run every stream for one step; say whether there was any."""
        new, self._waiting = self._waiting, []
        if not self._running and not new:
            return False
        with torch.inference_mode():
            found = [self._continue()] if self._running else []
            if new:
                found.append(self._begin(new))
                self._arrange()
            self._sampler.begin(self._legal())
            hidden = torch.cat(found) if len(found) > 1 else found[0]
            ids = self.model.predict(hidden, self._sampler.draw, self._scratch)
            ids = ids.where(~self._sampler.failed[:, None], -1)
            self._hand_out(ids.cpu().numpy())
        return True

    @torch.inference_mode()
    def remove(self, session: Session) -> None:
        """Give the places of a session to others; `Session.leave` asks for it."""
        self._waiting = [place for place in self._waiting if place.session is not session]
        for index in reversed(range(len(self._running))):
            if self._running[index].session is session:
                self._vacate(index)
        self._arrange()

    def _continue(self) -> Float[Tensor, "streams width"]:
        """Run the next step of the streams that have begun; return the trunk's output."""
        rows = np.stack([place.next_step for place in self._running])  # type: ignore[misc]
        ids = torch.from_numpy(rows)[:, None].to(self._device)
        x = self.model.embed(ids).to(self._computes)
        return self.model.trunk.step(x, self.cache)[:, 0]

    def _begin(self, new: list[_Place]) -> Float[Tensor, "streams width"]:
        """Run the prompts of new streams, in blocks; return the trunk's output of the last rows."""
        first = len(self._running)
        for index, place in enumerate(new, first):
            self.cache.free(index)
            self._sampler.forget(index)
            if place.prompt.states is not None:
                self.model.trunk.look(place.prompt.states.to(self._device), self.cache, index)
        self._running += new
        prompts = [self._embedded(place.prompt) for place in new]
        lengths = [len(prompt) for prompt in prompts]
        x = nn.utils.rnn.pad_sequence(prompts, batch_first=True)
        last = torch.empty_like(x[:, 0])
        for start in range(0, max(lengths), BLOCK):
            block = x[:, start : start + BLOCK]
            counts = [min(max(length - start, 0), block.shape[1]) for length in lengths]
            y = self.model.trunk.step(block, self.cache, first=first, counts=counts)
            for item, length in enumerate(lengths):
                if start < length <= start + BLOCK:
                    last[item] = y[item, length - 1 - start]
        return last

    def _embedded(self, prompt: Prompt) -> Float[Tensor, "time width"]:
        rows = prompt.rows.to(self._device)
        if not rows.is_floating_point():
            rows = self.model.embed(rows[None].long())[0]
        return rows.to(self._computes)  # tables may be narrower

    def _legal(self) -> Tensor | None:
        """Return which ids are legal in this step; streams that do not say so may have all."""
        masks = [each.session.legal() if each.leader is None else None for each in self._running]
        given = [mask for mask in masks if mask is not None]
        if not given:
            return None
        ids = max(mask.shape[1] for mask in given)
        every = np.ones((len(masks), self.model.drawn, ids), bool)
        for one, mask in zip(every, masks, strict=True):
            if mask is not None:
                one[:, : mask.shape[1]] = mask
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

    def _check(
        self,
        prompts: list[Prompt],
        rows: list[Sampling],
        most: int | None,
        follow: Follow | None,
    ) -> None:
        if self.free < len(prompts):
            raise ModelError(
                f"{len(prompts)} streams want to join but {self.free} of {self.cache.streams} "
                f"places are free; wait until one ends"
            )
        if len(rows) != self.model.drawn:
            raise ModelError(f"{len(rows)} settings are given; the model draws {self.model.drawn}")
        if follow is None and self.model.drawn != len(self.model.sizes):
            raise ModelError(
                f"the model draws {self.model.drawn} of {len(self.model.sizes)} rows; "
                f"give follow, which adds the others"
            )
        if most is not None and most < 1:
            raise ModelError(f"most must be at least 1 step but is {most}")
        guided = any(each.guidance != 1 for each in rows)
        if guided != (len(prompts) == 2):
            raise ModelError(
                "guidance needs a second prompt, without the condition, and is needed for one"
            )
        for prompt in prompts:
            self._check_prompt(prompt)

    def _check_prompt(self, prompt: Prompt) -> None:
        rows, config = prompt.rows, self.model.trunk.config
        wanted = config.width if rows.is_floating_point() else len(self.model.sizes)
        if rows.ndim != 2 or rows.shape[1] != wanted:
            raise TokenError(f"a prompt is [time, {wanted}] but this one is {list(rows.shape)}")
        if not len(rows):
            raise TokenError("the prompt is empty; a model goes on from at least one step")
        if self.cache.window is None and len(rows) > self.cache.context:
            raise ModelError(
                f"the prompt of {len(rows)} positions does not fit the context of "
                f"{self.cache.context}; cut it, or give the cache a window"
            )
        if config.cross is not None:
            self._check_states(prompt.states, config.cross)
        if not rows.is_floating_point():
            check_ids(to_numpy(rows), self.model.sizes)

    def _check_states(self, states: Float[Tensor, "states cross"] | None, channels: int) -> None:
        if states is None:
            raise ModelError("this model has cross-attention; give the prompt encoder states")
        if states.shape[1] != channels:
            raise ModelError(
                f"cross-attention sees states of {channels} channels but these have "
                f"{states.shape[1]}"
            )
        room = self.cache.cross[0][0].shape[1]
        if len(states) > room:
            raise ModelError(
                f"{len(states)} encoder states are more than the cache's {room}; "
                f"make the engine with more cross_states"
            )
