"""Mapping files: read whatever they are written in, and wrong ones told with the line."""

from __future__ import annotations

import sys

import pytest

import memproc
from memproc.sources.mapping_files import mapping_given

TOML = """# of the old application
rest = "none"
blank = ["NULL"]

[fields]
content = { path = "body", repair = ["html"] }
created_at = "made"
[fields.emotion.label]
path = "mood"
values = { yes = "joy" }
"""
YAML = """
rest: none
blank: ["NULL"]
fields:
  content: {path: body, repair: [html]}
  created_at: made
  emotion:
    label:
      path: mood
      values: {yes: joy}
"""
JSON = """{"rest": "none", "blank": ["NULL"], "fields": {"content": {"path": "body", "repair": ["html"]},
 "created_at": "made", "emotion": {"label": {"path": "mood", "values": {"yes": "joy"}}}}}"""


@pytest.mark.parametrize(("name", "text"), [("m.toml", TOML), ("m", TOML), ("m.yaml", YAML), ("m.YML", YAML), ("m.json", JSON)])
def test_a_mapping_is_the_same_in_each_language(tmp_path, name, text):
    """TOML, where the suffix says nothing else."""
    (tmp_path / "as.toml").write_text(TOML)
    (tmp_path / name).write_text(text)
    assert memproc.load_mapping(tmp_path / name) == memproc.load_mapping(tmp_path / "as.toml")


WRONG = [
    ("m.toml", TOML.replace('"made"', '{ path = "made", as = "tiem" }'), "m.toml, line 7: fields.created_at.as: 'tiem' is no type"),
    (
        "m.toml",
        TOML.replace('path = "mood"', 'pth = "mood"'),
        "m.toml, line 9: fields.emotion.label.pth: is unknown: give some of path",
    ),
    ("m.toml", TOML.replace("NULL", "NULL\n"), "m.toml: Illegal character"),
    ("m.toml", "rest = 'none'", "m.toml: fields: give a table"),
    ("m.yaml", YAML.replace("none", "some"), "m.yaml, line 2: rest: 'some': give"),
    ("m.yaml", YAML.replace("created_at", "content"), "m.yaml: line 6: content is given twice"),
    ("m.yaml", "a: &x 1\nb: *x", "m.yaml: line 1: anchors are not read"),
    ("m.yaml", "a: [1\nb: 2", "m.yaml: line 2: expected"),
    ("m.yaml", "? [a]\n: b", "m.yaml: "),
    ("m.yaml", "!!python/object/apply:os.system ['true']", "m.yaml: line 1: could not determine a constructor"),
    ("m.yaml", "a: " + "[" * 20_000, "m.yaml: line 1: is nested deeper than 100 levels"),
    ("m.yaml", "- " * 200, "m.yaml: line 1: is nested deeper than 100 levels"),
    ("m.yaml", 'fields:\n  a: !!int ""', "m.yaml: line 2: '' is no int"),
    ("m.yaml", "a: !!timestamp x", "m.yaml: line 1: 'x' is no timestamp"),
    ("m.yaml", "a: !!bool x", "m.yaml: line 1: 'x' is no bool"),
    ("m.yaml", "a: " + "9" * 5_000, "m.yaml: line 1: '9999999999999999999999999999999999999999' is no int"),
    ("m.yaml", "!!map [a]", "m.yaml: "),
    ("m.toml", "[fields]\ncontent = '" + "!" * 5_000 + "a'", "m.toml, line 2: fields.content: '!!!"),
    ("m.json", '{"fields": {"content": "a", "content": "b"}}', "m.json: content is given twice"),
    ("m.json", "[" * 100_000, "m.json: "),
    ("m.json", "[]", "m.json: a mapping is a table"),
]


@pytest.mark.parametrize(("name", "text", "why"), WRONG, ids=[why for *_, why in WRONG])
def test_what_is_wrong_is_told_with_its_line(tmp_path, monkeypatch, name, text, why):
    """Where it can be told."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(memproc.UsageError) as raised:
        memproc.load_mapping(name)
    assert str(raised.value).startswith(why)


@pytest.mark.parametrize(
    ("content", "why"), [(None, "cannot be read: No such file"), (b"\xff", "is not UTF-8"), (b"#" * 2**21, "is larger")]
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path, content, why):
    """With the reason."""
    if content is not None:
        (tmp_path / "m.toml").write_bytes(content)
    with pytest.raises(memproc.SourceError, match=why):
        memproc.load_mapping(tmp_path / "m.toml")


def test_yaml_without_its_package_says_what_to_install(tmp_path, monkeypatch):
    """Or to write TOML."""
    (tmp_path / "m.yaml").write_text(YAML)
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(memproc.UsageError, match=r"pip install 'memproc-sdk\[yaml\]'"):
        memproc.load_mapping(tmp_path / "m.yaml")


def test_a_mapping_may_be_given_in_any_form(tmp_path):
    """Paths by field, a dictionary, an object, a file."""
    (tmp_path / "m.toml").write_text(TOML)
    whole = memproc.load_mapping(tmp_path / "m.toml")
    assert mapping_given(str(tmp_path / "m.toml")) == mapping_given(whole) == mapping_given(dict(whole.given)) == whole
    assert mapping_given({"content": "fields"}) == {"content": "fields"}
    assert mapping_given(None) == {}
    with pytest.raises(memproc.UsageError, match="mapping=list"):
        mapping_given([])


def test_names_in_yaml_may_be_numbers(tmp_path):
    """A store keeps the mapping as JSON, where they are texts."""
    (tmp_path / "m.yaml").write_text("fields:\n  content: body\n  kind: {path: k, values: {1: fact, 2.0: event, ~: x}}\n")
    mapping = memproc.load_mapping(tmp_path / "m.yaml")
    assert mapping.given["fields"]["kind"]["values"] == {"1": "fact", "2": "event", "none": "x"}
    report = memproc.ingest([{"body": "Prefers tea", "k": 1}], tmp_path / "s.db", mapping=mapping)
    assert report.read == 1
    assert report.quarantined == 0


@pytest.mark.costly
def test_very_many_names_in_yaml_take_no_longer_than_as_many_values(tmp_path):
    """That none is given twice is looked up, not searched for."""
    (tmp_path / "m.yaml").write_text(
        "fields: {content: body, kind: {path: k, values: {" + "".join(f"a{n}: b, " for n in range(5_000)) + "}}}"
    )
    assert len(memproc.load_mapping(tmp_path / "m.yaml").given["fields"]["kind"]["values"]) == 5_000
