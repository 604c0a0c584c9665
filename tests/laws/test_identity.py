"""Law 6, identity: tokens know the weights that gave them meaning; others refuse them by name."""

import pytest

from vocable import testing
from vocable.audio import Audio
from vocable.codecs import Codec
from vocable.codecs.seanet import SEANet, seanet_tiny

CODECS = testing.codecs()


def sound(codec: Codec) -> Audio:
    return Audio(testing.noise(codec, 1, 3 * codec.frame)[0].numpy(), codec.rate)


@pytest.mark.parametrize("name", CODECS)
def test_identity_is_kept(name: str):
    testing.check_identity(CODECS[name], sound(CODECS[name]))


class CallsAllWeightsOne(SEANet):
    """Gives every training of itself the same name."""

    def digest(self):
        return "0" * 16


def test_broken_codec_is_caught():
    codec = CallsAllWeightsOne(seanet_tiny()).eval()
    with pytest.raises(AssertionError, match="other weights decode tokens of seanet@0"):
        testing.check_identity(codec, sound(codec))
