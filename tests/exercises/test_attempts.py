"""No right answer in another form is refused, and no answer with a common fault accepted, at any task."""

import pytest
from every_task import TASKS

from lecture_code.feedback import verdict
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
