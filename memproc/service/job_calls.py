"""The calls of the client on jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memproc.service.asking import Asking, checked, given
from memproc.service.given import JobGiven, SourceGiven
from memproc.service.jobs_told import JobPage, JobReportTold, JobTold, JobWhole, MetricsTold, TasksTold

_FOLLOW_SECONDS = 60.0  # a server gives a sign of life more often
_JOBS = "/api/batch/jobs"


class JobCalls(Asking):
    """The calls on jobs."""

    def submit(self, *sources: SourceGiven, **more: Any) -> JobTold:
        """Submit a job that reads sources; `more` are fields of `JobGiven`, such as `namespace`, `format`, `priority`, `after`."""
        asked = JobGiven(sources=[*sources], **more).model_dump(exclude_defaults=True, by_alias=True)
        return self._post(JobTold, _JOBS, asked)

    def jobs(self, *, state: str | None = None, limit: int = 50, cursor: str | None = None) -> JobPage:
        """Return a page of jobs, the newest first."""
        return self._get(JobPage, _JOBS, state=state, limit=limit, cursor=cursor)

    def job(self, number: int) -> JobWhole:
        """Return a job with its runs and changes."""
        return self._get(JobWhole, f"{_JOBS}/{number}")

    def tasks(self, number: int, **which: Any) -> TasksTold:
        """Return a page of the batches of a job, and of the records that it rejected."""
        return self._get(TasksTold, f"{_JOBS}/{number}/tasks", **which)

    def job_report(self, number: int) -> JobReportTold:
        """Return what a job did."""
        return self._get(JobReportTold, f"{_JOBS}/{number}/report")

    def metrics(self) -> MetricsTold:
        """Return the queue in figures."""
        return self._get(MetricsTold, "/api/batch/metrics")

    def pause(self, number: int, *, why: str = "") -> JobTold:
        """Let a job wait until it is resumed."""
        return self._steer(number, "pause", why)

    def resume(self, number: int, *, why: str = "") -> JobTold:
        """Let a paused job go on."""
        return self._steer(number, "resume", why)

    def hold(self, number: int, *, why: str = "") -> JobTold:
        """Hand a job over to a person."""
        return self._steer(number, "hold", why)

    def release(self, number: int, *, why: str = "") -> JobTold:
        """Let workers have a job that was held."""
        return self._steer(number, "release", why)

    def retry(self, number: int, *, why: str = "") -> JobTold:
        """Let a job run again that failed, was cancelled or skipped."""
        return self._steer(number, "retry", why)

    def cancel(self, number: int, *, why: str = "") -> JobTold:
        """End a job for good."""
        return self._ask(JobTold, "DELETE", f"{_JOBS}/{number}", params=given({"why": why}))

    def follow(self, number: int) -> Iterator[JobWhole]:
        """Give a job as it is whenever it has changed, until it has ended; a connection that ends is made again."""
        while True:
            with self._http.stream("GET", f"{_JOBS}/{number}/events", timeout=_FOLLOW_SECONDS) as answer:
                if not answer.is_success:
                    answer.read()
                    checked(answer)
                kind = ""
                for line in answer.iter_lines():
                    name, _, value = line.partition(": ")
                    kind = value if name == "event" else kind
                    if name == "data":
                        yield JobWhole.model_validate_json(value)
                        if kind == "end":
                            return

    def _steer(self, number: int, verb: str, why: str) -> JobTold:
        return self._ask(JobTold, "PUT", f"{_JOBS}/{number}/{verb}", json={"why": why})
