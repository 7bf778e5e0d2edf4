"""The commands and the program of the README, run as they stand there."""

import csv
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT, classify, environment
from tests.support.corpus import dataset

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with labels.csv and file.txt, as the README has it."""
    path = tmp_path_factory.mktemp("readme")
    examples = dataset(60).examples
    with (path / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("headline", "text", "category"))
        for number, example in enumerate(examples):
            text = example.document.text
            rows.writerow((f"Nouvelle {number}", text, ";".join(example.categories)))
    (path / "file.txt").write_text(examples[0].document.text, encoding="utf-8")
    return path


def test_labels_become_a_model_and_the_model_answers(folder: Path) -> None:
    block = re.search(r"you need no Label Studio[^`]*?\n\n((?:    .*\n)+)", README)
    assert block
    lines = [line.strip() for line in block[1].splitlines()]
    assert [line.split()[1] for line in lines] == ["labels", "train", "predict"]
    for line in lines:
        done = classify(*shlex.split(line)[1:], cwd=folder)
        assert done.returncode == 0, done.stderr
    assert "file.txt" in done.stdout


def test_the_program_prints_categories_probabilities_and_a_decision(folder: Path) -> None:
    program = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert program
    done = subprocess.run(
        [sys.executable, "-c", program[1]],
        cwd=folder,
        env=environment(),
        capture_output=True,
        check=True,
        text=True,
    )
    assert re.fullmatch(r"\(.*\) \{.*\} (accepted|needs review|none)\n", done.stdout)
