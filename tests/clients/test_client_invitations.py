"""Real clients invite and are invited: the gateway carries invitations and answers (RFC 6638), nobody is mailed."""

from __future__ import annotations

from tests.clients.client import Client, Elsewhere, until, with_uid
from tests.clients.client_samples import MEETING, sample

GUEST = "PARTSTAT=NEEDS-ACTION"


def line_of(text: str, user: str) -> str:
    """What an event says of one who is invited, in upper case."""
    lines = (line for line in text.splitlines() if line.startswith("ATTENDEE") and line.endswith(f"mailto:{user}"))
    return next(lines, "").upper()


def test_whom_it_invites_is_told_and_the_answer_comes_back(
    client: Client, elsewhere: Elsewhere, colleague: Elsewhere
) -> None:
    uid = "meeting-from-here"
    elsewhere.put("event", "kept", sample("event", "kept", "Kept"))  # vdirsyncer refuses to empty a collection
    client.create("event", MEETING.format(uid=uid, title=f"From {uid}", host=elsewhere.user, guest=colleague.user))
    client.sync("event")
    until(lambda: with_uid(colleague.texts("event"), uid), "the invitation reaches the colleague")
    colleague.change(uid, GUEST, "PARTSTAT=ACCEPTED")
    assert "ACCEPTED" in line_of(with_uid(elsewhere.texts("event"), uid), colleague.user)
    client.sync("event")
    until(
        lambda: "PARTSTAT=ACCEPTED" in line_of(with_uid(client.texts("event"), uid), colleague.user),
        "the client shows the answer",
    )
    client.delete("event", uid)
    client.sync("event")
    until(
        lambda: "STATUS:CANCELLED" in (text := with_uid(colleague.texts("event"), uid)) or not text,
        "the colleague is told that it is off",
    )


def test_it_shows_an_invitation_and_its_change(client: Client, elsewhere: Elsewhere, colleague: Elsewhere) -> None:
    uid = "meeting-from-there"
    text = MEETING.format(uid=uid, title=f"From {uid}", host=colleague.user, guest=elsewhere.user)
    colleague.put("event", uid, text)
    client.sync("event")
    until(lambda: with_uid(client.texts("event"), uid), "the client shows the invitation")
    colleague.put("event", uid, text.replace("T100000Z", "T113000Z"))
    client.sync("event")
    until(lambda: "T113000Z" in with_uid(client.texts("event"), uid), "the client shows the change")
    client.accept(uid, elsewhere.user)
    client.sync("event")
    until(
        lambda: "PARTSTAT=ACCEPTED" in line_of(with_uid(colleague.texts("event"), uid), elsewhere.user),
        "the answer reaches who invited",
    )
