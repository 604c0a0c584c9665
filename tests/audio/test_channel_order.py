"""Channels are in WAV's order inside, whatever the order in the file."""

import io

import numpy as np
import pytest
import soundfile

from vocable import Audio
from vocable.audio.channel_order import vorbis_to_wav, wav_to_vorbis
from vocable.audio.formats import WRITABLE

# WAV's names of the channels in the order of Vorbis and Opus, as both specifications list them.
VORBIS = {
    1: "M",
    2: "L R",
    3: "L C R",
    4: "L R BL BR",
    5: "L C R BL BR",
    6: "L C R BL BR LFE",
    7: "L C R SL SR BC LFE",
    8: "L C R SL SR BL BR LFE",
}
MASK = ["M", "L", "R", "C", "LFE", "BL", "BR", "BC", "SL", "SR"]  # the order of WAV's mask


def hertz(name):
    """Return the tone of a channel; codecs keep only low ones in the channel of low frequencies."""
    return 60 if name == "LFE" else 300 + 100 * MASK.index(name)


def tones(names, rate=48_000):
    """Return a second, `[channels, samples]`."""
    t = np.arange(rate) / rate
    return np.stack([0.2 * np.sin(2 * np.pi * hertz(name) * t) for name in names])


def heard(samples, rate=48_000):
    """Return the loudest frequency of each channel, in Hz."""
    spectra = np.abs(np.fft.rfft(samples[:, : rate // 2] * np.hanning(rate // 2)))
    assert (spectra.max(axis=1) > 100).all()
    return [2 * int(spectrum.argmax()) for spectrum in spectra]


def names_of(channels):
    """Return the names in the order of Vorbis and in WAV's."""
    vorbis = VORBIS[channels].split()
    return vorbis, sorted(vorbis, key=MASK.index)


@pytest.mark.parametrize("channels", VORBIS)
def test_the_table_is_that_of_the_specifications(channels):
    vorbis, wav = names_of(channels)
    assert [vorbis[position] for position in vorbis_to_wav(channels)] == wav
    assert [wav[position] for position in wav_to_vorbis(channels)] == vorbis


def test_more_than_eight_channels_stay_as_they_are():
    assert vorbis_to_wav(9) == wav_to_vorbis(9) == tuple(range(9))


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("channels", VORBIS)
def test_ogg_and_opus_are_turned_when_read(subtype, channels):
    vorbis, wav = names_of(channels)
    file = io.BytesIO()
    soundfile.write(file, tones(vorbis).T, 48_000, format="OGG", subtype=subtype)
    assert heard(Audio.read(file).samples) == [hertz(name) for name in wav]


@pytest.mark.parametrize("ending", [".ogg", ".opus"])
@pytest.mark.parametrize("channels", VORBIS)
def test_ogg_and_opus_are_turned_when_written(tmp_path, ending, channels):
    """What libsndfile reads in the order of the file is in that of Vorbis."""
    vorbis, wav = names_of(channels)
    Audio(tones(wav), 48_000).save(tmp_path / f"a{ending}")
    samples, _ = soundfile.read(tmp_path / f"a{ending}", always_2d=True)
    assert heard(samples.T) == [hertz(name) for name in vorbis]


@pytest.mark.parametrize("ending", sorted(set(WRITABLE) - {".mp3"}))
@pytest.mark.parametrize("channels", VORBIS)
def test_every_format_gives_back_the_order_it_was_given(tmp_path, ending, channels):
    _, wav = names_of(channels)
    Audio(tones(wav), 48_000).save(tmp_path / f"a{ending}")
    assert heard(Audio.read(tmp_path / f"a{ending}").samples) == [hertz(name) for name in wav]
