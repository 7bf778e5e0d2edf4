"""The next step of a workspace, as `classify labels status` names it without a server."""

from pathlib import Path

import pytest

from tests.support.command import classify


@pytest.mark.parametrize(
    ("texts", "step"),
    [((), "next: classify seeds add PATH"), (("Un film.",), "next: classify labels push")],
)
def test_a_workspace_that_was_never_pushed_is_told_to_begin(
    tmp_path: Path, texts: tuple[str, ...], step: str
) -> None:
    for text in texts:
        added = classify("seeds", "add", "-", "--workspace", tmp_path, data=text.encode())
        assert added.returncode == 0, added.stderr
    shown = classify("labels", "status", "--offline", "--workspace", tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert step in shown.stdout
