"""$batch: at most 20 calls, answered in any order, each with a status and headers of its own (G11)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.servers.microsoft.graph_protocol import Answer, GraphError, Json

MOST = 20
Run = Callable[[str, str, dict[str, str], dict[str, str], Any], Answer]  # method, path, query, headers, body


def run(body: Any, run_one: Run, *, plain: bool = False) -> Answer:
    """Do them in the order that dependsOn asks for; the answers are told backwards."""
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not requests:
        raise GraphError(400, "BadRequest", "Invalid batch payload format.")
    if len(requests) > MOST:
        raise GraphError(400, "BadRequest", f"Number of batch request steps exceeds the maximum value of '{MOST}'.")
    if len({one["id"] for one in requests}) < len(requests):
        raise GraphError(400, "BadRequest", "Request Ids in a batch must be unique.")
    done: dict[str, Answer] = {}
    for one in requests:
        failed = [name for name in one.get("dependsOn") or [] if name not in done or done[name].status >= 400]
        done[one["id"]] = _failed_dependency() if failed else _one(one, run_one)
    return Answer(200, {"responses": [_told(name, answer, plain) for name, answer in reversed(done.items())]})


def _one(request: Json, run_one: Run) -> Answer:
    parts = urlsplit(request["url"])
    headers = {name.lower(): str(value) for name, value in (request.get("headers") or {}).items()}
    if request.get("body") is not None and "content-type" not in headers:
        return Answer(400, _error("BadRequest", "Write request id needs Content-Type header."))
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    body = request.get("body")
    if isinstance(body, str) and "json" not in headers.get("content-type", ""):
        body = base64.b64decode(body)
    return run_one(request["method"].upper(), "/" + parts.path.lstrip("/"), query, headers, body)


def _failed_dependency() -> Answer:
    return Answer(424, _error("FailedDependency", "A call that this one depends on failed."))


def _told(name: str, answer: Answer, plain: bool) -> Json:
    told: Json = {"id": name, "status": answer.status, "headers": answer.headers}
    if isinstance(answer.body, bytes) and plain:
        return {**told, "body": answer.body.decode("utf-8", "replace")}
    if isinstance(answer.body, bytes):
        return {**told, "body": base64.b64encode(answer.body).decode()}  # what is no JSON is base64
    return {**told, "body": answer.body} if answer.body is not None else told


def _error(code: str, message: str) -> Json:
    return {"error": {"code": code, "message": message}}
