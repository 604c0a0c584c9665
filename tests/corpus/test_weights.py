"""Workers compute with one copy of the weights."""

from pathlib import Path

import pytest
import torch

import vocable
from tests.cli.small import write_tone
from vocable.corpus.weights import networks, share, take


@pytest.mark.parametrize("name", ["small", "units-16k"])
def test_shared_weights_are_the_same_memory_and_give_the_same_tokens(
    name: str, codec: Path, tmp_path: Path
) -> None:
    place = str(codec) if name == "small" else name
    speech = write_tone(tmp_path / "tone.wav", 0.5)
    ours, theirs, untouched = (vocable.load(place) for _ in range(3))
    memory = share(ours)
    take(theirs, memory)
    begin, end = memory.data_ptr(), memory.data_ptr() + len(memory)
    for tokenizer in (ours, theirs):
        tensors = [t for n in networks(tokenizer) for t in (*n.parameters(), *n.buffers())]
        assert tensors and all(begin <= t.data_ptr() < end or not t.numel() for t in tensors)
        assert tokenizer.encode(speech) == untouched.encode(speech)
    assert memory.is_shared() and memory.dtype == torch.uint8
