"""The pool of articles, and the record of what was chosen."""

from dataclasses import replace
from pathlib import Path

import pytest

from classify.workspace.sending.selection import (
    Chosen,
    choose_next,
    mark_sent,
    measure_chosen,
    read_chosen,
    remember_chosen,
)
from labels.annotations import Annotation, write_annotations
from labels.dataset import Dataset, Example, write_dataset
from seeds.base.errors import InputError
from seeds.document import Document, write_documents
from tests.support.corpus import WORDS, taxonomy, write_taxonomy
from training.arrays import BoolArray
from training.selection.random_arm import shuffle


def articles(workspace: Path, count: int = 12) -> dict[str, Document]:
    words = [*WORDS["cinema"], *WORDS["trade"]]
    documents = [Document.of(f"{words[n]} {words[n + 1]} {words[n + 2]} {n}") for n in range(count)]
    by_id = {document.id: document for document in documents}
    write_documents(workspace, by_id)
    return by_id


def test_what_is_annotated_or_waits_or_resembles_such_is_not_chosen(tmp_path: Path) -> None:
    documents = articles(tmp_path)
    annotated, skipped, waiting, copy, *others = documents
    documents[copy] = replace(documents[copy], group=annotated)
    write_annotations(
        tmp_path,
        [
            Annotation(annotated, "lea@example.org", ("cinema",)),
            Annotation(skipped, "lea@example.org", (), status="skipped"),
        ],
    )
    chosen = choose_next(tmp_path, documents, {waiting}, 50, "auto")
    assert sorted(document.id for document, _ in chosen.articles) == sorted(others)
    assert chosen.available == len(others)


def test_what_was_chosen_and_did_not_arrive_comes_first_and_keeps_its_reason(
    tmp_path: Path,
) -> None:
    documents = articles(tmp_path)
    first = choose_next(tmp_path, documents, set(), 4, "diverse")
    records = [record for _, record in first.articles]
    remember_chosen(tmp_path, records)
    arrived = {records[0].document_id, records[2].document_id}
    again = choose_next(tmp_path, documents, arrived, 6, "random")
    assert [record for _, record in again.articles[:2]] == [records[1], records[3]]
    assert {record.arm for _, record in again.articles[2:]} == {"random"}
    assert len({document.id for document, _ in again.articles} | arrived) == 8

    remember_chosen(tmp_path, mark_sent(records))
    assert [record.sent for record in read_chosen(tmp_path)] == [True] * 4
    later = choose_next(tmp_path, documents, arrived, 1, "auto")  # the others were deleted there
    assert later.articles[0][1].strategy == "auto"


def test_an_empty_pool_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no articles yet"):
        choose_next(tmp_path, {}, set(), 5, "auto")
    documents = articles(tmp_path)
    with pytest.raises(InputError, match=r"12 articles are annotated, in Label Studio \(12\)"):
        choose_next(tmp_path, documents, documents.keys(), 5, "auto")


def test_a_damaged_record_is_named_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "chosen.jsonl").write_text('{"document_id": 7}\n')
    with pytest.raises(InputError, match=r"chosen.jsonl:1"):
        read_chosen(tmp_path)


def test_the_random_arm_is_what_the_random_order_has_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = articles(tmp_path)
    order = [document.id for document in shuffle(documents.values())]
    arms = {order[0]: "random", order[3]: "random", order[1]: "diverse", order[7]: "uncertain"}
    records = [Chosen(name, arm, "auto", "", "") for name, arm in arms.items()]
    remember_chosen(tmp_path, [*records, Chosen(order[11], "random", "auto", "", "")])
    examples = tuple(Example(documents[name], ("cinema",)) for name in order[:8])
    write_dataset(tmp_path / "dataset.jsonl", Dataset(examples, taxonomy()))
    write_taxonomy(tmp_path, taxonomy())

    given: list[tuple[list[str], list[bool]]] = []

    def measure(dataset: Dataset, arm: BoolArray) -> None:
        given.append(([example.document.id for example in dataset.examples], arm.tolist()))

    monkeypatch.setattr("training.selection.saving.measure_saving", measure)
    measure_chosen(tmp_path)
    assert given == [(list(arms), [True, True, True, False])]
