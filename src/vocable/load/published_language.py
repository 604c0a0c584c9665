"""The published language models that vocable reads: which files of whom.

Plain data, as codecs/published.py is: a revision and a SHA-256 stand here only where a public
source states them. A new one is a line here.
"""

from __future__ import annotations

from dataclasses import dataclass

from vocable.codecs.published import Entry


@dataclass(frozen=True)
class PublishedLanguage(Entry):
    """One language model that somebody published.

    text, codec, levels     as in `Abilities`
    """

    name: str
    model: str
    file: str
    text: str
    codec: str
    levels: int
    licence: str
    licence_seen: bool = True
    revision: str | None = None
    sha256: str | None = None
    url: str | None = None


_MOSHI = ("moshi-7b", "model.safetensors", "heard and spoken", "mimi", 8)
_ORPHEUS = ("orpheus-3b", "model.safetensors.index.json", "spoken", "snac_24khz", 3)
_MUSICGEN = ("a description", "encodec-32khz", 4)

LANGUAGE = (
    PublishedLanguage(
        "sesame/csm-1b", "csm-1b", "model.safetensors", "spoken", "mimi", 32, "Apache-2.0"
    ),
    # name and file: moshi 0.2.13, models/loaders.py; the licence: the README of its repository
    PublishedLanguage("kyutai/moshiko-pytorch-bf16", *_MOSHI, "CC-BY-4.0", licence_seen=False),
    # names: the README of github.com/canopyai/Orpheus-TTS for the first, its package for the second
    # (engine_class.py), its issue 171 for the third; parts by an index: issue 6; the licence: that
    # of the code
    *(
        PublishedLanguage(f"canopylabs/{name}", *_ORPHEUS, "Apache-2.0", licence_seen=False)
        for name in (
            "orpheus-tts-0.1-finetune-prod", "orpheus-3b-0.1-pretrained", "orpheus-3b-0.1-ft",
        )
    ),
    # the licence: the model card in AudioCraft, which is the code's repository
    PublishedLanguage(
        "facebook/musicgen-small", "musicgen-small", "model.safetensors", *_MUSICGEN,
        "CC-BY-NC-4.0", licence_seen=False,
    ),
)  # fmt: skip
