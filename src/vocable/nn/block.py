"""Blocks that run whole or in steps.

The law: for any cut of `x` along time, `cat(step outputs ..., finish)` equals `block(x)`, with no
offset, in value and gradient. State is a value that is handed in and out; nothing is kept in the
module, so one set of weights serves any number of streams.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any, TypeAlias, TypeGuard, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vocable.errors import ModelError
from vocable.nn.settings import declares, exporting, fast_forms
from vocable.nn.tiles import step_in_tiles, step_next
from vocable.ratio import Ratio

State: TypeAlias = Any
"""Nested tuples of tensors, batch first. Where streams can be in different phases (a look-ahead
that is not filled yet), the shapes tell, so that `stack_states` can refuse."""

FAR = 1 << 20  # strides: so many that every member has long started
MANY = 8192  # rows of a member in a step, of all streams together, that may be worth cutting
_NOWHERE = torch.zeros((), dtype=torch.float32, device="cpu")  # the like of a block without weights


class Block(nn.Module):
    """A layer on `[batch, time, channels]` that runs whole or in steps.

    stride_in: input has a multiple of this many rows; the last may be short if `ragged`.
    step_in: a step takes a multiple of this many, if the input has its multiple in the end.
    ratio: output rows per input row.
    lookahead: input rows after a stride that its outputs wait for, less than 0 where they do not
        wait for its end; None: unbounded.
    receptive: input rows that an output row depends on; None: unbounded.
    short: output rows that the end of all lacks, of `ratio` rows per input row.
    channels_out: channels of the output; None: as many as come in.

    Flags that a class sets for itself alone, not for those that derive from it:
    owns_output: its output is new memory, which nothing else holds.
    pointwise: it maps each value by itself, and has `write(x, out)`.
    copies_rows: it copies its input anyhow, and has `step_after(before, x, state)`, which maps it
        by a pointwise block meanwhile.
    """

    stride_in: int = 1
    ratio: Fraction = Ratio(1)
    lookahead: int | None = 0
    receptive: int | None = 1
    short: int = 0
    channels_out: int | None = None

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Run whole: a step from the empty state, then the rest."""
        y, state = self.step(x, self.initial_state(x.shape[0]))
        return join(y, self.finish(state))

    def initial_state(self, batch: int) -> State:
        """Return the state before the first row."""
        return ()

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Return the output that `x` completes, and the state after it; `state` stays valid."""
        raise NotImplementedError(f"{type(self).__name__} must define step(x, state)")

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Return what was withheld: the exact right edge."""
        return self.zeros(batch_of(state), 0, 0)

    @property
    def step_in(self) -> int:
        """A whole stride, unless the block itself waits until one is full."""
        return self.stride_in

    @property
    def ragged(self) -> bool:
        """Whether input may end inside a stride: the step that it ends in gives all its rows."""
        return self.stride_in == 1

    def settled(self, rows: int) -> int:
        """Return how many output rows are final once `rows` input rows have come."""
        if self.lookahead is None:
            raise ModelError(f"{type(self).__name__} looks ahead without bound; run it whole")
        strides = (rows - self.lookahead) // self.stride_in
        ratio = self.ratio  # by whole numbers: fractions take twenty times as long
        return max(0, strides * self.stride_in * ratio.numerator // ratio.denominator)

    def reach(self, rows: int) -> int | None:
        """Return how many input rows so many output rows depend on; None: unbounded."""
        if self.receptive is None:
            return None
        return math.ceil((rows - 1) / self.ratio) + self.receptive

    def zeros(self, *shape: int) -> Tensor:
        """Return zeros on the device and in the type of the block's weights."""
        tensors = chain(self.parameters(), self.buffers())
        first = next((t for t in tensors if t.is_floating_point()), _NOWHERE)
        return first.new_zeros(shape)


class Stack(Block):
    """Blocks one after the other; its facts follow from theirs."""

    def __init__(self, *blocks: Block) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.stride_in, self._step_in, self.ratio = 1, 1, Ratio(1)
        self._growth = 1.0  # rows of the member with the most, per input row
        for block in blocks:
            # n rows in are n * ratio rows at this member, which must be a multiple of its stride
            self.stride_in = math.lcm(self.stride_in, (block.stride_in / self.ratio).numerator)
            self._step_in = math.lcm(self._step_in, (block.step_in / self.ratio).numerator)
            before, self.ratio = self.ratio, self.ratio * block.ratio
            self.short = math.ceil(self.short * block.ratio) + block.short
            self.channels_out = block.channels_out or self.channels_out
            inner = block._growth if isinstance(block, Stack) else 1.0
            self._growth = max(self._growth, float(self.ratio), inner * float(before))
        self.lookahead = self._lookahead()
        self.receptive = self.reach(1)

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time_out channels_out"]:
        """Run member by member, each whole, so that a member without steps can be used."""
        for block in self._members():
            x = block(x)
        return x

    def initial_state(self, batch: int) -> State:
        """Return the states of the members, in order."""
        return tuple(block.initial_state(batch) for block in self._members())

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Pass `x` through the members, in tiles where it is long."""
        if not exporting() and x.shape[0] * x.shape[1] * self._growth >= MANY:
            members = self._flat()
            x, flat = step_in_tiles(members, x, _flattened(self, state))
            return x, _nested(self, iter(flat))
        own, after, at = self._members(), list(state), 0
        while at < len(own):
            x, at = step_next(own, at, x, after)
        return x, tuple(after)

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Finish member by member, each rest passing through the members after it."""
        rest = self.zeros(batch_of(state), 0, 0)
        for block, member_state in zip(self._members(), state, strict=True):
            if rest.shape[1]:
                rest, member_state = block.step(rest, member_state)
            rest = join(rest, block.finish(member_state))
        return rest

    @property
    def step_in(self) -> int:
        """The rows that are whole steps of all members."""
        return self._step_in

    @property
    def ragged(self) -> bool:
        """Whether input may end inside a stride: if it may in every member."""
        return all(block.ragged for block in self._members())

    def settled(self, rows: int) -> int:
        """Return how many output rows are final: what the members settle, one after the other."""
        for block in self._members():
            rows = block.settled(rows)
        return rows

    def reach(self, rows: int) -> int | None:
        """Return how many input rows so many output rows depend on, through all members."""
        found: int | None = rows
        for block in reversed(self._members()):
            found = None if found is None else block.reach(found)
        return found

    def _lookahead(self) -> int | None:
        """Return how many rows more than a number of strides settle all outputs of these.

        It is not the members' sum: one row that a member waits for costs all the rows of an earlier
        member's stride.
        """
        if any(block.lookahead is None for block in self._members()):
            return None
        rows = self.stride_in * FAR
        own, least = math.floor(rows * self.ratio), 1 - self.stride_in
        more = range(least, rows)
        return least + bisect_left(more, own, key=lambda each: self.settled(rows + each))

    def _flat(self) -> list[Block]:
        """Return the members, those of stacks among them one by one."""
        lists = (m._flat() if _plain(m) else [m] for m in self._members())
        return list(chain.from_iterable(lists))

    def _members(self) -> tuple[Block, ...]:
        # the list's own iteration takes ten times as long, and every step calls this
        return cast("tuple[Block, ...]", tuple(self.blocks._modules.values()))


class Residual(Block):
    """`x + branch(x)`; in steps the skip waits for what the branch withholds.

    shortcut: a map of each row by itself that the skip takes, `shortcut(x) + branch(x)`; both may
    have other channels than `x`.
    """

    def __init__(self, branch: Block, shortcut: Block | None = None) -> None:
        super().__init__()
        if branch.ratio != 1 or branch.short:
            raise ModelError(
                f"a residual branch must keep the rate but {type(branch).__name__} gives "
                f"{branch.ratio} rows per row, {branch.short} less at the end; change its strides"
            )
        self.branch, self.shortcut = branch, shortcut
        self.stride_in = branch.stride_in
        self.lookahead, self.receptive = branch.lookahead, branch.receptive

    @property
    def step_in(self) -> int:
        """The rows of a step of the branch."""
        return self.branch.step_in

    @property
    def ragged(self) -> bool:
        """Whether input may end inside a stride of the branch."""
        return self.branch.ragged

    def settled(self, rows: int) -> int:
        """Return how many output rows are final: those of the branch."""
        return self.branch.settled(rows)

    def reach(self, rows: int) -> int | None:
        """Return how many input rows so many output rows depend on: those of the branch."""
        return self.branch.reach(rows)

    def forward(
        self, x: Float[Tensor, "batch time channels"]
    ) -> Float[Tensor, "batch time channels_out"]:
        """Add the branch to its input."""
        y: Tensor = self.branch(x)
        return self._sum(self._skip(x), y)

    def initial_state(self, batch: int) -> State:
        """Return the branch's state and the rows of the skip that wait (none yet)."""
        return self.branch.initial_state(batch), self.zeros(batch, 0, 0)

    def step(
        self, x: Float[Tensor, "batch time channels"], state: State
    ) -> tuple[Float[Tensor, "batch time_out channels_out"], State]:
        """Add to what the branch gives the rows that it belongs to."""
        branch_state, waiting = state
        y, branch_state = self.branch.step(x, branch_state)
        x = self._skip(x)
        if not waiting.shape[1] and y.shape[1] == x.shape[1]:  # nothing waits
            return self._sum(x, y), (branch_state, waiting)
        waiting = join(waiting, x) if waiting.shape[1] else x
        done = y.shape[1]
        # cloned, so that the state does not keep the whole input alive
        later = (
            waiting[:, done:].clone() if done < waiting.shape[1] else x.new_zeros(x.shape[0], 0, 0)
        )
        return self._sum(waiting[:, :done], y), (branch_state, later)

    def finish(self, state: State) -> Float[Tensor, "batch rest channels_out"]:
        """Add the branch's rest to the rows that wait."""
        branch_state, waiting = state
        rest = self.branch.finish(branch_state)
        return waiting + rest if waiting.shape[1] else rest

    def _sum(self, skip: Tensor, y: Tensor) -> Tensor:
        """Return `skip + y`, in the memory of `y` where that is the branch's own."""
        alike = skip.shape == y.shape and skip.dtype == y.dtype
        if not (alike and fast_forms() and _owns_output(self.branch)):
            return skip + y
        return y.add_(skip)

    def _skip(self, x: Tensor) -> Tensor:
        return x if self.shortcut is None else self.shortcut(x)


def _owns_output(block: Block) -> bool:
    """Say whether what a block returns is new memory that no hook has seen."""
    while isinstance(block, Stack) and _plain(block) and type(block).forward is Stack.forward:
        members = block._members()
        if block._forward_hooks or not members:
            return False
        block = members[-1]
    return declares(block, "owns_output") and not block._forward_hooks


def _plain(block: Block) -> TypeGuard[Stack]:
    """Say whether a block is a stack that steps as stacks do, so that its members may be taken."""
    return type(block).step is Stack.step


def _flattened(stack: Stack, state: State) -> list[State]:
    """Return the states of `stack._flat()`."""
    found: list[State] = []
    for member, own in zip(stack._members(), state, strict=True):
        found += _flattened(member, own) if _plain(member) else [own]
    return found


def _nested(stack: Stack, flat: Iterator[State]) -> State:
    """Return the state of a stack, of those of `stack._flat()`."""
    return tuple(
        _nested(member, flat) if _plain(member) else next(flat) for member in stack._members()
    )


def join(first: Tensor, second: Tensor) -> Tensor:
    """Join two pieces `[batch, time, channels]` in time; an empty one costs nothing."""
    if not second.shape[1]:
        return first
    return torch.cat((first, second), 1) if first.shape[1] else second


def tail(rows: Tensor, start: int) -> Tensor:
    """Return rows `[batch, time, ...]` from `start` on for a state: copied, to keep no more alive.

    A session copies all of a state once, when it hands it out.
    """
    last = rows[:, start:]
    return last if fast_forms() else last.clone()


def fold(
    block: Block, x: Float[Tensor, "batch time channels"], rows: int
) -> Float[Tensor, "batch time_out channels_out"]:
    """Run over long input in steps of `rows`, a multiple of `block.stride_in`.

    The same result as whole in the memory of one step; and faster where a step's rows fit the cache
    and the whole's do not.
    """
    if rows < 1 or rows % block.stride_in:
        raise ModelError(
            f"a step of {type(block).__name__} takes a multiple of {block.stride_in} rows but rows "
            f"is {rows}"
        )
    state, pieces = block.initial_state(x.shape[0]), []
    for tile in torch.split(x, rows, 1):
        y, state = block.step(tile, state)
        pieces.append(y)
    pieces.append(block.finish(state))
    return torch.cat([piece for piece in pieces if piece.shape[1]] or pieces[:1], 1)


def batch_of(state: State) -> int:
    """Return the batch size of a state; 0 where it holds no tensor."""
    if isinstance(state, Tensor):
        return state.shape[0]
    return max((batch_of(part) for part in state), default=0)


def stack_states(states: Sequence[State]) -> State:
    """Join the states of several streams into one batch, in order.

    Raises ModelError, naming the row, where a stream is in another phase (a block that looks
    ahead holds fewer rows until it has started).
    """
    if not states:
        raise ModelError("there is no state to join; give the states of 1 stream or more")
    first = states[0]
    if isinstance(first, Tensor):
        for row, state in enumerate(states):
            if state.shape[1:] != first.shape[1:]:
                raise ModelError(
                    f"state {row} holds {list(state.shape[1:])} where state 0 holds "
                    f"{list(first.shape[1:])}; run it alone until both are in one phase"
                )
        return torch.cat(tuple(states))
    return tuple(stack_states(parts) for parts in zip(*states, strict=True))


def select(state: State, rows: Sequence[int] | Tensor) -> State:
    """Return the state of these rows of the batch, in this order."""
    if isinstance(state, Tensor):
        index = torch.as_tensor(rows, dtype=torch.long, device=state.device)
        return state.index_select(0, index)
    return tuple(select(part, rows) for part in state)
