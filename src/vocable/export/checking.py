"""Compare what exported files give with what the codec gives, before anybody uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vocable.codecs import Codec
from vocable.errors import ModelError
from vocable.export.graphs import Graph

Run = Callable[..., Sequence[Tensor]]
"""A file at work: its inputs in order, its outputs in order."""

SECONDS = 2.3  # of noise that is compared
CLOSE = 1e-4  # of max(1, peak), for sound of the same codes
LATENT = 1e-5  # relative error of a latent that may choose the other of two entries
STEPS = 4


@dataclass(frozen=True)
class Agreement:
    """How exported files compare with the codec.

    frames: how many were compared; ties: of these, where another entry was as near; difference:
    the largest of two samples, relative to max(1, peak).
    """

    frames: int
    ties: int
    difference: float


def compare(codec: Codec, files: Mapping[Graph, Run]) -> Agreement:
    """Run exported files beside the codec; ModelError where they differ by more than rounding."""
    run = {graph.file: files[graph] for graph in files}
    samples = _noise(codec)
    codes = codec.to_codes(samples)
    ties = count_ties(codec, samples, codes, _levels(run["encoder"](samples)))
    given = (codes.stacked(),) if codec.spec.step == 1 else tuple(codes)
    difference = _difference(codec, run["decoder"](*given)[0], codec.from_codes(codes))
    for graph in files:
        if graph.file.endswith("_step"):
            _check_steps(codec, graph, files[graph], samples, given[0])
    return Agreement(len(samples) * codec.spec.frames(samples.shape[2]), ties, difference)


def _noise(codec: Codec) -> Tensor:
    """Return two streams of as many samples as all levels, and the decoder, see together."""
    unit = codec.frame * codec.model.frames_together
    count = -(-round(SECONDS * codec.rate) // unit) * unit
    random = torch.Generator().manual_seed(1)
    return torch.randn(2, codec.channels, count, generator=random) / 10


def count_ties(
    codec: Codec, samples: Tensor, ours: Sequence[Tensor], theirs: Sequence[Tensor]
) -> int:
    """Return how many frames have other codes, all by a tie; ModelError for any other difference.

    The latent behind `theirs` is not known; it is taken to be off by `LATENT` of its size.
    """
    if [x.shape for x in ours] != [x.shape for x in theirs]:
        shapes = [[list(x.shape) for x in found] for found in (theirs, ours)]
        raise ModelError(f"the exported encoder gives codes {shapes[0]}, not {shapes[1]}")
    if all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True)):
        return 0
    uniform, model = codec.spec.step == 1, codec.model
    with torch.no_grad():
        z = model.encoder(samples.transpose(1, 2).contiguous())
        a, b = (torch.stack(tuple(x), 1) if uniform else tuple(x) for x in (ours, theirs))
        distance = model.quantizer.tie_distance(z, a, z * (1 + LATENT), b)
    if wrong := int((distance > 1).sum()):
        raise ModelError(
            f"the exported encoder of {codec.name} gives other codes in {wrong} of "
            f"{distance.numel()} frames, which no tie explains; please report it"
        )
    return int((distance > 0).sum())


def _check_steps(codec: Codec, graph: Graph, run: Run, samples: Tensor, codes: Tensor) -> None:
    """Run steps from the start, which must give what the whole gives of as much."""
    ports = graph.inputs[1:]
    state = [torch.zeros((2, *map(int, p.axes[1:])), dtype=getattr(torch, p.dtype)) for p in ports]
    encodes, found = graph.file == "encoder_step", []
    size, given = (codec.frame, samples) if encodes else (1, codes)
    for block in given[..., : STEPS * size].unfold(2, size, size).unbind(2):
        y, *state = run(block, *state)
        found.append(y)
    given = given[..., : STEPS * size]
    if encodes:
        wanted = codec.to_codes(given)
        count_ties(codec, given, wanted, torch.cat(found, 2).unbind(1))
    else:
        _difference(codec, torch.cat(found, 2), codec.from_codes(given))


def _levels(found: Sequence[Tensor]) -> tuple[Tensor, ...]:
    return found[0].unbind(1) if len(found) == 1 and found[0].dim() == 3 else tuple(found)


def _difference(codec: Codec, found: Tensor, wanted: Tensor) -> float:
    """Return the largest difference of two sounds; ModelError where it is more than rounding."""
    if found.shape != wanted.shape:
        raise ModelError(
            f"the exported decoder of {codec.name} gives {list(found.shape)} samples, not "
            f"{list(wanted.shape)}"
        )
    difference = float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1))
    if difference > CLOSE:
        raise ModelError(
            f"the exported decoder of {codec.name} differs by {difference:.1e} of full scale; "
            "please report it"
        )
    return difference
