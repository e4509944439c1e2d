"""Where the public names are, by modules: `memproc` loads each when it is first used."""

from __future__ import annotations

from collections.abc import Mapping

HOMES: Mapping[str, str] = {
    "memproc.dedup.compare.fitting": "Bin",
    "memproc.logs": "log_to_logging",
    "memproc.asynchronous.store": "AsyncStore Opening aingest aopen",
    "memproc.asynchronous.wrapping": "Found",
    "memproc.cleaned": "Cleaning Doubt Removal Update",
    "memproc.cleaning": "clean",
    "memproc.config": "Settings",
    "memproc.configuring": "load_settings",
    "memproc.documents.rendering": "DocumentFailure DocumentsRendered Rendered render_documents",
    "memproc.documents.templates": "DocumentLimits",
    "memproc.enrichment.batches": "BatchEnrichment BatchRequest BatchResult BatchService BatchState",
    "memproc.enrichment.functions": "FunctionEnrichment",
    "memproc.enrichment.http": "HttpEnrichment",
    "memproc.enrichment.openai_batches": "OpenAIBatches",
    "memproc.errors": "ChangedError DatabaseError EngineError MemprocError NotFoundError SourceEndedError SourceError StoreError "
    "UsageError",
    "memproc.api": "calibrate open transform validate",
    "memproc.gates.judged": "GateJudged RuleJudged",
    "memproc.ingestion.judging": "judge",
    "memproc.ingestion.migrating": "migrate",
    "memproc.ingestion.pipeline": "ingest",
    "memproc.report.figures": "Bottleneck Cluster ConfidenceBin Counted Duplicates ErrorPattern Errors FieldSeen "
    "JobTold Latency NameCount Outcomes Pace Proof Quality ReviewCount "
    "Span StageTime ThresholdCount",
    "memproc.ingestion.predicting": "predict",
    "memproc.report.prediction": "Estimate Prediction",
    "memproc.report.migration": "Check FieldChange Migration",
    "memproc.records": "Category EmotionalContext Fault Memory Outcome Rejected Relation",
    "memproc.report.events": "BatchLanded BatchSizeChanged Event JobEnded JobStarted Noted Progress Rebuilding RecordsEnriched "
    "RecordsQuarantined SourceBegun SourceEnded",
    "memproc.report.enriched": "Enriched",
    "memproc.report.ending": "Interrupted",
    "memproc.report.report": "BatchSeen Merge Pattern Report",
    "memproc.report.time_left": "SecondsLeft",
    "memproc.telling": "Retrying Waiting",
    "memproc.report.store_report": "Compared Comparison StoreReport",
    "memproc.dedup.cluster": "Decision",
    "memproc.retention": "Expired RetentionRule",
    "memproc.formats.mapping": "FieldMap FieldRule",
    "memproc.sketching": "sketch",
    "memproc.sources.databases.faces": "SqlQuery SqlTable",
    "memproc.sources.mapping_files": "load_mapping",
    "memproc.sources.live.live_store": "LiveStore",
    "memproc.sources.rest.pages": "RestPages",
    "memproc.store.added": "Added Updated",
    "memproc.store.answers": "Applied Calibration Entry Finding History IndexRecall Job ObservationSeen PolicyCount "
    "Proposed Quarantined Recount Review Settled Step Trace",
    "memproc.store.changes.forgetting_people": "Forgotten",
    "memproc.store.exporting": "Exported",
    "memproc.store.queue.rules": "QueueRules",
    "memproc.store.queued": "JobAttempt JobChange JobHistory QueuedJob QueueStats Schedule TenantUse WorkerSeen",
    "memproc.store.rows.relations": "Related",
    "memproc.store.store": "Store",
    "memproc.validation": "Verdict json_schema",
}
