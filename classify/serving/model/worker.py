"""The process that holds the model, so that the service stays responsive while it computes.

    python -m classify.serving.model.worker RUN RUNTIME     RUNTIME: a Runtime as JSON

Its first message describes the run, or says why it can't be loaded. Then each message is answered:

    [{"text", "all_categories"}, …]                     a list with an answer per text
    {"explain": 7, "text", "all_categories", "forget"}  an answer with its explanation in JSON,
                                                        or {"more": true}: ask again
    {"explain": 7, "forget": [5, …]}                    the next step; nobody waits for 5

It ends with the service, however the service ends, and once the weights on disk have changed:
{"ends": …} then says so instead of an answer.
"""

import json
import sys
import traceback
from collections.abc import Generator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from classify.prediction.records import prediction_record, script_note
from classify.serving.model import frames
from classify.serving.model.tampering import LoadedWeights
from seeds.base.errors import InputError
from seeds.base.surrogates import replace_surrogates
from seeds.clean import Cleaned, clean
from training.decision import Prediction
from training.runs.run import Run, load_run
from training.runtime import Runtime

Steps = Generator[None, None, dict[str, Any]]

_EMPTY = "empty after cleaning: it held only invisible characters and credits"


def main() -> None:
    """Load the run named on the command line, and answer until the pipe ends."""
    run, runtime = sys.argv[1:]
    send = frames.take_stdout()
    weights = LoadedWeights(Path(run))
    try:
        loaded = load_run(Path(run), Runtime(**json.loads(runtime)))
        weights.note_hashes()
    except InputError as error:
        send({"fault": str(error)})
        return
    send(describe(loaded))
    explanations: dict[int, Steps] = {}
    while (message := frames.read(sys.stdin.buffer)) is not None:
        if isinstance(message, list):
            answer: Any = answer_batch(loaded, message)
        else:
            answer = explain_step(loaded, message, explanations)
        if altered := weights.find_altered():
            send({"ends": f"{altered} was altered since it was loaded"})
            return
        send(answer)


def describe(run: Run) -> dict[str, Any]:
    """Return what the service needs to know of a run: the fields of RunInfo."""
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
        "left_out": list(run.rule.left_out),
        "caveat": run.rule.caveat,
    }


def answer_batch(run: Run, jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the answer to each text, or {"bug": traceback} for a text that makes us fail."""
    try:
        return answer_texts(run, jobs)
    except Exception:
        if len(jobs) > 1:  # the other texts are answered all the same
            return [answer for job in jobs for answer in answer_batch(run, [job])]
        return [{"bug": traceback.format_exc()}]


def answer_texts(run: Run, jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the answer to each text.

    Args:
        run: the model.
        jobs: {"text", "all_categories"} each; see `Engine.answer`.
    """
    articles = [_clean(job["text"]) for job in jobs]
    predictions = run.predict([article.text for article in articles])
    return [
        _answer(article, prediction, every=job["all_categories"])
        for article, prediction, job in zip(articles, predictions, jobs, strict=True)
    ]


def explain_step(
    run: Run, message: dict[str, Any], explanations: dict[int, Steps]
) -> dict[str, Any]:
    """Begin or continue an explanation; return the answer once complete, else {"more": True}.

    explanations: those that have begun, by number.
    """
    for number in message["forget"]:
        explanations.pop(number, None)
    number = message["explain"]
    if "text" in message:
        explanations[number] = _explain(run, message["text"], every=message["all_categories"])
    try:
        next(explanations[number])
    except StopIteration as end:
        del explanations[number]
        answer: dict[str, Any] = end.value
        return answer
    except Exception:
        del explanations[number]
        return {"bug": traceback.format_exc()}
    return {"more": True}


def _clean(text: str) -> Cleaned:
    return clean(replace_surrogates(text.replace("\0", " ")))


def _answer(article: Cleaned, prediction: Prediction, *, every: bool) -> dict[str, Any]:
    record = prediction_record(prediction, every=every)
    if article.text.strip():
        note = "; ".join(filter(None, (*article.notes, script_note(article.text))))
        return {**record, "note": note, "explanation": None}
    return {**record, "decision": "needs review", "note": _EMPTY, "explanation": None}


def _explain(run: Run, text: str, *, every: bool) -> Steps:
    from training.explain import explain_in_steps

    article = _clean(text)
    explanation = yield from explain_in_steps(run.model, article.text)
    (prediction,) = run.rule.predictions(explanation.logits[None])
    answer = _answer(article, prediction, every=every)
    record = explanation.record(run.rule.categories, list(answer["probabilities"]))
    # Megabytes, for a long text: the service passes them on as they are.
    return {**answer, "explanation": json.dumps(record, ensure_ascii=False)}


if __name__ == "__main__":
    main()
