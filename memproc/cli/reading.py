"""The commands that read records without a store: convert them, list the formats."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

from typer import Exit, Option

from memproc.cli.app import FAILED, Json, app, print_json, settings_of, show, tell, warn
from memproc.cli.how_read import HowRead
from memproc.cli.option_groups import grouped
from memproc.cli.options import File, FirstOnly, Hiding
from memproc.cli.output import beside, json_text, print_lines, target


@app.command()
@grouped
def transform(
    file: File,
    how: HowRead,
    hiding: Hiding,
    to: Annotated[str | None, Option(metavar="FILE", help="The file to write, - for standard output; printed by default.")] = None,
    limit: FirstOnly = None,
    as_json: Json = False,
) -> None:
    """Convert legacy records to memories, one JSON line each, without a store. Exit with 1 if one is rejected."""
    from memproc.dedup.memory import in_order
    from memproc.ingestion.reading import read_file
    from memproc.records import Rejected, plain
    from memproc.writing import written

    settings = settings_of(**hiding.settings, **how.dates)
    given, asked = how.given([file])
    warn()
    found = list(islice(read_file(given, asked, mapping=how.mapping(), include=how.include, settings=settings), limit))
    memories = [in_order(plain(one)) for one in found if not isinstance(one, Rejected)]
    rejected = [one for one in found if isinstance(one, Rejected)]
    lines = list(map(json_text, memories))
    faults = [fault.as_dict() for one in rejected for fault in one.faults]
    if to is not None:
        written(target(to), (f"{line}\n".encode() for line in lines), is_private=False)
    if as_json:
        own = {} if to is not None else {"memories": memories}
        counts = {"read": len(found), "transformed": len(memories), "rejected": len(rejected)}
        print_json({**counts, "errors": faults, **own}, beside(to))
    elif to is None:
        print_lines(lines)
    for fault in faults:
        tell(f"{fault['path'] or 'record'}: {fault['message']} - {fault['hint']}")
    _advise(found)
    if rejected:
        raise Exit(FAILED)


@app.command()
def formats(as_json: Json = False) -> None:
    """List the formats, and what each reads only on request."""
    from memproc.formats import FORMATS

    listed = [{"name": known.name, "about": known.about, "include": list(known.options)} for known in FORMATS]
    lines = [
        f"{known.name:16} {known.about}" + (f" (--include {', '.join(known.options)})" if known.options else "")
        for known in FORMATS
    ]
    show({"formats": listed}, "\n".join(lines), as_json=as_json)


def _advise(found: list[Any]) -> None:
    """Print advice if every record of a file was rejected."""
    from memproc.formats.naming import Names
    from memproc.records import Rejected

    if found and all(isinstance(one, Rejected) for one in found):
        names = Names()
        names.note(found)
        tell(f"no record can be taken: {names.advice(redact=False)}")
