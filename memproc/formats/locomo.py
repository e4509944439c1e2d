"""LoCoMo: long conversations between two speakers, with observations distilled from each session.

Facts: two layouts. `locomo10.json` is a list of samples with `sample_id`, `conversation` (`speaker_a`, `speaker_b`, `session_1`,
`session_1_date_time`, ...), `observation`, `session_summary`, `event_summary` and `qa`. The released zip has one file a sample,
with the same names at its top level and no `sample_id`. Times look like "1:56 pm on 8 May, 2023" and have no zone. Some dates
belong to no session. A turn has `speaker`, `dia_id`, `text`, and with an image `img_url`, `blip_caption`, `query`. An observation
is a text and the turns that it is about: a list, or a text that may hold several ("D22:21, D22:23"), some of them malformed.

Rules: a sample is a namespace (its id, or else its two speakers), a session is a conversation, a turn is a message under its
`dia_id`. An observation is a fact of its speaker, without an id, because the turn ids in it are references; they become relations,
dangling or not. The other fields of a turn go to `metadata`; the content of a turn without text is its caption, and
`metadata.content_from` says so. Summaries, events and questions are read on request, otherwise counted. Dates without a session,
empty turns and names that LoCoMo does not use are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times, without_nones
from memproc.records.storable import LARGEST_INTEGER
from memproc.validation import fault
from memproc.values import is_blank, is_empty

_DATE = "_date_time"
_OBSERVATION = "_observation"
_SUMMARY = "_summary"
_EVENTS = "events_"
_TURN_FIELDS = frozenset(("text", "dia_id", "speaker"))
_SECTIONS = frozenset(("conversation", "observation", "session_summary", "event_summary", "qa"))
_HEAD = frozenset(("sample_id", "speaker_a", "speaker_b"))


class _Sample(NamedTuple):
    """One conversation: its namespace, and the object that holds its sessions and their dates."""

    namespace: object
    talk: Mapping[str, Any]

    def fields(self, session: str | None, **fields: object) -> dict[str, Any]:
        """Return the fields of a memory, with those of its session if it has one."""
        date = self.talk.get(f"{session}{_DATE}")
        shared = {"namespace": self.namespace, "conversation": session, "created_at": date}
        return with_raw_times(without_nones({**shared, **fields}))


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return any(_is_session(name) and isinstance(value, list) for name, value in _talk(item).items()) and (
        "speaker_a" in _talk(item) or isinstance(item.get("conversation"), dict)
    )


def _talk(item: Item) -> Mapping[str, Any]:
    nested = item.get("conversation")
    return nested if isinstance(nested, dict) else item


def _bare(name: object, prefix: str = "", suffix: str = "") -> str:
    """Return a name without a prefix and a suffix. In a mapping that is not JSON a name may not be text."""
    return name.removeprefix(prefix).removesuffix(suffix) if isinstance(name, str) else ""


def _is_session(name: object) -> bool:
    number = _bare(name, "session_")
    return number != name and number.isascii() and number.isdigit()


def _read(item: Item, context: Context) -> Iterator[Part]:
    sample = _Sample(_namespace(item), _talk(item))
    sessions = [name for name in sample.talk if _is_session(name)]
    if not sessions:
        yield Broken(fault("conversation", "missing", "a LoCoMo sample has sessions: session_1, session_2, ..."))
    for session in sessions:
        yield from _read_session(session, sample)
    yield from _read_observations(item, sample)
    yield from _on_request("summaries", _read_summaries(item, sample), context)
    yield from _on_request("events", _read_events(item, sample), context)
    yield from _on_request("questions", _read_questions(item, sample), context)
    yield from _uncounted(item, sample.talk)


def _namespace(item: Item) -> object:
    if not is_blank(item.get("sample_id")):
        return item["sample_id"]
    speakers = [name for key in ("speaker_a", "speaker_b") if isinstance(name := _talk(item).get(key), str) and name]
    return " & ".join(speakers) or None


def _on_request(kind: str, parts: Iterator[Part], context: Context) -> Iterator[Part]:
    if kind in context.include:
        yield from parts
    elif count := sum(1 for _ in parts):
        yield LeftOut(kind, count)


def _uncounted(item: Item, talk: Mapping[str, Any]) -> Iterator[Part]:
    """Yield counts of everything that no other function reads."""
    orphans = [name for name in talk if _is_orphan(name, talk)]
    if orphans:
        yield LeftOut("dates_without_session", len(orphans))
    unknown = [name for name in item if not _is_of_sample(name) and not (talk is item and _is_of_talk(name))]
    if talk is item:
        unknown += ["conversation"] if item.get("conversation") is not None else []
    else:
        unknown += [name for name in talk if not _is_of_talk(name)]
    if unknown:
        yield LeftOut("unknown_fields", len(unknown))


def _is_orphan(name: str, talk: Mapping[str, Any]) -> bool:
    session = _bare(name, suffix=_DATE)
    return session != name and _is_session(session) and session not in talk


def _is_of_talk(name: str) -> bool:
    return name in _HEAD or _is_session(_bare(name, suffix=_DATE))


def _is_of_sample(name: str) -> bool:
    sessions = [_bare(name, _EVENTS), _bare(name, suffix=_OBSERVATION), _bare(name, suffix=_SUMMARY)]
    return name in _HEAD | _SECTIONS or any(session != name and _is_session(session) for session in sessions)


def _read_session(session: str, sample: _Sample) -> Iterator[Part]:
    turns = sample.talk[session]
    if not isinstance(turns, list):
        yield Broken(fault(session, "tuple_type", "a session is a list of turns"), turns)
        return
    if not turns:
        yield LeftOut("empty_sessions")
    for number, turn in enumerate(turns):
        if isinstance(turn, dict):
            yield _read_turn(turn, session, sample)
        else:
            yield Broken(fault(f"{session}.{number}", "dict_type", "a turn is an object"), turn)


def _read_turn(turn: dict[str, Any], session: str, sample: _Sample) -> Draft | LeftOut:
    origin = next((name for name in ("text", "blip_caption") if not is_empty(turn.get(name))), None)
    if origin is None:
        return LeftOut("empty")
    metadata = {name: value for name, value in turn.items() if name not in _TURN_FIELDS and value is not None}
    if origin != "text":
        metadata["content_from"] = origin
    said = {"content": turn[origin], "kind": "message", "subject": turn.get("speaker"), "id": turn.get("dia_id")}
    fields = sample.fields(session, **said, metadata=metadata)
    return Draft(fields, is_identity="id" in fields, raw=turn)


def _entries(item: Item, section: str, prefix: str, suffix: str) -> Iterator[tuple[str, str | None, Any]]:
    """Yield the path, the session and the value of each session's entry in a section, in either layout."""
    nested = item.get(section)
    if isinstance(nested, dict):
        for name, value in nested.items():
            yield f"{section}.{name}", _bare(name, prefix, suffix), value
    elif nested is not None:
        yield section, None, nested
    for name, value in item.items():
        session = _bare(name, prefix, suffix)
        if session != name and _is_session(session):
            yield name, session, value


def _by_speaker(path: str, said: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield the path, the speaker and each entry of an object of lists by speaker."""
    for speaker, entries in said.items():
        for number, entry in enumerate(entries if isinstance(entries, list) else [entries]):
            yield f"{path}.{speaker}.{number}", speaker, entry


def _read_observations(item: Item, sample: _Sample) -> Iterator[Part]:
    for path, session, value in _entries(item, "observation", "", _OBSERVATION):
        if not isinstance(value, dict):
            yield Broken(fault(path, "dict_type", "the observations of a session are an object of lists by speaker"), value)
            continue
        for place, speaker, entry in _by_speaker(path, value):
            yield _read_observation(place, speaker, entry, session, sample)


def _read_observation(path: str, speaker: str, entry: object, session: str | None, sample: _Sample) -> Part:
    text, evidence, *rest = (*entry, None, None) if isinstance(entry, list) else (entry, None)
    if not isinstance(text, str):
        return Broken(fault(path, "string_type", "an observation is a text, or a list of a text and turn ids"), entry)
    targets = [] if evidence is None else _turn_ids(evidence)
    about = [{"type": "about", "target": target, "target_kind": "memory"} for target in targets or ()]
    rest = [extra for extra in rest if extra is not None]
    notes = without_nones({"evidence": evidence if targets is None else None, "rest": rest or None})
    fields = sample.fields(session, content=text, kind="fact", subject=speaker, relations=about or None, metadata=notes)
    return Draft(fields, raw=entry)


def _turn_ids(evidence: object) -> list[str] | None:
    """Return the turn ids in a text or a list of texts, None for anything else.

    >>> _turn_ids("D8:6; D9:17"), _turn_ids(["D1:2", "D1:3,D1:4"]), _turn_ids(7)
    (['D8:6', 'D9:17'], ['D1:2', 'D1:3', 'D1:4'], None)
    """
    given = evidence if isinstance(evidence, list) else [evidence]
    texts = [text for text in given if isinstance(text, str)]
    if len(texts) < len(given):
        return None
    pieces = [piece.strip() for text in texts for piece in text.replace(";", ",").split(",")]
    return list(dict.fromkeys(filter(None, pieces)))


def _read_summaries(item: Item, sample: _Sample) -> Iterator[Part]:
    for path, session, text in _entries(item, "session_summary", "", _SUMMARY):
        if is_empty(text):
            yield LeftOut("empty")
        elif isinstance(text, str):
            yield Draft(sample.fields(session, content=text, kind="fact", tags=("summary",)), raw=text)
        else:
            yield Broken(fault(path, "string_type", "the summary of a session is a text"), text)


def _read_events(item: Item, sample: _Sample) -> Iterator[Part]:
    for path, session, value in _entries(item, "event_summary", _EVENTS, ""):
        if not isinstance(value, dict):
            yield Broken(fault(path, "dict_type", "the events of a session are an object of lists by speaker"), value)
            continue
        date = without_nones({"date": value.get("date")})
        events = {name: said for name, said in value.items() if name != "date"}
        for place, speaker, text in _by_speaker(path, events):
            said = {"content": text, "kind": "fact", "subject": speaker, "tags": ("event-summary",)}
            if isinstance(text, str):
                yield Draft({**sample.fields(session, metadata=date), **said}, raw=text)
            else:
                yield Broken(fault(place, "string_type", "an event is a text"), text)


def _read_questions(item: Item, sample: _Sample) -> Iterator[Part]:
    for number, asked in enumerate(listed(item.get("qa"))):
        if isinstance(asked, dict) and isinstance(asked.get("question"), str):
            yield _read_question(asked, sample)
        else:
            yield Broken(fault(f"qa.{number}", "dict_type", "a question is an object with the text question"), asked)


def _read_question(asked: dict[str, Any], sample: _Sample) -> Draft:
    answer = asked.get("answer")
    is_short = isinstance(answer, str | float) or (isinstance(answer, int) and abs(answer) <= LARGEST_INTEGER)
    content = f"question: {asked['question']}" + (f" answer: {answer}" if is_short else "")
    metadata = {name: value for name, value in asked.items() if value is not None}
    fields = {"namespace": sample.namespace, "content": content, "kind": "fact", "tags": ("question",), "metadata": metadata}
    return Draft(without_nones(fields), raw=asked)


FORMAT = Format(
    name="locomo",
    about="LoCoMo conversations: locomo10.json, or one file a sample",
    matches=_matches,
    read=_read,
    options=("summaries", "events", "questions"),
)
