"""`classify demo`: the whole loop, twice."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from labels.server import server
from tests.support.command import classify, environment
from tests.support.label_studio import LabelStudio

pytestmark = pytest.mark.timeout(1200)

STEPS = ("seeds add", "labels server start", "labels push", "labels pull", "train", "predict")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "demo"
    server.stop(tmp_path / "demo")


def run(workspace: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    result = classify("demo", "--workspace", workspace, cwd=workspace.parent, **variables)
    assert result.returncode == 0, result.stderr
    return result


def run_on_one_pipe(workspace: Path, **variables: str) -> str:
    """Run it with both outputs on one pipe, as in a log of CI."""
    command = [sys.executable, "-m", "classify", "demo", "--workspace", str(workspace)]
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    env = environment(**variables)
    return subprocess.run(command, **both, check=True, text=True, env=env).stdout


def count_on_server(workspace: Path) -> tuple[int, int, int]:
    """Count projects, tasks and annotations on the demo's server."""
    login = server.credentials(workspace)
    assert login
    header = {"Authorization": f"Token {login.token}"}
    answer = httpx.get(f"{login.url}/api/projects/", headers=header).json()
    (project,) = answer["results"]
    return answer["count"], project["task_number"], project["total_annotations_number"]


def test_the_demo_ends_with_a_prediction_and_a_second_one_adds_nothing(
    label_studio: LabelStudio, workspace: Path
) -> None:
    """Even where the user works with a server of their own, which the demo leaves alone."""
    other_server = label_studio.server
    mine = {"LABEL_STUDIO_URL": other_server.url, "LABEL_STUDIO_API_KEY": other_server.token}
    header = {"Authorization": f"Token {other_server.token}"}
    projects = httpx.get(f"{other_server.url}/api/projects/", headers=header).json()["count"]
    output = run(workspace, **mine)
    headings = [line for line in output.stderr.splitlines() if line.startswith("$ classify ")]
    assert len(headings) == len(STEPS)
    for heading, step in zip(headings, STEPS, strict=True):
        assert heading.startswith(f"$ classify {step}")
    assert "Cinéma (cinema)" in output.stdout
    assert "Diplomatie (diplomacy)" in output.stdout
    assert "classify labels server stop --workspace" in output.stderr
    assert count_on_server(workspace) == (1, 146, 292)

    second = run_on_one_pipe(workspace, **mine)
    assert "0 articles sent, 146 already there" in second
    assert count_on_server(workspace) == (1, 146, 292)
    login = server.credentials(workspace)
    assert login
    results = {
        "labels server start": f"\n{login.url}\n",
        "labels push": f"\n{login.url}/projects/1\n",
        "labels pull": f"\n{workspace / 'dataset.jsonl'}\n",
        "train": f"\n{workspace / 'runs'}/",
        "predict": "Cinéma (cinema)",
    }
    for step, result in results.items():
        _, _, rest = second.partition(f"\n$ classify {step} ")
        own_part, _, _ = rest.partition("\n$ classify ")
        assert result in own_part, "a result stands under its own heading"
    secrets = json.loads((workspace / "label-studio" / "annotators.json").read_text()).values()
    for secret in (*secrets, login.password, login.token, other_server.token):
        assert secret not in output.stdout + output.stderr + second
    assert (
        httpx.get(f"{other_server.url}/api/projects/", headers=header).json()["count"] == projects
    )
