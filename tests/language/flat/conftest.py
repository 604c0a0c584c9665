"""One reference, tied and not, ours loaded from its files, and a codec."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

import vocable
from tests.language.flat import references
from vocable.language.flat import FlatGenerator


@dataclass(frozen=True)
class Pair:
    reference: torch.nn.Module
    ours: FlatGenerator
    folder: Path


@pytest.fixture(scope="session")
def codec():
    return references.make_codec()


@pytest.fixture(scope="session", params=[False, True], ids=["head", "tied"])
def pair(request, tmp_path_factory):
    reference = references.make_reference(tie_word_embeddings=request.param)
    folder = references.write_model(reference, tmp_path_factory.mktemp("flat") / "model")
    return Pair(reference, vocable.load(folder), folder)


@pytest.fixture(scope="session")
def speaker(tmp_path_factory, codec):
    """Ours, with a head of its own, a tokenizer and a codec."""
    folder = tmp_path_factory.mktemp("flat") / "model"
    made = vocable.load(references.write_model(references.make_reference(), folder))
    made.attach(codec)
    return made
