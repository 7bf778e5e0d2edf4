"""The advice for a missing extra fits how classify was installed, and names no others' package."""

import json
import shlex
import sys
from importlib import metadata
from pathlib import Path

import pytest

from seeds.base.errors import DISTRIBUTION, missing_extra
from tests.support.command import ROOT

REQUIRED = """Metadata-Version: 2.4
Name: classify-presse
Version: 0.1.0
Requires-Dist: click>=8.2
Requires-Dist: fastapi>=0.120; extra == 'serve'
Requires-Dist: uvloop>=0.21; (sys_platform != 'win32') and extra == 'serve'
Requires-Dist: pyarrow>=20; extra == "seeds"
"""


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, origin: object = None) -> None:
    """Pretend that classify is installed in a folder, and that it came from there."""
    info = folder / "classify_presse-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(REQUIRED)
    if origin is not None:
        (info / "direct_url.json").write_text(json.dumps(origin))
    found = metadata.Distribution.at(info)
    monkeypatch.setattr(metadata, "distribution", {DISTRIBUTION: found}.__getitem__)


def advice(extra: str) -> list[str]:
    """Return the words of the command after "python -m pip install"."""
    start = f"Run: {shlex.quote(sys.executable)} -m pip install "
    feature, found, command = str(missing_extra(extra, "serving")).partition(start)
    assert (feature, found) == ("serving needs packages that are not installed. ", start)
    return shlex.split(command)


def test_an_install_from_an_index_is_told_the_packages_and_not_our_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, monkeypatch)
    assert advice("serve") == ["fastapi>=0.120", "uvloop>=0.21; sys_platform != 'win32'"]
    assert advice("seeds") == ["pyarrow>=20"]


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (
            {"url": "file:///srv/my%20code", "dir_info": {"editable": True}},
            ["-e", "/srv/my code[seeds]"],
        ),
        (
            {"url": "file:///srv/classify.whl", "archive_info": {}},
            ["classify-presse[seeds] @ file:///srv/classify.whl"],
        ),
        (
            {
                "url": "https://example.org/press.git",
                "vcs_info": {"vcs": "git", "commit_id": "0a1b", "requested_revision": "main"},
            },
            ["classify-presse[seeds] @ git+https://example.org/press.git@0a1b"],
        ),
    ],
)
def test_the_advice_names_where_this_install_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: object, words: list[str]
) -> None:
    installed(tmp_path, monkeypatch, origin)
    assert advice("seeds") == words


def test_a_checkout_that_is_not_installed_is_installed_from_its_own_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert advice("seeds") == ["-e", f"{ROOT}[seeds]"]
