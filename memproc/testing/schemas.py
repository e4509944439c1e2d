"""Strategies for memories of any class: the fields that it adds or changes are drawn from their types and their ranges."""

from __future__ import annotations

import types
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from memproc.errors import UsageError
from memproc.records import EmotionalContext, Memory, Relation
from memproc.testing.drawing import events, facts
from memproc.validation import validate

S = TypeVar("S", bound=Memory)

_NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=8)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | _NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=5,
)
_UNIONS = (Union, types.UnionType)
_HOLDERS = (dict, list, tuple, set, frozenset)


def memories(schema: type[S] = Memory, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[S]:  # type: ignore[assignment]
    """Draw a valid memory of a class.

    The fields that the class adds, or declares anew, are drawn from their types; those with a default may be left out. `fields` are
    strategies by name for those with rules that a type does not tell. What is not valid in the end is drawn again. Raises
    UsageError on a name that is no field of the class.
    """
    if unknown := fields.keys() - schema.model_fields.keys():
        raise UsageError(f"{schema.__name__} has no field {', '.join(sorted(unknown))}")
    model = schema.model_fields
    own = {name: _of_field(model[name]) for name in sorted(_own_fields(schema) - fields.keys())} | fields
    needed = {name: drawn for name, drawn in own.items() if name in fields or model[name].is_required()}
    drawn = st.fixed_dictionaries(needed, optional={name: one for name, one in own.items() if name not in needed})
    records = st.one_of(facts(), facts(), events()).map(lambda record: {k: v for k, v in record.items() if k not in own})
    verdicts = st.builds(lambda record, more: validate({**record, **more}, schema=schema), records, drawn)
    return verdicts.filter(lambda verdict: verdict.ok).map(lambda verdict: verdict.memory)  # type: ignore[return-value,arg-type]


def relations() -> st.SearchStrategy[Relation]:
    """Draw a relation."""
    shares = st.none() | st.sampled_from((0.0, 0.5, 1.0))
    kinds = st.sampled_from(("memory", "entity", "external"))
    return st.builds(Relation, type=st.sampled_from(("about", "follows")), target=_NAMES, target_kind=kinds, weight=shares)


def emotions() -> st.SearchStrategy[EmotionalContext]:
    """Draw an emotional context."""
    poles, shares = st.none() | st.floats(-1, 1), st.none() | st.floats(0, 1)
    dimensions = {**dict.fromkeys(("valence", "arousal", "dominance"), poles), **dict.fromkeys(("intensity", "confidence"), shares)}
    return st.builds(EmotionalContext, label=st.none() | st.sampled_from(("joy", "fear")), **dimensions)


def of_class(wanted: type[Any]) -> st.SearchStrategy[Any]:
    """Return the strategy of a class of memories, or of one of their parts."""
    if wanted is Relation:
        return relations()
    return emotions() if wanted is EmotionalContext else memories(wanted)


def _own_fields(schema: type[Memory]) -> set[str]:
    ours = Memory.model_fields
    return {
        name
        for name, own in schema.model_fields.items()
        if name not in ours or own.annotation != ours[name].annotation or own.metadata != ours[name].metadata
    }


def _of_field(field: FieldInfo) -> st.SearchStrategy[Any]:
    return _of_type(field.annotation, tuple(field.metadata))


def _of_type(wanted: Any, limits: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """Return the strategy of a type with limits, those of a union for each of its members but None."""
    while get_origin(wanted) is Annotated:
        wanted, *more = get_args(wanted)
        limits = (*more, *limits)
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in _UNIONS:
        return _of_union(inner, limits)
    kind = origin or wanted
    if wanted is Any or kind in _HOLDERS:
        return _of_holder(kind, inner)
    return _of_scalar(wanted, limits)


def _of_union(members: tuple[Any, ...], limits: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.one_of([st.none() if one is type(None) else _of_type(one, limits) for one in members])


def _of_holder(kind: Any, inner: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """Return the strategy of a dictionary or a sequence by the types of what is in it, of a tuple place by place; JSON for any."""
    if kind is Any:
        return JSON
    if kind is dict:
        return st.dictionaries(_NAMES, _of_type(inner[1], ()) if inner else JSON, max_size=3)
    if kind is tuple and inner and inner[-1] is not ...:
        return st.tuples(*(_of_type(one, ()) for one in inner))
    return st.lists(_of_type(inner[0], ()) if inner else JSON, max_size=3).map(kind)


def _of_scalar(wanted: Any, limits: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    pattern = next((one.pattern for one in limits if isinstance(getattr(one, "pattern", None), str)), None)
    if wanted is str and pattern is not None:
        return st.from_regex(pattern)
    known = tuple(one for one in limits if type(one).__module__.startswith("annotated_types"))
    return st.from_type(Annotated.__class_getitem__((wanted, *known)) if known else wanted)  # type: ignore[attr-defined]
