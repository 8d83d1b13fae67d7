"""No right answer in another form is refused, and no answer with a common fault accepted, at any task."""

import importlib

import numpy as np
import pytest
from every_task import TASKS

from lecture_code.feedback import verdict
from lecture_code.numerics import softmax
from tools.attempts import answers, differs


@pytest.mark.parametrize("module, task", TASKS)
def test_no_right_answer_is_refused(module, task):
    right, _ = answers(task)
    for what, answer in right.items():
        found = verdict(task, answer)
        assert found.kind == "right", f"{what}: {found.message}"


@pytest.mark.parametrize("module, task", TASKS)
def test_no_wrong_answer_is_accepted(module, task):
    tried = 0
    for what, answer in answers(task)[1].items():
        probe = "twice" if what == "right at the smallest size only" else what      # it counts its calls
        if differs(task, answers(task)[1][probe]):
            assert verdict(task, answer).kind not in ("right", "to do"), what
            tried += 1
    assert tried >= 8 or task.view


def right(name):
    """Return the right answer of a task, as a function to be changed."""
    return lambda *arguments: task_of(name).reference.__wrapped__(*arguments)


def task_of(name):
    module, task = name.split(".")
    return getattr(importlib.import_module(f"lecture_tasks.{module}"), task)


def changed(name, change):
    return name, lambda *arguments: change(right(name)(*arguments), *arguments)


def without(name, **changes):
    """Return an answer that is right for other arguments, by the name of the argument."""
    takes = task_of(name).takes.split(", ")
    return name, lambda *arguments: right(name)(*(changes.get(each, lambda value: value)(value)
                                                  for each, value in zip(takes, arguments)))


def sum_of(q):
    return (1 / np.arange(1, 10_001) ** q).sum()


#: Wrong answers that a check once let through, since no input showed them.
SLIPPED = [
    ("supervised_learning.nll", lambda P, y: -np.log(np.prod(P[y, np.arange(len(y))].astype(np.longdouble)))),
    ("calculus.lse_gradient", lambda z, w: (lambda e: e / (e.sum(axis=0) + 1e-9))(
        w[:, None] * np.exp(z - z.max(axis=0)))),
    ("neurons.softplus_and_slope", lambda z: (np.where(z > 20, z, np.log1p(np.exp(np.minimum(z, 20)))),
                                              np.exp(-np.logaddexp(0, -z)))),
    ("stochastic_gradient_descent.conditions", lambda q: (sum_of(q) > 9, sum_of(2 * q) < 9)),
    without("optimizers.adam_step", eps=lambda eps: 1e-8),
    without("optimizers.adagrad_step", eps=lambda eps: 1e-7),
    without("optimizers.rmsprop_step", eps=lambda eps: 1e-6),
    ("softmax_regression.softmax_columns", lambda z: (lambda e: e / (e.sum(axis=0) + 1e-8))(np.exp(z - z.max(axis=0)))),
    ("softmax_regression.cross_entropy_gradient", lambda theta, x, y: (
        np.clip(softmax(theta @ x), 1e-4, 1 - 1e-4) - np.eye(len(theta))[:, y]) @ x.T / len(y)),
    without("softmax_regression.sgd_walk", order=lambda order: order[:order.max() + 1]),
    ("kl_divergence.kl_columns", lambda p, q: (p * np.log((p + 1e-10) / (q + 1e-10))).sum(axis=0)),
    ("kl_divergence.kl_columns", lambda p, q: (p * np.log(p / np.maximum(q, 1e-7))).sum(axis=0)),
    without("automatic_differentiation.sigmoid_rule", x=lambda x: np.clip(x, -20, 20)),
    ("vanishing_gradients.layer_factor", lambda s: (np.prod(s[:-1]) / np.prod(s[1:])) ** (1 / (len(s) - 1))),
    changed("vanishing_gradients.leaky_variance", lambda v, alpha, n_in, n_out: 2 / n_in if alpha == 1 else v),
    without("generalisation.stop_early", costs=lambda costs: [round(cost, 3) for cost in costs]),
    changed("keras_loops.seeds_needed", lambda found, a, b: (*found[:2], max(2, found[2]))),
    without("mini_batches.absolute_step", y=lambda y: y.round(9)),
]


@pytest.mark.parametrize("name, answer", SLIPPED, ids=[name for name, _ in SLIPPED])
def test_what_once_slipped_through_is_refused(name, answer):
    with np.errstate(all="ignore"):
        assert verdict(task_of(name), answer).kind in ("different", "known mistake")
