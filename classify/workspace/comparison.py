"""Compare two runs on labelled articles that neither was trained on."""

from dataclasses import asdict, dataclass
from pathlib import Path

from classify.workspace.evaluation import EvaluationSet, predict_examples, select_measurable
from classify.workspace.labelled import LabelledSource, read_labelled_articles
from training.evaluation.comparison import Comparison, Disagreement, compare, find_disagreements
from training.models import uses_encoder
from training.runs.facts import read_facts
from training.runs.registry import find_run
from training.runs.run import Run, load_run
from training.runtime import Runtime


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two runs compared.

    Attributes:
        runs: A and B.
        source: where the articles come from.
        measured: the articles, and what was left out.
        comparison: the figures and the verdict.
        disagreements: the articles that the runs label differently.
        faults: a line for each row of the file that can't be used.
    """

    runs: tuple[Run, Run]
    source: LabelledSource
    measured: EvaluationSet
    comparison: Comparison
    disagreements: tuple[Disagreement, ...]
    faults: tuple[str, ...]

    def record(self) -> dict[str, object]:
        """Return all of it for `classify compare --format json`."""
        return {
            "a": self.runs[0].name,
            "b": self.runs[1].name,
            "on": self.source.name,
            **self.measured.record(),
            **self.comparison.record(),
            "disagreements": [asdict(disagreement) for disagreement in self.disagreements],
        }


def load_pair(workspace: Path, names: tuple[str, str], runtime: Runtime) -> tuple[Run, Run]:
    """Load two runs.

    Raises:
        InputError: there is no such run, or the runtime does not suit either.
    """
    paths = [find_run(workspace / "runs", name) for name in names]
    on_cpu = [not uses_encoder(read_facts(path).kind) for path in paths]
    # Options for the encoder of one run are no reason to refuse a tfidf run beside it.
    runtimes = [Runtime() if plain and not all(on_cpu) else runtime for plain in on_cpu]
    run_a, run_b = (load_run(*pair) for pair in zip(paths, runtimes, strict=True))
    return run_a, run_b


def compare_runs(workspace: Path, runs: tuple[Run, Run], source: LabelledSource) -> RunComparison:
    """Compare two runs on the labelled articles of a source.

    Raises:
        InputError: the articles can't be read, or none of them can be used.
    """
    dataset, faults = read_labelled_articles(workspace, source, runs)
    measured = select_measurable(dataset, runs)
    a, b = (predict_examples(run, measured.examples, measured.categories) for run in runs)
    comparison = compare(
        a.predicted, b.predicted, measured.gold, measured.categories, known=measured.known
    )
    differing = find_disagreements(measured.examples, measured.categories, a, b)
    return RunComparison(runs, source, measured, comparison, tuple(differing), tuple(faults))
