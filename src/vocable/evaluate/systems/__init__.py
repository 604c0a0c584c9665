"""What can be judged, and what it is judged beside.

System, Made, Make       what a system of your own has to be
CodecSystem, codec_systems, FunctionSystem
                         codecs at several numbers of levels, functions
External, TokenFiles, DecodedFiles
                         programs, and files that are there already
controls, anchors        known good and known bad; Opus, MP3, Codec2
"""

from vocable.evaluate.systems.anchors import anchors
from vocable.evaluate.systems.classical import Mp3, Opus
from vocable.evaluate.systems.codec2 import Codec2
from vocable.evaluate.systems.controls import Control, controls
from vocable.evaluate.systems.external import External
from vocable.evaluate.systems.function import FunctionSystem
from vocable.evaluate.systems.named_files import DecodedFiles, TokenFiles
from vocable.evaluate.systems.system import CONTROL, LONGEST, ORIGINAL, Made, Make, System
from vocable.evaluate.systems.tokenizer import CodecSystem, codec_systems

__all__ = [
    "CONTROL",
    "LONGEST",
    "ORIGINAL",
    "Codec2",
    "CodecSystem",
    "Control",
    "DecodedFiles",
    "External",
    "FunctionSystem",
    "Made",
    "Make",
    "Mp3",
    "Opus",
    "System",
    "TokenFiles",
    "anchors",
    "codec_systems",
    "controls",
]
