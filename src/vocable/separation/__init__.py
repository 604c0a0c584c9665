"""Part the speakers of a recording, so that each has tokens of their own.

    conv_tasnet     the network: the paper's form, and one for streams
"""

from vocable.separation.conv_tasnet import ConvTasNet, ConvTasNetConfig

__all__ = ["ConvTasNet", "ConvTasNetConfig"]
