"""What is installed is what was tested: versions pinned once, with hashes for deployment."""

import re
import tomllib
from pathlib import Path

import pytest

from labels.server import installation
from seeds.base.settings import default_config
from tests.support.command import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEPLOYED = {  # a file of requirements/ -> the extras that it is for
    "predict": (),
    "serve": ("seeds", "serve"),
    "onnx": ("seeds", "serve", "onnx"),
    "labels": ("seeds", "labels", "train", "serve"),
}


def plain(name: str) -> str:
    """Return a distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, str]:
    """Return the versions in lines of "name==version"."""
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
    matches = [re.fullmatch(r"([\w.-]+)==([\w.]+)(?: ;.*?)?(?: \\)?", line) for line in lines]
    assert all(matches), [line for line, match in zip(lines, matches, strict=True) if not match]
    return {plain(match[1]): match[2] for match in matches if match}


def direct(extras: tuple[str, ...]) -> set[str]:
    """Return the names of what we ask for ourselves."""
    lists = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][name] for name in extras)]
    names = {re.match(r"[\w.-]+", line)[0] for lines in lists for line in lines}  # type: ignore[index]
    return {plain(name) for name in names} - {PROJECT["name"]}


TESTED = pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))


def test_each_file_of_requirements_is_known() -> None:
    assert {path.stem for path in (ROOT / "requirements").glob("*.txt")} == DEPLOYED.keys()


@pytest.mark.parametrize("name", DEPLOYED)
def test_a_deployment_gets_the_versions_that_were_tested_and_each_has_a_hash(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    versions = pins(text)
    assert versions.items() <= TESTED.items(), "run: make requirements"
    assert direct(DEPLOYED[name]) <= versions.keys(), "run: make requirements"
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) == len(versions)
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_every_package_we_ask_for_is_pinned() -> None:
    assert direct(tuple(PROJECT["optional-dependencies"])) <= TESTED.keys()


def test_label_studio_comes_with_the_versions_it_was_tested_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = pins(default_config(installation.PINS).read_text(encoding="utf-8"))
    assert versions["label-studio"] == installation.VERSION
    assert len(versions) > 150
    commands: list[list[str]] = []
    monkeypatch.setenv("CLASSIFY_SERVER_HOME", str(tmp_path / "studio"))
    monkeypatch.setattr(installation, "_run", lambda command, *_: commands.append(command))
    installation.install(lambda _: None)
    pinned = ["-c", str(default_config(installation.PINS)), "label-studio==1.23.2"]
    assert commands[-1][-3:] == pinned
