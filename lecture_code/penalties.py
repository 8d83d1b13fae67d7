"""The L2 penalty, and models that pay it.

Book: ch-optimizers
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lecture_code.model import Around, Model
from lecture_code.network import CostAndGradient
from lecture_code.validation import require


def l2_penalty(theta: np.ndarray, lam: float, mask: np.ndarray | None = None) -> CostAndGradient:
    """Return λ Σ w² and its gradient 2λw, 0 for what the mask leaves out.

    Book: eq-regularised-objective

    Parameters
    ----------
    theta : (P,), or (R, P)
    lam : λ ≥ 0
    mask : boolean (P,), True where theta counts; ``net.weight_mask`` spares the biases; all if None
    """
    require(0 <= lam < np.inf, "lam", "a finite number >= 0", lam)
    w = theta if mask is None else theta * _booleans(mask, theta)
    lam = theta.dtype.type(lam)  # a float64 would promote float32 parameters
    return CostAndGradient(lam * (w * w).sum(axis=-1), 2 * lam * w)


def _booleans(mask: np.ndarray, theta: np.ndarray) -> np.ndarray:
    mask = np.asarray(mask)
    require(mask.dtype == bool and mask.shape == theta.shape[-1:], "mask", f"booleans of shape {theta.shape[-1:]}",
            f"{mask.dtype} of shape {mask.shape}")
    return mask


@dataclass(frozen=True)
class Penalised(Around):
    """A model that pays λ Σ w² for its weights while it is trained: C(θ) + λ Σ w².

    Book: eq-regularised-objective

    `fit` records this cost at every step. Its scores on data, by `evaluate`, are without the penalty: they ask how good
    the outputs are, whatever they cost.

    Attributes
    ----------
    net : any model
    lam : λ ≥ 0. PyTorch's ``weight_decay=w`` of every optimizer but AdamW is λ = w/2, for the biases, too
    """

    net: Model
    lam: float

    def __post_init__(self) -> None:
        require(0 <= self.lam < np.inf, "lam", "a finite number >= 0", self.lam)

    def output(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return the output of the model."""
        return self.net.output(theta, x)

    def cost_and_gradient(
        self, theta: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator | None = None
    ) -> CostAndGradient:
        """Return C + λ Σ w² and ∂C/∂θ + 2λw."""
        C, g = self.net.cost_and_gradient(theta, x, y, rng=rng)
        penalty, penalty_gradient = l2_penalty(theta, self.lam, self.weight_mask)
        return CostAndGradient(C + penalty, g + penalty_gradient)
