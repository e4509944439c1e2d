"""The file of a flow: what is wrong is told with its line and the right word."""

from __future__ import annotations

import json

import jsonschema
import pytest

from memproc.flows import FlowError, flow_of, load_flow
from memproc.flows.flow import told
from memproc.flows.schema import flow_schema
from memproc.flows.starting import TEMPLATES, template

HEAD = "flow: trial\nstore: m.db\n"
STEP = "  - id: load\n    do: ingest\n    from: a.json\n"
AND = HEAD + "secrets: {token: 'ENV:TOKEN'}\nparameters: {who: {}}\nsteps:\n" + STEP  # load begins in line 6

# What is in the file, the line of the fault, where it is, and the word that is meant.
FAULTS = [
    (HEAD + "steps:\n  - id: load\n    do: ingest\n    form: a.json\n", 6, "step load (ingest)", "from"),
    (HEAD + "steps:\n  - id: load\n    do: ingst\n    from: a.json\n", 5, "step load (ingst)", "ingest"),
    (HEAD + "setps:\n" + STEP, 3, "the flow", "steps"),
    (AND + "    on_error: go_on\n", 9, "step load, on_error", None),
    (AND + "    on_error: contine\n", 9, "step load, on_error", "continue"),
    (AND + "    retry: {tims: 3}\n", 9, "step load, retry", "times"),
    (AND + "    settings: {max_erors: 2%}\n", 9, "step load, settings.max_erors", "max_errors"),
    (AND + "    namespace: ${parameters.whoo}\n", 9, "step load, namespace", "who"),
    (AND + "    namespace: ${secrets.token}\n", 9, "step load, namespace", None),
    (AND + "    when: steps.before.x > `1`\n", 9, "step load, when", None),
    (AND + "    when: paramters.who == 'a'\n", 9, "step load, when", "parameters"),
    (AND + "    namespace: ${item}\n", 9, "step load, namespace", None),
    (AND + "  - id: page\n    do: report\n    needs: [laod]\n    to: a.md\n", 11, "step page, needs.0", "load"),
    (AND + "  - id: load\n    do: report\n    to: a.md\n", 9, "step load, id", None),
    (AND + "  - id: get\n    do: fetch\n    from: x\n    headers: {A: '${secrets.tokn}'}\n", 12, "step get, headers", "token"),
    (HEAD + "parameters: {n: {type: integer, default: many}}\nsteps:\n" + STEP, 3, "parameters.n.default", None),
    (HEAD + "steps:\n  - do: ingest\n    from: a\n", 4, "step 1 (ingest)", None),
]


@pytest.mark.parametrize(("text", "line", "where", "near"), FAULTS)
def test_a_fault_is_told_with_its_line_and_the_right_word(text, line, where, near):
    """In YAML, and in JSON that says the same."""
    with pytest.raises(FlowError) as caught:
        flow_of(text)
    assert (line, where, near) in [(fault.line, fault.where, fault.near) for fault in caught.value.faults]
    assert (f"did you mean {near}?" if near else f"line {line}: {where}") in str(caught.value)


def test_the_line_of_a_fault_in_json_is_told_too(tmp_path):
    """Indented by tabs, too, and with text that YAML would read otherwise."""
    path = tmp_path / "flow.json"
    steps = [{"id": "load", "do": "ingest", "from": "\u00e4.json", "about": "\U0001f600 a/b", "forma": "mem0"}]
    path.write_text(json.dumps({"flow": "trial", "steps": steps}, indent="\t"))
    with pytest.raises(FlowError, match=rf"{path}: line 9: step load \(ingest\): 'forma' is no name here: did you mean format"):
        load_flow(path)
    path.write_text(path.read_text().replace("forma", "format"))
    assert load_flow(path).steps[0].about == "\U0001f600 a/b"
    path.write_text('{"flow": "trial",\n"steps" []}')
    with pytest.raises(FlowError, match="line 2: JSON"):
        load_flow(path)


NO_FLOWS = ["", "- a\n", "flow: &a trial\nsteps: *a\n", "flow: trial\nflow: x\n", "flow: [\n", "flow: " + "[" * 200]


@pytest.mark.parametrize("text", NO_FLOWS)
def test_what_is_no_flow_at_all_is_refused(text):
    """Without a word of the parser's own."""
    with pytest.raises(ValueError, match="the flow"):
        flow_of(text)


@pytest.mark.parametrize("name", [one.name for one in TEMPLATES])
def test_a_template_is_a_flow_by_the_published_schema(name):
    """And what is kept of it with a run is the same flow."""
    made = flow_of(template(name))
    jsonschema.Draft202012Validator(flow_schema()).validate(json.loads(told(made)))
    assert type(made).model_validate_json(told(made)) == made


def test_the_schema_refuses_what_reading_refuses():
    """Of what it can tell: names, kinds and words."""
    validator = jsonschema.Draft202012Validator(flow_schema())
    good = json.loads(told(flow_of(template("migration"))))
    for change in ({"setps": []}, {"steps": []}, {"steps": [{"id": "a", "do": "ingst"}]}, {"flow": 3}):
        assert not validator.is_valid({**good, **change})
