"""Articles become records of predictions, one each, in order."""

from collections.abc import Iterable, Iterator
from typing import Any

from classify.faults import FaultCounter
from seeds.base.errors import Fault
from seeds.base.surrogates import replace_surrogates
from seeds.languages import LANGUAGE_SHARE, foreign_share
from seeds.reading.sources import Article
from training.decision import Prediction
from training.runs.run import Run

# Articles scored together at most, and their characters: both bound the memory of a stream.
_BATCH_ARTICLES = 256
_BATCH_CHARACTERS = 4_000_000


def label_articles(
    articles: Iterable[Article | Fault],
    run: Run,
    counter: FaultCounter,
    *,
    every: bool,
    explain: bool = False,
) -> Iterator[dict[str, Any]]:
    """Yield a record for each article that could be read, in order.

    Args:
        articles: cleaned, any number; only some hundreds are in memory at once.
        run: the model.
        counter: counts articles, faults and notes.
        every: give every category's probability, not only those worth showing.
        explain: add an explanation of each category that is given.

    Yields:
        {"id", "source", "categories", "probabilities", "decision", "run"}, and "explanation"
    """
    for batch in _batches(_pass_readable(articles, counter)):
        predictions = run.predict([article.document.text for article in batch])
        for article, prediction in zip(batch, predictions, strict=True):
            record = {
                "id": replace_surrogates(article.own_id) or article.document.id,
                "source": article.document.source,
                **prediction_record(prediction, every=every),
                "run": run.name,
            }
            if explain:
                record["explanation"] = _explain(run, article.document.text, record)
            yield record


def prediction_record(prediction: Prediction, *, every: bool) -> dict[str, Any]:
    """Return what every answer says: the categories, their probabilities and the decision.

    every: give every category's probability, not only those worth showing.
    """
    shown = prediction.probabilities if every else prediction.shown
    return {
        "categories": list(prediction.categories),
        "probabilities": {category: round(p, 6) for category, p in shown.items()},
        "decision": prediction.decision,
    }


def script_note(text: str) -> str:
    """Return a note on a text largely in another script, which a model of French can't read."""
    share = foreign_share(text, least=LANGUAGE_SHARE)
    if share < LANGUAGE_SHARE:
        return ""
    return f"{share:.0%} of its letters are not in Latin script; the model can hardly read those"


def _pass_readable(articles: Iterable[Article | Fault], counter: FaultCounter) -> Iterator[Article]:
    """Pass readable articles on; count them, the others and the notes."""
    for article in articles:
        if isinstance(article, Fault):
            counter.add_fault(article)
            continue
        counter.articles += 1
        for note in filter(None, (*article.notes, script_note(article.document.text))):
            counter.add_note(article.place, note)
        yield article


def _batches(articles: Iterable[Article]) -> Iterator[list[Article]]:
    """Batch articles: fewer of long ones."""
    batch: list[Article] = []
    size = 0
    for article in articles:
        batch.append(article)
        size += len(article.document.text)
        if len(batch) == _BATCH_ARTICLES or size > _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _explain(run: Run, text: str, record: dict[str, Any]) -> dict[str, Any]:
    from training.explain import explain

    return explain(run.model, text).record(run.rule.categories, list(record["probabilities"]))
