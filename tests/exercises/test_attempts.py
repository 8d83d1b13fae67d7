"""No right answer in another form is refused, and no answer with a common fault accepted, at any task."""

import pytest

from lecture_code.feedback import verdict
from tools.attempts import answers, differs, modules
from tools.notebooks import of_tasks, why_not


def name(module, task):
    return f"{module.__name__.split('.')[-1]}.{task.name}"


def marks(module):
    reason = why_not(of_tasks(module.__name__.split(".")[-1]))
    return [pytest.mark.skip(reason=reason)] if reason else []


TASKS = [pytest.param(task, id=name(module, task), marks=marks(module)) for module in modules() for task in module.ALL]


@pytest.mark.parametrize("task", TASKS)
def test_no_right_answer_is_refused(task):
    right, _ = answers(task)
    for what, answer in right.items():
        found = verdict(task, answer)
        assert found.kind == "right", f"{what}: {found.message}"


@pytest.mark.parametrize("task", TASKS)
def test_no_wrong_answer_is_accepted(task):
    tried = 0
    for what, answer in answers(task)[1].items():
        probe = "twice" if what == "right at the smallest size only" else what      # it counts its calls
        if differs(task, answers(task)[1][probe]):
            assert verdict(task, answer).kind not in ("right", "to do"), what
            tried += 1
    assert tried >= 8 or task.view
