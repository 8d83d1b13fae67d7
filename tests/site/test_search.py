"""The search finds the section that a reader wants, shows no more than it should, and leads to the words."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from urllib.parse import quote_plus

import pytest

pytest.importorskip("playwright", reason="Playwright is not installed")
import section_search  # noqa: E402
from browser import visit  # noqa: E402
from built_site import pages  # noqa: E402

# ---------------------------------------------------------------- what can be found


@pytest.mark.parametrize(("latex", "words"), [
    (r"\nabla C(\theta)", "∇C(θ)"), (r"\tfrac12 x^2", "1/2 x²"), (r"10^{-3}", "10⁻³"), (r"\frac{1-\mu}{1+\mu}", "(1-μ)/(1+μ)"),
    (r"\log \frac{\tau}{1-\tau}", "log τ/(1-τ)"), (r"\mathbb R^{K\times d}", "ℝ^(K×d)"), (r"(W^{[\ell]})^{\mathsf T}", "(W^[ℓ])ᵀ"),
    (r"\operatorname{KL}(p\|q) \ge 0", "KL(p‖q) ≥ 0"), (r"\left(\log x\right)^2", "(log x)²"), (r"\nabla C \ne 0", "∇C ≠ 0"),
    (r"x_0 + x_1 + x_2 + x_3 + x_4 + x_5 + x_6 + x_7 + x_8", "…"),
])
def test_short_formulas_are_words_and_long_ones_are_left_out(latex, words):
    assert section_search.unicode_of(latex) == words


@pytest.fixture(scope="module")
def sections(site) -> dict[str, list]:
    """The places of each page: anchor, title, text, other names, the position of the one around it."""
    text = (site / "search-sections.js").read_text(encoding="utf-8")
    rows = json.loads(text.removeprefix("window.searchSections=").rstrip(";\n"))
    return {page: places for page, _, places in rows}


def test_every_place_that_can_be_found_is_there(site, sections):
    assert sorted(f"{page}.html" for page in sections) == sorted(pages())
    for page, places in sections.items():
        anchors = set(re.findall(r'\bid="([^"]+)"', (site / f"{page}.html").read_text(encoding="utf-8")))
        assert {place[0] for place in places} - {""} <= anchors, page


def test_no_excerpt_has_latex_or_machinery_in_it(sections):
    for page, places in sections.items():
        for _, title, text, *_ in places if "contributing" not in page else ():
            assert not re.search(r"\\|\$\$|\0|Show code|Check of|\beq-\w|\bch-\w|BEGIN SOLUTION|Hint \d", text), (page, title)


def test_a_solution_says_no_more_than_its_title(sections):
    solutions = {page: places for page, places in sections.items() if page.startswith("solutions/")}
    assert solutions and all(place[2] == "" for places in solutions.values() for place in places)


def test_references_and_sections_have_their_numbers(sections):
    titles = [place[1] for place in sections["book/08-optimizers"]]
    assert titles[0] == "8 Optimizers" and "8.3 Momentum: remember the direction" in titles
    assert any(re.search(r"\(\d+\.\d+\)", place[2]) for place in sections["book/10-kl-divergence"])


def test_other_names_of_sections_read_as_entries_of_an_index():
    names = [name for sections in section_search.other_words().values() for entry in sections.values() for name in entry.split("; ")]
    assert len(names) > 100
    assert [name for name in names if re.match(r"(how|why|when|what|which|who|is|does|do|can)\b", name) or "?" in name] == []
    assert [name for name in names if re.search(r"\btoo (large|small)\b|\bat test time\b|\bhow to\b", name) and "," not in name] == []


def test_a_page_that_is_gone_or_read_by_another_process_is_not_forgotten():
    env, other = SimpleNamespace(), SimpleNamespace(search_places={"b": ["B"], "c": ["C"]})
    section_search.places_of(env).update(a=["A"], b=["old"])
    section_search.on_env_merge_info(None, env, {"b"}, other)
    section_search.on_env_purge_doc(None, env, "a")
    assert env.search_places == {"b": ["B"]}


# ---------------------------------------------------------------- in a browser

#: What readers type, and where they want to be: the first result.
WANTED = {
    "softmax gradient": "09-softmax-regression.html#the-gradient-what-you-expected-minus-what-happened",
    "momentum": "08-optimizers.html#momentum-remember-the-direction",
    "learning rate too large": "04-gradient-descent.html#how-far-may-you-step",
    "He initialization": "15-vanishing-gradients.html#xavier-and-he",
    "cross-entropy": "10-kl-divergence.html#kl-negative-entropy-cross-entropy",
    "chain rule": "02-calculus.html#the-derivative-and-its-rules",
    "dropout": "16-generalisation.html#dropout-leave-units-out",
    "im2col": "17-convolution.html#from-loops-to-one-matrix-product",
    "receptive field": "18-convolution-networks.html#count-before-you-train",
    "Jensen": "10-kl-divergence.html#a-second-proof-by-jensen-s-inequality",
    "early stopping": "16-generalisation.html#stop-early",
    "batch size": "07-mini-batches.html#from-one-sample-to-a-mini-batch",
    "stride": "17-convolution.html#channels-stride-padding-pooling",
    "softmax": "09-softmax-regression.html#from-scores-to-a-distribution",
}
#: What students ask in their own words: among the first two.
ASKED = {
    "vanishing": "15-vanishing-gradients.html",
    "weight decay": "08-optimizers.html#adamw-keep-the-decay-out-of-the-scale",
    "why divide by batch size": "07-mini-batches.html#sum-or-mean",
    "vanishing gradient": "15-vanishing-gradients.html#divide-by-eight",
    "what is a Jacobian": "02-calculus.html#many-outputs-the-jacobian",
    "momentum formula": "08-optimizers.html#momentum-remember-the-direction",
    "dropout at test time": "16-generalisation.html#what-the-whole-network-computes",
    "softmax overflow": "09-softmax-regression.html#when-exponentials-overflow",
    "saddle point": "05-loss-landscapes.html#kinds-of-flat-points",
    "overfitting": "16-generalisation.html#a-network-that-makes-no-mistake",
    "KL divergence not symmetric": "10-kl-divergence.html#a-divergence-not-a-distance",
    "padding stride output size": "18-convolution-networks.html#stride-and-padding",
    "why cross entropy instead of squared error": "10-kl-divergence.html#why-not-squared-error",
    "dead relu": "03-neurons.html#other-bends",
    "adam bias correction": "08-optimizers.html#adam-both-ideas-and-an-honest-average",
    "does sgd converge with constant learning rate": "06-stochastic-gradient-descent.html#the-theorem-and-what-it-does-not-say",
    "number of parameters of a convolution layer": "18-convolution-networks.html#count-before-you-train",
    "max pooling backward": "18-convolution-networks.html#pooling",
    "why does pytorch accumulate gradients": "19-pytorch.html#why-gradients-accumulate",
    "when to stop training": "04-gradient-descent.html#when-do-you-stop",
    "check gradient with finite differences": "02-calculus.html#the-referee-for-derivatives",
    "is the cost function convex": "05-loss-landscapes.html#not-convex",
    "difference between epoch and step": "07-mini-batches.html#epochs-and-a-last-batch-that-is-too-short",
    "forward mode vs reverse mode": "13-automatic-differentiation.html#forward-or-reverse",
    "batch norm at test time": "16-generalisation.html#after-training-and-with-tiny-batches",
    "train validation test split": "01-supervised-learning.html#three-sets",
    "how to choose the learning rate": "04-gradient-descent.html#how-far-may-you-step",
    "how many hidden layers": "11-one-hidden-layer.html",
    "derivative of the sigmoid": "03-neurons.html#what-to-know-about-the-sigmoid",
    "does a minibatch reduce the variance": "clarifications.html#the-variance-of-a-mini-batch-gradient-falls-like-1-m",
    "shuffle every epoch": "07-mini-batches.html#epochs-and-a-last-batch-that-is-too-short",
    "how much memory does training need": "14-deep-networks.html#memory",
    "learning rate too small": "04-gradient-descent.html#how-far-may-you-step",
    "loss becomes nan": "09-softmax-regression.html#when-exponentials-overflow",
    "why does SGD oscillate around the minimum": "06-stochastic-gradient-descent.html#a-parabola-that-shakes",
    "can a single neuron learn XOR": "03-neurons.html#what-a-single-neuron-cannot-say",
    "multi gpu training": "21-scale.html#two-processes-one-gradient",
    "why does my loss go up": "04-gradient-descent.html#how-far-may-you-step",
    "loss increases": "04-gradient-descent.html#how-far-may-you-step",
    "what is a batch": "07-mini-batches.html#from-one-sample-to-a-mini-batch",
    "what is an epoch": "07-mini-batches.html#epochs-and-a-last-batch-that-is-too-short",
    "difference between SGD and Adam": "08-optimizers.html#one-table",
    "how many layers do I need": "14-deep-networks.html#is-deeper-better",
    "dying relu": "03-neurons.html#other-bends",
    "large batch does not fit in memory": "21-scale.html#a-large-batch-in-small-pieces",
}


def results(page, query: str) -> list[tuple[str, str, str]]:
    """Address, mark and excerpt of what is found on the search page."""
    field = page.locator("main input[name=q]")
    field.fill(query)
    field.press("Enter")
    page.locator("#search-results [role=status]", has_text=f"“{query}”").wait_for()
    return page.locator("#search-results li").evaluate_all("""lines => lines.map((line) => [
        line.querySelector("a").getAttribute("href").replace(/\\?find=[^#]*/, ""),
        line.querySelector(".search-kind")?.textContent || "", line.querySelector("p")?.textContent || ""])""")


def test_the_first_result_is_the_place_that_a_reader_wants(browser, site):
    with visit(browser, (site / "search.html").as_uri()) as visited:
        found = {query: results(visited.page, query) for query in WANTED}
        assert {query: (lines or [("",)])[0][0] for query, lines in found.items()} == {query: f"book/{place}" for query, place in WANTED.items()}
        lines = found["batch size"]
        assert all(excerpt for place, _, excerpt in lines if place.startswith("book/"))
        assert visited.page.locator("#search-results li > a mark").count() > 0
        results(visited.page, "why does my loss go up")
        marked = {word.lower() for word in visited.page.locator("#search-results mark").all_inner_texts()}
        assert "loss" in marked and not marked & {"why", "does", "my", "go", "goes", "up"}, "what only asks is not marked"
        assert results(visited.page, "softm")[0][0].startswith("book/09-softmax-regression.html")
        assert results(visited.page, "qwzx") == []
        assert "No section has" in visited.page.locator("#search-results").inner_text()
        visited.page.go_back()
        assert visited.page.locator("#search-results li").count() > 1 and "q=softm" in visited.page.url
        assert visited.errors == []


def test_a_question_in_a_student_s_own_words_has_its_place_among_the_first_two(browser, site):
    with visit(browser, (site / "search.html").as_uri()) as visited:
        found = {query: [place for place, _, _ in results(visited.page, query)[:2]] for query in ASKED}
        assert {query: places for query, places in found.items() if f"book/{ASKED[query]}" not in places} == {}


def test_solutions_come_last_marked_and_without_an_excerpt(browser, site):
    with visit(browser, (site / "search.html").as_uri()) as visited:
        lines = results(visited.page, "find the bug")
        marks = [mark for _, mark, _ in lines]
        last = marks.index("Solution")
        assert "Exercise" in marks[:last] and set(marks[last:]) == {"Solution"}
        assert all(place.startswith("solutions/") and not excerpt for place, _, excerpt in lines[last:])


@pytest.mark.parametrize("served", [False, True], ids=["from-disk", "served"])
def test_a_result_leads_to_the_words_and_marks_them(browser, site, address, served):
    where = address if served else site.as_uri()
    with visit(browser, f"{where}/search.html?q={quote_plus('saddle newton')}", width=390, dark=served) as visited:
        page = visited.page
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator("#search-results a").first.click()
        page.wait_for_function("() => CSS.highlights?.get('found')?.size", polling=100)
        page.wait_for_function("""() => [...CSS.highlights.get('found')].some((range) => {
            const box = range.getBoundingClientRect();
            return box.height && box.top >= 0 && box.bottom <= innerHeight; })""")
        words = page.evaluate("[...CSS.highlights.get('found')].map(String)")
        marks = page.evaluate("""() => { const { color, backgroundColor } = getComputedStyle(document.body, "::highlight(found)");
                                         return [color, backgroundColor]; }""")
        assert marks == ["rgb(0, 0, 0)", "rgb(255, 216, 77)"], "a mark has to be seen on the ground of a target, too"
        assert {word.lower()[:5] for word in words} <= {"saddl", "newto"}
        assert "find=" not in page.url
        assert visited.refused == [] and visited.errors == []


def test_no_page_but_that_of_the_search_loads_what_it_needs(site):
    for name in pages():
        text = (site / name).read_text(encoding="utf-8")
        assert not re.search(r'src="[^"]*(searchtools|searchindex|language_data|search-sections)', text), name
    assert 'search-sections.js"' in (site / "search.html").read_text(encoding="utf-8")
