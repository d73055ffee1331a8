"""When Graph does not answer as it should: throttling, lost answers, refusals, sign-in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sync_engine.errors import (
    CollectionGone,
    NotAuthorised,
    OutcomeUnknown,
    Rejected,
    SuspectListing,
    Throttled,
    Unavailable,
    VersionConflict,
)
from sync_engine.ports import Changed, RemoteRef, Write
from tests.contract.connector_contract import Hub
from tests.integration.microsoft.microsoft365_desk import ADA, Desk, card, desk_of_ada, event
from tests.servers.microsoft.graph_protocol import Fault
from tests.servers.microsoft.serving import serving


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


# ---------------------------------------------------------------- throttling


def test_r27_a_short_pause_is_waited_for(desk: Desk) -> None:
    where = desk.contacts()
    desk.graph.faults.append(Fault(429, headers={"Retry-After": "1"}, times=1))
    began = time.monotonic()
    desk.connector.create(where, card(), "key")
    assert time.monotonic() - began >= 0.9
    assert len(desk.stored(where)) == 1


def test_r27_a_long_pause_ends_the_cycle_and_holds_for_every_connector(desk: Desk) -> None:
    where = desk.contacts()
    desk.graph.faults.append(Fault(429, headers={"Retry-After": "60"}, times=1))
    with pytest.raises(Throttled) as told:
        desk.hub(where)
    assert told.value.retry_after == 60
    assert "ApplicationThrottled" in told.value.server_said
    asked = len(desk.graph.requests)
    other = desk.another(secret=desk.connector.transport._settings.secret)
    with pytest.raises(Throttled):
        Hub(other, where).pull()
    assert len(desk.graph.requests) == asked


def test_r27_reads_inside_a_batch_are_asked_for_again(desk: Desk) -> None:
    where = desk.contacts()
    ids = [desk.connector.create(where, card(f"c{n}", f"u{n}"), f"k{n}").id for n in range(30)]
    desk.graph.faults.append(Fault(429, headers={"Retry-After": "1"}, method="GET", times=3, inner=True))
    desk.graph.faults.append(Fault(503, code="ServiceUnavailable", method="GET", times=2, inner=True))
    found = list(desk.connector.fetch(where, ids))
    assert [one.ref.id for one in found if isinstance(one, Changed)] == ids


def test_r27_writes_inside_a_batch_are_done_once_each(desk: Desk) -> None:
    where = desk.contacts()
    desk.graph.faults.append(
        Fault(429, headers={"Retry-After": "1"}, method="POST", path="contacts$", times=4, inner=True)
    )
    writes = [Write(None, card(f"c{n}", f"u{n}"), key=f"k{n}") for n in range(20)]
    answers = list(desk.connector.write(where, writes))
    assert all(isinstance(one, RemoteRef) for one in answers)
    assert sorted(one.fields["displayName"] for one in desk.stored(where)) == sorted(f"c{n}" for n in range(20))


def test_r27_a_long_pause_inside_a_batch_leaves_what_was_done(desk: Desk) -> None:
    """Those behind the last one that was done are untouched; one before it is looked at again."""
    where = desk.contacts()
    writes = [Write(None, card(f"c{n}", f"u{n}"), key=f"k{n}") for n in range(4)]
    desk.graph.faults.append(Fault(429, headers={"Retry-After": "60"}, method="POST", path="contacts$", inner=True))
    answers = desk.connector.write(where, writes)
    first, *others = list(answers)
    assert isinstance(first, OutcomeUnknown)
    assert all(isinstance(one, RemoteRef) for one in others)


def test_r27_no_more_than_four_at_once(desk: Desk) -> None:
    where = desk.contacts()
    ids = [desk.connector.create(where, card(f"c{n}", f"u{n}"), f"k{n}").id for n in range(4)]
    secret = desk.connector.transport._settings.secret
    connectors = [desk.another(secret=secret) for _ in range(10)]
    failed: list[BaseException] = []

    def work(n: int) -> None:
        try:
            for _ in range(3):
                list(connectors[n].fetch(where, ids[:1]))
                list(connectors[n].fetch(where, ids))
        except BaseException as err:
            failed.append(err)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(connectors))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    assert desk.graph.most_at_once[desk.ada.address] <= 4


# ---------------------------------------------------------------- answers that get lost


def test_r06_a_creation_whose_answer_got_lost_is_found_by_its_key(desk: Desk) -> None:
    hasty = desk.another(timeout=0.3)
    for where, item in ((desk.contacts(), card()), (desk.calendar(), event())):
        desk.graph.faults.append(Fault(method="POST", hold=0.8))
        with pytest.raises(OutcomeUnknown):
            hasty.create(where, item, "key")
        found = desk.connector.find(where, item, "key")
        assert isinstance(found, Changed)
        assert found.known_as == item.uid
        assert [one.id for one in desk.stored(where)] == [found.ref.id]


def test_r06_a_batch_whose_answer_got_lost_is_in_doubt_as_a_whole(desk: Desk) -> None:
    where, hasty = desk.contacts(), desk.another(timeout=0.3)
    writes = [Write(None, card(f"c{n}", f"u{n}"), key=f"k{n}") for n in range(3)]
    desk.listening.delay = 0.8
    answers = list(hasty.write(where, writes))
    desk.listening.delay = 0.0
    assert [type(one) for one in answers] == [OutcomeUnknown] * 3
    assert all(isinstance(desk.connector.find(where, one.item, one.key), Changed) for one in writes if one.item)


def test_r06_a_write_that_failed_at_the_server_is_in_doubt(desk: Desk) -> None:
    where = desk.contacts()
    desk.graph.faults.append(Fault(500, code="InternalServerError", method="POST"))
    with pytest.raises(OutcomeUnknown) as told:
        desk.connector.create(where, card(), "key")
    assert "InternalServerError" in told.value.server_said
    assert len([one for one in desk.asked() if one[0] == "POST"]) == 1, "never repeated blindly"
    assert desk.connector.find(where, card(), "key") is None


def test_a_read_is_repeated_when_the_server_failed(desk: Desk) -> None:
    where = desk.contacts()
    desk.connector.create(where, card(), "key")
    desk.graph.faults.append(Fault(503, code="ServiceUnavailable", method="GET", times=2))
    assert desk.hub(where).titles == ["Ada"]
    desk.graph.faults.append(Fault(500, code="InternalServerError", method="GET", times=9))
    with pytest.raises(Unavailable):
        desk.hub(where)


# ---------------------------------------------------------------- refusals


def test_r09_a_refusal_tells_the_servers_words(desk: Desk) -> None:
    where = desk.contacts()
    ref = desk.connector.create(where, card(), "key")
    desk.graph.faults.append(Fault(400, code="ErrorInvalidArgument", method="PATCH"))
    with pytest.raises(Rejected) as told:
        desk.connector.update(where, ref, card("Ada L."), card())
    assert told.value.server_said == "(ErrorInvalidArgument) As the test asked for."
    assert "refuses this item" in str(told.value)


def test_r09_one_bad_write_of_a_batch_holds_none_of_the_others(desk: Desk) -> None:
    where = desk.contacts()
    refs = [desk.connector.create(where, card(f"c{n}", f"u{n}"), f"k{n}") for n in range(4)]
    desk.ada.touch(refs[1].id)
    desk.ada.delete(refs[3].id)
    desk.graph.faults.append(Fault(400, code="ErrorInvalidArgument", method="POST", path="contacts$", inner=True))
    answers = list(
        desk.connector.write(
            where,
            [
                Write(None, card("new", "u9"), key="k9"),
                Write(refs[0], card("changed", "u0"), card("c0", "u0")),
                Write(refs[1], card("changed", "u1"), card("c1", "u1")),
                Write(refs[2], None),
                Write(refs[3], None),
                Write(refs[0], card("c0", "u0"), card("c0", "u0")),
            ],
        )
    )
    assert [type(one) for one in answers] == [Rejected, RemoteRef, VersionConflict, type(None), type(None), RemoteRef]
    assert sorted(one.fields["displayName"] for one in desk.stored(where)) == ["c1", "changed"]


def test_r27_many_writes_are_few_requests(desk: Desk) -> None:
    where = desk.calendar()
    desk.graph.outer = 0
    refs = list(desk.connector.write(where, [Write(None, event(f"e{n}", f"u{n}"), key=f"k{n}") for n in range(20)]))
    assert desk.graph.outer == 1
    changes = [Write(ref, event("new", f"u{n}"), event(f"e{n}", f"u{n}")) for n, ref in enumerate(refs)]  # type: ignore[arg-type]
    refs = list(desk.connector.write(where, changes))
    assert desk.graph.outer == 2
    assert list(desk.connector.write(where, [Write(ref, None) for ref in refs])) == [None] * 20  # type: ignore[arg-type]
    assert desk.graph.outer == 4, "a look: would a deletion mail anybody?"
    assert desk.stored(where) == []


def test_a_calendar_that_is_gone_is_told(desk: Desk) -> None:
    where = desk.calendar()
    hub = desk.hub(where)
    desk.ada.remove_collection(where.partition("/")[2])
    with pytest.raises(CollectionGone):
        hub.pull()
    with pytest.raises(CollectionGone):
        desk.connector.create(where, event(), "key")


def test_an_id_that_is_none_of_ours_is_no_collection(desk: Desk) -> None:
    for bad in ("", "calendars/", "calendars/a/b", "nonsense/x", "users/a@b"):
        with pytest.raises(CollectionGone):
            desk.connector.changes(bad, None, lambda _: {})


# ---------------------------------------------------------------- sign-in


class _Renewing:
    """A source of tokens whose first one runs out."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.told: list[str] = []

    def token(self) -> str:
        return self.tokens[0]

    def refused(self, token: str) -> None:
        self.told.append(token)
        if len(self.tokens) > 1:
            self.tokens.pop(0)


def test_r24_a_token_that_ran_out_is_renewed_once(desk: Desk) -> None:
    where = desk.contacts()
    good = desk.connector.transport._settings.secret
    source = desk.connector.transport._source = _Renewing("stale", good)
    desk.connector.create(where, card(), "key")
    assert source.told == ["stale"]
    assert len(desk.stored(where)) == 1


def test_r24_a_token_that_runs_out_inside_a_batch_is_renewed_once_and_only_what_it_met_is_repeated(desk: Desk) -> None:
    where = desk.contacts()
    source = desk.connector.transport._source = _two_tokens(desk)
    first = source.tokens[0]
    desk.graph.faults.append(_run_out("POST", 5))
    writes = [Write(None, card(f"c{n}", f"u{n}"), key=f"k{n}") for n in range(12)]
    refs = list(desk.connector.write(where, writes))
    assert source.told == [first]
    assert len(desk.stored(where)) == 12
    assert [method for method, path in desk.asked() if path.endswith("contacts")] == ["POST"] * (12 + 5)
    desk.graph.faults.append(_run_out("GET", 3))
    source.tokens.append(desk.graph.sign_in.give(ADA))
    found = list(desk.connector.fetch(where, [ref.id for ref in refs if isinstance(ref, RemoteRef)]))
    assert sum(isinstance(one, Changed) for one in found) == 12
    assert len(source.told) == 2


def test_r24_a_batch_whose_tokens_are_all_refused_keeps_what_was_written(desk: Desk) -> None:
    where = desk.contacts()
    desk.graph.faults.append(_run_out("POST", 3))  # and there is no other token
    writes = [Write(None, card(f"c{n}", f"u{n}"), key=f"k{n}") for n in range(6)]
    told = desk.connector.write(where, writes)
    in_doubt = [next(told) for _ in range(3)]  # they stand before those that were written
    assert all(isinstance(one, OutcomeUnknown) for one in in_doubt)
    assert all(isinstance(one, RemoteRef) for one in told)
    assert len(desk.stored(where)) == 3
    desk.graph.faults.append(_run_out("GET", 1))
    ids = [stored.id for stored in desk.stored(where)]
    with pytest.raises(NotAuthorised):
        list(desk.connector.fetch(where, ids))


class _Closed(_Renewing):
    """Of which no other one can be had now."""

    def refused(self, token: str) -> None:
        raise Unavailable("The sign-in does not answer.")


def test_r06_where_no_token_can_be_had_in_the_middle_of_a_batch_a_read_tells_what_was_done(desk: Desk) -> None:
    where = desk.contacts()
    desk.connector.transport._source = _Closed(desk.connector.transport._settings.secret)
    writes = [Write(None, card(f"c{n}", f"u{n}"), key=f"k{n}") for n in range(4)]
    desk.graph.faults.append(_run_out("POST", 1))
    first, *others = desk.connector.write(where, writes)
    assert isinstance(first, OutcomeUnknown)
    assert all(isinstance(one, RemoteRef) for one in others)
    desk.graph.faults.append(_run_out("POST", 4))
    with pytest.raises(Unavailable):  # nothing was done, and nobody has to sign in
        list(desk.connector.write(where, writes))


def _run_out(method: str, times: int) -> Fault:
    """So many requests in batches meet the end of the token."""
    return Fault(401, code="InvalidAuthenticationToken", method=method, times=times, inner=True)


def _two_tokens(desk: Desk) -> _Renewing:
    return _Renewing(desk.connector.transport._settings.secret, desk.graph.sign_in.give(ADA))


def test_r24_a_token_that_is_refused_for_good_is_told_at_once(desk: Desk) -> None:
    where = desk.contacts()
    lost = desk.another(secret="nobody")
    with pytest.raises(NotAuthorised) as told:
        Hub(lost, where).pull()
    assert "sign in again" in str(told.value)
    assert len(desk.graph.requests) <= 1
    with pytest.raises(NotAuthorised):
        list(lost.write(where, [Write(None, card("a", "a"), key="a"), Write(None, card("b", "b"), key="b")]))


def test_a_mailbox_that_is_not_ones_own_is_refused(desk: Desk) -> None:
    with pytest.raises(NotAuthorised) as told:
        desk.another(mailbox="bob@example.com").collections()
    assert "permissions" in str(told.value)


def test_no_token_goes_to_another_host(desk: Desk) -> None:
    heard: list[Any] = []

    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        heard.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def redirecting(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"location", there.encode()), (b"content-type", b"application/json")]
        linking = b'{"value": [], "@odata.nextLink": "' + there.encode() + b'/v1.0/me/contacts"}'
        status = 302 if "/lists/" in scope["path"] else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": linking})

    with serving(elsewhere) as there, serving(redirecting) as here:
        desk.graph.url, url = here, desk.graph.url
        for where in ("contacts", "lists/x"):
            with pytest.raises(Unavailable, match="address"):
                Hub(desk.another(), where).pull()
        desk.graph.url = url
    assert heard == []


@pytest.mark.parametrize("body", [b"<html>proxy</html>", b'{"value": [{"id": "x"', b"[]", b'{"value": {}}'])
def test_r01_what_is_no_list_is_no_empty_list(desk: Desk, body: bytes) -> None:
    async def proxy(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    with serving(proxy) as here:
        desk.graph.url, url = here, desk.graph.url
        for where in ("contacts", "lists/x", "calendars/x"):
            with pytest.raises(SuspectListing):
                Hub(desk.another(), where).pull()
        desk.graph.url = url
