"""A codec's encoder and decoder as modules that torch.export can record: tensors in, tensors out.

Codes are `[batch, levels, frames]` where all levels have one rate, else one `[batch, tokens]` a
level. A level that is to be left out when decoding holds -1.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vocable.codecs import CodecModel
from vocable.codecs.codes import as_codes
from vocable.nn.block import State

BATCH = 2  # of the examples that are recorded: not 1, which torch.export takes for a constant


@dataclass(frozen=True)
class Port:
    """One input or output: its axes by name, or by number where they are fixed."""

    name: str
    dtype: str
    axes: tuple[str | int, ...]


class Graph(nn.Module):
    """What becomes one file. `forward` takes and gives tensors as `inputs` and `outputs` say."""

    file: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @abstractmethod
    def examples(self) -> tuple[Tensor, ...]:
        """Return inputs to record with."""


class Encoder(Graph):
    """Whole recordings to codes: any number of samples, filled up with silence as `encode` does."""

    file = "encoder"

    def __init__(self, model: CodecModel) -> None:
        super().__init__()
        self.encoder, self.quantizer, self.spec = model.encoder, model.quantizer, model.spec
        ragged = model.encoder.ragged and model.spec.step == 1  # it fills up its own strides
        self.unit = 1 if ragged else model.spec.frame * model.frames_together
        self.inputs = (_samples(model, "samples"),)
        self.outputs = _codes(model)

    def forward(self, samples: Tensor) -> tuple[Tensor, ...]:
        count, frame = samples.shape[2], self.spec.frame
        whole = (count + self.unit - 1) // self.unit * self.unit
        rows = F.pad(samples, (0, whole - count)).transpose(1, 2).contiguous()
        codes = as_codes(self.quantizer.encode(self.encoder(rows)))
        frames = (count + frame - 1) // frame
        strides = [level.stride for level in self.spec.levels]
        pairs = zip(codes, strides, strict=True)
        return _joined([x[:, : (frames + s - 1) // s] for x, s in pairs], self.spec.step)

    def examples(self) -> tuple[Tensor, ...]:
        samples = 40 * max(self.unit, self.spec.frame) + self.spec.frame // 2 + 1
        return (torch.randn(BATCH, self.spec.channels, samples) / 10,)


class Decoder(Graph):
    """Whole codes to sound: frames × frame samples, of which the last may stand for silence."""

    file = "decoder"

    def __init__(self, model: CodecModel) -> None:
        super().__init__()
        self.decoder, self.quantizer, self.spec = model.decoder, model.quantizer, model.spec
        self.unit, self.frame = model.frames_decoded_together, model.frame_written
        self.inputs = _codes(model)
        self.outputs = (_samples(model, "sound"),)

    def forward(self, *codes: Tensor) -> Tensor:
        levels = codes[0].unbind(1) if self.spec.step == 1 else codes
        strides = [level.stride for level in self.spec.levels]
        finest = min(range(len(strides)), key=strides.__getitem__)
        frames = levels[finest].shape[1] * strides[finest]
        if self.unit > 1:
            pairs = zip(levels, strides, strict=True)
            levels = tuple(self._filled(x, stride, frames) for x, stride in pairs)
        z = self.quantizer.decode(torch.stack(levels, 1) if self.spec.step == 1 else levels)
        sound: Tensor = self.decoder(z).float().transpose(1, 2)
        return sound[..., : frames * self.frame]

    def _filled(self, level: Tensor, stride: int, frames: int) -> Tensor:
        """Repeat the last token to the end of the frames that the decoder sees together.

        By number: a graph would have to know which of two lengths is larger.
        """
        count = (frames + self.unit - 1) // self.unit * (self.unit // stride)
        place = torch.arange(count, device=level.device).clamp(max=level.shape[1] - 1)
        return level.index_select(1, place)

    def examples(self) -> tuple[Tensor, ...]:
        frames, levels = 8 * self.unit + 33, self.spec.levels
        rows = [_some(level.size, BATCH, -(-frames // level.stride)) for level in levels]
        return _joined(rows, self.spec.step)


class EncoderStep(Graph):
    """The next samples and the state before them to their codes and the state after them."""

    file = "encoder_step"

    def __init__(self, model: CodecModel) -> None:
        super().__init__()
        self.encoder, self.quantizer, self.spec = model.encoder, model.quantizer, model.spec
        self.samples = model.spec.frame * model.frames_together
        self.state = FlatState(model.encoder.initial_state(BATCH))
        self.inputs = (_samples(model, "samples", self.samples), *self.state.ports(""))
        codes = _codes(model, model.frames_together)
        self.outputs = (*codes, *self.state.ports("_after"))

    def forward(self, samples: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        before = self.state.nested(state, samples)
        z, after = self.encoder.step(samples.transpose(1, 2).contiguous(), before)
        codes = as_codes(self.quantizer.encode(z))
        return (*_joined(list(codes), self.spec.step), *self.state.flat(after))

    def examples(self) -> tuple[Tensor, ...]:
        samples = torch.randn(BATCH, self.spec.channels, self.samples) / 10
        return (samples, *self.state.flat(self.encoder.initial_state(BATCH)))


class DecoderStep(Graph):
    """The next codes and the state before them to their sound and the state after them."""

    file = "decoder_step"

    def __init__(self, model: CodecModel) -> None:
        super().__init__()
        self.decoder, self.quantizer, self.spec = model.decoder, model.quantizer, model.spec
        self.frames, samples = model.frames_together, model.frames_together * model.frame_written
        self.state = FlatState(model.decoder.initial_state(BATCH))
        self.inputs = (*_codes(model, self.frames), *self.state.ports(""))
        self.outputs = (_samples(model, "sound", samples), *self.state.ports("_after"))

    def forward(self, codes: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        z = self.quantizer.decode(codes)
        y, after = self.decoder.step(z, self.state.nested(state, z))
        return (y.float().transpose(1, 2), *self.state.flat(after))

    def examples(self) -> tuple[Tensor, ...]:
        rows = [_some(level.size, BATCH, self.frames) for level in self.spec.levels]
        return (torch.stack(rows, 1), *self.state.flat(self.decoder.initial_state(BATCH)))


class FlatState:
    """A nested state as a list of tensors; those without values are made where they are needed."""

    def __init__(self, example: State) -> None:
        self.example = example
        self.kept = [part for part in _leaves(example) if part.numel()]

    def ports(self, ending: str) -> tuple[Port, ...]:
        """Return the state's tensors as inputs or outputs."""
        return tuple(
            Port(f"state_{n}{ending}", _dtype(part), ("batch", *part.shape[1:]))
            for n, part in enumerate(self.kept)
        )

    def flat(self, state: State) -> tuple[Tensor, ...]:
        """Return the tensors that have values, or had some at the start, in order."""
        pairs = zip(_leaves(state), _leaves(self.example), strict=True)
        return tuple(part for part, example in pairs if example.numel() or part.numel())

    def nested(self, parts: tuple[Tensor, ...], like: Tensor) -> State:
        """Return the state of these tensors, for a batch as large as that of `like`."""
        left = iter(parts)

        def made(example: State) -> State:
            if not isinstance(example, Tensor):
                return tuple(made(part) for part in example)
            if example.numel():
                return next(left)
            return like.new_zeros((like.shape[0], *example.shape[1:]), dtype=example.dtype)

        return made(self.example)


def graphs_of(model: CodecModel) -> tuple[Graph, ...]:
    """Return encoder and decoder, whole and, where their state has fixed shapes, in steps."""
    return (Encoder(model), Decoder(model), *_steps_of(model))


def _steps_of(model: CodecModel) -> tuple[Graph, ...]:
    """Return the graphs of a step; none for a model that looks ahead or has a start-up.

    There a step gives more or less than its own frames, and its state other shapes.
    """
    spec = model.spec
    bounded = model.encoder.lookahead is not None and model.decoder.lookahead is not None
    if spec.step > 1 or spec.segment or spec.sides or not bounded:
        return ()
    graphs = EncoderStep(model), DecoderStep(model)
    return graphs if all(_keeps_shapes(graph) for graph in graphs) else ()


def _keeps_shapes(graph: Graph) -> bool:
    """Run one step from the start, which must be all zeros: whoever runs the file makes it."""
    given = graph.examples()
    with torch.no_grad():
        found = graph(*given)
    axes = [(BATCH, *port.axes[1:]) for port in graph.outputs]
    starts = not any(part.any() for part in given[1:])
    return starts and [tuple(part.shape) for part in found] == axes


def _leaves(state: State) -> list[Tensor]:
    if isinstance(state, Tensor):
        return [state]
    return [leaf for part in state for leaf in _leaves(part)]


def _joined(levels: list[Tensor], step: int) -> tuple[Tensor, ...]:
    return (torch.stack(levels, 1),) if step == 1 else tuple(levels)


def _samples(model: CodecModel, name: str, count: str | int = "samples") -> Port:
    return Port(name, "float32", ("batch", model.spec.channels, count))


def _codes(model: CodecModel, frames: str | int = "frames") -> tuple[Port, ...]:
    levels = model.spec.levels
    if model.spec.step == 1:
        return (Port("codes", "int64", ("batch", len(levels), frames)),)
    named = (f"tokens_{number}" for number in range(len(levels)))
    return tuple(
        Port(f"codes_{number}", "int64", ("batch", tokens)) for number, tokens in enumerate(named)
    )


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _some(size: int, *shape: int) -> Tensor:
    return torch.randint(size, shape)
