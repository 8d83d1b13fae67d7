"""What a model is: all that `fit` and `sweep` ask of the thing that they train.

A model is a description and holds no parameters. They are one flat vector theta, which goes in and comes out, so that
every optimizer and every sweep works with every model: `Network`, `ConvNet`, and what is built around them, `Dropout`,
`BatchNorm`, `Residual` and `Penalised`. To train something of your own, write a class with these six names.

Book: ch-mini-batches
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lecture_code.losses import Loss
from lecture_code.network import CostAndGradient


class Model(Protocol):
    """A function of data and parameters, with a loss.

    Attributes
    ----------
    size : P, the number of parameters
    widths : how many inputs first, how many outputs last
    loss : the per-sample loss on the output
    weight_mask : boolean (P,), True where theta holds a weight that a penalty should keep small
    """

    @property
    def size(self) -> int: ...

    @property
    def widths(self) -> tuple[int, ...]: ...

    @property
    def loss(self) -> Loss: ...

    @property
    def weight_mask(self) -> np.ndarray: ...

    def output(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return what the model says once it is trained, (K, M): nothing in it is random, no sample depends on another.

        Parameters
        ----------
        theta : (P,), or (R, P) for R runs in lock-step: the output is then (R, K, M)
        x : (d, M), one sample a column
        """

    def cost_and_gradient(
        self, theta: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator | None = None
    ) -> CostAndGradient:
        """Return the cost that training lowers, a number or (R,), and its gradient, shaped like theta.

        Parameters
        ----------
        theta : (P,), or (R, P): the runs share x, y and what is drawn
        x, y : (d, M) and (K, M), one sample a column
        rng : the source of randomness, for a model that draws
        """


@dataclass(frozen=True)
class Around:
    """What models built around another one have in common: its size, widths, loss and weights, unless they say otherwise.

    Attributes
    ----------
    net : the model inside
    """

    net: Model

    @property
    def size(self) -> int:
        """P, as of the model inside."""
        return self.net.size

    @property
    def widths(self) -> tuple[int, ...]:
        """As of the model inside."""
        return self.net.widths

    @property
    def loss(self) -> Loss:
        """As of the model inside."""
        return self.net.loss

    @property
    def weight_mask(self) -> np.ndarray:
        """As of the model inside, boolean (P,)."""
        return self.net.weight_mask
