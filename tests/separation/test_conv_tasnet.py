"""The network: its forms, what is refused, and that the parts add up."""

from __future__ import annotations

import pytest
import torch

from vocable.errors import ModelError
from vocable.separation import ConvTasNet, ConvTasNetConfig

SMALL = {
    "filters": 12, "window": 8, "stride": 4, "bottleneck": 6, "skip": 5, "hidden": 8, "blocks": 3,
}  # fmt: skip
PAPER = {"norm": "global", "causal": False}
SPECTRA = {"filterbank": "fourier", "filters": 5}


def network(**options) -> ConvTasNet:
    torch.manual_seed(0)
    return ConvTasNet(ConvTasNetConfig(**{**SMALL, **options})).eval()


def sound(samples: int, batch: int = 2) -> torch.Tensor:
    return 0.1 * torch.randn(batch, samples, 1, generator=torch.Generator().manual_seed(1))


each_form = pytest.mark.parametrize(
    "form", [{}, PAPER, SPECTRA], ids=["causal", "paper", "spectra"]
)


@each_form
@pytest.mark.parametrize("speakers", [2, 3])
def test_parts_add_up_to_the_recording(form, speakers):
    x = sound(400)
    parts = network(speakers=speakers, **form)(x)
    assert parts.shape == (2, 400, speakers)
    torch.testing.assert_close(parts.sum(2, keepdim=True), x)
    assert not torch.equal(parts[..., 0], parts[..., 1])
    loose = network(speakers=speakers, consistent=False, **form)(x)
    assert not torch.allclose(loose.sum(2, keepdim=True), x, atol=1e-3)


@each_form
def test_silence_gives_silence(form):
    assert not network(**form)(torch.zeros(1, 400, 1)).any()


def test_the_paper_s_form_reads_all_and_has_no_steps():
    block = network(**PAPER)
    assert block.lookahead is None
    x = sound(400)
    changed = x.clone()
    changed[:, 396:] += 1
    assert not torch.allclose(block(x)[:, :50], block(changed)[:, :50])
    with pytest.raises(ModelError, match="has no steps; run it whole, or take a causal one"):
        block.step(x, block.initial_state(2))


def test_masks_of_spectra_are_of_bins():
    """A network whose masks are all one half gives each speaker half of the recording."""
    block, x = network(**SPECTRA, consistent=False), sound(400)
    for weight in block.head.parameters():
        torch.nn.init.zeros_(weight)
    late = block.config.late
    torch.testing.assert_close(block(x)[:, late:], x[:, late:].expand(-1, -1, 2) / 2)
    assert not any("coder" in name for name in block.state_dict())


def test_sizes():
    """The paper's best and the small one that facts are known of: 5.05 and 0.35 million weights."""
    paper = ConvTasNetConfig(
        rate=8000, filters=512, window=16, stride=8, bottleneck=128, skip=128, hidden=512,
        blocks=8, repeats=3, **PAPER,
    )  # fmt: skip
    counts = [
        sum(weight.numel() for weight in ConvTasNet(config).parameters())
        for config in (paper, ConvTasNetConfig())
    ]
    assert counts == [pytest.approx(5.05e6, rel=0.005), pytest.approx(0.35e6, rel=0.03)]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"norm": "global"}, "causal takes cumulative or frame"),
        ({"window": 10}, "window is 10 samples; wanted a multiple of stride, 4"),
        ({"speakers": 1}, "speakers is 1; wanted 2 to 6"),
        ({"filters": 0}, "filters is 0; wanted 1 or more"),
        ({**PAPER, "kernel": 4}, "kernel is 4; without causal it must be odd"),
        ({**SPECTRA, "window": 4}, "window is 4 samples; spectra take an even one of two strides"),
        ({**SPECTRA, "filters": 8}, "filters is 8; spectra of 8 samples have 5"),
        ({**SPECTRA, "rectified": True}, "rectified is of filters that are learnt"),
    ],
)
def test_configs_that_cannot_be(options, says):
    with pytest.raises(ModelError, match=says):
        network(**options)
