"""Another decoder for the tokens of a codec: Vocos, for those of EnCodec."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from vocable.codecs.keys.checkpoint import Checkpoint, open_checkpoint
from vocable.errors import ModelError, VocableError
from vocable.load.finding import Source, locate

if TYPE_CHECKING:
    from vocable.codecs import Codec
    from vocable.codecs.encodec import EnCodec
    from vocable.codecs.vocos import Vocos

_EQUAL = 1e-4  # of the largest value of a codebook: files may hold it in half precision


def decoded_by_vocos(codec: Codec, name: str | os.PathLike[str]) -> Codec:
    """Return an EnCodec whose tokens a Vocos decodes: the same space, the same codes.

    name: of the Vocos, as for `load`. ModelError for another codec, for what is no Vocos, and for
    one that was trained behind another EnCodec: its file holds the codebooks.
    """
    from vocable.codecs import Codec
    from vocable.codecs.encodec import EnCodec

    if not isinstance(codec.model, EnCodec):
        raise ModelError(
            f"{codec.name} is not a tokenizer of units, nor EnCodec; vocoder= is for these alone"
        )
    found = locate(name)
    if not isinstance(found, Source):
        raise ModelError(f"{name} is not a checkpoint of Vocos; give its folder, file or name")
    checkpoint = open_checkpoint(found.weights)
    try:
        return Codec(_model(codec.model, checkpoint), dtype=codec.dtype)
    except (VocableError, RuntimeError, LookupError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise ModelError(f"{checkpoint.path}: {reason}") from error


def _model(encodec: EnCodec, checkpoint: Checkpoint) -> Vocos:
    import torch

    from vocable import weights
    from vocable.codecs.keys import vocos as keys
    from vocable.codecs.vocos import Vocos, VocosConfig
    from vocable.nn.settings import plain_settings

    config = asdict(encodec.config)
    sizes = keys.sizes_behind(checkpoint, config, encodec.frame_written)
    _check_books(encodec, checkpoint)
    with plain_settings(), torch.random.fork_rng(devices=[]):
        model = Vocos(VocosConfig(**config, **sizes))
        model.encoder, model.quantizer = encodec.encoder, encodec.quantizer
        tensors = keys.decoder_tensors(checkpoint, sizes)
        weights.check_finite(tensors, "fetch it again")
        own = {k: v for k, v in encodec.state_dict().items() if not k.startswith("decoder.")}
        weights.load_tensors(model, own | tensors)
    model.space, model.licence = encodec.space, encodec.licence
    return model.to(encodec.device).eval().requires_grad_(False)


def _check_books(encodec: EnCodec, checkpoint: Checkpoint) -> None:
    """Refuse a Vocos whose codebooks are not the first of the codec's."""
    import torch

    from vocable.codecs.keys import vocos as keys

    theirs = checkpoint.tensors()[keys.BOOKS]
    stack: Any = encodec.quantizer.stack
    ours = torch.cat([level.codebook.entries for level in stack]).cpu()
    fits = theirs.shape[1:] == ours.shape[1:] and len(theirs) <= len(ours)
    if not fits or not torch.allclose(
        theirs, ours[: len(theirs)], rtol=0.0, atol=_EQUAL * float(ours.abs().max())
    ):
        raise ModelError(
            f"its codebooks are not those of {encodec.name}; take the Vocos that was trained "
            "behind this codec"
        )
