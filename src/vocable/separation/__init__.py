"""Part the speakers of a recording, so that each has tokens of their own.

conv_tasnet     the network: the paper's form, and one for streams
si_sdr          how well speakers are parted
order, windows  who is first; recordings of any length by a network that wants all of it
separator       what a user holds
by_speaker      the same before a codec: a track of each
"""

from vocable.separation.by_speaker import BySpeaker
from vocable.separation.conv_tasnet import ConvTasNet, ConvTasNetConfig
from vocable.separation.separator import Parting, Separator

__all__ = ["BySpeaker", "ConvTasNet", "ConvTasNetConfig", "Parting", "Separator"]
