"""Optimizers as pairs of pure functions on one flat parameter vector.

``state = optimizer.init(theta)`` and ``theta, state = optimizer.step(theta, g, state, eta)``: the
state is data, and nothing is changed in place. With R runs in lock-step theta and g are (R, P) and
eta is (R, 1). Squares, roots and quotients of vectors are taken entry by entry.

Where to put the stabiliser that avoids division by 0 is a convention: ``stabiliser="outside"`` divides
by eps + √r, ``"inside"`` by √(r + eps). The formulas below have both places, and in one of them stands 0.

Book: ch-optimizers
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from lecture_code.validation import require, require_fraction, require_positive

Step = Callable[[np.ndarray, np.ndarray, Any, Any], tuple[np.ndarray, Any]]


def _same(theta: np.ndarray, state: Any) -> np.ndarray:
    return theta


def _no_state(theta: np.ndarray) -> None:
    return None


@dataclass(frozen=True)
class Optimizer:
    """A named update rule.

    Attributes
    ----------
    name : how the book calls it
    init : theta ↦ the state before the first step
    _step : (theta, g, state, eta) ↦ (new theta, new state); called by `step`, which looks at the shapes first
    point : (theta, state) ↦ where g is to be taken: theta itself, except for one form of `nesterov`
    """

    name: str
    init: Callable[[np.ndarray], Any]
    _step: Step
    point: Callable[[np.ndarray, Any], np.ndarray] = _same

    def step(self, theta: np.ndarray, g: np.ndarray, state: Any, eta: Any) -> tuple[np.ndarray, Any]:
        """Return (new theta, new state).

        Raises
        ------
        ValueError
            If g is not shaped like theta: it would broadcast, and one parameter move with the gradient of another.
        """
        if np.shape(g) != np.shape(theta):
            require(False, "g", f"one entry a parameter, {np.shape(theta)}", f"shape {np.shape(g)}")
        return self._step(theta, g, state, eta)

    def __repr__(self) -> str:
        return self.name


def sgd() -> Optimizer:
    """Return plain (stochastic) gradient descent, θ ← θ − η g.

    Book: eq-gd-step, eq-sgd-step
    """

    def step(theta, g, state, eta):
        return theta - eta * g, state

    return Optimizer("sgd", _no_state, step)


# Momentum: the state is the velocity v


def momentum(mu: float = 0.9, rate: str = "inside") -> Optimizer:
    """Return gradient descent with momentum, v ← μ v − η g, θ ← θ + v.

    Book: eq-momentum

    Parameters
    ----------
    mu : μ, the share of the velocity that is kept, 0 ≤ μ < 1
    rate : "inside" multiplies the gradient by η (as Keras does); "outside" has v ← μ v − g, θ ← θ + η v
        (as PyTorch does). The two differ only when η changes along the way.
    """
    require_fraction("mu", mu)
    _require_one_of("rate", rate, ("inside", "outside"))

    def step(theta, g, v, eta):
        v = mu * v - eta * g
        return theta + v, v

    if rate == "outside":
        step = _momentum_outside(mu)
    return Optimizer("momentum", np.zeros_like, step)


def _momentum_outside(mu: float) -> Step:
    def step(theta, g, v, eta):
        v = mu * v - g
        return theta + eta * v, v

    return step


def nesterov(mu: float = 0.9, iterate: str = "ahead", rate: str = "inside") -> Optimizer:
    """Return Nesterov's momentum, v ← μ v − η ∇C(θ + μ v), θ ← θ + v.

    Book: eq-nesterov, eq-nesterov-ahead

    A step is given a gradient and cannot choose where it was taken. So the iterates are by default the
    points φ = θ + μ v that the gradient belongs to, as in PyTorch and Keras: v ← μ v − η g,
    φ ← φ + μ v − η g. The book's θ is then φ − μ v.

    Parameters
    ----------
    mu : μ, 0 ≤ μ < 1
    iterate : "ahead" for φ; "theta" for θ itself: then g is the gradient at ``optimizer.point(theta, state)``,
        and not at theta (`fit` knows that)
    rate : "inside" or "outside" the velocity, as for `momentum`; only "inside" goes with "theta"
    """
    require_fraction("mu", mu)
    _require_one_of("iterate", iterate, ("ahead", "theta"))
    _require_one_of("rate", rate, ("inside", "outside") if iterate == "ahead" else ("inside",))

    def step(theta, g, v, eta):  # g is the gradient at the point ahead
        v = mu * v - eta * g
        return theta + v, v

    def ahead(theta, v):
        return theta + mu * v

    if iterate == "theta":
        return Optimizer("nesterov", np.zeros_like, step, ahead)
    by_rate = {"inside": _nesterov_ahead, "outside": _nesterov_outside}
    return Optimizer("nesterov", np.zeros_like, by_rate[rate](mu))


def _nesterov_ahead(mu: float) -> Step:
    def step(phi, g, v, eta):  # the same walk, seen from φ = θ + μ v
        v = mu * v - eta * g
        return phi + mu * v - eta * g, v

    return step


def _nesterov_outside(mu: float) -> Step:
    def step(phi, g, v, eta):
        v = mu * v - g
        return phi + eta * (mu * v - g), v

    return step


# A rate for each parameter: r is a sum or a moving average of squared gradients


def adagrad(eps: float = 1e-7, stabiliser: str = "outside", initial: float = 0.0) -> Optimizer:
    """Return AdaGrad, r ← r + g², θ ← θ − η g / (eps + √r).

    Book: eq-adagrad

    PyTorch: ``adagrad(1e-10)``. Keras: ``adagrad(1e-7, "inside", initial=0.1)``.

    Parameters
    ----------
    eps : > 0
    stabiliser : "outside" or "inside" the root
    initial : r before the first step, ≥ 0
    """
    _require_stabiliser(eps, stabiliser)
    require(0 <= initial < np.inf, "initial", "a finite number >= 0", initial)
    outside, inside = (eps, 0) if stabiliser == "outside" else (0, eps)

    def init(theta):
        return np.full_like(theta, initial)

    def step(theta, g, r, eta):
        r = r + g**2
        return theta - eta / (outside + np.sqrt(r + inside)) * g, r

    return Optimizer("adagrad", init, step)


def rmsprop(rho: float = 0.9, eps: float = 1e-6, stabiliser: str = "outside") -> Optimizer:
    """Return RMSProp, r ← ρ r + (1 − ρ) g², θ ← θ − η g / (eps + √r).

    Book: eq-rmsprop

    PyTorch: ``rmsprop(0.99, 1e-8)``. Keras: ``rmsprop(0.9, 1e-7, "inside")``.

    Parameters
    ----------
    rho : ρ, the share of the average that is kept, 0 ≤ ρ < 1
    eps : > 0
    stabiliser : "outside" or "inside" the root
    """
    require_fraction("rho", rho)
    _require_stabiliser(eps, stabiliser)
    outside, inside = (eps, 0) if stabiliser == "outside" else (0, eps)

    def step(theta, g, r, eta):
        r = rho * r + (1 - rho) * g**2
        return theta - eta / (outside + np.sqrt(r + inside)) * g, r

    return Optimizer("rmsprop", np.zeros_like, step)


class AdadeltaState(NamedTuple):
    """Moving averages of squares: r of the gradients, s of the updates."""

    r: np.ndarray
    s: np.ndarray


def adadelta(rho: float = 0.9, eps: float = 1e-6, stabiliser: str = "inside") -> Optimizer:
    """Return Adadelta, r ← ρ r + (1 − ρ) g², u = √(s + eps) / √(r + eps) g, s ← ρ s + (1 − ρ) u², θ ← θ − η u.

    Book: eq-adadelta

    The original method has η = 1. PyTorch: ``adadelta(0.9, 1e-6)``. Keras: ``adadelta(0.95, 1e-7)``.

    Parameters
    ----------
    rho : ρ, the share of the averages that is kept, 0 ≤ ρ < 1
    eps : > 0
    stabiliser : "inside" or "outside" the roots
    """
    require_fraction("rho", rho)
    _require_stabiliser(eps, stabiliser)
    outside, inside = (eps, 0) if stabiliser == "outside" else (0, eps)

    def init(theta):
        return AdadeltaState(np.zeros_like(theta), np.zeros_like(theta))

    def step(theta, g, state, eta):
        r, s = state
        r = rho * r + (1 - rho) * g**2
        u = ((outside + np.sqrt(s + inside))
             / (outside + np.sqrt(r + inside)) * g)
        s = rho * s + (1 - rho) * u**2
        return theta - eta * u, AdadeltaState(r, s)

    return Optimizer("adadelta", init, step)


# Adam and its relatives


class AdamState(NamedTuple):
    """Moving averages m of g and v of g², and the number k of steps so far."""

    m: np.ndarray
    v: np.ndarray
    k: int


def _adam_init(theta: np.ndarray) -> AdamState:
    return AdamState(np.zeros_like(theta), np.zeros_like(theta), 0)


def adam(beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, stabiliser: str = "outside") -> Optimizer:
    """Return Adam, m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², θ ← θ − η m̂ / (eps + √v̂).

    Book: eq-adam-averages, eq-adam-correction, eq-adam, eq-stabiliser-outside, eq-stabiliser-inside, eq-stabiliser-unscaled

    The averages start at 0; m̂ = m / (1 − β₁ᵏ) and v̂ = v / (1 − β₂ᵏ) correct that in step k = 1, 2, …
    PyTorch: ``adam()``. Keras: ``adam(eps=1e-7, stabiliser="unscaled")``.

    Parameters
    ----------
    beta1, beta2 : the shares of the averages that are kept, 0 ≤ β < 1
    eps : > 0
    stabiliser : "outside" or "inside" the root of v̂; "unscaled" adds eps to √v instead, before its correction
    """
    _require_betas(beta1, beta2)
    _require_stabiliser(eps, stabiliser, "unscaled")
    outside, inside = (eps, 0) if stabiliser == "outside" else (0, eps)

    def step(theta, g, state, eta):
        m, v, k = state.m, state.v, state.k + 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**k)
        v_hat = v / (1 - beta2**k)
        theta = theta - eta * m_hat / (outside + np.sqrt(v_hat + inside))
        return theta, AdamState(m, v, k)

    if stabiliser == "unscaled":
        step = _adam_unscaled(beta1, beta2, eps)
    return Optimizer("adam", _adam_init, step)


def _adam_unscaled(beta1: float, beta2: float, eps: float) -> Step:
    """As Keras does it: the correction is one factor of η, and eps is not corrected."""

    def step(theta, g, state, eta):
        m, v, k = state.m, state.v, state.k + 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        correction = (1 - beta2**k) ** 0.5 / (1 - beta1**k)
        theta = theta - eta * correction * m / (eps + np.sqrt(v))
        return theta, AdamState(m, v, k)

    return step


def adamw(
    decay: float = 0.01, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, stabiliser: str = "outside",
    mask: np.ndarray | None = None,
) -> Optimizer:
    """Return AdamW: `adam` with `weight_decay`. PyTorch: ``adamw()``. Keras: as for `adam`, with decay 0.004.

    Book: eq-adamw
    """
    plain = adam(beta1, beta2, eps, stabiliser)
    return replace(weight_decay(plain, decay, mask), name="adamw")


class NadamState(NamedTuple):
    """As for Adam, and the product of the momenta μ₁ … μ_k."""

    m: np.ndarray
    v: np.ndarray
    k: int
    product: float


def nadam(
    beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, stabiliser: str = "outside", psi: float = 0.004
) -> Optimizer:
    """Return Nadam, Adam with Nesterov's look-ahead: m̂ = μ_{k+1} m / (1 − μ₁…μ_{k+1}) + (1 − μ_k) g / (1 − μ₁…μ_k).

    Book: eq-nadam-schedule, eq-nadam

    The momenta grow to β₁ by the schedule μ_k = β₁ (1 − ½ · 0.96^{kψ}).
    PyTorch: ``nadam()``. Keras: ``nadam(eps=1e-7, psi=1)``.

    Parameters
    ----------
    beta1, beta2 : the shares of the averages that are kept, 0 ≤ β < 1
    eps : > 0
    stabiliser : "outside" or "inside" the root
    psi : ψ > 0, the speed of the schedule
    """
    _require_betas(beta1, beta2)
    _require_stabiliser(eps, stabiliser)
    require_positive("psi", psi)
    outside, inside = (eps, 0) if stabiliser == "outside" else (0, eps)

    def init(theta):
        zeros = np.zeros_like(theta)
        return NadamState(m=zeros, v=zeros, k=0, product=1.0)

    def mu(k):
        return beta1 * (1 - 0.96 ** (k * psi) / 2)

    def step(theta, g, state, eta):
        m, v, k = state.m, state.v, state.k + 1
        product = state.product * mu(k)  # μ₁ … μ_k
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = (mu(k + 1) / (1 - product * mu(k + 1)) * m
                 + (1 - mu(k)) / (1 - product) * g)
        v_hat = v / (1 - beta2**k)
        theta = theta - eta * m_hat / (outside + np.sqrt(v_hat + inside))
        return theta, NadamState(m, v, k, product)

    return Optimizer("nadam", init, step)


# Weights that are kept small by the step, not by the gradient


def weight_decay(optimizer: Optimizer, decay: float, mask: np.ndarray | None = None) -> Optimizer:
    """Return the optimizer with decoupled weight decay: θ ← θ − η · decay · θ first, then its step with the same g.

    Book: eq-l2-is-decay

    The gradient, and so every average of it, knows nothing of the decay.

    Parameters
    ----------
    optimizer : any
    decay : ≥ 0
    mask : boolean (P,), which parameters decay (``net.weight_mask``); all if None
    """
    require(0 <= decay < np.inf, "decay", "a finite number >= 0", decay)
    _require_mask(mask)
    weights = True if mask is None else np.asarray(mask)

    def step(theta, g, state, eta):
        theta = theta - eta * decay * (weights * theta)
        return optimizer.step(theta, g, state, eta)

    name = f"{optimizer.name} + weight decay"
    return replace(optimizer, name=name, _step=step)


def _require_one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    require(value in choices, name, " or ".join(repr(choice) for choice in choices), repr(value))


def _require_stabiliser(eps: float, stabiliser: str, *more: str) -> None:
    require_positive("eps", eps)
    _require_one_of("stabiliser", stabiliser, ("outside", "inside", *more))


def _require_betas(beta1: float, beta2: float) -> None:
    require_fraction("beta1", beta1)
    require_fraction("beta2", beta2)


def _require_mask(mask: np.ndarray | None) -> None:
    if mask is not None:
        dtype = np.asarray(mask).dtype
        require(dtype == bool, "mask", "an array of booleans", f"an array of {dtype}")


def clip_gradient(g: np.ndarray, largest: float) -> np.ndarray:
    """Return g · min(1, c/‖g‖): the same direction, and a norm of at most c. Each run has its own norm.

    Book: eq-clip

    Parameters
    ----------
    g : (P,), or (R, P)
    largest : c > 0
    """
    require_positive("largest", largest)
    norm = np.sqrt(np.square(g, dtype=np.float64).sum(axis=-1, keepdims=True))  # in float32 the squares overflow early
    return g * np.minimum(1, largest / np.maximum(norm, largest)).astype(g.dtype)
