"""What every residual quantizer promises: exact codes, nested levels, decoding as a sum."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.quantize import oracle
from vocable.errors import ModelError, TokenError
from vocable.quantize import (
    VQ,
    Ema,
    Expire,
    Gradient,
    KMeans,
    Normalised,
    ResidualVQ,
    rotation,
    rvq,
)
from vocable.quantize.base import as_levels

KINDS = {
    "ema": {},
    "gradient": {"update": Gradient()},
    "normalised": {"update": Gradient(), "codebook": Normalised(4)},
    "rotation": {"estimator": rotation},
    "frozen": {"update": None},
}


def quantizer(kind="ema", dim=8, sizes=(16, 300, 16), **options):
    torch.manual_seed(0)
    return ResidualVQ(dim, sizes, **KINDS[kind], **options).eval()


def whole_quantizer(sizes, dim, seed):
    """A quantizer with entries of small whole numbers, so that no arithmetic on them rounds."""
    made = ResidualVQ(dim, sizes, update=None).eval()
    generator = torch.Generator().manual_seed(seed)
    for level in made.stack:
        shape = level.codebook.entries.shape
        level.codebook.entries.copy_(torch.randint(-3, 4, shape, generator=generator))
    return made, [level.codebook.entries.numpy() for level in made.stack]


@settings(deadline=None, max_examples=25)
@given(
    sizes=st.lists(st.sampled_from([1, 3, 16, 256]), min_size=1, max_size=4),
    dim=st.integers(1, 5),
    seed=st.integers(0, 999),
)
def test_codes_and_latents_are_the_oracles_to_the_bit(sizes, dim, seed):
    made, codebooks = whole_quantizer(sizes, dim, seed)
    z = torch.randint(-9, 10, (1, 6, dim), generator=torch.Generator().manual_seed(seed)).float()
    codes = made.encode(z)
    assert codes[0].tolist() == oracle.encode(z[0], codebooks)
    assert np.array_equal(
        made.decode(codes)[0].numpy(), oracle.decode(codes[0].tolist(), codebooks)
    )


def test_random_latents_give_the_oracles_codes():
    made = quantizer("frozen", sizes=(64, 64))
    codebooks = [level.codebook.entries.numpy() for level in made.stack]
    z = torch.randn(1, 200, 8, generator=torch.Generator().manual_seed(1))
    codes = made.encode(z)
    expected = torch.tensor(oracle.encode(z[0], codebooks))
    assert torch.equal(codes[0], expected)
    decoded = oracle.decode(codes[0].tolist(), codebooks)
    assert np.array_equal(made.decode(codes)[0].numpy(), decoded)


@pytest.mark.parametrize("kind", KINDS)
def test_each_prefix_is_what_encoding_with_fewer_levels_gives(kind):
    made = quantizer(kind)
    z = torch.randn(2, 50, 8)
    codes = made.encode(z)
    assert made.prefixes == (1, 2, 3)
    for n in made.prefixes:
        assert torch.equal(codes[:, :n], made.encode(z, levels=n))
        assert made.decode(codes[:, :n]).shape == z.shape


@pytest.mark.parametrize("kind", KINDS)
def test_decoding_the_codes_is_what_forward_returns(kind):
    made = quantizer(kind)
    z = torch.randn(2, 50, 8, requires_grad=True)
    found = made(z)
    assert torch.equal(found.codes, made.encode(z))
    assert torch.equal(found.z, made.decode(found.codes))


@pytest.mark.parametrize("kind", KINDS)
def test_decoding_is_the_sum_over_rows(kind):
    made = quantizer(kind)
    codes = made.encode(torch.randn(2, 50, 8))
    rows = [level.decode(codes[:, i]) for i, level in enumerate(made.stack)]
    assert torch.equal(made.decode(codes), rows[0] + rows[1] + rows[2])


def test_plain_vq_gives_its_codes_back():
    made = VQ(8, 64).eval()
    codes = torch.arange(64).reshape(2, 1, 32)
    assert torch.equal(made.encode(made.decode(codes)), codes)


@pytest.mark.parametrize("kind", KINDS)
def test_autocast_changes_neither_codes_nor_latents(kind):
    made = quantizer(kind)
    z = torch.randn(2, 50, 8)
    with torch.autocast("cpu", torch.bfloat16):
        found = made(z)
    assert torch.equal(found.codes, made.encode(z))
    assert torch.equal(found.z, made(z).z)
    assert found.z.dtype == torch.float32


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_do_not_matter(kind):
    made = quantizer(kind)
    z = torch.randn(3, 20, 8)
    codes = made.encode(z)
    z[1] = torch.nan
    again = made.encode(z)
    assert torch.equal(codes[[0, 2]], again[[0, 2]])


def test_no_frames_give_no_codes():
    made = quantizer()
    codes = made.encode(torch.zeros(2, 0, 8))
    assert codes.shape == (2, 3, 0)
    assert made.decode(codes).shape == (2, 0, 8)


def test_other_numbers_of_levels_are_refused_with_the_list():
    made = ResidualVQ(8, (4, 4, 4), prefixes=(1, 3)).eval()
    with pytest.raises(ModelError, match=r"levels is 2 but this quantizer decodes 1, 3 levels"):
        made.encode(torch.zeros(1, 1, 8), levels=2)
    with pytest.raises(ModelError, match="levels is 2"):
        made.decode(torch.zeros(1, 2, 1, dtype=torch.int64))


@pytest.mark.parametrize("code", [-1, 4])
def test_codes_that_no_codebook_has_are_refused(code):
    made = ResidualVQ(8, (8, 4)).eval()
    codes = torch.tensor([[[3], [code]]])
    with pytest.raises(TokenError, match=f"level 1 has a code {code} but its codebook has 4"):
        made.decode(codes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sizes": ()}, "sizes are"),
        ({"sizes": (4, 0)}, "sizes are"),
        ({"prefixes": (2, 1)}, "prefixes are"),
        ({"prefixes": (1,)}, "prefixes are"),
        ({"dropout": 1.5}, "dropout is 1.5"),
    ],
)
def test_impossible_settings_are_refused(options, words):
    with pytest.raises(ModelError, match=words):
        ResidualVQ(8, **{"sizes": (4, 4), **options})


def test_the_defaults_are_those_that_worked_for_speech():
    """As docs/quantizers.md states them."""
    assert (KMeans().per_entry, KMeans().iterations) == (4, 10)
    assert Expire() == Expire(0.1) and Ema() == Ema(0.99)


def test_entries_begin_as_long_as_one():
    torch.manual_seed(0)
    entries = VQ(64, 256, initialise=None).stack[0].codebook.entries
    assert 0.9 < float(entries.square().sum(dim=1).mean()) < 1.1


def test_changed_entries_are_searched_at_once():
    made = quantizer("frozen", sizes=(256,))
    z = torch.randn(1, 20, 8)
    before = made.encode(z)
    made.stack[0].codebook.entries.copy_(made.stack[0].codebook.entries.flip(0))
    assert torch.equal(made.encode(z), 255 - before)
    state = {key: value.flip(0) for key, value in made.state_dict().items()}
    made.load_state_dict(state)
    assert torch.equal(made.encode(z), before)
    made.stack[0].codebook.entries = made.stack[0].codebook.entries.flip(0)
    assert torch.equal(made.encode(z), 255 - before)


def test_without_learning_only_the_codebooks_remain():
    made = quantizer()
    z = torch.randn(1, 20, 8)
    codes = made.encode(z)
    made.drop_learning()
    assert set(made.state_dict()) == {f"stack.{i}.codebook.entries" for i in range(3)}
    frozen = ResidualVQ(8, (16, 300, 16), update=None).eval()
    frozen.load_state_dict(made.state_dict())
    assert torch.equal(frozen.encode(z), codes)
    frozen.train()(z)
    assert torch.equal(frozen.encode(z), codes)


@pytest.mark.parametrize("strides", [(1, 1, 1), (4, 2, 1)])
def test_latents_that_are_searched_in_tiles_get_the_same_codes(strides, monkeypatch):
    made = quantizer("frozen", 4, (16, 16, 16), strides=strides)
    z = torch.randn(2, 52, 4, generator=torch.Generator().manual_seed(0))
    wanted = as_levels(made.encode(z))
    monkeypatch.setattr(rvq, "TILE", 2 * 10 * 4)  # 10 frames, or 8 with strides
    found = as_levels(made.encode(z))
    assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))
