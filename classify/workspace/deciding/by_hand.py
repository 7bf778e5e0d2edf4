"""Articles settled by hand, with `classify labels settle`."""

import datetime as dt
import getpass
from collections.abc import Iterable, Mapping, Sequence

from labels.annotations import Annotation
from labels.matching import CategoryNames
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.document import Document

_IDS_SHOWN = 5  # in a message


def settle_article(
    annotations: Sequence[Annotation],
    document_id: str,
    categories: Sequence[str],
    taxonomy: Taxonomy,
) -> list[Annotation]:
    """Return the annotations with one that settles an article, in place of an earlier such one.

    Raises:
        InputError: the taxonomy is single choice, and there is not one category.
    """
    if taxonomy.choice == "single" and len(categories) != 1:
        raise InputError(
            f"the taxonomy is single choice, and {len(categories)} categories were given. "
            "Name one with --categories."
        )
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    answer = Annotation(
        document_id=document_id,
        annotator=_user(),
        categories=taxonomy.sort(categories),
        ground_truth=True,
        created=now,
        updated=now,
        origin="settled",
    )
    return [*unsettle_article(annotations, document_id), answer]


def unsettle_article(annotations: Iterable[Annotation], document_id: str) -> list[Annotation]:
    """Return the annotations without the one that settled an article by hand."""
    return [
        annotation
        for annotation in annotations
        if annotation.origin != "settled" or annotation.document_id != document_id
    ]


def find_article(documents: Mapping[str, Document], text: str) -> Document:
    """Return the article of an id, or of the first characters of one.

    Raises:
        InputError: there is none, or more than one.
    """
    if text in documents:
        return documents[text]
    ids = [name for name in documents if text and name.startswith(text)]
    if len(ids) != 1:
        what = f"means {len(ids):,} articles" if ids else "is no article of the workspace"
        names = f": {', '.join(ids[:_IDS_SHOWN])}" if ids else ""
        raise InputError(f"{text!r} {what}{names}. `classify labels status` lists disputes.")
    return documents[ids[0]]


def find_categories(text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Return the ids of categories given as "a, b": by ids or by French or English names.

    Raises:
        InputError: one of them is unknown, or there is none.
    """
    names = CategoryNames(taxonomy)
    ids = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        category = names.find(part)
        if category is None:
            raise InputError(taxonomy.describe_unknown(part))
        ids.append(category)
    if not ids:
        raise InputError("--categories names no category. If none applies, use --none.")
    return taxonomy.sort(dict.fromkeys(ids))


def _user() -> str:
    """Return the name of the person at this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without that user
        return "unknown"
