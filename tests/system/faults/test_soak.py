"""The soak's own checks: what is lost, doubled, torn or shown is found, and nothing else is."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.soak_ledger import Findings, Ledger, check_articles, check_labels, read_lines

A, B, C = "un film", "un match", "un accord"


def write(folder: Path, name: str, *records: dict[str, Any]) -> None:
    text = "".join(json.dumps(record) + "\n" for record in records)
    (folder / name).write_text(text, encoding="utf-8")


def documents(folder: Path, *texts: str) -> None:
    write(folder, "documents.jsonl", *({"id": text[-3:], "text": text} for text in texts))


def vote(text: str, annotator: str, *categories: str) -> dict[str, Any]:
    return {"document_id": text[-3:], "annotator": annotator, "categories": list(categories)}


@pytest.fixture
def ledger() -> Ledger:
    """Two articles that are stored and one that may be; two people agree, one article is split."""
    ledger = Ledger(("cinema", "sport"), stored={A, B}, pending={C})
    ledger.votes = {
        (A, "anna"): ("cinema",),
        (A, "boris"): ("cinema",),
        (B, "anna"): ("sport",),
        (B, "boris"): (),
    }
    return ledger


def test_articles_that_are_lost_doubled_or_invented_are_counted(
    tmp_path: Path, ledger: Ledger
) -> None:
    findings = Findings()
    documents(tmp_path, A, A, "un rêve")
    check_articles(tmp_path, ledger, findings, settled=False)
    assert dict(findings.counts) == {
        "article lost": 1,
        "article doubled": 1,
        "article invented": 1,
    }


def test_an_article_that_was_to_be_stored_may_lack_until_the_command_is_given_again(
    tmp_path: Path, ledger: Ledger
) -> None:
    findings = Findings()
    documents(tmp_path, A, B)
    check_articles(tmp_path, ledger, findings, settled=False)
    documents(tmp_path, A, B, C)
    check_articles(tmp_path, ledger, findings, settled=False)
    assert not findings.counts
    documents(tmp_path, A, B)
    check_articles(tmp_path, ledger, findings, settled=True)
    assert dict(findings.counts) == {"article lost": 1}


def test_labels_are_old_or_new_and_never_a_part(tmp_path: Path, ledger: Ledger) -> None:
    findings = Findings()
    documents(tmp_path, A, B)
    check_labels(tmp_path, ledger, findings, settled=False)  # of before the first pull
    votes = [vote(text, annotator, *chosen) for (text, annotator), chosen in ledger.votes.items()]
    write(tmp_path, "annotations.jsonl", *votes)
    write(tmp_path, "adjudicate.jsonl", {"document_id": B[-3:]})
    check_labels(tmp_path, ledger, findings, settled=False)
    settled = {"text": B, "labels": []}
    write(tmp_path, "dataset.jsonl", {"text": A, "labels": ["cinema"]}, settled)
    check_labels(tmp_path, ledger, findings, settled=True)
    assert not findings.counts
    write(tmp_path, "annotations.jsonl", *votes[1:])
    write(tmp_path, "dataset.jsonl", {"text": A, "labels": ["sport"]}, settled)
    check_labels(tmp_path, ledger, findings, settled=False)
    assert dict(findings.counts) == {"vote lost": 1, "label lost": 1, "label invented": 1}


def test_half_a_line_is_no_line(tmp_path: Path) -> None:
    (tmp_path / "documents.jsonl").write_text('{"id": "a", "te')
    with pytest.raises(ValueError, match="Unterminated"):
        read_lines(tmp_path / "documents.jsonl")
