"""The gate itself: a record as it is at this moment, checked against a schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from memproc.records import Fault, Given, M, Memory, Plain, given, is_mapping, plain
from memproc.records.storable import Unstorable, storable_json, storable_name, unstorable_in
from memproc.records.versions import VERSION_FIELD
from memproc.validation.faults import GOT, MORE_CELLS, NOT_AN_OBJECT, broke, excerpt, failed, fault, first_of, path_of, raised
from memproc.validation.migrating import migrated
from memproc.validation.pydantic_errors import to_faults
from memproc.validation.trusted import maybe_memory
from memproc.values import UnreadableError, is_blank, row_of, settled, settled_if_readable

_MAY_BE_BLANK = frozenset(Memory.model_fields) - {"content"}
Check = Callable[[object], "Memory | tuple[Fault, ...]"]


@dataclass(frozen=True, slots=True)
class Verdict(Generic[M]):
    """The answer of `validate`: `memory` if the record is `ok`, otherwise `errors` with every fault, in the order of the fields."""

    memory: M | None
    errors: tuple[Fault, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the record is valid."""
        return self.memory is not None


def validate(record: object, *, schema: type[M] = Memory) -> Verdict[M]:  # type: ignore[assignment]
    """Check one record against the schema. Never raises. The rules of the schema are not run again on an object of its class.

    >>> validate({"content": "Prefers tea"}).ok
    True
    >>> [(fault.path, fault.code) for fault in validate({"importance": 2}).errors]
    [('content', 'missing'), ('importance', 'less_than_equal')]
    """
    settled_record = taken(record)
    if isinstance(settled_record, Fault):
        return Verdict(None, (settled_record,))
    if isinstance(settled_record, Given):
        kept = as_given(settled_record.schema, settled_record.record, schema)
        if isinstance(kept, tuple):
            return Verdict(None, kept)
        return Verdict(record if isinstance(record, schema) else restore(kept, schema))
    checked = validator(schema)(settled_record)
    return Verdict(None, checked) if isinstance(checked, tuple) else Verdict(cast("M", checked))


def taken(record: object) -> Any:
    """Return a record as it is at this moment: plain values, `Given` for a memory object, or a `Fault` if it cannot be read. Never
    raises.

    >>> taken({"content": "Prefers tea", None: ["surplus"]}).code
    'row_invalid'
    """
    try:
        is_memory = type(record) is not dict and isinstance(record, Memory)  # the plain case first: `isinstance` of a model is slow
        settled_record = given(record) if is_memory else settled(row_of(record))  # type: ignore[arg-type]
    except (UnreadableError, RecursionError) as error:
        code = error.code if isinstance(error, UnreadableError) else "nested_too_deep"
        if code == "nested_too_deep" and type(record) is dict:
            shallow = {name: settled_if_readable(value) for name, value in record.items()}
            return _fault_of_names(shallow) or shallow
        return fault("", code, str(error))
    except Exception as error:  # noqa: BLE001 - reading an object of the caller's may raise anything
        return raised("unreadable", "reading it", error)
    return (_fault_of_names(settled_record) or settled_record) if type(settled_record) is dict else settled_record


def _fault_of_names(record: dict[Any, Any]) -> Fault | None:
    try:
        "".join(record)
    except TypeError:
        if None in record:  # `csv.DictReader` puts cells without a name in the head under None
            return fault("", "row_invalid", MORE_CELLS)
        return fault("", "invalid_key", "has a name that is not text")
    return None


@cache
def validator(schema: type[Memory], *, tracebacks: bool = False) -> Callable[[object], Memory | tuple[Fault, ...]]:
    """Return the check of a schema as a function of plain values, for use in a loop."""
    check: Callable[[Any], Memory] = schema.__pydantic_validator__.validate_python
    steps = schema.migrations

    def checked(record: object) -> Memory | tuple[Fault, ...]:
        if type(record) is not dict and not is_mapping(record):
            return (fault("", "not_a_mapping", NOT_AN_OBJECT, type(record).__name__),)
        if steps:
            current = migrated(record, schema, tracebacks=tracebacks)  # type: ignore[arg-type]
            if isinstance(current, Fault):
                return (current,)
            record = current
        try:
            memory = check(record)
            if schema is not Memory and (found := _unstorable(plain(memory))):  # the fields of a subclass may hold anything
                return found
            return memory
        except ValidationError as error:
            return _faulty(error, schema, record, checked)
        except Exception as error:  # noqa: BLE001 - a rule of the caller's schema may raise anything
            return (failed("schema_failed", f"a rule of {schema.__name__}", error, tracebacks=tracebacks),)

    return checked


def as_given(own: type[Memory], record: Plain, schema: type[Memory]) -> Plain | tuple[Fault, ...]:
    """Return the plain record of an object of the class `own` as it will be kept, or its faults.

    An object of the schema's class is not validated again: that would run its rules twice and compute its defaults anew. Only the
    fields of `Memory` are checked, and the others must be JSON. An object of another class is validated like any record.
    """
    if not issubclass(own, schema):
        checked = validator(schema)(record)
        return checked if isinstance(checked, tuple) else plain(checked)
    is_open = own.model_config.get("extra") == "allow"
    more = {name for name in record if name not in Memory.model_fields and (is_open or name in own.model_fields)}
    base = {name: value for name, value in record.items() if name not in more}
    checked = validator(Memory)(base)
    if isinstance(checked, tuple) and _redefined(own).issuperset(
        faulty := {fault_found.path.partition(".")[0] for fault_found in checked}
    ):
        more |= faulty
        checked = validator(Memory)({name: value for name, value in base.items() if name not in faulty})
    if isinstance(checked, tuple):
        return checked
    kept = {**plain(checked), **{name: value for name, value in record.items() if name in more}}
    return _unstorable(kept) or kept


@cache
def _redefined(schema: type[Memory]) -> frozenset[str]:
    """Return the fields whose type the class changed, among those that memproc itself does not look into."""
    ours = Memory.model_fields
    return frozenset(
        name
        for name in ("importance", "emotion", "relations", "metadata")
        if (own := schema.model_fields[name]).annotation != ours[name].annotation or own.metadata != ours[name].metadata
    )


def _unstorable(record: Plain) -> tuple[Fault, ...]:
    """Return the faults of everything in a plain record that cannot be stored."""
    try:
        for name, value in record.items():
            storable_name(name)
            storable_json(value)
    except PydanticCustomError:
        unstorable = [item for name, value in record.items() for item in _unstorable_in_field(name, value)]
        faults = (fault(path_of(place), why.type, f"{why.message()}{GOT}", excerpt(value)) for place, value, why in unstorable)
        return first_of(faults, len(unstorable))
    return ()


def _unstorable_in_field(name: str, value: object) -> Iterator[Unstorable]:
    try:
        storable_name(name)
    except PydanticCustomError as why:
        yield Unstorable((name,), name, why)
    else:
        yield from (one._replace(place=(name, *one.place)) for one in unstorable_in(value))


def _faulty(error: ValidationError, schema: type[Memory], record: Any, check: Check) -> Memory | tuple[Fault, ...]:
    """Check a record again without fields of invisible text, which count as not given; if there are none, return its faults."""
    try:
        bare = {name: value for name, value in record.items() if name not in _MAY_BE_BLANK or not is_blank(value)}
        return check(bare) if len(bare) < len(record) else to_faults(error, schema, record)
    except Exception as second:  # noqa: BLE001 - the values to be shown may be of any class
        return (broke("telling its faults", second),)


def restore(record: dict[str, Any], schema: type[M]) -> M:
    """Return the memory of a plain record from a store. Fields that this schema does not have are dropped. If the rules of the
    schema refuse the record, as they may refuse what they once produced themselves, the fields still get their types. A record
    without a version was stored before the schema had any.
    """
    if schema is Memory and (memory := maybe_memory(record)) is not None:
        return cast("M", memory)
    if schema.migrations:
        record = {VERSION_FIELD: min(schema.migrations), **record}
    check = validator(schema)
    checked = check(record)
    if isinstance(checked, tuple):
        record = {name: value for name, value in record.items() if name in schema.model_fields}
        checked = check(record)
    if isinstance(checked, schema):
        return checked
    base = validator(Memory)({name: value for name, value in record.items() if name in Memory.model_fields})
    typed = base.__dict__ if isinstance(base, Memory) else {}
    fields: dict[str, Any] = {name: typed[name] if name in typed else _typed(schema, name, value) for name, value in record.items()}
    return schema.model_construct(set(fields), **fields)


def _typed(schema: type[Memory], name: str, value: object) -> object:
    try:
        return _type_of(schema, name).validate_python(value)
    except Exception:  # noqa: BLE001 - the value stays as it is
        return value


@cache
def _type_of(schema: type[Memory], name: str) -> TypeAdapter[Any]:
    return TypeAdapter(schema.model_fields[name].annotation or object)
