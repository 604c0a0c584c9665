"""Classes by clusters: those of the encoder's nearest frames, whatever its rate of frames."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.load.toy_encoder import write_cpc
from tests.units.sounds import RATE, tones
from vocable.audio.manifest import Clip
from vocable.errors import RecipeError
from vocable.load import load_encoder
from vocable.train.data.recordings import Recordings
from vocable.train.units import clusters
from vocable.train.units.clusters import at_middles, clustered, open_teacher, sounds
from vocable.train.units.labels import NONE, frame_count
from vocable.units import SignalEncoder, fit


def recordings(*seconds: float) -> Recordings:
    parts = [tones(each, seed=k) for k, each in enumerate(seconds)]
    ends = np.cumsum([len(part) for part in parts])
    spans = np.stack([ends - [len(part) for part in parts], ends], axis=1)
    samples = np.round(32767 * np.concatenate(parts)[:, None]).astype(np.int16)
    clips = [Clip(Path(f"{k}.wav")) for k in range(len(parts))]
    return Recordings(samples, spans, RATE, clips)


@pytest.mark.parametrize(("name", "layer"), [("mfcc", 0), ("cpc", 1)])
def test_a_class_is_the_nearest_centre_of_the_nearest_frame(tmp_path, name, layer):
    encoder = load_encoder("mfcc" if name == "mfcc" else write_cpc(tmp_path))
    sets = {"train": recordings(1.0, 1.3), "held_out": recordings(0.7)}
    found = clustered(sets, encoder, layer, 5, seed=3)
    centres = fit(encoder, sounds(sets["train"]), 5, layer=layer, seed=3).centres.blocks[0]
    for key, own in sets.items():
        for k, sound in enumerate(sounds(own)):
            (rows,) = encoder.features([sound], layer=layer)
            nearest = torch.cdist(torch.from_numpy(rows), centres).argmin(1).numpy()
            frames = frame_count(len(sound))
            middles = (np.arange(frames) * 320 + 200)[:, None]
            theirs = np.arange(len(rows)) * encoder.frame + encoder.window / 2
            assert (found[key].of(k) == nearest[np.abs(middles - theirs).argmin(1)]).all()


def test_every_second_frame_of_mfcc_is_taken():
    """As HuBERT takes it: frames of 10 ms whose samples are just those of a unit."""
    encoder = SignalEncoder("mfcc")
    assert (at_middles(np.arange(98), 49, encoder) == np.arange(0, 98, 2)).all()


def test_frames_too_far_from_any_of_the_encoders_have_no_class():
    """Encoders of wide windows begin later, and end before the recording does."""
    wide = SimpleNamespace(rate=RATE, frame=320, window=1200)
    found = at_middles(np.arange(40), 46, wide)
    assert found.tolist() == [NONE, *range(40), *[NONE] * 5]
    assert (at_middles(np.zeros(0, int), 3, wide) == NONE).all()


def test_an_encoder_of_fewer_frames_than_units_is_refused(monkeypatch):
    slow = SimpleNamespace(rate=RATE, frame=640, window=800)
    monkeypatch.setattr(clusters, "load_encoder", lambda name, device: slow)
    with pytest.raises(RecipeError, match="targets.teacher: x has 25 frames a second; wanted 50"):
        open_teacher("x", torch.device("cpu"))
