"""The JSON schema of the file of a flow, for editors and other validators."""

from __future__ import annotations

from typing import Any

from memproc.flows.flow import Flow

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def flow_schema() -> dict[str, Any]:
    """Return the JSON schema of a flow."""
    made = Flow.model_json_schema(by_alias=True)
    return {"$schema": DIALECT, **made, "title": "A flow of memproc"}
