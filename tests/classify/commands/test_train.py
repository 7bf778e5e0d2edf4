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
from tests.support.kill import kill_before
from training.runs.registry import list_promotions, list_runs
from training.runs.run import verify_run

QUICK = "test = 0.0\nfolds = 2\n[model]\nbuckets = 10\n"  # a run of some 60 kB


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two runs, the second one current."""
    folder = workspace(tmp_path_factory.mktemp("w"))
    for seed in ("1", "2"):
        result = classify("train", "--workspace", folder, "--seed", seed, "--new-split")
        assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def copy(two_runs: Path, tmp_path: Path) -> Path:
    """A copy of the workspace, to change."""
    return Path(shutil.copytree(two_runs, tmp_path / "copy"))


def read_files(folder: Path) -> dict[str, bytes]:
    """Read every file under a folder, hidden ones as well."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def read_facts(run: Path) -> dict[str, object]:
    record: dict[str, object] = json.loads((run / "run.json").read_text())
    return record


def start_training(folder: Path) -> subprocess.Popen[str]:
    """Start a training that takes some seconds; return once it has begun to learn."""
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
    result = classify("train", "--workspace", folder)
    assert result.returncode == 0, result.stderr
    (run,) = list_runs(folder / "runs")
    assert result.stdout.splitlines()[-1] == str(run)
    for name in ("micro-F1", "macro-F1", "weighted F1", "Brier score", "calibration error"):
        assert name in result.stdout
    tested = read_facts(run)["test_articles"]
    assert abs(tested - 20) <= 2  # stratified by category: near the share, not exactly at it
    assert f"measured on {tested} test articles" in result.stderr
    assert list_promotions(folder / "runs") == [run.name]
    assert {path.name for path in run.iterdir()} == {
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
    assert read_facts(run)["articles"] + read_facts(run)["test_articles"] == 100
    assert not list(folder.rglob("*.tmp"))


def test_without_labels_it_says_how_to_get_some_and_makes_nothing(tmp_path: Path) -> None:
    result = classify("train", "--workspace", tmp_path / "w")
    assert result.returncode == 1
    assert "no labels yet. Run `classify labels pull`" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "w").exists()


def test_an_empty_dataset_and_one_category_only_are_refused(tmp_path: Path) -> None:
    data = dataset(20, "single")
    write_taxonomy(tmp_path, data.taxonomy)
    alike = tuple(Example(example.document, ("trade",)) for example in data.examples)
    for examples, part in (((), "no labels yet"), (alike, "trade (20)")):
        write_dataset(tmp_path / "dataset.jsonl", Dataset(examples, data.taxonomy))
        result = classify("train", "--workspace", tmp_path)
        assert result.returncode == 1
        assert part in result.stderr.splitlines()[-1]
        assert "Traceback" not in result.stderr
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
        Example(replace(example.document, group=names[n % 2]), (names[n % 2],))
        for n, example in enumerate(data.examples)
    )
    write_taxonomy(tmp_path, data.taxonomy)
    write_dataset(tmp_path / "dataset.jsonl", Dataset(examples, data.taxonomy))
    (tmp_path / "tfidf.toml").write_text(QUICK)
    result = classify("train", "--workspace", tmp_path)
    assert result.returncode == 1
    assert "near-duplicates of one another" in result.stderr.splitlines()[-1]


def test_the_seed_decides_the_split_and_is_written_down(two_runs: Path) -> None:
    run_1, second = list_runs(two_runs / "runs")
    assert (read_facts(run_1)["seed"], read_facts(second)["seed"]) == (1, 2)
    golden = [json.loads((run / "golden.json").read_text())["texts"] for run in (run_1, second)]
    assert golden[0] != golden[1]


def test_the_same_seed_gives_the_same_weights(copy: Path) -> None:
    assert classify("train", "--workspace", copy, "--seed", "2").returncode == 0
    second, third = list_runs(copy / "runs")[1:]
    for name in ("model.safetensors", "rule.json", "metrics.json", "golden.json"):
        assert (second / name).read_bytes() == (third / name).read_bytes(), name


def test_test_0_measures_out_of_fold_and_learns_from_all(copy: Path) -> None:
    result = classify("train", "--workspace", copy, "--test", "0")
    assert result.returncode == 0
    assert "out of fold" in result.stderr
    record = read_facts(list_runs(copy / "runs")[-1])
    assert (record["articles"], record["test_articles"]) == (60, 0)


def test_a_recipe_is_the_options_else_the_workspaces_own(copy: Path, tmp_path: Path) -> None:
    def recipe() -> dict[str, object]:
        run = list_runs(copy / "runs")[-1]
        record: dict[str, object] = json.loads((run / "recipe.json").read_text())
        return record

    (copy / "tfidf.toml").write_text(QUICK)
    assert classify("train", "--workspace", copy).returncode == 0
    assert recipe()["folds"] == 2
    recipe_file = tmp_path / "other.toml"
    recipe_file.write_text(QUICK.replace("folds = 2", "folds = 3\nseed = 7"))
    assert classify("train", "--workspace", copy, "--config", recipe_file).returncode == 0
    assert (recipe()["folds"], recipe()["seed"]) == (3, 7)
    assert (
        classify("train", "--workspace", copy, "--config", recipe_file, "--seed", "8").returncode
        == 0
    )
    assert recipe()["seed"] == 8
    assert read_facts(list_runs(copy / "runs")[-1])["test_articles"] == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("sead = 1\nfolds = 1\n", "unknown key 'sead'"),
        ("a = ", "not valid"),
    ],
)
def test_a_wrong_recipe_is_named_and_nothing_is_trained(
    copy: Path, tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "r.toml"
    if content is not None:
        path.write_text(content)
    old_files = read_files(copy)
    result = classify("train", "--workspace", copy, "--config", path)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: {path}: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert read_files(copy) == old_files


def test_no_promote_keeps_the_current_model(copy: Path) -> None:
    promoted = list_promotions(copy / "runs")
    assert classify("train", "--workspace", copy, "--no-promote").returncode == 0
    assert len(list_runs(copy / "runs")) == 3
    assert list_promotions(copy / "runs") == promoted


def test_what_is_compared_and_promoted_is_loaded_once(copy: Path) -> None:
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
    result = subprocess.run(
        [sys.executable, "-c", code, copy],
        env=environment(),
        capture_output=True,
        check=True,
        text=True,
    )
    second, third = (path.name for path in list_runs(copy / "runs")[1:])
    lines = [line for line in result.stdout.splitlines() if line.startswith("loaded ")]
    assert sorted(lines) == [f"loaded {second}", f"loaded {third}"]
    assert list_promotions(copy / "runs")[-1] == third


def test_another_dataset_may_be_given(copy: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    write_dataset(path, dataset(40, seed=3))
    assert classify("train", "--workspace", copy, "--data", path, "--test", "0").returncode == 0
    assert read_facts(list_runs(copy / "runs")[-1])["articles"] == 40
    gone = classify("train", "--workspace", copy, "--data", tmp_path / "none")
    assert gone.returncode == 1
    assert "none: No such file" in gone.stderr


# ---------------------------------------------------------------- cut short


def test_kill_9_leaves_the_earlier_runs_and_the_next_training_works(copy: Path) -> None:
    old_files = read_files(copy / "runs")
    process = start_training(copy)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert read_files(copy / "runs") == old_files
    assert classify("train", "--workspace", copy).returncode == 0
    assert len(list_runs(copy / "runs")) == 3


def test_kill_9_while_a_run_is_written_leaves_it_invisible_and_the_next_cleans_up(
    copy: Path,
) -> None:
    """The kill falls after the weights and before the manifest."""
    old_files = read_files(copy / "runs")
    kill_before("os.rename", "manifest.json", "train", "--workspace", copy)
    (half,) = (copy / "runs").glob(".writing-*")
    assert (half / "model.safetensors").exists()
    shutil.copytree(half, half_copy := copy / "half")
    shutil.rmtree(half)
    assert read_files(copy / "runs") == old_files
    shutil.copytree(half_copy, half)
    assert half.name not in classify("runs", "list", "--workspace", copy).stdout
    assert classify("train", "--workspace", copy).returncode == 0
    assert not half.exists()
    assert len(list_runs(copy / "runs")) == 3


def test_ctrl_c_ends_with_130_and_leaves_the_earlier_runs(copy: Path) -> None:
    old_files = read_files(copy / "runs")
    process = start_training(copy)
    process.send_signal(signal.SIGINT)
    _, notes = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in notes
    assert notes.splitlines()[-1].startswith("Interrupted.")
    assert read_files(copy / "runs") == old_files


def test_the_second_of_two_trainings_names_the_first(copy: Path) -> None:
    process = start_training(copy)
    second = classify("train", "--workspace", copy)
    assert second.returncode == 1
    assert f"in use by classify train (process {process.pid})" in second.stderr
    assert second.stderr.count("\n") == 1
    process.communicate()
    assert process.returncode == 0
    assert len(list_runs(copy / "runs")) == 3


def test_a_full_disk_is_one_line_and_leaves_the_old_run(small_disk: Path) -> None:
    folder = workspace(small_disk / "w", 30)
    (folder / "tfidf.toml").write_text(QUICK)
    assert classify("train", "--workspace", folder).returncode == 0
    old_files = read_files(folder / "runs")
    fill(small_disk)
    result = classify("train", "--workspace", folder)
    assert result.returncode == 1
    assert "could not be written: No space left on device" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert read_files(folder / "runs") == old_files
    assert classify("runs", "verify", "--workspace", folder).returncode == 0
    (small_disk / "ballast").unlink()
    assert classify("train", "--workspace", folder).returncode == 0


# ---------------------------------------------------------------- runs


def runs(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return classify("runs", arguments[0], "--workspace", folder, *arguments[1:])


def test_list_shows_every_run_and_marks_the_current_one(two_runs: Path) -> None:
    run_1, second = (path.name for path in list_runs(two_runs / "runs"))
    lines = runs(two_runs, "list").stdout.splitlines()
    assert [line[: 2 + len(run_1)] for line in lines] == [f"  {run_1}", f"* {second}"]
    assert "macro-F1" in lines[0]
    rows = json.loads(runs(two_runs, "list", "--format", "json").stdout)
    assert [(row["name"], row["current"], row["articles"]) for row in rows] == [
        (run_1, False, 48),
        (second, True, 48),
    ]


def test_show_prints_the_model_card_of_a_run_or_of_the_current_one(two_runs: Path) -> None:
    run_1, second = list_runs(two_runs / "runs")
    card = runs(two_runs, "show", run_1.name).stdout
    assert card == (run_1 / "README.md").read_text(encoding="utf-8")
    for part in ("## How good it is", "## By category", "seed 1", "48 articles"):
        assert part in card
    assert "seed 2" in runs(two_runs, "show").stdout
    assert second.name != run_1.name


def test_promote_and_rollback_change_what_predicts(copy: Path, tmp_path: Path) -> None:
    run_1, second = (path.name for path in list_runs(copy / "runs"))
    path = tmp_path / "a.txt"
    path.write_text("film festival écran")

    def current() -> str:
        result = classify("predict", "--format", "jsonl", "--workspace", copy, path)
        return str(json.loads(result.stdout)["run"])

    assert current() == second
    assert runs(copy, "promote", run_1).stderr.splitlines()[-1] == f"current run: {run_1}"
    assert current() == run_1
    assert runs(copy, "rollback").stderr == f"current run: {second}\n"
    assert current() == second
    result = runs(copy, "rollback")
    assert result.returncode == 1
    assert "no earlier run" in result.stderr
    assert current() == second


def test_verify_says_how_many_golden_texts_agree(two_runs: Path) -> None:
    run_1 = list_runs(two_runs / "runs")[0].name
    assert "8 golden texts score as in training" in runs(two_runs, "verify", run_1).stderr
    assert runs(two_runs, "verify").returncode == 0


@pytest.mark.parametrize("name", ["model.safetensors", "metrics.json", "README.md", "run.json"])
@pytest.mark.parametrize("how", ["altered", "removed"])
def test_a_damaged_run_is_named_by_every_command_and_the_others_still_listed(
    copy: Path, name: str, how: str
) -> None:
    run_1, second = list_runs(copy / "runs")
    path = second / name
    if how == "removed":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b" ")
    for command in ("show", "verify", "promote"):
        result = runs(copy, command, second.name)
        assert result.returncode == 1, command
        assert result.stdout == ""
        assert result.stderr.startswith(f"Error: {path}: "), command
        assert result.stderr.count("\n") == 1
    lines = runs(copy, "list").stdout.splitlines()
    assert len(lines) == 2
    assert "macro-F1" in lines[0]
    assert lines[1].startswith(f"* {second.name}  {path}: ")
    assert runs(copy, "rollback").returncode == 0
    assert list_promotions(copy / "runs") == [run_1.name]


def test_golden_texts_that_score_otherwise_are_refused(copy: Path) -> None:
    """The manifest fits, as after a careless repair; the scores do not."""
    from tests.support.forgery import forge_manifest

    run = list_runs(copy / "runs")[0]
    golden = json.loads((run / "golden.json").read_text())
    golden["scores"][3][1] += 0.01
    (run / "golden.json").write_text(json.dumps(golden))
    forge_manifest(run)
    result = runs(copy, "verify", run.name)
    assert result.returncode == 1
    assert "golden.json: scores differ by up to 0.01" in result.stderr
    assert runs(copy, "promote", run.name).returncode == 1
    assert list_promotions(copy / "runs")[-1] != run.name


def test_a_model_that_does_not_fit_its_rule_is_refused(copy: Path) -> None:
    from tests.support.forgery import forge_manifest

    run = list_runs(copy / "runs")[0]
    rule = json.loads((run / "rule.json").read_text())
    for name in ("categories", "thresholds"):
        rule[name].pop()
    (run / "rule.json").write_text(json.dumps(rule))
    forge_manifest(run)
    result = runs(copy, "verify", run.name)
    assert result.returncode == 1
    assert "differ in categories" in result.stderr


def test_without_runs_each_command_says_so(tmp_path: Path) -> None:
    for arguments in (["list"], ["show"], ["verify"], ["rollback"], ["promote", "none"]):
        result = runs(tmp_path / "w", *arguments)
        assert result.returncode == 1, arguments
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1


def test_a_run_outside_the_workspace_is_not_promoted(copy: Path, tmp_path: Path) -> None:
    run = shutil.copytree(list_runs(copy / "runs")[0], tmp_path / "elsewhere")
    result = runs(copy, "promote", str(run))
    assert result.returncode == 1
    assert "Copy the run there" in result.stderr
    assert verify_run(Path(run)) == 8
