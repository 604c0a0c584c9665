"""What an exported folder gives, where vocable is not importable, is what the codec gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.export.outside import Outside, blocks
from tests.export.toys import toy
from vocable.audio import Audio
from vocable.codecs import Codec, CodecModel
from vocable.codecs.registry import architecture, architectures, outline
from vocable.export import export
from vocable.export.checking import CLOSE, count_ties
from vocable.export.folder import not_exported
from vocable.testing.codec_examples import voice

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

SLOW = pytest.mark.slow
# Every architecture once, in ONNX, which is made of what a torch file holds. Those that take less
# than half a minute run with the tests, one of each way through the code; the others in `test-all`.
CASES = [
    ("plain", "onnx"),
    ("plain", "torch"),
    ("encodec", "onnx"),
    *(
        pytest.param(pair, marks=SLOW)
        for pair in [
            ("soundstream", "onnx"),
            ("snac", "onnx"),
            ("dac", "onnx"),
            ("bigcodec", "onnx"),
            ("nanocodec", "onnx"),
            ("mimi", "onnx"),
            ("moss", "onnx"),
            ("qwen3-tts", "onnx"),
            ("voxtral", "onnx"),
            ("speech", "onnx"),
            ("channel-vocoder", "onnx"),
            ("flow-vocoder", "onnx"),
            ("harpnet", "onnx"),
            ("vocos-mel", "onnx"),
            ("mimi", "torch"),
            ("voxtral", "torch"),
            ("out-rate", "onnx"),
            ("encodec", "torch"),
            ("encodec-symmetric", "onnx"),
            ("dac", "torch"),
            ("snac", "torch"),
            ("channel-vocoder", "torch"),
        ]
    ),
]


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with Outside() as process:
        yield process


def test_every_architecture_is_exported_above_or_says_why_it_is_not():
    pairs = [case.values[0] if hasattr(case, "values") else case for case in CASES]
    tested = {name for name, _ in pairs}
    for name in architectures():
        kind = architecture(name).model
        ours = kind.__module__.startswith(("vocable.codecs.", "vocable.units."))
        if ours and issubclass(kind, CodecModel):
            assert name in tested or not_exported(outline(name, {})), f"{name} has no case here"


@dataclass(frozen=True)
class Pair:
    """A codec, the folder that it was exported to, and what that gives for samples."""

    name: str
    codec: Codec
    folder: Path
    found: list[tuple[torch.Tensor, list[np.ndarray], np.ndarray]]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def pair(request, outside, tmp_path_factory) -> Iterator[Pair]:
    name, to = request.param
    codec = toy(name)
    folder = tmp_path_factory.mktemp(name) / "out"
    export(codec, folder, to=to)
    unit = codec.frame * codec.model.frames_together
    lengths = [1, codec.frame, 7 * unit, 11 * unit + codec.frame + 3]
    given = [voice(codec, batch, n) for n in lengths for batch in (1, 3)]
    found = outside.run_readme(folder, [x.numpy() for x in given], tmp_path_factory.mktemp(name))
    yield Pair(name, codec, folder, [(x, *made) for x, made in zip(given, found, strict=True)])


def test_the_readmes_lines_give_what_the_codec_gives(pair):
    """For any length, from one sample on, and any batch: the codec's codes, its samples exactly."""
    codec, unit = pair.codec, pair.codec.frame * pair.codec.model.frames_together
    frames = ties = 0
    for samples, codes, sound in pair.found:
        wanted = codec.to_codes(samples)
        levels = (
            torch.from_numpy(codes[0]).unbind(1)
            if len(codes) == 1
            else map(torch.from_numpy, codes)
        )
        levels = tuple(levels)
        assert [x.shape for x in levels] == [x.shape for x in wanted]
        same = all(torch.equal(a, b) for a, b in zip(levels, wanted, strict=True))
        frames += wanted[-1].numel()
        if not same:
            whole = torch.nn.functional.pad(samples, (0, -samples.shape[2] % unit))
            if whole.shape == samples.shape:
                ties += count_ties(codec, samples, wanted, levels)
            else:
                ties += 1
        written = codec.spec.writes
        length = samples.shape[2] * written // codec.rate
        mine = codec.from_codes(levels)[..., :length]
        assert sound.shape == tuple(mine.shape)
        assert np.abs(sound - mine.numpy()).max() <= CLOSE * max(1.0, float(mine.abs().max()))
    assert ties <= max(1, frames // 1000)


def test_the_lengths_are_those_of_encode_and_decode(pair):
    for samples, _, sound in pair.found:
        if len(samples) == 1 and pair.codec.spec.writes == pair.codec.rate:
            own = pair.codec.decode(pair.codec.encode(Audio(samples[0].numpy(), pair.codec.rate)))
            assert sound[0].shape == own.samples.shape


def test_levels_that_are_minus_one_are_left_out(pair, outside, tmp_path):
    codec = pair.codec
    fewer = codec.spec.prefixes[0]
    if fewer == len(codec.spec.levels):
        pytest.skip("all levels are needed")
    codes = codec.to_codes(voice(codec, 2, 9 * codec.frame))
    left_out = [x.clone() if k < fewer else torch.full_like(x, -1) for k, x in enumerate(codes)]
    given = [torch.stack(left_out, 1)] if codec.spec.step == 1 else left_out
    facts = json.loads((pair.folder / "codec.json").read_text())
    name = next(name for name in facts["files"] if name.startswith("decoder."))
    np.savez(tmp_path / "codes.npz", *(x.numpy() for x in given))
    code = _DECODE.format(codes=tmp_path / "codes.npz", name=name, out=tmp_path / "y.npy")
    outside.run(code, pair.folder)
    wanted = codec.from_codes(tuple(codes)[:fewer])[..., : 9 * codec.model.frame_written]
    assert np.abs(np.load(tmp_path / "y.npy") - wanted.numpy()).max() <= CLOSE


_DECODE = """\
import numpy
codes = list(numpy.load(r"{codes}").values())
if "{name}".endswith("onnx"):
    import onnxruntime
    decoder = onnxruntime.InferenceSession("{name}")
    names = [port.name for port in decoder.get_inputs()]
    (y,) = decoder.run(None, dict(zip(names, codes)))
else:
    import torch
    decoder = torch.export.load("{name}").module()
    y = decoder(*map(torch.from_numpy, codes)).detach().numpy()
numpy.save(r"{out}", y)
"""


def test_every_block_of_the_readme_runs(pair, outside):
    """Each by itself, without the names of the others."""
    for block in blocks(pair.folder):
        outside.run(block, pair.folder)


def test_the_codec_is_as_it_was(pair):
    samples = voice(pair.codec, 2, 1000)
    twin = toy(pair.name).to_codes(samples)
    assert all(map(torch.equal, twin, pair.codec.to_codes(samples)))
    assert all(p.requires_grad for p in pair.codec.model.parameters())
    assert torch.get_default_dtype() == torch.float32


def test_nothing_else_is_in_the_folder(pair):
    facts = json.loads((pair.folder / "codec.json").read_text())
    found = {path.name: path.stat().st_size for path in pair.folder.iterdir()}
    assert found.keys() == {"README.md", "codec.json", *facts["files"]}
    assert all(found[name] == file["bytes"] for name, file in facts["files"].items())
    assert list(pair.folder.parent.iterdir()) == [pair.folder]


def test_streams_without_a_start_up_have_steps(pair):
    facts = json.loads((pair.folder / "codec.json").read_text())
    has = any("_step" in name for name in facts["files"])
    steps = ("plain", "out-rate", "soundstream", "mimi", "moss", "qwen3-tts")
    assert has == (pair.codec.name in steps)
