"""Projects beside that of the workspace."""

import pytest

from classify.workspace.deciding.side_project import DISPUTES


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Presse", "Presse – À arbitrer"),
        ("x" * 50, "x" * 37 + " – À arbitrer"),
    ],
)
def test_the_title_stays_within_what_label_studio_takes(title: str, expected: str) -> None:
    assert DISPUTES.title(title) == expected
    assert len(expected) <= 50
