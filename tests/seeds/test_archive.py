"""Articles are added to documents.jsonl without reading all of it into memory."""

import contextlib
import json
from pathlib import Path

import pytest

from seeds.archive import Archive, group_with_stored
from seeds.base.errors import InputError
from seeds.document import Document, read_documents, write_documents
from tests.support.command import fill
from tests.support.wire_stories import COPY, REWRITTEN, SAME_EVENT


def add(workspace: Path, *texts: str) -> int:
    """Add articles that are not there; return how many resemble an earlier one."""
    with contextlib.ExitStack() as files:
        archive = Archive(workspace, files)
        for text in texts:
            document = Document.of(text, source="é.txt", language="fr")
            if document.id not in archive:
                archive.add(document)
        return archive.save()


def test_articles_are_added_in_order_with_their_groups(tmp_path: Path) -> None:
    assert add(tmp_path, COPY, SAME_EVENT) == 0
    assert add(tmp_path, COPY, REWRITTEN, "En bref\n\n\u2028 « é »") == 1
    documents = list(read_documents(tmp_path).values())
    assert [each.text for each in documents][:3] == [COPY, SAME_EVENT, REWRITTEN]
    assert [each.group for each in documents[:3]] == [
        documents[0].id,
        documents[1].id,
        documents[0].id,
    ]
    assert all(each.source == "é.txt" for each in documents)


def test_the_file_is_the_same_as_if_all_had_been_written_at_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for text in (COPY, SAME_EVENT, REWRITTEN):
        add(tmp_path / "a", text)
    add(tmp_path / "b", COPY, SAME_EVENT, REWRITTEN)
    content = (tmp_path / "a" / "documents.jsonl").read_bytes()
    assert content == (tmp_path / "b" / "documents.jsonl").read_bytes()
    write_documents(tmp_path, read_documents(tmp_path / "a"))
    assert content == (tmp_path / "documents.jsonl").read_bytes()


def test_lines_that_others_wrote_are_read_and_kept(tmp_path: Path) -> None:
    """Other order of the keys, other spaces, a blank line, no line end, the same article twice."""
    first, second = Document.of(COPY, title="A"), Document.of(SAME_EVENT, group="0" * 16)
    lines = [
        json.dumps(dict(reversed(first.record().items()))),
        "",
        json.dumps(second.record(), separators=(",", ":")),
        json.dumps({**first.record(), "title": "B"}),
    ]
    (tmp_path / "documents.jsonl").write_text("\n".join(lines))
    assert add(tmp_path, SAME_EVENT, REWRITTEN) == 1
    documents = list(read_documents(tmp_path).values())
    assert [(each.id, each.title) for each in documents[:2]] == [(first.id, "B"), (second.id, "")]
    assert documents[1].group == second.id
    assert documents[2].group == first.id


def test_an_article_that_joins_two_groups_changes_the_line_of_the_second(tmp_path: Path) -> None:
    words = [f"mot{n}" for n in range(100)]
    left, middle, right = (" ".join(words[n : n + 60]) for n in (0, 15, 30))
    assert add(tmp_path, left, right) == 0
    assert add(tmp_path, middle) == 1
    assert {each.group for each in read_documents(tmp_path).values()} == {Document.of(left).id}


def test_quotes_in_a_text_are_not_taken_for_the_ends_of_a_line(tmp_path: Path) -> None:
    tricky = '{"id": "0123456789abcdef", "text": "x", "group": "0123456789abcdef"}'
    add(tmp_path, tricky)
    add(tmp_path, "Autre.")
    assert [each.text for each in read_documents(tmp_path).values()] == [tricky, "Autre."]


@pytest.mark.parametrize("line", ["{", '{"id": "0123456789abcdef", "text": "x"}', "\udcff"])
def test_a_line_that_is_no_article_is_named(tmp_path: Path, line: str) -> None:
    add(tmp_path, COPY)
    path = tmp_path / "documents.jsonl"
    with path.open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(line + "\n")
    content = path.read_bytes()
    with pytest.raises(InputError, match=r"documents.jsonl:2: "):
        add(tmp_path, SAME_EVENT)
    assert path.read_bytes() == content


def test_a_full_disk_leaves_the_articles_as_they_were(small_disk: Path) -> None:
    add(small_disk, COPY)
    content = (small_disk / "documents.jsonl").read_bytes()
    fill(small_disk)
    with pytest.raises(InputError, match="No space left"):
        add(small_disk, *(f"{SAME_EVENT} {n}" for n in range(100)))
    assert (small_disk / "documents.jsonl").read_bytes() == content


def test_a_workspace_whose_articles_are_in_memory_is_grouped_alike(tmp_path: Path) -> None:
    stored, new = Document.of(COPY), [Document.of(SAME_EVENT), Document.of(REWRITTEN)]
    grouped = group_with_stored(tmp_path, [stored], new)
    assert [each.group for each in grouped] == [stored.id, new[0].id, stored.id]
    assert group_with_stored(tmp_path, grouped, []) == grouped
