"""The test server itself: requests and answers are held against Google's own documents, and what can go wrong does."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httplib2
import pytest
from google.auth.exceptions import RefreshError
from googleapiclient.errors import HttpError

from tests.integration.google_workspace.calendar_user import ADA, BOB, calendar_of, timed
from tests.servers.google_workspace.client import Desk, desk, reason, refused
from tests.servers.google_workspace.protocol import Answer, Fault
from tests.servers.google_workspace.world import AUTH, World
from tests.servers.microsoft.no_mail import watched

EVENTS = "calendar/v3/calendars/primary/events"


def _raw(google: Desk, path: str, method: str = "GET", body: Any = None, token: str = "") -> tuple[int, Any]:
    """What no library would ask."""
    http_ = httplib2.Http(timeout=10)
    try:
        headers = {"Authorization": f"Bearer {token or google.google.give(ADA)}", "Content-Type": "application/json"}
        text = json.dumps(body) if body is not None else None
        response, content = http_.request(google.google.url + path, method, text, headers)
        return int(response.status), json.loads(content)
    finally:
        http_.close()


def _verdict(run: Callable[[Desk], None]) -> str:
    """What the server says of itself at the end of a test."""
    try:
        with desk() as google:
            run(google)
    except AssertionError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"kind": "calendar#event", "surprise": 1}),
        Answer({"sequence": "1"}),
        Answer({"updated": "yesterday"}),
        Answer({"attendees": [{"optional": "yes"}]}),
        Answer({"start": {"date": "2026-3-1"}}),
        Answer({"summary": None}),
        Answer([]),
        Answer(),
    ],
)
def test_an_answer_that_is_not_as_the_document_says_fails_the_test(answer: Answer) -> None:
    def run(google: Desk) -> None:
        google.google.handlers["calendar.events.get"] = lambda _: answer
        assert calendar_of(google).no("get", eventId="whatever") == (500, "backendError")

    assert "calendar.events.get" in _verdict(run)


def test_a_method_that_is_not_built_or_breaks_fails_the_test() -> None:
    def not_built(google: Desk) -> None:
        assert calendar_of(google).no("quickAdd", text="Lunch at nine")[0] == 501

    def breaks(google: Desk) -> None:
        google.google.handlers["calendar.colors.get"] = lambda _: Answer(1 // 0)
        assert refused(google.api(ADA).colors().get())[0] == 500

    assert "quickAdd is not built" in _verdict(not_built)
    assert "ZeroDivisionError" in _verdict(breaks)
    assert _verdict(lambda google: None) == ""


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (f"{EVENTS}?surprise=1", "surprise"),
        (f"{EVENTS}?maxResults=0", "maxResults"),
        (f"{EVENTS}?maxResults=many", "maxResults"),
        (f"{EVENTS}?showDeleted=1", "showDeleted"),
        (f"{EVENTS}?orderBy=size", "orderBy"),
        (f"{EVENTS}?fields=items(", "fields"),
    ],
)
def test_a_parameter_that_is_not_as_the_document_says_is_refused(google: Desk, path: str, where: str) -> None:
    status, told = _raw(google, path)
    assert (status, told["error"]["errors"][0]["location"]) == (400, where)


@pytest.mark.parametrize("body", [{"surprise": 1}, {"summary": 1}, {"start": {"date": "soon"}}, [], "text"])
def test_a_body_that_is_not_as_the_document_says_is_refused(google: Desk, body: Any) -> None:
    assert _raw(google, f"{EVENTS}?sendUpdates=none", "POST", body)[0] == 400


def test_errors_have_google_s_form(google: Desk) -> None:
    status, told = _raw(google, f"{EVENTS}/neverwas")
    one = {"domain": "global", "reason": "notFound", "message": "Not Found"}
    assert (status, told) == (404, {"error": {"errors": [one], "code": 404, "message": "Not Found"}})
    status, told = _raw(google, EVENTS, token="nobody's")
    assert (status, told["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert told["error"]["errors"][0]["reason"] == "authError"


def test_a_token_opens_what_its_scopes_say_and_dies(google: Desk) -> None:
    read_only = google.api(ADA, scopes=[AUTH + "calendar.readonly"])
    assert read_only.events().list(calendarId="primary").execute()["items"] == []
    insert = read_only.events().insert(calendarId="primary", body=timed(), sendUpdates="none")
    assert refused(insert) == (403, "insufficientPermissions")
    old = google.api(ADA, expires=datetime.now(UTC) - timedelta(minutes=1))
    with pytest.raises(RefreshError):
        old.events().list(calendarId="primary").execute()


def test_fields_tell_a_part(google: Desk) -> None:
    ada = calendar_of(google)
    name = ada.insert(timed(location="Brno"))["id"]
    page = ada.page(fields="items(id,start/timeZone),timeZone")
    assert page == {"items": [{"id": name, "start": {"timeZone": "Europe/Prague"}}], "timeZone": "Europe/Prague"}
    assert ada.get(name, fields="*")["location"] == "Brno"


def test_a_batch_answers_each_call_by_itself_and_in_any_order(google: Desk) -> None:
    ada, told = calendar_of(google), dict[str, Any]()
    name = ada.insert(timed())["id"]
    google.google.faults.append(Fault(403, method="events.list", inner=True))
    batch = ada.api.new_batch_http_request(callback=lambda key, answer, error: told.update({key: error or answer}))
    batch.add(ada.events.get(calendarId="primary", eventId=name), request_id="there")
    batch.add(ada.events.get(calendarId="primary", eventId="neverwas"), request_id="away")
    batch.add(ada.events.list(calendarId="primary"), request_id="too much")
    stale = ada.ask("patch", eventId=name, body={"summary": "x"})
    stale.headers["If-Match"] = '"1"'
    batch.add(stale, request_id="stale")
    batch.add(ada.ask("delete", eventId=name), request_id="deleted")
    before = google.google.outer
    batch.execute()
    assert google.google.outer == before + 1
    assert list(told) == ["there", "away", "too much", "stale", "deleted"]
    assert (told["there"]["id"], told["deleted"]) == (name, "")
    found = {key: (error.status_code, reason(error)) for key, error in told.items() if isinstance(error, HttpError)}
    assert found == {
        "away": (404, "notFound"),
        "too much": (403, "rateLimitExceeded"),
        "stale": (412, "conditionNotMet"),
    }
    assert [one.inner for one in google.google.requests[-5:]] == [True] * 5


def test_a_batch_has_at_most_fifty_calls(google: Desk) -> None:
    ada = calendar_of(google)
    batch = ada.api.new_batch_http_request()
    for _ in range(51):
        batch.add(ada.events.list(calendarId="primary"))
    with pytest.raises(HttpError, match="51 calls"):
        batch.execute()


def test_an_answer_can_be_lost_after_the_work_was_done(google: Desk) -> None:
    ada = calendar_of(google)
    google.google.faults.append(Fault(503, "backendError", method="insert", after=True))
    assert ada.no("insert", body=timed(id="abcde")) == (503, "backendError")
    assert [one["id"] for one in ada.all()] == ["abcde"]


def test_a_connection_can_end_and_the_library_asks_again_by_itself(google: Desk) -> None:
    ada = calendar_of(google)
    google.google.faults.append(Fault(method="insert", drop=True, after=True))
    assert ada.no("insert", body=timed(id="abcde")) == (409, "duplicate"), "httplib2 repeats it, even a POST"
    google.google.faults.append(Fault(method="events.list", drop=True, times=2))
    with pytest.raises(http.client.RemoteDisconnected):
        ada.page()
    google.google.faults.append(Fault(method="events.list", cut=True))
    with pytest.raises(http.client.IncompleteRead):
        ada.page()


def test_a_page_of_something_in_between(google: Desk) -> None:
    ada = calendar_of(google)
    google.google.faults.append(Fault(page=b"<html>Please sign in to the hotel</html>"))
    assert "hotel" in str(ada.events.list(calendarId="primary").execute()), "the library does not look at the type"


def test_r10_a_call_that_could_mail_somebody_is_seen(google: Desk) -> None:
    ada = calendar_of(google).events
    with watched() as seen:
        ada.insert(calendarId="primary", body=timed(), sendUpdates="none").execute()
        ada.import_(calendarId="primary", body=timed(iCalUID="a@b")).execute()
        assert seen == []


@pytest.mark.mails
def test_r10_and_fails_the_test(google: Desk) -> None:
    ada = calendar_of(google).events
    with watched() as seen:
        name = ada.insert(calendarId="primary", body=timed()).execute()["id"]
        ada.patch(calendarId="primary", eventId=name, body={}, sendUpdates="all").execute()
        ada.patch(calendarId="primary", eventId=name, body={}, sendUpdates="none", sendNotifications=True).execute()
        ada.delete(calendarId="primary", eventId=name, sendUpdates="externalOnly").execute()
    assert [one.split()[0] for one in seen] == [
        "calendar.events.insert",
        "calendar.events.patch",
        "calendar.events.patch",
        "calendar.events.delete",
    ]


def test_time_stands_still_and_no_two_changes_have_the_same() -> None:
    world = World(clock=lambda: datetime(2027, 1, 1, tzinfo=UTC))
    assert world.moment() < world.moment()
    assert world.etag() != world.etag()


def test_everybody_sees_his_own_answers(google: Desk) -> None:
    for address in (ADA, BOB):
        calendar_of(google, address).insert(timed(address))
    for address in (ADA, BOB):
        assert [one["summary"] for one in calendar_of(google, address).all()] == [address]
