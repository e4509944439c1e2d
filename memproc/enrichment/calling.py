"""Calls of an enrichment: some at once, in the order that they end, past a circuit breaker.

Rules: who asks has one request under way in each thread, and what he keeps is done by the thread that hands out the calls. A call
that was refused for one of its records is halved until that one is found; it says nothing of the service. Only a service that does
not answer opens the circuit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from time import monotonic
from typing import Any, NamedTuple, Protocol

import orjson

from memproc.dedup.keys import Key
from memproc.enrichment.circuit import Circuit
from memproc.records import Fault, Plain, encode
from memproc.telling import listening, tell
from memproc.validation import fault
from memproc.waiting import waiting as waiting_for_others

LOOK_SECONDS = 0.5  # between two looks at what was asked of the job meanwhile
LARGEST_RESULT_BYTES = 1 << 20  # each database takes so much in a row
CIRCUIT_OPEN = "the service failed too often and is not asked for a while"


class Asked(NamedTuple):
    """A record to ask for: the key of its result, and the record as it is sent."""

    key: Key
    record: Plain


class Answer(NamedTuple):
    """What a call gave: for each record, in order, its result as JSON text, or why that cannot be kept; and what the call cost."""

    results: Sequence[bytes | Fault]
    cost: float = 0.0


def result_of(value: object) -> bytes | Fault:
    """Return what was answered for a record as JSON text, or why that cannot be kept."""
    try:
        text = encode(value)
    except orjson.JSONEncodeError as error:
        return fault("", "not_json", "an enrichment answers what JSON can say: ", str(error))
    if len(text) > LARGEST_RESULT_BYTES:
        most = f"an enrichment answers at most {LARGEST_RESULT_BYTES:,} bytes for a record, not "
        return fault("", "not_changes", most, f"{len(text):,}")
    return text


class NoAnswerError(Exception):
    """A call gave no answer. `is_of_records`: it was refused for what was sent, and may succeed with fewer records."""

    def __init__(self, message: str, *, is_of_records: bool = False) -> None:
        super().__init__(message)
        self.is_of_records = is_of_records


class Caller(Protocol):
    """One who asks, a call at a time."""

    def ask(self, asked: Sequence[Asked]) -> Answer:
        """Return the answer to a call. Raises NoAnswerError if there is none."""

    def close(self) -> None:
        """Close what is open."""


class Called(NamedTuple):
    """How a call ended: what was asked, the answer or why there is none, and the seconds it took, None if it was not made."""

    asked: Sequence[Asked]
    answer: Answer | None
    failure: str = ""
    seconds: float | None = None


class _Ended(NamedTuple):
    answer: Answer | None
    failure: str
    is_of_records: bool
    seconds: float


class Calls:
    """Makes calls. `threads` is how many at once, 0 for one after the other in this thread; `look` is called between them."""

    def __init__(self, make: Callable[[], Caller], circuit: Circuit, threads: int, look: Callable[[], object]) -> None:
        self._make, self._circuit, self._threads, self._look = make, circuit, threads, look
        self._idle: list[Caller] = []
        self._callers: list[Caller] = []
        self._told: deque[object] = deque()

    def made(self, asked: Sequence[Asked], size: int) -> Generator[Called, None, None]:
        """Ask for records, so many with each call, and yield how the calls end."""
        waiting = deque(asked[at : at + size] for at in range(0, len(asked), size))
        under_way: dict[Future[_Ended], Sequence[Asked]] = {}
        pool = ThreadPoolExecutor(self._threads, "memproc-enrichment") if self._threads else None
        try:
            while waiting or under_way:
                while waiting and len(under_way) < max(self._threads, 1):
                    part = waiting.popleft()
                    if not self._circuit.may_call(monotonic()):
                        yield Called(part, None, CIRCUIT_OPEN)
                        continue
                    under_way[self._begun(pool, part)] = part
                with waiting_for_others():
                    ended_calls = wait(under_way, LOOK_SECONDS, FIRST_COMPLETED).done
                for done in ended_calls:
                    part, ended = under_way.pop(done), done.result()
                    self._circuit.note(is_success=ended.answer is not None or ended.is_of_records, now=monotonic())
                    if ended.is_of_records and len(part) > 1:
                        middle = len(part) // 2
                        waiting.extendleft((part[middle:], part[:middle]))
                    yield Called(part if not ended.is_of_records or len(part) == 1 else (), *ended[:2], ended.seconds)
                while self._told:
                    tell(self._told.popleft())
                self._look()
        finally:
            if pool is not None:
                pool.shutdown(wait=False, cancel_futures=True)
            for caller in self._callers:
                caller.close()

    def _begun(self, pool: ThreadPoolExecutor | None, part: Sequence[Asked]) -> Future[_Ended]:
        if pool is not None:
            return pool.submit(self._heard, part)
        ended: Future[_Ended] = Future()
        ended.set_result(self._asked(part))
        return ended

    def _heard(self, part: Sequence[Asked]) -> _Ended:
        with listening(self._told.append):  # told in the thread of who listens
            return self._asked(part)

    def _asked(self, part: Sequence[Asked]) -> _Ended:
        began = monotonic()
        caller = self._idle.pop() if self._idle else self._new_caller()
        try:
            answer = caller.ask(part)
        except NoAnswerError as error:
            return _Ended(None, str(error), error.is_of_records, monotonic() - began)
        finally:
            self._idle.append(caller)
        if len(answer.results) != len(part):
            told = f"it answered {len(answer.results):,} results for {len(part):,} records"
            return _Ended(None, told, is_of_records=False, seconds=monotonic() - began)
        return _Ended(answer, "", is_of_records=False, seconds=monotonic() - began)

    def _new_caller(self) -> Caller:
        caller = self._make()
        self._callers.append(caller)
        return caller


class Kind(Protocol):
    """What every kind of enrichment gives beside its terms: how many calls it makes at once, and who makes them."""

    @property
    def threads(self) -> int:
        """How many calls at once, 0 for one after the other in the thread of the job."""

    def caller(self, schema: Any, seconds_left: Callable[[], float]) -> Caller:
        """Return one who asks."""
