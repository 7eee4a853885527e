"""Audio networks in torch as people write them, with random weights and statistics."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from installed import torch
from torch import nn
from torch.nn import functional as f

Module = nn.Module
Tensor = torch.Tensor


class M5(Module):
    """A network over waveforms (Dai et al. 2017), as in torchaudio's tutorial."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        c = channels
        self.conv1, self.bn1 = nn.Conv1d(1, c, 80, stride=16), nn.BatchNorm1d(c)
        self.conv2, self.bn2 = nn.Conv1d(c, c, 3), nn.BatchNorm1d(c)
        self.conv3, self.bn3 = nn.Conv1d(c, 2 * c, 3), nn.BatchNorm1d(2 * c)
        self.pool = nn.MaxPool1d(4)
        self.fc1 = nn.Linear(2 * c, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(f.relu(self.bn1(self.conv1(x))))
        x = self.pool(f.relu(self.bn2(self.conv2(x))))
        x = f.relu(self.bn3(self.conv3(x)))
        x = f.avg_pool1d(x, int(x.shape[-1])).permute(0, 2, 1)
        return f.log_softmax(self.fc1(x), dim=2)


class LogMelCNN(Module):
    """Batch-norm over mel bands, convolutions padded unevenly, a flattening by the batch's size."""

    def __init__(self, channels: int, classes: int, bands: int, frames: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(bands)
        self.conv1 = nn.Conv2d(1, channels, (4, 3))
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.out = nn.Linear(channels * (bands // 4) * (frames // 4), classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x).unsqueeze(1)
        x = f.max_pool2d(f.relu(self.bn1(self.conv1(f.pad(x, (1, 1, 1, 2))))), 2)
        x = f.max_pool2d(self.bn2(f.relu(self.conv2(x))), 2)
        return torch.softmax(self.out(x.reshape(x.size(0), -1)), dim=-1)


class Residual(Module):
    """Two residual blocks, one with a projection, then the mean of all positions."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, channels, 3, padding=1)
        self.first = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
        )
        self.second = nn.Sequential(
            nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1), nn.BatchNorm2d(2 * channels)
        )
        self.shortcut = nn.Conv2d(channels, 2 * channels, 1, stride=2)
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * channels, classes))

    def forward(self, x: Tensor) -> Tensor:
        x = f.relu(self.stem(x))
        x = f.relu(x + self.first(x))
        x = f.relu(self.second(x) + self.shortcut(x))
        return self.head(x.mean(dim=(2, 3)))


class SqueezeAndExcite(Module):
    """Channels weighted by a gate that is computed from their means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * f.hardsigmoid(self.up(f.relu(self.down(f.adaptive_avg_pool2d(x, 1)))))


class Separable(Module):
    """Depthwise and pointwise convolutions, HardSwish, squeeze-and-excite, as in MobileNetV3."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, channels, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.Hardswish(),
            nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Hardswish(),
            SqueezeAndExcite(channels),
            nn.Conv2d(channels, 2 * channels, 1),
            nn.SiLU(),
        )
        self.out = nn.Linear(4 * channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        pooled = torch.cat([x.amax(dim=(2, 3)), x.mean(dim=(2, 3))], dim=1)
        return torch.sigmoid(self.out(pooled))


class Gated(Module):
    """Dilated convolutions with gated linear units, GELU, a linear layer for each frame."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 2 * channels, 5, padding=4, dilation=2)
        self.second = nn.Conv1d(channels, channels, 3, padding="same")
        self.norm = nn.BatchNorm1d(channels)
        self.out = nn.Linear(2 * channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = f.glu(self.first(x), dim=1)
        y = self.norm(f.gelu(self.second(f.leaky_relu(x, 0.1))))
        x = torch.cat([x, torch.tanh(y)], dim=1)
        return self.out(x.transpose(1, 2))


@dataclass(frozen=True)
class Case:
    """A network, the shape of its samples, and whether LRP-0 is its gradient times its input."""

    network: Module
    shape: tuple[int, ...]
    piecewise_linear: bool


@st.composite
def cases(draw: st.DrawFn, name: str) -> Case:
    """A network of one of the architectures, of a size that is drawn."""
    seed = draw(st.integers(0, 2**31))
    torch.manual_seed(seed)
    channels, classes = draw(st.integers(2, 6)), draw(st.integers(1, 5))
    size = (4 * draw(st.integers(3, 6)), 4 * draw(st.integers(3, 6)))
    length = 16 * draw(st.integers(110, 140)) + draw(st.integers(0, 15))
    made: dict[str, tuple[Module, tuple[int, ...]]] = {
        "M5": (M5(channels, classes), (1, length)),
        "LogMelCNN": (LogMelCNN(channels, classes, *size), size),
        "Residual": (Residual(channels, classes), (1, *size)),
        "Separable": (Separable(channels, classes), (1, *size)),
        "Gated": (Gated(channels, classes), (1, size[0])),
    }
    network, shape = made[name]
    rng = np.random.default_rng(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            n = module.num_features
            for values, low in ((module.weight, 0.5), (module.bias, -0.3)):
                values.data = torch.tensor(low + rng.random(n), dtype=torch.float32)
            module.running_mean = torch.tensor(rng.normal(size=n), dtype=torch.float32)
            module.running_var = torch.tensor(0.5 + rng.random(n), dtype=torch.float32)
    return Case(network.eval(), shape, name in ("M5", "LogMelCNN", "Residual"))


ARCHITECTURES = ("M5", "LogMelCNN", "Residual", "Separable", "Gated")
