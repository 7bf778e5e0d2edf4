"""Folds that a killed training left: sound ones are used, damaged ones are made again."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.corpus import dataset
from training.model import Fitting
from training.models.tfidf.model import TfidfSettings
from training.out_of_fold import FoldScores, score_out_of_fold
from training.recipe import Recipe
from training.splitting.stratify import make_folds

DATA, RECIPE = dataset(40), Recipe(folds=2)
FIRST = len(make_folds(DATA, 2, RECIPE.seed)[0][1])  # articles
HALF = [[1.5, -2.0, 0.25]] * FIRST


def folds(folder: Path, content: bytes) -> tuple[FoldScores, list[str]]:
    """Score with a first fold that an earlier training left; return the lines logged, too."""
    (folder / "fold-1.json").write_bytes(content)
    lines: list[str] = []
    fitting = Fitting(folder=folder, log=lines.append)
    return score_out_of_fold(DATA, "tfidf", RECIPE, TfidfSettings(buckets=10), fitting), lines


@pytest.fixture(scope="module")
def unbroken() -> FoldScores:
    return score_out_of_fold(DATA, "tfidf", RECIPE, TfidfSettings(buckets=10), Fitting())


def test_a_finished_fold_is_not_made_again(tmp_path: Path, unbroken: FoldScores) -> None:
    made, lines = folds(tmp_path, json.dumps([HALF, 0.5]).encode())
    assert made.scores[:FIRST].tolist() == HALF
    assert (made.scores[FIRST:] == unbroken.scores[FIRST:]).all()
    assert made.duration == 0.5
    assert lines == ["calibrating: fold 1 of 2", "calibrating: fold 2 of 2"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[[[1, 2",
        b"{}",
        b"12",
        b"null",
        b"[]",
        b"[1, 2, 3]",
        b"[[[1.0]], null]",
        b'[[["a"]], 0.5]',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        json.dumps([HALF[1:], 0.5]).encode(),
        json.dumps([[[*row, 0.0] for row in HALF], 0.5]).encode(),
        json.dumps([[[float("nan"), 0, 0], *HALF[1:]], 0.5]).encode(),
        json.dumps([[[10**400, 0, 0], *HALF[1:]], 0.5]).encode(),
        json.dumps([HALF, "0.5"]).encode(),
        json.dumps([HALF, -1]).encode(),
        json.dumps([HALF, float("inf")]).encode(),
    ],
)
def test_a_damaged_fold_is_made_again_and_named(
    tmp_path: Path, unbroken: FoldScores, content: bytes
) -> None:
    made, lines = folds(tmp_path, content)
    assert lines[0] == f"{tmp_path / 'fold-1.json'}: damaged, so the fold is made again"
    np.testing.assert_array_equal(made.scores, unbroken.scores)
    assert made.duration is None
