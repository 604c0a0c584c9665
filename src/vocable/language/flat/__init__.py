"""Flat models: text, marks and codes are ids of one vocabulary, read and drawn one by one.

template    what stands where in a sequence      utterances  text and sound of a speaker, as ids
config      sizes of the network                 cycles      codes in whole cycles, and their sound
model       the network                          generator   what a user holds
loss        what training minimises

The one form that is known is Orpheus': a Llama with ids for the three levels of SNAC at 24 kHz.
"""

from vocable.language.flat.config import FlatConfig as FlatConfig
from vocable.language.flat.config import orpheus_3b as orpheus_3b
from vocable.language.flat.cycles import Cycles as Cycles
from vocable.language.flat.generator import FlatGenerator as FlatGenerator
from vocable.language.flat.loss import flat_loss as flat_loss
from vocable.language.flat.loss import nats_of as nats_of
from vocable.language.flat.model import Flat as Flat
from vocable.language.flat.template import ORPHEUS as ORPHEUS
from vocable.language.flat.template import Template as Template
from vocable.language.flat.utterances import Utterance as Utterance
from vocable.language.flat.utterances import sequence as sequence
