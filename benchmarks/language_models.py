"""Language models of transformers with random weights, and ours with the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import transformers
from jaxtyping import Float
from torch import Tensor, nn
from transformers import initialization
from transformers.utils import logging

from tests.language.test_peers import copy_llama_layer
from vocable.language import registry
from vocable.language.config import TransformerConfig
from vocable.language.csm import Csm, CsmGenerator
from vocable.language.keys import csm as keys
from vocable.language.packing import PackedMap
from vocable.language.token_model import RowModel

logging.set_verbosity_error()
DECIDED = 5  # logits of a head spread over so much


def their_csm(dtype: torch.dtype, layers: tuple[int, int] | None = None) -> Any:
    """Return CSM-1B, or with so many layers of its two models and hardly any text."""
    config = transformers.CsmConfig()
    config.codec_config = transformers.MimiConfig(**SMALL_CODEC)
    if layers is not None:
        config.num_hidden_layers, config.depth_decoder_config.num_hidden_layers = layers
        config.text_vocab_size = 1024
        config.bos_token_id = config.pad_token_id = config.eos_token_id = 1
        config.audio_token_id, config.audio_eos_token_id = 2, 3
    with _of_dtype(dtype), initialization.no_init_weights():
        model = transformers.CsmForConditionalGeneration(config)
    _fill(model.named_parameters())
    model.generation_config.eos_token_id = None
    return model.tie_weights() or model.eval()


SMALL_CODEC = {"num_filters": 4, "hidden_size": 32, "num_hidden_layers": 1, "codebook_dim": 16,
               "vector_quantization_hidden_dimension": 16, "num_attention_heads": 4,
               "num_key_value_heads": 4, "head_dim": 8, "intermediate_size": 64,
               "upsample_groups": 32}  # fmt: skip


def our_csm(theirs: Any, weights: torch.dtype | None) -> CsmGenerator:
    """Return ours with their weights, kept as asked; tables are shared."""
    tensors = {
        key: value
        for key, value in theirs.state_dict().items()
        if not key.startswith("codec_model.")
    }
    shapes = {key: tuple(value.shape) for key, value in tensors.items()}
    found = keys.recognise(shapes, theirs.config.to_dict())
    assert found is not None, "transformers' own layout is known"
    made = CsmGenerator(registry.build(found, keys.read(tensors, found)))
    if weights is not None:
        made.pack(weights)
    return made


def their_llama(width: int, layers: int, size: int, context: int) -> Any:
    """Return a Llama over so many ids, as small models of codes are."""
    config = transformers.LlamaConfig(
        vocab_size=size, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers,
        num_attention_heads=width // 64, num_key_value_heads=width // 64, rms_norm_eps=1e-5,
        max_position_embeddings=context, bos_token_id=0, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config).eval()
    _fill(model.named_parameters())
    model.generation_config.eos_token_id = None
    return model


def our_llama(theirs: Any) -> RowModel:
    """Return ours with the same weights."""
    config = theirs.config
    trunk = TransformerConfig(
        width=config.hidden_size, layers=config.num_hidden_layers,
        heads=config.num_attention_heads, hidden=config.intermediate_size,
        context=config.max_position_embeddings,
    )  # fmt: skip
    made = RowModel(trunk, (config.vocab_size,), (config.vocab_size,))
    for ours, layer in zip(made.trunk.layers, theirs.model.layers, strict=True):
        copy_llama_layer(ours, layer)
    with torch.no_grad():
        made.tables[0].weight.copy_(theirs.model.embed_tokens.weight)
        made.heads[0].weight.copy_(theirs.lm_head.weight)
        made.trunk.norm.weight.copy_(theirs.model.norm.weight)
    return made.eval().requires_grad_(False)


@torch.no_grad()
def _fill(parameters: Iterator[tuple[str, nn.Parameter]]) -> None:
    """Make weights random so that rows keep their size, and heads are decided."""
    generator = torch.Generator().manual_seed(0)
    for name, weight in parameters:
        if weight.ndim == 1:
            weight.fill_(1.0)
            continue
        spread = 1.0 if "embed" in name and "projector" not in name else weight.shape[-1] ** -0.5
        if name.endswith("codebooks_head.weight"):  # [sets, channels in, ids]
            spread = weight.shape[1] ** -0.5
        decided = DECIDED if "head" in name else 1
        weight.normal_(0.0, decided * spread, generator=generator)


class _of_dtype:  # noqa: N801
    """Make parameters in a dtype."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype

    def __enter__(self) -> None:
        self.before = torch.get_default_dtype()
        torch.set_default_dtype(self.dtype)

    def __exit__(self, *error: object) -> None:
        torch.set_default_dtype(self.before)


def weights_of_a_frame(network: Csm, count: bool = False) -> int:
    """Return the bytes of weights that a frame reads, or how many they are; ids' tables apart."""

    def read(part: nn.Module) -> int:
        maps = [each for each in part.modules() if isinstance(each, PackedMap)]
        if maps:
            return sum(each.count if count else each.nbytes for each in maps)
        weights = [weight for weight in part.parameters() if weight.ndim > 1]
        return sum(weight.numel() if count else weight.nbytes for weight in weights)

    depth, steps = network.depth, network.config.levels - 1
    once = read(network.trunk) + read(network.head) + read(depth.heads)
    return once + steps * (read(depth.trunk) + read(depth.into))


def known_frames(network: Csm, many: int = 40) -> Tensor:
    """Return a text and random frames, `[1, time, levels + 1]`."""
    config, generator = network.config, torch.Generator().manual_seed(1)
    ids = torch.full((1, 8 + many, config.levels + 1), -1)
    ids[0, :8, -1] = torch.arange(10, 18)
    ids[0, 8:, :-1] = torch.randint(0, config.codes, (many, config.levels), generator=generator)
    return ids


@torch.inference_mode()
def told(network: Csm, ids: Tensor) -> Float[Tensor, "frames levels ids"]:
    """Return the log probabilities of all levels of known frames."""
    frames = ids[0, 8:, :-1]
    output = network.forward(ids)
    first = output.logits[0, 7:-1, None]
    others = network.deep_logits(output.hidden[0, 7:-1], frames)
    logits = torch.cat((first.float(), others.float()), 1)[..., : network.config.codes]
    return logits.log_softmax(-1)
