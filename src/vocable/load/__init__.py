"""Find, load and save models: one loader for all of them.

A name means a model that comes with the package, in its newest version (NAME@VERSION for one
version), whatever lies in the current folder; a folder of that name is `./NAME`. `owner/name` is
one here, or else, with the extra `hub`, on the model hub. What a folder or file holds is recognised
by the layouts in `codecs/keys`; a checkpoint of others is converted at the first load, and kept.
Listing models, and describing those in our own layout, loads no torch; nothing in a model's files
is ever run.

    finding     what a name means           bundled     the models of the package
    fetching    files of the hub            records     their hashes at the first download
    converting  checkpoints of others       saving      models as folders
    recognising their layouts, by content
    encoders    of semantic units           centres     units by their centres
    language    models of tokens            say         models that say texts
    own_language    those that were trained at home; audiolm: three of them in one folder
    coders      the same, to code token files by
    conditions  what recordings are like, told by an embedding
    separators  of the speakers of a recording
    vocoders    units back into sound; hearing: whose voice, by a recording
    published_units     their files, put together
    entries     of what is published, codecs and encoders
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vocable.codecs.keys.description import Description
from vocable.codecs.registry import build_for
from vocable.errors import ModelError
from vocable.load.audiolm import describe_stages, is_staged, read_stages, stages_of
from vocable.load.bundled import bundled, describe_bundled
from vocable.load.bundled import is_bundled as is_bundled
from vocable.load.centres import is_centres, open_units
from vocable.load.coders import load_coder as load_coder
from vocable.load.conditions import open_conditioner, open_embedding
from vocable.load.encoders import (
    EncoderDescription,
    Known,
    describe_encoder,
    read_encoder,
    recognise_encoder,
)
from vocable.load.entries import check_entry
from vocable.load.finding import Source, find, found_in, locate
from vocable.load.found import Found
from vocable.load.language import (
    KnownLanguage,
    LanguageDescription,
    describe_language,
    fetch_beside,
    read_language,
    recognise_language,
)
from vocable.load.own_language import describe_home, is_language, read_home
from vocable.load.published_units import load_units as load_units
from vocable.load.saving import save_model as save_model
from vocable.load.say import read_sayer, says, says_units
from vocable.load.separators import (
    convert_separator,
    describe_separator,
    read_separator,
    recognise_separator,
    separates,
)
from vocable.load.vocoders import (
    VocoderDescription,
    describe_vocoder,
    is_vocoder,
    open_vocoder,
    read_vocoder,
    recognise_vocoder,
    with_vocoder,
)
from vocable.load.vocoders import save_vocoder as save_vocoder

if TYPE_CHECKING:
    import torch

    from vocable.codecs import Codec, Tokenizer, TokenizerModel
    from vocable.codecs.published import Entry
    from vocable.conditions import Conditioner, Embeds
    from vocable.language.generator import Generator
    from vocable.separation import Separator
    from vocable.unit_vocoder import UnitVocoder
    from vocable.units import FeatureEncoder, SignalEncoder, TokenizerLayers, UnitTokenizer
    from vocable.units.vocoder.vocoder import Vocoder


def models() -> list[Description]:
    """Return the codecs and tokenizers that come with the package, each in its newest version."""
    found = map(describe_bundled, bundled())
    return [each for each in found if not (_does(each) or is_vocoder(each))]


def sayers() -> list[Description]:
    """Return the models that say texts of the package, each in its newest version."""
    return [each for each in map(describe_bundled, bundled()) if says(each)]


def continuing() -> list[Description]:
    """Return the models of tokens of the package, each in its newest version."""
    return [each for each in map(describe_bundled, bundled()) if _models_tokens(each)]


def describe(name: str | os.PathLike[str]) -> Description:
    """Return what a model's files say of it, without loading its weights (or torch).

    A checkpoint of others is converted for it, if that has not been done yet.
    """
    return find(name).description


def describe_any(
    name: str | os.PathLike[str],
) -> Description | EncoderDescription | LanguageDescription | VocoderDescription:
    """Return what a model's files say of it, whatever kind of model it is."""
    if stages := stages_of(name):
        return describe_stages(stages)
    where = locate(name)
    if isinstance(where, Description) and is_language(where):
        return describe_home(where)
    if isinstance(where, Source):
        if vocoder := recognise_vocoder(where.weights):
            return describe_vocoder(vocoder)
        if known := recognise_encoder(where.weights):
            return describe_encoder(known, check_entry(known[2], where.entry))
        if language := recognise_language(where.weights):
            return describe_language(language, check_entry(language.found, where.entry))
        if separator := recognise_separator(where.weights):
            return describe_separator(separator)
    return found_in(where).description


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
    for another language model. What a name means
    shows when it is opened; `load_codec`, `load_tokenizer` and `load_encoder` take one kind only,
    and say so to type checkers.
    Folders and files may also be checkpoints of EnCodec, Mimi, DAC, SNAC or SpeechTokenizer, of
    wav2vec 2.0, HuBERT or WavLM, of CSM, Orpheus, Moshi or MusicGen, of asteroid's Conv-TasNet, or
    of vocoders of units, in any of their layouts; docs/published.md lists what is on the hub.
    A bundled name comes before a folder: `./speech-16k` or a Path is always the folder.
    device: where it runs, default the CPU. dtype: what a decoder computes in, fp32 (the default),
    bf16 or fp16; encoders and the search stay in fp32, so that codes do not depend on it. A
    language model computes in what its weights are stored in, or in dtype. weights: of a language
    model that generates on the CPU, `torch.float16` or `torch.int8`, see `Generator.pack`.
    To train a model further see `load_to_train`. Respects `VOCABLE_CACHE`, `HF_HOME` and
    `HF_HUB_OFFLINE`. Raises ModelError for a name, folder or file that is not a model, and for a
    device or dtype that cannot be used.
    """
    made = _load(name, device, dtype, weights)
    if weights is not None and getattr(made, "weights", None) is None:
        raise ModelError(f"{name} is not a language model; weights= is for these alone")
    if vocoder is not None:
        return with_vocoder(name, made, load_vocoder(vocoder, device))
    return made


def _load(
    name: str | os.PathLike[str],
    device: str | torch.device | None,
    dtype: torch.dtype | None,
    weights: torch.dtype | None,
) -> Any:
    if parts := _joined_names(name):
        from vocable.codecs.bundle import Bundle

        return Bundle([_encodes(part, device, dtype) for part in parts])
    if is_centres(name):
        return open_units(name, device)
    if signal := _signal_encoder(name):
        return signal
    if stages := stages_of(name):
        return read_stages(stages, load_tokenizer, load_codec, device, weights)
    where = locate(name)
    if isinstance(where, Description) and says(where):
        return read_sayer(where, load_codec, device)
    if isinstance(where, Description) and separates(where):
        return read_separator(where, device)
    if vocoder := _vocoder(where, device, dtype):
        return vocoder
    if isinstance(where, Description) and is_language(where):
        return read_home(where, load_codec, device, dtype, weights)
    if isinstance(where, Source):
        if known := recognise_encoder(where.weights):
            return _encoder(known, check_entry(known[2], where.entry), device, dtype)
        if language := recognise_language(where.weights):
            fetched = str(name) if where.hashes else ""
            return _language(language, fetched, where.entry, device, dtype, weights)
        if separator := recognise_separator(where.weights):
            return convert_separator(separator, device)
    return _tokenizer(found_in(where), device, dtype)


def load_codec(
    name: str | os.PathLike[str],
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> Codec:
    """Load what must decode as well as encode; see `load`."""
    from vocable.codecs import Codec

    found = load_tokenizer(name, device, dtype)
    if not isinstance(found, Codec):
        raise ModelError(
            f"{found.name} encodes and does not decode; take a codec for this, or a vocoder for "
            "its units"
        )
    return found


def load_encoder(
    name: str | os.PathLike[str], device: str | torch.device | None = None
) -> FeatureEncoder | SignalEncoder | TokenizerLayers:
    """Load what must be an encoder of features; see `load`.

    A tokenizer of units whose layers are at hand is one too: `TokenizerLayers`.
    """
    from vocable.units.layers import TokenizerLayers, has_layers

    if signal := _signal_encoder(name):
        return signal
    where = locate(name)
    if isinstance(where, Source) and (known := recognise_encoder(where.weights)):
        return _encoder(known, check_entry(known[2], where.entry), device, None)
    tokenizer = _tokenizer(found_in(where), device, None)
    if not has_layers(tokenizer):
        raise ModelError(f"{name} gives tokens, not features; take mfcc, log-mel or hubert")
    return TokenizerLayers(tokenizer)


def load_tokenizer(
    name: str | os.PathLike[str],
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
) -> Tokenizer:
    """Load a tokenizer, or a codec where the model decodes; see `load`."""
    return _tokenizer(find(name), device, dtype)


def load_vocoder(
    name: str | os.PathLike[str], device: str | torch.device | None = None
) -> UnitVocoder:
    """Load what must be a vocoder of units, of either kind, by its folder or file; see `load`."""
    from vocable.unit_vocoder import UnitVocoder

    where = locate(name)
    if vocoder := _vocoder(where, device):
        return vocoder
    if isinstance(where, Description) and says_units(where):
        sayer = read_sayer(where, load_codec, device)
        assert isinstance(sayer, UnitVocoder)
        return sayer
    raise ModelError(
        f"{name} is not a vocoder of units; vocable train vocoder makes one, or train say of units"
    )


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


def _encodes(
    name: str, device: str | torch.device | None, dtype: torch.dtype | None
) -> Tokenizer | UnitTokenizer:
    """Return what a bundle can hold."""
    return open_units(name, device) if is_centres(name) else load_tokenizer(name, device, dtype)


def load_separator(
    name: str | os.PathLike[str], device: str | torch.device | None = None
) -> Separator:
    """Load what must part the speakers of a recording; see `load`."""
    from vocable.separation import Separator

    found = load(name, device)
    if not isinstance(found, Separator):
        raise ModelError(f"{name} does not part speakers; vocable train separation makes what does")
    return found


def _tokenizer(
    found: Found, device: str | torch.device | None, dtype: torch.dtype | None
) -> Tokenizer:
    import torch

    from vocable.codecs import Codec, CodecModel, Tokenizer
    from vocable.nn.settings import plain_settings

    if is_vocoder(found.description):
        raise ModelError(
            f"{found.description.name} decodes units and encodes nothing; give it beside their "
            "tokenizer, vocable.load(…, vocoder=…)"
        )
    if does := _does(found.description):
        raise ModelError(f"{found.description.name} {does}; take a codec for this")
    if device is not None:
        check_device(device)
    # the first weights are random, which must not move the generator of the program around
    with plain_settings(), torch.random.fork_rng(devices=[]):
        model, tensors = _open(found)
        model.quantizer.drop_learning()
        _load_tensors(model, tensors)
        model = model.to(device or "cpu").eval().requires_grad_(False)
        return Codec(model, dtype=dtype) if isinstance(model, CodecModel) else Tokenizer(model)


def _does(description: Description) -> str:
    """Return what a model does that makes no tokens; empty for one that makes some."""
    if says(description):
        return "says texts"
    if separates(description):
        return "parts speakers"
    return "models tokens" if _models_tokens(description) else ""


def _vocoder(
    where: Description | Source,
    device: str | torch.device | None,
    dtype: torch.dtype | None = None,
) -> Vocoder | None:
    """Return the vocoder that was located; None for another model."""
    weights = where.weights if isinstance(where, Source) else None
    known = recognise_vocoder(weights) if weights else None
    if not (known or is_vocoder(where)):
        return None
    if dtype is not None and str(dtype) != "torch.float32":
        raise ModelError(f"a vocoder computes in torch.float32; leave {dtype} out")
    if device is not None:
        check_device(device)
    if known:
        return read_vocoder(known, device)
    assert isinstance(where, Description)
    return open_vocoder(where, load_embedding, device)


def _models_tokens(description: Description) -> bool:
    return is_language(description) or is_staged(description)


def _joined_names(name: str | os.PathLike[str]) -> list[str]:
    """Return the names that a + joins; none for a model whose own name has one."""
    if not isinstance(name, str) or "+" not in name or is_bundled(name) or os.path.exists(name):
        return []
    return name.split("+")


def _signal_encoder(name: str | os.PathLike[str]) -> SignalEncoder | None:
    """Return MFCC or log-mels, which have no files."""
    from vocable.units.signal_encoder import SIGNAL_ENCODERS, SignalEncoder

    return SignalEncoder(str(name)) if name in SIGNAL_ENCODERS else None


def _encoder(
    known: Known, licence: str, device: str | torch.device | None, dtype: torch.dtype | None
) -> FeatureEncoder:
    import torch

    from vocable.units import FeatureEncoder

    if dtype not in (None, torch.float32):
        raise ModelError(
            f"{known[2].name} computes its features in torch.float32, so that units do not depend "
            f"on the dtype; leave {dtype} out"
        )
    if device is not None:
        check_device(device)
    return FeatureEncoder(read_encoder(known).to(device or "cpu"), licence)


def _language(
    known: KnownLanguage,
    fetched: str,
    entry: Entry | None,
    device: str | torch.device | None,
    dtype: torch.dtype | None,
    weights: torch.dtype | None,
) -> Generator:
    """Return a language model; fetched: its name on the hub, empty for files that were here."""
    if device is not None:
        check_device(device)
    licence = check_entry(known.found, entry)
    if fetched:
        fetch_beside(fetched, known)
    return read_language(known, licence, device, dtype, weights)


def load_to_train(name: str | os.PathLike[str]) -> TokenizerModel:
    """Load a model to train it further: its codebooks learn on from what is stored.

    It carries its space until `model.forget_space()`: call that unless encoder and quantizer are
    frozen.
    """
    import torch

    from vocable.codecs.identity import without_learning
    from vocable.nn.settings import plain_settings

    with plain_settings(), torch.random.fork_rng(devices=[]):
        model, tensors = _open(find(name))
        lean = without_learning(model.quantizer).state_dict()
        learning = {
            f"quantizer.{key}": value
            for key, value in model.quantizer.state_dict().items()
            if key not in lean
        }
        _load_tensors(model, {**tensors, **learning})
        model.quantizer.resume_learning()
        return model


def check_device(device: str | torch.device) -> None:
    """Refuse a device that torch cannot use here, in torch's words; it has many ways to say so."""
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        reason = reason.split(". ")[0].rstrip(".")
        raise ModelError(f"device {device} cannot be used here ({reason}); try cpu") from error


def _open(found: Found) -> tuple[TokenizerModel, Mapping[str, torch.Tensor]]:
    """Return an untrained model that carries its space, and the tensors to put into it."""
    description = found.description
    tensors = found.read()
    model = build_for(description.architecture, description.config, tensors)
    model.space, model.licence = description.space, description.licence
    return model, tensors


def _load_tensors(model: TokenizerModel, tensors: Mapping[str, torch.Tensor]) -> None:
    from vocable import weights

    weights.load_tensors(model, tensors)
