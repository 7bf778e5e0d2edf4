"""A Spark context of our own: Java checked, the master found, errors in one line each."""

import contextlib
import logging
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seeds.base.errors import InputError, missing_extra
from seeds.base.storage import open_in_place

if TYPE_CHECKING:
    from pyspark import SparkConf, SparkContext

OLDEST_JAVA = 17  # of Spark 4
ALL_CORES = "local[*,4]"  # this machine; a task that fails is tried 4 times, as on a cluster
_DEFAULTS = {  # unless spark-submit, spark-defaults.conf or PYSPARK_SUBMIT_ARGS say otherwise
    "spark.app.name": "classify predict",
    "spark.log.level": "WARN",
    "spark.ui.enabled": "false",
}
# On one machine Java only hands out tasks: its second compiler costs more than it saves.
_LIGHT_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_MASTER_SOURCES = ("PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS", "SPARK_CONF_DIR", "SPARK_HOME")
_JAVA_LOST = re.compile(
    r"Connection refused|Answer from Java side is empty|Error while (?:send|receiv)"
)


def check_installation() -> None:
    """Check that this machine has what Spark needs to start.

    Raises:
        InputError: pyspark or Java is missing, or Java is too old; says what to run.
    """
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        import pyspark
    except ModuleNotFoundError as error:
        raise missing_extra("spark", "--engine spark") from error
    if "PYSPARK_GATEWAY_PORT" in os.environ:  # spark-submit has started Java
        return
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(f"{home}/bin/java" if home else "java")
    if java is None:
        where = f"JAVA_HOME={home} has none" if home else "there is none on the PATH"
        raise InputError(f"Spark {pyspark.__version__} needs Java; {where}. {_install_java()}")
    output = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', output)
    if version is None or int(version[1]) < OLDEST_JAVA:
        actual = f"is version {version[1]}" if version else "does not run"
        raise InputError(
            f"Spark {pyspark.__version__} needs Java {OLDEST_JAVA} or newer; {java} {actual}. "
            f"{_install_java()}"
        )


def _install_java() -> str:
    if sys.platform == "darwin":
        return f"Run: brew install openjdk@{OLDEST_JAVA}"
    return f"Run: sudo apt-get install openjdk-{OLDEST_JAVA}-jre-headless"


@contextlib.contextmanager
def spark_context(master: str | None, log: Path, settings: dict[str, str]) -> Iterator[Any]:
    """Start a SparkContext for one job; what Java prints goes to a file.

    Args:
        master: as of spark-submit; None takes the one of spark-submit, spark-defaults.conf or
            $MASTER, and else all cores of this machine.
        log: takes Spark's own lines.
        settings: of Spark, which replace its defaults.

    Raises:
        InputError: no context could be made, or it was lost; says why in one line.
    """
    logging.getLogger("py4j").setLevel(logging.CRITICAL)  # a lost Java is reported once, by us
    context = None
    try:
        context = _start(master, log, settings)
        yield context
    except Exception as error:
        raise (_summarize_error(error, log) or error) from error
    finally:
        if context is not None:
            with contextlib.suppress(Exception):  # Java may be gone already
                context.stop()


def _start(master: str | None, log: Path, settings: dict[str, str]) -> "SparkContext":
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

    if _is_local(master):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # nobody else may connect
        os.environ.setdefault("SPARK_SUBMIT_OPTS", _LIGHT_JAVA)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # classify is installed there
    with open_in_place(log) as lines:
        lines.truncate(0)
        gateway = launch_gateway(  # type: ignore[no-untyped-call]
            popen_kwargs={"stdout": lines, "stderr": lines}
        )
    SparkContext._ensure_initialized(gateway=gateway)
    conf = SparkConf()
    url = master or conf.get("spark.master", ALL_CORES)
    conf.setMaster(ALL_CORES if url == "local[*]" and not master else str(url))
    for name, value in {**_DEFAULTS, **settings}.items():
        conf.setIfMissing(name, value)
    conf.set("spark.ui.showConsoleProgress", "false")  # we show our own
    _add_packages(conf)
    context = SparkContext(conf=conf, gateway=gateway)
    context._accumulatorServer.handle_error = _ignore  # type: ignore
    return context


def _is_local(master: str | None) -> bool:
    """Tell whether all of Spark will run on this machine, before Spark itself can be asked."""
    url = master or os.environ.get("MASTER")
    if url:
        return url.startswith("local")
    return not any(name in os.environ for name in _MASTER_SOURCES)


def _ignore(_request: object, _client: object) -> None:
    """Do nothing: a lost Java is reported once, by us."""


def _add_packages(conf: "SparkConf") -> None:
    """Let workers on this machine find classify when it runs from a checkout."""
    if not str(conf.get("spark.master")).startswith("local"):
        return
    checkout = str(Path(__file__).resolve().parents[2])
    path = conf.get("spark.executorEnv.PYTHONPATH") or os.environ.get("PYTHONPATH")
    conf.set("spark.executorEnv.PYTHONPATH", os.pathsep.join(filter(None, (checkout, path))))


def _summarize_error(error: Exception, log: Path) -> InputError | None:
    """Return what went wrong with Spark as a line the user can act on; None for anything else."""
    if isinstance(error, InputError):
        return error
    text = str(error)
    ours = re.search(rf"{re.escape(InputError.__module__)}\.InputError: (.+)", text)
    if ours:
        return InputError(ours[1])
    missing = re.search(r"ModuleNotFoundError: (No module named '(\w+))", text)
    if missing:
        return InputError(
            f"a Spark worker has {missing[1]}'. Install classify where the workers run, or name "
            "its Python with PYSPARK_PYTHON; see docs/scale.md."
        )
    if (
        isinstance(error, ConnectionError)
        or _JAVA_LOST.search(text)
        or "Py4JNetworkError" in repr(error)
    ):
        return InputError(f"Spark died; its last lines are in {log}. Run this again to continue.")
    if not type(error).__module__.startswith(("py4j", "pyspark")):
        return None
    cause = re.search(r"(?:SparkException|Exception|Error): (.+)", text)
    reason = cause[1] if cause else text.strip().split("\n")[0]
    return InputError(f"Spark failed: {reason.rstrip('.')}. See {log}.")
