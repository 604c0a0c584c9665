"""Quantizers without learned entries against the packages that models with them are trained by.

vector-quantize-pytorch has each of them; transformers has the FSQ of X-Codec 2, which bounds twice.
Codes and values to the bit, on this machine: both are elementwise in fp32.
"""

from __future__ import annotations

import pytest
import torch

from tests.parity.peers import peer
from vocable.quantize import (
    BSQ,
    FSQ,
    LFQ,
    AtanhBound,
    Gradient,
    ResidualFSQ,
    ResidualLFQ,
    ResidualVQ,
    SimVQ,
    SymmetricBound,
)

package = peer("vector_quantize_pytorch")
STEPS = [(8, 5, 5, 5), (4,) * 8, (3,) * 8, (7, 5, 5, 5, 5), (9, 8, 8, 7)]


def latents(*shape: int, spread: float = 2.0) -> torch.Tensor:
    return spread * torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("symmetric", [False, True])
def test_fsq(steps: tuple[int, ...], symmetric: bool):
    theirs = package.FSQ(list(steps), num_codebooks=2, preserve_symmetry=symmetric)
    bound = SymmetricBound() if symmetric else AtanhBound()
    ours = FSQ(steps, groups=2, bound=bound).train()
    z = latents(2, 5000, 2 * len(steps)).requires_grad_()
    x = z.detach().clone().requires_grad_()
    values, codes = theirs(z)
    found = ours(x)
    assert torch.equal(found.codes.transpose(1, 2), codes.long())
    assert torch.equal(ours.decode(found.codes), theirs.indices_to_codes(codes))
    torch.testing.assert_close(found.z, values, rtol=0, atol=1e-6)  # theirs adds the difference
    values.square().sum().backward()
    found.z.square().sum().backward()
    torch.testing.assert_close(x.grad, z.grad)


def test_fsq_of_x_codec_2():
    from transformers import Xcodec2Config
    from transformers.models.xcodec2.modeling_xcodec2 import Xcodec2Quantizer

    torch.manual_seed(0)
    theirs = Xcodec2Quantizer(Xcodec2Config(quantization_dim=32, quantization_levels=[4] * 8))
    ours = FSQ((4,) * 8, dim=32, bound=AtanhBound(times=2)).eval()
    names = {"into": "project_in", "out": "project_out"}
    weights = dict(theirs.named_parameters())
    ours.load_state_dict({
        f"{own}.{part}": weights[f"{name}.{part}"]
        for own, name in names.items() for part in ("weight", "bias")
    })  # fmt: skip
    z = latents(2, 500, 32)
    with torch.no_grad():
        values, codes = theirs(z)
        assert torch.equal(ours.encode(z).transpose(1, 2), codes.long())
        assert torch.equal(ours.decode(codes.transpose(1, 2).long()), values)
        assert torch.equal(ours.decode(codes.transpose(1, 2).long()), theirs.from_codes(codes))


@pytest.mark.parametrize("steps", [(4, 4, 4), (5, 4, 3, 8)])
def test_residual_fsq(steps: tuple[int, ...]):
    theirs = package.ResidualFSQ(levels=list(steps), num_quantizers=4, dim=len(steps)).eval()
    ours, z = ResidualFSQ(steps, 4).eval(), latents(2, 5000, len(steps))
    values, codes = theirs(z)
    assert torch.equal(ours.encode(z).transpose(1, 2), codes.long())
    assert torch.equal(ours.decode(codes.long().transpose(1, 2)), values)


@pytest.mark.parametrize("kind", [LFQ, BSQ])
def test_lfq_and_bsq(kind: type[LFQ]):
    theirs = package.LFQ(
        dim=10, codebook_size=32, num_codebooks=2, commitment_loss_weight=1.0, spherical=kind is BSQ
    ).train()
    ours, z = kind(5, groups=2).train(), latents(2, 300, 10, spread=0.02)
    (values, codes, _), losses = theirs(z, return_loss_breakdown=True)
    found = ours(z)
    assert torch.equal(found.codes.transpose(1, 2), codes.long())
    torch.testing.assert_close(found.z, values, rtol=0, atol=1e-6)
    torch.testing.assert_close(found.losses["commitment"], losses.commitment)
    if kind is LFQ:  # BSQ's entropy over all is that of its bits, as published
        wanted = losses.per_sample_entropy - losses.batch_entropy
        torch.testing.assert_close(found.losses["entropy"], wanted, rtol=0, atol=1e-3)


def test_residual_lfq():
    theirs = package.ResidualLFQ(dim=5, codebook_size=32, num_quantizers=4, entropy_loss_weight=1.0)
    ours, z = ResidualLFQ(5, 4).train(), latents(2, 300, 5, spread=0.5)
    values, codes, losses = theirs(z)
    found = ours(z)
    assert torch.equal(found.codes.transpose(1, 2), codes.long())
    torch.testing.assert_close(found.z, values, rtol=0, atol=1e-6)
    torch.testing.assert_close(found.losses["entropy"], losses.mean(), rtol=0, atol=1e-3)


def test_simvq():
    torch.manual_seed(0)
    theirs = package.SimVQ(dim=8, codebook_size=64, rotation_trick=False).train()
    ours = ResidualVQ(
        8, (64,), codebook=SimVQ(), update=Gradient(), revival=None, initialise=None
    ).train()
    book = ours.stack[0].codebook
    book.frozen.copy_(theirs.frozen_codebook)
    with torch.no_grad():
        book.map.weight.copy_(theirs.code_transform.weight)
    z = latents(2, 500, 8, spread=0.5)
    values, codes, loss = theirs(z)
    found = ours(z)
    assert torch.equal(found.codes[:, 0], codes)
    torch.testing.assert_close(found.z, values, rtol=0, atol=1e-6)
    torch.testing.assert_close(found.losses["codebook"] + found.losses["commitment"] / 4, loss)
    loss.backward()
    (found.losses["codebook"] + found.losses["commitment"] / 4).backward()
    torch.testing.assert_close(book.map.weight.grad, theirs.code_transform.weight.grad)
