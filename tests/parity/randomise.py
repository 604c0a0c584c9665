"""Give a reference model random weights with which nothing is trivially equal.

All weights, gains, biases, norms, Snake's slopes and layer scales are random; then one pass over
a sound scales each layer so that its output is of order 1, and fills each codebook with rows that
its level met, so that the entries lie where the latents do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

LAYERS = (nn.Conv1d, nn.ConvTranspose1d, nn.Linear)
SEARCHES = ("decode_latents", "_quantize", "quantize")  # of a level, by their names in the peers
USED = 0.1  # of what could be used, so many entries at least are
_NORMS = r"(norm|ln)\w*(\.scale)?\.weight$|(pos_net\.5|normalize\.\d+|TokenEncoder\.fn\.2)\.weight$"
Run = Callable[[nn.Module, Tensor], object]
Model = TypeVar("Model", bound=nn.Module)


def sound(samples: int, batch: int = 1, channels: int = 1, seed: int = 0) -> Tensor:
    """Return noise and a tone whose loudness comes and goes, `[batch, channels, samples]`."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(batch, channels, samples, generator=generator)
    time = torch.arange(samples) / 24_000
    pitch, phase = torch.rand(2, batch, channels, 1, generator=generator)
    tone = torch.sin(2 * torch.pi * ((100 + 400 * pitch) * time + phase))
    loudness = 0.55 + 0.45 * torch.sin(2 * torch.pi * (3 * time + phase))
    return loudness * (0.2 * noise + 0.3 * tone)


@torch.no_grad()
def randomise(
    model: Model, seed: int, run: Run | None = None, samples: int = 24_000, *, books: bool = True
) -> Model:
    """Make all weights of a reference random, and return it in evaluation mode.

    run: encodes and decodes a sound with all levels, `[1, channels, samples]`; known for the peers.
    books: whether it searches codebooks, which are filled.
    """
    generator = torch.Generator().manual_seed(seed)
    model.eval()
    for name, parameter in model.named_parameters():
        parameter.copy_(_drawn(name, parameter, generator))
    for module in model.modules():
        if {"alpha", "beta"} <= module._parameters.keys():  # a Snake of logarithms
            module.alpha.log_()
            module.beta.log_()
    for name, buffer in model.named_buffers():
        if name.endswith("inited"):  # else SpeechTokenizer clusters what it encodes first
            buffer.fill_(1)
    run = run or run_all_levels
    channels = _channels(model)
    with torch.random.fork_rng(devices=[]):  # SNAC draws noise
        torch.manual_seed(seed)
        with _scaled(model), _filled(model, generator) if books else ExitStack():
            run(model, sound(samples, 1, channels, seed=seed))
        with _usage_checked(model) if books else ExitStack():
            run(model, sound(samples, 1, channels, seed=seed + 1))
    return model


def run_all_levels(model: nn.Module, audio: Tensor) -> object:
    """Encode and decode with all levels, by the peer's own calls."""
    package, kind = type(model).__module__.partition(".")[0], type(model).__name__
    if (package, kind) == ("transformers", "EncodecModel"):
        return model(audio, bandwidth=max(model.config.target_bandwidths))
    if package == "encodec":
        before = model.bandwidth
        model.set_target_bandwidth(max(model.target_bandwidths))
        model(audio)
        return model.set_target_bandwidth(before) if before else None
    if package == "moshi":
        before = model.num_codebooks
        model.set_num_codebooks(model.total_codebooks)
        model.decode(model.encode(audio))
        return model.set_num_codebooks(before)
    return model(audio)


def _channels(model: nn.Module) -> int:
    config = getattr(model, "config", model)
    names = ("audio_channels", "channels", "number_channels")
    return int(next((found for name in names if (found := getattr(config, name, None))), 1))


# Random values


def _drawn(name: str, parameter: Tensor, generator: torch.Generator) -> Tensor:
    noise = torch.randn(parameter.shape, generator=generator)
    if name.endswith("cluster_usage"):
        return 0.5 + 4 * torch.rand(parameter.shape, generator=generator)
    if re.search(r"alpha$|beta$|weight_g$|original0$|layer_scale\w*\.scale$|_scale$", name):
        return (0.3 * noise).exp() * (0.3 if "_scale" in name else 1.0)
    if name.endswith("gamma"):  # of ConvNeXt's blocks
        return 0.3 * noise.exp()
    if "bias" in name or name.endswith(("norm.shift.weight", "masked_spec_embed")):
        return 0.2 * noise
    if re.search(_NORMS, name):
        return 1 + 0.2 * noise
    if parameter.dim() == 1:
        raise ValueError(f"{name} {list(parameter.shape)}: say how it is drawn")
    fan_in = max(1, parameter[0].numel())
    return noise / fan_in**0.5


# Layers whose outputs are of order 1


@contextmanager
def _scaled(model: nn.Module) -> Iterator[None]:
    """Scale each layer's weight when it is first met."""
    done: set[int] = set()

    def scale(target: float) -> Callable[[nn.Module, object, Tensor], Tensor | None]:
        def hook(layer: nn.Module, _: object, y: Tensor) -> Tensor | None:
            spread = float(y.std()) if y.numel() > 1 else 0.0
            if id(layer) in done or spread < 1e-6:
                return None
            done.add(id(layer))
            bias = getattr(layer, "bias", None)
            offset = (
                0.0 if bias is None else bias if isinstance(layer, nn.Linear) else bias[:, None]
            )
            factor = target / float((y - offset).std())
            _gain(layer).mul_(factor)
            return (y - offset) * factor + offset

        return hook

    with ExitStack() as stack:
        for name, layer in model.named_modules():
            if isinstance(layer, LAYERS):
                target = 0.3 if re.search("out_proj|output_proj", name) else 1.0
                handle = layer.register_forward_hook(scale(target))
                stack.callback(handle.remove)
        yield


def _gain(layer: nn.Module) -> Tensor:
    """Return what the size of a layer's weight lies in, whatever form of weight norm it has."""
    parameters = dict(layer.named_parameters())
    for name in ("weight_g", "parametrizations.weight.original0", "weight"):
        if name in parameters:
            return parameters[name]
    raise ValueError(f"{type(layer).__name__} has no weight")


# Codebooks that lie where the latents do


def levels_of(model: nn.Module) -> list[tuple[nn.Module, str]]:
    """Return the modules that search a codebook, and the name of the method that does."""
    found = []
    for module in model.modules():
        tensors = {**dict(module.named_buffers(recurse=False)), **module._modules}
        own = {"embed", "embed_sum", "embedding_sum", "codebook"} & tensors.keys()
        if own or "_codebook" in tensors and hasattr(module, "decode_latents"):
            method = next((name for name in SEARCHES if hasattr(module, name)), None)
            if method:
                found.append((module, method))
    return found


@contextmanager
def _wrapped(
    model: nn.Module, around: Callable[[nn.Module, Callable[..., object], Tensor], object]
) -> Iterator[None]:
    """Call `around(level, search, x)` wherever a level would search for `x`."""
    levels = levels_of(model)
    assert levels, f"{type(model).__name__} has no codebooks that are known here"
    for level, method in levels:
        search = getattr(level, method)
        setattr(level, method, lambda x, a=level, b=search: around(a, b, x))
    try:
        yield
    finally:
        for level, method in levels:
            delattr(level, method)  # the class's own shows again


@contextmanager
def _filled(model: nn.Module, generator: torch.Generator) -> Iterator[None]:
    """Fill each codebook with rows that its level is asked for."""
    filled: set[int] = set()

    def fill(level: nn.Module, search: Callable[..., object], x: Tensor) -> object:
        if id(level) not in filled:
            filled.add(id(level))
            set_entries(level, _entries(level, _rows(x), generator), generator)
        return search(x)

    with _wrapped(model, fill):
        yield
    lacking = len(levels_of(model)) - len(filled)
    assert not lacking, f"{lacking} codebooks were not met; give a `run` that uses all levels"


def _rows(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(0, 1) if x.dim() == 3 else x


def _entries(level: nn.Module, rows: Tensor, generator: torch.Generator) -> Tensor:
    """Return entries around the mean of the rows.

    A search by angle gets them spread like the rows, and of many lengths. For a search by distance
    they are shorter: what is left over then shrinks slowly, so that the last of 32 levels has as
    much to choose from as the first.
    """
    size, dim = _codebook(level).shape
    noise = torch.randn(size, dim, generator=generator)
    lengths = (0.3 * torch.randn(size, 1, generator=generator)).exp()
    spread = 0.3 if hasattr(level, "_quantize") or hasattr(level, "quantize") else lengths
    return rows.mean(0) + spread * rows.std(0) * noise


def _codebook(level: nn.Module) -> Tensor:
    for name in ("embed_sum", "embedding_sum", "embed"):
        if name in level._buffers:
            return level._buffers[name]
    return level.codebook.weight


def set_entries(level: nn.Module, entries: Tensor, generator: torch.Generator) -> None:
    """Make these the entries of a codebook, with statistics that agree with them."""
    buffers, size = level._buffers, len(entries)
    usage = 0.5 + 4 * torch.rand(size, generator=generator)
    if "embed_sum" in buffers or "embedding_sum" in buffers:  # Mimi: only the sums are stored
        usage[::16] = 0  # entries never used: the peers divide by 1e-5 there
        _codebook(level).copy_(entries * usage.clamp(min=1e-5)[:, None])
        buffers["cluster_usage"].copy_(usage)
        for kept in ("_embed", "_embedding"):  # what they derived before
            if hasattr(level, kept):
                setattr(level, kept, None)
    else:
        _codebook(level).copy_(entries)
        if "embed_avg" in buffers:
            buffers["cluster_size"].copy_(usage)
            buffers["embed_avg"].copy_(entries * usage[:, None])
    for name in ("inited", "initialized", "_initialized"):
        if name in buffers:
            buffers[name].fill_(1)


@contextmanager
def _usage_checked(model: nn.Module) -> Iterator[None]:
    """Refuse weights with which a level uses few of its entries: equal codes would say little."""
    used: dict[int, tuple[int, int]] = {}

    def count(level: nn.Module, search: Callable[..., object], x: Tensor) -> object:
        found = search(x)
        codes = found[1] if isinstance(found, tuple) else found
        used[id(level)] = len(codes.unique()), min(len(_codebook(level)), codes.numel())
        return found

    with _wrapped(model, count):
        yield
    poor = {n: u for n, u in enumerate(used.values()) if u[1] >= 10 and u[0] < USED * u[1]}
    assert not poor, f"levels that use few entries (used, usable): {poor}"
