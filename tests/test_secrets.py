"""The gate for secrets: what it finds, what it leaves alone, and that no table keeps what it keeps out."""

from __future__ import annotations

import csv
import hashlib
import pickle
import random
import string
import uuid

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from loguru import logger

import memproc
from memproc.config import Policy
from memproc.formats import generic
from memproc.ingestion.reading import read_file
from memproc.intake import Intake
from memproc.intake.secret_gate import SecretGate
from memproc.records import encode
from memproc.validation.checked_numbers import _luhn_sum
from memproc.validation.secrets import RULES, hidden, secrets_in
from tests.command_line import run_memproc
from tests.databases import all_text
from tests.test_linear import MOST_TIMES, times
from tests.test_redaction import told_by

ALNUM = string.ascii_letters + string.digits


def made_up(seed, characters, length):
    """Return a text of random characters; keys are put together here, so that nobody takes them for real ones."""
    return "".join(random.Random(seed).choices(characters, k=length))


def with_check_digit(start, length):
    """Return the number of a card that begins like this."""
    body = start + made_up(length, string.digits, length - len(start) - 1)
    return next(number for digit in string.digits if _luhn_sum(number := body + digit) % 10 == 0)


KEY_BLOCK = (
    "-----BEGIN {0}PRIVATE KEY-----\n" + "\n".join(made_up(n, ALNUM, 64) for n in range(4)) + "\n-----END {0}PRIVATE KEY-----"
)
PASSWORD = "cOrrect9!horse"
OF_EACH_KIND = [
    ("aws-key", "AKIA" + made_up(1, string.ascii_uppercase + "234567", 16)),
    ("aws-key", "ASIA" + made_up(2, string.ascii_uppercase + "234567", 16)),
    *(("github-token", f"{start}_" + made_up(3, ALNUM, 36)) for start in ("ghp", "gho", "ghu", "ghs", "ghr")),
    ("github-token", "github_pat_" + made_up(4, ALNUM, 22) + "_" + made_up(5, ALNUM, 59)),
    ("gitlab-token", "glpat-" + made_up(6, ALNUM, 20)),
    ("anthropic-key", "sk-ant-api03-" + made_up(7, ALNUM, 93) + "AA"),
    ("openai-key", "sk-" + made_up(8, ALNUM, 48)),
    ("openai-key", "sk-proj-" + made_up(9, ALNUM + "_-", 120) + "x"),
    ("slack-token", "xoxb-" + made_up(10, string.digits, 12) + "-" + made_up(11, ALNUM, 24)),
    (
        "slack-token",
        "hooks.slack.com/services/T" + made_up(12, ALNUM, 8) + "/B" + made_up(13, ALNUM, 8) + "/" + made_up(14, ALNUM, 24),
    ),
    ("google-key", "AIza" + made_up(15, ALNUM, 35)),
    ("stripe-key", "sk_live_" + made_up(16, ALNUM, 24)),
    ("stripe-key", "rk_test_" + made_up(17, ALNUM, 24)),
    ("huggingface-token", "hf_" + made_up(18, ALNUM, 34)),
    ("npm-token", "npm_" + made_up(19, ALNUM, 36)),
    ("pypi-token", "pypi-AgEIcHlwaS5vcmc" + made_up(20, ALNUM, 60)),
    ("jwt", "eyJ" + made_up(21, ALNUM, 30) + ".eyJ" + made_up(22, ALNUM, 60) + "." + made_up(23, ALNUM, 43)),
    *(("private-key", KEY_BLOCK.format(sort)) for sort in ("", "RSA ", "EC ", "OPENSSH ")),
    *(
        ("card-number", with_check_digit(*card))
        for card in (("4", 16), ("53", 16), ("2221", 16), ("37", 15), ("36", 14), ("62", 18))
    ),
    *(("iban", number) for number in ("DE89370400440532013000", "GB82 WEST 1234 5698 7654 32", "NO9386011117947")),
]
TOLD = [
    ("password", "password: {}", PASSWORD),
    ("password", "my password is {}", PASSWORD),
    ("password", "DB_PASSWORD='{}'", PASSWORD),
    ("password", '{{"pwd": "{}"}}', PASSWORD),
    ("password", "postgres://ann:{}@db.example.org/app", PASSWORD),
    ("password", "password: {}", "c0rrect\"hor'se"),
    ("api-key", "api_key = {}", "9f8Zq2xT7"),
    ("api-key", "aws_secret_access_key={}", made_up(30, ALNUM + "/+", 39) + "1"),
    ("api-key", "Authorization: Bearer {}", made_up(31, ALNUM, 40)),
]
SECRETS = [*OF_EACH_KIND, *((kind, told.format(secret)) for kind, told, secret in TOLD)]


@pytest.mark.parametrize(("kind", "secret"), OF_EACH_KIND)
def test_a_secret_is_found_wherever_it_stands_in_a_text(kind, secret):
    """Alone, in a sentence, in quotes, at the end of one, behind another."""
    for told in ("{}", "it was {} until May", 'she wrote "{}".', "see {},", "({})", "={}", "first line\n{}\nlast", "{0} and {0}"):
        text = told.format(secret)
        assert {one.kind for one in secrets_in(text)} == {kind}, text
        assert secret not in hidden(text, secrets_in(text))


@pytest.mark.parametrize(("kind", "told", "secret"), TOLD)
def test_a_secret_is_found_by_what_is_said_of_it(kind, told, secret):
    """By a name before it, or by its place in a URL; all of it is hidden, and the rest is not."""
    text = told.format(secret)
    assert [one.kind for one in secrets_in(text)] == [kind]
    assert hidden(text, secrets_in(text)) == told.format(f"[secret: {kind}]")


def test_what_is_hidden_is_no_secret():
    """So redacting twice changes nothing."""
    for _, text in SECRETS:
        assert secrets_in(hidden(text, secrets_in(text))) == []


def thirty(make):
    """Return thirty texts that a function makes of a source of random values."""
    return [make(random.Random(seed)) for seed in range(30)]


def digits(chance, count):
    """Return random digits."""
    return "".join(chance.choices(string.digits, k=count))


def isbn(chance):
    """Return an ISBN-13 with its check digit."""
    body = f"978{digits(chance, 9)}"
    check = -sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(body)) % 10
    return f"{body[:3]}-{body[3]}-{body[4:8]}-{body[8:]}-{check}"


ORDINARY = {
    "uuids": thirty(lambda chance: f"The run {uuid.UUID(int=chance.getrandbits(128), version=4)} ended"),
    "hashes": thirty(lambda chance: f"commit {hashlib.sha1(chance.randbytes(8)).hexdigest()} fixed it"),
    "long hashes": thirty(lambda chance: f"sha256:{hashlib.sha256(chance.randbytes(8)).hexdigest()}"),
    "order numbers": thirty(
        lambda chance: f"Order 112-{digits(chance, 7)}-{digits(chance, 7)} and invoice 2024-{digits(chance, 6)}"
    ),
    "books": thirty(lambda chance: f"She reads ISBN {isbn(chance)}, also as {isbn(chance).replace('-', '')}"),
    "bar codes": thirty(lambda chance: f"The tea has the bar code 4{digits(chance, 12)}"),
    "parcels": thirty(lambda chance: f"Parcel 1Z999AA1{digits(chance, 10)} and 9400{digits(chance, 18)}"),
    "telephones": thirty(lambda chance: f"Call +49 30 {digits(chance, 8)} or (212) 555-{digits(chance, 4)}"),
    "addresses": thirty(lambda chance: f"Write to ann{digits(chance, 3)}@example.org"),
    "times": thirty(lambda chance: f"At 2024-0{chance.randint(1, 9)}-15T10:00:00.{digits(chance, 6)}Z, 17{digits(chance, 11)}"),
    "coordinates": thirty(lambda chance: f"52.{digits(chance, 16)}, 13.{digits(chance, 16)}"),
    "money": thirty(lambda chance: f"It cost {digits(chance, 3)}.00 EUR, {digits(chance, 4)} 1234 in all"),
    "versions": thirty(lambda chance: f"Upgraded scikit-learn to 1.{digits(chance, 2)}.0-rc{digits(chance, 1)}, sk-learn too"),
    "talk of passwords": [
        f"{said} {more}"
        for said in (
            "My password is incorrect",
            "The password: required",
            "password is case-sensitive",
            "The secret is patience",
            "Her secret: cinnamon",
            "token: expired",
            "The token is invalid",
            "api key: <your key>",
            "api_key = ${API_KEY}",
            "password = os.environ['PASSWORD']",
        )
        for more in ("again", "since May", "she says")
    ],
}


@pytest.mark.parametrize("sort", ORDINARY)
def test_what_is_no_secret_is_left_alone(sort):
    """Thirty texts of each sort."""
    assert len(ORDINARY[sort]) == 30
    assert [text for text in ORDINARY[sort] if secrets_in(text)] == []


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_personal_data_is_found_on_request(kind):
    """And only what was asked for."""
    sort = {"email": "addresses", "phone": "telephones"}[kind]
    assert all({one.kind for one in secrets_in(text, [kind])} == {kind} for text in ORDINARY[sort])
    others = [name for name in ORDINARY if name not in (sort, "parcels", "order numbers", "books")]
    assert [text for name in others for text in ORDINARY[name] if secrets_in(text, [kind])] == []


def ingested(records, policy, **more):
    """Return the report of an ingestion into a new store, all text in its tables and all it tells, and its memories."""
    settings = memproc.Settings(secrets=policy, tracebacks=True, **more)
    with memproc.open("sqlite://", settings=settings) as store:
        report = memproc.ingest(records, store, settings=settings)
        return report, f"{all_text(store)}\n{told_by(store)}\n{report}\n{report.as_dict()}", [*store]


def test_nothing_is_looked_for_by_default():
    """A secret is kept as it came."""
    texts = {text for _, text in SECRETS}
    report, _, memories = ingested([{"content": text} for text in texts], "off", dedup="off")
    assert {memory.content for memory in memories} == texts
    assert report.secrets == {}


def test_a_tag_tells_the_kind():
    """Once, beside the tags that are there."""
    text = f"{OF_EACH_KIND[0][1]} and {OF_EACH_KIND[1][1]}"
    report, _, (memory,) = ingested([{"content": text, "tags": ["b"], "metadata": {"password": PASSWORD}}], "tag")
    assert memory.content == text
    assert memory.tags == ("b", "secret:aws-key", "secret:password")
    assert report.secrets == {"aws-key": 2, "password": 1}
    assert report.left_out == {}
    assert "secrets: 2 aws-key, 1 password" in str(report)


def test_redaction_takes_it_from_every_field():
    """Content, tags, relations, metadata at any depth, with the names in it; numbers of cards too that are numbers."""
    key = OF_EACH_KIND[0][1]
    card = int(with_check_digit("4", 16))
    record = {
        "content": f"Use {key}",
        "tags": [key],
        "relations": [{"type": "uses", "target": key}],
        "metadata": {"deep": [{"n": card, key: [key]}], "password": PASSWORD, "number": 7},
    }
    report, kept, (memory,) = ingested([record], "redact")
    assert memory.content == "Use [secret: aws-key]"
    deep = {"n": "[secret: card-number]", "[secret: aws-key]": ["[secret: aws-key]"]}
    assert memory.metadata == {"deep": [deep], "password": "[secret: password]", "number": 7}
    assert not any(secret in kept for secret in (key, PASSWORD, str(card)))
    assert report.secrets == {"aws-key": 5, "card-number": 1, "password": 1}
    assert orjson.loads(orjson.dumps(report.as_dict()))["secrets"] == report.secrets


def test_quarantine_keeps_the_record_without_it():
    """A replay takes it as it is kept."""
    key = OF_EACH_KIND[0][1]
    settings = memproc.Settings(secrets="quarantine")
    with memproc.open("sqlite://", settings=settings) as store:
        report = memproc.ingest([{"content": f"Use {key}"}, {"content": "Prefers tea"}], store)
        (one,) = store.quarantine()
        assert (report.stored, report.quarantined, report.secrets) == (1, 1, {"aws-key": 1})
        assert (one.category, one.faults[0].code, one.raw) == ("validation", "secret", b'{"content":"Use [secret: aws-key]"}')
        assert one.faults[0].message == "holds a secret: aws-key"
        assert store.add({"content": key}).faults[0].code == "secret"
        replayed = store.replay(transform=lambda value: {**value, "content": f"Still {key}"})
        assert (replayed.quarantined, replayed.secrets) == (2, {"aws-key": 2})
        assert store.replay().stored == 2
        assert key not in all_text(store)


@pytest.mark.parametrize("field", ["id", "namespace", "source", "subject", "conversation"])
def test_a_name_is_not_redacted(field):
    """Without it the record would be taken for another; nor is the redacted one taken when it is given again."""
    key = OF_EACH_KIND[0][1]
    settings = memproc.Settings(secrets="redact")
    with memproc.open("sqlite://", settings=settings) as store:
        assert store.add({"content": "x", field: key}).faults[0].code == "secret"
        assert key not in all_text(store)
        again = store.replay()
        assert (again.quarantined, again.secrets) == (1, {})
        assert store.quarantine()[0].faults[0].path == field
    mine = memproc.Settings(secrets="redact", secret_kinds=["email"])
    with memproc.open("sqlite://", settings=mine) as store:
        added = store.add({"content": "Write to ann@example.org", field: "ann@example.org"})
        assert added.memory.content == "Write to [secret: email]"
        assert field == "id" or getattr(added.memory, field) == "ann@example.org"


PLACES = [
    lambda secret: {"content": f"I noted {secret} here"},
    lambda secret: {"content": "x", "metadata": {"a": [{"b": secret}], secret: 1}},
    lambda secret: {"content": "x", "metadata": {"note": secret}, "importance": 7},
    lambda secret: {"content": "x", "created_at": f"at {secret}"},
    lambda secret: {"content": "x", secret: 1},
    lambda secret: {"content": secret, "tags": [secret], "emotion": {"source": secret}},
    lambda secret: {"content": "x", "id": secret, "subject": secret},
    lambda secret: {"text": secret, "user_id": "ann"},
    lambda secret: {"content": {"deep": secret}},
    lambda secret: {"role": "user", "content": secret, "conversation_id": "7"},
    lambda secret: secret,
    lambda secret: [secret],
]


@pytest.mark.costly
@given(
    st.lists(st.tuples(st.sampled_from(SECRETS), st.sampled_from(PLACES)), max_size=6), st.sampled_from(["redact", "quarantine"])
)
@example([(secret, place) for secret in SECRETS for place in PLACES], "redact")
@example([(secret, place) for secret in SECRETS for place in PLACES], "quarantine")
def test_no_table_holds_a_secret(placed, policy):
    """Whatever it is, wherever it stands, and whether the record is accepted or not; nothing tells it either."""
    parts = {secret for _, told, secret in TOLD}
    texts = {text for (_, text), _ in placed}
    looked_for = {next((part for part in parts if part in text), text) for text in texts}
    logged = []
    sink = logger.add(logged.append, level=0)
    logger.enable("memproc")
    try:
        report, kept, memories = ingested([place(text) for (_, text), place in placed], policy)
    finally:
        logger.disable("memproc")
        logger.remove(sink)
    assert report.read == report.stored + report.duplicate + report.merged + report.quarantined
    kept += "".join(map(str, [*logged, *memories]))
    for secret in looked_for:
        assert secret not in kept
        assert repr(secret)[1:-1] not in kept
        assert orjson.dumps(secret)[1:-1].decode() not in kept


RAW = [
    '{{"content": "{0}", "content": 1}}\n',
    '{{"content": "{0}"\n',
    '{{"password": "{0}", "importance": 9}}\n',
    '{{"content": "x", "created_at": "at {0}"}}\n',
    '{{"content": "\\u{1:04x}{2}", "importance": 9}}\n',
    '{{"content": "\\u{1:04x}{2}", "x": "\\ud83d"}}\n',
    '{{"content": "\\u{1:04x}{2}", "x": NaN}}\n',
]


@pytest.mark.costly
@pytest.mark.parametrize("policy", ["redact", "quarantine"])
@pytest.mark.parametrize("engine", ["sequential", "threads", "processes"])
@pytest.mark.sampled(6)
def test_broken_lines_and_rows_are_kept_without_it(tmp_path, policy, engine):
    """As text, and where JSON writes it with escapes; in this process and in others."""
    keys = [secret for kind, secret in OF_EACH_KIND if "\n" not in secret]
    lines, table = tmp_path / "a.jsonl", tmp_path / "b.csv"
    lines.write_text("".join(raw.format(key, ord(key[0]), key[1:]) for key in keys for raw in RAW))
    with table.open("w") as stream:
        rows = [[key, "soon", PASSWORD] for key in keys] + [[key, "", "", key] for key in keys] + [["ok", "", PASSWORD]]
        csv.writer(stream).writerows([["content", "created_at", "password"], *rows])
    settings = memproc.Settings(secrets=policy)
    with memproc.open(tmp_path / "m.db", settings=settings) as store:
        for path in (lines, table):
            report = memproc.ingest(path, store, settings=settings, engine=engine)
            assert report.secrets.total() >= len(keys)
        kept = all_text(store) + told_by(store)
        assert not [key for key in [*keys, PASSWORD] if key in kept]
        store.replay()
        kept = all_text(store) + told_by(store)
        assert not [key for key in [*keys, PASSWORD] if key in kept]


def test_a_resumed_job_counts_all_of_it(tmp_path):
    """The counts are those of all its runs; a job under another policy is another job."""
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"content": "{n} {OF_EACH_KIND[0][1]}"}}\n' for n in range(10)))
    settings = memproc.Settings(secrets="tag", batch_size=2, max_seconds=1e-9)
    first = memproc.ingest(path, tmp_path / "m.db", settings=settings)
    assert first.status == "stopped"
    assert first.secrets == {"aws-key": first.read}
    rest = memproc.ingest(path, tmp_path / "m.db", settings=memproc.Settings(secrets="tag"), resume=True)
    assert (rest.job, rest.read, rest.secrets) == (first.job, 10, {"aws-key": 10})
    other = memproc.ingest(path, tmp_path / "m.db", settings=memproc.Settings(secrets="redact"), resume=True)
    assert other.job != first.job


def test_the_item_that_ended_workers_is_kept_without_it():
    """It was never read."""
    key = OF_EACH_KIND[0][1]
    intake = Intake(generic.FORMAT, Policy(), settings=memproc.Settings(secrets="redact"))
    chunk = pickle.loads(pickle.dumps(intake)).give_up(orjson.dumps({"content": key}))
    ((_, rejected),) = chunk.records.rejected
    assert rejected.raw == b'{"content":"[secret: aws-key]"}'
    assert chunk.left_out == [(0, {"secret:aws-key": 1})]


def test_what_only_the_record_shows_is_taken_from_the_bytes_too():
    """A format joined the parts of a message; in the bytes nothing tells that one is a password."""
    secret = 'c"rrect9!horse'
    record = {"content": f"my password:\n{secret}"}
    gate = SecretGate(memproc.Settings(secrets="quarantine"))
    rejected, counts = gate.checked((record, encode(record), False, None), lambda: orjson.dumps(["my password:", secret]))
    assert rejected.raw == b'["my password:","[secret: password]"]'
    assert counts == {"password": 1}


def test_a_record_that_the_gate_breaks_on_is_not_kept(monkeypatch):
    """Its neighbours are."""
    monkeypatch.setattr(SecretGate, "_hidden", lambda *_: 1 / 0)
    report, kept, (memory,) = ingested([{"content": OF_EACH_KIND[0][1]}, {"content": "Prefers tea"}], "redact")
    assert (report.errors, memory.content) == ({"internal": 1}, "Prefers tea")
    assert OF_EACH_KIND[0][1] not in kept


def test_reading_without_a_store_obeys_too(tmp_path):
    """As `validate` and `transform` do."""
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"content": "{OF_EACH_KIND[0][1]}"}}\n')
    (tagged,) = read_file(path, settings=memproc.Settings(secrets="tag"))
    (redacted,) = read_file(path, settings=memproc.Settings(secrets="redact"))
    (rejected,) = read_file(path, settings=memproc.Settings(secrets="quarantine"))
    assert tagged.tags == ("secret:aws-key",)
    assert redacted.content == "[secret: aws-key]"
    assert rejected.faults[0].code == "secret"


def test_the_command_line(tmp_path):
    """`ingest`, `validate`, `transform`, `gate` and `retry`."""
    path, store = tmp_path / "a.jsonl", str(tmp_path / "m.db")
    path.write_text(f'{{"content": "{OF_EACH_KIND[0][1]}"}}\n{{"content": "ask ann@example.org"}}\n')
    code, out, _ = run_memproc("ingest", str(path), "--into", store, "--secrets", "quarantine", "--secret-kinds", "email", "--json")
    assert (code, orjson.loads(out)["secrets"]) == (1, {"aws-key": 1, "email": 1})
    code, out, _ = run_memproc("validate", str(path), "--secrets", "quarantine", "--json")
    assert (code, [found["code"] for found in orjson.loads(out)["errors"]]) == (1, ["secret"])
    code, out, _ = run_memproc("transform", str(path), "--secrets", "redact", "--json")
    assert (code, orjson.loads(out)["memories"][0]["content"]) == (0, "[secret: aws-key]")
    (tmp_path / "gate.json").write_text('{"rules": {"clean": {"measure": "quarantined", "most": 0}}}')
    assert run_memproc("gate", str(path), "--rules", tmp_path / "gate.json")[0] == 0
    code, out, _ = run_memproc("gate", str(path), "--rules", tmp_path / "gate.json", "--secrets", "quarantine", "--json")
    assert (code, orjson.loads(out)["rules"][0]["found"]) == (1, "1 of 2 (50 %)")
    code, out, _ = run_memproc("retry", store, "--secrets", "quarantine", "--json")
    assert (code, orjson.loads(out)["stored"]) == (0, 2)


@pytest.mark.parametrize("wrong", [{"secrets": "hide"}, {"secret_kinds": "email"}, {"secret_kinds": ["name"]}, {"secret_kinds": 5}])
def test_other_values_are_refused(wrong):
    """Before any work."""
    with pytest.raises(memproc.UsageError, match=next(iter(wrong))):
        memproc.Settings(**wrong)


@pytest.mark.parametrize("rule", range(len(RULES)))
@pytest.mark.slow
def test_time_grows_with_the_length_of_a_text(rule):
    """Whatever it repeats; the hints are there, so that each rule is tried."""
    pattern = RULES[rule].pattern
    parts = [
        *RULES[rule].hints,
        "eyJaaaaaaaaaa.",
        "eyJ-",
        "sk-",
        "1 ",
        "4111 ",
        "a@",
        "AB12",
        "-----BEGIN PRIVATE KEY-----",
        "://a:",
    ]
    parts += ["password=", "password: '", 'secret="', "token is ", "Comment: ", "bearer ", "A", "-", " ", "=", "\\n"]

    def search(texts):
        for text in texts:
            assert sum(1 for _ in pattern.finditer(text)) >= 0

    short, long = ([part * (length // len(part)) for part in parts] for length in (20_000, 80_000))
    assert times(search, short, long) < MOST_TIMES


@pytest.mark.parametrize("policy", ["tag", "redact", "quarantine"])
@pytest.mark.slow
def test_many_secrets_in_one_record_take_no_longer(policy):
    """Each is hidden once, in one pass."""

    def take(count):
        text = " ".join("AKIA" + f"{n:016d}" for n in range(count))
        report, _, _ = ingested([{"content": text}, {"content": text, "created_at": "soon"}], policy)
        assert report.secrets["aws-key"] == 2 * count

    assert times(take, 2_000, 8_000) < MOST_TIMES
