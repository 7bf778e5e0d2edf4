"""The tabs of Label Studio's list of articles: what to annotate, what was disputed or passed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from labels.server.answers import as_object
from labels.studio.client import Studio
from labels.studio.connection import Language
from labels.studio.page.words import Tongue, tongues

# A tab shows these columns; the last are Label Studio's counts of annotations and of skips.
_COLUMNS = ("data.title", "data.outlet", "data.date", "total_annotations", "cancelled_annotations")
_HIDDEN = (
    *("data.text", "data.facts", "data.seed_id", "data.source", "data.language", "id", "inner_id"),
    *("completed_at", "total_predictions", "annotators", "annotations_results", "annotations_ids"),
    *("predictions_score", "predictions_model_versions", "predictions_results", "file_upload"),
    *("storage_filename", "created_at", "updated_at", "updated_by", "avg_lead_time"),
    "draft_exists",
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab and the one rule by which an article belongs to it.

    Attributes:
        names: in French and in English.
        rule: the filter, as the data manager keeps it; None for all articles.
    """

    names: dict[Tongue, str]
    rule: dict[str, Any] | None

    def title(self, language: Language) -> str:
        """Return the title; two languages stand with " / " between them."""
        return " / ".join(self.names[tongue] for tongue in tongues(language))

    def owns(self, view: dict[str, Any]) -> bool:
        """Tell whether a tab of the server has one of our titles and filters by the same column."""
        titles = {self.title(language) for language in ("fr", "en", "both")}
        columns = [] if self.rule is None else [self.rule["filter"]]
        return view.get("title") in titles and _columns(view) == columns

    def data(self, language: Language) -> dict[str, Any]:
        """Return the tab as the data manager keeps it."""
        hidden = [f"tasks:{column}" for column in _HIDDEN]
        return {
            "title": self.title(language),
            "type": "list",
            "target": "tasks",
            "hiddenColumns": {"explore": hidden, "labeling": hidden},
            "filters": self.filters,
        }

    @property
    def filters(self) -> dict[str, Any]:
        """The filters of the tab."""
        return {"conjunction": "and", "items": [] if self.rule is None else [self.rule]}


def list_tabs(disputed: Sequence[str]) -> list[Tab]:
    """Return the tabs in their order; disputed: the ids of the articles to adjudicate."""
    return [
        Tab(
            {"fr": "À annoter", "en": "To annotate"},
            _rule("completed_at", "empty", value=True, kind="Datetime"),
        ),
        Tab(
            {"fr": "À arbitrer", "en": "To adjudicate"},
            # The server knows "in_list", too, but a tab that has it shows nothing at all. A rule
            # with no value would show every article.
            _rule("data.seed_id", "regex", value="|".join(disputed) or "–", kind="String"),
        ),
        Tab(
            {"fr": "Passés", "en": "Skipped"},
            _rule("cancelled_annotations", "greater", value=0, kind="Number"),
        ),
        Tab({"fr": "Hésitants", "en": "Unsure"}, _in_results('"from_name": "unsure"')),
        Tab({"fr": "Commentés", "en": "Commented"}, _in_results('"from_name": "comment"')),
        Tab({"fr": "Tous", "en": "All"}, None),
    ]


def update_tabs(
    studio: Studio,
    project_id: int,
    language: Language,
    disputed: Sequence[str],
    *,
    missing: Literal["create", "leave"] = "create",
) -> None:
    """Bring the title and the filter of our tabs up to date, and create those that are missing.

    A tab that a person made is left as it is, and so is all else that a person changed in ours. A
    tab with a title of ours that filters by the same column counts as ours.
    """
    subject = f"the tabs of project {project_id}"
    rows = studio.read(subject, studio.sdk.views.list, project=project_id).rows()
    views = {row.get("id", int): as_object(row.fields.get("data")) or {} for row in rows}
    taken = {view.get("title") for view in views.values()}
    for tab in list_tabs(disputed):
        own = next((number for number, view in views.items() if tab.owns(view)), None)
        if own is not None:
            data = {**views[own], "title": tab.title(language), "filters": tab.filters}
            if data != views[own]:
                update = studio.sdk.views.update
                studio.write(subject, update, str(own), project=project_id, data=data)
        elif missing == "create" and tab.title(language) not in taken:
            create = studio.sdk.views.create
            studio.write(subject, create, project=project_id, data=tab.data(language))


def _columns(view: dict[str, Any]) -> list[Any]:
    """Return the columns by which a tab filters."""
    items = (as_object(view.get("filters")) or {}).get("items")
    rules = map(as_object, items if isinstance(items, list) else ())
    return [(rule or {}).get("filter") for rule in rules]


def _rule(column: str, operator: str, *, value: Any, kind: str) -> dict[str, Any]:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def _in_results(text: str) -> dict[str, Any]:
    """Return the rule for articles with a text in what annotators answered, which is JSON."""
    return _rule("annotations_results", "contains", value=text, kind="String")
