"""Write a small SpeechTokenizer as its package does, and what the package makes of a sound with it.

    pip install speechtokenizer==1.0.1
    python -m tests.golden.speechtokenizer.make

checkpoint/ holds config.json and model.th (random weights, rounded to fp16); answers.safetensors
`sound` [1, 1, T], `latents` [1, frames, dim], `codes` [levels, 1, frames] and `decoded` [1, 1, T].
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.parity.checkpoints import write_original
from tests.parity.peers import peer
from tests.parity.randomise import randomise, sound

HERE = Path(__file__).parent
CONFIG = dict(
    n_filters=2, strides=[4, 2], dimension=16, semantic_dimension=12, bidirectional=True,
    dilation_base=2, residual_kernel_size=3, n_residual_layers=1, lstm_layers=2,
    activation="Snake", codebook_size=32, n_q=4, sample_rate=8000,
)  # fmt: skip


@torch.no_grad()
def main() -> None:
    """Write all files."""
    model = randomise(peer("speechtokenizer").SpeechTokenizer(CONFIG), seed=3, samples=8000)
    tensors = {key: value.half() for key, value in model.state_dict().items()}
    model.load_state_dict({key: value.float() for key, value in tensors.items()})
    torch.save(tensors, write_original(model, HERE / "checkpoint", **CONFIG))
    x = sound(301, seed=4)
    codes = model.encode(x)
    answers = {"sound": x, "codes": codes, "decoded": model.decode(codes)}
    answers["latents"] = model.encoder(x).transpose(1, 2)
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
