"""The last event of a job, which is told however it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from memproc.report.events import Event, JobEnded, Noted
from memproc.report.report import Report
from memproc.telling import Listener, listening, tell

OnEvent = Callable[[Event], object]


class Interrupted(KeyboardInterrupt):
    """An ingestion or a replay was interrupted: `report` counts what was committed. `resume` continues an ingestion of files."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message, report)
        self.report = report

    def __str__(self) -> str:
        """Return the message alone."""
        return str(self.args[0])


class Running(Protocol):
    """The course of a run: its report, how many records earlier runs read, how many of its notes were told, and its seconds."""

    report: Report
    read_before: int
    notes_told: int

    @property
    def seconds(self) -> float:
        """Since the run began."""


class Ending:
    """What the last event is made of: the run, as soon as there is one, and the report that is returned."""

    def __init__(self) -> None:
        self.running: Running | None = None
        self.report: Report | None = None


@contextmanager
def told_to_the_end(on_event: OnEvent | None) -> Iterator[Ending]:
    """Tell a callback what happens inside the block, and at its end the report, with a note if the callback raised."""
    ending = Ending()
    with listening(on_event) as listener:
        try:
            yield ending
        except Interrupted as error:
            _tell_end(error.report, ending, listener, error)
            raise
        except BaseException as error:
            if ending.running is not None:  # else the call was wrong, and nothing began
                running = ending.running
                running.report.finish("failed", running.seconds, running.read_before)
                _tell_end(running.report, ending, listener, error)
            raise
        if ending.report is not None:
            _tell_end(ending.report, ending, listener, None)


def _tell_end(report: Report, ending: Ending, listener: Listener, error: BaseException | None) -> None:
    told = 0 if ending.running is None else ending.running.notes_told
    try:
        for text in report.notes[told:]:
            tell(Noted(text))
        tell(JobEnded(report, None if error is None else type(error).__name__))
    except KeyboardInterrupt as interrupt:
        raise Interrupted(f"job {report.job} had ended before: {report.status}", report) from interrupt
    finally:
        if listener.failure is not None:
            report.notes.append(f"on_event raised {listener.failure} and was called no more: what was told to it may be incomplete")
