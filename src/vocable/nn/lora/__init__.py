"""Adapters: few weights beside a network that stays as it is.

"LoRA: Low-Rank Adaptation of Large Language Models" (Hu et al. 2021, arXiv:2106.09685).

    places      linear maps that can be adapted, and choosing among them
    linear      a map with what adapters add
    adapter     the low-rank pairs of many maps: put in, taken out, merged
    files       their files, as PEFT writes and reads them
"""

from vocable.nn.lora.adapter import Adapter as Adapter
from vocable.nn.lora.files import open_adapter as open_adapter
from vocable.nn.lora.files import write_adapter as write_adapter
from vocable.nn.lora.places import Place as Place
from vocable.nn.lora.places import choose as choose
from vocable.nn.lora.places import linear_places as linear_places
from vocable.nn.lora.settings import LoraSettings as LoraSettings
