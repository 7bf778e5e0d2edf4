"""One real Label Studio for the whole test session, and what waits for conditions."""

import fcntl
import gc
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from labels.server import server
from tests.support.browser import CHROMIUM, chromium_program
from tests.support.label_studio import PRISTINE, LabelStudio, copy_server
from tests.support.waiting import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# A model of tests is so small that threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
TESTS = Path(__file__).resolve().parent
MARKERS = {  # folder or file -> the marker of its tests
    "classify/commands": "slow",
    "classify/prediction": "slow",
    "classify/workspace": "slow",
    "fuzz": "slow",
    "labels/studio/test_lies.py": "slow",
    "system/browser": "browser",
    "system/faults": "slow",
    "system/server": "server",
    "system/service": "slow",
    "system/slow": "slow",
    "system/spark": "spark",
    "training/models/camembert": "encoder",
    "training/models/encoders": "encoder",
}
FIRST = "test_ml_backend.py"  # takes longest
LONGEST = ("slow", "spark", "encoder", "server", "browser")
SHARED = Path(__file__).resolve().parents[2] / "shared"  # real articles, not ours to publish


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudio]:
    """A real server on loopback, one for each process of the session.

    Its first start migrates a database for a minute; later ones, of this session or the
    developer's next, copy what that one made.
    """
    workspace = tmp_path_factory.mktemp("studio")
    PRISTINE.parent.mkdir(parents=True, exist_ok=True)
    with PRISTINE.with_suffix(".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if PRISTINE.is_dir():
            copy_server(PRISTINE, workspace)
        started = server.start(workspace, port=free_port(), notify=_tell)
        if not PRISTINE.is_dir():
            new = Path(tempfile.mkdtemp(dir=PRISTINE.parent))
            copy_server(workspace, new)
            new.rename(PRISTINE)
    yield LabelStudio(workspace, started)
    server.stop(workspace)


def _tell(line: str) -> None:
    """Show progress past pytest's capturing: an installation takes minutes."""
    print(line, file=sys.__stderr__, flush=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder, and begin with what takes longest.

    So the processes that share the modules end at about the same time.
    """
    for item in items:
        path = item.path.relative_to(TESTS)
        markers = {marker for folder, marker in MARKERS.items() if path.is_relative_to(folder)}
        for marker in markers:
            item.add_marker(marker)
    items.sort(key=_begins_late)


def _begins_late(item: pytest.Item) -> int:
    """Return a test's place in the order, by its module or its marker."""
    if item.path.name == FIRST:
        return -1
    places = (n for n, name in enumerate(LONGEST) if item.get_closest_marker(name))
    return next(places, len(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """In CI a test that did not run has failed."""
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """In CI a module that was skipped has failed."""
    return _no_skip((yield))


def _no_skip(report: Any) -> Any:
    """Articles that may not be published are the one thing a checkout may lack."""
    skipped = report.outcome == "skipped" and not hasattr(report, "wasxfail")
    excused = not SHARED.is_dir() and "beside th" in str(report.longrepr)
    if os.environ.get("CI") == "true" and skipped and not excused:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of 1 MB that really fills up."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    folder = tmp_path_factory.mktemp("disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(scope="module")  # while it is open, asyncio can't be used beside it
def chromium() -> "Iterator[Browser]":
    """A real, headless Chromium."""
    from playwright.sync_api import sync_playwright

    path = chromium_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a trained tfidf model of three categories."""
    from tests.support.command import classify
    from tests.support.corpus import workspace

    folder = workspace(tmp_path_factory.mktemp("desk"), 90)
    done = classify("train", "--workspace", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random CamemBERT as a Hugging Face folder."""
    from tests.support.tiny import tiny_camembert

    made = tiny_camembert(tmp_path_factory.mktemp("tiny"))
    gc.collect()
    gc.freeze()  # each training looks for what to collect, 0.4 s in all that is imported here
    return made


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Vectors and settings of tests do not end up in the user's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield


def pytest_configure() -> None:
    """A runner started in the background ignores Ctrl-C, and so would every command of ours."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
