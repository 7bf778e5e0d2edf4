"""What a Label Studio, an annotator or a spreadsheet may hand over."""

import copy
import tomllib
from typing import Any

from labels.new_categories import Creation
from labels.spreadsheet import Layout, read_labelled
from labels.studio.connection import StudioSettings
from labels.studio.export import read_export
from labels.studio.interface import list_additions, read_categories, read_choice, render_interface
from labels.studio.prediction_result import read_prediction, suggest, to_prediction
from labels.studio.tasks import to_result, to_task
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.base.settings import parse
from seeds.document import Document
from tests.fuzz.choices import Choices, mutate, to_json, to_text
from tests.fuzz.readers import check_error, scratch_folder
from tests.support.corpus import taxonomy
from training.recipe import Recipe

_TAXONOMY = taxonomy()
_INTERFACE = render_interface(_TAXONOMY)
_ARTICLE = Document.of("Le film sort en salle.", title="Cinéma", date="2021-03")
_PREDICTION = to_prediction(
    suggest("run", ["cinema"], {"cinema": 0.9, "trade": 0.2, "sport": 0.1}, "multiple"),
    frozenset(_TAXONOMY.ids),
)
_TASK = {
    **to_task(_ARTICLE),
    "id": 7,
    "annotations": [
        {
            "id": 1,
            "result": to_result(["cinema", "sport"], "à revoir"),
            "completed_by": "a@b.fr",
            "was_cancelled": False,
            "ground_truth": False,
            "lead_time": 12.5,
            "created_at": "2026-11-01T10:00:00Z",
        },
        {"id": 2, "result": to_result(["trade"]), "completed_by": "c@d.fr", "lead_time": None},
    ],
    "drafts": [{"user": "e@f.fr", "result": to_result(["sport"]), "created_at": "2026"}],
    "predictions": [_PREDICTION],
}


def check_export(data: bytes) -> None:
    """Read an export whose tasks, annotations and predictions were changed."""
    choices = Choices(data)
    tasks = [mutate(copy.deepcopy(_TASK), choices), mutate(copy.deepcopy(_TASK), choices)]
    single = choices.below(2) == 1
    _read_tasks([task for task in tasks if isinstance(task, dict)], single=single)


def _read_tasks(tasks: list[dict[str, Any]], *, single: bool) -> None:
    export = read_export(tasks, taxonomy("single" if single else "multiple"))
    for annotation in export.annotations:
        assert set(annotation.categories) <= set(_TAXONOMY.ids)
        assert annotation.document_id in export.documents
    for task in tasks:
        predictions = task.get("predictions")
        for prediction in predictions if isinstance(predictions, list) else ():
            if not isinstance(prediction, dict):
                continue
            try:
                read_prediction(prediction, frozenset(_TAXONOMY.ids))
            except InputError as error:
                check_error(error)


def check_interface(data: bytes) -> None:
    """Read a labelling interface: ours with a part of it replaced, or any text."""
    choices = Choices(data)
    text = _INTERFACE
    if choices.below(2):
        at = choices.below(len(text))
        text = text[:at] + choices.text(64) + text[at + choices.below(64) :]
    else:
        text = to_text(choices.rest())
    for read in (read_categories, read_choice, lambda theirs: list_additions(_INTERFACE, theirs)):
        try:
            read(text)
        except InputError as error:
            check_error(error)


_ROWS = [
    {"text": "Le film sort en salle.", "title": "Cinéma", "date": "2021-03-04", "labels": "cinema"},
    {"text": "Le match est nul.", "title": "", "date": "", "labels": ["sport", "trade"]},
    {"text": "L'accord sur le port.", "title": None, "date": 2021, "labels": "Trade;Sport"},
]


def check_labels(data: bytes) -> None:
    """Read a file of labels, with cells of every type."""
    choices = Choices(data)
    rows = [to_json(mutate(copy.deepcopy(row), choices)) for row in _ROWS]
    layout = Layout(separator=choices.pick((";", ",", "", "|")))
    single, create = choices.below(2) == 1, choices.below(2) == 1
    categories = taxonomy("single" if single else "multiple")
    path = scratch_folder() / "labels.jsonl"
    path.write_bytes("\n".join(rows).encode("utf-8", "surrogatepass"))
    creation = Creation(every=create)
    try:
        labelled = read_labelled(path, layout, categories, creation=creation, remedy="")
    except InputError as error:
        check_error(error)
        return
    known = set(labelled.taxonomy.ids)
    assert all(set(annotation.categories) <= known for annotation in labelled.annotations)
    for document in labelled.documents.values():
        document.text.encode()


_SETTINGS: tuple[type[Any], ...] = (Taxonomy, StudioSettings, Recipe)


def check_settings(data: bytes) -> None:
    """Read a settings file: TOML of any kind, or a taxonomy that was changed."""
    choices = Choices(data)
    kind = choices.pick(_SETTINGS)
    try:
        if choices.below(2):
            table = mutate(copy.deepcopy(_TAXONOMY.record()), choices)
            to_json(table)
        else:
            table = tomllib.loads(to_text(choices.rest()))
    except (ValueError, RecursionError):  # what `read_table` reports in one line
        return
    try:
        parse(table, kind, "settings.toml")
    except InputError as error:
        check_error(error)
