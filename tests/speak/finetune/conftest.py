"""One model and one set for all tests of fine-tuning, which change neither."""

import pytest
import torch

from tests.speak.finetune import toys


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    pytest.importorskip("transformers")
    pytest.importorskip("tokenizers")
    return toys.write_model(tmp_path_factory.mktemp("finetune") / "model")


@pytest.fixture(scope="session")
def voice(tmp_path_factory):
    return toys.write_set(tmp_path_factory.mktemp("finetune") / "set")
