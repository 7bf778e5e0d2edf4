"""The random arm: articles in an order that depends on nothing that was chosen. Pure.

Every workspace has one random order of its articles, which follows from their ids. The random arm
takes them in that order, so that its articles are a fair sample of all articles, whatever else was
chosen meanwhile; one that another arm chose before counts for it at no cost.
"""

import hashlib
from collections.abc import Iterable

from seeds.document import Document

SHARE = 0.2  # of each batch; fewer could not measure the saving, more would cost what it saves


def group_of(document: Document) -> str:
    """Return the name of the group of an article's near-duplicates."""
    return document.group or document.id


def rank(group: str) -> str:
    """Return the place of a group of near-duplicates in the random order, as a text to sort by."""
    return hashlib.sha256(f"random order {group}".encode()).hexdigest()


def shuffle(documents: Iterable[Document]) -> list[Document]:
    """Return one article of each group of near-duplicates, in the random order."""
    first: dict[str, Document] = {}
    for document in documents:
        first.setdefault(group_of(document), document)
    return [first[group] for group in sorted(first, key=rank)]


def arm_size(count: int) -> int:
    """Return how many articles of a batch are the random arm's."""
    return round(SHARE * count)


def spread(size: int, count: int) -> list[int]:
    """Return the places of the random arm's articles in a batch: evenly, up to its end."""
    return [int((n + 0.5) * count / size) for n in range(size)]
