"""The commands `webhooks` and `notify`: what they print, and their exit codes."""

from __future__ import annotations

import pytest

import memproc
from faults.receiver import Receiver
from memproc.service.webhooks.signing import new_secret
from tests.command_line import as_json, run_memproc
from tests.service.test_notifications import rules


@pytest.fixture
def path(tmp_path):
    """Give the path of a store."""
    path = tmp_path / "memories.db"
    memproc.open(path).close()
    return path


@pytest.mark.costly
def test_a_webhook_from_its_beginning_to_its_end(path):
    """Each command, as a person gives them one after the other."""
    with Receiver() as receiver:
        asked = ("--allow-private", "--event", "batch.job.completed", "--json")
        added = as_json(run_memproc("webhooks", "add", path, receiver.url, *asked))
        assert (added["webhook"], added["events"], added["secret"][:6]) == (1, ["batch.job.completed"], "whsec_")
        assert as_json(run_memproc("webhooks", "test", path, 1, "--json")) == {"webhook": 1, "answer": 204, "why": None}
        memproc.ingest([{"content": "Prefers tea"}], path)
        [waits] = as_json(run_memproc("webhooks", "deliveries", path, "--json"))["deliveries"]
        assert (waits["status"], waits["type"], waits["job"]) == ("waiting", "batch.job.completed", 1)
        done = as_json(run_memproc("webhooks", "send", path, "--until-empty", "--json"))
        assert done == {"delivered": 1, "failed": 0, "failures": {}, "waiting": 0}
        code, told, _ = run_memproc("webhooks", "list", path)
        assert (code, told.splitlines()[-1].strip()) == (0, "1 delivered")
        given = new_secret()
        assert as_json(run_memproc("webhooks", "rotate", path, 1, "--secret", given, "--json"))["secret"] == given
        assert run_memproc("webhooks", "resend", path)[1] == "0 to be sent again\n"
        receiver.end()
        code, told, _ = run_memproc("webhooks", "test", path, 1)
        assert (code, told[:25]) == (1, "it did not come through: ")
        memproc.ingest([{"content": "Prefers tea"}], path)
        code, told, _ = run_memproc("webhooks", "send", path, "--max-seconds", 0.1)
        assert (code, told.splitlines()[0]) == (0, "0 delivered, 1 attempts failed, 1 left to the next run")
        assert as_json(run_memproc("webhooks", "remove", path, 1, "--json")) == {"webhook": 1, "dropped": 1}
        assert run_memproc("webhooks", "list", path)[1] == "no webhooks\n"
        assert run_memproc("webhooks", "remove", path, 1)[0] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("webhooks", "add", "http://example.org"), 2, "in the clear"),
        (("webhooks", "add", "https://example.org", "--event", "all", "--secret", "sesame"), 2, "give `whsec_`"),
        (("webhooks", "deliveries", "--status", "lost"), 2, "status 'lost': choose among"),
        (("webhooks", "test", "7"), 1, "no webhook 7"),
        (("notify", "test", "mail"), 2, "keeps no rules"),
        (("notify", "send", "--until-empty"), 2, "memproc notify rules DB FILE"),
        (("notify", "rules", "none.toml"), 2, "none.toml: cannot be read: No such file"),
        (("notify", "rules", "none.toml", "--clear"), 2, "not both"),
    ],
)
def test_wrong_use_is_told(path, arguments, code, told):
    """With what would be right."""
    group, command, *rest = arguments
    ended, _, message = run_memproc(group, command, path, *rest)
    assert ended == code
    assert told in message
    assert "sesame" not in message


@pytest.mark.costly
def test_rules_are_kept_shown_and_cleared(path, tmp_path):
    """A fault is told with its line, and changes nothing."""
    file = tmp_path / "notify.toml"
    file.write_text(rules())
    assert run_memproc("notify", "rules", path)[1] == "no rules are kept\n"
    assert as_json(run_memproc("notify", "rules", path, file, "--json")) == {"rules": rules()}
    file.write_text(rules().replace("channels =", "chanels ="))
    code, _, told = run_memproc("notify", "rules", path, file)
    assert code == 2
    assert f"{file}, line 13: 'chanels' is no key here: did you mean channels?" in told
    assert run_memproc("notify", "rules", path)[1].rstrip("\n") == rules().rstrip("\n")
    done = as_json(run_memproc("notify", "send", path, "--until-empty", "--json"))
    assert done == {"messages": 0, "notices": 0, "failed": 0}
    memproc.ingest([{"content": ""}], path, settings=memproc.Settings(on_error="stop"))
    file.write_text(rules(1))
    told = run_memproc("notify", "rules", path, file)[1]
    assert told == "".join(
        [
            "1 rule and 2 channels are kept; to try a channel:\n",
            *(f"  memproc notify test {path} {one}\n" for one in ("mail", "chat")),
        ]
    )
    assert as_json(run_memproc("notify", "send", path, "--until-empty", "--json"), 1)["failed"] > 0
    assert as_json(run_memproc("notify", "test", path, "mail", "--json"), 1)["why"].startswith("ConnectionRefusedError")
    code, told, _ = run_memproc("notify", "list", path)
    assert told.startswith("1  waiting  ends: job 1 failed, to mail: ConnectionRefusedError")
    assert run_memproc("notify", "rules", path, "--clear")[1] == "no rules are kept\n"


@pytest.mark.costly
def test_a_worker_tells_of_the_jobs_that_it_runs(path, tmp_path):
    """To webhooks and by the rules of notifications, and ends when that is done."""
    source = tmp_path / "notes.jsonl"
    source.write_text('{"content": "Prefers tea"}\n')
    file = tmp_path / "notify.toml"
    file.write_text(rules(1, rule='on = ["completed"]'))
    with Receiver() as receiver:
        run_memproc("webhooks", "add", path, receiver.url, "--allow-private", "--event", "batch.job.completed")
        run_memproc("notify", "rules", path, file)
        run_memproc("jobs", "submit", source, "--into", path)
        assert run_memproc("work", path, "--until-empty")[0] == 0
        assert [one.told["type"] for one in receiver.accepted] == ["batch.job.completed"]
    [told] = as_json(run_memproc("notify", "list", path, "--json"))["notices"]
    assert (told["status"], told["attempts"] > 0) == ("waiting", True)
