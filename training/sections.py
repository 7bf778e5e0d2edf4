"""The sections of report.html, each made of the figures it shows."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from labels.dataset import Dataset
from labels.taxonomy import Category, Taxonomy
from training import charts, curves, findings
from training.curve import LearningCurve
from training.markup import Child, Html, tag
from training.metrics import CategoryScore, Estimate, Evaluation
from training.model import Rule

if TYPE_CHECKING:
    from training.cost import Cost
    from training.recipe import Recipe
    from training.report import Measured
    from training.run import RunFacts

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
_ENOUGH = 50  # articles of a category below which its reliability diagram shows mere chance


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
    held, gold = measured.held, measured.gold
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


def steps(found: Iterable[findings.Step]) -> Html:
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
    rows = (_row(taxonomy, name, counts[name], each, cuts.get(name)) for name, each in ranked)
    heads = (_heading(each) for each in [*head, *(["threshold"] if cuts else [])])
    table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="sortable")
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
        _scrolled(table, "Figures of each category"),
    )


def _heading(name: str) -> Html:
    return tag("th", tag("button", name, type="button"), scope="col")


def _row(
    taxonomy: Taxonomy, name: str, learned: int, score: CategoryScore, cut: float | None
) -> Html:
    figures = [score.precision, score.recall, score.f1]
    ap = score.average_precision
    return tag(
        "tr",
        tag("th", french(taxonomy[name]), tag("small", name), scope="row", data_value=name),
        _number(learned, f"{learned:,}"),
        _number(score.support, f"{score.support:,}"),
        *(_number(each, f"{each:.2f}", charts.bar(each, f"{each:.2f}")) for each in figures),
        _number(-1 if ap is None else ap, "–" if ap is None else f"{ap:.2f}"),
        None if cut is None else _number(cut, "never" if cut > 1 else f"{cut:.2f}"),
    )


def _number(value: float, shown: str, mark: Html | None = None) -> Html:
    return tag("td", shown, mark, data_value=f"{value:.6g}")


def mixed_up(measured: "Measured", taxonomy: Taxonomy) -> Html:
    """The confusion matrix; for multiple choice, which errors stand together."""
    if measured.right.all():
        return section("mixed-up", tag("p", "There was no error."))
    drawn = _confusion if taxonomy.choice == "single" else _errors
    names = [each.fr for each in taxonomy.categories]
    note, label, chart = drawn(measured, names)
    return section("mixed-up", tag("p", note, class_="note"), _scrolled(chart, label))


def _confusion(measured: "Measured", names: list[str]) -> tuple[str, str, Html]:
    """The confusion matrix, with a note on it and a label."""
    counts = findings.confusion(measured.held, measured.gold)
    note = (
        "A row holds the articles of a category, a column those given it: the diagonal is right. "
        "The stronger a colour, the larger the share of the row."
    )
    label = "Confusion matrix: the right category by the category given"
    return note, label, charts.heat_map(counts, names, names, ("right", "given"), label, right=True)


def _errors(measured: "Measured", names: list[str]) -> tuple[str, str, Html]:
    """What was missed by what was given wrongly with it, with a note on it and a label."""
    counts = findings.errors_together(measured.held, measured.gold)
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


def certainty(
    measured: "Measured", evaluation: Evaluation, rule: Rule, recipe: "Recipe", taxonomy: Taxonomy
) -> Html:
    """Coverage and risk, and reliability."""
    found = curves.coverage_risk(measured.certainty, measured.right)
    said = "Share of wrong articles among the accepted, by the share accepted"
    risk = charts.coverage(found, recipe.max_risk, rule.review_below, said)
    whole = charts.reliability(measured.reliability, "Reliability of all decisions")
    each = [
        _category_reliability(measured, taxonomy, n)
        for n, score in enumerate(evaluation.categories.values())
        if score.support >= _ENOUGH
    ]
    return section(
        "certainty",
        tag(
            "div",
            _figure(
                risk,
                "If only the surest articles are accepted, how many errors remain?",
                f"{_COVERAGE} {_threshold(rule)}",
            ),
            _figure(whole, "When it says 80%, is it right 8 times in 10?", _RELIABILITY),
            class_="pair",
        ),
        tag("div", *each, class_="multiples") if each else None,
    )


_COVERAGE = (
    "From left to right ever less sure articles are accepted. Solid: the share of them not exactly "
    "right, with its 95% interval. Dashed: what the model itself expects."
)
_RELIABILITY = (
    "On the diagonal, probabilities can be taken at their word. Below it the model is too sure, "
    "above it too modest. Larger dots hold more decisions; upright lines are 95% intervals."
)


def _category_reliability(measured: "Measured", taxonomy: Taxonomy, n: int) -> Html:
    category = taxonomy.categories[n]
    bins = curves.reliability(measured.probabilities[:, n], measured.gold[:, n])
    drawn = charts.reliability(bins, f"Reliability of {category.fr}", little=True)
    return _little(french(category), f"{int(measured.gold[:, n].sum()):,} articles", drawn)


def _threshold(rule: Rule) -> str:
    if rule.review_below > 1:
        return "No certainty is enough yet: every article goes to a person."
    return (
        f"An article is accepted when all of its decisions are right with a probability of "
        f"{rule.review_below:.0%} or more."
    )


def precision_recall(measured: "Measured", evaluation: Evaluation, taxonomy: Taxonomy) -> Html:
    """The curve over all categories, and one of each."""
    held, gold = measured.held, measured.gold
    whole = curves.precision_recall(measured.probabilities.ravel(), gold.ravel())
    if whole is None:
        return section(
            "trade-off",
            tag("p", "No article has any category, so there is no curve."),
        )
    hits = int((held & gold).sum())
    chosen = (hits / int(gold.sum()), hits / max(int(held.sum()), 1))
    each = (
        _category_precision_recall(measured, taxonomy, n, score, whole)
        for n, score in enumerate(evaluation.categories.values())
    )
    return section(
        "trade-off",
        _figure(
            charts.precision_recall(whole, "Precision over recall, all categories", chosen=chosen),
            "All categories together (micro-average)",
            "A lower threshold finds more (right) and is wrong more often (down). The dot is where "
            "the thresholds in use stand. Below, each category with its average precision; grey is "
            "the curve above.",
            "beside",
        ),
        tag("div", *each, class_="multiples"),
    )


def _category_precision_recall(
    measured: "Measured",
    taxonomy: Taxonomy,
    n: int,
    score: CategoryScore,
    whole: curves.PrecisionRecall,
) -> Html | None:
    """The curve of a category over that of all; None without an article of it."""
    own = curves.precision_recall(measured.probabilities[:, n], measured.gold[:, n])
    if own is None or score.average_precision is None:
        return None
    category = taxonomy.categories[n]
    title = f"Precision over recall of {category.fr}"
    here = (score.recall, score.precision)
    drawn = charts.precision_recall(own, title, chosen=here, behind=whole, little=True)
    return _little(french(category), f"{score.average_precision:.2f}", drawn)


def learning(curve: LearningCurve | None, taxonomy: Taxonomy, recipe: "Recipe") -> Html:
    """The learning curve, and what twice the labels would bring; else why there is none."""
    if curve is None:
        return section("learning", tag("p", _TOO_FEW if recipe.curve_repeats else _NOT_WANTED))
    whole = curve.forecast()
    drawn = charts.learning(curve.sizes, curve.mean, whole, "Mean average precision by articles")
    each = (_category_curve(curve, name, taxonomy) for name in curve.precision)
    missing = ", ".join(taxonomy[name].fr for name in curve.unmeasured)
    return section(
        "learning",
        _figure(
            drawn,
            f"Mean over categories: {_verdict(whole.verdict)}",
            f"Models learned from growing parts of the {curve.articles:,} articles. Each was "
            "measured on articles it did not see, others than in the table above; upright lines "
            "span the repeats. The line is a power law; dashed, what it expects up to twice the "
            f"articles, with a 95% interval: {whole.now:.2f} now, {whole.doubled:.2f} "
            f"[{whole.low:.2f}, {whole.high:.2f}] with {2 * curve.articles:,}.",
            "beside",
        ),
        tag("div", *each, class_="multiples"),
        tag("p", f"Too few articles for a curve of their own: {missing}.", class_="note")
        if missing
        else None,
    )


_TOO_FEW = (
    "There are too few different articles to learn from ever larger parts of them. Label more, "
    "then train again."
)
_NOT_WANTED = (
    "No learning curve was made: the recipe has curve_repeats = 0, since each repeat takes five "
    "more trainings. Set curve_repeats = 3 in the recipe, then train again."
)


def _category_curve(curve: LearningCurve, name: str, taxonomy: Taxonomy) -> Html:
    expected = curve.forecast(name)
    values = np.array(curve.precision[name])
    title = f"Average precision of {taxonomy[name].fr} by articles learned from"
    drawn = charts.learning(curve.sizes, values, expected, title, little=True)
    change = f"{expected.now:.2f} → {expected.doubled:.2f}"
    return _little(french(taxonomy[name]), change, drawn, _verdict(expected.verdict))


def _verdict(verdict: str) -> str:
    return {"flat": "flat: more labels hardly help"}.get(verdict, verdict)


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


def _figure(chart: Html, title: str, note: str, css: str | None = None) -> Html:
    return tag("figure", tag("figcaption", tag("b", title), tag("p", note)), chart, class_=css)


def _little(name: Html, value: str, chart: Html, note: str = "") -> Html:
    caption = tag("figcaption", tag("b", name), tag("span", value, class_="value"))
    return tag("figure", caption, chart, tag("p", note, class_="muted") if note else None)


def _scrolled(content: Html, label: str) -> Html:
    """Something wide, which scrolls on its own on a narrow screen."""
    return tag("div", content, class_="scroll", tabindex="0", role="region", aria_label=label)
