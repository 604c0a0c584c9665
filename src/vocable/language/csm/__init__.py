"""CSM-1B: speech from text, in a voice of the prompt.

model       the network                  utterances  text and sound of a speaker, as rows
loss        what training minimises      prompt      utterances within a context
config      its sizes                    generator   what a user holds
"""

from vocable.language.csm.config import CsmConfig as CsmConfig
from vocable.language.csm.config import csm_1b as csm_1b
from vocable.language.csm.generator import CsmGenerator as CsmGenerator
from vocable.language.csm.loss import CsmLoss as CsmLoss
from vocable.language.csm.loss import csm_loss as csm_loss
from vocable.language.csm.loss import some_frames as some_frames
from vocable.language.csm.model import Csm as Csm
from vocable.language.csm.prompt import CsmPrompt as CsmPrompt
from vocable.language.csm.prompt import utterance_rows as utterance_rows
from vocable.language.csm.utterances import Utterance as Utterance
