"""Signatures are a cache: kept they save work, lost or damaged they are made again."""

from pathlib import Path

import numpy as np
import pytest

from seeds.document import Document
from seeds.signatures import (
    find_candidates,
    keep_signatures,
    read_signatures,
    sign_articles,
    sizes,
)
from tests.support.wire_stories import COPY, REWRITTEN, SAME_EVENT

TEXTS = [COPY, SAME_EVENT, REWRITTEN, "En bref"]
IDS = [Document.of(text).id for text in TEXTS]


def sign(tmp_path: Path) -> list[str]:
    """Sign the texts with what is kept; return those that were read."""
    read: list[str] = []

    def read_text(place: int) -> str:
        read.append(TEXTS[place])
        return TEXTS[place]

    rows = sign_articles(IDS, read_text, read_signatures(tmp_path))
    assert list(find_candidates(rows, 0)) == [(0, 2)]
    keep_signatures(tmp_path, rows)
    return read


def test_kept_signatures_are_not_computed_again(tmp_path: Path) -> None:
    assert sign(tmp_path) == TEXTS
    assert sign(tmp_path) == []


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"\x80\x04K\x01.", b"PK\x03\x04" + bytes(40), b"[" * 100_000]
)
def test_a_damaged_file_is_made_again(tmp_path: Path, content: bytes) -> None:
    sign(tmp_path)
    (tmp_path / "signatures.npy").write_bytes(content)
    assert sign(tmp_path) == TEXTS
    assert sign(tmp_path) == []


def test_a_truncated_file_is_made_again(tmp_path: Path) -> None:
    sign(tmp_path)
    path = tmp_path / "signatures.npy"
    path.write_bytes(path.read_bytes()[:-1])
    assert sign(tmp_path) == TEXTS


def test_rows_of_another_version_and_pickles_are_not_used(tmp_path: Path) -> None:
    np.save(tmp_path / "signatures.npy", np.zeros(3, [("id", "<u8")]))
    assert sign(tmp_path) == TEXTS
    np.save(tmp_path / "signatures.npy", np.array([{}], object), allow_pickle=True)
    assert sign(tmp_path) == TEXTS


def test_a_size_is_the_number_of_distinct_three_word_sequences(tmp_path: Path) -> None:
    texts = ["un deux trois quatre", "un deux trois un deux trois un", "un", "…", "a " * 10_000]
    ids = [Document.of(text).id for text in texts]
    rows = sign_articles(ids, texts.__getitem__, read_signatures(tmp_path))
    assert sizes(rows) == [2, 3, 1, 1, 1]
