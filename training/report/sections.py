"""The sections of report.html that are words and tables: key figures, advice, categories, data."""

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from labels.agreement.figures import CategoryAgreement
from labels.taxonomy import Category
from training.evaluation import curves
from training.evaluation.assistance import Assistance
from training.evaluation.measured import Measured
from training.evaluation.metrics import CategoryScore, Estimate, Evaluation
from training.report import charts
from training.report.advice import next_steps
from training.report.html import Child, Html, tag
from training.report.layout import french, scrolling, section
from training.report.model_card import describe_rule, measured_on
from training.runs.trained import Results


def summary(results: Results) -> Html:
    """Sum the report up in two sentences."""
    evaluation = results.evaluation
    decided = evaluation.articles - evaluation.decisions["needs review"]
    review = (
        f"{decided:,} of {evaluation.articles:,} articles were decided without review."
        if decided
        else "Every article still needs review."
    )
    if results.rule.choice == "single":
        subject = f"{evaluation.exact.value:.0%} of the articles"
        statement = f" get the right category. {review}"
    else:
        predicted, gold = results.measured.judged, results.measured.gold
        hits = int((predicted & gold).sum())
        precision, recall = (f"{hits / max(int(part.sum()), 1):.0%}" for part in (predicted, gold))
        subject = f"{precision} of the categories it predicts"
        statement = f" are right, and it finds {recall} of those it should. {review}"
    return tag("p", tag("b", subject), statement, class_="standfirst")


def key_figures(results: Results) -> Html:
    """Show the key figures, large, with their intervals and what they mean."""
    evaluation = results.evaluation
    exact = _EXACT_ONE if results.rule.choice == "single" else _EXACT_ALL
    note = (
        f"Measured on {measured_on(results.facts, evaluation)}. Bars are 95% intervals: the range "
        "to expect on other articles of the same kind."
    )
    return section(
        "figures",
        tag("p", note, class_="note"),
        tag(
            "div",
            _card("exactly right", evaluation.exact, exact, "{:.0%}"),
            _card("micro-F1", evaluation.micro_f1, _MICRO),
            _card("macro-F1", evaluation.macro_f1, _MACRO),
            _review_card(evaluation),
            class_="cards",
        ),
        tag(
            "dl",
            _small_figure("weighted F1", evaluation.weighted_f1, _WEIGHTED),
            _small_figure("Brier score", evaluation.brier, _BRIER),
            _small_figure("calibration error", evaluation.calibration_error, _CALIBRATION),
            class_="small-figures",
        ),
        _assistance(results),
    )


_EXACT_ONE = "of the articles get the right category."
_EXACT_ALL = "of the articles get exactly the right categories: none missing, none too many."
_MICRO = (
    "Every decision counts the same, so frequent categories weigh most. Balances wrong predictions "
    "against missed labels; 1 is perfect."
)
_MACRO = (
    "Every category counts the same, however rare. A value well below micro-F1 means that rare "
    "categories do worse."
)
_WEIGHTED = "each category counts as often as it occurs"
_BRIER = "squared error of the probabilities; 0 is best"
_CALIBRATION = "gap between predicted and observed; 0 is best"


def _card(name: str, figure: Estimate, meaning: str, form: str = "{:.2f}") -> Html:
    low, value, high = (form.format(v) for v in (figure.low, figure.value, figure.high))
    label = f"{name} {value}, 95% interval {low} to {high}"
    return tag(
        "div",
        tag("h3", name),
        tag("p", value, class_="big"),
        charts.interval(figure.low, figure.value, figure.high, label),
        tag("p", f"{low} to {high}", class_="range"),
        tag("p", meaning),
        class_="card",
    )


def _review_card(evaluation: Evaluation) -> Html:
    """Show how much is decided without review, and how much of that is right."""
    decided = evaluation.articles - evaluation.decisions["needs review"]
    if decided:
        right = round(decided * (evaluation.accepted_exact or 0.0))
        bounds = curves.wilson(np.array([right]), np.array([decided]))
        low, high = (float(bound[0]) for bound in bounds)
        share = f"{decided / evaluation.articles:.0%}"
        meaning = (
            f"of the articles are decided without review. {right:,} of these {decided:,} are "
            f"exactly right: {right / decided:.0%}, 95% interval {low:.0%} to {high:.0%}."
        )
    else:
        share = "0%"
        meaning = "Every article needs review: the model is not sure enough of any."
    return tag(
        "div",
        tag("h3", "without review"),
        tag("p", share, class_="big"),
        tag("p", meaning),
        class_="card",
    )


def _small_figure(name: str, figure: Estimate, meaning: str) -> Html:
    value = f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
    return tag("div", tag("dt", name), tag("dd", value), tag("dd", meaning, class_="muted"))


def _assistance(results: Results) -> Html | None:
    """Set the figures of articles labelled with a suggestion in sight apart from the others."""
    helped = results.assistance.helped
    if not helped:
        return None
    measured = results.measured
    ids = [example.document.id for example in measured.dataset.examples]
    is_helped = np.array([name in helped for name in ids], np.bool_)
    parts = {
        "labelled without a suggestion": measured.subset(~is_helped),
        "labelled with one in sight": measured.subset(is_helped),
    }
    header = ("articles", "how many", "exactly right", "micro-F1", "macro-F1")
    rows = (_part_row(name, part, results) for name, part in parts.items())
    table = tag(
        "table",
        tag("thead", tag("tr", *(tag("th", name, scope="col") for name in header))),
        tag("tbody", *rows),
    )
    return tag(
        "figure",
        tag(
            "figcaption",
            tag("b", "Did the suggestions help the figures?"),
            tag("p", f"{_ASSISTANCE} {_kept(results.assistance)}"),
        ),
        scrolling(table, "Figures of articles labelled with and without suggestions"),
    )


_ASSISTANCE = (
    "Whoever sees a model's suggestion tends to agree with it, so figures on such articles may be "
    "too high. Trust the first line; the articles differ, too, so a small gap means little."
)


def _part_row(name: str, part: Measured, results: Results) -> Html:
    """Make the row of a part of the articles measured on; no figures without an article."""
    count = len(part.dataset.examples)
    figures = ["–"] * 3
    if count:
        evaluation = part.evaluate(results.rule, results.recipe.seed)
        estimates = (evaluation.exact, evaluation.micro_f1, evaluation.macro_f1)
        figures = list(map(str, estimates))
    cells = (tag("td", value) for value in (f"{count:,}", *figures))
    return tag("tr", tag("th", name, scope="row"), *cells)


def _kept(assistance: Assistance) -> str:
    """Say how often people kept a suggested category that others reject."""
    if not assistance.wrong:
        return "No suggested category was rejected by another person."
    kept, wrong = assistance.kept, assistance.wrong
    bounds = curves.wilson(np.array([kept]), np.array([wrong]))
    low, high = (float(bound[0]) for bound in bounds)
    return (
        f"Of {wrong:,} suggested categories that the article's other annotators reject, "
        f"{kept:,} were kept: {kept / wrong:.0%}, 95% interval {low:.0%} to {high:.0%}."
    )


def advice(results: Results) -> Html:
    """List what to do next."""
    steps = (tag("li", tag("b", step.title), tag("p", step.reason)) for step in next_steps(results))
    return section("next", tag("ol", *steps, class_="steps"))


def categories(results: Results) -> Html:
    """Tabulate the figures of each category, the best F1 first."""
    rule, taxonomy = results.rule, results.taxonomy
    counts = Counter(name for example in results.learned.examples for name in example.categories)
    thresholds = dict(zip(rule.categories, rule.thresholds, strict=True))
    columns, terms = [*_COLUMNS, "threshold"], [*_TERMS, _THRESHOLD]
    if rule.choice == "single":
        thresholds, columns, terms = {}, columns[:-1], [*_TERMS, _MOST_PROBABLE]
    if results.people:
        columns, terms = [*columns, *_PEOPLE_COLUMNS], [*terms, *_PEOPLE_TERMS]
    ranked = sorted(results.evaluation.categories.items(), key=lambda scored: -scored[1].f1)
    table = tag(
        "table",
        tag("thead", tag("tr", *map(_heading, columns))),
        tag(
            "tbody",
            *(
                _row(
                    taxonomy[name],
                    counts[name],
                    score,
                    thresholds.get(name),
                    _people_cells(results.people, name),
                )
                for name, score in ranked
            ),
        ),
        class_="sortable categories",
    )
    note = [(tag("b", term), f": {meaning} ") for term, meaning in terms]
    return section(
        "categories",
        tag("p", *note, class_="note"),
        scrolling(table, "Figures of each category"),
    )


_COLUMNS = ("category", "trained on", "support", "precision", "recall", "F1", "avg. precision")
_TERMS = (
    ("Trained on", "its articles in the training set."),
    ("Support", "its articles among those the model was measured on."),
    ("Precision", "the share of its predictions that are right."),
    ("Recall", "the share of its articles that the model finds."),
    ("F1", "the balance of the two."),
    ("Average precision", "how well its articles rank above all others, whatever the threshold."),
)
_THRESHOLD = ("Threshold", "the probability from which on the category is predicted.")
_MOST_PROBABLE = ("Prediction", "the most probable category.")


_PEOPLE_COLUMNS = ("people's F1", "people's alpha")
_PEOPLE_TERMS = (
    (
        "People's F1",
        "that of one annotator measured against another: where a model comes near it, better "
        "guidelines help more than a better model. Labels on which several agree are clearer than "
        "one person's, so that a model can exceed it.",
    ),
    ("People's alpha", "their agreement beyond chance (Krippendorff); below .67 it is weak."),
)


def _people_cells(people: Mapping[str, CategoryAgreement], name: str) -> tuple[Html, ...]:
    """Make the cells of how far people agree; – where that is undefined."""
    if not people:
        return ()
    figures = people.get(name)
    f1, alpha = (figures.f1, figures.alpha.value) if figures else (None, None)
    return (
        _number("people's F1", -1, "–") if f1 is None else _share("people's F1", f1),
        _number("people's alpha", -2, "–")
        if alpha is None
        else _number("people's alpha", alpha, f"{alpha:.2f}"),
    )


def _heading(name: str) -> Html:
    return tag("th", tag("button", name, type="button"), scope="col", class_=_COUNTS.get(name))


_COUNTS = {"trained on": "count", "support": "count"}  # columns of whole numbers


def _row(
    category: Category,
    trained: int,
    score: CategoryScore,
    threshold: float | None,
    people: tuple[Html, ...],
) -> Html:
    figures = {"precision": score.precision, "recall": score.recall, "F1": score.f1}
    ap = score.average_precision
    return tag(
        "tr",
        tag(
            "th",
            french(category),
            tag("small", category.id),
            scope="row",
            data_value=category.id,
        ),
        _number("trained on", trained, f"{trained:,}"),
        _number("support", score.support, f"{score.support:,}"),
        *(
            _share(name, value) if score.support else _number(name, -1, "–")
            for name, value in figures.items()
        ),
        _number("avg. precision", -1 if ap is None else ap, "–" if ap is None else f"{ap:.2f}"),
        None
        if threshold is None
        else _number("threshold", threshold, "never" if threshold > 1 else f"{threshold:.2f}"),
        *people,
    )


def _share(name: str, value: float) -> Html:
    bar = charts.bar(value, f"{value:.2f}")
    return tag("td", f"{value:.2f}", bar, data_value=f"{value:.6g}", data_name=name, class_="share")


def _number(name: str, value: float, shown: str) -> Html:
    """Make a cell; its name appears beside it where the page is too narrow for columns."""
    css = _COUNTS.get(name)
    return tag("td", shown, data_value=f"{value:.6g}", data_name=name, class_=css)


def data(results: Results) -> Html:
    """Describe the articles the model learned from."""
    facts, taxonomy = results.facts, results.taxonomy
    examples = results.learned.examples
    documents = [example.document for example in examples]
    dates = sorted(filter(None, (document.date for document in documents)))
    languages = Counter(document.language or "unknown" for document in documents)
    length = round(float(np.median([len(document.text) for document in documents])))
    rows: list[tuple[str, Child]] = [
        (
            "articles",
            f"{facts.articles:,} learned from; measured on "
            f"{measured_on(facts, results.evaluation)}",
        ),
        ("categories", f"{len(taxonomy.ids)}, taxonomy {taxonomy.version}"),
        (
            "categories per article",
            _spread(len((*example.categories, *example.left_out)) for example in examples),
        ),
        (
            "period",
            f"{dates[0]} to {dates[-1]}; {len(documents) - len(dates):,} without a date"
            if dates
            else "no article has a date",
        ),
        ("languages", ", ".join(f"{name}: {count:,}" for name, count in languages.most_common())),
        ("length", f"median {length:,} characters"),
        ("left out", _list(facts.left_out) if facts.left_out else "nothing"),
    ]
    if results.rule.left_out:
        rows.append(("what it does not know", f"This run {results.rule.caveat}."))
    if facts.notes:
        rows.append(("notes", _list(facts.notes)))
    return section("data", _pairs(rows))


def _spread(sizes: Iterable[int]) -> str:
    counts = sorted(Counter(sizes).items())
    return ", ".join(f"{count:,} articles with {size}" for size, count in counts)


def making(results: Results) -> Html:
    """Say how the model decides, what training cost, and what it was made with."""
    facts, cost = results.facts, results.cost
    energy = "not measurable on this machine"
    if cost.joules is not None:
        energy = f"{cost.joules / 1000:,.1f} kJ ({cost.joules / 3600:,.2f} Wh)"
    rows: list[tuple[str, Child]] = [
        ("how it decides", describe_rule(results.rule, results.recipe)),
        ("time", f"{cost.seconds:,.1f} s"),
        ("memory", f"{cost.memory_mb:,.0f} MB at most"),
        ("energy", energy),
        ("made with", f"classify {facts.classify}; {'; '.join(facts.versions)}"),
        ("seed", str(facts.seed)),
        ("dataset", facts.dataset),
        ("created", facts.created),
    ]
    return section("making", _pairs(rows))


def _pairs(rows: Iterable[tuple[str, Child]]) -> Html:
    return tag("dl", *((tag("dt", name), tag("dd", value)) for name, value in rows), class_="facts")


def _list(texts: Iterable[str]) -> Html:
    return tag("ul", *(tag("li", text) for text in texts))
