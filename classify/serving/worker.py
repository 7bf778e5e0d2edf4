"""The process that holds the model, so that the service stays awake while it computes.

    python -m classify.serving.worker RUN RUNTIME     RUNTIME: a Runtime as JSON

Its first frame says which run it is, or why there is none; then each frame of texts gets one of
answers. It ends with the service, however that ends.
"""

import json
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from classify.predictor import unread
from classify.serving import frames
from seeds.clean import clean
from seeds.encoding import replace_surrogates
from seeds.errors import InputError
from training.model import Prediction, Runtime
from training.run import Run, load_run

_EMPTY = "nothing is left of it once invisible characters and credits are taken off"


def main() -> None:
    """Load the run that is named, and answer until the pipe ends."""
    run, runtime = sys.argv[1:]
    send = frames.sender()
    try:
        loaded = load_run(Path(run), Runtime(**json.loads(runtime)))
    except InputError as error:
        send({"fault": str(error)})
        return
    send(described(loaded))
    while (asked := frames.read(sys.stdin.buffer)) is not None:
        send(guarded(loaded, asked))


def described(run: Run) -> dict[str, Any]:
    """What the service must know of a run."""
    facts = run.facts
    return {
        "name": run.name,
        "kind": facts.kind,
        "created": facts.created,
        "articles": facts.articles,
        "base_model": Path(facts.base_model).name,
        "computing": run.model.computing,
        "taxonomy": asdict(run.taxonomy),
        "thresholds": list(run.rule.thresholds),
    }


def guarded(run: Run, asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answer to each text; where a bug of ours stands in the way of one, {"bug": why}."""
    try:
        return answers(run, asked)
    except Exception:
        if len(asked) > 1:  # the others have nothing to do with it
            return [answer for each in asked for answer in guarded(run, [each])]
        return [{"bug": traceback.format_exc()}]


def answers(run: Run, asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answer to each text.

    Args:
        run: the model.
        asked: {"text", "every", "explain"} each; see `Engine.answers`.
    """
    texts = [clean(replace_surrogates(each["text"].replace("\0", " "))).text for each in asked]
    predictions = run.predict(texts)
    return [
        _answer(run, text, prediction, **{name: each[name] for name in ("every", "explain")})
        for text, prediction, each in zip(texts, predictions, asked, strict=True)
    ]


def _answer(
    run: Run, text: str, prediction: Prediction, *, every: bool, explain: bool
) -> dict[str, Any]:
    shown = prediction.probabilities if every else prediction.shown
    empty = not text.strip()
    return {
        "categories": list(prediction.categories),
        "probabilities": {name: round(p, 6) for name, p in shown.items()},
        "decision": "needs review" if empty else prediction.decision,
        "note": _EMPTY if empty else unread(text),
        "explanation": _explained(run, text, list(shown)) if explain else None,
    }


def _explained(run: Run, text: str, names: list[str]) -> dict[str, Any]:
    from training.explain import explain

    return explain(run.model, text).record(run.rule.categories, names)


if __name__ == "__main__":
    main()
