"""Which of a project's tasks to ask Label Studio for, and which of their fields. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Rule = tuple[str, str, Any, str]

# The fields of a task, and, in the same list, those of its annotations and drafts.
EXPORTED = (
    "id,data,meta,annotations,drafts,result,completed_by,created_username,user,was_cancelled,"
    "ground_truth,lead_time,created_at,updated_at,annotation"
)
COPIES = "id,data,annotations,drafts"


@dataclass(frozen=True, slots=True)
class Query:
    """Which tasks: those that rules hold for.

    Attributes:
        rules: of a column each: its name, an operator of the data manager, a value, its type.
        every: whether all of the rules are to hold, or one of them.
    """

    rules: tuple[Rule, ...] = ()
    every: bool = True

    def after(self, task_id: int) -> str:
        """The tasks with a higher id, as the server's JSON.

        Pages asked for by id leave no task out while others are deleted; numbered pages do.
        """
        later = _filter("id", "greater", task_id, "Number")
        filters = {
            "conjunction": "and" if self.every else "or",
            "items": [_filter(*rule) | {"child_filter": later} for rule in self.rules] or [later],
        }
        return json.dumps({"filters": filters}, separators=(",", ":"))


EVERY_TASK = Query()
WORKED_ON = Query(  # by an annotation, a skip or a draft
    (
        ("total_annotations", "greater", 0, "Number"),
        ("cancelled_annotations", "greater", 0, "Number"),
        ("draft_exists", "equal", True, "Boolean"),
    ),
    every=False,
)


def one_of(seeds: Sequence[str]) -> Query:
    """The tasks of these articles."""
    return Query((("data.seed_id", "in_list", list(seeds), "String"),))


def _filter(column: str, operator: str, value: Any, kind: str) -> dict[str, Any]:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "value": value, "type": kind}
