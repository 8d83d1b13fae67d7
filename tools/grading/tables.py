"""What an instructor reads: one page for the class, a page for every student, and tables."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tools.grading.marks import Record, answer_to, csv_text, total
from tools.grading.opened import ExerciseSet

STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:78rem;padding:0 1rem;color:#1b1b1b;background:#fff}
h2{margin-top:2.5rem}table{border-collapse:collapse;font-size:.875rem}
th,td{border:1px solid #bbb;padding:.35rem .55rem;text-align:left;vertical-align:top;min-width:4.5rem;max-width:17rem;overflow-wrap:break-word}
thead th{background:#f0f0f0;position:sticky;top:0;z-index:1}thead th:first-child{left:0;z-index:2}tbody th{background:#fff;position:sticky;left:0}
.wide{overflow:auto;max-height:92vh}.said-of{min-width:9rem;overflow-wrap:anywhere}summary{white-space:nowrap}
@media print{.wide{max-height:none}}.right{background:#e2f2e5}.wrong{background:#fbe6e3}.open{background:#fdf5d8}
td small{display:block}td details,.said{margin-top:.2rem;white-space:pre-wrap}
section{border-left:4px solid #bbb;padding:.1rem 1rem;margin:1rem 0}section h2{font-size:1.05rem;margin:.4rem 0}section .said{margin:.6rem 0}
section.right{border-color:#2e7d46}section.wrong{border-color:#b3402f}section.open{border-color:#b58900}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#16181c}th,td{border-color:#555}thead th{background:#2a2d33}tbody th{background:#16181c}
.right{background:#173322}.wrong{background:#40201b}.open{background:#3a3113}}
"""
SHORT = {"right": "", "to do": "not begun", "endless": "does not end", "input changed": "changes its input",
         "different": "wrong, not recognised", "by hand": "to be read", "missing": "no such function", "marked": "marked by hand"}


def short(found: dict[str, Any]) -> str:
    """Say in a few words what became of a task."""
    if found["kind"] == "error":
        return found["message"].partition("Your code raised ")[2].partition("\n")[0][:80] or found["message"][:80]
    return found["mistake"] or SHORT.get(found["kind"], found["kind"])


def look(found: dict[str, Any]) -> str:
    if found["points"] is None or 0 < found["points"] < found["out_of"]:
        return "open"
    return "right" if found["points"] == found["out_of"] else "wrong"


def page(title: str, parts: list[str]) -> str:
    return "\n".join([
        f"<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{html.escape(title)}</title><style>{STYLE}</style><h1>{html.escape(title)}</h1>", *parts, "</html>", ""])


def table(columns: list[str], rows: Iterator[str]) -> str:
    head = "".join(f"<th scope='col'>{column}</th>" for column in columns)
    return f"<div class='wide' tabindex='0'><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"


def report(records: list[Record], sets: dict[str, ExerciseSet], how: list[str]) -> str:
    text = html.escape
    parts = ["<ul>", *(f"<li>{text(line)}</li>" for line in how), "</ul>"]
    for name in sorted({record["set"] for record in records} & set(sets)):
        rows, points = [record for record in records if record["set"] == name], sets[name].points
        parts += [f"<h2>{text(name)}</h2><h3>The class</h3>", table(["Task", "Right", "What went wrong, how often"], (
            f"<tr><th scope='row'>{text(task)}</th><td>{right} of {len(rows)}</td><td>"
            + "<br>".join(f"{count} × {text(reason)}" for reason, count in reasons) + "</td></tr>"
            for task, right, reasons in summary(rows, list(points))))]
        if alike := similar(rows):
            parts += ["<h3>Answers that are alike</h3><ul>", *(f"<li>{text(line)}</li>" for line in alike), "</ul>"]
        parts += ["<h3>Students</h3>", table(
            ["Student", "Points", "Remarks", *(f"{text(task)}<br>({out_of:g})" for task, out_of in points.items())], (
                f"<tr><th scope='row'>{text(record['student'])}</th><td>{total(record):g} of {sum(points.values()):g}</td>"
                f"<td class='said-of'>{'<br>'.join(map(text, remarks(record)))}</td>"
                + "".join(cell(record["results"].get(task)) for task in points) + "</tr>" for record in rows))]
    if stray := [record for record in records if record["set"] not in sets]:
        parts += ["<h2>Not graded</h2><ul>", *(
            f"<li><b>{text(record['student'])}</b>: {text('; '.join(remarks(record)))}</li>" for record in stray), "</ul>"]
    return page("Grades", parts)


def cell(found: dict[str, Any] | None) -> str:
    if found is None:
        return "<td></td>"
    points = "?" if found["points"] is None else f"{found['points']:g}"
    said = found["message"] if found["kind"] != "right" else ""
    more = f"<details><summary>message</summary>{html.escape(said)}</details>" if said else ""
    return f"<td class='{look(found)}'>{points}<small>{html.escape(short(found))}</small>{more}</td>"


def remarks(record: Record) -> list[str]:
    return [text for text in (record["trouble"], *record["notes"]) if text]


def summary(rows: list[Record], tasks: list[str]) -> Iterator[tuple[str, int, list[tuple[str, int]]]]:
    """For every task: how many have it right, and what went wrong, most frequent first."""
    for task in tasks:
        found = [record["results"][task] for record in rows if task in record["results"]]
        reasons = Counter(short(one) for one in found if look(one) != "right").most_common()
        others = sum(count for _, count in reasons[7:])
        yield task, sum(look(one) == "right" for one in found), reasons[:7] + [("something else", others)] * (others > 0)


def worth(found: dict[str, Any]) -> str:
    return f"? of {found['out_of']:g}" if found["points"] is None else f"{found['points']:g} of {found['out_of']:g}"


def to_read(records: list[Record]) -> str:
    """Return a page with all answers that somebody has to read, task by task, to be marked in `marks.csv`."""
    parts = []
    for key in dict.fromkeys((record["set"], task) for record in records for task, found in record["results"].items()
                             if found["kind"] in ("by hand", "marked")):
        parts.append(f"<h2>{html.escape(': '.join(key))}</h2>")
        for record in records:
            found = record["results"].get(key[1]) if record["set"] == key[0] else None
            if found and found["kind"] in ("by hand", "marked"):
                answer = answer_to(record, key[1]) or "in a cell of their own: see the folder notebooks"
                parts.append(f"<section class='{look(found)}'><h2>{html.escape(record['student'])}: {worth(found)}</h2>"
                             f"<div class='said'>{html.escape(answer)}</div><p>{html.escape(found['message'])}</p></section>")
    return page("Answers to be read", parts or ["<p>There are none.</p>"])


def feedback(record: Record, handed_out: ExerciseSet) -> str:
    """Return the page that a student gets back."""
    text = html.escape
    parts = [f"<p>{text(record['student'])}: <b>{total(record):g} of {sum(handed_out.points.values()):g} points</b></p>"]
    parts += [f"<p>{text(remark)}</p>" for remark in remarks(record) if not remark.startswith(("to be looked at", "refused"))]
    for task, found in record["results"].items():
        points = "to be read" if found["points"] is None else f"{found['points']:g} of {found['out_of']:g}"
        said = [short(found), found["message"] if found["kind"] != "right" else "", found.get("comment", "")]
        parts += [f"<section class='{look(found)}'><h2>{text(found['title'] or task)}: {points}</h2>",
                  *(f"<div class='said'>{text(each)}</div>" for each in said if each not in ("", points)), "</section>"]
    return page(record["set"], parts)


def in_words(record: Record) -> str:
    """Return the feedback as one line of text, for the table of a learning platform."""
    lost = [f"{found['title'] or task}: {worth(found)}{', ' * bool(said := found.get('comment') or short(found))}{said}"
            for task, found in record["results"].items() if look(found) != "right"]
    return "; ".join(lost) or "All right."


def results(records: list[Record]) -> str:
    """Return the table with a line for every student and task."""
    rows: list[list[Any]] = [["student", "set", "task", "points", "out_of", "kind", "mistake", "message", "comment", "remarks"]]
    for record in records:
        said = "; ".join(remarks(record))
        for task, found in record["results"].items() or [("", None)]:
            rows.append([record["student"], record["set"], task, *(
                [found[name] for name in ("points", "out_of", "kind", "mistake", "message")] + [found.get("comment", "")]
                if found else [""] * 6), said])
    return csv_text(rows)


def of_set(records: list[Record], handed_out: ExerciseSet) -> str:
    """Return the table of one set: a line for every student, a column for every task."""
    tasks = list(handed_out.points)
    rows: list[list[Any]] = [["student", "id", "total", "out_of", "to_be_read", *tasks, "remarks"]]
    for record in (each for each in records if each["set"] == handed_out.name):
        found = record["results"]
        rows.append([record["student"], record["id"], total(record), sum(handed_out.points.values()),
                     sum(one["points"] is None for one in found.values()),
                     *(found[task]["points"] if task in found else "" for task in tasks), "; ".join(remarks(record))])
    return csv_text(rows)


def points(records: list[Record]) -> str:
    """Return the table with a line for every student, and a column for every set."""
    sets = sorted({record["set"] for record in records if record["set"]})
    rows: list[list[Any]] = [["student", "id", "total", "to_be_read", *sets, "remarks"]]
    for student in dict.fromkeys(record["student"] for record in records):
        theirs = [record for record in records if record["student"] == student]
        by_set = {record["set"]: total(record) for record in theirs if record["results"]}
        rows.append([student, theirs[0]["id"], sum(by_set.values()),
                     sum(found["points"] is None for record in theirs for found in record["results"].values()),
                     *(by_set.get(name, "") for name in sets),
                     "; ".join(remark for record in theirs for remark in remarks(record))])
    return csv_text(rows)


# ---------------------------------------------------------------- answers that are alike

LONG_ENOUGH = 60                                # words and signs, below which two answers are alike by chance
ALIKE = 0.9                                     # share of runs of five that two answers have in common


def alike(one: set[int], other: set[int]) -> bool:
    """Whether what two sets have in common is more than its share of both together; a million pairs take seconds."""
    if min(len(one), len(other)) <= ALIKE * max(len(one), len(other)):
        return False
    return (1 + ALIKE) * len(one & other) > ALIKE * (len(one) + len(other))


def similar(rows: list[Record]) -> list[str]:
    """Return which answers to one task are identical, and which nearly so: all that are alike on one line."""
    found = []
    for task in dict.fromkeys(task for record in rows for task in record["answers"]):
        texts: dict[tuple[str, ...], list[str]] = {}
        for record in rows:
            signs = tuple(re.findall(r"\w+|[^\w\s]", record["answers"].get(task, "")))
            if len(signs) >= LONG_ENOUGH:
                texts.setdefault(signs, []).append(record["student"])
        found += [f"{task}: identical: {', '.join(names)}" for names in texts.values() if len(names) > 1]
        groups: list[tuple[set[int], list[list[str]]]] = []     # the runs of its first text, and whose its texts are
        for signs, names in texts.items():
            runs = {hash(signs[i:i + 5]) for i in range(len(signs) - 4)}
            near = next((theirs for first, theirs in groups[:300] if alike(runs, first)), None)
            if near is None:
                groups.append((runs, near := []))
            near.append(names)
        found += [f"{task}: nearly identical: {', '.join(sorted(sum(theirs, [])))}" for _, theirs in groups if len(theirs) > 1]
    return found
