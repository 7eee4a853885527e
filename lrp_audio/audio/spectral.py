"""DFT-LRP: relevance of samples carried on to frequencies (Vielhaben et al. 2023).

The inverse DFT is a linear layer in front of the network: it makes the samples from the spectrum.
LRP-0 through that layer hands the relevance of the samples to the frequencies, and loses nothing.
"""

import numpy as np
from numpy.typing import NDArray


def frequency_relevance(
    samples: NDArray[np.floating], relevance: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Relevance of the frequencies k / time, ``(..., time // 2 + 1)``, from that of `samples`.

    `samples` and `relevance` are ``(..., time)``. With c = R / x the relevance of frequency k is
    ``m_k / time Re(X_k conj(C_k))``, where X and C are the DFTs of x and c, and m_k is 2 for
    frequencies that stand for their mirror image too. The sum is that of `relevance` over samples
    that are not 0; a sample that is 0 has no c, and under rules that look at the input no
    relevance either.
    """
    time = samples.shape[-1]
    sounding = samples != 0
    c = np.where(sounding, relevance / np.where(sounding, samples, 1), 0)
    product = np.fft.rfft(samples) * np.conj(np.fft.rfft(c))
    mirrored = np.full(time // 2 + 1, 2.0)
    mirrored[0] = 1
    if time % 2 == 0:
        mirrored[-1] = 1
    return np.asarray(mirrored / time * product.real)
