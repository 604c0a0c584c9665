"""Judge systems side by side over sets of recordings, with all that is known kept in a folder.

sweep, read_study        run one, read one back; `read_kept` its tokens, `sounds` what it made
CodecSystem, codec_systems, FunctionSystem
                         what can be judged: codecs at several numbers of levels, functions
controls, anchors        what they are judged beside: known good and bad, and Opus, MP3, Codec2
External, TokenFiles, DecodedFiles
                         programs, and files that are there already
System, Made, Make       what a system of your own has to be
Study, Result            all that was found; `summarise` says what it comes to, in a Summary
"""

from vocable.evaluate.sweep.anchors import anchors
from vocable.evaluate.sweep.classical import Mp3, Opus
from vocable.evaluate.sweep.codec2 import Codec2
from vocable.evaluate.sweep.controls import Control, controls
from vocable.evaluate.sweep.external import External
from vocable.evaluate.sweep.function import FunctionSystem
from vocable.evaluate.sweep.named_files import DecodedFiles, TokenFiles
from vocable.evaluate.sweep.result import Result
from vocable.evaluate.sweep.run import sweep
from vocable.evaluate.sweep.sounds import Sounds, sounds
from vocable.evaluate.sweep.store import read_kept, read_study
from vocable.evaluate.sweep.study import CONTROL, ORIGINAL, Study, by_recording
from vocable.evaluate.sweep.summarise import summarise
from vocable.evaluate.sweep.summary import Cell, Difference, Doubt, Ranks, Row, Summary
from vocable.evaluate.sweep.system import Made, Make, System
from vocable.evaluate.sweep.tokenizer import CodecSystem, codec_systems

__all__ = [
    "CONTROL",
    "ORIGINAL",
    "Cell",
    "Codec2",
    "CodecSystem",
    "Control",
    "DecodedFiles",
    "Difference",
    "Doubt",
    "External",
    "FunctionSystem",
    "Made",
    "Make",
    "Mp3",
    "Opus",
    "Ranks",
    "Result",
    "Row",
    "Sounds",
    "Study",
    "Summary",
    "System",
    "TokenFiles",
    "anchors",
    "by_recording",
    "codec_systems",
    "controls",
    "read_kept",
    "read_study",
    "sounds",
    "summarise",
    "sweep",
]
