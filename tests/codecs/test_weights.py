"""Tensors and their files: names, hashes, and what does not fit."""

import huggingface_hub
import pytest
import torch
from torch import nn

from vocable import weights
from vocable.errors import ModelError
from vocable.weights import Row

TENSORS = {"a.w": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.int64)}


def test_reading_gives_what_was_written(tmp_path):
    weights.write(tmp_path / "x.safetensors", TENSORS)
    whole = weights.file_hash(tmp_path / "x.safetensors")
    found = weights.read(tmp_path / "x.safetensors", sha256=whole)
    assert found.keys() == TENSORS.keys()
    assert all(torch.equal(found[key], TENSORS[key]) for key in TENSORS)
    (tmp_path / "plain").touch()
    assert (tmp_path / "x.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode
    with pytest.raises(FileNotFoundError):
        weights.read(tmp_path / "y.safetensors")


def test_the_digest_names_content_not_order():
    name = weights.digest(TENSORS, "about")
    assert name == weights.digest(dict(reversed(TENSORS.items())), "about")
    assert name == "125d722ae63e14e8"  # a change of it renames every space that is born
    others = [
        weights.digest(TENSORS, "other"),
        weights.digest({**TENSORS, "a.w": TENSORS["a.w"].T.contiguous()}, "about"),
        weights.digest({**TENSORS, "a.w": TENSORS["a.w"].double()}, "about"),
        weights.digest({"a.v": TENSORS["a.w"], "b": TENSORS["b"]}, "about"),
        weights.digest({**TENSORS, "b": TENSORS["b"] + 1}, "about"),
    ]
    assert len({name, *others}) == 6


def test_renaming_by_a_table():
    table = [Row(r"a\.(.*)", r"first.\1", torch.t), Row("b", None)]
    renamed = weights.rename(TENSORS, table)
    assert list(renamed) == ["first.w"]
    assert torch.equal(renamed["first.w"], TENSORS["a.w"].T)
    with pytest.raises(ModelError, match=r"1 key \(b\) that the key map does not know"):
        weights.rename(TENSORS, table[:1])
    with pytest.raises(ModelError, match="two keys for x, the second is b"):
        weights.rename(TENSORS, [Row(".*", "x")])


@pytest.mark.parametrize("kind", [nn.Conv1d, nn.ConvTranspose1d, nn.Linear])
@pytest.mark.parametrize("old", [True, False])
def test_weight_norm_in_both_forms_becomes_a_plain_weight(kind, old):
    layer = kind(3, 4, 2) if kind is not nn.Linear else kind(3, 4)
    normed = (nn.utils.weight_norm if old else nn.utils.parametrizations.weight_norm)(layer)
    with torch.no_grad():
        for weight in normed.parameters():
            weight.mul_(1.7)
    stored = {f"a.{key}": value for key, value in normed.state_dict().items()}
    fused = weights.fuse_weight_norm({**stored, "alpha": torch.ones(1)})
    assert set(fused) == {"a.weight", "a.bias", "alpha"}
    normed(torch.randn(1, 3, 3) if kind is not nn.Linear else torch.randn(1, 3))  # the old hook
    torch.testing.assert_close(fused["a.weight"], normed.weight.detach(), atol=1e-7, rtol=1e-6)
    half = [key for key in stored if key.endswith(("weight_g", "original0"))]
    with pytest.raises(ModelError, match="without its other half"):
        weights.fuse_weight_norm({half[0]: stored[half[0]]})


def test_a_weight_that_is_parted_fuses_to_itself_bit_for_bit():
    torch.manual_seed(0)
    weight = torch.randn(500, 7, 3) * torch.logspace(-15, 15, 500)[:, None, None]
    weight[3], weight[4] = 0.0, -0.0
    gain, direction = weights.part_weight_norm(weight)
    assert gain.shape == (500, 1, 1) and direction.shape == weight.shape
    fused = weights.fuse_weight_norm({"a.weight_g": gain, "a.weight_v": direction})["a.weight"]
    assert torch.equal(fused.view(torch.int32), weight.view(torch.int32))
    theirs = torch._weight_norm(direction, gain, 0)  # also of rows of zeros
    torch.testing.assert_close(theirs, weight, rtol=1e-6, atol=0)


@pytest.mark.parametrize("gain", [(), (3,), (2, 3)])
def test_a_gain_that_is_not_one_a_channel_is_named(gain):
    halves = {"a.weight_g": torch.ones(gain), "a.weight_v": torch.ones(2, 3, 4)}
    with pytest.raises(ModelError, match=r"weight_v of shape \[2, 3, 4\] beside a gain of"):
        weights.fuse_weight_norm(halves)


def test_a_tensor_that_its_row_cannot_change_is_named():
    row = Row("a", "b", lambda weight: weight.reshape(5))
    with pytest.raises(ModelError, match=r"^checkpoint has a of shape \[2\], which its place in"):
        weights.rename({"a": torch.ones(2)}, [row])


def test_loading_names_what_does_not_fit():
    module = nn.Linear(3, 2)
    fits = {"weight": torch.ones(2, 3), "bias": torch.zeros(2)}
    weights.load_tensors(module, fits)
    assert torch.equal(module.weight, torch.ones(2, 3))
    with pytest.raises(ModelError, match=r"1 key \(extra\) this model lacks and lacks no key"):
        weights.load_tensors(module, {**fits, "extra": torch.ones(1)})
    with pytest.raises(ModelError, match=r"lacks 1 key \(bias\) it needs"):
        weights.load_tensors(module, {"weight": fits["weight"]})
    with pytest.raises(ModelError, match=r"weight of shape \[3, 2\]; this model needs \[2, 3\]"):
        weights.load_tensors(module, {**fits, "weight": torch.ones(3, 2)})


def test_a_file_of_the_hub_is_fetched_once_and_checked(tmp_path, monkeypatch):
    asked = []
    weights.write(tmp_path / "x.safetensors", TENSORS)
    whole = weights.file_hash(tmp_path / "x.safetensors")

    def download(repository, file, **options):
        asked.append((repository, file, options["revision"], options["cache_dir"]))
        return str(tmp_path / file)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    monkeypatch.delenv("VOCABLE_CACHE", raising=False)
    found = weights.fetch("someone/metric", "v1", whole, file="x.safetensors")
    assert weights.read(found).keys() == TENSORS.keys()
    assert asked == [("someone/metric", "x.safetensors", "v1", None)]
    with pytest.raises(ModelError, match=f"SHA-256 is {whole[:16]}… but 0000000000000000… was"):
        weights.fetch("someone/metric", "v1", "0" * 64, file="x.safetensors")
