"""Every kind of semantic tokens beside every family of codecs: one call, one clock, one file."""

import numpy as np
import pytest

from tests.units.test_long import ENCODERS, units_of
from vocable import testing
from vocable.audio import Audio
from vocable.codecs.bundle import Bundle
from vocable.codecs.live import LiveEncoder
from vocable.tokens.tracks import Tracks, read_tracks
from vocable.units import Centres, SignalEncoder, UnitTokenizer, centres_of
from vocable.units.tokenizer import origin_of

TOKENIZERS = testing.tokenizers()
CODECS = ("soundstream", "encodec-stereo", "dac", "snac", "mimi", "channel-vocoder", "transform",
          "speech-16k", "sound-48k")  # fmt: skip
RATE, SAMPLES = 22_050, 5001


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A file of two voices that differ, as it is read."""
    path = tmp_path_factory.mktemp("pairs") / "talk.wav"
    voices = testing.voice(TOKENIZERS["speech-16k"], 2, SAMPLES)[:, 0].numpy()
    Audio(voices, RATE).save(path)
    return path


def check_pair(semantic, acoustic, path, tmp_path) -> Tracks:
    """Check one call against each tokenizer alone, a batch, a file, and sound again."""
    bundle = Bundle({"semantic": semantic, "acoustic": acoustic})
    tracks = bundle.encode(path)
    assert tracks["semantic"] == semantic.encode(path)
    assert tracks["acoustic"] == acoustic.encode(path)
    together = [path, Audio.read(path)]
    batches = [each.encode_batch(together) for each in (semantic, acoustic)]
    wanted = [Tracks({"semantic": one, "acoustic": two}) for one, two in zip(*batches, strict=True)]
    assert bundle.encode_batch(together) == wanted
    bundle.encode_to(path, tmp_path / "both.vcb")
    assert read_tracks(tmp_path / "both.vcb") == tracks
    for tokens in tracks.values():
        assert tokens.frames == tokens.spec.frames(tokens.spec.samples(tokens.source))
    back = bundle.decode(tracks)
    assert (back.channels, len(back), back.rate) == (2, SAMPLES, RATE)
    return tracks


@pytest.mark.parametrize("name", CODECS)
def test_units_go_with_every_family_whole_and_live(name, recording, tmp_path):
    units, codec = TOKENIZERS["streaming-units"], TOKENIZERS[name]
    check_pair(units, codec, recording, tmp_path)
    both = {"semantic": units, "acoustic": codec}
    live = Bundle(both).live(rate=RATE, channels=2)
    alone = {track: LiveEncoder(each, rate=RATE, channels=2) for track, each in both.items()}
    samples = Audio.read(recording).samples
    for start in range(0, SAMPLES, 1777):
        block = samples[:, start : start + 1777]
        assert live.push(block) == {track: each.push(block) for track, each in alone.items()}
    assert live.finish() == {track: each.finish() for track, each in alone.items()}


@pytest.mark.parametrize("name", [*ENCODERS, "units"])
def test_every_kind_of_units_goes_with_a_codec(name, recording, tmp_path):
    units = TOKENIZERS[name] if name in TOKENIZERS else units_of(ENCODERS[name]())
    check_pair(units, TOKENIZERS["speech"], recording, tmp_path)


def loudness() -> Centres:
    """Two centres of log-mels: silence, and something."""
    encoder = SignalEncoder("log-mel")
    silence = encoder.features(np.zeros(400, np.float32), 16_000)[0]
    return centres_of(origin_of(encoder, 0), [np.concatenate([silence, np.zeros((1, 80))])])


@pytest.mark.parametrize("name", ["speech-16k", "sound-48k"])
@pytest.mark.parametrize("place", [0.5, 0.7531])
def test_a_click_is_at_one_time_in_both(name, place):
    """The first frame that hears it, by the span of samples that a frame stands for."""
    rate = 48_000
    click = np.zeros(2 * rate, np.float32)
    click[round(place * rate) : round(place * rate) + 960] = 0.8  # 20 ms, from `place` on
    codec = TOKENIZERS[name]
    bundle = Bundle([UnitTokenizer(SignalEncoder("log-mel"), loudness()), codec])
    tracks = bundle.encode(click, rate=rate)
    silence = bundle.encode(np.zeros_like(click), rate=rate)
    frames = [tokens.spec.frame / tokens.spec.rate for tokens in tracks.values()]
    for track, tokens in tracks.items():
        differ = (tokens.codes != silence[track].codes).any(axis=(0, 1))
        span = tokens.spec.span(int(differ.argmax()))
        begins, ends = span.start / tokens.spec.rate, span.stop / tokens.spec.rate
        assert differ.any() and begins - sum(frames) <= place <= ends + sum(frames), track
