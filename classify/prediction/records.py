"""Articles become records of predictions, one each, in order."""

from collections.abc import Iterable, Iterator
from typing import Any

from seeds.base.surrogates import replace_surrogates
from seeds.languages import LANGUAGE_SHARE, foreign_share
from seeds.reading.sources import Article
from training.decision import Prediction
from training.runs.run import Run

_ARTICLES = 256  # scored together, at most; with _CHARACTERS it bounds the memory of a stream
_CHARACTERS = 4_000_000


def records(
    articles: Iterable[Article], run: Run, *, every: bool, explain: bool = False
) -> Iterator[dict[str, Any]]:
    """One record an article, in order.

    Args:
        articles: cleaned, any number; only some hundreds are held at once.
        run: the model.
        every: give every category's probability, not only those worth showing.
        explain: tell which words counted, for each category that is given.

    Yields:
        {"id", "source", "categories", "probabilities", "decision", "run"}, and "explanation"
    """
    for batch in _batches(articles):
        predictions = run.predict([each.document.text for each in batch])
        for article, prediction in zip(batch, predictions, strict=True):
            record = _record(article, prediction, run.name, every)
            if explain:
                record["explanation"] = _explained(run, article.document.text, record)
            yield record


def _batches(articles: Iterable[Article]) -> Iterator[list[Article]]:
    """The articles, some at a time: fewer of long ones."""
    batch: list[Article] = []
    size = 0
    for article in articles:
        batch.append(article)
        size += len(article.document.text)
        if len(batch) == _ARTICLES or size > _CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def unread(text: str) -> str:
    """What to say of an article in another script, which a model of French hardly reads; or ""."""
    share = foreign_share(text, least=LANGUAGE_SHARE)
    if share < LANGUAGE_SHARE:
        return ""
    return f"{share:.0%} of its letters are not in Latin script; the model hardly reads those"


def _record(article: Article, prediction: Prediction, run: str, every: bool) -> dict[str, Any]:
    shown = prediction.probabilities if every else prediction.shown
    return {
        "id": replace_surrogates(article.own_id) or article.document.id,
        "source": article.document.source,
        "categories": list(prediction.categories),
        "probabilities": {name: round(p, 6) for name, p in shown.items()},
        "decision": prediction.decision,
        "run": run,
    }


def _explained(run: Run, text: str, record: dict[str, Any]) -> dict[str, Any]:
    from training.explain import explain

    return explain(run.model, text).record(run.rule.categories, list(record["probabilities"]))
