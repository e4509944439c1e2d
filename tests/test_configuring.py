"""Settings from a file, the environment and the caller: of each the one that ranks highest, and told where from."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import pytest

import memproc
from memproc.config import Settings
from memproc.configuring import DEFAULT, GIVEN, ONLY_IN_FILES, configured
from memproc.retention import RetentionRule

TEXTS = {  # a text for each setting, and what it means
    "dedup": ("exact", "exact"),
    "recall": ("high", "high"),
    "merge_at": ("0.9", 0.9),
    "review_at": ("0.5", 0.5),
    "accept_at": ("1", 1.0),
    "batch_size": ("500", 500),
    "max_errors": ("2.5%", 0.025),
    "on_error": ("stop", "stop"),
    "validate": ("before", "before"),
    "durability": ("full", "full"),
    "max_record_bytes": ("1MB", 10**6),
    "max_decompressed_bytes": ("2GiB", 2 * 2**30),
    "max_fields": ("5", 5),
    "max_depth": ("6", 6),
    "pool_size": ("7", 7),
    "pool_overflow": ("0", 0),
    "pool_timeout_seconds": ("1.5", 1.5),
    "pool_recycle_seconds": ("60", 60.0),
    "tracebacks": ("yes", True),
    "redact": ("TRUE", True),
    "secrets": ("tag", "tag"),
    "secret_kinds": ("phone, email", ("email", "phone")),
    "date_format": ("%b %d, %Y", ("%b %d, %Y",)),
    "day_first": ("false", False),
    "max_memory": ("300MB", 300 * 10**6),
    "max_seconds": ("90", 90.0),
    "max_workers": ("3", 3),
    "retries": ("2", 2),
    "retention": ("", None),
    "table_prefix": ("app_", "app_"),
    "table_schema": ("mine", "mine"),
}


def test_each_setting_is_here():
    """A new one needs a text."""
    assert {one.name for one in fields(Settings)} == TEXTS.keys()


@pytest.mark.parametrize("name", sorted(TEXTS.keys() - ONLY_IN_FILES))
def test_a_variable_and_a_text_in_a_file_mean_the_same(name, tmp_path):
    """Each setting can be a text, and tells where it is from."""
    text, value = TEXTS[name]
    of_variable = configured(None, tmp_path, {f"MEMPROC_{name.upper()}": text}, {})
    (tmp_path / "memproc.toml").write_text(f"{name} = '{text}'\n")
    of_file = configured(None, tmp_path, {}, {})
    assert getattr(of_variable.settings, name) == getattr(of_file.settings, name) == value
    assert (of_variable.origins[name], of_file.origins[name]) == (f"MEMPROC_{name.upper()}", str(tmp_path / "memproc.toml"))
    assert {of_file.origins[other] for other in TEXTS if other != name} == {DEFAULT}


def test_the_caller_ranks_above_variables_and_these_above_the_file(tmp_path):
    """Of each setting the highest counts, the others stay."""
    (tmp_path / "memproc.toml").write_text("batch_size = 1\nmax_depth = 1\nmax_fields = 1\n")
    environ = {"MEMPROC_BATCH_SIZE": "2", "MEMPROC_MAX_DEPTH": "2"}
    found = configured(None, tmp_path, environ, {"batch_size": 3})
    assert (found.settings.batch_size, found.settings.max_depth, found.settings.max_fields) == (3, 2, 1)
    assert found.origins["batch_size"] == GIVEN
    assert configured(None, tmp_path, environ, {"batch_size": None}).settings.batch_size is None


def test_the_nearest_file_counts_alone(tmp_path, monkeypatch):
    """A project's file with a table of memproc is one; a file that is named is read in place of all others."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "memproc.toml").write_text("dedup = 'off'\nredact = true\n")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert configured(None, inner, {}, {}).settings.dedup == "off"
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.memproc]\ndedup = 'exact'\n")
    found = configured(None, inner, {}, {})
    assert (found.settings.dedup, found.settings.redact, found.file) == ("exact", False, tmp_path / "a" / "pyproject.toml")
    (tmp_path / "named.toml").write_text("dedup = 'near'\n")
    assert configured(tmp_path / "named.toml", inner, {}, {}).settings.dedup == "near"
    assert configured(None, inner, {"MEMPROC_CONFIG": str(tmp_path / "named.toml")}, {}).settings.dedup == "near"
    monkeypatch.chdir(inner)
    assert memproc.load_settings().dedup == "exact"
    assert memproc.load_settings(dedup="off", max_errors=3) == Settings(dedup="off", max_errors=3)


def test_rules_of_retention_are_tables(tmp_path):
    """Which a variable cannot say."""
    (tmp_path / "memproc.toml").write_text("[[retention]]\nolder_than = '2y'\nkind = 'message'\n")
    assert configured(None, tmp_path, {}, {}).settings.retention == (RetentionRule(older_than="2y", kind="message"),)
    found = configured(None, tmp_path, {"MEMPROC_RETENTION": "2y"}, {})
    assert found.settings.retention == (RetentionRule(older_than="2y", kind="message"),)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("dedup = 'nearly'", "dedup='nearly': choose one of"),
        ("dedupe = 'near'", "'dedupe' is no setting: choose among dedup"),
        ("max_memory = '3 parsecs'", "max_memory 3 parsecs: give a number with one of B"),
        ("max_errors = '500%'", "a share lies between"),
        ("redact = 'maybe'", "redact='maybe': give true or false"),
        ("batch_size = 'many'", "batch_size many: is no number"),
        ("retention = [3]", "retention=3"),
        ("retention = [{age = 'x'}]", "retention={'age': 'x'}"),
        ("dedup = ", "is no TOML"),
        ("a = " + "[" * 5_000, "is no TOML"),
        ("\udcff", "is no TOML"),
        ("# " + "x" * 1024 * 1024, "larger than 1 MiB"),
    ],
    ids=lambda told: told[:30],
)
def test_a_file_that_cannot_hold_is_refused_by_its_name(written, told, tmp_path):
    """With the value, and what to give."""
    path = tmp_path / "memproc.toml"
    path.write_bytes(written.encode("utf-8", "surrogateescape"))
    with pytest.raises(memproc.UsageError) as raised:
        configured(None, tmp_path, {}, {})
    assert str(raised.value).startswith(f"{path}: ")
    assert told in str(raised.value)


def test_what_is_missing_or_no_table_is_refused(tmp_path):
    """A file that is named has to be there."""
    with pytest.raises(memproc.UsageError, match=r"gone.toml: cannot be read: No such file"):
        configured(tmp_path / "gone.toml", tmp_path, {}, {})
    (tmp_path / "pyproject.toml").write_text("[tool]\nmemproc = 3\n")
    with pytest.raises(memproc.UsageError, match=r"tool\.memproc is no table"):
        configured(None, tmp_path, {}, {})


def test_a_variable_that_is_no_setting_is_told_and_not_refused(tmp_path):
    """It may be another program's; one without a text is not set."""
    found = configured(None, tmp_path, {"MEMPROC_DEDUPE": "near", "MEMPROC_DEDUP": "", "OTHER": "x"}, {})
    assert (found.strangers, found.settings) == (("MEMPROC_DEDUPE",), Settings())


def test_a_wrong_variable_is_refused_by_its_name(tmp_path):
    """The name of the variable comes first."""
    with pytest.raises(memproc.UsageError, match=r"^MEMPROC_ON_ERROR: on_error='halt': choose one of continue, stop"):
        configured(None, tmp_path, {"MEMPROC_ON_ERROR": "halt"}, {})


@pytest.mark.parametrize("of_others", ["tool = 'memproc'", "tool = 5", "[tool.memproc", "x = [[", "\udcff"])
def test_a_project_without_settings_is_passed_over(of_others, tmp_path):
    """Whatever is wrong with it, unless it speaks of memproc and is no TOML."""
    (tmp_path / "pyproject.toml").write_bytes(of_others.encode("utf-8", "surrogateescape"))
    if of_others == "[tool.memproc":
        with pytest.raises(memproc.UsageError, match="is no TOML"):
            configured(None, tmp_path, {}, {})
        return
    assert configured(None, tmp_path, {}, {}).file is None
    assert configured(tmp_path / "pyproject.toml", tmp_path, {}, {}).settings == Settings() if "tool =" in of_others else True


@pytest.mark.parametrize("name", ["memproc.toml", "pyproject.toml"])
def test_a_file_of_another_user_is_not_taken_unless_it_is_named(name, tmp_path, monkeypatch):
    """One above a folder may be anybody's; that of whose the folder is, and a link, count as what they are."""
    told = "dedup = 'off'\n"
    (path := tmp_path / name).write_text(told if name == "memproc.toml" else f"[tool.memproc]\n{told}")
    (inner := tmp_path / "in").mkdir()
    _owned_by(monkeypatch, {path: 4_242})
    with pytest.raises(memproc.UsageError, match=r"is of another user, .* name it by --config or MEMPROC_CONFIG"):
        configured(None, inner, {}, {})
    assert configured(path, inner, {}, {}).settings.dedup == "off"
    assert configured(None, inner, {"MEMPROC_CONFIG": str(path)}, {}).settings.dedup == "off"
    _owned_by(monkeypatch, {path: 4_242, inner: 4_242})
    assert configured(None, inner, {}, {}).settings.dedup == "off"


def _owned_by(monkeypatch, owners):
    """Let files have other owners, as only root could give them."""
    real = os.stat

    def stat(path, **named):
        found = real(path, **named)
        owner = owners.get(Path(path)) if isinstance(path, str | os.PathLike) else None
        return found if owner is None else os.stat_result((*found[:4], owner, *found[5:10]))

    monkeypatch.setattr(os, "stat", stat)
