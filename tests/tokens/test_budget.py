"""How much audio fits into a context: published arithmetic, and corrected figures of others."""

from fractions import Fraction

import pytest

from tests.tokens.test_layouts import plain
from tests.tokens.test_spec import SNAC, SPEECH
from vocable.errors import TokenError
from vocable.tokens import LAYOUTS, Cache, Level, TokenSpec, depth, fits, flatten


def codec(rate: int, frame: int, levels: int) -> TokenSpec:
    return TokenSpec("a@1:0a", rate, frame, 1, (Level(1024),) * levels, (levels,))


CODECS = {
    "EnCodec 24 kHz, 6 kbps": codec(24_000, 320, 8),
    "EnCodec 24 kHz, 1.5 kbps": codec(24_000, 320, 2),
    "SoundStream of AudioLM": codec(16_000, 320, 12),
    "DAC 44.1 kHz": codec(44_100, 512, 9),
    "SpeechTokenizer": codec(16_000, 320, 8),
    "Mimi 8": codec(24_000, 1920, 8),
    "Mimi 32": codec(24_000, 1920, 32),
    "Qwen3-TTS": codec(24_000, 1920, 16),
    "HuBERT": codec(16_000, 320, 1),
    "WavTokenizer-75": codec(24_000, 320, 1),
    "CosyVoice 2": codec(24_000, 960, 1),
    "GLM-4-Voice": codec(16_000, 1280, 1),
    "SNAC 24 kHz": SNAC,
}


@pytest.mark.parametrize(
    "name, tokens, flat, deep, half",
    [
        ("EnCodec 24 kHz, 6 kbps", 600, 6.8, 54.6, 3.4),
        ("EnCodec 24 kHz, 1.5 kbps", 150, 27.3, 54.6, 13.7),
        ("SoundStream of AudioLM", 600, 6.8, 81.9, 3.4),
        ("DAC 44.1 kHz", 775.2, 5.3, 47.6, 2.6),
        ("SpeechTokenizer", 400, 10.2, 81.9, 5.1),
        ("Mimi 8", 100, 41.0, 327.7, 20.5),
        ("Mimi 32", 400, 10.2, 327.7, 5.1),
        ("Qwen3-TTS", 200, 20.5, 327.7, 10.2),
        ("HuBERT", 50, 81.9, 81.9, 41.0),
        ("WavTokenizer-75", 75, 54.6, 54.6, 27.3),
        ("CosyVoice 2", 25, 163.8, 163.8, 81.9),
        ("GLM-4-Voice", 12.5, 327.7, 327.7, 163.8),
        ("SNAC 24 kHz", 82.03, 49.9, 349.5, 25.0),
    ],
)
def test_seconds_in_4096_and_2048_positions(name, tokens, flat, deep, half):
    spec = CODECS[name]
    found = {fit.layout: fit for fit in fits(spec, 4096)}
    assert float(found["flatten"].positions_per_second) == pytest.approx(tokens, abs=0.05)
    assert float(found["flatten"].seconds) == pytest.approx(flat, abs=0.1)
    assert float(found["depth"].seconds) == pytest.approx(deep, abs=0.06)
    assert float(fits(spec, 2048)[0].seconds) == pytest.approx(half, abs=0.1)


@pytest.mark.parametrize(
    "cache, kib, spec, layout, mib_a_minute",
    [
        (Cache(16, 8, 64), 32, "Mimi 32", "depth", 23.4),  # CSM-1B
        (Cache(32, 32, 128), 512, "Mimi 8", "acoustic_delay", 375),  # Moshi
        (Cache(28, 8, 128), 112, "SNAC 24 kHz", "flatten", 538),  # Orpheus 3B
        (Cache(16, 8, 64), 32, "HuBERT", "flatten", 93.8),  # Llasa 1B, 50 tokens/s
        (Cache(24, 2, 64), 12, "CosyVoice 2", "flatten", 17.6),
        (Cache(24, 2, 64), 12, "HuBERT", "flatten", 35.2),  # Spark, 50 tokens/s
        (Cache(28, 4, 128), 56, "GLM-4-Voice", "parallel", 41.0),  # Kimi-Audio, 12.5 tokens/s
    ],
)
def test_memory_of_published_models(cache, kib, spec, layout, mib_a_minute):
    assert cache.bytes_per_position == kib * 1024
    (fit,) = (f for f in fits(CODECS[spec], 4096, cache=cache) if f.layout == layout)
    assert fit.cache_bytes == 4096 * kib * 1024
    assert float(fit.cache_bytes_per_second) * 60 / 2**20 == pytest.approx(mib_a_minute, abs=0.4)


def test_moshi_has_one_position_a_frame():
    """Its 17 tokens a frame are one position: 10 s are 125, and 3000 positions are 240 s."""
    found = {fit.layout: fit for fit in fits(CODECS["Mimi 8"], 3000)}
    assert found["depth"].seconds == 240
    assert found["acoustic_delay"].seconds == Fraction(2999 * 2, 25)
    assert depth().steps(CODECS["Mimi 8"], 125) == 125 == 10 * found["depth"].positions_per_second
    assert found["depth"].depth_steps_per_second == 7 * Fraction(25, 2)
    ring = Cache(32, 32, 128).bytes_per_position * 3000
    assert ring / 2**30 == pytest.approx(1.46, abs=0.01)


def test_audiolm_has_600_tokens_a_second():
    """16 kHz and strides 2 · 4 · 5 · 8 are 50 frames/s; 12 levels, of which 4 are coarse."""
    spec = CODECS["SoundStream of AudioLM"]
    assert spec.frame == 2 * 4 * 5 * 8 and flatten().rate(spec) == 600


def test_how_much_fits_into_a_context():
    found = {fit.layout: fit for fit in fits(SPEECH, 4096)}
    assert list(found) == list(LAYOUTS)
    assert found["flatten"].positions_per_second == 50
    assert found["flatten"].seconds == Fraction(2048, 25)
    assert found["parallel"].seconds == Fraction(4096, 25)
    assert found["delay"].seconds == Fraction(4095, 25)
    assert found["coarse_first"].seconds == Fraction(2048, 25)
    assert found["parallel"].cache_bytes is None and found["parallel"].depth_steps_per_second == 0
    assert fits(SPEECH, 4096, 1)[0].seconds == Fraction(4096, 25)
    assert fits(SPEECH, 4096, prompt=96)[0].seconds == Fraction(2000, 25)
    assert fits(SPEECH, 1 << 40)[0].seconds > 10**10  # no array of that length is made


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda: fits(SPEECH, 0), "context must be an integer from 1"),
        (lambda: fits(SPEECH, 10, prompt=11), "prompt must be an integer from 0 to 10, got 11"),
        (lambda: fits(plain(2), 10, 3), "levels must be one of 1, 2 for plain, got 3; nearest: 2"),
        (lambda: Cache(0, 1, 1), "layers must be an integer from 1"),
        (lambda: Cache(1, 1, 0), "head_dim must be an integer from 1 to 16777216, got 0"),
    ],
)
def test_refused(wrong, message):
    with pytest.raises(TokenError, match=message):
        wrong()
