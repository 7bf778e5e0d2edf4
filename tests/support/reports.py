"""Reports with all there can be in them."""

from collections.abc import Mapping

from labels.agreement.figures import CategoryAgreement
from labels.dataset import Dataset, Example
from seeds.document import Document
from tests.support.corpus import dataset
from tests.support.report_facts import NAMES, facts
from training.decision import Rule
from training.evaluation.assistance import UNASSISTED, Assistance
from training.evaluation.learning_curve import LearningCurve
from training.evaluation.measured import Measured
from training.evaluation.metrics import evaluate
from training.recipe import Recipe
from training.report.page import html_report
from training.runs.cost import Cost
from training.runs.trained import Results

HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>\u202e & fin"
CURVE = LearningCurve(
    300,
    (20, 40, 80, 160, 225),
    {
        name: tuple((v - 0.01, v, v + 0.01) for v in (0.4, 0.55, 0.66, 0.73, 0.78))
        for name in NAMES[:2]
    },
    dict.fromkeys(NAMES[:2], (5.0, 10.0, 20.0, 40.0, 56.0)),
    ("sport",),
)


def hostile(data: Dataset) -> Dataset:
    """Give the first article a title and a text that attack the page."""
    text = f"{HOSTILE}\n\n{data.examples[0].document.text} </main></script>"
    first = Document.of(text, title=HOSTILE, date="2021-04", source="a&b.txt")
    return Dataset((Example(first, data.examples[0].categories), *data.examples[1:]), data.taxonomy)


def report(
    run: Measured,
    *,
    review_below: float = 0.5,
    curve: LearningCurve | None = CURVE,
    cost: Cost | None = None,
    thresholds: tuple[float, ...] = (0.4, 0.4, 0.4),
    people: Mapping[str, CategoryAgreement] | None = None,
    assistance: Assistance = UNASSISTED,
    **changes: object,
) -> str:
    """Make the page of what was measured, with everything else made up."""
    tax = run.dataset.taxonomy
    rule = Rule(tax.choice, tax.ids, thresholds, review_below)
    evaluation = evaluate(
        run.probabilities,
        run.predicted,
        run.gold,
        run.certainty >= review_below,
        tax.ids,
        single=tax.choice == "single",
    )
    cost = cost or Cost(12.5, 240.0, 7200.0)
    learned = dataset(300, tax.choice, seed=5)
    recipe = Recipe(max_risk=0.1)
    return html_report(
        Results(
            "20261122-070000-tfidf-0123abcd",
            facts(**changes),
            evaluation,
            rule,
            recipe,
            run,
            learned,
            cost,
            curve,
            people or {},
            assistance,
        )
    )
