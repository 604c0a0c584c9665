"""Packed speech is read as it was written; batches are whole, alike in length, and resume."""

import numpy as np
import pytest
import torch

from tests.train.say.small import utterances
from vocable.errors import RecipeError
from vocable.tokens import Level, TokenSpec
from vocable.train.say.batches import Batches
from vocable.train.say.packed import PHONES, Alphabet, pack, read_packed


def packed():
    return pack(utterances(), "toy@1:0", 0.04)


def test_written_is_read(tmp_path):
    packed().save(tmp_path / "speech.npz")
    found = read_packed(tmp_path / "speech.npz")
    assert (found.space, found.frame_seconds, len(found)) == ("toy@1:0", 0.04, 10)
    for one, other in zip(utterances(), found, strict=False):
        assert (one.name, one.speaker, one.split, one.set) == (
            other.name, other.speaker, other.split, other.set
        )  # fmt: skip
        for name in ("symbols", "durations", "codes"):
            assert np.array_equal(getattr(one, name), getattr(other, name))


def test_units_are_kept_with_their_spec(tmp_path):
    level = Level(100, role="semantic")
    spec = TokenSpec("toy@1:0", 16_000, 320, 1, (level,), (1,), window=400)
    pack(utterances(), "toy@1:0", 0.04, Alphabet(spec, 100)).save(tmp_path / "units.npz")
    assert read_packed(tmp_path / "units.npz").alphabet == Alphabet(spec, 100)
    packed().save(tmp_path / "phones.npz")
    assert read_packed(tmp_path / "phones.npz").alphabet == PHONES
    stored = dict(np.load(tmp_path / "units.npz"))
    np.savez(tmp_path / "space.npz", **stored | {"units": np.array(spec.space)})
    with pytest.raises(RecipeError, match="make it: vocable data speech"):
        read_packed(tmp_path / "space.npz")


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "speech.npz"
    path.write_bytes(b"speech")
    with pytest.raises(RecipeError, match="is not packed speech"):
        read_packed(path)
    np.savez(path, codes=np.zeros(3))
    with pytest.raises(RecipeError, match="is not packed speech"):
        read_packed(path)
    whole = packed()
    whole.arrays["codes"] = whole.arrays["codes"][:-1]
    whole.save(path, overwrite=True)
    with pytest.raises(RecipeError, match="is damaged"):
        read_packed(path)
    with pytest.raises(RecipeError, match="a text that is spoken in it"):
        pack([], "toy@1:0", 0.04)


def batches(**more):
    return Batches(
        packed(), range(8), **{"frames": 60, "reference": 5, "weights": {}, "seed": 3} | more
    )


def test_a_batch_has_what_its_utterances_have():
    source, speech = batches(), packed()
    found = source.batch([0, 3])
    for k, index in enumerate((0, 3)):
        own = speech[index]
        assert found.codes[k, : len(own.codes)].tolist() == own.codes.tolist()
        assert found.symbols[k, : len(own.symbols)].tolist() == own.symbols.tolist()
        assert int(found.durations[k].sum()) == 4 * int(found.frame_counts[k]) == 4 * len(own.codes)
        assert int(found.reference_counts[k]) == 5


def test_a_voice_is_heard_in_another_utterance_of_its_speaker():
    source, speech = batches(), packed()
    others = [speech[k].codes.tolist() for k in range(0, 8, 2) if k != 2]
    for _ in range(10):
        reference = source.batch([2]).reference[0].tolist()
        assert any(reference == own[k : k + 5] for own in others for k in range(len(own) - 4))


def test_batches_keep_to_their_size():
    source = batches()
    for _ in range(40):
        batch = source.draw()
        assert batch.codes.shape[0] * batch.codes.shape[1] <= 60


def test_a_restored_source_goes_on():
    source, other = batches(), batches()
    for _ in range(5):
        source.draw()
    other.restore(source.state())
    for _ in range(30):
        assert torch.equal(source.draw().codes, other.draw().codes)


def test_a_set_without_weight_is_not_drawn():
    speech = packed()
    speech.arrays["sets"][:4] = "b"
    source = Batches(speech, range(8), 60, 5, {"toy": 0.0}, 0)
    assert {k for _ in range(5) for batch in source._draw_pool() for k in batch} == {0, 1, 2, 3}
