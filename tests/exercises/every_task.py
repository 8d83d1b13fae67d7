"""Every task of every module in lecture_tasks, as parameters of tests."""

import pytest

from tools.attempts import modules
from tools.notebooks import of_tasks, why_not

MODULES = modules()


def parameters(of):
    """Return what `of` says of each task, (value, what is tried) pairs, for `pytest.mark.parametrize`.

    A test has the name of the task with its module's, by which `make test CHAPTER=NN` knows it, and is skipped where
    the notebook of the module needs a package that is absent.
    """
    found = []
    for module in MODULES:
        name = module.__name__.split(".")[-1]
        reason = why_not(of_tasks(name))
        marks = [pytest.mark.skip(reason=reason)] if reason else []
        for task in module.ALL:
            found += [pytest.param(*values, id=f"{name}.{task.name}{tried}", marks=marks)
                      for *values, tried in of(module, task)]
    return found


TASKS = parameters(lambda module, task: [(module, task, "")])
