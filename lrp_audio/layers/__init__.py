"""One layer a file: forward, gradient and relevance side by side."""

from lrp_audio.layers.abs import Abs
from lrp_audio.layers.affine import Affine
from lrp_audio.layers.average_pool import AveragePool1D, AveragePool2D
from lrp_audio.layers.base import Layer
from lrp_audio.layers.batch_norm import BatchNorm
from lrp_audio.layers.clip import Clip
from lrp_audio.layers.concat import Concat
from lrp_audio.layers.conv1d import Conv1D
from lrp_audio.layers.conv2d import Conv2D
from lrp_audio.layers.dense import Dense
from lrp_audio.layers.dropout import Dropout
from lrp_audio.layers.elu import ELU
from lrp_audio.layers.exp import Exp
from lrp_audio.layers.flatten import Flatten
from lrp_audio.layers.gelu import GELU
from lrp_audio.layers.global_average_pool import GlobalAveragePool
from lrp_audio.layers.global_max_pool import GlobalMaxPool
from lrp_audio.layers.global_sum import GlobalSum
from lrp_audio.layers.hard_sigmoid import HardSigmoid
from lrp_audio.layers.hard_swish import HardSwish
from lrp_audio.layers.identity import Identity
from lrp_audio.layers.leaky_relu import LeakyReLU
from lrp_audio.layers.log import Log
from lrp_audio.layers.log_softmax import LogSoftmax
from lrp_audio.layers.max_pool import MaxPool1D, MaxPool2D
from lrp_audio.layers.maximum import Maximum
from lrp_audio.layers.minimum import Minimum
from lrp_audio.layers.pad import Pad
from lrp_audio.layers.permute import Permute
from lrp_audio.layers.pow import Pow
from lrp_audio.layers.prelu import PReLU
from lrp_audio.layers.product import Product
from lrp_audio.layers.relu import ReLU
from lrp_audio.layers.reshape import Reshape
from lrp_audio.layers.sigmoid import Sigmoid
from lrp_audio.layers.silu import SiLU
from lrp_audio.layers.slice import Slice
from lrp_audio.layers.softmax import Softmax
from lrp_audio.layers.softplus import Softplus
from lrp_audio.layers.sqrt import Sqrt
from lrp_audio.layers.sum import Sum
from lrp_audio.layers.tanh import Tanh

__all__ = [
    "ELU",
    "GELU",
    "Abs",
    "Affine",
    "AveragePool1D",
    "AveragePool2D",
    "BatchNorm",
    "Clip",
    "Concat",
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dropout",
    "Exp",
    "Flatten",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "GlobalSum",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "Layer",
    "LeakyReLU",
    "Log",
    "LogSoftmax",
    "MaxPool1D",
    "MaxPool2D",
    "Maximum",
    "Minimum",
    "PReLU",
    "Pad",
    "Permute",
    "Pow",
    "Product",
    "ReLU",
    "Reshape",
    "SiLU",
    "Sigmoid",
    "Slice",
    "Softmax",
    "Softplus",
    "Sqrt",
    "Sum",
    "Tanh",
]
