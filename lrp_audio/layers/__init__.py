"""One layer a file: forward, gradient and relevance side by side."""

from lrp_audio.layers.base import Layer
from lrp_audio.layers.conv1d import Conv1D
from lrp_audio.layers.conv2d import Conv2D
from lrp_audio.layers.dense import Dense
from lrp_audio.layers.dropout import Dropout
from lrp_audio.layers.flatten import Flatten
from lrp_audio.layers.max_pool import MaxPool1D, MaxPool2D
from lrp_audio.layers.relu import ReLU

__all__ = [
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "MaxPool1D",
    "MaxPool2D",
    "ReLU",
]
