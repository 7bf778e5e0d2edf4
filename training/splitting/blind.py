"""Which articles people label without a suggestion, for they are measured on, or will be."""

from collections.abc import Iterable

from seeds.document import Document
from training.splitting.split import Split, latest_day
from training.splitting.stratify import group_of


def find_blind_ids(split: Split, documents: Iterable[Document]) -> frozenset[str]:
    """Return the ids of the articles in the test set, and of those that join it once labelled.

    A near-duplicate of a test article joins it. So does, if the split is by date, an article that
    may be as new as the test set and resembles none that is learned from.

    Args:
        split: the frozen one.
        documents: every article, labelled or not.
    """
    rows = [(document.id, group_of(document), latest_day(document)) for document in documents]
    learn, test = set(split.learn), set(split.test)
    test_groups = test | {group for name, group, _ in rows if name in test}
    learn_groups = learn | {group for name, group, _ in rows if name in learn}
    latest: dict[str, str] = {}
    for _, group, day in rows:
        latest[group] = max(latest.get(group, ""), day)
    joining = (
        name
        for name, group, _ in rows
        if name not in learn
        and (
            group in test_groups
            or (split.by == "date" and group not in learn_groups and latest[group] >= split.since)
        )
    )
    return frozenset((*split.test, *joining))
