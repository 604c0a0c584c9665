"""The README.md of an exported codec: what it is, and lines that run it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_ONNX = """\
import numpy as np
import onnxruntime

encoder = onnxruntime.InferenceSession("encoder.onnx")
decoder = onnxruntime.InferenceSession("decoder.onnx")
samples = np.zeros((1, {channels}, {rate}), np.float32)  # [batch, channels, samples], {rate} Hz, ±1
codes = encoder.run(None, {{"samples": samples}})  # {codes}
names = [port.name for port in decoder.get_inputs()]
(sound,) = decoder.run(None, dict(zip(names, codes)))
sound = sound[..., : {length}]  # what stands behind the end is cut off
"""
_TORCH = """\
import torch

encoder = torch.export.load("encoder.pt2").module()
decoder = torch.export.load("decoder.pt2").module()
samples = torch.zeros(1, {channels}, {rate})  # [batch, channels, samples], {rate} Hz, ±1
with torch.no_grad():
    codes = encoder(samples)  # {codes}
    sound = decoder(*codes)
sound = sound[..., : {length}]  # what stands behind the end is cut off
"""
_ONNX_STEPS = """\
import numpy as np
import onnxruntime

step = onnxruntime.InferenceSession("{name}_step.onnx")
dtypes = {{"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(bool)": np.bool_}}
names = [port.name for port in step.get_inputs()]
state = [np.zeros((1, *p.shape[1:]), dtypes[p.type]) for p in step.get_inputs()[1:]]
for block in {blocks}:
    {out}, *state = step.run(None, dict(zip(names, [block, *state])))
"""
_TORCH_STEPS = """\
import json

import torch

step = torch.export.load("{name}_step.pt2").module()
ports = json.load(open("codec.json"))["files"]["{name}_step.pt2"]["inputs"][1:]
state = [torch.zeros(1, *p["shape"][1:], dtype=getattr(torch, p["dtype"])) for p in ports]
for block in {blocks}:
    with torch.no_grad():
        {out}, *state = step(block, *state)
"""


def readme(facts: dict[str, Any]) -> str:
    """Return the page for the facts of codec.json."""
    onnx = facts["to"] == "onnx"
    runs = "onnxruntime" if onnx else f"torch {facts['torch']} or newer"
    parts = [
        f"# {facts['name']}, exported\n",
        f"Encoder and decoder of `{facts['space']}`, for {runs}; vocable is not needed. "
        f"`codec.json` says what each file takes and gives. {_tokens(facts)}\n",
        f"```python\n{_whole(facts, onnx)}```\n",
        f"Recordings have {facts['rate_hz']} Hz and any length; the last frame is filled up "
        f"with silence by the encoder. Any batch size. {_fewer(facts)}\n",
    ]
    if "noise" in facts:
        parts.append(f"The decoder's noise: {facts['noise']}.\n")
    if any("_step" in name for name in facts["files"]):
        parts += _steps(facts, onnx)
    if facts["licence"]:
        parts.append(f"Licence of the weights: {facts['licence']}.\n")
    return "\n".join(parts)


def _tokens(facts: dict[str, Any]) -> str:
    rates = facts["bits_per_second"]
    low, high = (rates[n] for n in (min(rates), max(rates)))
    span = f"{high:g}" if low == high else f"{low:g} to {high:g}"
    return (
        f"{len(facts['levels'])} levels, {facts['frames_per_second']:g} frames of "
        f"{facts['samples_per_frame']} samples a second, {span} bit/s."
    )


def _whole(facts: dict[str, Any], onnx: bool) -> str:
    rate, written = facts["rate_hz"], facts["written_rate_hz"]
    length = "samples.shape[2]" + ("" if rate == written else f" * {written} // {rate}")
    levels = len(facts["levels"])
    codes = f"one [batch, {levels}, frames]" if _uniform(facts) else f"{levels} of [batch, tokens]"
    fields = {"channels": facts["channels"], "rate": rate, "length": length, "codes": codes}
    return (_ONNX if onnx else _TORCH).format(**fields)


def _fewer(facts: dict[str, Any]) -> str:
    counts: Sequence[int] = list(facts["bits_per_second"])
    if len(counts) == 1:
        return "All levels are needed."
    line = "codes[0][:, n:] = -1" if _uniform(facts) else "codes[k][:] = -1"
    which = "for levels from `n` on" if _uniform(facts) else "for each level `k` to leave out"
    return (
        f"To decode with fewer levels ({', '.join(map(str, counts))}), set the others to -1: "
        f"`{line}` {which}."
    )


def _steps(facts: dict[str, Any], onnx: bool) -> list[str]:
    """Return the section on streams, for codecs of one rate."""
    frame, channels = facts["samples_per_frame"], facts["channels"]
    array = "np.zeros({}, np.{})" if onnx else "torch.zeros({}, dtype=torch.{})"
    samples = array.format(f"(1, {channels}, {frame})", "float32")
    codes = array.format(f"(1, {len(facts['levels'])}, 1)", "int64")
    template = _ONNX_STEPS if onnx else _TORCH_STEPS
    pairs = (("encoder", f"[{samples}] * 3", "codes"), ("decoder", f"[{codes}] * 3", "sound"))
    blocks = [template.format(name=n, blocks=b, out=o) for n, b, o in pairs]
    return [
        f"## Streams\n\nA step takes {frame} samples, or the codes of one frame, and the state; it "
        "gives what they are, and the state after them. The state starts as zeros. Steps one after "
        "the other give what the whole gives.\n",
        *(f"```python\n{block}```\n" for block in blocks),
    ]


def _uniform(facts: dict[str, Any]) -> bool:
    return all(level["frames_per_token"] == 1 for level in facts["levels"])
