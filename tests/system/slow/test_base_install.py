"""The wheel, installed alone in an environment of its own, outside the checkout."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import classify as package
from labels.dataset import write_dataset
from seeds.document import Document, write_documents
from tests.support.command import ROOT, classify
from tests.support.corpus import dataset, workspace
from training.runs.registry import list_runs


@dataclass(frozen=True)
class Installed:
    """A virtual environment that holds the base install and nothing else of ours."""

    wheel: Path
    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(
        self, *command: str | Path, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, by default outside the checkout."""
        program, *arguments = command
        kept = {
            k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "CLASSIFY_WORKSPACE")
        }
        return subprocess.run(
            [self.folder / "bin" / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd or self.folder,
            env=kept,
        )

    def extra(self, name: str) -> str:
        """The command that adds an extra to it."""
        return f"{self.python} -m pip install 'classify-presse[{name}] @ {self.wheel.as_uri()}'"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The wheel of this checkout, built and installed as a user would."""
    folder = tmp_path_factory.mktemp("base")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("classify_presse-*.whl")
    made = Installed(wheel, folder / "venv")
    subprocess.run([sys.executable, "-m", "venv", made.folder], check=True)
    pinned = ["--constraint", ROOT / "constraints.txt", wheel]
    subprocess.run([made.python, "-m", "pip", *pip[3:], "install", *pinned], check=True)
    yield made
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run trained here, copied to where nothing else of its workspace is."""
    folder = workspace(tmp_path_factory.mktemp("trained"), 90)
    done = classify("train", "--workspace", folder)
    assert done.returncode == 0, done.stderr
    (trained,) = list_runs(folder / "runs")
    return Path(shutil.copytree(trained, tmp_path_factory.mktemp("copied") / trained.name))


def test_it_answers_as_the_training_environment_to_a_millionth(
    installed: Installed, run: Path, tmp_path: Path
) -> None:
    data = dataset(300, seed=5)
    lines = [json.dumps({"id": str(n), "text": text}) for n, text in enumerate(data.texts)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    options = ("--run", run, "--all", "--format", "jsonl", "a.jsonl")
    there = installed.run("classify", "predict", *options, cwd=tmp_path)
    assert there.returncode == 0, there.stderr
    assert there.stderr == ""
    here = classify("predict", *options, cwd=tmp_path)
    for line, expected in zip(there.stdout.splitlines(), here.stdout.splitlines(), strict=True):
        found, known = json.loads(line), json.loads(expected)
        assert found["categories"] == known["categories"]
        assert found["decision"] == known["decision"]
        for name, p in known["probabilities"].items():
            assert abs(found["probabilities"][name] - p) <= 1e-6
    verified = installed.run("classify", "runs", "verify", run)
    assert "8 golden texts score as in training" in verified.stderr


def test_from_python_it_answers_the_same(installed: Installed, run: Path) -> None:
    texts = dataset(20, seed=6).texts
    code = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from classify import load, predict\n"
        "found = predict(json.loads(sys.argv[2]), load(Path(sys.argv[1])))\n"
        "print(json.dumps([each.probabilities for each in found]))"
    )
    done = installed.run("python", "-c", code, run, json.dumps(texts))
    assert done.returncode == 0, done.stderr
    expected = package.predict(texts, package.load(run))
    for found, known in zip(json.loads(done.stdout), expected, strict=True):
        for name, p in known.probabilities.items():
            assert abs(found[name] - p) <= 1e-6


def test_neither_learning_nor_labelling_packages_are_there(installed: Installed) -> None:
    names = (
        "sklearn",
        "scipy",
        "torch",
        "transformers",
        "label_studio_sdk",
        "pyarrow",
        "tomlkit",
    )
    code = (
        "import importlib.util, sys\n"
        "print([name for name in sys.argv[1:] if importlib.util.find_spec(name)])"
    )
    done = installed.run("python", "-c", code, *names)
    assert done.stdout == "[]\n", done.stderr


def test_each_package_is_the_installed_one(installed: Installed, tmp_path: Path) -> None:
    names = ("classify", "labels", "seeds", "training")
    code = f"import {', '.join(names)}\nfor each in ({', '.join(names)}): print(each.__file__)"
    done = installed.run("python", "-c", code, cwd=tmp_path)
    site = Path(
        installed.run(
            "python", "-c", "import sysconfig as s; print(s.get_path('purelib'))"
        ).stdout.strip()
    )
    assert site.is_relative_to(installed.folder)
    assert [Path(line) for line in done.stdout.splitlines()] == [
        site / name / "__init__.py" for name in names
    ]


def test_the_wheel_holds_the_default_configs_and_the_sample_corpus_and_no_tests(
    installed: Installed,
) -> None:
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    configs = {each.name for each in (ROOT / "configs").iterdir()}
    assert {"taxonomy.toml", "labelstudio.toml", "tfidf.toml"} <= configs
    assert {f"seeds/configs/{name}" for name in configs} <= names
    tracked = subprocess.run(
        ["git", "ls-files", "seeds/sample"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    sample = {line for line in tracked.stdout.splitlines() if not line.endswith(".py")}
    assert sample
    assert sample <= names
    tops = {name.split("/")[0] for name in names}
    assert {each for each in tops if not each.endswith(".dist-info")} == {
        *("classify", "labels", "seeds", "training")
    }


def test_the_default_categories_are_found_outside_the_checkout(
    installed: Installed, tmp_path: Path
) -> None:
    code = (
        "from pathlib import Path\n"
        "from labels.taxonomy import ensure_taxonomy\n"
        "print(len(ensure_taxonomy(Path('w')).ids))"
    )
    assert installed.run("python", "-c", code, cwd=tmp_path).stdout == "16\n"
    shipped = (ROOT / "configs" / "taxonomy.toml").read_bytes()
    assert (tmp_path / "w" / "taxonomy.toml").read_bytes() == shipped


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A workspace with articles and agreed labels."""
    folder = workspace(tmp_path / "full", 40)
    articles = [Document.of(text) for text in dataset(3).texts]
    write_documents(folder, {each.id: each for each in articles})
    write_dataset(folder / "dataset.jsonl", dataset(40))
    return folder


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["train"], "train"),
        (["labels", "push"], "labels"),
        (["labels", "pull"], "labels"),
        (["labels", "status"], "labels"),
        (["labels", "server", "start"], "labels"),
        (["demo"], "labels,train"),
        (["seeds", "add", "a.txt"], "seeds"),
        (["predict", "in", "out", "--engine", "spark"], "spark"),
    ],
)
def test_a_command_of_an_extra_is_answered_with_the_command_that_installs_it(
    installed: Installed, full: Path, tmp_path: Path, arguments: list[str], extra: str
) -> None:
    (tmp_path / "a.txt").write_text("Un article.")
    done = installed.run("classify", *arguments, "--workspace", full, cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert last.endswith(f"Run: {installed.extra(extra)}"), last


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.html", b"<p>Un article sur un film.</p>"), ("a.parquet", b"PAR1xxxxPAR1")],
)
def test_a_format_of_an_extra_is_named_with_the_command_and_the_rest_is_labelled(
    installed: Installed, run: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "b.md").write_text("# Festival\n\nUn film, un écran, un acteur.")
    options: list[Any] = ["--run", run, "--format", "jsonl", name, "b.md"]
    done = installed.run("classify", "predict", *options, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"{name}: ")
    assert done.stderr.endswith(f"Run: {installed.extra('seeds')}\n")
    assert json.loads(done.stdout)["source"] == "b.md"


def test_writing_parquet_names_the_command_and_leaves_no_file(
    installed: Installed, run: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("Un film.")
    options: list[Any] = ["--run", run, "--format", "parquet", "--output", "o.parquet", "a.txt"]
    done = installed.run("classify", "predict", *options, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.endswith(f"Run: {installed.extra('seeds')}\n")
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
