"""Every task of every module in lecture_tasks: right answers pass, known mistakes are told apart."""

import inspect
import re
from types import FunctionType

import pytest
from every_task import MODULES, TASKS, parameters

from lecture_code.feedback import verdict
from tools.notebooks import of_tasks, solutions

MISTAKES = parameters(lambda module, task: [(task, mistake, f": {mistake.name}") for mistake in task.mistakes])


def test_every_set_has_its_module_of_tasks():
    assert sorted(of_tasks(module.__name__.split(".")[-1]) for module in MODULES) == solutions()


@pytest.mark.parametrize("module, task", TASKS)
def test_the_reference_passes_and_nothing_warns(module, task):
    answer = same_code(task)
    assert verdict(task, answer).message == f"✓ {task.opening} Right on {task.cases} random inputs."


@pytest.mark.parametrize("module, task", TASKS)
def test_an_answer_that_calls_the_reference_is_refused(module, task):
    for answer in (task.reference, lambda *arguments: task.reference(*arguments)):
        assert verdict(task, answer).message.endswith("This calls the answer that yours is compared with. Write your own.")


def same_code(task):
    """Return a function of a student's own that does what the reference does, line by line."""
    reference = inspect.unwrap(task.reference)
    copied = FunctionType(reference.__code__, reference.__globals__, closure=reference.__closure__)
    copied.__kwdefaults__ = reference.__kwdefaults__
    return copied


@pytest.mark.parametrize("module, task", TASKS)
def test_a_message_can_name_the_input(module, task):
    assert getattr(module, task.name) is task
    assert len(task.example(0)) == len(task.takes.split(", "))


@pytest.mark.parametrize("module, task", TASKS)
def test_at_least_four_mistakes_are_known_each_with_its_own_name(module, task):
    assert len({mistake.name for mistake in task.mistakes}) == len(task.mistakes) >= 4


@pytest.mark.parametrize("task, mistake", MISTAKES)
def test_each_mistake_is_rejected_with_its_own_message(task, mistake):
    found = verdict(task, mistake.answer)
    assert found.kind == "known mistake" and found.mistake is mistake
    assert mistake.name in found.message and mistake.look in found.message
    assert not re.search(r"\*\w[^*]*\*|\\", mistake.name + mistake.look)     # a message shows Markdown as it is
    assert mistake.look[-1] in ".?" and mistake.name[0].islower()   # they follow "It looks as if"
