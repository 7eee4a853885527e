"""One layer a file: forward, gradient and relevance side by side."""

from lrp_audio.layers.average_pool import AveragePool1D, AveragePool2D, GlobalAveragePool
from lrp_audio.layers.base import Layer
from lrp_audio.layers.batch_norm import BatchNorm
from lrp_audio.layers.conv1d import Conv1D
from lrp_audio.layers.conv2d import Conv2D
from lrp_audio.layers.dense import Dense
from lrp_audio.layers.dropout import Dropout
from lrp_audio.layers.elu import ELU
from lrp_audio.layers.flatten import Flatten
from lrp_audio.layers.gelu import GELU
from lrp_audio.layers.leaky_relu import LeakyReLU
from lrp_audio.layers.max_pool import MaxPool1D, MaxPool2D
from lrp_audio.layers.relu import ReLU
from lrp_audio.layers.reshape import Reshape
from lrp_audio.layers.sigmoid import Sigmoid
from lrp_audio.layers.sum import Sum
from lrp_audio.layers.tanh import Tanh

__all__ = [
    "ELU",
    "GELU",
    "AveragePool1D",
    "AveragePool2D",
    "BatchNorm",
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePool",
    "Layer",
    "LeakyReLU",
    "MaxPool1D",
    "MaxPool2D",
    "ReLU",
    "Reshape",
    "Sigmoid",
    "Sum",
    "Tanh",
]
