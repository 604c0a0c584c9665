"""Find, load and save models: one loader for all of them.

A name means a model that comes with the package, in its newest version (NAME@VERSION for one
version), whatever lies in the current folder; a folder of that name is `./NAME`. `owner/name` is
one here, or else, with the extra `hub`, on the model hub. What a folder or file holds is recognised
by the layouts in `codecs/keys`; a checkpoint of others is converted at the first load, and kept.
Listing models, and describing those in our own layout, loads no torch; nothing in a model's files
is ever run.

    kinds       the table of kinds of models    kind    what each of them gives
    tokenizers  codecs too                  bundles     several of them
    encoders    of semantic units           signal_encoders     without files
    centres     units by their centres      vocoders    units back into sound
    language    models of tokens            own_language    those that were trained at home
    audiolm     three of them in one folder
    say         models that say texts       separators  of the speakers of a recording

    finding     what a name means           bundled     the models of the package
    fetching    files of the hub            records     their hashes at the first download
    converting  checkpoints of others       saving      models as folders
    rewriting   them in other layouts       recognising their layouts, by content
    devices     what torch can use
    second_decoder  another decoder for a codec's tokens
    coders      models of tokens, to code token files by
    conditions  what recordings are like, told by an embedding
    hearing     whose voice a recording has, as a vocoder is told it
    published_units     their files, put together
    entries     of what is published, codecs and encoders
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from vocable.codecs.keys.description import Description
from vocable.errors import ModelError
from vocable.load import (
    audiolm,
    encoders,
    own_language,
    say,
    separators,
    signal_encoders,
    vocoders,
)
from vocable.load.bundled import is_bundled as is_bundled
from vocable.load.coders import load_coder as load_coder
from vocable.load.conditions import open_conditioner, open_embedding
from vocable.load.devices import check_device as check_device
from vocable.load.finding import find
from vocable.load.kind import Kind, Place, Wanted
from vocable.load.kinds import KINDS, TOKENIZERS, Described, described, of_package, opened
from vocable.load.published_units import load_units as load_units
from vocable.load.rewriting import convert_checkpoint as convert_checkpoint
from vocable.load.saving import save_model as save_model
from vocable.load.second_decoder import decoded_by_vocos
from vocable.load.tokenizers import load_to_train as load_to_train
from vocable.load.vocoders import save_vocoder as save_vocoder
from vocable.load.vocoders import with_vocoder

if TYPE_CHECKING:
    import torch

    from vocable.codecs import Codec, Tokenizer
    from vocable.conditions import Conditioner, Embeds
    from vocable.separation import Separator
    from vocable.unit_vocoder import UnitVocoder
    from vocable.units import FeatureEncoder, SignalEncoder, TokenizerLayers


def models() -> list[Description]:
    """Return the codecs and tokenizers that come with the package, each in its newest version."""
    return of_package(TOKENIZERS)


def sayers() -> list[Description]:
    """Return the models that say texts of the package, each in its newest version."""
    return [each for each in of_package(say.KIND) if not say.says_units(each)]


def continuing() -> list[Description]:
    """Return the models of tokens of the package, each in its newest version."""
    return of_package(own_language.KIND, audiolm.KIND)


def parting() -> list[Description]:
    """Return the models of the package that part speakers, each in its newest version."""
    return of_package(*separators.KINDS)


def vocoding() -> list[Description]:
    """Return the vocoders of units of the package, each in its newest version."""
    found = of_package(say.KIND, *vocoders.KINDS)
    return [each for each in found if not say.says(each) or say.says_units(each)]


def describe(name: str | os.PathLike[str]) -> Description:
    """Return what a model's files say of it, without loading its weights (or torch).

    A checkpoint of others is converted for it, if that has not been done yet.
    """
    return find(name).description


def describe_any(name: str | os.PathLike[str]) -> Described:
    """Return what a model's files say of it, whatever kind of model it is."""
    return described(Place(name))


def load(
    name: str | os.PathLike[str],
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    weights: torch.dtype | None = None,
    vocoder: str | os.PathLike[str] | None = None,
) -> Any:
    """Load a model: a bundled name, a folder, its weights' file, or `owner/name` on the model hub.

    Returns a `Codec`, a `Tokenizer` for what encodes and does not decode, a `Bundle` for names
    joined by + (semantic and acoustic tokens by one call), a `FeatureEncoder` for an encoder of
    semantic units (a `SignalEncoder` for "mfcc" and "log-mel"), a `UnitTokenizer` for a file of
    centres, beside which lies its encoder, a `Vocoder` for one of units, a `Sayer` for a model that
    says texts (a `UnitSayer`: units), a `Separator` for one that parts speakers, or a `Generator`
    for another language model. What a name means shows when it is opened; `load_codec`,
    `load_tokenizer` and `load_encoder` take one kind only, and say so to type checkers.
    Folders and files may also be checkpoints of EnCodec, Mimi, DAC, SNAC, SpeechTokenizer,
    WavTokenizer, BigCodec, FACodec, TiCodec, ESC, Jukebox, X-Codec 1 or 2, NeuCodec, FocalCodec,
    DualCodec, Kanade, of the tokenizers of Higgs audio, MOSS, MiMo-Audio, Pocket TTS, VibeVoice,
    Voxtral TTS or Qwen3-TTS, of wav2vec 2.0, HuBERT or WavLM, of CSM, Orpheus, Moshi or MusicGen,
    of asteroid's Conv-TasNet, or of vocoders of units, in any of their layouts; docs/published.md
    lists what is on the hub.
    A bundled name comes before a folder: `./speech-16k` or a Path is always the folder.
    device: where it runs, default the CPU. dtype: what a decoder computes in, fp32 (the default),
    bf16 or fp16; encoders and the search stay in fp32, so that codes do not depend on it. A
    language model computes in what its weights are stored in, or in dtype. weights: of a language
    model that generates on the CPU, `torch.float16` or `torch.int8`, see `Generator.pack`.
    vocoder: what decodes instead: a vocoder, for a tokenizer of units, or Vocos, for EnCodec.
    To train a model further see `load_to_train`. Respects `VOCABLE_CACHE`, `HF_HOME` and
    `HF_HUB_OFFLINE`. Raises ModelError for a name, folder or file that is not a model, and for a
    device or dtype that cannot be used.
    """
    made = _opened(name, KINDS, device, dtype, weights)
    if weights is not None and getattr(made, "weights", None) is None:
        raise ModelError(f"{name} is not a language model; weights= is for these alone")
    if vocoder is None:
        return made
    from vocable.codecs import Codec

    if isinstance(made, Codec):
        return decoded_by_vocos(made, vocoder)
    return with_vocoder(name, made, load_vocoder(vocoder, device))


def load_codec(
    name: str | os.PathLike[str],
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    vocoder: str | os.PathLike[str] | None = None,
) -> Codec:
    """Load what must decode as well as encode; see `load`."""
    from vocable.codecs import Codec

    found = load_tokenizer(name, device, dtype)
    if not isinstance(found, Codec):
        raise ModelError(
            f"{found.name} encodes and does not decode; take a codec for this, or a vocoder for "
            "its units"
        )
    return found if vocoder is None else decoded_by_vocos(found, vocoder)


def load_encoder(
    name: str | os.PathLike[str], device: str | torch.device | None = None
) -> FeatureEncoder | SignalEncoder | TokenizerLayers:
    """Load what must be an encoder of features; see `load`.

    A tokenizer of units whose layers are at hand is one too: `TokenizerLayers`.
    """
    from vocable.codecs import Tokenizer
    from vocable.units.layers import TokenizerLayers, has_layers

    kinds = (signal_encoders.KIND, encoders.KIND, TOKENIZERS)
    found: FeatureEncoder | SignalEncoder | Tokenizer = _opened(name, kinds, device)
    if not isinstance(found, Tokenizer):
        return found
    if not has_layers(found):
        raise ModelError(f"{name} gives tokens, not features; take mfcc, log-mel or hubert")
    return TokenizerLayers(found)


def load_tokenizer(
    name: str | os.PathLike[str],
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> Tokenizer:
    """Load a tokenizer, or a codec where the model decodes; see `load`."""
    made: Tokenizer = _opened(name, (TOKENIZERS,), device, dtype)
    return made


def load_vocoder(
    name: str | os.PathLike[str], device: str | torch.device | None = None
) -> UnitVocoder:
    """Load what must be a vocoder of units, of either kind, by its folder or file; see `load`."""
    made: UnitVocoder | None = _opened(name, (*vocoders.KINDS, say.UNITS), device)
    if made is None:
        raise ModelError(
            f"{name} is not a vocoder of units; vocable train vocoder makes one, or train say of "
            "units"
        )
    return made


def load_embedding(name: str, device: str | torch.device | None = None) -> Embeds:
    """Load an embedding for conditions: "say-16k", or a CLAP in a folder or on the hub.

    ModelError for another model, and for a CLAP without the package transformers.
    """
    return open_embedding(name, load_codec, device)


def load_conditioner(
    path: str | os.PathLike[str], device: str | torch.device | None = None
) -> Conditioner:
    """Load what made the condition of a set of tokens or of a model, by its folder or file."""
    return open_conditioner(path, load_codec, device)


def load_separator(
    name: str | os.PathLike[str], device: str | torch.device | None = None
) -> Separator:
    """Load what must part the speakers of a recording; see `load`."""
    from vocable.separation import Separator

    found = load(name, device)
    if not isinstance(found, Separator):
        raise ModelError(f"{name} does not part speakers; vocable train separation makes what does")
    return found


def _opened(
    name: str | os.PathLike[str],
    kinds: Iterable[Kind[Any]],
    device: str | torch.device | None,
    dtype: torch.dtype | None = None,
    weights: torch.dtype | None = None,
) -> Any:
    """Return the model of a name, which must be of one of these kinds; None where it is not."""
    wanted = Wanted(load_tokenizer, load_codec, load_embedding, device, dtype, weights)
    return opened(Place(name), wanted, kinds)
