"""Which of a project's tasks to ask Label Studio for, and which of their fields. Pure."""

import json
from collections.abc import Sequence
from typing import Any

# The fields of a task, and, in the same list, those of its annotations and drafts.
EXPORTED = (
    "id,data,meta,annotations,drafts,result,completed_by,created_username,user,was_cancelled,"
    "ground_truth,lead_time,created_at,updated_at,annotation"
)
COPIES = "id,data,annotations,drafts"


def worked_on() -> str:
    """The query for tasks with an annotation, a skip or a draft."""
    return _query(
        "or",
        ("total_annotations", "greater", 0, "Number"),
        ("cancelled_annotations", "greater", 0, "Number"),
        ("draft_exists", "equal", True, "Boolean"),
    )


def one_of(seeds: Sequence[str]) -> str:
    """The query for tasks of these articles."""
    return _query("and", ("data.seed_id", "in_list", list(seeds), "String"))


def _query(conjunction: str, *rules: tuple[str, str, Any, str]) -> str:
    """A filter of the data manager; a rule is (column, operator, value, type)."""
    items = [
        {"filter": f"filter:tasks:{column}", "operator": operator, "value": value, "type": kind}
        for column, operator, value, kind in rules
    ]
    filters = {"conjunction": conjunction, "items": items}
    return json.dumps({"filters": filters}, separators=(",", ":"))
