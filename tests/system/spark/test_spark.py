"""Shards and `classify predict --engine spark`: real Spark, real Java, real kill -9."""

import contextlib
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
import pyarrow as pa
import pytest
from pyarrow import parquet

from classify import load
from classify.spark import predict_udf
from classify.spark.tables import (
    DoneRecord,
    LabelJob,
    LabelOptions,
    Shard,
    find_shards,
    label_table,
    read_done,
)
from seeds.base.errors import Fault, InputError
from seeds.base.locks import locked
from seeds.base.storage import sha256
from seeds.reading.columns import Columns
from tests.support.command import classify, environment
from tests.support.corpus import dataset
from tests.support.waiting import wait_until
from training.runtime import Runtime

TWO_EXECUTORS = "local-cluster[2,1,1024]"
LIGHT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # half the seconds of a start
SHARDS, EACH = 50, 40
PATIENCE = 250  # seconds: Spark starts slowly where others want the same two cores
TEXTS = dataset(EACH, seed=3).texts

needs_java = pytest.mark.skipif(
    shutil.which("java") is None,
    reason="no Java on the PATH: apt-get install openjdk-17-jre-headless",
)


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """50 Parquet shards, half of them in a folder further down; an id says where it stands."""
    folder = tmp_path / "in"
    (folder / "2026").mkdir(parents=True)
    for n in range(SHARDS):
        rows = [{"id": f"{n}-{k}", "text": text} for k, text in enumerate(TEXTS)]
        below = folder / "2026" if n % 2 else folder
        parquet.write_table(pa.Table.from_pylist(rows), below / f"part-{n:02}.parquet")
    return folder


ALL_IDS = Counter(f"{n}-{k}" for n in range(SHARDS) for k in range(EACH))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def command(desk: Path, source: Path, target: Path, *more: str) -> list[str]:
    words = [sys.executable, "-m", "classify", "predict", source, target, "--engine", "spark"]
    return [str(each) for each in (*words, "--workspace", desk, *more)]


def started(command: list[str], tmp_path: Path) -> subprocess.Popen[str]:
    """Start it in a session of its own, so that a Ctrl-C reaches all of it and nothing else."""
    env = environment(
        SPARK_WORKER_DIR=str(tmp_path / "work"),  # else in pyspark's own folder
        SPARK_LOCAL_DIRS=str(tmp_path / "local"),  # what is killed leaves its files there
        JDK_JAVA_OPTIONS=LIGHT,  # of the executors too
    )
    return subprocess.Popen(
        command, stdout=-1, stderr=-1, text=True, env=env, start_new_session=True
    )


def spark(desk: Path, source: Path, target: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end on two cores of this machine."""
    options = ("--master", "local[2]", *more)
    return classify(*command(desk, source, target, *options)[3:])


def labelled(out: Path) -> Counter[str]:
    """How often each id has labels, as a reader that knows Hadoop's rule finds them."""
    files = [
        each
        for each in out.rglob("*.jsonl")
        if not any(part.startswith(("_", ".")) for part in each.relative_to(out).parts)
    ]
    return Counter(json.loads(line)["id"] for each in files for line in each.open())


def records(out: Path) -> list[Path]:
    return list((out / "_done").rglob("*.json"))


def half_way(process: subprocess.Popen[str], out: Path) -> None:
    """Wait until some shards are done; the others must not be."""

    def begun() -> bool:
        return len(records(out)) >= 5 or process.poll() is not None

    wait_until(begun, seconds=PATIENCE, what="5 shards done")
    assert len(records(out)) < SHARDS, "too late to be half-way"


def children(process: subprocess.Popen[str], name: str) -> list[psutil.Process]:
    """The processes started by a command whose command line holds a name."""
    found = []
    for each in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # a zombie of Spark's own making too
            if name in " ".join(each.cmdline()):
                found.append(each)
    return found


def quiet(said: str) -> list[str]:
    """What was said but how far it is, which a slow machine has time to say."""
    lines = filter(None, said.splitlines())
    return [line for line in lines if not line.startswith("Labelling: ")]


def last_written(out: Path) -> str:
    """The file of the folder that was written last; not counting what only the driver holds."""
    files = [each for each in out.rglob("*") if each.is_file() and each.suffix != ".log"]
    return max(files, key=lambda each: each.stat().st_mtime_ns).name


# ---------------------------------------------------------------- on Spark


@needs_java
def test_an_executor_killed_half_way_loses_and_doubles_no_article(
    desk: Path, shards: Path, out: Path, tmp_path: Path
) -> None:
    with started(command(desk, shards, out, "--master", TWO_EXECUTORS), tmp_path) as process:
        half_way(process, out)
        executors = children(process, "CoarseGrainedExecutorBackend")
        assert len(executors) == 2
        executors[0].kill()
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert labelled(out) == ALL_IDS
    assert last_written(out) == "_SUCCESS"
    alone = classify("predict", "-r", "--format", "jsonl", "--workspace", desk, shards)
    expected = {record["id"]: record for record in map(json.loads, alone.stdout.splitlines())}
    for path in (out / "part-00.jsonl", out / "2026" / "part-49.jsonl"):
        found = list(map(json.loads, path.read_text().splitlines()))
        assert found == [expected[each["id"]] for each in found]


@needs_java
def test_a_killed_driver_is_started_again_and_does_no_shard_twice(
    desk: Path, shards: Path, out: Path, tmp_path: Path
) -> None:
    with started(command(desk, shards, out, "--master", "local[2]"), tmp_path) as process:
        half_way(process, out)
        below = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    psutil.wait_procs(below, timeout=PATIENCE)  # Java follows its driver
    before = {path: path.stat() for path in records(out)}
    kept = {out / json.loads(path.read_text())["output"]: path for path in before}
    times = {path: path.stat() for path in kept}
    assert not (out / "_SUCCESS").exists()
    done = spark(desk, shards, out)
    assert done.returncode == 0, done.stderr
    assert f"Already done: {len(before)} shards of 50." in done.stderr
    for path, status in (before | times).items():
        now = path.stat()
        assert (now.st_ino, now.st_mtime_ns) == (status.st_ino, status.st_mtime_ns), path
    assert labelled(out) == ALL_IDS
    assert last_written(out) == "_SUCCESS"
    assert not list(out.rglob(".*.tmp"))
    (loaded,) = re.findall(r"(\d+) workers? loaded the model", done.stderr)
    assert int(loaded) <= 2  # 45 tasks on two cores


@needs_java
def test_ctrl_c_stops_the_job_with_130_and_what_is_done_stays(
    desk: Path, shards: Path, out: Path, tmp_path: Path
) -> None:
    with started(command(desk, shards, out, "--master", "local[2]"), tmp_path) as process:
        half_way(process, out)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert quiet(said) == [
        "Interrupted. Finished work is kept; run the same command again to continue."
    ]
    assert not (out / "_SUCCESS").exists()
    for path in records(out):
        record = json.loads(path.read_text())
        assert sha256(out / record["output"]) == record["output_sha256"]


@needs_java
def test_a_java_that_dies_is_one_line(desk: Path, shards: Path, out: Path, tmp_path: Path) -> None:
    with started(command(desk, shards, out, "--master", "local[2]"), tmp_path) as process:
        half_way(process, out)
        for each in children(process, "SparkSubmit"):
            each.kill()
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    log = out / "_spark.log"
    assert quiet(said) == [
        f"Error: Spark died; its last lines are in {log}. Run this again to continue."
    ]


@needs_java
def test_a_shard_that_cannot_be_read_is_a_reject_and_the_rest_goes_on(
    desk: Path, tmp_path: Path, out: Path
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    rows = [{"id": str(n), "text": text} for n, text in enumerate(TEXTS)]
    parquet.write_table(pa.Table.from_pylist(rows), source / "good.parquet")
    whole = (source / "good.parquet").read_bytes()
    (source / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    parquet.write_table(pa.table({"x": [1, 2]}), source / "other.parquet")
    parquet.write_table(
        pa.table({"id": pa.array([], "string"), "text": pa.array([], "string")}),
        source / "none.parquet",
    )
    (source / "packed.csv.gz").write_bytes(gzip.compress(b"id,text\nz,match stade\n"))
    (source / "lines.jsonl").write_text('{"id": "a", "text": "film écran"}\n{"id": \n')
    done = spark(desk, source, out)
    assert done.returncode == 1
    assert f"{source / 'cut.parquet'}: " in done.stderr
    assert f"{source / 'other.parquet'}: " in done.stderr
    assert "2 shards of 6 could not be read, so there is no _SUCCESS." in done.stderr
    assert "Traceback" not in done.stderr
    assert not (out / "_SUCCESS").exists()
    assert sorted(each.name for each in out.glob("*.jsonl")) == [
        "good.jsonl",
        "lines.jsonl",
        "none.jsonl",
        "packed.jsonl",
    ]
    (reason,) = map(json.loads, (out / "_rejects" / "cut.jsonl").read_text().splitlines())
    assert reason["where"] == str(source / "cut.parquet")
    (reason,) = map(json.loads, (out / "_rejects" / "lines.jsonl").read_text().splitlines())
    assert reason["where"] == f"{source / 'lines.jsonl'}:2"

    for name in ("cut.parquet", "other.parquet"):
        (source / name).unlink()
    again = spark(desk, source, out)
    assert again.returncode == 1  # a record is still to be mended
    assert f"1 record could not be read; see {out / '_rejects'}." in again.stderr
    assert "Already done: 4 shards of 4." in again.stderr
    assert json.loads((out / "_SUCCESS").read_text())["articles"] == EACH + 2


@needs_java
def test_an_error_that_a_worker_meets_is_one_line(desk: Path, shards: Path, out: Path) -> None:
    (out / "_done").mkdir(parents=True)
    (out / "_rejects").write_text("a file where the workers need a folder")
    done = spark(desk, shards, out)
    assert done.returncode == 1
    (message,) = quiet(done.stderr)
    assert message.startswith(f"Error: {out / '_rejects'}/")
    assert "could not be written: " in message


@needs_java
def test_a_master_that_is_none_is_one_line(desk: Path, shards: Path, out: Path) -> None:
    done = classify(*command(desk, shards, out, "--master", "nowhere")[3:])
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: Spark failed: ")
    assert "nowhere" in done.stderr
    assert done.stderr.count("\n") == 1


@needs_java
def test_a_udf_labels_a_column_as_the_command_does_without_pandas(
    desk: Path, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import json, sys\n"
        "sys.modules['pandas'] = None\n"
        "from pyspark.sql import SparkSession\n"
        "from classify import load\n"
        "from classify.spark import predict_udf\n"
        "spark = SparkSession.builder.master('local[2]').getOrCreate()\n"
        "label = predict_udf(load(workspace=sys.argv[1]), every=True)\n"
        "rows = [tuple(each) for each in json.loads(sys.argv[2])]\n"
        "articles = spark.createDataFrame(rows, 'id int, text string')\n"
        "found = articles.withColumn('label', label('text')).collect()\n"
        "print(json.dumps([row.asDict(recursive=True) for row in found]))\n"
    )
    rows = [(n, text) for n, text in enumerate([*TEXTS[:3], None, " \n"])]
    done = subprocess.run(
        [sys.executable, program, desk, json.dumps(rows)],
        capture_output=True,
        text=True,
        check=False,
        env=environment(
            SPARK_LOCAL_IP="127.0.0.1", JDK_JAVA_OPTIONS=LIGHT, PYSPARK_PYTHON=sys.executable
        ),
    )
    assert done.returncode == 0, done.stderr
    found = {row["id"]: row["label"] for row in json.loads(done.stdout.splitlines()[-1])}
    for n, expected in enumerate(load(workspace=desk).predict(TEXTS[:3])):
        assert found[n]["categories"] == list(expected.categories)
        assert found[n]["decision"] == expected.decision
        assert found[n]["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)
    assert found[3] is None
    assert found[4] is None


def test_a_udf_of_no_run_is_refused_before_spark_is_asked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such run"):
        predict_udf(tmp_path / "none")


# ---------------------------------------------------------------- refused before Spark starts


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of an error that the user can mend."""
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("Error: ").rstrip("\n")


def test_without_java_the_command_that_installs_it_is_named(
    desk: Path, shards: Path, out: Path, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    words = command(desk, shards, out)[3:]
    done = classify(*words, PATH=str(tmp_path / "bin"), JAVA_HOME="")
    said = refused(done)
    assert re.match(r"Spark 4\.\d+\.\d+ needs Java; there is none on the PATH\. Run: ", said)
    assert said.endswith("openjdk-17-jre-headless")
    done = classify(*words, JAVA_HOME=str(tmp_path))
    assert f"JAVA_HOME={tmp_path} has none" in refused(done)
    assert not out.exists()


@pytest.mark.parametrize(
    ("printed", "found"),
    [('openjdk version "11.0.2"', "version 11"), ('java version "1.8.0_392"', "version 8")],
)
def test_a_java_that_is_too_old_is_named(
    desk: Path, shards: Path, out: Path, tmp_path: Path, printed: str, found: str
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho '{printed}' >&2\n")
    java.chmod(0o755)
    said = refused(classify(*command(desk, shards, out)[3:], JAVA_HOME=str(tmp_path)))
    assert f"needs Java 17 or newer; {java} is {found}. Run: " in said


@needs_java
def test_folders_that_cannot_be_input_and_output_are_refused(
    desk: Path, shards: Path, tmp_path: Path
) -> None:
    for target in (shards, shards / "labels", tmp_path):
        assert "the other way round" in refused(spark(desk, shards, target))
    link = tmp_path / "link"
    link.symlink_to(shards)
    assert "the other way round" in refused(spark(desk, shards, link / "labels"))
    assert "is not a folder" in refused(spark(desk, shards / "part-00.parquet", tmp_path / "o"))
    assert "is not a folder" in refused(spark(desk, tmp_path / "none", tmp_path / "o"))
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "a.jsonl").write_text("{}\n")
    assert "contains other files" in refused(spark(desk, shards, tmp_path / "theirs"))
    (tmp_path / "empty").mkdir()
    assert "holds no article" in refused(spark(desk, tmp_path / "empty", tmp_path / "o"))
    (tmp_path / "empty" / "a.txt").write_text("Un film.")
    assert "contains no table" in refused(spark(desk, tmp_path / "empty", tmp_path / "o"))
    assert not (tmp_path / "o").exists()


@needs_java
def test_two_files_whose_labels_would_have_one_name_are_refused(
    desk: Path, tmp_path: Path, out: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("id,text\n1,film\n")
    (tmp_path / "in" / "a.jsonl").write_text('{"text": "film"}\n')
    said = refused(spark(desk, tmp_path / "in", out))
    assert "the labels of a.csv and a.jsonl would share a file" in said


@needs_java
def test_a_second_driver_is_told_who_works_there(desk: Path, shards: Path, out: Path) -> None:
    with locked(out, "classify predict --engine spark"):
        said = refused(spark(desk, shards, out))
    assert f"{out}: in use by classify predict --engine spark (process {os.getpid()})" in said


@needs_java
@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--output", "x"], "--output has no effect with --engine spark"),
        (["--stdin-format", "csv"], "--stdin-format has no effect with --engine spark"),
        (["third"], "takes two folders"),
        (["--run", "none"], "no such run"),
        (["--encoding", "klingon"], "klingon"),
    ],
)
def test_what_spark_cannot_honour_is_refused(
    desk: Path, shards: Path, out: Path, more: list[str], message: str
) -> None:
    assert message in refused(spark(desk, shards, out, *more))


def test_a_master_without_the_engine_is_refused(desk: Path, shards: Path) -> None:
    done = classify("predict", "--workspace", desk, "-r", "--master", "local[2]", shards)
    assert "--master needs --engine spark" in refused(done)


# ---------------------------------------------------------------- one shard


@pytest.fixture
def order(desk: Path) -> LabelJob:
    path = load(workspace=desk).path.resolve()
    return LabelJob(path, sha256(path / "manifest.json"), answers(), Runtime())


def answers(**changed: object) -> LabelOptions:
    options = {
        "form": "jsonl",
        "every": False,
        "columns": Columns(),
        "encoding": None,
        "max_bytes": 20_000_000,
        "runtime": Runtime(),
    }
    return LabelOptions.of(**{**options, **changed})  # type: ignore[arg-type]


@pytest.fixture
def shard(tmp_path: Path, out: Path) -> Shard:
    (tmp_path / "in").mkdir(exist_ok=True)
    lines = [json.dumps({"id": str(n), "text": text}) for n, text in enumerate(TEXTS)]
    (tmp_path / "in" / "a.jsonl").write_text("\n".join(lines))
    (found,) = find_shards(tmp_path / "in", out, print)
    return found


def test_a_shard_is_done_until_what_its_labels_are_made_of_changes(
    shard: Shard, order: LabelJob, out: Path
) -> None:
    run = load(order.run)
    assert read_done(shard, order) is None
    done = label_table(shard, order, run)
    assert isinstance(done, DoneRecord)
    assert (done.articles, done.rejected) == (EACH, 0)
    assert read_done(shard, order) == done
    faster = LabelJob(order.run, order.manifest, answers(runtime=Runtime(threads=2)), Runtime())
    assert read_done(shard, faster) == done
    for changed in ({"form": "csv"}, {"every": True}, {"encoding": "cp1252"}, {"max_bytes": 1000}):
        assert (
            read_done(shard, LabelJob(order.run, order.manifest, answers(**changed), Runtime()))
            is None
        )
    assert read_done(shard, LabelJob(order.run, "0" * 64, order.options, Runtime())) is None
    labels, table, record = out / "a.jsonl", shard.path, out / "_done" / "a.json"
    for path, damage in ((labels, b"\n"), (table, b"\n"), (record, b"x"), (record, b"\n{}")):
        whole = path.read_bytes()
        path.write_bytes(whole + damage)
        assert read_done(shard, order) is None, path
        path.write_bytes(whole)
    assert read_done(shard, order) == done
    labels.unlink()
    assert read_done(shard, order) is None


def test_labels_in_another_format_take_the_place_of_those_before(
    shard: Shard, order: LabelJob, out: Path
) -> None:
    run = load(order.run)
    label_table(shard, order, run)
    label_table(shard, LabelJob(order.run, order.manifest, answers(form="csv"), Runtime()), run)
    assert [each.name for each in out.iterdir() if each.is_file()] == ["a.csv"]


def test_two_attempts_at_one_shard_at_once_leave_whole_labels_and_their_hash(
    shard: Shard, order: LabelJob, out: Path
) -> None:
    code = (
        "import pickle, sys\n"
        "from classify import load\n"
        "from classify.spark.tables import label_table\n"
        "shard, order = pickle.load(sys.stdin.buffer)\n"
        "run = load(order.run)\n"
        "for _ in range(20):\n"
        "    label_table(shard, order, run)\n"
    )
    import pickle

    attempts = [
        subprocess.Popen([sys.executable, "-c", code], stdin=-1, env=environment())
        for _ in range(2)
    ]
    for each in attempts:
        assert each.stdin
        each.stdin.write(pickle.dumps((shard, order)))
        each.stdin.close()
    assert [each.wait(PATIENCE) for each in attempts] == [0, 0]
    assert labelled(out) == Counter(str(n) for n in range(EACH))
    assert read_done(shard, order)
    assert not list(out.rglob("*.tmp"))


def test_a_shard_that_grows_while_it_is_read_is_not_done(
    shard: Shard, order: LabelJob, out: Path
) -> None:
    class Growing:
        """A run that sees the table written to while it predicts."""

        def __getattr__(self, name: str) -> object:
            with shard.path.open("a") as file:
                file.write("\n")
            return getattr(load(order.run), name)

    found = label_table(shard, order, Growing())  # type: ignore[arg-type]
    assert isinstance(found, Fault)
    assert "changed while it was read" in found.message
    assert read_done(shard, order) is None
    assert not records(out)


def test_labels_of_a_shard_that_is_gone_are_not_left_beside_the_others(
    desk: Path, shard: Shard, order: LabelJob, out: Path, tmp_path: Path
) -> None:
    label_table(shard, order, load(order.run))
    shard.path.rename(shard.path.with_name("b.jsonl"))
    if shutil.which("java") is None:
        pytest.skip("no Java on the PATH")
    said = refused(spark(desk, tmp_path / "in", out))
    assert "contains the labels of a, which is no longer in the input" in said


def test_hidden_and_underlined_names_are_no_shards(tmp_path: Path, out: Path) -> None:
    for name in ("a.csv", "_b.csv", ".c.csv", "_delta/d.parquet", "e/f.tsv"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("id\ttext\n" * len(name))
    found = find_shards(tmp_path / "in", out, print)
    assert [each.name for each in found] == ["e/f.tsv", "a.csv"]  # the larger one first
