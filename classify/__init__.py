"""Label French news articles: `from classify import load, predict`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.decision import Prediction
    from training.runs.run import Run

__all__ = ["load", "predict"]


def load(run: str | Path | None = None, *, workspace: str | Path | None = None) -> "Run":
    """Load a trained run and check its files; its `predict(texts)` returns a Prediction a text.

    Its `rule.left_out` names the categories that it left out of training and so never predicts.

    Args:
        run: a run's name in the workspace or its directory; None for the current one.
        workspace: the folder; None for $CLASSIFY_WORKSPACE, else ./workspace.

    Raises:
        seeds.base.errors.InputError: there is no such run, or one of its files was altered.
        TypeError: run or workspace is neither a string nor a Path.
    """
    from seeds.base.errors import InputError
    from seeds.base.settings import workspace_path
    from training.runs.registry import find_run
    from training.runs.run import load_run
    from training.runtime import Runtime

    for name, value in (("run", run), ("workspace", workspace)):
        if not isinstance(value, str | Path | None):
            raise TypeError(f"{name} must be a string or a Path, not {type(value).__name__}")
    if workspace == "":
        raise InputError("workspace is empty. Name a folder, or leave it out.")
    if isinstance(run, Path):
        return load_run(run, Runtime())
    folder = workspace_path(Path(workspace) if workspace is not None else None)
    return load_run(find_run(folder / "runs", run), Runtime())


def predict(texts: Iterable[str], run: "Run | None" = None) -> "list[Prediction]":
    """Predict the categories of each text, cleaned as by `classify predict`.

    Args:
        texts: articles, even for a single one: a list, a generator, an array, a pandas Series.
        run: from `load`; None loads the current one.

    Raises:
        seeds.base.errors.InputError: there is no model, or a text is empty, binary or no article
            (an e-mail, a feed, JSON); the message names its position, such as texts[3].
        TypeError: texts is a single string, or one of them is no string (its position is named);
            or run is not from `load`.
    """
    from training.runs.run import Run
    from training.runs.texts import list_texts

    if not isinstance(run, Run | None):
        raise TypeError(f"run must come from load(), found {type(run).__name__}")
    cleaned = [_clean(position, text) for position, text in enumerate(list_texts(texts))]
    return (run or load()).predict(cleaned)


def _clean(position: int, text: str) -> str:
    """Clean a text.

    Raises:
        InputError: it is empty, binary or no article; names the position.
    """
    from seeds.base.errors import InputError
    from seeds.clean import clean
    from seeds.reading.documents.foreign_formats import refuse_foreign

    try:
        refuse_foreign(text)
        cleaned = clean(text).text
    except InputError as error:
        raise InputError(f"texts[{position}]: {error}") from error
    if not cleaned.strip():
        raise InputError(f"texts[{position}] is empty. Leave it out.")
    return cleaned
