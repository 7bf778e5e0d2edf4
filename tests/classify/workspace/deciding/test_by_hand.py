"""`classify labels settle`: one article decided by hand."""

import json
from pathlib import Path

import pytest

from classify.workspace.deciding.by_hand import (
    find_article,
    find_categories,
    settle_article,
    unsettle_article,
)
from classify.workspace.labels import load_labels, store_labels
from labels.annotations import Annotation, read_annotations, write_annotations
from labels.taxonomy import ensure_taxonomy
from seeds.base.errors import InputError
from seeds.document import Document, write_documents
from tests.support.command import classify
from tests.support.corpus import taxonomy

FILM, MATCH = Document.of("Un film ouvre le festival."), Document.of("Un match a lieu.")
DOCUMENTS = {FILM.id: FILM, MATCH.id: MATCH}
VOTES = [
    Annotation(FILM.id, "max@b.fr", ("cinema",), created="2026-11-01T10:00:00Z"),
    Annotation(FILM.id, "ines@b.fr", ("sport",), created="2026-11-01T11:00:00Z"),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with one disputed article and one without labels."""
    ensure_taxonomy(tmp_path)
    write_documents(tmp_path, DOCUMENTS)
    write_annotations(tmp_path, VOTES)
    store_labels(tmp_path, load_labels(tmp_path))
    return tmp_path


def dataset(workspace: Path) -> list[tuple[str, list[str], list[str]]]:
    lines = (workspace / "dataset.jsonl").read_text(encoding="utf-8").splitlines()
    records = map(json.loads, lines)
    return [(record["id"], record["labels"], record["unknown"]) for record in records]


def test_an_article_settled_by_hand_has_these_labels_until_it_is_taken_back(
    workspace: Path,
) -> None:
    run = ("labels", "settle", FILM.id[:8], "--workspace", workspace)
    disputed = (FILM.id, [], ["cinema", "sport"])
    assert dataset(workspace) == [disputed]
    settled = classify(*run, "--categories", "Cinéma, politics")
    assert settled.returncode == 0, settled.stderr
    assert "0 to adjudicate" in settled.stderr
    assert dataset(workspace) == [(FILM.id, ["cinema", "politics"], [])]
    assert classify(*run, "--none").returncode == 0
    assert dataset(workspace) == [(FILM.id, [], [])]
    assert len(read_annotations(workspace)) == 3  # the later decision replaced the earlier
    assert classify(*run, "--undo").returncode == 0
    assert dataset(workspace) == [disputed]
    assert read_annotations(workspace) == VOTES


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([FILM.id], "give one of --categories A,B, --none and --undo"),
        ([FILM.id, "--none", "--undo"], "give one of --categories A,B, --none and --undo"),
        (["ffff", "--none"], "'ffff' is no article of the workspace"),
        ([FILM.id, "--categories", "cinma"], "Did you mean 'cinema'?"),
        ([FILM.id, "--categories", " , "], "If none applies, use --none."),
    ],
)
def test_what_can_not_be_settled_is_one_line(
    workspace: Path, options: list[str], message: str
) -> None:
    before = (workspace / "annotations.jsonl").read_bytes()
    refused = classify("labels", "settle", *options, "--workspace", workspace)
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert message in line
    assert (workspace / "annotations.jsonl").read_bytes() == before


def test_the_beginning_of_two_ids_is_asked_about() -> None:
    alike = {"ab0": FILM, "ab1": MATCH}
    with pytest.raises(InputError, match="'ab' means 2 articles: ab0, ab1"):
        find_article(alike, "ab")
    assert find_article(alike, "ab1") == MATCH


def test_single_choice_takes_exactly_one_category() -> None:
    single = taxonomy("single")
    for chosen in ((), ("cinema", "sport")):
        with pytest.raises(InputError, match="single choice"):
            settle_article(VOTES, FILM.id, chosen, single)
    assert settle_article(VOTES, FILM.id, ("sport",), single)[-1].categories == ("sport",)


def test_a_decision_by_hand_is_no_vote_of_a_pull_and_no_colleagues_is_taken_back() -> None:
    answer = Annotation(FILM.id, "lea@b.fr", (), ground_truth=True, origin="adjudication")
    settled = settle_article([*VOTES, answer], FILM.id, ("cinema",), taxonomy())
    assert [annotation.is_local for annotation in settled] == [False, False, False, True]
    assert settled[-1].ground_truth
    assert unsettle_article(settled, MATCH.id) == settled
    assert unsettle_article(settled, FILM.id) == [*VOTES, answer]


def test_names_in_both_languages_mean_their_category() -> None:
    assert find_categories("sport,Cinéma,cinema", taxonomy()) == ("cinema", "sport")
