"""memproc takes memories into a database, and can prove that none was lost.

The names here are the public ones; each is loaded when it is first used, so that `import memproc` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from loguru import logger

from memproc.public_names import HOMES

if TYPE_CHECKING:
    from memproc.api import calibrate, transform, validate
    from memproc.api import open_store as open  # noqa: A004 - memproc.open, as in shelve.open
    from memproc.asynchronous.store import AsyncStore, Opening, aingest, aopen
    from memproc.asynchronous.wrapping import Found
    from memproc.cleaned import Cleaning, Doubt, Removal, Update
    from memproc.cleaning import clean
    from memproc.config import Settings
    from memproc.configuring import load_settings
    from memproc.dedup.compare.fitting import Bin
    from memproc.dedup.decision import Decision
    from memproc.documents.rendering import DocumentFailure, DocumentsRendered, Rendered, render_documents
    from memproc.documents.templates import DocumentLimits
    from memproc.enrichment.batches import BatchEnrichment, BatchRequest, BatchResult, BatchService, BatchState
    from memproc.enrichment.functions import FunctionEnrichment
    from memproc.enrichment.http import HttpEnrichment
    from memproc.enrichment.openai_batches import OpenAIBatches
    from memproc.errors import (
        ChangedError,
        DatabaseError,
        EngineError,
        MemprocError,
        NotFoundError,
        SourceEndedError,
        SourceError,
        StoreError,
        UsageError,
    )
    from memproc.formats.mapping import FieldMap, FieldRule
    from memproc.gates.judged import GateJudged, RuleJudged
    from memproc.ingestion.judging import judge
    from memproc.ingestion.migrating import migrate
    from memproc.ingestion.pipeline import ingest
    from memproc.ingestion.predicting import predict
    from memproc.logs import log_to_logging
    from memproc.records import Category, EmotionalContext, Fault, Memory, Outcome, Rejected, Relation
    from memproc.report.ending import Interrupted
    from memproc.report.enriched import Enriched
    from memproc.report.events import (
        BatchLanded,
        BatchSizeChanged,
        Event,
        JobEnded,
        JobStarted,
        Noted,
        Progress,
        Rebuilding,
        RecordsEnriched,
        RecordsQuarantined,
        SourceBegun,
        SourceEnded,
    )
    from memproc.report.figures import (
        Bottleneck,
        Cluster,
        ConfidenceBin,
        Counted,
        Duplicates,
        ErrorPattern,
        Errors,
        FieldSeen,
        JobTold,
        Latency,
        NameCount,
        Outcomes,
        Pace,
        Proof,
        Quality,
        ReviewCount,
        Span,
        StageTime,
        ThresholdCount,
    )
    from memproc.report.migration import Check, FieldChange, Migration
    from memproc.report.prediction import Estimate, Prediction
    from memproc.report.report import BatchSeen, Merge, Pattern, Report
    from memproc.report.store_report import Compared, Comparison, StoreReport
    from memproc.report.time_left import SecondsLeft
    from memproc.retention import Expired, RetentionRule
    from memproc.sketching import sketch
    from memproc.sources.databases.faces import SqlQuery, SqlTable
    from memproc.sources.live.live_store import LiveStore
    from memproc.sources.mapping_files import load_mapping
    from memproc.sources.rest.pages import RestPages
    from memproc.store.added import Added, Updated
    from memproc.store.answers import (
        Applied,
        Calibration,
        Entry,
        Finding,
        History,
        IndexRecall,
        Job,
        ObservationSeen,
        PolicyCount,
        Proposed,
        Quarantined,
        Recount,
        Review,
        Settled,
        Step,
        Trace,
    )
    from memproc.store.changes.forgetting_people import Forgotten
    from memproc.store.exporting import Exported
    from memproc.store.queue.rules import QueueRules
    from memproc.store.queued import JobAttempt, JobChange, JobHistory, QueuedJob, QueueStats, Schedule, TenantUse, WorkerSeen
    from memproc.store.rows.relations import Related
    from memproc.store.store import Store
    from memproc.telling import Retrying, Waiting
    from memproc.validation import Verdict, json_schema

__version__ = "0.1.0"

__all__ = [
    "Added",
    "Applied",
    "AsyncStore",
    "BatchEnrichment",
    "BatchLanded",
    "BatchRequest",
    "BatchResult",
    "BatchSeen",
    "BatchService",
    "BatchSizeChanged",
    "BatchState",
    "Bin",
    "Bottleneck",
    "Calibration",
    "Category",
    "ChangedError",
    "Check",
    "Cleaning",
    "Cluster",
    "Compared",
    "Comparison",
    "ConfidenceBin",
    "Counted",
    "DatabaseError",
    "Decision",
    "Doubt",
    "Duplicates",
    "EmotionalContext",
    "EngineError",
    "Enriched",
    "Entry",
    "ErrorPattern",
    "Errors",
    "Estimate",
    "Event",
    "Expired",
    "Exported",
    "Fault",
    "FieldChange",
    "FieldMap",
    "FieldRule",
    "FieldSeen",
    "Finding",
    "Forgotten",
    "Found",
    "FunctionEnrichment",
    "History",
    "HttpEnrichment",
    "IndexRecall",
    "Interrupted",
    "Job",
    "JobAttempt",
    "JobChange",
    "JobEnded",
    "JobHistory",
    "JobStarted",
    "JobTold",
    "Latency",
    "LiveStore",
    "Memory",
    "MemprocError",
    "Merge",
    "Migration",
    "NameCount",
    "NotFoundError",
    "Noted",
    "ObservationSeen",
    "OpenAIBatches",
    "Opening",
    "Outcome",
    "Outcomes",
    "Pace",
    "Pattern",
    "PolicyCount",
    "Prediction",
    "Progress",
    "Proof",
    "Proposed",
    "Quality",
    "Quarantined",
    "QueueRules",
    "QueueStats",
    "QueuedJob",
    "Rebuilding",
    "RecordsEnriched",
    "RecordsQuarantined",
    "Recount",
    "Rejected",
    "Related",
    "Relation",
    "Removal",
    "Report",
    "RestPages",
    "RetentionRule",
    "Retrying",
    "Review",
    "ReviewCount",
    "Schedule",
    "SecondsLeft",
    "Settings",
    "Settled",
    "SourceBegun",
    "SourceEnded",
    "SourceEndedError",
    "SourceError",
    "Span",
    "SqlQuery",
    "SqlTable",
    "StageTime",
    "Step",
    "Store",
    "StoreError",
    "StoreReport",
    "TenantUse",
    "ThresholdCount",
    "Trace",
    "Update",
    "Updated",
    "UsageError",
    "Verdict",
    "Waiting",
    "WorkerSeen",
    "aingest",
    "aopen",
    "calibrate",
    "clean",
    "ingest",
    "json_schema",
    "load_mapping",
    "load_settings",
    "log_to_logging",
    "migrate",
    "open",
    "predict",
    "sketch",
    "transform",
    "validate",
]
__all__ += ["DocumentFailure", "DocumentLimits", "DocumentsRendered", "GateJudged", "Rendered", "RuleJudged"]
__all__ += ["judge", "render_documents"]

_HOME_OF = {name: home for home, names in HOMES.items() for name in names.split()}

logger.disable("memproc")  # a library is quiet; the host turns it on with logger.enable("memproc")


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'memproc' has no attribute {name!r}")
    found = getattr(import_module(_HOME_OF[name]), "open_store" if name == "open" else name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
