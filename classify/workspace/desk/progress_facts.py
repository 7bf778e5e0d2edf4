"""The sections of the desk report on the work: what is done, by whom, and how long it took."""

from collections.abc import Mapping
from typing import Any

from classify.workspace.desk import charts
from classify.workspace.desk.facts import Desk
from classify.workspace.desk.parts import missing, section, table
from classify.workspace.desk.words import Words, person
from labels.annotations import IMPORTED
from training.report.html import Child, Html, tag
from training.report.layout import figure

_STATES = (  # CSS class, word, count of `labels status`
    ("bar", "done", "agreed"),
    ("pale", "waiting", "waiting"),
    ("wrong", "disputed", "to_adjudicate"),
    ("track", "to-do", "to_do"),
)


def summary(desk: Desk, words: Words) -> list[Html]:
    """Say how far the annotation is, as a sentence, a bar and four numbers, and what is next."""
    progress = desk.progress
    if not progress["articles"]:
        sentence = words.say("no-articles")
    else:
        values = {
            "done": tag("b", words.count(progress["agreed"], "article")),
            "all": words.number(progress["articles"]),
        }
        sentence = words.say("summary", **values)
    counts = [(css, words[word], int(progress[key])) for css, word, key in _STATES]
    cards = (
        tag(
            "div",
            tag("dt", tag("span", class_=f"swatch {css}"), name),
            tag("dd", words.number(number), class_="big"),
            class_="card",
        )
        for css, name, number in counts
    )
    return [
        tag("p", sentence, class_="standfirst"),
        charts.states(counts, words["states"]),
        tag("dl", *cards, class_="cards states-list"),
        _next_step(progress["next"], words),
    ]


def _next_step(advice: Mapping[str, str], words: Words) -> Html:
    command = advice["command"]
    shown = (
        tag("b", "Label All Tasks", lang="en")
        if command.startswith("annotate")
        else tag("code", command, lang="en")
    )
    reason = words.steps.get(command)
    return tag(
        "p",
        tag("b", words["next"]),
        shown,
        tag("span", reason) if reason else None,
        class_="next-step",
    )


def progress(desk: Desk, words: Words) -> Html:
    """Draw the work over time, and tabulate who did how much."""
    timeline, paces = desk.timeline, desk.progress["pace"]
    parts: list[Child] = []
    if timeline.periods:
        by = words[f"by-{timeline.unit}"]
        in_all = words["in-all"]
        parts.append(
            tag(
                "div",
                figure(charts.columns(timeline, words, desk.names, by), by, words["per-day-note"]),
                figure(charts.cumulated(timeline, words, in_all), in_all, words["in-all-note"]),
                class_="pair",
            )
        )
    if timeline.undated:
        n = words.count(timeline.undated, "answer")
        parts.append(tag("p", words.say("undated", n=n), class_="note"))
    parts.append(_team(desk, words) if paces else missing(words, "no-progress"))
    files = [
        f"{name.removeprefix(IMPORTED)} ({words.number(sum(counts.values()))})"
        for name, counts in desk.progress["annotators"].items()
        if name.startswith(IMPORTED)
    ]
    if files:
        parts.append(tag("p", words.say("imported", files=", ".join(files)), class_="note"))
    return section(words, "progress", *parts)


def _team(desk: Desk, words: Words) -> Html:
    """Tabulate the annotators: how much, how fast, how much is left."""
    periods = desk.timeline.periods
    most = max((n for period in periods for n in period.articles.values()), default=1)
    rows = []
    for pace in desk.progress["pace"]:
        name = pace["annotator"]
        numbers = [period.articles.get(name, 0) for period in periods]
        told = words["spark"].format(total=sum(numbers), most=max(numbers, default=0))
        spark = charts.spark(periods, name, most, f"{name}: {told}") if periods else None
        counts = desk.progress["annotators"].get(name, {})
        rows.append((person(name, desk.names), spark, *_figures(pace, counts, words)))
    names = ("annotator", "when", "articles", "seconds", "per-day", "skipped", "unsure")
    heading = [words[name] for name in (*names, "last-day", "days-left")]
    return tag(
        "div",
        tag("h3", words["team"]),
        tag("p", words["team-note"], class_="note"),
        table(heading, rows, words["team"], numeric=frozenset((2, 3, 4, 5, 6, 8))),
        class_="block",
    )


def _figures(
    pace: Mapping[str, Any], counts: Mapping[str, int], words: Words
) -> tuple[str, str, str, str, str, str, str]:
    """Return the cells of an annotator's figures; – where nothing is known."""
    left = pace["days_left"]
    if left is not None:
        days = -(-left // 1)  # a day begun is a day
        left = words["days"].format(n=words.number(days)) if days else words["nothing-left"]
    seconds, per_day = pace["seconds"], pace["per_day"]
    return (
        words.number(pace["articles"]),
        "–" if seconds is None else words["second"].format(n=words.number(seconds)),
        "–" if per_day is None else words.number(per_day),
        words.number(counts.get("skipped", 0)),
        words.number(counts.get("unsure", 0)),
        words.iso_day(pace["last_day"]),
        left or "–",
    )


def time(desk: Desk, words: Words) -> Html:
    """Draw how long an article took; the medians of the annotators stand in their table."""
    timeline = desk.timeline
    title = words["time-title"]
    if not any(period.seconds is not None for period in timeline.periods):
        return section(words, "time", missing(words, "no-time"))
    medians = [
        tag(
            "li",
            person(pace["annotator"], desk.names),
            tag("b", words["second"].format(n=words.number(pace["seconds"]))),
        )
        for pace in desk.progress["pace"]
        if pace["seconds"] is not None
    ]
    people = tag("div", tag("h3", words["by-annotator"]), tag("ul", *medians, class_="medians"))
    chart = figure(charts.seconds(timeline, words, title), title, words["time-note"])
    return section(words, "time", tag("div", chart, people, class_="pair"))
