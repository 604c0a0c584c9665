"""Channels come in the order of WAV, 1 to 8 of them, whatever the codec."""

import types

import numpy as np
import pytest

from tests.audio.media import write_media
from vocable import Audio
from vocable.audio.av_frames import take_layout

pytest.importorskip("av")

LAYOUTS = ["mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1"]
KINDS = {  # codec: container
    "aac": "ipod",
    "alac": "ipod",
    "ac3": "matroska",
    "flac": "matroska",
    "libopus": "webm",
    "pcm_s16le": "matroska",
    "pcm_s24le": "mov",
    "wavpack": "wv",
}
LACKS = {("ac3", "6.1"), ("ac3", "7.1"), ("alac", "quad"), ("alac", "6.1"), ("alac", "7.1")}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("codec", KINDS)
def test_each_channel_comes_out_where_it_went_in(tmp_path, codec, layout):
    """Eight channels ended the process."""
    if (codec, layout) in LACKS:
        pytest.skip("FFmpeg's encoder lacks the layout")
    hertz = [100 + 50 * at for at in range(LAYOUTS.index(layout) + 1)]
    hertz[3:4] = [80] if len(hertz) >= 6 else hertz[3:4]  # low frequencies only
    time = np.arange(24_000) / 48_000
    sound = np.stack([0.1 * np.sin(2 * np.pi * tone * time) for tone in hertz])
    write_media(tmp_path / "a", KINDS[codec], codec, 48_000, sound.astype(np.float32), layout)
    audio = Audio.read(tmp_path / "a")
    spectra = np.abs(np.fft.rfft(audio.samples * np.hanning(len(audio)), 48_000))
    assert audio.channels == len(hertz)
    np.testing.assert_allclose(spectra.argmax(axis=1), hertz, atol=3)


class Context:
    """A stream whose layout may be looked at once, as PyAV's must not be twice."""

    def __init__(self, name: str, channels: int) -> None:
        self.__dict__["given"] = [types.SimpleNamespace(name=name, nb_channels=channels)]

    @property
    def layout(self):
        return self.given.pop()

    @layout.setter
    def layout(self, name: str) -> None:
        self.given.append(types.SimpleNamespace(name=name, nb_channels=int(name.split()[0])))


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("7 channels (FL+FR+FC+LFE+SL+SR+BC)", [0, 1, 2, 3, 6, 4, 5]),
        ("4 channels (FC+FL+FR+BC)", [1, 2, 0, 3]),
        ("2 channels (FC+FC)", [0, 1]),
        ("3 channels (FL+FR+X)", [0, 1, 2]),
        ("3 channels", [0, 1, 2]),
        ("5.1(side)", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_a_listed_layout_is_sorted_and_replaced_after_one_look(name, order):
    context = Context(name, len(order))
    assert take_layout(context) == order
    assert context.layout.name == f"{len(order)} channels"
