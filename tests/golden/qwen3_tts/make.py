"""Write a small tokenizer of Qwen3-TTS as it is published, and what its package makes of a sound.

    pip install transformers==4.57.3 accelerate==1.12.0
    pip install --no-deps qwen-tts==0.1.1
    python -m tests.golden.qwen3_tts.make

checkpoint/ holds config.json and model.safetensors (random weights, rounded to fp16);
answers.safetensors `sound` [1, 1, T], `latents` [1, frames, dim], `codes` [1, levels, frames],
`decoded` [1, 1, T] as a whole; and of `long_codes`, 350 frames, the sound `in_chunks`.
"""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tests.parity import qwen3_tts as package
from tests.parity.randomise import sound

HERE = Path(__file__).parent
# 12 samples a frame; the decoder's attention sees 5 frames in each of 2 layers
CONFIG: dict[str, Any] = dict(
    encoder_config=dict(
        num_filters=2, upsampling_ratios=[3, 2], hidden_size=16, codebook_size=32, codebook_dim=8,
        vector_quantization_hidden_dimension=8, num_quantizers=6, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, head_dim=8, intermediate_size=24,
        upsample_groups=16, sliding_window=30,
    ),
    decoder_config=dict(
        codebook_size=32, codebook_dim=16, latent_dim=12, hidden_size=8, num_attention_heads=2,
        num_key_value_heads=2, head_dim=6, intermediate_size=16, sliding_window=5,
        num_hidden_layers=2, num_quantizers=4, upsample_rates=[3, 2], upsampling_ratios=[2],
        decoder_dim=8,
    ),
    encoder_valid_num_quantizers=4, encode_downsample_rate=12, decode_upsample_rate=12,
    input_sample_rate=6000, output_sample_rate=6000,
)  # fmt: skip


@torch.no_grad()
def main() -> None:
    """Write all files."""
    random = package.randomised(CONFIG, seed=3).state_dict()
    model = package.tokenizer(CONFIG)  # anew: Mimi's keeps entries made of other weights
    model.load_state_dict({key: value.half().float() for key, value in random.items()})
    package.write(model, CONFIG, HERE / "checkpoint", half=True)
    x = sound(12 * 14 + 5, seed=4)  # 15 frames, fewer than the encoder's attention sees
    codes = package.codes(model, x)
    long_codes = torch.randint(0, 32, (1, 4, 350), generator=torch.Generator().manual_seed(5))
    answers = {
        "sound": x,
        "latents": package.latents(model, x),
        "codes": codes.to(torch.int16),
        "decoded": package.decode(model, codes),
        "long_codes": long_codes.to(torch.int16),
        "in_chunks": package.decode_in_chunks(model, long_codes),
    }
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
