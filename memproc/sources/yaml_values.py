"""YAML as values, by the rules of its version 1.2: `no`, `on` and `012` are texts.

Rules: a name given twice in one table is refused, because one of its values would be lost. So are anchors: by references to
references a short text may become as large as it likes. So is deep nesting, for which PyYAML takes quadratic time.
"""

from __future__ import annotations

import re
from typing import Any

from memproc.errors import UsageError

_TAG = "tag:yaml.org,2002:"
_MOST_LEVELS = 100
_SHOWN_CHARS = 40
_WORDS: tuple[tuple[str, str, str], ...] = (  # type, form, and the characters that it may begin with
    ("bool", "(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", "[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?$", "-+0123456789"),
    ("null", "(?:~|null|Null|NULL|)$", "~nN"),
)


def yaml_value(text: str) -> object:
    """Return the value of a YAML text. Raises ValueError with the line if it is none, UsageError if PyYAML is missing.

    >>> yaml_value("kind: {no: fact, 012: 1.5}")
    {'kind': {'no': 'fact', '012': 1.5}}
    """
    try:
        import yaml  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError("YAML needs PyYAML: pip install 'memproc-sdk[yaml]', or write it as TOML") from None

    class Loader(yaml.SafeLoader):  # type: ignore[misc,unused-ignore]
        """A safe loader that knows the words of YAML 1.2 alone."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - as it is called
            seen = set[object]()
            for key, _ in node.value:
                if (name := self.construct_object(key, deep=True)) in seen:
                    raise ValueError(f"{_line(key)}{name} is given twice")
                seen.add(name)
            return super().construct_mapping(node, deep=deep)

        def construct_object(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - as it is called
            try:
                return super().construct_object(node, deep=deep)
            except (ValueError, LookupError, AttributeError, TypeError, OverflowError):  # of a text that its tag does not fit
                if not isinstance(node, yaml.ScalarNode):
                    raise
                told = f"{node.value[:_SHOWN_CHARS]!a} is no {node.tag.removeprefix(_TAG)}"
                raise ValueError(f"{_line(node)}{told}") from None

    Loader.yaml_implicit_resolvers = {}
    for kind, form, starts in _WORDS:
        Loader.add_implicit_resolver(f"{_TAG}{kind}", re.compile(form), [*starts, *([""] if kind == "null" else [])])
    try:
        levels = 0
        for event in yaml.parse(text, yaml.SafeLoader):
            if getattr(event, "anchor", None):
                raise ValueError(f"{_line(event)}anchors are not read")
            levels += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if levels > _MOST_LEVELS:
                raise ValueError(f"{_line(event)}is nested deeper than {_MOST_LEVELS} levels")
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a subclass of the safe one
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        raise ValueError(f"{line}{error.problem}") from None
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    except TypeError:
        raise ValueError("has a name that is a list or an object") from None


def _line(at: Any) -> str:
    return f"line {at.start_mark.line + 1}: "


def yaml_lines(text: str) -> dict[tuple[str | int, ...], int]:
    r"""Return the line, from 1, of each name and each element in a YAML text that `yaml_value` has read, by its path;
    of JSON that is no YAML none.

    >>> yaml_lines("steps:\n- id: load\n  do: ingest")[("steps", 0, "do")]
    3
    """
    import yaml  # noqa: PLC0415 - an extra

    found: dict[tuple[str | int, ...], int] = {}
    try:
        waiting: list[tuple[tuple[str | int, ...], Any]] = [((), yaml.compose(text, Loader=yaml.SafeLoader))]
    except yaml.YAMLError:
        return found
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            named = [((*path, key.value), key, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            named = [((*path, at), value, value) for at, value in enumerate(node.value)]
        else:
            continue
        for place, at, value in named:
            found[place] = at.start_mark.line + 1
            waiting.append((place, value))
    return found
