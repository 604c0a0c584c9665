"""Moshi: it speaks while it listens, a frame each 80 ms, and writes what it says as text.

"Moshi: a speech-text foundation model for real-time dialogue" (Défossez et al. 2024,
arXiv:2410.00037). One step of the temporal model has 17 rows: the text of what Moshi says (its
"inner monologue"), 8 levels of how that sounds, 8 of what it hears. Text is drawn from the temporal
model, then the levels one after the other by a depth model with weights for each.

    ids [time, 17] → sum of embeddings → temporal model → text → depth model → 8 levels
          ↑ what the user says takes the last 8 rows

model       the network                  conversation   frame by frame, in both directions
config      its sizes                    generator      what a user holds
"""

from vocable.language.moshi.config import MoshiConfig as MoshiConfig
from vocable.language.moshi.config import moshi_7b as moshi_7b
from vocable.language.moshi.conversation import SAMPLING as SAMPLING
from vocable.language.moshi.conversation import Conversation as Conversation
from vocable.language.moshi.conversation import MoshiFrame as MoshiFrame
from vocable.language.moshi.conversation import converse as converse
from vocable.language.moshi.generator import MoshiGenerator as MoshiGenerator
from vocable.language.moshi.model import Moshi as Moshi
from vocable.language.moshi.model import MoshiLogits as MoshiLogits
