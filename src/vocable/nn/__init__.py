"""Layers that run whole or in steps, on `[batch, time, channels]`."""

from vocable.nn.abreast import Abreast
from vocable.nn.activation import (
    ELU,
    GELU,
    Clamp,
    DynamicTanh,
    HalfSnake,
    LeakyReLU,
    PReLU,
    SiLU,
    Snake,
    SnakeBeta,
    Tanh,
    TanhGELU,
)
from vocable.nn.alibi import AlibiAttention
from vocable.nn.antialiased import AntiAliased
from vocable.nn.attention import Attention
from vocable.nn.block import Block, Residual, Stack, State, fold, select, stack_states
from vocable.nn.chunks import Chunks
from vocable.nn.conditioned import AdaLayerNorm, Conditioned
from vocable.nn.conv import Conv1d, DepthwiseConv1d
from vocable.nn.convnext import ConvNeXtBlock, Scale, SymmetricConvNeXtBlock
from vocable.nn.edge import EdgeConv1d
from vocable.nn.first_row import FirstRowConv1d
from vocable.nn.flow import Flow, FlowSource
from vocable.nn.focal import FocalModulation, WholeFocalModulation
from vocable.nn.inverse_stft import InverseSTFT
from vocable.nn.linear import Linear
from vocable.nn.local_attention import LocalAttention
from vocable.nn.mean import Mean
from vocable.nn.noise import NoiseBlock, NoiseSource, seeded_noise
from vocable.nn.norm import BatchNorm, CumulativeNorm, GroupNorm, LayerNorm, RMSNorm
from vocable.nn.patch import Patch, Unpatch
from vocable.nn.prolonged import Prolonged
from vocable.nn.recurrent import LSTM, BidirectionalLSTM
from vocable.nn.resnet import ResnetBlock
from vocable.nn.rotary_attention import RotaryAttention
from vocable.nn.swin import SwinBlock
from vocable.nn.transformer import GatedTransformerLayer, TransformerLayer
from vocable.nn.transposed import ConvTranspose1d
from vocable.nn.whole_attention import WholeAttention

__all__ = [
    "ELU",
    "GELU",
    "LSTM",
    "Abreast",
    "AdaLayerNorm",
    "AlibiAttention",
    "AntiAliased",
    "Attention",
    "BatchNorm",
    "BidirectionalLSTM",
    "Block",
    "Chunks",
    "Clamp",
    "Conditioned",
    "Conv1d",
    "ConvNeXtBlock",
    "ConvTranspose1d",
    "CumulativeNorm",
    "DepthwiseConv1d",
    "DynamicTanh",
    "EdgeConv1d",
    "FirstRowConv1d",
    "Flow",
    "FlowSource",
    "FocalModulation",
    "GatedTransformerLayer",
    "GroupNorm",
    "HalfSnake",
    "InverseSTFT",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LocalAttention",
    "Mean",
    "NoiseBlock",
    "NoiseSource",
    "PReLU",
    "Patch",
    "Prolonged",
    "RMSNorm",
    "Residual",
    "ResnetBlock",
    "RotaryAttention",
    "Scale",
    "SiLU",
    "Snake",
    "SnakeBeta",
    "Stack",
    "State",
    "SwinBlock",
    "SymmetricConvNeXtBlock",
    "Tanh",
    "TanhGELU",
    "TransformerLayer",
    "Unpatch",
    "WholeAttention",
    "WholeFocalModulation",
    "fold",
    "seeded_noise",
    "select",
    "stack_states",
]
