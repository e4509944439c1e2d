"""What `--help` shows in which order: the groups of commands and of options, and the examples.

Tables alone, so that a new command or option needs a line here and nothing else. An option of a command that stands in `FIRST` is
shown first if it is named there, else in its group; the options of all other commands are few, and are one list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "Bring in": ("ingest", "add", "update", "inspect", "migrate", "validate", "gate", "transform", "formats", "schema"),
    "Look": ("find", "list", "show", "trace", "stats", "report"),
    "Jobs": ("jobs", "work"),
    "Decide": ("review", "quarantine", "retry", "unmerge", "rebuild", "recall", "calibrate"),
    "Take out": ("export", "render", "forget", "expire", "retention", "clean"),
    "Keep whole": ("backup", "doctor", "index"),
    "Chain": ("flow",),
    "Set up": ("config", "mcp"),
    "Tell others": ("webhooks", "notify"),
    "As a service": ("serve", "token"),
}

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "How files are read": ("--records", "--delimiter", "--encoding", "--map", "--mapping", "--limit", "--schema", "--allow-pickle"),
    "Databases": ("--table", "--query", "--key", "--db-schema", "--cursor", "--from-start", "--statement-seconds"),
    "Web APIs": (
        *("--header", "--paging", "--host", "--allow-private", "--since-param"),
        *("--requests-per-second", "--retry-seconds", "--max-response"),
    ),
    "Enrichment": (
        *(
            "--enrich",
            "--enrich-url",
            "--enrich-name",
            "--enrich-version",
            "--enrich-sets",
            "--enrich-reads",
            "--on-enrich-failure",
        ),
        *("--enrich-batch", "--enrich-at-once", "--enrich-per-second", "--enrich-per-day"),
        *("--enrich-seconds", "--enrich-retry-seconds", "--enrich-header", "--enrich-private"),
    ),
    "Dates": ("--date-format", "--day-first", "--as-of"),
    "Duplicates": ("--merge-at", "--recall", "--review-at", "--accept-at", "--trust-decisions"),
    "Bad records": ("--strict", "--on-error", "--max-errors", "--validate", "--gate", "--tracebacks"),
    "Secrets": ("--redact", "--secrets", "--secret-kinds"),
    "Limits": (
        "--max-bytes",
        "--max-seconds",
        "--retries",
        "--max-memory",
        "--max-record",
        "--max-decompressed",
        "--max-fields",
        "--max-depth",
    ),
    "Speed and durability": ("--batch-size", "--engine", "--max-workers", "--durability"),
    "Which memories": ("--conversation", "--emotion", "--relation", "--until", "--at", "--expired", "--after"),
    "Many at once": ("--accept", "--verdict", "--name", "--dry-run", "--sample", "--decide"),
    "Taking back": ("--decided", "--undo", "--policy"),
    "More pairs": ("--propose", "--at-least"),
    "Which records": ("--category", "--code", "--job", "--source", "--status"),
    "What it serves": ("--root", "--source-host", "--uploads", "--schema"),
    "How much": ("--max-upload", "--max-body", "--per-minute", "--per-day"),
    "Tokens of an OpenID provider": ("--issuer", "--audience", "--jwks", "--namespaces-claim", "--scopes-claim"),
    "Output": ("--progress", "--quiet", "--verbose", "--log-file", "--json"),
}

FIRST: Mapping[str, tuple[str, ...]] = {
    "jobs submit": (
        *("--into", "--namespace", "--source", "--format", "--include", "--set", "--name", "--priority", "--after", "--if-failed"),
        *("--at", "--every", "--time-zone", "--missed", "--deadline", "--retries", "--held", "--by"),
    ),
    "ingest": (
        *("--into", "--namespace", "--source", "--format", "--map", "--include", "--dedup", "--show"),
        *("--dry-run", "--resume"),
    ),
    "find": ("--namespace", "--subject", "--kind", "--tag", "--since", "--limit"),
    "gate": ("--rules", "--against", "--job", "--format", "--namespace", "--source", "--include"),
    "inspect": ("--format", "--include", "--show", "--propose", "--predict", "--into", "--dedup"),
    "migrate": ("--into", "--mapping", "--namespace", "--source", "--format", "--include", "--dry-run", "--resume", "--report"),
    "quarantine": ("--patterns", "--show", "--export", "--discard", "--note", "--limit"),
    "retry": ("--from", "--map", "--mapping", "--format"),
    "render": (
        "--template",
        "--per",
        "--to",
        "--query",
        "--as",
        "--text",
        "--namespace",
        "--subject",
        "--kind",
        "--tag",
        "--since",
    ),
    "review": ("--limit", "--note"),
    "serve": ("--host", "--port", "--plain-http", "--no-dashboard"),
    "transform": ("--format", "--to", "--include"),
    "validate": ("--record", "--format", "--include", "--output", "--max-shown"),
}


FIRST_WITHIN: Mapping[str, tuple[str, ...]] = {
    "jobs": ("list", "submit", "queue", "show", "retry", "cancel", "pause", "resume", "hold", "release", "schedules", "rules"),
    "webhooks": ("list", "add", "test", "send", "deliveries", "resend", "rotate", "remove"),
    "notify": ("list", "rules", "test", "send"),
}


class Example(NamedTuple):
    """What one may want, and the command that does it."""

    wanted: str
    command: str


EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "ingest": (
        Example("what a program exported, for one person", "memproc ingest export.zip --into memories.db --namespace alice"),
        Example("only look at what would be stored", "memproc ingest notes.csv --map content=note --show 5"),
        Example("what is new in a table since last time", "memproc ingest app.db --table notes --cursor id --into m.db"),
        Example("with what a function adds to records", "memproc ingest notes.json --enrich app.moods:enrich --into memories.db"),
        Example("go on where it was cut off", "memproc ingest export.zip --into memories.db --namespace alice --resume"),
    ),
    "inspect": (
        Example("what is in an export", "memproc inspect export.zip"),
        Example("how long it will take, and how much place", "memproc inspect export.zip --predict --into memories.db"),
        Example("the tables of a database", "memproc inspect postgresql://user@host/database"),
        Example("a mapping file to begin with", "memproc inspect notes.csv --propose"),
    ),
    "migrate": (
        Example("try it, and see what changes", "memproc migrate legacy.json --into memories.db --dry-run"),
        Example("by a mapping file", "memproc migrate legacy.db --table notes --mapping mapping.toml --into memories.db"),
    ),
    "validate": (
        Example("every fault of a file", "memproc validate memories.jsonl"),
        Example("one record", """memproc validate --record '{"content": "Prefers tea"}'"""),
    ),
    "gate": (
        Example("whether a file meets rules", "memproc gate export.jsonl --rules gate.toml"),
        Example("and is like what came before", "memproc gate export.jsonl --rules gate.toml --against memories.db"),
        Example("whether job 3 does", "memproc gate --rules gate.toml --against memories.db --job 3"),
    ),
    "transform": (Example("records as memories, to another file", "memproc transform mem0.json --to memories.jsonl"),),
    "formats": (Example("the formats that are known", "memproc formats"),),
    "schema": (Example("the JSON Schema of a class of one's own", "memproc schema --schema app.memories:Note"),),
    "find": (Example("what is known of tea, of one person", "memproc find memories.db tea --namespace alice"),),
    "list": (Example("the newest memories", "memproc list memories.db --limit 10"),),
    "show": (Example("a memory by the beginning of its id", "memproc show memories.db 0f8b4c6f"),),
    "add": (Example("one memory", """memproc add memories.db "Prefers tea" --namespace alice"""),),
    "update": (Example("a new text for a memory", """memproc update memories.db 0f8b4c6f --set content="Prefers coffee\""""),),
    "trace": (Example("where a memory comes from", "memproc trace memories.db 0f8b4c6f0f8b4c6f0f8b4c6f0f8b4c6f"),),
    "stats": (Example("what is in a store", "memproc stats memories.db"),),
    "jobs": (
        Example("the ingestions and how they ended", "memproc jobs memories.db"),
        Example("how far a job is that another process runs", "memproc jobs memories.db --watch"),
        Example("let job 3 stop after its batch", "memproc jobs memories.db --pause 3"),
        Example("let a worker read an export", "memproc jobs submit export.zip --into memories.db --namespace alice"),
    ),
    "jobs list": (Example("the ingestions and how they ended", "memproc jobs list memories.db"),),
    "jobs submit": (
        Example("an export, before all others", "memproc jobs submit export.zip --into memories.db --priority high"),
        Example("one after another has ended", "memproc jobs submit more.jsonl --into memories.db --after 3"),
        Example("every night", 'memproc jobs submit export.zip --into memories.db --every "0 3 * * *"'),
    ),
    "jobs queue": (Example("what waits", "memproc jobs queue memories.db --state waiting"),),
    "jobs show": (Example("what became of job 3, and why", "memproc jobs show memories.db 3"),),
    "jobs pause": (Example("let job 3 wait", "memproc jobs pause memories.db 3"),),
    "jobs resume": (Example("let job 3 go on", "memproc jobs resume memories.db 3"),),
    "jobs cancel": (Example("give job 3 up", 'memproc jobs cancel memories.db 3 --why "wrong export"'),),
    "jobs hold": (Example("let a person look at job 3 first", 'memproc jobs hold memories.db 3 --why "whose is it?"'),),
    "jobs release": (Example("let workers have job 3", "memproc jobs release memories.db 3"),),
    "jobs retry": (
        Example("job 3 again, behind its last batch", "memproc jobs retry memories.db 3"),
        Example("anew, and less strict", "memproc jobs retry memories.db 3 --set max_errors=20%"),
    ),
    "jobs schedules": (Example("what comes again and again", "memproc jobs schedules memories.db"),),
    "jobs rules": (
        Example(
            "two jobs at once, one of each source", "memproc jobs rules memories.db --set at_once=2 --set at_once_per_source=1"
        ),
    ),
    "work": (
        Example("run what waits, and what comes", "memproc work memories.db"),
        Example("two at once, until nothing waits", "memproc work memories.db --concurrency 2 --until-empty"),
    ),
    "report": (
        Example("a page for the browser", "memproc report memories.db --to report.html"),
        Example("what job 3 did, in the terminal", "memproc report memories.db --job 3"),
        Example("what another setting changed", "memproc report memories.db --compare 3 4 --to report.html"),
    ),
    "review": (
        Example("decide pair by pair, in a terminal", "memproc review memories.db"),
        Example("what a policy would merge", 'memproc review memories.db --accept "confidence >= 0.97" --sample 5'),
        Example("take back what review 12 decided", "memproc review memories.db --undo 12"),
    ),
    "quarantine": (
        Example("the frequent faults", "memproc quarantine memories.db --patterns"),
        Example("to mend them in an editor", "memproc quarantine memories.db --export bad.jsonl"),
    ),
    "retry": (
        Example("what was mended", "memproc retry memories.db --from bad.jsonl"),
        Example("with a field found elsewhere", "memproc retry memories.db --code missing --map content=body.text"),
    ),
    "unmerge": (Example("undo all merges by likeness of job 3", "memproc unmerge memories.db --job 3"),),
    "rebuild": (Example("merge more boldly", "memproc rebuild memories.db --merge-at 0.7"),),
    "recall": (Example("the pairs that were missed", "memproc recall memories.db"),),
    "calibrate": (Example("learn from labelled pairs", "memproc calibrate memories.db labels.csv"),),
    "export": (
        Example("the memories", "memproc export memories.db --to memories.jsonl"),
        Example("all of it, to move a store", "memproc export memories.db --to whole.jsonl --full"),
    ),
    "render": (
        Example("a page for each subject", "memproc render memories.db --template profile --per subject --to profiles"),
        Example("a diary of one person, in an archive", "memproc render memories.db --template diary --per day --to diary.zip"),
    ),
    "forget": (Example("a memory and all it was made of", "memproc forget memories.db 0f8b4c6f0f8b4c6f0f8b4c6f0f8b4c6f"),),
    "expire": (Example("see what is older than a year", "memproc expire memories.db --older-than 365d --dry-run"),),
    "retention": (Example("keep a rule", "memproc retention memories.db --add --older-than 365d --kind message"),),
    "clean": (Example("what is there more than once", "memproc clean mem0:///tmp/qdrant"),),
    "backup": (Example("a copy, checked", "memproc backup memories.db copy.db"),),
    "config": (
        Example("what holds here, and why", "memproc config show"),
        Example("what suits an export on this machine", "memproc config show export.zip"),
        Example("a file of settings to begin with", "memproc config init"),
    ),
    "index": (Example("before many are looked for", "memproc index memories.db"),),
    "webhooks": (
        Example("who is told of jobs, and what came through", "memproc webhooks memories.db"),
        Example("tell a URL how jobs end", "memproc webhooks add memories.db https://example.org/hooks"),
        Example("send what is due, and go on doing so", "memproc webhooks send memories.db"),
    ),
    "webhooks list": (Example("who is told of jobs", "memproc webhooks list memories.db"),),
    "webhooks add": (
        Example("only of what fails", "memproc webhooks add m.db https://example.org/hooks --event batch.job.failed"),
    ),
    "webhooks remove": (Example("tell webhook 2 nothing more", "memproc webhooks remove memories.db 2"),),
    "webhooks rotate": (Example("both secrets for an hour", "memproc webhooks rotate memories.db 2 --overlap 1h"),),
    "webhooks test": (Example("does it come through?", "memproc webhooks test memories.db 2"),),
    "webhooks deliveries": (Example("what did not come through", "memproc webhooks deliveries memories.db --status dead"),),
    "webhooks resend": (Example("all that webhook 2 missed", "memproc webhooks resend memories.db --webhook 2"),),
    "webhooks send": (Example("what is due, and end", "memproc webhooks send memories.db --until-empty"),),
    "notify": (
        Example("what was sent, or waits to be", "memproc notify memories.db"),
        Example("keep the rules of a file", "memproc notify rules memories.db notify.toml"),
        Example("send what is due, and go on doing so", "memproc notify send memories.db"),
    ),
    "notify list": (Example("what was sent, or waits to be", "memproc notify list memories.db"),),
    "notify rules": (Example("keep the rules of a file", "memproc notify rules memories.db notify.toml"),),
    "notify test": (Example("does the channel work?", "memproc notify test memories.db team"),),
    "notify send": (Example("what is due, and end", "memproc notify send memories.db --until-empty"),),
    "doctor": (Example("is all of it whole?", "memproc doctor memories.db"),),
    "serve": (
        Example("on this machine", "memproc serve memories.db"),
        Example("with files to read", "memproc serve memories.db --root /srv/exports --uploads /srv/uploads"),
    ),
    "token": (
        Example(
            "one that reads",
            "memproc token create m.db --name app --namespace ann --scope memories:read",
        ),
        Example("who may ask", "memproc token list m.db"),
        Example("refuse token 3 from now on", "memproc token revoke m.db 3"),
    ),
    "mcp": (
        Example("for one person, as a client starts it", "memproc mcp memories.db --namespace alice"),
        Example("for several clients on this machine", "memproc mcp memories.db --http 8000"),
    ),
    "flow": (
        Example("a flow to begin with", "memproc flow new --template nightly-import --to nightly.yaml"),
        Example("run it", "memproc flow run nightly.yaml -p source=export.json"),
    ),
    "flow new": (Example("the templates that there are", "memproc flow new"),),
    "flow check": (Example("what is wrong in a flow, with lines", "memproc flow check nightly.yaml"),),
    "flow run": (Example("with a parameter", "memproc flow run nightly.yaml -p source=export.json"),),
    "flow resume": (
        Example("go on with what was cut off", "memproc flow resume memories.db"),
        Example("say yes to what it asks", "memproc flow resume memories.db --approve gate"),
    ),
    "flow list": (Example("the runs and how they ended", "memproc flow list memories.db"),),
    "flow show": (Example("how far run 3 is", "memproc flow show memories.db 3"),),
    "flow cancel": (Example("give run 3 up", "memproc flow cancel memories.db 3"),),
    "flow picture": (
        Example("of a flow", "memproc flow picture nightly.yaml --to nightly.svg"),
        Example("of run 3, for a page in Markdown", "memproc flow picture memories.db --run 3 --as mermaid"),
    ),
    "flow schema": (Example("for an editor", "memproc flow schema"),),
}
