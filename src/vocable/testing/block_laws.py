"""Check the laws of blocks: whole equals steps, and a batch equals its items.

Each checker takes a block in evaluation mode and input `[batch, time, channels]`, returns nothing,
and raises AssertionError with the block's name, the first differing row and the sizes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vocable.errors import ModelError
from vocable.nn import Block, State, select, stack_states
from vocable.nn.block import join
from vocable.testing.compare import LAW, check_rows_equal, cut, name_of


def run_steps(block: Block, x: Tensor, sizes: Sequence[int]) -> Tensor:
    """Run in steps of these many rows, the last taking what is left, and finish; join it all."""
    y, state = run_open(block, x, sizes)
    return join(y, block.finish(state))


def run_open(block: Block, x: Tensor, sizes: Sequence[int]) -> tuple[Tensor, State]:
    """Run in steps without finishing; return the output so far and the state."""
    pieces, state = [], block.initial_state(len(x))
    for piece in cut(x, sizes):
        y, state = block.step(piece, state)
        pieces.append(y)
    return torch.cat([y for y in pieces if y.shape[1]] or pieces[:1], 1), state


def check_steps_equal_whole(
    block: Block, x: Tensor, sizes: Sequence[int], *, atol: float = LAW
) -> None:
    """Check law 2: steps of any sizes, then finish, give the whole's values and gradients.

    sizes: rows of the steps, multiples of `block.step_in`; the last step takes what is left.
    """
    what = f"{name_of(block)} in steps of {list(sizes)}"
    whole_x, steps_x = (x.detach().clone().requires_grad_() for _ in range(2))
    whole, steps = block(whole_x), run_steps(block, steps_x, sizes)
    check_rows_equal(f"{what}, output", steps.detach(), whole.detach(), atol=atol)
    if not whole.requires_grad:
        return
    learned = [p for p in block.parameters() if p.requires_grad]
    wanted = _gradients(whole, [whole_x, *learned])
    found = _gradients(steps, [steps_x, *learned])
    names = ["its input", *(n for n, p in block.named_parameters() if p.requires_grad)]
    for name, got, want in zip(names, found, wanted, strict=True):
        axis = 1 if name == "its input" else 0
        check_rows_equal(f"{what}, gradient of {name}", got, want, atol=atol, axis=axis)


def check_old_state_unharmed(block: Block, x: Tensor, size: int) -> None:
    """Check law 2: a state may be used again after a step, or using it again raises ModelError.

    size: rows of the first step, a multiple of `block.stride_in` and less than x has.
    """
    what = f"{name_of(block)}, a state used again after {size} rows"
    state = run_open(block, x[:, :size], [size])[1]
    rest = x[:, size:]
    first, _ = block.step(rest, state)
    first = first.clone()
    try:
        again, _ = block.step(rest, state)
    except ModelError:
        return
    check_rows_equal(what, again, first, atol=0.0)


def check_lookahead(block: Block, x: Tensor) -> None:
    """Check that `block.lookahead` is exact, and that `step` withholds no more than that.

    What comes more than `lookahead` rows after a stride does not change its outputs, not even if it
    is NaN; what comes just before does change some. x has some strides more rows than that.
    """
    if block.lookahead is None:
        raise ModelError(f"{name_of(block)} looks ahead without bound; there is nothing to check")
    with torch.no_grad():
        clean = block(x)
        reached = [_check_future(block, x, clean, row) for row in _some_rows(block, x.shape[1])]
    if not any(reached):
        raise AssertionError(
            f"{name_of(block)}: no output waits for {block.lookahead} rows; its lookahead is less"
        )


def check_batch_equals_singles(block: Block, x: Tensor, *, atol: float = LAW) -> None:
    """Check law 3: an item's result depends neither on its neighbours, nor on its index, nor on
    padding after its end, be they NaN. x has at least 2 items."""
    what = name_of(block)
    with torch.no_grad():
        together = block(x)
        for index, item in enumerate(x):
            alone = block(item[None])
            check_rows_equal(
                f"{what}, item {index} of {len(x)} against itself alone",
                together[index : index + 1], alone, atol=atol,
            )  # fmt: skip
            bad = torch.full_like(x, torch.nan)
            bad[-1 - index] = item
            check_rows_equal(
                f"{what}, item {index} moved to index {len(x) - 1 - index} among NaN",
                block(bad)[-1 - index][None], alone, atol=atol,
            )  # fmt: skip
        if block.lookahead is not None:
            _check_padding(block, x, atol)


def check_rows_join_and_leave(block: Block, x: Tensor, size: int, *, atol: float = LAW) -> None:
    """Check law 3 in steps: streams that leave a batch and join it go on as if alone.

    x: at least 3 items. size: rows of the first step, enough for the block to have started.
    The batch begins with all items but item 1, which starts alone; the last item leaves; the
    others change places; item 1 joins.
    """
    whole, rows = len(x), list(range(len(x)))
    others = [row for row in rows if row != 1]
    with torch.no_grad():
        begun, state = run_open(block, x[others][:, :size], [size])
        alone, joining = run_open(block, x[1:2, :size], [size])
        stay = list(range(len(others) - 1))[::-1]
        state = stack_states([select(state, stay), joining])
        order = [others[row] for row in stay] + [1]
        more, state = block.step(x[order][:, size:], state)
        found = join(torch.cat([begun[stay], alone]), join(more, block.finish(state)))
        wanted = block(x[order])
    what = f"{name_of(block)}, {whole} streams, after {size} rows the streams {order}"
    check_rows_equal(what, found, wanted, atol=atol)


def check_state_bounded(block: Block, x: Tensor, size: int) -> None:
    """Check law 7: a state holds no more after many steps than after it has started.

    Memory is counted by what the tensors keep alive, so a view of the whole input is found.
    size: rows of each step, a multiple of `block.stride_in` that divides the rows of `x`.
    """
    with torch.no_grad():
        state, sizes = block.initial_state(len(x)), []
        for piece in cut(x, [size] * (x.shape[1] // size)):
            _, state = block.step(piece, state)
            sizes.append(state_bytes(state))
        at_once = state_bytes(run_open(block, x, [x.shape[1]])[1])
    middle = max(sizes[: len(sizes) // 2 + 1])
    if sizes[-1] > middle:
        raise AssertionError(
            f"{name_of(block)}: its state holds {sizes[-1]} bytes after {len(sizes)} steps of "
            f"{size} rows, {middle} after half of them; a stream must not grow"
        )
    if at_once > sizes[-1]:
        raise AssertionError(
            f"{name_of(block)}: its state keeps {at_once} bytes alive after one step of "
            f"{x.shape[1]} rows, {sizes[-1]} after steps of {size}; clone the rows that it keeps"
        )


def state_bytes(state: State) -> int:
    """Return the bytes of memory that a state keeps alive."""
    if isinstance(state, Tensor):
        return state.untyped_storage().nbytes()
    return sum(state_bytes(part) for part in state)


def _check_padding(block: Block, x: Tensor, atol: float) -> None:
    """An item followed by NaN gives what it gives alone, up to where its right edge counts."""
    n = x.shape[1] // 2 // block.stride_in * block.stride_in
    settled = block.settled(n)
    padded = x.clone()
    padded[:, n:] = torch.nan
    what = f"{name_of(block)}, {n} rows padded with {x.shape[1] - n} rows of NaN"
    check_rows_equal(what, block(padded)[:, :settled], block(x[:, :n])[:, :settled], atol=atol)


def _gradients(y: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    """Differentiate a fixed random weighting of `y`; zeros for what does not matter."""
    real = torch.view_as_real(y) if y.is_complex() else y
    weights = torch.randn(real.shape, generator=torch.Generator().manual_seed(0)).to(real)
    found = torch.autograd.grad((real * weights).sum(), inputs, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for x, g in zip(inputs, found, strict=True)]


def _some_rows(block: Block, rows: int) -> list[int]:
    """Return up to 8 multiples of the stride, spread over what the look-ahead leaves of `rows`."""
    assert block.lookahead is not None
    last = (rows - block.lookahead) // block.stride_in
    every = max(1, -(-last // 8))
    return [block.stride_in * i for i in range(1, last + 1, every)]


def _check_future(block: Block, x: Tensor, clean: Tensor, row: int) -> bool:
    """Check outputs of the first `row` rows; say whether the last row of look-ahead matters."""
    assert block.lookahead is not None
    what = f"{name_of(block)} (lookahead {block.lookahead})"
    until = row + block.lookahead
    settled = block.settled(until)
    y = block(_spoil(x, until))
    check_rows_equal(f"{what}, NaN from row {until} on", y[:, :settled], clean[:, :settled])
    came = until // block.stride_in * block.stride_in
    given = run_open(block, x[:, :came], [came])[0].shape[1]
    if given < block.settled(came):
        raise AssertionError(
            f"{what}: gives {given} rows after {came} input rows, of which {block.settled(came)} "
            "are settled"
        )
    own = int(row * block.ratio)
    if not settled:  # the block has not started
        return False
    if settled < own:
        raise AssertionError(f"{what}: settles {settled} rows with {until}, their own are {own}")
    return bool(block(_spoil(x, until - 1))[:, :own].isnan().any())


def _spoil(x: Tensor, row: int) -> Tensor:
    """Return `x` with NaN from `row` on."""
    x = x.clone()
    x[:, row:] = torch.nan
    return x
