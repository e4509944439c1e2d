"""The picture of a flow, or of a run of one: as SVG, or as a Mermaid flowchart."""

from __future__ import annotations

from memproc.flows.picture.drawing import Drawn, drawn
from memproc.flows.picture.mermaid import mermaid
from memproc.flows.picture.svg import svg

__all__ = ["Drawn", "drawn", "mermaid", "svg"]
