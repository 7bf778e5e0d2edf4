"""Results of annotations, drafts and predictions under the new ids of categories. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from labels.migration.operation import map_names
from labels.server.answers import as_object
from labels.studio.interface import CONTROL

KINDS: tuple["RecordKind", ...] = ("annotations", "drafts", "predictions")
RecordKind = Literal["annotations", "drafts", "predictions"]


def chosen(result: Any) -> set[str]:
    """Return the ids of categories in a result; whatever is none of ours has none."""
    return {name for value in _choices(result) for name in value if isinstance(name, str)}


def map_result(result: Any, mapping: Mapping[str, str]) -> Any:
    """Return a result in which categories have their new ids; all else stays as it is."""
    if not chosen(result) & mapping.keys():
        return result
    return [_map_region(region, mapping) for region in result]


def _map_region(region: Any, mapping: Mapping[str, str]) -> Any:
    names = next(iter(_choices([region])), None)
    if names is None or not all(isinstance(name, str) for name in names):
        return region
    value = {**region["value"], "choices": list(map_names(names, mapping))}
    return {**region, "value": value}


def _choices(result: Any) -> Iterable[list[Any]]:
    """Yield the lists of categories in a result that has any."""
    for region in result if isinstance(result, list) else ():
        fields = as_object(region) or {}
        names = (as_object(fields.get("value")) or {}).get("choices")
        if fields.get("from_name") == CONTROL and isinstance(names, list):
            yield names
