"""Which of a project's tasks to ask Label Studio for, and which of their fields. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Rule = tuple[str, str, Any, str]

# The fields of a task, and, in the same list, those of its annotations, drafts and predictions.
EXPORTED = (
    "id,data,meta,annotations,drafts,predictions,result,completed_by,created_username,user,"
    "was_cancelled,ground_truth,lead_time,created_at,updated_at,updated_by,annotation,"
    "parent_prediction,model_version"
)
COPIES = "id,data,annotations,drafts"


@dataclass(frozen=True, slots=True)
class Query:
    """The tasks for which rules hold.

    Attributes:
        rules: a column's name, an operator of the data manager, a value, the value's type.
        conjunction: "and" if all rules must hold, "or" if one is enough.
    """

    rules: tuple[Rule, ...] = ()
    conjunction: Literal["and", "or"] = "and"

    def to_json(self, *, after: int) -> str:
        """Return the query, for tasks with an id above `after`, as the server's JSON.

        Pages asked for by id leave no task out while others are deleted; numbered pages do.
        """
        return json.dumps({"filters": self.filters(after)}, separators=(",", ":"))

    def filters(self, after: int = 0) -> dict[str, Any]:
        """Return the query, for tasks with an id above `after`, as an object."""
        above = _filter("id", "greater", after, "Number")
        items = [_filter(*rule) | {"child_filter": above} for rule in self.rules] or [above]
        return {"conjunction": self.conjunction, "items": items}


EVERY_TASK = Query()
WORKED_ON = Query(  # by an annotation, a skip or a draft
    (
        ("total_annotations", "greater", 0, "Number"),
        ("cancelled_annotations", "greater", 0, "Number"),
        ("draft_exists", "equal", True, "Boolean"),
    ),
    conjunction="or",
)
UNTOUCHED = Query(  # by all of these
    (
        ("total_annotations", "equal", 0, "Number"),
        ("cancelled_annotations", "equal", 0, "Number"),
        ("draft_exists", "equal", False, "Boolean"),
    )
)


def of_articles(ids: Sequence[str]) -> Query:
    """Return the query for the tasks of these articles."""
    return Query((("data.seed_id", "in_list", list(ids), "String"),))


def _filter(column: str, operator: str, value: Any, kind: str) -> dict[str, Any]:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "value": value, "type": kind}
