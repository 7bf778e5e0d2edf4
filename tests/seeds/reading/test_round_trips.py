"""What was written in a format comes back as it was, whatever it is."""

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seeds.document import Document, read_documents, write_documents
from tests.support.reading import read_rows

WHOLE = st.characters(exclude_categories=["Cs"])  # half characters become U+FFFD
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(WHOLE, max_size=20)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.fixed_dictionaries({"a": SCALARS}))
RECORDS = st.lists(
    st.dictionaries(st.text(WHOLE, max_size=9), VALUES, min_size=1, max_size=4),
    min_size=1,
    max_size=5,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(RECORDS, st.booleans(), st.sampled_from(["\n", "\r\n", "\n\n"]), st.booleans())
def test_jsonl_comes_back_as_it_was(
    records: list[dict[str, Any]], escaped: bool, end: str, marked: bool
) -> None:
    text = "".join(json.dumps(record, ensure_ascii=escaped) + end for record in records)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        path.write_bytes(text.encode("utf-8-sig" if marked else "utf-8"))
        rows = list(read_rows(path))
    assert [row for _, row in rows] == records
    assert [number for number, _ in rows] == [
        n * len(end.strip("\r")) + 1 for n in range(len(rows))
    ]


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.lists(st.text(WHOLE.filter(lambda c: c != "\0")), min_size=2, max_size=2), max_size=5
    ),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_a_table_in_each_delimiter_comes_back_as_it_was(
    rows: list[list[str]], delimiter: str, end: str, marked: bool
) -> None:
    rows = [[f"x{first}", second] for first, second in rows]  # none is blank
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        encoding = "utf-8-sig" if marked else "utf-8"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(
                file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL
            )
            writer.writerows([["text", "title"], *rows])
        assert [list(row.values()) for _, row in read_rows(path)] == rows


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.text(WHOLE, min_size=1), st.text(WHOLE), st.text(WHOLE))))
def test_articles_on_disk_come_back_as_they_were(fields: list[tuple[str, str, str]]) -> None:
    documents = [
        Document.of(text, title=title, source=source)
        for text, title, source in fields
        if text.strip()
    ]
    by_id = {document.id: document for document in documents}
    with tempfile.TemporaryDirectory() as folder:
        write_documents(Path(folder), by_id)
        assert read_documents(Path(folder)) == by_id
