"""What a student reads: every kind of answer gets its own kind of message."""

import sys
from dataclasses import replace
from fractions import Fraction
from functools import partial
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from lecture_code.feedback import Mistake, NotRight, Task, check, progress, task, verdict


def centred(x):
    return x - x.mean(axis=1, keepdims=True), x.mean(axis=1)


def centred_by_the_wrong_axis(x):
    return x - x.mean(axis=0, keepdims=True), x.mean(axis=1)


def not_kept(x):
    return x - x.mean(axis=1), x.mean(axis=1)


def draw(rng, shape):
    return (rng.normal(size=shape).round(1),)


TASK = Task(
    name="centred", title="Task 0", takes="x", returns="c, m", reference=centred, draw=draw,
    shapes=((2, 2), (3, 4)),
    mistakes=[
        Mistake("you average over the wrong axis", "Which axis counts samples?", centred_by_the_wrong_axis),
        Mistake("your means have lost an axis", "Compare the shapes.", not_kept),
    ],
)


log_of_zero = eval(compile("lambda x: np.log(0 * x)", "/elsewhere/library.py", "eval"), {"np": np})


def check_fails(answer, **options):
    with pytest.raises(NotRight) as caught:
        check(TASK, answer, **options)
    return str(caught.value)


def test_a_right_answer_gets_one_line(capsys):
    check(TASK, lambda x: centred(x))
    assert capsys.readouterr().out == "✓ Task 0. Right on 6 random inputs.\n"


def test_a_right_answer_may_return_lists():
    assert verdict(TASK, lambda x: [part.tolist() for part in centred(x)]).kind == "right"


def test_a_stub_is_not_yet_done_and_gets_one_line():
    def stub(x):
        raise NotImplementedError

    assert check_fails(stub) == "Task 0. Not yet done."
    assert verdict(TASK, stub).kind == "to do"


@pytest.mark.parametrize("form", [
    lambda e: [Fraction(float(entry)) for entry in e] if e.ndim == 1 else e.tolist(),
    lambda e: e.astype(np.float32), lambda e: e.astype(object), lambda e: e.copy(order="F"),
    lambda e: np.stack([e, e])[0], lambda e: tuple(map(tuple, e)) if e.ndim == 2 else tuple(e)])
def test_a_right_answer_may_have_another_form(form):
    assert verdict(TASK, lambda x: tuple(form(part) for part in centred(x))).kind == "right"


def test_single_precision_is_measured_by_its_own_digits_unless_double_is_asked_for():
    def answer(x):
        return tuple(part.astype(np.float32) for part in centred(x))

    assert verdict(TASK, answer).kind == "right"
    assert verdict(TASK, lambda x: tuple(part * (1 + 1e-6) for part in centred(x))).kind == "different"
    assert verdict(TASK, lambda x: tuple(part * np.float32(1.001) for part in answer(x))).kind == "different"
    assert verdict(replace(TASK, double=True, rtol=1e-9), answer).kind == "different"


def test_rounding_where_zero_is_expected_is_no_mistake():
    balanced = replace(TASK, returns="m", reference=lambda x: np.zeros(2), mistakes=())
    assert verdict(balanced, lambda x: np.full(2, -1.1e-16)).kind == "right"
    assert verdict(balanced, lambda x: np.full(2, 1e-9)).kind == "different"
    assert verdict(replace(balanced, atol=0.0), lambda x: np.full(2, -1.1e-16)).kind == "different"


def test_the_reference_is_no_answer_and_is_not_shown():
    fetched = "Task 0. This calls the answer that yours is compared with. Write your own."
    assert check_fails(TASK.reference) == fetched
    assert check_fails(lambda x: TASK.reference(x)) == fetched
    assert TASK.reference(*TASK.example(0))[1].shape == (2,)    # outside a check it may be called
    assert "centred at" not in repr(TASK) and "average" not in repr(TASK)


def test_what_a_function_prints_stands_apart_and_is_shortened(capsys):
    def talks(x):
        for i in range(9):
            print("line", i)
        return centred(x)

    check(TASK, talks)
    assert capsys.readouterr().out.splitlines() == [
        "On the first input your function prints:", *[f"  line {i}" for i in range(5)], "  …",
        "✓ Task 0. Right on 6 random inputs."]


def test_an_unknown_mistake_is_compared_with_the_right_result():
    assert "\nEvery entry of c and m has the opposite sign.\n" in check_fails(lambda x: tuple(-part for part in centred(x)))
    assert "The order is another: you return (m, c)." in check_fails(lambda x: centred(x)[::-1])


def test_a_counterexample_shows_functions_and_truth_values():
    given = replace(TASK, takes="f, x, own", draw=lambda rng, size: (np.tanh, rng.normal(size=2).round(1), True),
                    reference=lambda f, x, own: f(x), returns="c", mistakes=())
    message = verdict(given, lambda f, x, own: f(x) + 1).message
    assert "\n  f = the function tanh, x = [" in message and message.endswith(", own = True")
    only = replace(given, takes="f", draw=lambda rng, size: (np.tanh,), reference=lambda f: f(1.0))
    assert verdict(only, lambda f: 3.0).message.endswith("f = tasks.centred.example(0)")


def test_a_counterexample_with_many_digits_is_shown_to_five():
    square = replace(TASK, takes="A, n", draw=lambda rng, n: (rng.normal(size=(3, 3)), n), shapes=(2,), returns="c",
                     reference=lambda A, n: n * A, mistakes=())
    *_, call, first, _, last, n = verdict(square, lambda A, n: n + A).message.splitlines()
    A, _ = square.example(0)
    assert call.endswith("A, n = tasks.centred.example(0), which is, to five digits,") and n == "  n = 2"
    assert first == "  A = [[" + ", ".join(f"{entry:.5g}" for entry in A[0]) + "],"
    assert last.startswith("       [") and last.endswith("]]")


def test_a_known_mistake_is_named_and_its_numbers_are_not_given():
    def answer(x):
        return x - x.mean(0), x.mean(1)

    message = check_fails(answer)
    assert message == ("Task 0. Not right yet.\nIt looks as if you average over the wrong axis. "
                       "Which axis counts samples?")


def test_a_known_mistake_is_recognised_by_its_error_where_the_shapes_do_not_fit():
    def answer(x):
        means = x.mean(axis=1)
        return x - means, means

    with pytest.raises(ValueError):
        answer(*TASK.example(3))
    assert check_fails(answer).endswith("\nIt looks as if your means have lost an axis. Compare the shapes.")


def test_an_error_alone_is_no_known_mistake():
    def answer(x):
        raise ValueError("mine")

    assert verdict(TASK, answer).kind == "error"


def test_a_mistake_must_agree_on_every_input():
    def answer(x):
        return centred_by_the_wrong_axis(x) if len(x) == 2 else centred(x)

    assert verdict(TASK, answer).kind == "different"


def test_an_unknown_mistake_gets_entry_values_and_input():
    def answer(x):
        c, m = centred(x)
        c[1, 0] += 1
        return c, m

    (x,) = TASK.example(0)
    expected = centred(x)[0][1, 0]
    assert check_fails(answer) == (
        f"Task 0. Not right yet.\nc[1, 0] should be {expected:.6g}, yours is {expected + 1:.6g}.\n"
        f"Where c is wrong, its first row is right.\nm is right.\n"
        f"The input that shows it: x = tasks.centred.example(0), which is\n  x = {x.tolist()}"
    )


class FakeTensor:
    """Behaves like a tensor of PyTorch that belongs to a graph: NumPy may not take it as it is."""

    size = np.size                              # a method, where an array has a number

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def numpy(self):
        return self.array

    def __array__(self, *arguments, **options):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


def test_tensors_are_as_good_as_arrays_as_answers_and_as_arguments():
    check(TASK, lambda x: tuple(FakeTensor(part) for part in centred(x)))
    assert "m should have the shape (2,), yours has (1, 2)." in check_fails(
        lambda x: (FakeTensor(centred(x)[0]), FakeTensor(centred(x)[1][None])))
    assert "what it returned is an array of shape (2, 2)" in check_fails(lambda x: FakeTensor(centred(x)[0]))
    given = Task(**{**vars(TASK), "draw": lambda rng, shape: (FakeTensor(*TASK.draw(rng, shape)),),
                    "reference": lambda x: centred(x.array)})
    check(given, lambda x: centred(x.array))
    found = verdict(given, lambda x: (centred(x.array)[0] + 1, centred(x.array)[1]))
    assert f"which is\n  x = {given.example(0)[0].array.tolist()}" in found.message


def test_a_view_says_what_of_a_value_is_compared():
    def outputs(model, drawn, used):
        if not callable(model):
            raise NotRight("Your function should return a model.")
        return model(*drawn)

    def maker(factor):
        return lambda x: lambda z: factor * z

    task = Task("model", "Task 0", "x", "outputs", maker(2.0), lambda rng, shape: (rng.normal(size=shape),), ((2,), (3,)),
                [Mistake("you double twice", "Look again.", maker(4.0))], view=outputs)
    assert verdict(task, maker(2.0)).kind == "right"
    assert verdict(task, maker(4.0)).mistake is task.mistakes[0]
    assert "outputs[0] should be" in verdict(task, maker(3.0)).message
    assert "Your function should return a model.\nThe input that shows it" in verdict(task, lambda x: 7).message
    assert "returned None" in verdict(task, lambda x: None).message
    assert verdict(task, lambda x: 1 / 0).kind == "error"
    assert ("What your function returned could not be tried: ZeroDivisionError: division by zero\nThe input that shows it"
            in verdict(task, lambda x: lambda z: 1 / 0).message)


def test_a_view_sees_the_arguments_as_they_were_drawn_and_as_the_call_left_them():
    def view(value, drawn, used):
        return [value, np.shares_memory(value, *used), drawn[0] is used[0], len(drawn[0]) - len(used[0])]

    def popping(x):
        x.pop()
        return np.ones(3)

    task = Task("ones", "Task 0", "x", "ones, shared, same, lost", lambda x: np.ones(3), lambda rng, shape: (np.ones(shape),),
                (3,), [Mistake("you return the argument itself", "Copy.", lambda x: x)], view=view)
    assert verdict(task, lambda x: x.copy()).kind == "right"
    assert verdict(task, lambda x: x[:]).mistake is task.mistakes[0]
    lists = Task(**{**vars(task), "draw": lambda rng, shape: ([1.0] * shape,), "mistakes": [],
                    "view": lambda value, drawn, used: [value, False, drawn[0] is used[0], len(drawn[0]) - len(used[0])]})
    assert "lost should be 0, yours is 1." in verdict(lists, popping).message


def test_a_large_input_is_not_printed():
    large = Task(**{**vars(TASK), "shapes": ((5, 5),)})
    assert verdict(large, lambda x: (x, x)).message.endswith("x = tasks.centred.example(0)")


def test_nothing_is_announced_where_an_input_has_nothing_to_show():
    models = Task(**{**vars(TASK), "takes": "model", "draw": lambda rng, shape: (np.sin,), "mistakes": [],
                     "reference": lambda model: centred(np.ones((2, 2)))})
    assert verdict(models, lambda model: (1, 2)).message.endswith("The input that shows it: model = tasks.centred.example(0)")


@pytest.mark.parametrize("answer, part", [
    (lambda x: (centred(x)[0][:1], centred(x)[1]), "c should have the shape (2, 2), yours has (1, 2)."),
    (lambda x: (centred(x)[0], "words"), "m should be an array of shape (2,), yours is of type str."),
    (lambda x: (centred(x)[0], [[1], [1, 2]]), "m should be an array of shape (2,), yours is a list of length 2."),
    (lambda x: centred(x)[0], "should return (c, m); what it returned is an array of shape (2, 2)."),
    (lambda x: 3.0, "should return (c, m); what it returned is of type float."),
    (lambda x: (centred(x)[0], None), "m should be an array of shape (2,), yours is None."),
    (lambda x: None, "returned None: does every way through it reach a `return`?"),
    (lambda x: (centred(x)[0] * np.nan, centred(x)[1]), "yours is nan."),
    (lambda x: (centred(x)[0], centred(x)[1] + np.inf), "yours is inf."),
])
def test_the_wrong_kind_of_result_is_described(answer, part):
    assert part in check_fails(answer)


@pytest.mark.parametrize("value, answer, part", [
    (0.5, lambda x: [0.5], "m should be a number, yours has the shape (1,)."),
    (0.5, lambda x: "half", "m should be a number, yours is of type str."),
    (True, lambda x: "yes", "m should be True or False, yours is of type str."),
])
def test_a_number_is_asked_for_as_a_number(value, answer, part):
    task = Task(**{**vars(TASK), "returns": "m", "reference": lambda x: value, "mistakes": ()})
    assert part in verdict(task, answer).message


def test_something_that_is_no_function_is_described():
    assert check_fails(3) == "Task 0. centred should be a function, yours is of type int."


def invert_first_row(x):
    return np.linalg.inv(x[:1])


def test_an_error_is_shown_as_theirs_with_their_line():
    def answer(x):
        return np.ones(3) @ x, x

    message = check_fails(answer)
    line = answer.__code__.co_firstlineno + 1
    assert "Your code raised ValueError: matmul" in message
    assert f"\nin line {line} of the cell:  return np.ones(3) @ x, x\n" in message
    assert "The input that shows it: x = tasks.centred.example(0)" in message


def test_a_comparison_of_a_whole_array_is_explained():
    (advice,) = {check_fails(answer).splitlines()[3] for answer in (
        lambda x: x if x < 1 else 2 * x, lambda x: max(x - 1, 0), lambda x: x > 0 and 1)}
    assert advice.endswith("Where each entry has its own answer, use np.where, np.maximum, or a loop.")
    of_shapes = check_fails(lambda x: x @ np.ones(7))
    assert "np.where" not in of_shapes and "raised ValueError" in of_shapes


def test_an_error_inside_a_library_is_shown_with_the_line_that_led_there():
    assert "of the cell:  return np.linalg.inv(x[:1])\n" in check_fails(lambda x: invert_first_row(x))


def test_a_changed_signature_is_recognised():
    def answer(x, y):
        return x, y

    assert "answer could not be called; is its `def` line as it was?" in check_fails(answer)


def test_an_answer_without_lines_of_its_own_is_checked_too():
    assert verdict(TASK, partial(centred)).kind == "right"
    message = check_fails(partial(invert_first_row))
    assert "raised LinAlgError" in message and "in line" not in message


def test_exit_and_endless_recursion_are_errors_of_the_student():
    def descend(x):
        return descend(x)

    assert "raised RecursionError" in check_fails(descend)
    assert "raised SystemExit" in check_fails(lambda x: sys.exit(1))


def test_an_interrupt_by_the_reader_passes_through():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(TASK, interrupted)


def loop(x):
    while True:
        pass


def test_an_endless_loop_is_stopped_and_said_to_be_one():
    message = check_fails(loop, seconds=0.2)
    assert "was stopped after 0.2 s\nin line" in message and "Does a loop never end?" in message


def test_a_known_mistake_is_named_even_if_it_never_ends_on_a_later_input():
    def answer(x):
        while len(x) == 3:
            pass
        return centred_by_the_wrong_axis(x)

    assert verdict(TASK, answer, seconds=0.2).mistake is TASK.mistakes[0]


def test_a_warning_is_passed_on_with_its_line_and_does_not_make_a_right_answer_wrong(capsys, recwarn):
    def careless(x):
        c, m = centred(x)
        return np.where(x == x, c, np.log(0 * x)), m

    for _ in range(2):                              # Python itself warns of a line once
        check(TASK, careless)
        assert capsys.readouterr().out.splitlines()[1:] == [
            "On the way there is a warning: divide by zero encountered in log",
            f"in line {careless.__code__.co_firstlineno + 2} of the cell:  return np.where(x == x, c, np.log(0 * x)), m",
            "The result is right all the same. Can you do without what is warned of?"]
    assert not recwarn.list                         # nothing beside


def test_a_warning_helps_where_the_result_is_wrong_and_not_where_the_mistake_is_known():
    message = check_fails(lambda x: (x / (0 * x), x.mean(axis=1)))
    assert "On the way there is a warning: divide by zero encountered in divide\nin line" in message

    def known(x):
        np.log(0 * x)
        return centred_by_the_wrong_axis(x)

    assert "warning" not in check_fails(known)


def test_what_a_library_is_warned_of_is_no_remark():
    def careful(x):
        log_of_zero(x)
        return centred(x)

    assert verdict(TASK, careful).message == "✓ Task 0. Right on 6 random inputs."


def test_a_changed_input_is_noticed():
    def answer(x):
        m = x.mean(axis=1)
        x -= m[:, None]
        return x.copy(), m

    message = check_fails(answer)
    assert "Your function changes its argument x" in message and "should be" not in message


def test_a_result_that_shares_memory_with_the_input_is_fine():
    same = Task(**{**vars(TASK), "returns": "x", "reference": lambda x: x, "mistakes": ()})
    assert verdict(same, lambda x: x).kind == "right"


def test_inputs_are_the_same_and_new_at_every_call():
    (first,), (again,), (other,) = TASK.example(4), TASK.example(4), TASK.example(5)
    assert np.array_equal(first, again) and first is not again and not np.array_equal(first, other)
    assert [TASK.example(case)[0].shape for case in range(TASK.cases)] == [(2, 2)] * 3 + [(3, 4)] * 3


def test_progress_counts_and_never_fails(capsys):
    def task(number, points):
        return Task(**{**vars(TASK), "name": number, "title": f"Task {number}: the mean", "points": points})

    def stub(x):
        raise NotImplementedError

    tasks = SimpleNamespace(ALL=(task("1", 5), task("2", 1), task("3", 2), task("4", 3)), WRITTEN={"Task 5: a proof": 4})
    progress(tasks, {"1": centred, "2": stub, "3": not_kept})
    assert capsys.readouterr().out.splitlines() == [
        "✓ Task 1: the mean (5 points)", "· Task 2: the mean (1 point, not yet done)",
        "✗ Task 3: the mean (2 points, not right yet)", "· Task 4: the mean (3 points, not yet done)",
        "  Task 5: a proof (4 points, read by a person)",
        "1 of 4 checked tasks are done: 5 of 11 points. A person gives up to 4 more for what is written.",
        "Left: Task 2, Task 3, Task 4"]


def test_true_and_false_are_said_as_such():
    @task("Task 0: signs", returns="b", draw=lambda rng, n: (rng.normal(size=n), np.tanh, True), shapes=(2,))
    def signs(x, f, strict):
        return x > 0

    for answer in (lambda x, f, strict: x < 0, lambda x, f, strict: list(map(bool, x < 0))):
        said = verdict(signs, answer).message.splitlines()
        assert said[1:3] == ["b[0] should be True, yours is False.",
                             "b says True where it should say False, and the other way round."]
        assert said[4].endswith("f = the function tanh, strict = True")


def test_a_task_is_written_around_its_right_answer():
    @task("Task 0: the mean", returns="m", points=2, draw=lambda rng, n: (rng.normal(size=n),), shapes=(2, 5))
    def mean(x):
        return x.sum() / len(x)

    @mean.mistake("you divide by N − 1", "How many numbers do you add?")
    def too_large(x):
        return x.sum() / (len(x) - 1)

    mean.mistake("you return the sum", "For which N is it the mean?", np.sum)
    mean.mistake("your sign is wrong", "Look at positive numbers.", result=np.negative)
    assert (mean.name, mean.takes, mean.returns, mean.points) == ("mean", "x", "m", 2)
    assert repr(mean) == "Task(name='mean', title='Task 0: the mean', takes='x', returns='m', rtol=1e-07, atol=1e-12, double=False)"
    assert verdict(mean, np.mean).kind == "right"
    for answer, name in ((lambda x: x.sum() / (x.size - 1), "you divide by N − 1"), (np.sum, "you return the sum"),
                         (lambda x: -x.mean(), "your sign is wrong")):
        assert verdict(mean, answer).mistake.name == name
    assert too_large(np.arange(3)) == 1.5                       # decorated, and still a function


def test_a_mistake_may_change_an_argument_a_part_of_the_reference_or_of_the_result():
    @task("Task 0: a step", returns="theta, length", draw=lambda rng, n: (rng.normal(size=n), rng.normal(size=n), 0.3),
          shapes=(2, 5))
    def step(theta, g, eta, *, length=lambda v: np.sqrt(v @ v)):
        return theta - eta * g, eta * length(g)

    step.mistake("you walk uphill", "Which sign has a step?", eta=np.negative, length=lambda v: -np.sqrt(v @ v))
    step.mistake("the root is missing", "The length of (3, 4) is 5.", length=lambda v: v @ v)
    step.mistake("you return the step", "Where does it lead?", g=lambda g: -g, theta=np.zeros_like)
    step.mistake("the length is negative", "Look at it.", result={"length": np.negative})
    assert step.takes == "theta, g, eta"                        # and not what the reference takes by keyword
    g, eta = np.array([3.0, 4.0]), 0.1
    got = [[part.round(9).tolist() for part in mistake.answer(g, g, eta)] for mistake in step.mistakes]
    assert got == [[[3.3, 4.4], 0.5], [[2.7, 3.6], 2.5], [[0.3, 0.4], 0.5], [[2.7, 3.6], -0.5]]
    for mistake in step.mistakes:
        assert verdict(step, mistake.answer).mistake is mistake


def test_a_mistake_may_be_a_slip_in_the_text_of_the_reference():
    @task("Task 0: the mean", returns="m", draw=lambda rng, n: (rng.normal(size=n),), shapes=(2, 5))
    def mean(x):
        total = sum(x)
        return total / len(x)

    mean.mistake("you divide by N − 1", "How many numbers do you add?", slip={"len(x)": "(len(x) - 1)"})
    mean.mistake("you multiply by N, and lose the last number", "Can it be so large?", slip={"/": "*", "sum(x)": "sum(x[:-1])"})
    x = np.array([2.0, 4.0, 9.0])
    assert [mistake.answer(x) for mistake in mean.mistakes] == [7.5, 18.0]
    for mistake in mean.mistakes:
        assert verdict(mean, mistake.answer).mistake is mistake
    for wrong in ({"median": "y"}, {"(x)": "(y)"}):             # not in it; in three places
        with pytest.raises(ValueError, match="should stand once in the text of mean"):
            mean.mistake("you make a slip", "Where?", slip=wrong)
    assert len(mean.mistakes) == 2


def test_a_slip_may_stand_in_a_part_that_several_references_share():
    def centred(x):
        return x - x.mean()

    @task("Task 0: the spread", returns="spread", draw=lambda rng, n: (rng.normal(size=n),), shapes=(2, 5))
    def spread(x, *, around=centred):
        return (around(x) ** 2).sum()

    spread.mistake("you do not subtract the mean", "Is the spread of 7 and 7 zero?", around={" - x.mean()": ""})
    assert spread.mistakes[0].answer(np.array([1.0, 3.0])) == 10 and spread.reference(np.array([1.0, 3.0])) == 2
    with pytest.raises(ValueError, match="should stand once in the text of centred"):
        spread.mistake("you make a slip", "Where?", around={"x.median()": "0"})


def test_long_sentences_are_broken_between_words_and_code_is_not():
    sentence, code = "It looks as if " + "you forgot a word " * 6, "in line 3 of the cell:  x = " + "1 + " * 30 + "1"
    first, *more = NotRight(f"Task 0. Not right yet.\n{sentence}\n{code}\n  x = 3")._render_traceback_()
    assert first == "Task 0. Not right yet." and more[-2:] == [code, "  x = 3"]
    assert len(more) == 4 and " ".join(more[:-2]) == sentence.strip() and max(map(len, more[:-2])) <= 88


def test_a_cell_that_calls_an_unfinished_function_says_so_in_one_line():
    cells = [
        "from lecture_code.feedback import check",
        "def slope(x):\n    raise NotImplementedError",
        "def twice(x):\n    return 2 * slope(x)\n\ntwice(3)",
        "raise NotImplementedError('of my own')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    shown = ["\n".join(cell.outputs[0].traceback) if cell.outputs else "" for cell in notebook.cells]
    assert shown[:3] == ["", "", "slope is not yet done."]
    assert "of my own" in shown[3] and "Traceback" in shown[3]


def test_a_notebook_fails_at_the_cell_and_shows_the_message_alone():
    cells = [
        "from lecture_code.feedback import check\nfrom lecture_tasks import backpropagation as tasks",
        "def bias_gradients(W, b, x, y):\n    z = W[1]\n    return z + 'a'",
        "check(tasks.bias_gradients, bias_gradients)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, kernel_name="python3").execute()
    (output,) = notebook.cells[2].outputs
    assert output.ename == "NotRight"
    shown = "\n".join(output.traceback)
    assert shown.split() == output.evalue.split()
    assert len(max(output.traceback, key=len)) <= 88
    assert "in line 3 of the cell:  return z + 'a'" in shown and "Traceback" not in shown
