"""Any bytes: a short run of the fuzzer on every target, as `make fuzz` does at length."""

from pathlib import Path

import pytest

from tests.fuzz.fuzz import CORPUS, fuzz
from tests.fuzz.targets import TARGETS, Target

RUNS = 20_000  # inputs over all targets


def need_fuzzer() -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this Python or machine")


def test_every_target_has_inputs_to_begin_with_and_each_is_small() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == TARGETS.keys()
    assert max(file.stat().st_size for file in CORPUS.rglob("*") if file.is_file()) < 2_000


def test_the_shares_of_the_targets_are_those_of_a_whole() -> None:
    assert sum(target.share for target in TARGETS.values()) == pytest.approx(1)


@pytest.mark.parametrize("target", TARGETS)
def test_no_bytes_crash_hang_or_fill_the_memory(target: str, tmp_path: Path) -> None:
    need_fuzzer()
    runs = max(200, round(RUNS * TARGETS[target].share))
    outcome = fuzz(target, TARGETS[target], runs, tmp_path, seed=1)
    assert outcome.failures == ()
    assert outcome.inputs >= runs


@pytest.mark.parametrize(
    ("fault", "messages"),
    [
        ("fail", ["KeyError: b'a", "FileNotFoundError: "]),
        ("spin", ["AssertionError: took 5."]),
        ("grow", ["ERROR: libFuzzer: out-of-memory"]),
    ],
)
def test_the_fuzzer_notices_faults_and_keeps_their_inputs(
    fault: str, messages: list[str], tmp_path: Path
) -> None:
    need_fuzzer()
    inputs = tmp_path / fault
    inputs.mkdir()
    (inputs / "first").write_bytes(b"a")
    outcome = fuzz(fault, Target(f"broken:{fault}", 1), 3, tmp_path, seed=1)
    assert len(outcome.failures) == len(messages), outcome.failures
    for message, failure in zip(messages, outcome.failures, strict=True):
        assert message in failure
    assert len(list((tmp_path / "found").iterdir())) == len(messages)
