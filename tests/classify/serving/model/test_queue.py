"""The queue of the service: batches, turns of explanations, clients that leave."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from classify.serving.model.queue import BusyError, Job, Queue


def use_queue(use: Callable[[Queue], None]) -> None:
    """Use a new queue inside an event loop."""

    async def run() -> None:
        use(Queue())

    asyncio.run(run())


def add(queue: Queue, *texts: str, explain: bool = False) -> list[Job]:
    return queue.add(texts, all_categories=False, explain=explain)


def texts_of(jobs: Sequence[Job]) -> list[str]:
    return [job.text for job in jobs]


def test_texts_leave_in_batches_in_the_order_in_which_they_came() -> None:
    def use(queue: Queue) -> None:
        add(queue, "a", "b")
        add(queue, "c")
        assert texts_of(queue.next_batch(2)) == ["a", "b"]
        assert texts_of(queue.next_batch(2)) == ["c"]
        assert queue.next_batch(2) == []

    use_queue(use)


def test_texts_of_clients_that_left_are_skipped() -> None:
    def use(queue: Queue) -> None:
        jobs = add(queue, "a", "b", "c")
        jobs[1].abandon()
        assert texts_of(queue.next_batch(2)) == ["a", "c"]

    use_queue(use)


def test_a_batch_of_long_texts_is_a_short_one() -> None:
    def use(queue: Queue) -> None:
        add(queue, *["a" * 1_500_000] * 5)
        assert [len(queue.next_batch(32)) for _ in range(2)] == [3, 2]
        add(queue, "a" * 9_000_000, "b")
        assert len(queue.next_batch(32)) == 1

    use_queue(use)


def test_suspects_are_computed_alone_and_only_if_somebody_waits() -> None:
    def use(queue: Queue) -> None:
        jobs = add(queue, "a", "b", "c")
        queue.suspect(queue.next_batch(3))
        jobs[1].abandon()
        assert len(queue) == 3
        assert queue.next_batch(3) == []
        assert texts_of(queue.next_suspect()) == ["a"]
        assert texts_of(queue.next_suspect()) == ["c"]
        assert queue.next_suspect() == []

    use_queue(use)


def test_unfinished_explanations_take_turns_four_at_a_time() -> None:
    """The fifth begins when one of the first four is finished."""

    def use(queue: Queue) -> None:
        add(queue, *"abcdef", explain=True)
        turns = ""
        for _ in range(9):
            (job,) = queue.next_explanation()
            turns += job.text
            if turns.count(job.text) < 2 or job.text != "a":  # "a" needs two steps
                queue.put_back(job)
        assert turns == "abcdabcde"

    use_queue(use)


def test_the_worker_forgets_explanations_that_nobody_waits_for_any_more() -> None:
    """Those that have not begun are unknown to it."""

    def use(queue: Queue) -> None:
        started, *_ = jobs = add(queue, "a", "b", "c", explain=True)
        started.started_by = object()  # type: ignore[assignment]
        for job in jobs[:2]:
            job.abandon()
        assert texts_of(queue.next_explanation()) == ["c"]
        assert queue.take_abandoned() == [started.number]
        assert queue.take_abandoned() == []

    use_queue(use)


def test_a_queue_that_fails_answers_everything_in_it_with_the_reason() -> None:
    def use(queue: Queue) -> None:
        jobs = add(queue, "a") + add(queue, "b", explain=True)
        queue.suspect(queue.next_batch(1))
        jobs += add(queue, "c")
        queue.fail_all(BusyError(5, "the model can't be loaded"))
        assert len(queue) == 0
        for job in jobs:
            with pytest.raises(BusyError, match="can't be loaded"):
                job.answer.result()

    use_queue(use)


def test_the_time_that_a_queue_takes_is_learned_from_what_was_computed() -> None:
    def use(queue: Queue) -> None:
        for _ in range(100):
            queue.note_batch(10, 5.0)
            queue.note_explanation(3.0)
        add(queue, *"abcd")
        add(queue, "e", explain=True)
        assert queue.seconds == pytest.approx(4 * 0.5 + 3.0)

    use_queue(use)


def test_an_answer_with_a_bug_is_an_error_and_a_late_answer_is_dropped() -> None:
    def use(queue: Queue) -> None:
        broken, late = add(queue, "a", "b")
        broken.resolve("run", {"bug": "Traceback: …"})
        with pytest.raises(RuntimeError, match="Traceback"):
            broken.answer.result()
        late.abandon()
        late.resolve("run", {"categories": []})
        assert late.answer.cancelled()

    use_queue(use)
