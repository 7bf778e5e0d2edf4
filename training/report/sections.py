"""The sections of report.html that are words, tables and counts, and what all sections share."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from labels.dataset import Dataset
from labels.taxonomy import Category, Taxonomy
from training.decision import Rule
from training.evaluation import curves
from training.evaluation.metrics import CategoryScore, Estimate, Evaluation
from training.report import advice, charts
from training.report.html import Child, Html, tag

if TYPE_CHECKING:
    from training.evaluation.measured import Measured
    from training.runs.cost import Cost
    from training.runs.facts import RunFacts

TITLES = {  # by anchor, in the page's order
    "figures": "How good it is",
    "next": "What to do next",
    "categories": "Category by category",
    "mixed-up": "What it mixes up",
    "certainty": "How sure it is, and how right that is",
    "trade-off": "Finding more, or being right more often",
    "learning": "Would more labels help?",
    "mistakes": "The worst mistakes",
    "data": "Data and training",
    "making": "How it decides, what it cost",
}


def section(name: str, *parts: Child) -> Html:
    """A section with its heading; name: a key of TITLES, its anchor."""
    return tag("section", tag("h2", TITLES[name]), *parts, id=name)


def contents() -> Html:
    """Links to the sections."""
    links = (tag("a", title, href=f"#{name}") for name, title in TITLES.items())
    return tag("nav", links, aria_label="Contents")


def summary(evaluation: Evaluation, measured: "Measured", taxonomy: Taxonomy) -> Html:
    """The whole report in two sentences."""
    decided = evaluation.articles - evaluation.decisions["needs review"]
    review = (
        f"{decided:,} of {evaluation.articles:,} articles were decided without a person."
        if decided
        else "Every article still goes to a person."
    )
    if taxonomy.choice == "single":
        share = f"{evaluation.exact.value:.0%}"
        return tag(
            "p",
            tag("b", f"{share} of the articles"),
            f" get the right category. {review}",
            class_="standfirst",
        )
    held, gold = measured.predicted, measured.gold
    hits = int((held & gold).sum())
    right, found = (f"{hits / max(int(part.sum()), 1):.0%}" for part in (held, gold))
    return tag(
        "p",
        tag("b", f"{right} of the categories it gives"),
        f" are right, and it finds {found} of those it should give. {review}",
        class_="standfirst",
    )


def headline(evaluation: Evaluation, single: bool, on: str) -> Html:
    """The key figures, large, with their intervals and what they mean."""
    exact = _EXACT_ONE if single else _EXACT_ALL
    note = f"Measured on {on}. Bars are 95% intervals: where the figure would lie on other "
    small = [
        ("weighted F1", evaluation.weighted_f1, "each category counts as often as it occurs"),
        ("Brier score", evaluation.brier, "squared gap between probability and truth; 0 is best"),
        ("calibration error", evaluation.calibration_error, "gap between said and true; 0 is best"),
    ]
    return section(
        "figures",
        tag("p", f"{note} articles of the same kind.", class_="note"),
        tag(
            "div",
            _card("exactly right", evaluation.exact, exact, "{:.0%}"),
            _card("micro-F1", evaluation.micro_f1, _MICRO),
            _card("macro-F1", evaluation.macro_f1, _MACRO),
            _accepted(evaluation),
            class_="cards",
        ),
        tag("dl", *(_small_figure(*each) for each in small), class_="small-figures"),
    )


_EXACT_ONE = "of the articles get the right category."
_EXACT_ALL = "of the articles get exactly the right categories: none missing, none too many."
_MICRO = (
    "Every decision counts the same, so frequent categories weigh most. Balances wrong against "
    "missed; 1 is perfect."
)
_MACRO = (
    "Every category counts the same, however rare. Well below micro-F1 would mean weak rare ones."
)


def _card(name: str, figure: Estimate, meaning: str, form: str = "{:.2f}") -> Html:
    low, value, high = (form.format(each) for each in (figure.low, figure.value, figure.high))
    said = f"{name} {value}, 95% interval {low} to {high}"
    return tag(
        "div",
        tag("h3", name),
        tag("p", value, class_="big"),
        charts.interval(figure.low, figure.value, figure.high, said),
        tag("p", f"{low} to {high}", class_="range"),
        tag("p", meaning),
        class_="card",
    )


def _accepted(evaluation: Evaluation) -> Html:
    """How much is decided without a person, and how much of that is right."""
    decided = evaluation.articles - evaluation.decisions["needs review"]
    if not decided:
        return tag(
            "div",
            tag("h3", "without review"),
            tag("p", "0%", class_="big"),
            tag("p", "Every article goes to a person: the model is not sure enough of any."),
            class_="card",
        )
    right = round(decided * (evaluation.accepted_exact or 0.0))
    low, high = (float(each[0]) for each in curves.wilson(np.array([right]), np.array([decided])))
    return tag(
        "div",
        tag("h3", "without review"),
        tag("p", f"{decided / evaluation.articles:.0%}", class_="big"),
        tag(
            "p",
            f"of the articles are decided without a person. {right:,} of these {decided:,} are "
            f"exactly right: {right / decided:.0%}, 95% interval {low:.0%} to {high:.0%}.",
        ),
        class_="card",
    )


def _small_figure(name: str, figure: Estimate, meaning: str) -> Html:
    value = f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
    return tag("div", tag("dt", name), tag("dd", value), tag("dd", meaning, class_="muted"))


def steps(found: Iterable[advice.Step]) -> Html:
    """What to do next."""
    items = (tag("li", tag("b", each.title), tag("p", each.reason)) for each in found)
    return section("next", tag("ol", *items, class_="steps"))


def categories(evaluation: Evaluation, rule: Rule, taxonomy: Taxonomy, learned: Dataset) -> Html:
    """The table, a category a row, the best F1 first."""
    counts = Counter(name for each in learned.examples for name in each.categories)
    cuts = dict(zip(rule.categories, rule.thresholds, strict=True))
    if rule.choice == "single":
        cuts = {}
    head = ["category", "learned from", "support", "precision", "recall", "F1", "avg. precision"]
    ranked = sorted(evaluation.categories.items(), key=lambda item: -item[1].f1)
    head += ["threshold"] if cuts else []
    rows = (_row(taxonomy, name, counts[name], each, cuts.get(name)) for name, each in ranked)
    table = tag(
        "table",
        tag("thead", tag("tr", *map(_heading, head))),
        tag("tbody", *rows),
        class_="sortable categories",
    )
    note = (
        "Support: the articles it was measured on that have the category. Precision: of those the "
        "model gave it to, the share that have it. Recall: of those that have it, the share the "
        "model found. F1 balances both. Average precision: how well its articles are ranked "
        "before all others, whatever the threshold. "
    )
    how = (
        "The category with the highest probability is given."
        if not cuts
        else ("Threshold: the probability from which on the category is given.")
    )
    return section(
        "categories",
        tag("p", note + how, class_="note"),
        scrolled(table, "Figures of each category"),
    )


def _heading(name: str) -> Html:
    return tag("th", tag("button", name, type="button"), scope="col")


def _row(
    taxonomy: Taxonomy, name: str, learned: int, score: CategoryScore, cut: float | None
) -> Html:
    figures = {"precision": score.precision, "recall": score.recall, "F1": score.f1}
    ap = score.average_precision
    return tag(
        "tr",
        tag("th", french(taxonomy[name]), tag("small", name), scope="row", data_value=name),
        _number("learned from", learned, f"{learned:,}"),
        _number("support", score.support, f"{score.support:,}"),
        *(
            _share(name, value) if score.support else _number(name, -1, "–")
            for name, value in figures.items()
        ),
        _number("avg. precision", -1 if ap is None else ap, "–" if ap is None else f"{ap:.2f}"),
        None if cut is None else _number("threshold", cut, "never" if cut > 1 else f"{cut:.2f}"),
    )


def _share(name: str, value: float) -> Html:
    bar = charts.bar(value, f"{value:.2f}")
    return tag("td", f"{value:.2f}", bar, data_value=f"{value:.6g}", data_name=name, class_="share")


def _number(name: str, value: float, shown: str) -> Html:
    """A cell; its name stands beside it where the page is too narrow for columns."""
    return tag("td", shown, data_value=f"{value:.6g}", data_name=name)


def mixed_up(measured: "Measured", taxonomy: Taxonomy) -> Html:
    """The confusion matrix; for multiple choice, which errors stand together."""
    if measured.right.all():
        return section("mixed-up", tag("p", "There was no error."))
    drawn = _confusion if taxonomy.choice == "single" else _errors
    names = [each.fr for each in taxonomy.categories]
    note, label, chart = drawn(measured, names)
    return section("mixed-up", tag("p", note, class_="note"), scrolled(chart, label))


def _confusion(measured: "Measured", names: list[str]) -> tuple[str, str, Html]:
    """The confusion matrix, with a note on it and a label."""
    counts = advice.confusion(measured.predicted, measured.gold)
    note = (
        "A row holds the articles of a category, a column those given it: the diagonal is right. "
        "The stronger a colour, the larger the share of the row."
    )
    label = "Confusion matrix: the right category by the category given"
    return note, label, charts.heat_map(counts, names, names, ("right", "given"), label, right=True)


def _errors(measured: "Measured", names: list[str]) -> tuple[str, str, Html]:
    """What was missed by what was given wrongly with it, with a note on it and a label."""
    counts = advice.errors_together(measured.predicted, measured.gold)
    rows, columns = (np.flatnonzero(counts.sum(axis=axis)) for axis in (1, 0))
    note = (
        "Articles that are not exactly right: a row is a category that was missed, a column one "
        "that was given wrongly in the same article. Nothing wrong: it was missed, and nothing "
        "given in its place. Nothing missed: it was given on top. Categories without such an error "
        "are left out."
    )
    label = "Errors: the category missed by the category given wrongly in the same article"
    return (
        note,
        label,
        charts.heat_map(
            counts[np.ix_(rows, columns)],
            [[*names, "nothing missed"][n] for n in rows],
            [[*names, "nothing wrong"][n] for n in columns],
            ("missed", "wrongly given"),
            label,
            right=False,
        ),
    )


def data(facts: "RunFacts", learned: Dataset, on: str) -> Html:
    """Where the model comes from."""
    documents = [each.document for each in learned.examples]
    dates = sorted(filter(None, (each.date for each in documents)))
    languages = Counter(each.language or "unknown" for each in documents)
    rows: list[tuple[str, Child]] = [
        ("articles", f"{facts.articles:,} learned from; measured on {on}"),
        ("categories", f"{len(learned.taxonomy.ids)}, taxonomy {learned.taxonomy.version}"),
        ("categories per article", _spread(len(each.categories) for each in learned.examples)),
        (
            "period",
            f"{dates[0]} to {dates[-1]}; {len(documents) - len(dates):,} without a date"
            if dates
            else "no article has a date",
        ),
        ("languages", ", ".join(f"{name}: {count:,}" for name, count in languages.most_common())),
        ("length", f"median {_middle(len(each.text) for each in documents):,} characters"),
        ("left out", _lines(facts.left_out, "nothing")),
        *([("notes", _lines(facts.notes, ""))] if facts.notes else []),
    ]
    return section("data", _facts(rows))


def _spread(counts: Iterable[int]) -> str:
    found = sorted(Counter(counts).items())
    return ", ".join(f"{count:,} articles with {size}" for size, count in found)


def _middle(values: Iterable[int]) -> int:
    return round(float(np.median([*values])))


def making(facts: "RunFacts", how: str, cost: "Cost") -> Html:
    """How it decides, what training took, and what made it."""
    energy = "not measurable on this machine"
    if cost.joules is not None:
        energy = f"{cost.joules / 1000:,.1f} kJ ({cost.joules / 3600:,.2f} Wh)"
    rows: list[tuple[str, Child]] = [
        ("how it decides", how),
        ("time", f"{cost.seconds:,.1f} s"),
        ("memory", f"{cost.memory_mb:,.0f} MB at most"),
        ("energy", energy),
        ("made with", f"classify {facts.classify}; {'; '.join(facts.versions)}"),
        ("seed", str(facts.seed)),
        ("dataset", facts.dataset),
        ("made", facts.created),
    ]
    return section("making", _facts(rows))


def _facts(rows: Iterable[tuple[str, Child]]) -> Html:
    return tag("dl", *((tag("dt", name), tag("dd", value)) for name, value in rows), class_="facts")


def _lines(texts: tuple[str, ...], none: str) -> Child:
    return tag("ul", *(tag("li", each) for each in texts)) if texts else none


def french(category: Category) -> Html:
    """A category's French name."""
    return tag("span", category.fr, lang="fr")


def figure(chart: Html, title: str, note: str, css: str | None = None) -> Html:
    """A drawing with what it is and how to read it."""
    return tag("figure", tag("figcaption", tag("b", title), tag("p", note)), chart, class_=css)


def little(name: Html, value: str, chart: Html, note: str = "") -> Html:
    """One of many small drawings, with a name and a value."""
    caption = tag("figcaption", tag("b", name), tag("span", value, class_="value"))
    return tag("figure", caption, chart, tag("p", note, class_="muted") if note else None)


def scrolled(content: Html, label: str) -> Html:
    """Something wide, which scrolls on its own on a narrow screen and fades where there is more."""
    return tag("div", content, class_="scroll", tabindex="0", role="region", aria_label=label)
