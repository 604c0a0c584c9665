"""One reference, and ours loaded from its files in each layout."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

import vocable
from tests.language.csm import references
from vocable.language.csm import CsmGenerator

LAYOUTS = {"transformers": references.write_transformers, "csm": references.write_sesame}


@dataclass(frozen=True)
class Pair:
    reference: torch.nn.Module
    ours: CsmGenerator
    folder: Path


@pytest.fixture(scope="session")
def reference():
    return references.make_reference()


@pytest.fixture(scope="session", params=LAYOUTS)
def pair(request, reference, tmp_path_factory):
    folder = LAYOUTS[request.param](reference, tmp_path_factory.mktemp("csm") / request.param)
    return Pair(reference, vocable.load(folder), folder)


@pytest.fixture(scope="session")
def speaker(reference, tmp_path_factory):
    """Ours, with the codec that lies in the checkpoint."""
    folder = references.write_transformers(reference, tmp_path_factory.mktemp("csm") / "whole")
    return vocable.load(folder)
