"""Check that the settings of the program around reach neither in nor out.

A host loads its language model in half precision on the meta device, trains under autocast, infers
without gradients. A codec in it gives what it gives alone, leaves torch's settings and generator as
they are, and hands out tensors that can be used like any other.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from vocable.audio import Audio
from vocable.codecs import Codec, Codes, Tokenizer
from vocable.nn import Block
from vocable.quantize import Quantizer, as_levels
from vocable.testing.block_laws import run_steps
from vocable.testing.compare import LAW, check_rows_equal, name_of
from vocable.testing.host_settings import LOWERED, THREADS, Setting, host_settings


def check_codec_ignores_settings(make: Callable[[], Tokenizer], audio: Audio) -> None:
    """Check law 9 for what `make` makes or loads: made or used under each setting, it is the same.

    Also when the model is put into training mode, where noise and dropout would be random.
    """
    codec = make()
    what = codec.name
    check_settings_ignored(f"{what}, used", lambda: _results(codec, audio))
    check_settings_ignored(f"{what}, made", lambda: _whole(make(), audio))
    wanted = _results(codec, audio)
    codec.model.train()
    try:
        _compare(f"{what} in training mode", _guarded(what, lambda: _results(codec, audio)), wanted)
    finally:
        codec.model.eval()


def check_block_ignores_settings(block: Block, x: Tensor) -> None:
    """Check law 9 for a block in evaluation mode on `[batch, time, channels]`, whole and in steps.

    Autocast and the precision of products are meant for blocks, so they may change what it gives.
    """
    settings = {name: s for name, s in host_settings().items() if name not in LOWERED}
    run = lambda: [block(x), run_steps(block, x, [block.stride_in])]  # noqa: E731
    # torch has other kernels of an LSTM for no gradients
    check_settings_ignored(name_of(block), run, settings, atol=LAW)


def check_quantizer_ignores_settings(make: Callable[[], Quantizer], z: Tensor) -> None:
    """Check law 9 for a quantizer on latents `[batch, frames, dim]`, in use and learning."""
    quantizer = make()
    what = name_of(quantizer)
    run = lambda: _quantized(quantizer.eval(), z)  # noqa: E731
    check_settings_ignored(f"{what}, used", run)
    check_settings_ignored(f"{what}, learning", lambda: _learned(quantizer, z))
    settings = {n: s for n, s in host_settings().items() if n.startswith("default dtype")}
    made = lambda: _quantized(_seeded(make), z)  # noqa: E731
    check_settings_ignored(f"{what}, made", made, settings)


def check_settings_ignored(
    what: str,
    run: Callable[[], Sequence[Tensor]],
    settings: Mapping[str, Setting] | None = None,
    *,
    atol: float = 0.0,
) -> None:
    """Check law 9 for anything: `run` gives the same tensors under each setting, and changes none.

    settings: as `host_settings` returns them, which is the default. With another number of threads
    sums are taken in another order, so that there `atol` is at least the laws'.
    """
    wanted = run()
    for name, setting in (host_settings() if settings is None else settings).items():
        with setting():
            found = _guarded(f"{what} under {name}", run)
        allowed = max(atol, LAW) if name == THREADS else atol
        _compare(f"{what} under {name}", found, wanted, atol=allowed)


def check_tensors_are_ordinary(codec: Tokenizer, x: Tensor) -> None:
    """Check law 9 for what comes out: codes, samples, sides and states can be used in training.

    x: `[batch, channels, samples]` at the codec's rate.
    """
    for name, tensor in _returned(codec, x):
        if tensor.is_inference():
            raise AssertionError(
                f"{codec.name}: {name} is a tensor of inference mode, which can neither be changed "
                "in place nor enter a loss"
            )


def _guarded(what: str, run: Callable[[], Sequence[Tensor]]) -> Sequence[Tensor]:
    """Run, and check that torch is set as it was before."""
    before = _torch_settings()
    try:
        found = run()
    except Exception as error:
        kind = type(error).__name__
        raise AssertionError(
            f"{what}: raises {kind}: {str(error).partition(chr(10))[0]}"
        ) from error
    for name, value in _torch_settings().items():
        if value != before[name]:
            raise AssertionError(f"{what}: changes {name} of torch")
    return found


def _torch_settings() -> dict[str, Any]:
    return {
        "the default dtype": torch.get_default_dtype(),
        "the default device": torch.get_default_device(),
        "the generator": torch.get_rng_state().numpy().tobytes(),
        "gradients": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "the precision of products": torch.get_float32_matmul_precision(),
        "threads": torch.get_num_threads(),
    }


def _compare(
    what: str, found: Sequence[Tensor], wanted: Sequence[Tensor], *, atol: float = 0.0
) -> None:
    for number, (got, want) in enumerate(zip(found, wanted, strict=True)):
        if got.device != want.device or got.dtype != want.dtype:
            raise AssertionError(
                f"{what}: result {number} is {got.dtype} on {got.device}, not {want.dtype} on "
                f"{want.device}"
            )
        check_rows_equal(f"{what}, result {number}", got, want, atol=atol, axis=0)


def _results(codec: Tokenizer, audio: Audio) -> list[Tensor]:
    """Return a recording's codes and, where the codec decodes, samples: whole and in steps."""
    x = torch.from_numpy(audio.samples[None, : codec.channels].copy())
    return [*_whole(codec, audio), *(tensor for _, tensor in _returned(codec, x))]


def _whole(codec: Tokenizer, audio: Audio) -> list[Tensor]:
    tokens = codec.encode(audio)
    found = [torch.from_numpy(stack.copy()) for stack in tokens.stacks]
    if isinstance(codec, Codec):
        found.append(torch.from_numpy(codec.decode(tokens).samples.copy()))
    return found


def _returned(codec: Tokenizer, x: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield all tensors that a codec's calls return, by name."""
    whole = codec.to_codes(x)
    yield from _of_codes("to_codes", whole)
    if codec.model.encodes_in_steps:
        state = codec.start_encoding(len(x))
        codes, after = codec.encode_step(x, state)
        yield from _of_codes("encode_step", codes)
        yield from _of_codes("finish_encoding", codec.finish_encoding(after))
        yield from _of_state("start_encoding", (state.encoder, state.samples, state.latents))
        yield from _of_state("encode_step", (after.encoder, after.samples, after.latents))
    if isinstance(codec, Codec):
        yield "from_codes", codec.from_codes(whole)
    if isinstance(codec, Codec) and codec.model.decodes_in_steps:
        items = {side.name: whole.sides[side.name] for side in codec.spec.item_sides}
        begun = codec.start_decoding(len(x), sides=items)
        samples, after_it = codec.decode_step(whole, begun)
        yield "decode_step", samples
        yield "finish_decoding", codec.finish_decoding(after_it)
        for name, state_ in (("start_decoding", begun), ("decode_step", after_it)):
            overlap = state_.overlap
            waiting = () if overlap is None else (overlap.total, overlap.weight)
            yield from _of_state(name, (state_.decoder, tuple(state_.codes), waiting))


def _of_codes(name: str, codes: Codes) -> Iterator[tuple[str, Tensor]]:
    yield from ((f"level {k} of {name}", level) for k, level in enumerate(codes))
    yield from ((f"{side} of {name}", value) for side, value in codes.sides.items())


def _of_state(name: str, state: Any) -> Iterator[tuple[str, Tensor]]:
    if isinstance(state, Tensor):
        yield f"a state of {name}", state
        return
    for part in state:
        yield from _of_state(name, part)


def _quantized(quantizer: Quantizer, z: Tensor) -> list[Tensor]:
    codes = quantizer.encode(z)
    health = quantizer(z).health
    return [*as_levels(codes), quantizer.decode(codes), health.used, health.residual_db]


def _learned(quantizer: Quantizer, z: Tensor) -> list[Tensor]:
    """Return what a training step makes of a copy: losses, output and all that is learned."""
    twin = copy.deepcopy(quantizer).train()
    found = _seeded(lambda: twin(z))
    losses = [loss.detach() for loss in found.losses.values()]
    return [found.z.detach(), *losses, *twin.state_dict().values()]


def _seeded(make: Callable[[], Any]) -> Any:
    """Run with the same random numbers each time, leaving the generator as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make()
