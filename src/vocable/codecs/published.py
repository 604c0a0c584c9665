"""The published codecs that vocable reads: what they are, and which files of whom.

Plain data. A revision and a SHA-256 stand here only where a public source states them, named above
each. What has none is recorded at its first download and checked from then on
(load/records.py). A source is who wrote the hash down, not who published the weights: it says that
the file is the one that others had.
"""

from __future__ import annotations

from dataclasses import dataclass


class Entry:
    """What is said of every published file, whatever it holds.

    name        what `load` takes: `owner/name` of the model hub; of a file elsewhere, its file name
    model       what its content is recognised as
    file        of the repository, or of `url`
    licence     of the weights, as their authors state it
    licence_seen    whether that was read on the weights' own page; else it is the code's or hearsay
    url         of a file that is not on the hub, to be downloaded by hand
    """

    name: str
    model: str
    file: str
    licence: str
    licence_seen: bool
    revision: str | None
    sha256: str | None
    url: str | None

    @property
    def stated_licence(self) -> str:
        """The licence, with a "?" where it was not read beside the weights."""
        return self.licence + ("" if self.licence_seen else " ?")

    @property
    def on_hub(self) -> bool:
        """Whether it can be fetched by its name."""
        return self.url is None


@dataclass(frozen=True)
class Published(Entry):
    """One codec that somebody published.

    frames      frames per second, of the finest level
    kbps        bit rates that its authors name, rounded as they do; none of one that makes floats
    latency     of a stream that equals the whole, both ways (codecs/latency.py)
    """

    name: str
    model: str
    file: str
    rate: int
    channels: int
    frames: float
    kbps: tuple[float, ...]
    latency: str
    licence: str
    licence_seen: bool = True
    revision: str | None = None
    sha256: str | None = None
    url: str | None = None


_ENCODEC = "https://dl.fbaipublicfiles.com/encodec/v0/"
_DAC = "https://github.com/descriptinc/descript-audio-codec/releases/download/"
_MOSHI = (
    "https://huggingface.co/kyutai/moshiko-pytorch-bf16/resolve/"
    "2bfc9ae6e89079a5cc7ed2a68436010d91a3d289/"
)
_MIMI_FILE = "tokenizer-e351c8d8-checkpoint125.safetensors"
_ENCODEC_24 = (24_000, 1, 75.0, (1.5, 3.0, 6.0, 12.0, 24.0), "13 ms, at first 93")
_QWEN3_TTS_12 = (24_000, 1, 12.5, (2.2,), "80 ms")
_VOXTRAL = (24_000, 1, 12.5, (2.14,), "80 ms")
_POCKET_TTS = (24_000, 1, 12.5, (), "80 ms")
_VIBEVOICE = (24_000, 1, 7.5, (), "133 ms")
_MOSS = (24_000, 1, 12.5, (1.0, 4.0), "80 ms")
_MOSS_V2 = (48_000, 2, 12.5, (4.0,), "80 ms")
_MIMO = (24_000, 1, 25.0, (0.85, 1.55, 3.65), "decodes whole recordings")
_MOSS_NANO = (48_000, 2, 12.5, (2.0,), "80 ms")
_ENCODEC_48 = (48_000, 2, 150.0, (3.0, 6.0, 12.0, 24.0), "segments of 1 s")
_ENCODEC_32 = (32_000, 1, 50.0, (2.2,), "175 ms")
_MIMI = (24_000, 1, 12.5, (1.1, 4.4), "80 ms")
_DAC_16 = (16_000, 1, 50.0, (6.0,), "376 ms")
_DAC_24 = (24_000, 1, 75.0, (24.0,), "251 ms")
_DAC_44 = (44_100, 1, 86.1, (7.75,), "212 ms")
_DAC_44_16 = (44_100, 1, 86.1, (15.5,), "212 ms")
_SPEECHTOKENIZER = (16_000, 1, 50.0, (4.0,), "encodes whole recordings")
_BIGCODEC = (16_000, 1, 80.0, (1.04,), "714 ms")
_WAVTOKENIZER_75 = (24_000, 1, 75.0, (0.9,), "decodes whole recordings")
_WAVTOKENIZER_40 = (24_000, 1, 40.0, (0.48,), "decodes whole recordings")
_XCODEC2 = (16_000, 1, 50.0, (0.8,), "whole recordings")
_XCODEC = (16_000, 1, 50.0, (0.5, 1.0, 1.5, 2.0, 4.0), "encodes whole recordings")
_HIGGS = (24_000, 1, 25.0, (0.5, 1.0, 1.5, 2.0), "encodes whole recordings")
_JUKEBOX = (44_100, 1, 5512.5, (3.79, 18.95, 79.59), "2087 ms")
_FACODEC = (16_000, 1, 80.0, (2.4, 4.8), "encodes whole recordings")
_FOCALCODEC = {
    "50hz": (50.0, (0.65,)), "25hz": (25.0, (0.325,)), "12_5hz": (12.5, (0.1625,)),
}  # fmt: skip
_FOCALCODEC_STREAM = {"2k": 0.55, "4k": 0.6, "65k": 0.8}
_TICODEC = "https://huggingface.co/y-ren16/TiCodec/resolve/main/logs_conv_only/"
_NANOCODEC_12 = (22_050, 1, 12.5)
_NANOCODEC_21 = (22_050, 1, 21.5)
_SNAC_24 = (24_000, 1, 46.9, (0.98,), "540 ms")
_SNAC_32 = (32_000, 1, 83.3, (1.88,), "940 ms")
_SNAC_44 = (44_100, 1, 114.8, (2.58,), "682 ms")

PUBLISHED: tuple[Published, ...] = (
    # revision and hash: stated alike in the manifests of at least five public projects that fetch
    # this file, found by searching for the hash; so is its size, 384 649 828 bytes
    Published(
        "kyutai/mimi", "mimi", "model.safetensors", *_MIMI, "CC-BY-4.0",
        revision="89091b3e466eb6a9d11e537bf26b144f194978f7",
        sha256="bac7e85083dcded655d24eaadde7e6eea34c0da1b35fa2d284e641bd2b942a5e",
    ),
    # name: the README of its authors' repository, github.com/QwenLM/Qwen3-TTS, whose licence it is
    Published(
        "Qwen/Qwen3-TTS-Tokenizer-12Hz", "qwen3_tts_12hz", "model.safetensors", *_QWEN3_TTS_12,
        "Apache-2.0", False,
    ),
    # names and licence: the READMEs of its authors, github.com/OpenMOSS/MOSS-Audio-Tokenizer and
    # MOSS-TTS-Nano; files: github.com/ayutaz/vokra, its converter, which states the revisions, too,
    # and the hash of the second one's index; the licence of the first: its page on the hub, too
    Published(
        "OpenMOSS-Team/MOSS-Audio-Tokenizer", "moss_audio_tokenizer",
        "model.safetensors.index.json", *_MOSS, "Apache-2.0",
    ),
    Published(
        "OpenMOSS-Team/MOSS-Audio-Tokenizer-v2", "moss_audio_tokenizer_v2",
        "model.safetensors.index.json", *_MOSS_V2, "Apache-2.0", False,
        revision="f6e20e543b33d2c252a7ef71bdf8aa71e5ff9169",
        sha256="912f52f053e04ff7e9abc8f05aa75dfbb40b31c86a0f4ad5c5a36e4aa28a624f",
    ),
    Published(
        "OpenMOSS-Team/MOSS-Audio-Tokenizer-Nano", "moss_audio_tokenizer_nano",
        "model.safetensors.index.json", *_MOSS_NANO, "Apache-2.0", False,
        revision="6aa02b01e445cc585582cf0ba480bc3ea6c8dd68",
    ),
    # name: the README of its authors, github.com/XiaomiMiMo/MiMo-Audio; file: what several public
    # projects fetch; the licence: what they state of its card
    Published(
        "XiaomiMiMo/MiMo-Audio-Tokenizer", "mimo_audio_tokenizer", "model.safetensors", *_MIMO,
        "MIT", False,
    ),
    # file: what vllm-omni 0.30.0 takes of it, and several public projects; the licence: its page on
    # the hub
    Published(
        "mistralai/Voxtral-4B-TTS-2603", "voxtral_tts", "consolidated.safetensors", *_VOXTRAL,
        "CC-BY-NC-4.0",
    ),
    # The licence: the page of the 48 kHz repository says MIT, that of 24 kHz none, the package of
    # its authors CC-BY-NC 4.0 (PyPI, encodec 0.1.1).
    # revision: stated by several public projects, mteb's encodec_models.py among them
    Published(
        "facebook/encodec_24khz", "encodec_24khz", "model.safetensors", *_ENCODEC_24, "MIT", False,
        revision="c1dbe2ae3f1de713481a3b3e7c47f357092ee040",
    ),
    # revision, hash and size, 76 291 152 bytes: stated alike by two public converters
    Published(
        "facebook/encodec_48khz", "encodec_48khz", "model.safetensors", *_ENCODEC_48, "MIT",
        revision="c3def8e7185ac8c8efdce6eb8c4a651e487a503e",
        sha256="47a15ffbaf7bb76176d0833e10590de0a8988a7848748608cefc36a1c88adfdc",
    ),
    Published(
        "facebook/encodec_32khz", "encodec_32khz", "model.safetensors", *_ENCODEC_32,
        "CC-BY-NC-4.0",
    ),
    Published(
        "descript/dac_16khz", "dac_16khz", "model.safetensors", *_DAC_16, "MIT", False,
    ),
    # revision, hash and size, 298 652 268 bytes: stated by one public project, which fetches this
    # file and checks it
    Published(
        "descript/dac_24khz", "dac_24khz", "model.safetensors", *_DAC_24, "MIT", False,
        revision="6ba020b5ba7d9d8076fb90db7e67f27e31980f6e",
        sha256="7452e3fc6972991da871ae1a1c9d3e8e219aa247cc0f757018867d6a7fe59aaf",
    ),
    # revision and hash: github.com/Sharrnah/whispering, Models/TTS/zonos2_tts.py
    Published(
        "descript/dac_44khz", "dac_44khz", "model.safetensors", *_DAC_44, "MIT", False,
        revision="c1bc521685adf9cfe247bc39a5ca58917eda1ac4",
        sha256="6128ebff483a41422b0164d079a3773b0d8d82e64c4293d775994cbf8baf913a",
    ),
    # hash: github.com/Sharrnah/whispering, Models/TTS/orpheus_tts.py; revision:
    # github.com/ayutaz/vokra
    Published(
        "hubertsiuzdak/snac_24khz", "snac_24khz", "pytorch_model.bin", *_SNAC_24, "MIT",
        revision="d73ad176a12188fcf4f360ba3bf2c2fbbe8f58ec",
        sha256="4b8164cc6606bfa627f1a784734c1e539891518f1191ed9194fe1e3b9b4bff40",
    ),
    Published(
        "hubertsiuzdak/snac_32khz", "snac_32khz", "pytorch_model.bin", *_SNAC_32, "MIT",
    ),
    # revision and hash: github.com/ayutaz/vokra, its report on the codecs
    Published(
        "hubertsiuzdak/snac_44khz", "snac_44khz", "pytorch_model.bin", *_SNAC_44, "MIT",
        revision="873ebef9718b89660340c6f55a2b515e98cfa1d9",
        sha256="b0a676cbdc8d1cc53186f6d777bc956fb7932ceacdc657a4c3741646e9e7ead0",
    ),
    # folder, file: the README of its authors' package, speechtokenizer 1.0.1, whose licence it is
    Published(
        "SpeechTokenizer.pt", "speechtokenizer", "SpeechTokenizer.pt", *_SPEECHTOKENIZER,
        "Apache-2.0", False, url="https://huggingface.co/fnlp/SpeechTokenizer/resolve/main/"
        "speechtokenizer_hubert_avg/SpeechTokenizer.pt",
    ),
    # name, file and revision: the package pocket-tts 4.0.1, config/english.yaml; licence: a card of
    # a conversion, as others cite it
    Published(
        "kyutai/pocket-tts", "pocket_tts", "languages/english/model.safetensors", *_POCKET_TTS,
        "CC-BY-4.0", False, revision="db04f0e653473e5c7333c69686ac92b7460b0c1d",
    ),
    # name: transformers 5.24, its configuration of this codec
    Published(
        "eustlb/pocket-tts-audio-tokenizer", "pocket_tts", "model.safetensors", *_POCKET_TTS,
        "CC-BY-4.0", False,
    ),
    # name: the documentation of transformers, model_doc/vibevoice_acoustic_tokenizer.md; licence:
    # that of its authors' code, github.com/microsoft/VibeVoice
    Published(
        "microsoft/VibeVoice-AcousticTokenizer", "vibevoice", "model.safetensors", *_VIBEVOICE,
        "MIT", False,
    ),
    # file: the README of its authors, github.com/Aria-K-Alethia/BigCodec, whose code is MIT; the
    # licence: its page on the hub
    Published("Alethia/BigCodec", "bigcodec", "bigcodec.pt", *_BIGCODEC, "CC-BY-SA-4.0"),
    # repository and licence: the README of its authors; file: vocos 0.1.0, pretrained.py
    Published(
        "charactr/vocos-mel-24khz", "vocos_mel_24khz", "pytorch_model.bin", 24_000, 1, 93.75,
        (56.25,), "331 ms", "MIT", False,
    ),
    # repository: the README of its authors; file: what several public projects fetch from there;
    # the licence of all three: their pages on the hub
    Published(
        "novateur/WavTokenizer-large-unify-40token", "wavtokenizer_40",
        "wavtokenizer_large_unify_600_24k.ckpt", *_WAVTOKENIZER_40, "MIT",
    ),
    # files: the README of their authors
    Published(
        "WavTokenizer_small_600_24k_4096.ckpt", "wavtokenizer_40",
        "WavTokenizer_small_600_24k_4096.ckpt", *_WAVTOKENIZER_40, "MIT",
        url="https://huggingface.co/novateur/WavTokenizer/resolve/main/"
        "WavTokenizer_small_600_24k_4096.ckpt",
    ),
    Published(
        "WavTokenizer_small_320_24k_4096.ckpt", "wavtokenizer_75",
        "WavTokenizer_small_320_24k_4096.ckpt", *_WAVTOKENIZER_75, "MIT",
        url="https://huggingface.co/novateur/WavTokenizer/resolve/main/"
        "WavTokenizer_small_320_24k_4096.ckpt",
    ),
    # file: jukebox/hparams.py of its authors, github.com/openai/jukebox, whose licence it is
    Published(
        "vqvae.pth.tar", "jukebox", "vqvae.pth.tar", *_JUKEBOX, "OpenAI Noncommercial Use", False,
        url="https://openaipublic.azureedge.net/jukebox/models/5b/vqvae.pth.tar",
    ),
    # files: the README of its authors, github.com/open-mmlab/Amphion, models/codec/ns3_codec, whose
    # code is MIT; the decoder beside it, ns3_facodec_decoder.bin, is fetched with it; the licence:
    # its page on the hub, since 11 March 2024
    Published(
        "amphion/naturalspeech3_facodec", "facodec", "ns3_facodec_encoder.bin", *_FACODEC,
        "Apache-2.0",
    ),
    # of the same page and README; its other half, ns3_facodec_decoder_v2.bin, is put beside it
    Published(
        "ns3_facodec_encoder_v2.bin", "facodec_v2", "ns3_facodec_encoder_v2.bin", *_FACODEC,
        "Apache-2.0",
        url="https://huggingface.co/amphion/naturalspeech3_facodec/resolve/main/"
        "ns3_facodec_encoder_v2.bin",
    ),
    # folders: the repository's page; files: the test scripts of its authors, whose folders are
    # called so, github.com/y-ren16/TiCodec, egs/TiCodec-24k-320d, whose licence it is
    Published(
        "y-ren16/TiCodec", "ticodec_1g2r",
        "logs_conv_only/logs_convonly_Lib_1g2r_cos_from_head/g_00250000",
        24_000, 1, 75.0, (1.5,), "encodes whole recordings", "Apache-2.0", False,
    ),
    Published(
        "g_00300000_changed", "ticodec_1g1r", "g_00300000_changed",
        24_000, 1, 75.0, (0.75,), "encodes whole recordings", "Apache-2.0", False,
        url=f"{_TICODEC}logs_convonly_Lib_1g1r_cos_from_head/g_00300000_changed",
    ),
    Published(
        "g_00255000", "ticodec_1g4r", "g_00255000",
        24_000, 1, 75.0, (3.0,), "encodes whole recordings", "Apache-2.0", False,
        url=f"{_TICODEC}logs_convonly_Lib_1g4r_cos_from_head/g_00255000",
    ),
    # names: the documentation of transformers, model_doc/xcodec2.md and neucodec.md, and the
    # package xcodec2 0.1.5; licences: the page of HKUSTAudio/xcodec2 on the hub, and the package
    # neucodec 0.0.6
    Published(
        "HKUSTAudio/xcodec2-hf", "xcodec2", "model.safetensors", *_XCODEC2, "CC-BY-NC-4.0", False
    ),
    Published(
        "HKUSTAudio/xcodec2", "xcodec2", "model.safetensors", *_XCODEC2, "CC-BY-NC-4.0"
    ),
    Published(
        "neuphonic/neucodec", "neucodec", "model.safetensors", *_XCODEC2, "Apache-2.0", False
    ),
    # names: the documentation of transformers, model_doc/xcodec.md; the licence: the card of the
    # fifth, the others were not read
    *(
        Published(f"hf-audio/{name}", "xcodec", "model.safetensors", *_XCODEC, "CC-BY-4.0", False)
        for name in (
            "xcodec-hubert-librispeech", "xcodec-hubert-general", "xcodec-hubert-general-balanced",
        )
    ),
    Published(
        "hf-audio/xcodec-wavlm-mls", "xcodec_wavlm", "model.safetensors", *_XCODEC, "CC-BY-4.0",
        False,
    ),
    Published(
        "hf-audio/xcodec-wavlm-more-data", "xcodec_wavlm", "model.safetensors", *_XCODEC,
        "CC-BY-4.0",
    ),
    # name: the documentation of transformers, model_doc/higgs_audio_v2_tokenizer.md; the licence
    # has terms of its own, for many users among others
    Published(
        "bosonai/higgs-audio-v2-tokenizer", "higgs", "model.safetensors", *_HIGGS,
        "Boson Higgs Audio 2 Community", False,
    ),
    # revisions, the hash, and the licence as it was read there: github.com/ayutaz/vokra, its notes
    # on converting NanoCodec; that of the second: its page on the hub; files: what several public
    # projects fetch
    Published(
        "nvidia/nemo-nano-codec-22khz-0.6kbps-12.5fps", "nanocodec_0_6kbps",
        "nemo-nano-codec-22khz-0.6kbps-12.5fps.nemo", *_NANOCODEC_12, (0.6,), "1200 ms",
        "NVIDIA Open Model License", False,
        revision="5c8e22ed763c14d81337fbe6ca74062f3d10f7e5",
        sha256="bd5883099d0c74ceda760b6b7a1600b86da4d8a02531c9c282679951dcb08870",
    ),
    Published(
        "nvidia/nemo-nano-codec-22khz-1.78kbps-12.5fps", "nanocodec_1_78kbps",
        "nemo-nano-codec-22khz-1.78kbps-12.5fps.nemo", *_NANOCODEC_12, (1.78,), "1200 ms",
        "NVIDIA Open Model License",
        revision="c4ab84a92c8d36a8b5a79eaea807cfaf7f03ed86",
    ),
    Published(
        "nvidia/nemo-nano-codec-22khz-1.89kbps-21.5fps", "nanocodec_1_89kbps",
        "nemo-nano-codec-22khz-1.89kbps-21.5fps.nemo", *_NANOCODEC_21, (1.89,), "650 ms",
        "NVIDIA Open Model License", False,
        revision="fc00890b604aa2de298d2641ffc6c5f6caf8c4d7",
    ),
    # names: the README of its authors, github.com/lucadellalib/focalcodec; files and licence: the
    # pages of the repositories, but for that of 2k
    *(
        Published(
            f"lucadellalib/focalcodec_{rate}", f"focalcodec_{rate}", "model.safetensors", 16_000, 1,
            *stated, "whole recordings", "Apache-2.0",
        )
        for rate, stated in _FOCALCODEC.items()
    ),
    *(
        Published(
            f"lucadellalib/focalcodec_50hz_{size}_causal", f"focalcodec_50hz_{size}_causal",
            "model.safetensors", 16_000, 1, 50.0, (kbps,), "80 ms", "Apache-2.0", size != "2k",
        )
        for size, kbps in _FOCALCODEC_STREAM.items()
    ),
    # files: the README of its authors, github.com/jiaqili3/DualCodec, whose licence it is; w2v-BERT
    # 2.0, by which it encodes, is facebook's
    Published(
        "amphion/dualcodec", "dualcodec_12hz", "dualcodec_12hz_16384_4096.safetensors", 24_000, 1,
        12.5, (0.175, 1.23), "encodes whole recordings", "MIT", False,
    ),
    Published(
        "dualcodec_25hz_16384_1024.safetensors", "dualcodec_25hz",
        "dualcodec_25hz_16384_1024.safetensors", 24_000, 1, 25.0, (0.35, 3.1),
        "encodes whole recordings", "MIT", False, url="https://huggingface.co/amphion/dualcodec/"
        "resolve/main/dualcodec_25hz_16384_1024.safetensors",
    ),
    # name: moshi 0.2.13, models/loaders.py; hash: github.com/ayutaz/vokra, .github/pins.yaml. It
    # lies beside Moshi's own weights, by whose name a language model is loaded
    Published(
        _MIMI_FILE, "mimi", _MIMI_FILE, *_MIMI, "CC-BY-4.0",
        sha256="09b782f0629851a271227fb9d36db65c041790365f11bbe5d3d59369cf863f50",
        url=f"{_MOSHI}{_MIMI_FILE}",
    ),
    # names: encodec 0.1.1, model.py, whose file names end in the first 8 digits of their SHA-256;
    # the whole hash of the first: two public converters, which agree
    Published(
        "encodec_24khz-d7cc33bc.th", "encodec_24khz", "encodec_24khz-d7cc33bc.th", *_ENCODEC_24,
        "MIT", False, sha256="d7cc33bcf1aad7f2dad9836f36431530744abeace3ca033005e3290ed4fa47bf",
        url=f"{_ENCODEC}encodec_24khz-d7cc33bc.th",
    ),
    Published(
        "encodec_48khz-7e698e3e.th", "encodec_48khz", "encodec_48khz-7e698e3e.th", *_ENCODEC_48,
        "MIT", False, url=f"{_ENCODEC}encodec_48khz-7e698e3e.th",
    ),
    # names: descript-audio-codec 1.0.0, dac/utils/__init__.py; the hash of 24 kHz:
    # github.com/ayutaz/vokra, .github/pins.yaml; of 16 and 44.1 kHz: its report on the codecs
    Published(
        "weights_16khz.pth", "dac_16khz", "weights_16khz.pth", *_DAC_16, "MIT",
        sha256="95ab7176b67137d4d4c6c54b8d6ef3cea797faec228cb03ad084badcad570b4d",
        url=f"{_DAC}0.0.5/weights_16khz.pth",
    ),
    Published(
        "weights_24khz.pth", "dac_24khz", "weights_24khz.pth", *_DAC_24, "MIT",
        sha256="44bad592fc393e03eb0be7a5120b7d487fe9612fa41269dc03fca3d4b87e20ad",
        url=f"{_DAC}0.0.4/weights_24khz.pth",
    ),
    Published(
        "weights.pth", "dac_44khz", "weights.pth", *_DAC_44, "MIT",
        sha256="a88eed82a7024ccc1facdb1e605c4c2f99281c8118c22c9895ffa846d8fb61aa",
        url=f"{_DAC}0.0.1/weights.pth",
    ),
    Published(
        "weights_44khz_16kbps.pth", "dac_44khz_16kbps", "weights_44khz_16kbps.pth", *_DAC_44_16,
        "MIT", url=f"{_DAC}1.0.0/weights_44khz_16kbps.pth",
    ),
)  # fmt: skip


def published(name: str) -> Published | None:
    """Return the published checkpoint of a name; None for another."""
    return next((entry for entry in PUBLISHED if entry.name == name), None)


def published_file(sha256: str) -> Published | None:
    """Return the published checkpoint of a file with this SHA-256; None for another."""
    return next((entry for entry in PUBLISHED if entry.sha256 == sha256), None)
