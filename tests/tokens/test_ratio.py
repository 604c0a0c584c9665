"""Every exact number that is public prints as numbers do, on all versions of Python."""

import copy
import io
import pickle
from fractions import Fraction

import pytest

from tests.tokens.strategies import made
from tests.tokens.test_spec import ENCODEC48, SNAC, SPEECH
from vocable import nn
from vocable.codecs.soundstream import SoundStream
from vocable.ratio import Ratio
from vocable.testing import codec_examples
from vocable.testing.tiny_configs import soundstream_tiny
from vocable.tokens import Cache, Source, TokenFile, delay, fits, flatten, write_tokens

TOKENS = made(SPEECH, 2, 1, 60)
CACHE = Cache(layers=16, kv_heads=8, head_dim=64)


def gaps():
    """The seconds that a damaged file lacks."""
    file = io.BytesIO()
    write_tokens(file, made(SPEECH, 2, 1, 3000))
    data = bytearray(file.getvalue())
    data[len(data) // 2] ^= 1
    with TokenFile(io.BytesIO(data), recover=True) as damaged:
        return damaged.gaps


PUBLIC = {
    "tokens.seconds": TOKENS.seconds,
    "tokens.seconds of a source": made(SPEECH, 2, 1, 2, source=Source(999, 16_000)).seconds,
    "tokens.bitrate": TOKENS.bitrate,
    "source.seconds": Source(999, 16_000).seconds,
    "level.bits": SPEECH.levels[0].bits,
    "layout.rate": delay().rate(SNAC),
    "layout.rate of one": flatten().rate(SPEECH),
    "fit.seconds": fits(SPEECH, context=4096)[0].seconds,
    "fit.positions_per_second": fits(SPEECH, context=4096)[0].positions_per_second,
    "fit.depth_steps_per_second": fits(SPEECH, context=4096)[0].depth_steps_per_second,
    "fit.cache_bytes_per_second": fits(SPEECH, 4096, cache=CACHE)[0].cache_bytes_per_second,
    "gap.start": gaps()[0].start,
    "gap.stop": gaps()[0].stop,
    **{f"{s.name}.frame_rate": s.frame_rate for s in (SPEECH, SNAC, ENCODEC48)},
    **{f"{s.name}.bitrate": s.bitrate() for s in (SPEECH, SNAC, ENCODEC48)},
    **{f"{s.name}.tokens_per_second": s.tokens_per_second() for s in (SPEECH, SNAC, ENCODEC48)},
    **{f"{s.name}.seconds": s.seconds(7) for s in (SPEECH, SNAC, ENCODEC48)},
    "linear.ratio": nn.Linear(2, 2).ratio,
    "encoder.ratio": SoundStream(soundstream_tiny()).encoder.ratio,
    "decoder.ratio": SoundStream(soundstream_tiny()).decoder.ratio,
}
CODECS = codec_examples.codecs()


@pytest.mark.parametrize("value", PUBLIC.values(), ids=PUBLIC)
def test_it_prints_as_its_float_does_and_stays_exact(value):
    assert isinstance(value, Fraction)
    for how in (".2f", "8.3f", ".1e", "g", ",.0f"):
        assert f"{value:{how}}" == f"{float(value):{how}}"
    assert f"{value}" == str(value)


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_ratios_of_codecs_print_so_too(name, part):
    test_it_prints_as_its_float_does_and_stays_exact(getattr(CODECS[name].model, part).ratio)


def test_sums_and_products_print_too():
    third = Ratio(1, 3)
    for value in (third + 1, 1 - third, 2 * third, third / 7, 7 / third, -third, abs(-third),
                  sum([third, third]), third + Fraction(1, 6), Fraction(1, 6) * third,
                  third**2, third % Fraction(1, 4)):  # fmt: skip
        assert isinstance(value, Fraction) and f"{value:.3f}" == f"{float(value):.3f}"
    assert third + third == Fraction(2, 3) and hash(third) == hash(Fraction(1, 3))


def test_it_pickles_and_copies_as_itself():
    third = Ratio(1, 3)
    for again in (pickle.loads(pickle.dumps(third)), copy.copy(third), copy.deepcopy(third)):
        assert again == third and f"{again:.2f}" == "0.33"
