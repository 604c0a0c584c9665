"""Conv-TasNet against its description in torch's functions, through a file as asteroid saves it.

Asteroid's own code asks for torchaudio, which has no build for this torch, and for older versions
of others.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.torch_version import TorchVersion

import vocable
from vocable.errors import ModelError
from vocable.load.separators import recognise_separator
from vocable.separation import Separator
from vocable.testing.compare import WHOLE_CODEC, check_rows_equal

ARGS: dict[str, Any] = {
    "fb_name": "FreeFB", "n_filters": 16, "kernel_size": 12, "stride": 4, "sample_rate": 8000.0,
    "in_chan": 16, "out_chan": 16, "bn_chan": 7, "hid_chan": 10, "skip_chan": 6,
    "conv_kernel_size": 3, "n_blocks": 3, "n_repeats": 2, "n_src": 2, "norm_type": "gLN",
    "mask_act": "sigmoid", "causal": False, "encoder_activation": None,
}  # fmt: skip
FORMS = {
    "paper": {},
    "librimix": {"mask_act": "relu", "n_src": 3},
    "causal": {"causal": True, "norm_type": "cLN", "encoder_activation": "relu"},
    "cumulative": {"causal": True, "norm_type": "cgLN"},
}


def tensors(args: dict[str, Any]) -> OrderedDict[str, Tensor]:
    """Return random weights by asteroid's keys."""
    random = torch.Generator().manual_seed(0)

    def some(*shape: int, around: float = 0.0, by: float = 1.0) -> Tensor:
        return around + by * torch.randn(shape, generator=random)

    found: dict[str, Tensor] = {}

    def conv(name: str, out: int, into: int, kernel: int = 1) -> None:
        found[f"{name}.weight"] = some(out, into, kernel, by=(into * kernel) ** -0.5)
        found[f"{name}.bias"] = some(out, by=0.1)

    def norm(name: str, channels: int) -> None:
        found[f"{name}.gamma"] = some(channels, around=1.0, by=0.2)
        found[f"{name}.beta"] = some(channels, by=0.2)

    filters, hidden = args["n_filters"], args["hid_chan"]
    found["encoder.filterbank._filters"] = some(filters, 1, args["kernel_size"], by=0.3)
    norm("masker.bottleneck.0", filters)
    conv("masker.bottleneck.1", args["bn_chan"], filters)
    for i in range(args["n_blocks"] * args["n_repeats"]):
        unit = f"masker.TCN.{i}"
        conv(f"{unit}.shared_block.0", hidden, args["bn_chan"])
        depthwise = "3.0" if args["causal"] else "3"
        conv(f"{unit}.shared_block.{depthwise}", hidden, 1, args["conv_kernel_size"])
        for k in (1, 4):
            found[f"{unit}.shared_block.{k}.weight"] = some(1, around=0.25, by=0.1)
        for k in (2, 5):
            norm(f"{unit}.shared_block.{k}", hidden)
        conv(f"{unit}.res_conv", args["bn_chan"], hidden)
        conv(f"{unit}.skip_conv", args["skip_chan"], hidden)
    found["masker.mask_net.0.weight"] = some(1, around=0.25, by=0.1)
    conv("masker.mask_net.1", args["n_src"] * filters, args["skip_chan"])
    found["decoder.filterbank._filters"] = some(filters, 1, args["kernel_size"], by=0.3)
    return OrderedDict(found)


def described(held: dict[str, Tensor], args: dict[str, Any], x: Tensor) -> Tensor:
    """Return `[batch, speakers, samples]` of `[batch, 1, samples]`, in the words of the paper."""

    def norm(name: str, y: Tensor) -> Tensor:
        if args["norm_type"] == "cgLN":
            ends = [y[..., : end + 1] for end in range(y.shape[2])]
            mean = torch.stack([part.mean((1, 2)) for part in ends], 1)[:, None]
            var = torch.stack([part.var((1, 2), correction=0) for part in ends], 1)[:, None]
        else:
            over = (1, 2) if args["norm_type"] == "gLN" else (1,)
            mean, var = y.mean(over, keepdim=True), y.var(over, correction=0, keepdim=True)
        normed = (y - mean) / (var + 1e-8).sqrt()
        return held[f"{name}.gamma"][:, None] * normed + held[f"{name}.beta"][:, None]

    def conv(name: str, y: Tensor, **how: Any) -> Tensor:
        return F.conv1d(y, held[f"{name}.weight"], held[f"{name}.bias"], **how)

    def prelu(name: str, y: Tensor) -> Tensor:
        return F.prelu(y, held[f"{name}.weight"])

    w = F.conv1d(x, held["encoder.filterbank._filters"], stride=args["stride"])
    w = w.relu() if args["encoder_activation"] == "relu" else w
    y = conv("masker.bottleneck.1", norm("masker.bottleneck.0", w))
    skips = torch.zeros(1)
    for i in range(args["n_blocks"] * args["n_repeats"]):
        unit, dilation = f"masker.TCN.{i}.shared_block", 2 ** (i % args["n_blocks"])
        z = norm(f"{unit}.2", prelu(f"{unit}.1", conv(f"{unit}.0", y)))
        reach = (args["conv_kernel_size"] - 1) * dilation
        z = F.pad(z, (reach, 0) if args["causal"] else (reach // 2, reach // 2))
        depthwise = f"{unit}.3.0" if args["causal"] else f"{unit}.3"
        z = conv(depthwise, z, dilation=dilation, groups=args["hid_chan"])
        z = norm(f"{unit}.5", prelu(f"{unit}.4", z))
        y = y + conv(f"masker.TCN.{i}.res_conv", z)
        skips = skips + conv(f"masker.TCN.{i}.skip_conv", z)
    scores = conv("masker.mask_net.1", prelu("masker.mask_net.0", skips))
    masks = scores.relu() if args["mask_act"] == "relu" else scores.sigmoid()
    masks = masks.reshape(len(x), args["n_src"], args["n_filters"], -1)
    masked = (masks * w[:, None]).flatten(0, 1)
    found = F.conv_transpose1d(masked, held["decoder.filterbank._filters"], stride=args["stride"])
    return found.reshape(len(x), args["n_src"], -1)


def saved(path: Path, **more: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Write a file as asteroid does, and return what is in it."""
    args = {**ARGS, **more}
    held = tensors(args)
    versions = {"torch_version": TorchVersion("2.1.0"), "asteroid_version": "0.7.0"}
    torch.save(
        {"model_name": "ConvTasNet", "state_dict": held, "model_args": args,
         "infos": {"software_versions": versions}}, path,
    )  # fmt: skip
    return held, args


@pytest.mark.parametrize("form", FORMS)
def test_it_gives_what_its_description_does(form, tmp_path):
    held, args = saved(tmp_path / "tasnet.pth", **FORMS[form])
    found = vocable.load(tmp_path / "tasnet.pth")
    assert isinstance(found, Separator)
    assert (found.rate, found.speakers, found.steps) == (8000, args["n_src"], args["causal"])
    x = 0.1 * torch.randn(2, 400, 1, generator=torch.Generator().manual_seed(1))
    # asteroid leaves out the frames that begin in the last window: it gets zeros to see them all
    padded = F.pad(x.transpose(1, 2), (0, args["kernel_size"] - args["stride"]))
    wanted = described(held, args, padded)[..., :400]
    check_rows_equal(form, found.model(x), wanted.transpose(1, 2), atol=WHOLE_CODEC)


def test_what_it_says_of_itself(tmp_path):
    saved(tmp_path / "tasnet.pth")
    checkpoint, _, known = recognise_separator(tmp_path / "tasnet.pth")
    assert known.layout == "asteroid" and known.config["norm"] == "global"
    assert checkpoint.stated["infos"]["software_versions"]["torch_version"] == "2.1.0"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"norm_type": "bN"}, "norm_type is 'bN'; known: gLN, cgLN, cLN"),
        ({"fb_name": "STFTFB"}, "fb_name is 'STFTFB'; known: free, FreeFB"),
        ({"mask_act": "softmax"}, "mask_act is 'softmax'; known: sigmoid, relu"),
        ({"out_chan": 9}, "out_chan is 9; wanted n_filters, 16"),
        ({"sample_rate": None}, "says sample_rate = None; wanted a whole number above 0"),
        ({"n_src": 1}, "speakers is 1; wanted 2 to 6"),
        ({"sample_rate": float("nan")}, "sample_rate = nan; wanted a whole number"),
        ({"sample_rate": float("inf")}, "sample_rate = inf; wanted a whole number"),
    ],
)
def test_forms_that_are_not_read_are_refused(more, says, tmp_path):
    saved(tmp_path / "tasnet.pth", **more)
    with pytest.raises(ModelError, match=says) as refused:
        vocable.load(tmp_path / "tasnet.pth")
    assert "tasnet.pth" in str(refused.value) and "\n" not in str(refused.value)


def test_a_file_of_another_size_is_refused_in_one_line(tmp_path):
    held, args = saved(tmp_path / "tasnet.pth")
    file = {"model_name": "ConvTasNet", "state_dict": held}
    for more in ({"hid_chan": 12}, {"n_blocks": 4}, {"n_repeats": 1}, {"kernel_size": 8}):
        torch.save({**file, "model_args": {**args, **more}}, tmp_path / "other.pth")
        with pytest.raises(ModelError, match="other.pth looks like conv-tasnet") as refused:
            vocable.load(tmp_path / "other.pth")
        assert "\n" not in str(refused.value)
    torch.save(file, tmp_path / "bare.pth")
    with pytest.raises(ModelError, match="without model_args; take its whole file"):
        vocable.load(tmp_path / "bare.pth")


def test_sizes_without_end_take_no_memory(tmp_path):
    held, args = saved(tmp_path / "tasnet.pth")
    file = {"model_name": "ConvTasNet", "state_dict": held}
    torch.save({**file, "model_args": {**args, "hid_chan": 10**9}}, tmp_path / "huge.pth")
    with pytest.raises(ModelError, match="huge.pth looks like conv-tasnet"):
        vocable.load(tmp_path / "huge.pth")


def test_weights_that_are_not_finite_are_refused(tmp_path):
    held, args = saved(tmp_path / "tasnet.pth")
    held["masker.mask_net.1.bias"][0] = torch.nan
    file = {"model_name": "ConvTasNet", "state_dict": held, "model_args": args}
    torch.save(file, tmp_path / "nan.pth")
    with pytest.raises(ModelError, match="nan.pth looks like conv-tasnet .*finite"):
        vocable.load(tmp_path / "nan.pth")
