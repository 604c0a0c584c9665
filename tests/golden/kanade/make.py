"""Write what Kanade's code makes of two sounds with small networks, before Vocos of its package.

    git clone https://github.com/frothywater/kanade-tokenizer
    pip install --no-deps vocos==0.1.0 encodec==0.1.1
    VOCABLE_CHECKOUTS=. python -m tests.golden.kanade.make

The code of commit 8e17729a gave what lies here. kanade.json holds both yamls, WavLM's config, and
the shapes of all weights, which tests.golden.drawn draws; answers.safetensors of both sounds, each
run alone, `sound` [2, 1, T], `latents` [2, frames, dim], `codes` [2, 1, frames], `voice` [2, dim],
`decoded` [1, 1, samples] of the first; and `other`, the first in the voice of the second.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from tests.parity import kanade as theirs
from tests.parity.randomise import sound

HERE = Path(__file__).parent


@torch.no_grad()
def main() -> None:
    """Write both files."""
    networks = theirs.networks()
    kept = json.dumps(theirs.kept(networks), separators=(",", ":"))
    (HERE / "kanade.json").write_text(kept + "\n")
    x = sound(3 * 960, batch=2, seed=4)
    found = [networks.encode(each[None]) for each in x]
    latents, codes, voices = (torch.cat(each) for each in zip(*found, strict=True))
    answers = {
        "sound": x,
        "latents": latents,
        "codes": codes.to(torch.int16),
        "voice": voices,
        "decoded": networks.sound(codes[:1], voices[:1]),
        "other": networks.sound(codes[:1], voices[1:]),
    }
    path = HERE / "answers.safetensors"
    save_file({key: value.contiguous() for key, value in answers.items()}, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()
