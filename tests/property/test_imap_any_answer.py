"""Whatever an IMAP server answers, nothing but our own errors comes out, and no mail is invented."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.imap import connect
from connectors.mail import After
from connectors.settings import ConnectorSettings
from sync_engine.errors import SyncError
from tests.servers.scripted import Imap, Talk, scripted

_WORDS = b'* |1 |FETCH |(|)|UID |3 |BODY[] |{4}\r\n|NIL |"|\\|\r\n|\n|RFC822.SIZE |INTERNALDATE |EXISTS|OK |] '
_MORE = b"[UIDVALIDITY |BYE |NO |BAD |-1 |99999999999999999999 |\x00|\xff|&AOk|+ |LIST |* FLAGS ()\r\n|A1 OK\r\n"
PIECES = st.sampled_from((_WORDS + b"|" + _MORE).split(b"|"))
ANSWERS = st.lists(PIECES | st.binary(max_size=6), max_size=25).map(b"".join)
MAILS = {3: b"a\r\n", 5: b"b\r\n"}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["EXAMINE", "SELECT", "FETCH", "UID FETCH", "UID STORE", "LIST", "CAPABILITY", "IDLE"]), ANSWERS)
def test_any_answer_ends_in_mails_or_in_our_errors(command: str, octets: bytes) -> None:
    def answer(talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.line.sendall(octets + b"\r\n" + tag + b" OK done\r\n")
        talk.hang_up()

    with scripted(Imap(dict(MAILS), answers={command: answer})) as server:
        said = ""
        source = connect(ConnectorSettings(f"imap://127.0.0.1:{server.port}", "ada", "pw-4711", timeout=0.5))
        for act in (
            source.folders,
            lambda: [
                list(source.raws("INBOX", [one.id for one in p.arrivals])) for p in source.arrivals("INBOX", None)
            ],
            lambda: source.settle("INBOX", ["7.3"], After(seen=True, keyword="x")),
            lambda: source.wait("INBOX", 0.0, lambda: False),
        ):
            try:
                act()
            except SyncError as err:
                said += f"{err} {err.server_said}"
        source.close()
    assert "pw-4711" not in said
