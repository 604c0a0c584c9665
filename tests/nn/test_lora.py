"""Adapters: nothing at first, PEFT's numbers and files, exact ways back, one line for bad input."""

import copy
import errno
import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from vocable.errors import ModelError
from vocable.language.maps import Map
from vocable.nn import ConvNeXtBlock, Linear
from vocable.nn.lora import (
    Adapter,
    LoraSettings,
    Place,
    choose,
    linear_places,
    open_adapter,
    write_adapter,
)

CLOSE = {"atol": 1e-5, "rtol": 1e-4}


class Net(nn.Module):
    """Linear maps of both kinds, and one whose name ends as another's whole name."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.body = nn.Sequential(ConvNeXtBlock(8, kernel=3), Linear(8, 8, bias=False))
        self.inner = nn.ModuleDict({"first": nn.Linear(8, 4)})

    def forward(self, x):
        return self.inner["first"](self.body(torch.relu(self.first(x))))


def filled(network, *targets, **settings):
    """Return an adapter that has learnt something, put into the network."""
    places = linear_places(network)
    wanted = choose(places, targets) if targets else places
    adapter = Adapter(network, wanted, LoraSettings(**{"rank": 3, "alpha": 6.0} | settings))
    for _, pair in adapter.named_pairs():
        nn.init.normal_(pair.up, std=0.3)
    adapter.attach(network)
    return adapter


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net().eval()


@pytest.fixture
def x():
    return torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(1))


def test_before_it_learns_it_changes_nothing(net, x):
    wanted = net(x)
    Adapter(net, linear_places(net), LoraSettings(rank=2)).attach(net)
    assert torch.equal(net(x), wanted)


def test_detached_the_network_is_as_it_was(net, x):
    before, wanted = copy.deepcopy(net.state_dict()), net(x)
    adapter = filled(net)
    assert not torch.allclose(net(x), wanted, atol=1e-2)
    adapter.detach(net)
    assert torch.equal(net(x), wanted)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_merged_and_unmerged_give_the_same(net, x):
    adapter = filled(net)
    wanted = net(x)
    adapter.merge(net)
    assert set(net.state_dict()) == set(Net().state_dict())
    torch.testing.assert_close(net(x), wanted, **CLOSE)
    adapter.unmerge(net)
    torch.testing.assert_close(net(x), wanted, **CLOSE)


def test_steps_equal_the_whole(net, x):
    filled(net)
    block = net.body[0]
    rows = torch.relu(net.first(x))
    state, found = block.initial_state(2), []
    for part in rows.split([2, 1, 2], 1):
        y, state = block.step(part, state)
        found.append(y)
    torch.testing.assert_close(torch.cat(found, 1), block(rows), **CLOSE)


def test_a_part_of_the_rows_is_adapted_alone(x):
    whole = nn.ModuleDict({"into": Map(6, 9)})
    places = [Place("q", "into", 0, 4), Place("v", "into", 6, 9)]
    before = whole["into"](x)
    adapter = Adapter(whole, places, LoraSettings(rank=2, alpha=2.0))
    for _, pair in adapter.named_pairs():
        nn.init.ones_(pair.up)
    adapter.attach(whole)
    changed = (whole["into"].forward(x, 7) - before).abs().amax((0, 1)) > 1e-3
    assert changed.tolist() == [True] * 4 + [False] * 2 + [True] * 3


def test_weights_keep_their_precision_and_pairs_are_fp32(net, x):
    net.bfloat16()
    adapter = filled(net)
    assert net(x.bfloat16()).dtype == torch.bfloat16
    assert {pair.down.dtype for _, pair in adapter.named_pairs()} == {torch.float32}
    adapter.merge(net)
    assert {value.dtype for value in net.state_dict().values()} == {torch.bfloat16}


@pytest.mark.parametrize("rslora", [False, True])
def test_peft_opens_ours_and_ours_opens_pefts(net, x, tmp_path, rslora):
    peft = pytest.importorskip("peft")
    plain = nn.Sequential(nn.Linear(6, 8), nn.Sequential(nn.GELU(), nn.Linear(8, 4)))
    adapter = filled(plain, rslora=rslora)
    wanted = plain(x)
    adapter.detach(plain)
    write_adapter(adapter, tmp_path / "ours", "a model")
    theirs = peft.PeftModel.from_pretrained(copy.deepcopy(plain), tmp_path / "ours")
    torch.testing.assert_close(theirs(x), wanted, **CLOSE)
    torch.testing.assert_close(theirs.merge_and_unload()(x), wanted, **CLOSE)
    theirs = peft.PeftModel.from_pretrained(copy.deepcopy(plain), tmp_path / "ours")
    theirs.save_pretrained(tmp_path / "theirs")
    again = open_adapter(tmp_path / "theirs", plain, linear_places(plain))
    assert again.settings == adapter.settings
    again.attach(plain)
    torch.testing.assert_close(plain(x), wanted, **CLOSE)


def test_peft_finds_no_layer_more_than_was_meant(x, tmp_path):
    peft = pytest.importorskip("peft")
    plain = nn.ModuleDict({"out": nn.Linear(6, 6), "deep": nn.ModuleDict({"out": nn.Linear(6, 6)})})
    places = linear_places(plain)
    adapter = Adapter(plain, places[:1], LoraSettings(rank=2))
    write_adapter(adapter, tmp_path, "a model")
    config = peft.LoraConfig.from_pretrained(tmp_path)
    found = peft.get_peft_model(plain, config).targeted_module_names
    assert found == ["out"]


def test_dropout_is_in_training_only(net, x):
    adapter = filled(net, dropout=0.5)
    assert torch.equal(net(x), net(x))
    net.train()
    adapter.train()
    assert not torch.equal(net(x), net(x))


def test_names_choose_by_their_last_parts_or_as_patterns(net):
    places = linear_places(net)

    def names(*targets, exclude=()):
        return [place.name for place in choose(places, targets, exclude)]

    assert names("first") == ["first", "inner.first"]
    assert names("inner.first") == ["inner.first"]
    assert names(r"body\..*", exclude=["body.1"]) == [
        "body.0.branch.blocks.2", "body.0.branch.blocks.4",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("targets", "exclude", "message"),
    [
        (["frist"], [], 'no layer is called "frist"; nearest: "first"'),
        (["first", "q_proj"], [], 'no layer is called "q_proj"; known: '),
        (["first"], [".*first"], "2 layers are chosen and all of them excluded"),
        (["fir("], [], r'"fir\(" is neither a name nor a regular expression'),
    ],
)
def test_patterns_that_leave_nothing_are_refused(net, targets, exclude, message):
    with pytest.raises(ModelError, match=message):
        choose(linear_places(net), targets, exclude)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rank": 0}, "an adapter's rank is 0; wanted 1 or more"),
        ({"alpha": 0.0}, "an adapter's alpha is 0.0; wanted more than 0"),
        ({"dropout": 1.0}, "an adapter's dropout is 1.0; wanted 0 or more, below 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ModelError, match=message):
        LoraSettings(**settings)


def test_an_adapter_is_put_in_once(net):
    adapter = filled(net)
    with pytest.raises(ModelError, match="first has an adapter already; merge that or detach"):
        adapter.attach(net)
    adapter.detach(net)
    with pytest.raises(ModelError, match="first has no adapter; attach it first"):
        adapter.detach(net)


@pytest.fixture
def folder(net, tmp_path):
    adapter = filled(net)
    adapter.detach(net)
    write_adapter(adapter, tmp_path / "adapter", "a model")
    return tmp_path / "adapter"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"use_dora": True}, "uses use_dora of PEFT, which is not done here; merge it with PEFT"),
        ({"bias": "all"}, "uses bias of PEFT, which"),
        ({"modules_to_save": ["head"]}, "uses modules_to_save of PEFT, which"),
        ({"rank_pattern": {"a": 2}}, "uses rank_pattern of PEFT, which"),
        ({"a_new_idea": 1, "use_dora": True}, "uses a_new_idea, use_dora of PEFT, which"),
        ({"init_lora_weights": "pissa"}, "uses init_lora_weights pissa of PEFT, which"),
        ({"peft_type": "IA3"}, "is of IA3; only LORA can be read"),
        ({"r": None}, "has no usable"),
        ({"r": 0}, "an adapter's rank is 0"),
    ],
)
def test_kinds_that_are_not_read_are_refused_by_name(net, folder, changes, message):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(ModelError, match=message) as caught:
        open_adapter(folder, net, linear_places(net))
    assert "\n" not in str(caught.value)


def rename(folder, change):
    path = folder / "adapter_model.safetensors"
    save_file(change(load_file(path)), path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: {k.replace(".first", ".last"): v for k, v in t.items()},
            r"is an adapter of another model: 2 of its 5 layers are not in this one \(inner.last\)",
        ),
        (
            lambda t: {k: v[:, :-1].clone() if "lora_A" in k else v for k, v in t.items()},
            r"is an adapter of another model: first has \[3, 5\] there and \[3, 6\] here",
        ),
        (lambda t: dict(list(t.items())[1:]), "has one half of body.0.branch.blocks.2; fetch it"),
        (lambda t: {"base_model.model.e.lora_embedding_A": t.popitem()[1]}, "not a pair of a lin"),
        (lambda t: {}, "adapts no layer; fetch it again"),
    ],
)
def test_adapters_of_another_base_are_refused(net, folder, change, message):
    rename(folder, change)
    with pytest.raises(ModelError, match=message):
        open_adapter(folder, net, linear_places(net))


def test_a_full_disk_leaves_the_adapter_that_was_there(net, folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    larger = Adapter(net, linear_places(net), LoraSettings(rank=5))

    def full(*args, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("vocable.nn.lora.files.save", full)
    with pytest.raises(OSError, match="No space left"):
        write_adapter(larger, folder, "a model")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_is_no_adapter_is_refused(net, folder, tmp_path):
    (folder / "adapter_model.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="adapter_model.safetensors is damaged"):
        open_adapter(folder, net, linear_places(net))
    (folder / "adapter_model.safetensors").unlink()
    with pytest.raises(ModelError, match="has no adapter_model.safetensors; fetch the whole"):
        open_adapter(folder, net, linear_places(net))
    with pytest.raises(ModelError, match="is not an adapter: it has no adapter_config.json"):
        open_adapter(tmp_path, net, linear_places(net))
