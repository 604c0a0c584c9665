"""Write what Apple's package makes of a sound: its log-mel spectra and its codes.

    pip install --no-deps dmel==1.0.1
    python -m tests.golden.dmel.make

answers.safetensors holds `sound` [1, 1, T], `mels` [1, frames, bands] and `codes` [1, frames,
bands], of the first 10 frames. The package asks librosa for its filters only; these are those of
transformers, which are the same.
"""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import torch
from safetensors.torch import save_file
from transformers.audio_utils import mel_filter_bank

from tests.parity.randomise import sound

HERE = Path(__file__).parent


def filters(*, sr, n_fft, n_mels, fmin, fmax):
    """Return what `librosa.filters.mel` does."""
    slaney = {"norm": "slaney", "mel_scale": "slaney"}
    return mel_filter_bank(n_fft // 2 + 1, n_mels, fmin, fmax, sr, **slaney).T


@torch.no_grad()
def main() -> None:
    """Write the file."""
    librosa, part = ModuleType("librosa"), ModuleType("librosa.filters")
    librosa.__spec__, librosa.filters, part.mel = ModuleSpec("librosa", None), part, filters
    sys.modules |= {"librosa": librosa, "librosa.filters": part}
    import dmel

    x = sound(4100, seed=4) * torch.logspace(-5, 1, 4100)  # values of all sizes
    mels = dmel.LogMelFbank()
    codes = dmel.DiscretizedLogMelFbank(logmelfbank=mels, n_bits=4)
    found = codes.discretize_func(mels(x[:, 0])[0])
    answers = {"sound": x, "mels": mels(x[:, 0])[0][:, :10], "codes": found[:, :10].to(torch.uint8)}
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
