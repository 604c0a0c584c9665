"""Say: a small text-to-speech model over the tokens of a speech codec."""

from vocable.language.say.config import SayConfig
from vocable.language.say.loss import Disturbance, losses
from vocable.language.say.model import Say, Utterances
from vocable.language.say.sayer import KnownVoice, Sayer
from vocable.language.say.speaking import Manner, Planned, plan, say
from vocable.language.say.steps import Steps

__all__ = [
    "Disturbance",
    "KnownVoice",
    "Manner",
    "Planned",
    "Say",
    "SayConfig",
    "Sayer",
    "Steps",
    "Utterances",
    "losses",
    "plan",
    "say",
]
