"""The published encoders of semantic units, and the published centres: which files of whom.

Plain data, as codecs/published.py is: a revision and a SHA-256 stand here only where a public
source states them, named above each. Nothing of it is fetched but encoders of the model hub, by
their names.
"""

from __future__ import annotations

from dataclasses import dataclass

from vocable.codecs.published import Entry


@dataclass(frozen=True)
class PublishedEncoder(Entry):
    """One encoder that somebody published.

    frames      frames per second
    layers      blocks; None where no source says
    channels    of a layer's frames
    normalize   whether recordings, or their bands, are brought to mean 0 and variance 1 first
    """

    name: str
    model: str
    file: str
    frames: float
    layers: int | None
    channels: int | None
    normalize: bool
    licence: str
    licence_seen: bool = True
    revision: str | None = None
    sha256: str | None = None
    url: str | None = None
    rate: int = 16_000


@dataclass(frozen=True)
class PublishedUnits:
    """Centres that somebody published, in a file of scikit-learn's k-means.

    name        ENCODER-lLAYER-kmSIZE
    encoder     the name of the encoder whose features they are of
    layer       the block whose output that is
    size        how many there are
    """

    name: str
    encoder: str
    layer: int
    size: int
    file: str
    url: str
    sha256: str
    licence: str = "MIT"  # of the code that they were published with
    licence_seen: bool = False

    @property
    def stated_licence(self) -> str:
        """The licence, with a "?" where it was not read beside the centres."""
        return self.licence + ("" if self.licence_seen else " ?")


_FILES = "https://dl.fbaipublicfiles.com"
_BASE = (50.0, 12, 768, False)
_LARGE = (50.0, 24, 1024, True)
_HUBERT, _GSLM = f"{_FILES}/hubert", f"{_FILES}/textless_nlp/gslm"
_WAV2VEC = f"{_FILES}/fairseq/wav2vec"
_EXPRESSO = f"{_FILES}/textless_nlp/expresso/checkpoints"
_UNISPEECH = "CC-BY-SA-3.0"  # of github.com/microsoft/UniSpeech, which WavLM's pages point to

ENCODERS: tuple[PublishedEncoder, ...] = (
    # revision, hash and size, 377 569 754 bytes: stated alike by several public projects
    PublishedEncoder(
        "facebook/hubert-base-ls960", "hubert-base", "pytorch_model.bin", *_BASE, "Apache-2.0",
        revision="dba3bb02fda4248b6e082697eee756de8fe8aa8a",
        sha256="062249fffb353eab67547a2fbc129f7c31a2f459faf641b19e8fb007cc5c48ad",
    ),
    # revision: stated alike by several public projects
    PublishedEncoder(
        "facebook/hubert-large-ll60k", "hubert-large", "pytorch_model.bin", *_LARGE, "Apache-2.0",
        False, revision="ff022d095678a2995f3c49bab18a96a9e553f782",
    ),
    # revision, hash and size, 380 267 417 bytes: stated alike by several public projects
    PublishedEncoder(
        "facebook/wav2vec2-base", "wav2vec2-base", "pytorch_model.bin", *_BASE, "Apache-2.0", False,
        revision="0b5b8e868dd84f03fd87d01f9c4ff0f080fecfe8",
        sha256="3249fe98bfc62fcbc26067f724716a6ec49d12c4728a2af1df659013905dff21",
    ),
    PublishedEncoder(
        "facebook/wav2vec2-large-lv60", "wav2vec2-large", "pytorch_model.bin", *_LARGE,
        "Apache-2.0", False,
    ),
    # revision: stated alike by several public projects, mteb among them
    PublishedEncoder(
        "facebook/wav2vec2-large-xlsr-53", "wav2vec2-large", "pytorch_model.bin", *_LARGE,
        "Apache-2.0", False, revision="c3f9d884181a224a6ac87bf8885c84d1cff3384f",
    ),
    # revisions: mteb's wavlm_models.py; hashes and sizes, 377 617 425 and 1 261 990 257 bytes:
    # stated alike by several public projects. The licence: by mteb it is MIT, that of the code.
    PublishedEncoder(
        "microsoft/wavlm-base", "wavlm-base", "pytorch_model.bin", *_BASE, _UNISPEECH, False,
        revision="efa81aae7ff777e464159e0f877d54eac5b84f81",
    ),
    PublishedEncoder(
        "microsoft/wavlm-base-plus", "wavlm-base", "pytorch_model.bin", *_BASE, _UNISPEECH, False,
        revision="4c66d4806a428f2e922ccfa1a962776e232d487b",
        sha256="3bb273a6ace99408b50cfc81afdbb7ef2de02da2eab0234e18db608ce692fe51",
    ),
    PublishedEncoder(
        "microsoft/wavlm-large", "wavlm-large", "pytorch_model.bin", *_LARGE, _UNISPEECH, False,
        revision="c1423ed94bb01d80a3f5ce5bc39f6026a0f4828c",
        sha256="fdee460e529396ddb2f8c8e8ce0ad74cfb747b726bc6f612e666c7c1e1963c9d",
    ),
    # revision: stated alike by several public projects; two state the hash, for two revisions
    PublishedEncoder(
        "facebook/w2v-bert-2.0", "w2v-bert-2.0", "model.safetensors", 50.0, 24, 1024, True, "MIT",
        False, revision="da985ba0987f70aaeb84a80f2851cfac8c697a7b",
    ),
    # addresses: fairseq, examples/hubert/README.md and examples/wav2vec/README.md; hashes of
    # hubert_base_ls960.pt, of both mHuBERT and of CPC: textless-lib, textless/checkpoint_manager
    PublishedEncoder(
        "hubert_base_ls960.pt", "hubert-base", "hubert_base_ls960.pt", *_BASE, "MIT", False,
        sha256="1703cf8d2cdc76f8c046f5f6a9bcd224e0e6caf4744cad1a1f4199c32cac8c8d",
        url=f"{_HUBERT}/hubert_base_ls960.pt",
    ),
    PublishedEncoder(
        "hubert_large_ll60k.pt", "hubert-large", "hubert_large_ll60k.pt", *_LARGE, "MIT", False,
        url=f"{_HUBERT}/hubert_large_ll60k.pt",
    ),
    PublishedEncoder(
        "mhubert_base_vp_en_es_fr_it3.pt", "hubert-base", "mhubert_base_vp_en_es_fr_it3.pt", *_BASE,
        "MIT", False, sha256="23527cd6311a6617bfa199f574e2eed478cd6a58a634f4007165c10ec0019832",
        url=f"{_HUBERT}/mhubert_base_vp_en_es_fr_it3.pt",
    ),
    PublishedEncoder(
        "mhubert_base_vp_mls_cv_8lang_it3.pt", "hubert-base", "mhubert_base_vp_mls_cv_8lang_it3.pt",
        *_BASE, "MIT", False,
        sha256="fa82eaccb557465f4732662e3a744c30c953059147ac6a4c92f1f3e0daeda61e",
        url=f"{_HUBERT}/mhubert_base_vp_mls_cv_8lang_it3.pt",
    ),
    PublishedEncoder(
        "wav2vec_small.pt", "wav2vec2-base", "wav2vec_small.pt", *_BASE, "MIT", False,
        url=f"{_WAV2VEC}/wav2vec_small.pt",
    ),
    PublishedEncoder(
        "wav2vec_vox_new.pt", "wav2vec2-large", "wav2vec_vox_new.pt", *_LARGE, "MIT", False,
        url=f"{_WAV2VEC}/wav2vec_vox_new.pt",
    ),
    PublishedEncoder(
        "cpc_big_ll6kh_top_ctc.pt", "cpc", "cpc_big_ll6kh_top_ctc.pt", 100.0, None, None, False,
        "MIT", False, sha256="73155dad5d7c986fe7b7f548050060a8e9cc9a0ffd111a22932f38c3e617c5b8",
        url=f"{_GSLM}/cpc/cpc_big_ll6kh_top_ctc.pt",
    ),
)  # fmt: skip

# addresses and hashes: textless-lib, textless/checkpoint_manager; layers: what the files are
# called, and where that says none the default of its readers
UNITS: tuple[PublishedUnits, ...] = (
    *(
        PublishedUnits(
            f"hubert-base-l6-km{size}", "hubert_base_ls960.pt", 6, size, "km.bin",
            f"{_GSLM}/hubert/km{size}/km.bin", sha256,
        )
        for size, sha256 in {
            50: "d01a7d5bc2c54b7b5f25f321ba525b4d230b06e3927f90bad0394198bc89f494",
            100: "f14a3104615485381fc489701d6761c9abbdbb0d43607cf55518a1e2891023fe",
            200: "b3c46c9cdd1707ad852dd53c359aa73942e79d53c432a9a8a419ed046408024b",
            500: "411c8668e1314751404f58636f935fc73540a6793890435da4a8ffadf157398e",
        }.items()
    ),
    PublishedUnits(
        "hubert-base-l9-km500", "hubert_base_ls960.pt", 9, 500, "hubert_base_ls960_L9_km500.bin",
        f"{_HUBERT}/hubert_base_ls960_L9_km500.bin",
        "4450dcbc90aa7d0553306a4b0fafef35c9b3c840468f02969273dfbb9db89a23",
    ),
    PublishedUnits(
        "hubert-base-l9-km2000-expresso", "hubert_base_ls960.pt", 9, 2000,
        "hubert_base_ls960_L9_km2000_expresso.bin",
        f"{_EXPRESSO}/hubert_base_ls960_L9_km2000_expresso.bin",
        "ae73e3cc7ea0426faf43c8bb67fc3846a0f8708232526d045a101836e8c7929f", "not stated",
    ),
    PublishedUnits(
        "mhubert-base-vp-en-es-fr-l11-km1000", "mhubert_base_vp_en_es_fr_it3.pt", 11, 1000,
        "mhubert_base_vp_en_es_fr_it3_L11_km1000.bin",
        f"{_HUBERT}/mhubert_base_vp_en_es_fr_it3_L11_km1000.bin",
        "c70f5416c38044d0c20e33fdeedf4533974a8ac4029985cdef3b755038381a0b",
    ),
    PublishedUnits(
        "mhubert-base-vp-mls-cv-8lang-l12-km2000", "mhubert_base_vp_mls_cv_8lang_it3.pt", 12, 2000,
        "mhubert_base_vp_mls_cv_8lang_it3_L12_km2000.bin",
        f"{_HUBERT}/mhubert_base_vp_mls_cv_8lang_it3_L12_km2000.bin",
        "05de230870427dcdce334d29922ccce354c7e7d0574edc645f5daed47b1ccc18",
    ),
    *(
        PublishedUnits(
            f"cpc-big-l2-km{size}", "cpc_big_ll6kh_top_ctc.pt", 2, size, "km.bin",
            f"{_GSLM}/cpc/km{size}/km.bin", sha256,
        )
        for size, sha256 in {
            50: "c48be5717aebc08169aa5165d58267449b8c8568624a346bb9f4b26eac3b0240",
            100: "077b96e010b1e87be627ef2bef0f5e5cdaa1c01722aa363b2dc0bb6a638e8b26",
            200: "2d863d1c6f251d19e667998248c87642ecb5e3ffaa410e9ebfa64341db4f6de2",
            500: "35398f665dff06801a7bf1e595bc176711ed751d554e64d999dc42f1dd106561",
        }.items()
    ),
)  # fmt: skip


def published_encoder(name: str) -> PublishedEncoder | None:
    """Return the published encoder of a name; None for another."""
    return next((entry for entry in ENCODERS if entry.name == name), None)


def published_units(name: str) -> PublishedUnits | None:
    """Return the published units of a name; None for another."""
    return next((entry for entry in UNITS if entry.name == name), None)
