"""Say: a small text-to-speech model over the tokens of a speech codec."""

from vocable.language.say.config import SayConfig
from vocable.language.say.loss import Disturbance, losses
from vocable.language.say.model import Say, Utterances
from vocable.language.say.speaking import Manner, Planned, plan, say

__all__ = [
    "Disturbance",
    "Manner",
    "Planned",
    "Say",
    "SayConfig",
    "Utterances",
    "losses",
    "plan",
    "say",
]
