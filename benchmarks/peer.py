"""The tasks of the peer's process: the same explanation with zennit, the same step with torch.

The rules are configured to have the same formulas, see docs/peers.md.
"""

import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks.torchvision_stand_in import stand_in_for_torchvision

Array = NDArray[Any]


class Explain:
    """A batch's relevance, from the logits of the predicted classes down to the input."""

    def __init__(self, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        about, self.network, x = _read_case(folder)
        self.network.eval().requires_grad_(False)  # no gradient of a weight is ever computed
        self.x = x.requires_grad_()
        _composite(about["rules"]).register(self.network)

    def __call__(self) -> dict[str, Array]:
        """One explanation of the batch: logits, and the relevance of the input."""
        logits = self.network(self.x)
        with torch.no_grad():
            predicted = logits.argmax(dim=1, keepdim=True)
            start = torch.zeros_like(logits).scatter_(1, predicted, logits.gather(1, predicted))
        (relevance,) = torch.autograd.grad(logits, self.x, start)
        return {"logits": logits.detach().numpy(), "relevance": relevance.numpy()}


class Train:
    """Forward, backward, and the update with clipping, weight decay and the moving average."""

    def __init__(self, folder: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        about, self.network, self.x = _read_case(folder)
        self.network.train()
        settings = self.settings = about["settings"]
        self.labels = torch.tensor(about["labels"])
        groups = [
            {
                "params": [parameter],
                "lr": settings["rate"] * about["shares"][name],
                "weight_decay": settings["decay"] if name.endswith("weight") else 0.0,
            }
            for name, parameter in self.network.named_parameters()
        ]
        self.optimiser = torch.optim.AdamW(groups, fused=True)
        average = get_ema_multi_avg_fn(settings["ema_decay"])
        self.average = AveragedModel(self.network, multi_avg_fn=average)

    def __call__(self) -> dict[str, Array]:
        """One step: its loss, and the (clipped) gradient of every parameter."""
        self.optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(
            self.network(self.x), self.labels, label_smoothing=self.settings["smoothing"]
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.settings["clip"])
        self.optimiser.step()
        self.average.update_parameters(self.network)
        gradients = {name: p.grad.numpy() for name, p in self.network.named_parameters()}
        return {"loss": loss.detach().numpy(), **gradients}


TASKS = {"explain": Explain, "train": Train}


def _read_case(folder: Path) -> tuple[dict[str, Any], torch.nn.Module, torch.Tensor]:
    about = json.loads((folder / "case.json").read_text())
    dtype = getattr(torch, about["dtype"])
    network = torch.nn.Sequential(
        OrderedDict((name, getattr(torch.nn, kind)(**o)) for name, kind, o in about["layers"])
    )
    with np.load(folder / "weights.npz", allow_pickle=False) as archive:
        state = {name: torch.from_numpy(archive[name]) for name in archive.files}
    network.load_state_dict(state, assign=True)
    x = torch.from_numpy(np.load(folder / "x.npy", allow_pickle=False))
    return about, network.to(dtype), x.to(dtype)


def _composite(rules: str) -> Any:
    """zennit's composite with the formulas of the preset `rules`."""
    stand_in_for_torchvision()
    from zennit import rules as zennit
    from zennit.composites import LayerMapComposite
    from zennit.types import Activation, Convolution, Linear

    exact = {"stabilizer": _dropped_at_zero}
    epsilon = zennit.Epsilon(1e-6)
    convolution = {
        "epsilon": epsilon,
        "epsilon-plus": zennit.ZPlus(**exact),
        "epsilon-alpha2-beta1": zennit.AlphaBeta(2, 1, **exact),
    }[rules]
    return LayerMapComposite(
        [(Activation, zennit.Pass()), (Convolution, convolution), (Linear, epsilon)]
    )


def _dropped_at_zero(z: torch.Tensor) -> torch.Tensor:
    """A stabiliser that adds nothing: a neuron whose denominator is exactly 0 gives nothing."""
    return torch.where(z == 0, torch.inf, z)
