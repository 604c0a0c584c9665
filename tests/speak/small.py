"""A small model that says texts, with random weights."""

from dataclasses import replace
from pathlib import Path

import torch

from tests.train.say.small import SMALL
from vocable.codecs.codebooks import codec_books
from vocable.language.say import KnownVoice, Say, SayConfig
from vocable.load import load_codec
from vocable.load.say import save_say


def write_sayer(folder: Path, **changes: object) -> Path:
    """Write a model of two voices, anna in English and Björn in German; return its folder."""
    books = codec_books(load_codec("speech-16k"))
    config = replace(SayConfig(tuple(books.sizes), tuple(books.widths)), **SMALL | changes)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = Say(config)
        numbers = torch.randn(2, config.voice)
    voices = {"anna": KnownVoice(numbers[0]), "Björn": KnownVoice(numbers[1], "de")}
    save_say(network, folder, books.space, "small", voices=voices)
    return folder
