"""Services that enrich, over real sockets: an endpoint, and what behaves like the batch API of OpenAI."""

from __future__ import annotations

import json
import re
from collections import Counter
from http.server import BaseHTTPRequestHandler

from memproc.enrichment.openai_batches import MARK


def tagged(record):
    """Return what is added to a record."""
    return {"tags": [f"long{len(record['content']) % 3}"], "importance": 0.5}


class Endpoint:
    """Answers `/enrich` of a server, and counts how often each record was answered."""

    def __init__(self, api, answer=tagged, cost=0.01):
        self.answered, self.calls, self.answer, self.cost = Counter(), 0, answer, cost
        api.answers["/enrich"] = self.enrich

    def enrich(self, request, _):
        """Answer a call."""
        posted = request.posted
        assert len(posted["keys"]) == len(posted["records"])
        self.calls += 1
        self.answered.update(record["content"] for record in posted["records"])
        request.give({"results": [self.answer(record) for record in posted["records"]], "cost": self.cost})


class Batches:
    """Files and batches of a provider. An order is done when it was asked about `polls` times."""

    def __init__(self, api, polls=1, answer=tagged):
        self.files, self.batches, self.answered = {}, {}, Counter()
        self.polls, self.answer, self.lost = polls, answer, 0  # of `lost` orders the answer never comes
        api.answers |= {"/v1/files": self.take_file, "/v1/batches": self.at_batches}
        self._answers = api.answers

    def take_file(self, request, _):
        """Keep a file of a form."""
        name = f"file-{len(self.files)}"
        self.files[name] = request.posted
        request.give({"id": name, "object": "file"})

    def at_batches(self, request, query):
        """Begin a batch, or list them."""
        if request.command == "GET":
            known = list(reversed(self.batches.values()))
            start = next((at + 1 for at, one in enumerate(known) if one["id"] == query.get("after")), 0)
            page = known[start : start + 2]
            request.give({"object": "list", "data": page, "has_more": start + 2 < len(known)})
            return
        asked = request.posted
        assert asked["completion_window"] == "24h"
        number = f"batch-{len(self.batches)}"
        metadata = {MARK: asked["metadata"][MARK]}
        self.batches[number] = {
            "id": number,
            "status": "in_progress",
            "metadata": metadata,
            "asked": 0,
            "file": asked["input_file_id"],
        }
        self._answers[f"/v1/batches/{number}"] = self.show
        if self.lost:
            self.lost -= 1
            request.close_connection = True
            return
        request.give(self.batches[number])

    def show(self, request, _):
        """Tell how far a batch is, and work on it meanwhile."""
        batch = self.batches[request.path.rpartition("/")[2]]
        batch["asked"] += 1
        if batch["asked"] > self.polls and batch["status"] == "in_progress":
            self.work(batch)
        request.give(batch)

    def work(self, batch):
        """Answer the requests of a batch, in another order; what cannot be done is in the file of errors."""
        done, failed = [], []
        for line in reversed(self.files[batch["file"]].splitlines()):
            asked = json.loads(line)
            assert (asked["method"], asked["url"]) == ("POST", "/v1/chat/completions")
            assert re.fullmatch(r"[\w-]{1,64}", asked["custom_id"])
            record = json.loads(asked["body"]["messages"][-1]["content"])
            self.answered[record["content"]] += 1
            answer = self.answer(record)
            if answer is None:
                failed.append({"custom_id": asked["custom_id"], "response": None, "error": {"message": "it expired"}})
                continue
            text = answer if isinstance(answer, str) else json.dumps(answer)
            usage = {"prompt_tokens": 1_000, "completion_tokens": 100}
            body = {"choices": [{"message": {"role": "assistant", "content": text}}], "usage": usage}
            done.append({"custom_id": asked["custom_id"], "response": {"status_code": 200, "body": body}, "error": None})
        for kind, lines in (("output_file_id", done), ("error_file_id", failed)):
            if lines:
                name = f"file-{len(self.files)}"
                self.files[name] = "\n".join(map(json.dumps, lines)).encode()
                self._answers[f"/v1/files/{name}/content"] = self.give_file
                batch[kind] = name
        batch["status"] = "completed"

    def give_file(self, request, _):
        """Give a file."""
        request.give(self.files[request.path.split("/")[3]], kind="application/jsonl")


def posted(request: BaseHTTPRequestHandler):
    """Return what is posted: JSON, or the file of a form."""
    raw = request.rfile.read(int(request.headers["Content-Length"]))
    kind = request.headers["Content-Type"]
    if not kind.startswith("multipart/form-data"):
        return json.loads(raw)
    boundary = kind.partition("boundary=")[2].encode()
    parts = [part.partition(b"\r\n\r\n")[::2] for part in raw.split(b"--" + boundary)[1:-1]]
    values = {re.search(rb'name="(\w+)"', head)[1]: value.removesuffix(b"\r\n") for head, value in parts}
    assert values[b"purpose"] == b"batch"
    return values[b"file"]
