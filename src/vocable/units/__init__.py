"""Semantic units, and the encoders they are made of. Names load when they are first used.

    encoder = vocable.load("facebook/hubert-base-ls960")
    features, = encoder.features("talk.flac", layer=9)      # [frames, 768], 50 frames/s
    centres = fit(encoder, recordings, 500, layer=9).centres
    tokens = UnitTokenizer(encoder, centres).encode("talk.flac")

FeatureEncoder    what a user holds: recordings, layers, identity
EncoderModel      the networks behind it, which families define
SignalEncoder     MFCC and log-mels, which others are compared with
TokenizerLayers   the layers of a tokenizer whose units are made in steps
fit               centres of a layer, by k-means over recordings
UnitTokenizer     recordings to units, by an encoder and centres
Vocoder           units to sound; UnitCodec: a tokenizer of units with its vocoder
read_centres, read_kmeans, convert_kmeans
                  centres in our files, and in those of scikit-learn
read_km, read_named_units, read_hubert_manifest
                  units of others; each has its `write_…`, a manifest `save`
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vocable.units.centres import Centres as Centres
    from vocable.units.centres import Origin as Origin
    from vocable.units.centres import centres_of as centres_of
    from vocable.units.centres import read_centres as read_centres
    from vocable.units.encoder import EncoderModel as EncoderModel
    from vocable.units.features import FeatureEncoder as FeatureEncoder
    from vocable.units.fitting import Fit as Fit
    from vocable.units.fitting import fit as fit
    from vocable.units.hubert_manifest import HubertManifest as HubertManifest
    from vocable.units.hubert_manifest import read_hubert_manifest as read_hubert_manifest
    from vocable.units.kmeans_files import read_kmeans as read_kmeans
    from vocable.units.layers import TokenizerLayers as TokenizerLayers
    from vocable.units.lines import read_km as read_km
    from vocable.units.lines import read_named_units as read_named_units
    from vocable.units.lines import write_km as write_km
    from vocable.units.lines import write_named_units as write_named_units
    from vocable.units.signal_encoder import SignalEncoder as SignalEncoder
    from vocable.units.tokenizer import UnitTokenizer as UnitTokenizer
    from vocable.units.tokenizer import convert_kmeans as convert_kmeans
    from vocable.units.vocoder.codec import UnitCodec as UnitCodec
    from vocable.units.vocoder.vocoder import Vocoder as Vocoder

_HOME = {
    "centres": ("Centres", "Origin", "centres_of", "read_centres"),
    "encoder": ("EncoderModel",),
    "features": ("FeatureEncoder",),
    "fitting": ("Fit", "fit"),
    "hubert_manifest": ("HubertManifest", "read_hubert_manifest"),
    "kmeans_files": ("read_kmeans",),
    "layers": ("TokenizerLayers",),
    "lines": ("read_km", "read_named_units", "write_km", "write_named_units"),
    "signal_encoder": ("SignalEncoder",),
    "tokenizer": ("UnitTokenizer", "convert_kmeans"),
    "vocoder.codec": ("UnitCodec",),
    "vocoder.vocoder": ("Vocoder",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    """Load a name on its first use (PEP 562): describing a model must not load torch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
