"""The picture of a flow: every step and every arrow is in it, no two at one place, and nothing of a text is markup."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest

from memproc.flows import flow_of
from memproc.flows.picture import drawn, mermaid, svg
from memproc.flows.starting import TEMPLATES, template

HOSTILE = "<script>alert('x')</script> \"quoted\" & `code`; end\\nclick"
FLOW = f"""
flow: trial
steps:
  - {{id: a, do: run, command: [x]}}
  - {{id: b, do: run, command: [x], needs: [a], when: run == `1`}}
  - {{id: c, do: run, command: [x], needs: [a], for_each: [1, 2]}}
  - {{id: d, do: run, command: [x], needs: [b, c], after: always, about: {json.dumps(HOSTILE)}}}
"""


def test_steps_stand_below_what_they_come_after():
    """Side by side where nothing says which is first."""
    picture = drawn("trial", flow_of(FLOW).steps)
    assert {box.id: (box.layer, box.column) for box in picture.boxes} == {"a": (0, 0), "b": (1, 0), "c": (1, 1), "d": (2, 0)}
    assert {(one.start, one.end) for one in picture.arrows} == {("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")}
    assert [box.notes for box in picture.boxes] == [(), ("when run == `1`",), ("for each of 2",), ("in any case",)]


@pytest.mark.parametrize("name", [one.name for one in TEMPLATES])
def test_no_two_steps_stand_at_one_place(name):
    """And each comes after what it needs."""
    picture = drawn(name, flow_of(template(name)).steps)
    places = {box.id: (box.layer, box.column) for box in picture.boxes}
    assert len(set(places.values())) == len(places)
    assert all(places[one.start][0] < places[one.end][0] for one in picture.arrows)


def test_an_svg_is_xml_that_says_what_became_of_each_step():
    """In words, and whatever is written in the flow."""
    statuses = {"a": "done", "b": "skipped", "c": "failed", "d": "asking"}
    root = ET.fromstring(svg(drawn(HOSTILE, flow_of(FLOW).steps, statuses)))
    told = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [f"run: {status}" for status in statuses.values()] == [text for text in told if text.startswith("run: ")]
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    assert root.find("{http://www.w3.org/2000/svg}title").text == HOSTILE


def test_a_mermaid_flowchart_has_a_line_for_each_step_and_arrow():
    """And no mark of a text is one of its own."""
    text = mermaid(drawn("trial", flow_of(FLOW).steps, {"a": "done", "b": "due", "c": "due", "d": "due"}))
    lines = text.splitlines()
    assert lines[0] == "flowchart TD"
    assert [line for line in lines if "-" in line and ">" in line and "[" not in line] == [
        "  s_a --> s_b",
        "  s_a --> s_c",
        "  s_b --> s_d",
        "  s_c --> s_d",
    ]
    labels = [re.fullmatch(r'  s_\w\["(.*)"\]', line) for line in lines[1:5]]
    assert all(labels)
    assert not any(re.search(r'["`\\]|<(?!br/>)', label[1]) for label in labels)
    assert "  class s_a done" in lines
