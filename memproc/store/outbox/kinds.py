"""The types of events, and the states of what is sent. Pure."""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """What is told of a job, or of one of its batches, which to those who are told is a task."""

    CREATED = "batch.job.created"
    STARTED = "batch.job.started"
    PROGRESS = "batch.job.progress"
    COMPLETED = "batch.job.completed"
    FAILED = "batch.job.failed"
    PAUSED = "batch.job.paused"
    CANCELLED = "batch.job.cancelled"
    TASK_STARTED = "batch.task.started"
    TASK_COMPLETED = "batch.task.completed"
    TASK_FAILED = "batch.task.failed"
    TEST = "memproc.test"  # somebody wants to see whether it comes through


OF_JOBS = tuple(one for one in EventType if one.startswith("batch.job."))
OF_TASKS = tuple(one for one in EventType if one.startswith("batch.task."))
ENDS = (EventType.COMPLETED, EventType.FAILED, EventType.PAUSED, EventType.CANCELLED)


class DeliveryStatus(StrEnum):
    """The state of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"  # given up: it can be sent again
    RESENT = "resent"  # it was dead, and is sent again by another delivery
    DROPPED = "dropped"  # its endpoint was removed


class EndpointKind(StrEnum):
    """Who is told."""

    WEBHOOK = "webhook"
    NOTICES = "notices"
