"""`classify train` and `classify runs`, run as a person runs them, with real kills."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from labels.dataset import Dataset, Example, write_dataset
from tests.support.command import classify, environment, fill
from tests.support.corpus import dataset, workspace, write_taxonomy
from training.runs.registry import list_promotions, list_runs
from training.runs.run import verify_run

QUICK = "test = 0.0\nfolds = 2\n[model]\nbuckets = 10\n"  # a run of some 60 kB


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two runs, the second one current."""
    folder = workspace(tmp_path_factory.mktemp("made"))
    for seed in ("1", "2"):
        done = classify("train", "--workspace", folder, "--seed", seed, "--new-split")
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    return Path(shutil.copytree(made, tmp_path / "desk"))


def files(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, hidden ones as well."""
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def facts(run: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((run / "run.json").read_text())
    return found


def training(folder: Path) -> subprocess.Popen[str]:
    """A training that has begun to learn, and takes some seconds."""
    process = subprocess.Popen(
        [sys.executable, "-m", "classify", "train", "--workspace", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stderr
    assert process.stderr.readline().startswith("learning 3 categories")
    return process


# ---------------------------------------------------------------- train


def test_training_prints_figures_writes_a_run_and_makes_it_current(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "w", 100)
    done = classify("train", "--workspace", folder)
    assert done.returncode == 0, done.stderr
    (run,) = list_runs(folder / "runs")
    assert done.stdout.splitlines()[-1] == str(run)
    for name in ("micro-F1", "macro-F1", "weighted F1", "Brier score", "calibration error"):
        assert name in done.stdout
    tested = facts(run)["test_articles"]
    assert abs(tested - 20) <= 2  # stratified by category: near the share, not exactly at it
    assert f"measured on {tested} test articles" in done.stderr
    assert list_promotions(folder / "runs") == [run.name]
    assert {each.name for each in run.iterdir()} == {
        *("model.safetensors", "model.json", "rule.json", "taxonomy.json", "golden.json"),
        *(
            "metrics.json",
            "README.md",
            "report.html",
            "recipe.json",
            "run.json",
            "split.json",
            "out_of_fold.json",
            "manifest.json",
        ),
    }
    assert facts(run)["articles"] + facts(run)["test_articles"] == 100
    assert not list(folder.rglob("*.tmp"))


def test_without_labels_it_says_how_to_get_some_and_makes_nothing(tmp_path: Path) -> None:
    done = classify("train", "--workspace", tmp_path / "w")
    assert done.returncode == 1
    assert "no labels yet. Run `classify labels pull`" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "w").exists()


def test_an_empty_dataset_and_one_category_only_are_refused(tmp_path: Path) -> None:
    data = dataset(20, "single")
    write_taxonomy(tmp_path, data.taxonomy)
    alike = tuple(Example(each.document, ("trade",)) for each in data.examples)
    for examples, part in (((), "no labels yet"), (alike, "trade (20)")):
        write_dataset(tmp_path / "dataset.jsonl", Dataset(examples, data.taxonomy))
        done = classify("train", "--workspace", tmp_path)
        assert done.returncode == 1
        assert part in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("choice", ["single", "multiple"])
def test_categories_of_one_article_and_its_rewrites_are_refused_in_words(
    tmp_path: Path, choice: str
) -> None:
    """Nothing can be held back then: every fold would lack a category."""
    from dataclasses import replace

    data = dataset(24, choice)
    names = ("cinema", "trade")
    examples = tuple(
        Example(replace(each.document, group=names[n % 2]), (names[n % 2],))
        for n, each in enumerate(data.examples)
    )
    write_taxonomy(tmp_path, data.taxonomy)
    write_dataset(tmp_path / "dataset.jsonl", Dataset(examples, data.taxonomy))
    (tmp_path / "tfidf.toml").write_text(QUICK)
    done = classify("train", "--workspace", tmp_path)
    assert done.returncode == 1
    assert "near-duplicates of one another" in done.stderr.splitlines()[-1]


def test_the_seed_decides_the_split_and_is_written_down(made: Path) -> None:
    first, second = list_runs(made / "runs")
    assert (facts(first)["seed"], facts(second)["seed"]) == (1, 2)
    golden = [json.loads((run / "golden.json").read_text())["texts"] for run in (first, second)]
    assert golden[0] != golden[1]


def test_the_same_seed_gives_the_same_weights(desk: Path) -> None:
    assert classify("train", "--workspace", desk, "--seed", "2").returncode == 0
    second, third = list_runs(desk / "runs")[1:]
    for name in ("model.safetensors", "rule.json", "metrics.json", "golden.json"):
        assert (second / name).read_bytes() == (third / name).read_bytes(), name


def test_test_0_measures_out_of_fold_and_learns_from_all(desk: Path) -> None:
    done = classify("train", "--workspace", desk, "--test", "0")
    assert done.returncode == 0
    assert "out of fold" in done.stderr
    found = facts(list_runs(desk / "runs")[-1])
    assert (found["articles"], found["test_articles"]) == (60, 0)


def test_a_recipe_is_the_options_else_the_workspaces_own(desk: Path, tmp_path: Path) -> None:
    def recipe() -> dict[str, object]:
        run = list_runs(desk / "runs")[-1]
        found: dict[str, object] = json.loads((run / "recipe.json").read_text())
        return found

    (desk / "tfidf.toml").write_text(QUICK)
    assert classify("train", "--workspace", desk).returncode == 0
    assert recipe()["folds"] == 2
    other = tmp_path / "other.toml"
    other.write_text(QUICK.replace("folds = 2", "folds = 3\nseed = 7"))
    assert classify("train", "--workspace", desk, "--config", other).returncode == 0
    assert (recipe()["folds"], recipe()["seed"]) == (3, 7)
    assert classify("train", "--workspace", desk, "--config", other, "--seed", "8").returncode == 0
    assert recipe()["seed"] == 8
    assert facts(list_runs(desk / "runs")[-1])["test_articles"] == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        ("sead = 1\nfolds = 1\n", "unknown key 'sead'"),
        ("a = ", "not valid"),
    ],
)
def test_a_wrong_recipe_is_named_and_nothing_is_trained(
    desk: Path, tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "r.toml"
    if content is not None:
        path.write_text(content)
    before = files(desk)
    done = classify("train", "--workspace", desk, "--config", path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {path}: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert files(desk) == before


def test_no_promote_keeps_the_current_model(desk: Path) -> None:
    before = list_promotions(desk / "runs")
    assert classify("train", "--workspace", desk, "--no-promote").returncode == 0
    assert len(list_runs(desk / "runs")) == 3
    assert list_promotions(desk / "runs") == before


def test_what_is_compared_and_promoted_is_loaded_once(desk: Path) -> None:
    """The weights of an encoder are large; the current run is loaded once as well."""
    code = (
        "import sys\n"
        "from training.runs import run\n"
        "load = run.load_run\n"
        "def counted(path, *more):\n"
        "    print('loaded', path.name)\n"
        "    return load(path, *more)\n"
        "run.load_run = counted\n"
        "sys.argv = ['classify', 'train', '--workspace', sys.argv[1]]\n"
        "from classify.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, desk],
        env=environment(),
        capture_output=True,
        check=True,
        text=True,
    )
    second, third = (each.name for each in list_runs(desk / "runs")[1:])
    lines = [line for line in done.stdout.splitlines() if line.startswith("loaded ")]
    assert sorted(lines) == [f"loaded {second}", f"loaded {third}"]
    assert list_promotions(desk / "runs")[-1] == third


def test_another_dataset_may_be_given(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    write_dataset(path, dataset(40, seed=3))
    assert classify("train", "--workspace", desk, "--data", path, "--test", "0").returncode == 0
    assert facts(list_runs(desk / "runs")[-1])["articles"] == 40
    gone = classify("train", "--workspace", desk, "--data", tmp_path / "none")
    assert gone.returncode == 1
    assert "none: No such file" in gone.stderr


# ---------------------------------------------------------------- cut short


def test_kill_9_leaves_the_earlier_runs_and_the_next_training_works(desk: Path) -> None:
    before = files(desk / "runs")
    process = training(desk)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert files(desk / "runs") == before
    assert classify("train", "--workspace", desk).returncode == 0
    assert len(list_runs(desk / "runs")) == 3


def test_kill_9_while_a_run_is_written_leaves_it_invisible_and_the_next_cleans_up(
    desk: Path,
) -> None:
    """The kill falls after the weights and before the manifest."""
    before = files(desk / "runs")
    code = (
        "import os, signal, sys\n"
        "from training.runs import run\n"
        "write = run.write_text\n"
        "def killed(path, text):\n"
        "    if path.name == 'manifest.json':\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    write(path, text)\n"
        "run.write_text = killed\n"
        "sys.argv = ['classify', 'train', '--workspace', sys.argv[1]]\n"
        "from classify.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, desk], env=environment(), capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    (half,) = (desk / "runs").glob(".writing-*")
    assert (half / "model.safetensors").exists()
    shutil.copytree(half, kept := desk / "half")
    shutil.rmtree(half)
    assert files(desk / "runs") == before
    shutil.copytree(kept, half)
    assert half.name not in classify("runs", "list", "--workspace", desk).stdout
    assert classify("train", "--workspace", desk).returncode == 0
    assert not half.exists()
    assert len(list_runs(desk / "runs")) == 3


def test_ctrl_c_ends_with_130_and_leaves_the_earlier_runs(desk: Path) -> None:
    before = files(desk / "runs")
    process = training(desk)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("Interrupted.")
    assert files(desk / "runs") == before


def test_the_second_of_two_trainings_names_the_first(desk: Path) -> None:
    first = training(desk)
    second = classify("train", "--workspace", desk)
    assert second.returncode == 1
    assert f"in use by classify train (process {first.pid})" in second.stderr
    assert second.stderr.count("\n") == 1
    first.communicate()
    assert first.returncode == 0
    assert len(list_runs(desk / "runs")) == 3


def test_a_full_disk_is_one_line_and_leaves_the_old_run(small_disk: Path) -> None:
    folder = workspace(small_disk / "w", 30)
    (folder / "tfidf.toml").write_text(QUICK)
    assert classify("train", "--workspace", folder).returncode == 0
    before = files(folder / "runs")
    fill(small_disk)
    done = classify("train", "--workspace", folder)
    assert done.returncode == 1
    assert "could not be written: No space left on device" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert files(folder / "runs") == before
    assert classify("runs", "verify", "--workspace", folder).returncode == 0
    (small_disk / "ballast").unlink()
    assert classify("train", "--workspace", folder).returncode == 0


# ---------------------------------------------------------------- runs


def runs(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return classify("runs", arguments[0], "--workspace", folder, *arguments[1:])


def test_list_shows_every_run_and_marks_the_current_one(made: Path) -> None:
    first, second = (each.name for each in list_runs(made / "runs"))
    lines = runs(made, "list").stdout.splitlines()
    assert [line[: 2 + len(first)] for line in lines] == [f"  {first}", f"* {second}"]
    assert "macro-F1" in lines[0]
    rows = json.loads(runs(made, "list", "--format", "json").stdout)
    assert [(row["name"], row["current"], row["articles"]) for row in rows] == [
        (first, False, 48),
        (second, True, 48),
    ]


def test_show_prints_the_model_card_of_a_run_or_of_the_current_one(made: Path) -> None:
    first, second = list_runs(made / "runs")
    card = runs(made, "show", first.name).stdout
    assert card == (first / "README.md").read_text(encoding="utf-8")
    for part in ("## How good it is", "## By category", "seed 1", "48 articles"):
        assert part in card
    assert "seed 2" in runs(made, "show").stdout
    assert second.name != first.name


def test_promote_and_rollback_change_what_predicts(desk: Path, tmp_path: Path) -> None:
    first, second = (each.name for each in list_runs(desk / "runs"))
    path = tmp_path / "a.txt"
    path.write_text("film festival écran")

    def current() -> str:
        done = classify("predict", "--format", "jsonl", "--workspace", desk, path)
        return str(json.loads(done.stdout)["run"])

    assert current() == second
    assert runs(desk, "promote", first).stderr.splitlines()[-1] == f"current run: {first}"
    assert current() == first
    assert runs(desk, "rollback").stderr == f"current run: {second}\n"
    assert current() == second
    done = runs(desk, "rollback")
    assert done.returncode == 1
    assert "no earlier run" in done.stderr
    assert current() == second


def test_verify_says_how_many_golden_texts_agree(made: Path) -> None:
    first = list_runs(made / "runs")[0].name
    assert "8 golden texts score as in training" in runs(made, "verify", first).stderr
    assert runs(made, "verify").returncode == 0


@pytest.mark.parametrize("name", ["model.safetensors", "metrics.json", "README.md", "run.json"])
@pytest.mark.parametrize("how", ["altered", "removed"])
def test_a_damaged_run_is_named_by_every_command_and_the_others_still_listed(
    desk: Path, name: str, how: str
) -> None:
    first, second = list_runs(desk / "runs")
    path = second / name
    if how == "removed":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b" ")
    for command in ("show", "verify", "promote"):
        done = runs(desk, command, second.name)
        assert done.returncode == 1, command
        assert done.stdout == ""
        assert done.stderr.startswith(f"Error: {path}: "), command
        assert done.stderr.count("\n") == 1
    lines = runs(desk, "list").stdout.splitlines()
    assert len(lines) == 2
    assert "macro-F1" in lines[0]
    assert lines[1].startswith(f"* {second.name}  {path}: ")
    assert runs(desk, "rollback").returncode == 0
    assert list_promotions(desk / "runs") == [first.name]


def test_golden_texts_that_score_otherwise_are_refused(desk: Path) -> None:
    """The manifest fits, as after a careless repair; the scores do not."""
    from tests.support.forgery import forge_manifest

    run = list_runs(desk / "runs")[0]
    golden = json.loads((run / "golden.json").read_text())
    golden["scores"][3][1] += 0.01
    (run / "golden.json").write_text(json.dumps(golden))
    forge_manifest(run)
    done = runs(desk, "verify", run.name)
    assert done.returncode == 1
    assert "golden.json: scores differ by up to 0.01" in done.stderr
    assert runs(desk, "promote", run.name).returncode == 1
    assert list_promotions(desk / "runs")[-1] != run.name


def test_a_model_that_does_not_fit_its_rule_is_refused(desk: Path) -> None:
    from tests.support.forgery import forge_manifest

    run = list_runs(desk / "runs")[0]
    rule = json.loads((run / "rule.json").read_text())
    for name in ("categories", "thresholds"):
        rule[name].pop()
    (run / "rule.json").write_text(json.dumps(rule))
    forge_manifest(run)
    done = runs(desk, "verify", run.name)
    assert done.returncode == 1
    assert "differ in categories" in done.stderr


def test_without_runs_each_command_says_so(tmp_path: Path) -> None:
    for arguments in (["list"], ["show"], ["verify"], ["rollback"], ["promote", "none"]):
        done = runs(tmp_path / "w", *arguments)
        assert done.returncode == 1, arguments
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1


def test_a_run_outside_the_workspace_is_not_promoted(desk: Path, tmp_path: Path) -> None:
    run = shutil.copytree(list_runs(desk / "runs")[0], tmp_path / "elsewhere")
    done = runs(desk, "promote", str(run))
    assert done.returncode == 1
    assert "Copy the run there" in done.stderr
    assert verify_run(Path(run)) == 8
