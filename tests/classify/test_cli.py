"""The command line as a whole: help, names, exit codes, and what it must not load."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from classify.cli import COMMANDS, cli
from tests.support.command import ROOT, classify, environment
from tests.support.corpus import workspace
from tests.support.imports import HEAVY, loaded


def tree(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and subcommand, as the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from tree(command, (*path, name))


def command_at(path: tuple[str, ...]) -> click.Command:
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        inner = command.get_command(click.Context(command), name)
        assert inner is not None
        command = inner
    return command


ALL = list(tree())


def test_the_commands_are_those_of_the_product() -> None:
    words = {" ".join(path) for path in ALL}
    assert {
        "demo",
        *("seeds add", "seeds list", "seeds stats"),
        *("labels server start", "labels server stop", "labels server status"),
        *("labels push", "labels pull", "labels status", "labels import"),
        "train",
        *("runs list", "runs show", "runs promote", "runs rollback", "runs verify"),
        "predict",
    } <= words


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_and_option_says_what_it_does(path: tuple[str, ...]) -> None:
    command = command_at(path)
    assert (command.help or "").strip()
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not isinstance(parameter.type, click.Choice):
            assert parameter.help, parameter.name


@pytest.mark.slow
def test_help_lists_every_command_with_a_line() -> None:
    result = classify("--help")
    assert result.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} +\w", result.stdout, re.MULTILINE), name
    assert classify("-h").stdout == result.stdout


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_stands_in_the_readme(path: tuple[str, ...]) -> None:
    words = " ".join(path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"\bclassify {re.escape(words)}\b", readme), words


def test_the_readme_names_no_command_that_is_not_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `classify ([a-z -]+?)(?: [A-Z-][^`]*)?` \|", readme, re.MULTILINE)
    assert rows
    for words in rows:
        assert tuple(words.split()) in ALL, words


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["predikt"], "demo, seeds, labels, train, evaluate, compare, runs, predict, serve"),
        (["runs", "lst"], "list, show, promote, rollback, verify, export"),
        (["labels", "server", "begin"], "start, stop, status"),
        (["seeds", "ad"], "add, list, stats"),
    ],
)
def test_an_unknown_command_is_answered_with_the_known_ones(
    arguments: list[str], names: str
) -> None:
    result = classify(*arguments)
    assert result.returncode == 2
    assert f"no such command {arguments[-1]!r}. Known: {names}." in result.stderr
    assert result.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["predict", "--help"], 0),
        (["runs", "list"], 1),  # no run yet: something the user can mend
        (["train"], 1),
        (["predict"], 2),
        (["predict", "x", "--format", "xml"], 2),
        (["train", "bert"], 2),
        (["train", "--seed", "-1"], 2),
        (["--nope"], 2),
        ([], 2),
    ],
)
def test_exit_codes_tell_done_from_mendable_from_misused(
    tmp_path: Path, arguments: list[str], code: int
) -> None:
    result = classify(*arguments, cwd=tmp_path)
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    assert (result.stdout == "") == (code != 0)


@pytest.mark.slow
def test_what_the_user_can_mend_is_one_line_on_standard_error(tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "dataset.jsonl").write_text("not json\n")
    result = classify("train", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: workspace/dataset.jsonl:1: not JSON")
    assert result.stderr.count("\n") == 1


def test_a_name_with_line_ends_stays_on_one_line_and_steers_no_terminal(tmp_path: Path) -> None:
    result = classify("runs", "list", "--workspace", tmp_path / "a\n\x1b[2Jb")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "a\\n\\x1b[2Jb" in result.stderr


def test_help_loads_nothing_heavy() -> None:
    packages = loaded("--help")
    assert "click" in packages
    assert not packages & (HEAVY | {"rich", "numpy", "charset_normalizer"})


@pytest.mark.slow
def test_predict_loads_nothing_that_training_or_labelling_needs(tmp_path: Path) -> None:
    assert classify("train", "--workspace", workspace(tmp_path / "w", 30)).returncode == 0
    (tmp_path / "a.txt").write_text("film festival écran")
    packages = loaded("predict", "--workspace", tmp_path / "w", tmp_path / "a.txt")
    assert "numpy" in packages
    assert not packages & (HEAVY | {"safetensors", "multiprocessing", "concurrent"})


def test_each_package_is_the_one_of_this_project() -> None:
    code = (
        "import classify, labels, seeds, training\n"
        "for each in (classify, labels, seeds, training): print(each.__file__)"
    )
    env = environment()
    del env["PYTHONPATH"]  # as installed
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd="/", check=True
    )
    assert [Path(line) for line in result.stdout.splitlines()] == [
        ROOT / name / "__init__.py" for name in ("classify", "labels", "seeds", "training")
    ]


@pytest.fixture
def one_article(tmp_path: Path) -> list[str]:
    """The option that names a workspace with one article."""
    (tmp_path / "a.txt").write_text("Un article.", encoding="utf-8")
    options = ["--workspace", str(tmp_path / "w")]
    assert classify("seeds", "add", tmp_path / "a.txt", *options).returncode == 0
    return options


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["seeds", "list"],
        ["seeds", "stats"],
        ["seeds", "stats", "--format", "json"],
        ["labels", "status", "--offline"],
    ],
)
def test_a_reader_that_leaves_is_no_fault_and_no_success(
    one_article: list[str], arguments: list[str]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "classify", *arguments, *one_article]
    result = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, env=environment(), check=False
    )
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.parametrize("arguments", [["seeds", "list"], ["labels", "push"], ["demo"], ["train"]])
def test_an_empty_workspace_name_is_refused_in_one_line(
    tmp_path: Path, arguments: list[str]
) -> None:
    result = classify(*arguments, "--workspace", "", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr == (
        "Error: --workspace is empty. Name a folder, or leave the option out.\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_full_standard_output_is_one_line(one_article: list[str]) -> None:
    command = [sys.executable, "-m", "classify", "seeds", "list", *one_article]
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 1
    assert (
        result.stderr == "Error: standard output: No space left on device. Free some disk space.\n"
    )


@pytest.mark.slow
def test_a_server_address_that_is_none_is_one_line(one_article: list[str]) -> None:
    wrong = {**os.environ, "LABEL_STUDIO_URL": "http://[::1", "LABEL_STUDIO_API_KEY": "k"}
    command = [sys.executable, "-m", "classify", "labels", "push", *one_article]
    result = subprocess.run(command, env=wrong, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: LABEL_STUDIO_URL must start with")
    assert result.stderr.count("\n") == 1
