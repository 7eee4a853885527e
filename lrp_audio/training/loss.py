"""Cross-entropy of the softmax."""

import numpy as np

from lrp_audio.types import Array


def cross_entropy(logits: Array, labels: Array, smoothing: float = 0.0) -> tuple[float, Array]:
    """Mean loss over the batch, and its gradient at the `logits` ``(batch, classes)``.

    A share of `smoothing` of each target is spread evenly over all classes.
    """
    batch, classes = logits.shape
    targets = np.full((batch, classes), smoothing / classes, logits.dtype)
    targets[np.arange(batch), labels] += 1 - smoothing
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    loss = float(-(targets * log_probabilities).sum() / batch)
    return loss, ((np.exp(log_probabilities) - targets) / batch).astype(logits.dtype)
