"""The process that holds a run, as the service sees it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from classify.serving.model.process import Child, EndedError
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError
from seeds.base.settings import parse
from training.runtime import Runtime


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The run that answers: the worker's first frame."""

    name: str
    kind: str
    created: str
    articles: int
    base_model: str
    computing: str
    taxonomy: Taxonomy
    thresholds: tuple[float, ...]


@dataclass(eq=False, slots=True)
class Loaded:
    """The process that holds one run."""

    path: Path
    child: Child
    run: RunInfo = field(init=False)

    @classmethod
    async def started(cls, path: Path, runtime: Runtime) -> "Loaded":
        """Start a process and wait until it has loaded the run.

        Raises:
            InputError: it could not.
        """
        arguments = (str(path), json.dumps(asdict(runtime)))
        worker = cls(path, await Child.started("classify.serving.model.worker", *arguments))
        try:
            first = await worker.child.receive()
            if "fault" in first:
                raise InputError(first["fault"])
            worker.run = parse(first, RunInfo, str(path))
        except EndedError:
            raise InputError(
                f"{path}: the process that loads it ended ({worker.child.how})."
            ) from None
        except BaseException:
            await worker.child.close()
            raise
        return worker
