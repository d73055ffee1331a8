"""Signing in, acting for others, finding folders, and servers that are busy, old or closed (E7, E15, E17; R24, R27)."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.exchange.connection import endpoint
from connectors.exchange.connector import ExchangeConnector
from connectors.settings import ConnectorSettings
from sync_engine.errors import AccountError, NoAccess, NotAuthorised, OutcomeUnknown, Throttled, Unavailable
from sync_engine.model import Kind
from sync_engine.ports import Write
from tests.contract.connector_contract import Hub, task
from tests.integration.microsoft.exchange_desk import ADA, BOB, Desk, Trouble, desk_of_ada, refusal
from tests.servers.certificates import certificates
from tests.servers.microsoft.ews import add_person


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        add_person(made.site, "bob", "secret", BOB, "Bob")
        yield made


@pytest.fixture(scope="module")
def certificate_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of the server with its key, and of the authority."""
    return certificates(tmp_path_factory.mktemp("certificates"))


# ------------------------------------------------------------ signing in


@pytest.mark.parametrize("login", ["ada", "EXAMPLE\\ada", ADA])
@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_people_sign_in(desk: Desk, auth: str, login: str) -> None:
    desk.site.schemes = ({"basic": "Basic", "ntlm": "NTLM"}[auth],)
    one = desk.another(auth=auth, username=login)
    for _ in range(2):
        assert len(one.collections()) == 3
    assert desk.site.handshakes == (auth == "ntlm")


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_r24_a_wrong_password_is_told_at_once(desk: Desk, auth: str) -> None:
    one = desk.another(auth=auth, secret="wrong")
    with pytest.raises(NotAuthorised, match="user name and password"):
        one.collections()
    assert one.transport.requests <= 3


def test_the_authority_that_is_named_is_trusted(
    certificate_files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, ca = certificate_files
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")  # the environment is not read
    with desk_of_ada(server, ca_file=str(ca)) as desk:
        assert len(desk.connector.collections()) == 3
        ntlm = desk.another(ca_file=str(ca), auth="ntlm")
        assert len(ntlm.collections()) == 3
        with pytest.raises(Unavailable, match="authority that is not trusted"):
            desk.another().collections()


def test_a_token_that_somebody_looks_after(desk: Desk) -> None:
    desk.site.tokens["good"] = ADA
    one = desk.another(auth="bearer", secret="good", username="")
    assert len(one.collections()) == 3
    with pytest.raises(NotAuthorised, match="sign in again"):
        desk.another(auth="bearer", secret="bad", username="").collections()


def test_r24_a_token_that_is_refused_is_renewed_once(desk: Desk) -> None:
    class Two:
        """Gives another token when one was refused."""

        def __init__(self) -> None:
            self.tokens, self.told = ["old", "new"], 0

        def token(self) -> str:
            return self.tokens[0]

        def refused(self, token: str) -> None:
            assert token == self.tokens.pop(0)
            self.told += 1

    desk.site.tokens["new"] = ADA
    one, source = desk.another(auth="bearer", secret="x"), Two()
    bearer = one.transport.connection.bearer
    assert bearer is not None
    bearer.source = source
    assert len(one.collections()) == 3
    assert source.told == 1


def test_e15_an_app_signs_in_and_acts_for_somebody(certificate_files: tuple[Path, Path]) -> None:
    server, ca = certificate_files
    with desk_of_ada(server) as desk:
        app = {"auth": "app", "client_id": "cid", "secret": "s3cret", "username": "", "ca_file": str(ca)}
        where = {"authority": desk.site.url.partition("/EWS")[0] + "/contoso", "mailbox": ADA}
        assert len(desk.another(**app, **where).collections()) == 3
        with pytest.raises(NoAccess, match="no mailbox of this address"):
            desk.another(**app, **where | {"mailbox": "nobody@example.com"}).collections()


def test_r24_without_a_token_nothing_is_sent_and_nothing_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    one = desk.another(auth="device", username=ADA)  # nobody has signed in
    with pytest.raises(NotAuthorised, match="sign"):
        list(one.write(desk.tasks, [Write(None, task("very private"), key="key")]))
    assert one.transport.requests == 0
    assert "very private" not in caplog.text


def test_an_auth_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="ntlm"):
        ExchangeConnector(ConnectorSettings("https://mail.example.org", auth="digest"))


def test_a_zone_that_windows_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ExchangeConnector(ConnectorSettings("https://mail.example.org", zone="Mars/Olympus"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://mail.example.org", "https://mail.example.org/EWS/Exchange.asmx"),
        ("https://mail.example.org/", "https://mail.example.org/EWS/Exchange.asmx"),
        ("mail.example.org", "https://mail.example.org/EWS/Exchange.asmx"),
        ("https://mail.example.org:8443/ews/exchange.asmx", "https://mail.example.org:8443/ews/exchange.asmx"),
    ],
)
def test_the_address_of_a_server_is_enough(url: str, expected: str) -> None:
    assert endpoint(url) == expected


def test_no_password_or_token_gets_into_a_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.site.tokens["TOKEN-9"] = ADA
    with caplog.at_level(logging.DEBUG):
        desk.another(secret="secret").collections()
        desk.another(auth="bearer", secret="TOKEN-9").collections()
    assert "TOKEN-9" not in caplog.text
    assert "YWRhOnNlY3JldA" not in caplog.text  # ada:secret
    assert "Authorization" not in caplog.text


# ------------------------------------------------------------ other mailboxes


def test_e15_one_acts_for_another_by_impersonation(desk: Desk) -> None:
    desk.site.impersonators.add("ada")
    one = desk.another(mailbox=BOB)
    (where,) = (c.id for c in one.collections() if c.kinds == {Kind.TASK})
    one.create(where, task("for Bob"), "key")
    assert [item.collection for item in desk.site.exchange.mailbox(BOB).items.values()] == [where.partition("/")[2]]


def test_e15_impersonation_without_the_right_is_told(desk: Desk) -> None:
    with pytest.raises(NoAccess, match="ApplicationImpersonation"):
        desk.another(mailbox=BOB).collections()
    desk.site.impersonators.add("ada")
    with pytest.raises(NoAccess, match="no mailbox of this address"):
        desk.another(mailbox="nobody@example.com").collections()


def test_e15_one_opens_anothers_mailbox_as_delegate(desk: Desk) -> None:
    one = desk.another(mailbox=BOB, options={"access": "delegate"})
    with pytest.raises(NoAccess):
        one.collections()
    desk.site.delegates.add((ADA, BOB))
    (where,) = (c.id for c in one.collections() if c.kinds == {Kind.TASK})
    one.create(where, task("for Bob"), "key")
    assert Hub(one, where).pull().titles == ["for Bob"]


# ------------------------------------------------------------ folders


def test_folders_below_the_usual_ones_are_found(desk: Desk) -> None:
    top = desk.ada.well_known("contacts").id
    friends = desk.ada.add_collection("contacts", "Friends", parent=top)
    desk.ada.add_collection("contacts", "Old", parent=friends.id)
    desk.ada.add_collection("calendar", "Elsewhere")
    names = {one.name: one.kinds for one in desk.connector.collections()}
    assert names == {
        "Contacts": {Kind.CONTACT},
        "Contacts / Friends": {Kind.CONTACT},
        "Friends / Old": {Kind.CONTACT},
        "Calendar": {Kind.EVENT},
        "Tasks": {Kind.TASK},
    }
    assert desk.asked() == ["GetFolder", "FindFolder"]


# ------------------------------------------------------------ trouble


def test_r27_a_busy_server_that_says_for_how_long_is_waited_for(desk: Desk) -> None:
    desk.site.mood.busy, desk.site.mood.back_off = 1, 100
    assert len(desk.connector.collections()) == 3
    assert desk.asked() == ["GetFolder", "GetFolder", "FindFolder"]


@pytest.mark.parametrize(("back_off", "expected"), [(60_000, 60.0), (None, 30.0)])
def test_r27_no_request_goes_out_before_the_wait_is_over(
    desk: Desk, back_off: int | None, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.pacing._paces", {})  # ports come again, in other tests
    desk.site.mood.busy, desk.site.mood.back_off = 1, back_off
    with pytest.raises(Throttled) as caught:
        desk.connector.collections()
    assert caught.value.retry_after == expected
    with pytest.raises(Throttled):
        desk.another().collections()  # another connector to the same mailbox waits too
    assert desk.asked() == ["GetFolder"]
    assert len(desk.another(username="bob").collections()) == 3  # other mailboxes do not


def test_a_server_that_does_not_let_us_use_ews_is_told_so(desk: Desk) -> None:
    desk.fail(Trouble("GetFolder", 403, b"<html>Forbidden</html>"))
    with pytest.raises(NotAuthorised, match="microsoft365"):
        desk.connector.collections()


@pytest.mark.parametrize("status", [301, 302, 404, 405])
def test_an_address_without_ews_is_told_so(desk: Desk, status: int) -> None:
    desk.fail(Trouble("GetFolder", status, headers={"location": "https://elsewhere.example.org/owa"}))
    with pytest.raises(Unavailable, match="no EWS at this address"):
        desk.connector.collections()


def test_e17_an_old_server_is_asked_once(desk: Desk) -> None:
    desk.site.mood.versions = ("Exchange2007", "Exchange2010")
    with pytest.raises(Unavailable, match="older than Exchange 2016"):
        desk.connector.collections()
    assert desk.asked() == ["GetFolder"]


@pytest.mark.parametrize("code", ["ErrorMailboxStoreUnavailable", "ErrorTimeoutExpired", "ErrorInternalServerError"])
def test_what_may_pass_is_tried_again_later(desk: Desk, code: str) -> None:
    desk.fail(refusal("SyncFolderItems", code))
    with pytest.raises(Unavailable):
        desk.hub(desk.tasks)


def test_an_error_does_not_live_on(desk: Desk) -> None:
    """The library keeps errors of connections for the life of the process; we do not."""
    for trouble in (Trouble("GetFolder", 500), Trouble("GetFolder", 200, b"<html/>"), Trouble("GetFolder", 401)):
        desk.fail(trouble)
        with pytest.raises(AccountError):
            desk.connector.collections()
        assert len(desk.connector.collections()) == 3
        assert len(desk.another().collections()) == 3


def test_connections_are_given_back(desk: Desk) -> None:
    one = desk.another()
    one.collections()
    assert one.transport.connection.session_pool_size == 1
    one.close()
    assert one.transport.connection.session_pool_size == 0
    assert len(one.collections()) == 3


class Dropping:
    """Takes connections, and closes some of them when a request has come."""

    def __init__(self, answer: bytes, drop: int) -> None:
        self.answer, self.drop, self.requests = answer, drop, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/EWS/Exchange.asmx"

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            with connection:
                data = b""
                while b"Envelope>" not in data:
                    data += connection.recv(65536)
                self.requests += 1
                if self.drop:
                    self.drop -= 1
                    continue
                head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(self.answer)}\r\n"
                connection.sendall(f"{head}Connection: close\r\n\r\n".encode() + self.answer)


@pytest.mark.parametrize("drop", [1, 2])
def test_a_read_on_a_connection_that_broke_is_repeated_once_and_a_write_never(desk: Desk, drop: int) -> None:
    hub = desk.hub(desk.tasks)
    hub.poll()
    server = Dropping(desk.site.documents[-1], drop)
    try:
        hub.connector = desk.another(url=server.url)
        if drop == 1:
            hub.poll()
        else:
            with pytest.raises(Unavailable, match="it is tried again later"):
                hub.poll()
        assert server.requests == 2
        server.drop = 1
        (answer,) = hub.connector.write(desk.tasks, [Write(None, task("t"), key="key")])
        assert isinstance(answer, OutcomeUnknown)
        assert server.requests == 3
    finally:
        server.close()


def test_a_server_that_is_silent_is_given_up(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/EWS/Exchange.asmx"
        one = desk.another(url=url, timeout=0.3)
        with pytest.raises(Unavailable, match="did not answer in time"):
            one.collections()
        assert one.transport.requests == 1
