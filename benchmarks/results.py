"""RESULTS.md: a section a benchmark, each replaced whole, under a description of the machine."""

import datetime as dt
import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from seeds.base.cores import available_cores

_SECTION = re.compile(r"<!-- benchmark: (\S+) -->\n(.*?)\n<!-- end: \1 -->", re.DOTALL)
# What decides how fast vectors, float16 and int8 products are, on x86 and on ARM.
_INSTRUCTIONS = (
    *("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni"),
    *("amx_tile", "amx_bf16", "amx_int8", "asimd", "asimddp", "bf16", "i8mm", "sve"),
)
_LIBRARIES = (
    *("numpy", "scipy", "scikit-learn", "torch", "transformers", "tokenizers", "onnxruntime"),
    *("pyarrow", "pyspark", "fasttext", "spacy", "sentence-transformers"),
)
_HEAD = """\
# Benchmarks

Written by `make bench`, a section a benchmark; what is added by hand is lost. Below each table
stands the command that made it, when and where: what `make bench` left out keeps its last figures.
Ratios are of one run on one machine, peers in turn, so that whatever else it did slowed each alike.
"""


def sections(text: str) -> dict[str, str]:
    """The sections of RESULTS.md by the name of their benchmark, in their order."""
    return dict(_SECTION.findall(text))


def page(head: str, parts: Mapping[str, str]) -> str:
    """RESULTS.md with these sections; head describes the machine."""
    marked = [
        f"<!-- benchmark: {name} -->\n{body}\n<!-- end: {name} -->" for name, body in parts.items()
    ]
    return "\n\n".join([_HEAD.rstrip(), head, *marked]) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def today() -> str:
    """The date, in UTC."""
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"


def place() -> str:
    """The machine in a few words: processor, instruction sets, cores."""
    return f"{_processor()} ({_instructions()}), {available_cores()} cores"


def _instructions() -> str:
    """The instruction sets that the processor has, of those that decide."""
    flags = set(_cpuinfo("flags").split()) | set(_cpuinfo("Features").split())
    return ", ".join(name for name in _INSTRUCTIONS if name in flags) or "instructions unknown"


def machine() -> str:
    """The machine, its system and what is installed, as Markdown."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [f"{name} {version}" for name in _LIBRARIES if (version := _version(name))]
    return "\n".join(
        [
            f"- **Machine**: {place()}; {memory:.0f} GiB of memory",
            f"- **System**: {_system()}, {platform.machine()}",
            f"- **Python** {platform.python_version()}; {', '.join(versions)}",
            f"- **Date**: {today()}; load before it began: {os.getloadavg()[0]:.1f}",
        ]
    )


def _cpuinfo(key: str) -> str:
    """A line of the first processor's description; empty where Linux does not give it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in found if name.strip() == key), "")


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
