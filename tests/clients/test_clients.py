"""Real clients, each as a process of its own, against the gateway: what people do with them must reach the server, and
what is done elsewhere must reach them at their next sync.

`make test-clients` runs all that are installed; without it only vdirsyncer runs, with all kinds of items in each test.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from tests.clients.client import Client, Elsewhere, until, with_uid
from tests.clients.client_samples import lost, sample, title_line, without_exception

_numbers = count(1)

Kinds = tuple[str, ...]


def new_uids(kinds: Kinds) -> dict[str, str]:
    """A UID of its own for each kind: tests share the collections. All titles have it in them."""
    return {kind: f"{kind}-{next(_numbers):04}" for kind in kinds}


def put(elsewhere: Elsewhere, uids: dict[str, str], word: str = "Old") -> None:
    """Items that were made elsewhere."""
    for kind, uid in uids.items():
        elsewhere.put(kind, uid, sample(kind, uid, f"{word} {uid}"))


def shows(client: Client, kind: str, uid: str, title: str) -> str:
    """The item as the client shows it, as soon as it has this title."""
    wanted = title_line(kind, title)
    found: str = until(
        lambda: next((text for text in client.texts(kind) if wanted in text), ""),
        f"the client shows the {kind} with the title {title}: {with_uid(client.texts(kind), uid)}",
    )
    return found


def reaches(elsewhere: Elsewhere, kind: str, title: str) -> str:
    """The item as the server has it, as soon as it has this title."""
    wanted = title_line(kind, title)
    found: str = until(
        lambda: next((text for text in elsewhere.texts(kind) if wanted in text), ""),
        f"the server has the {kind} with the title {title}",
    )
    return found


def goes(texts: Callable[[str], list[str]], kind: str, uid: str) -> None:
    """Wait until an item is not there any more."""
    until(lambda: not with_uid(texts(kind), uid), f"{uid} goes")


def test_it_finds_the_collections_from_the_bare_address(client: Client) -> None:
    assert client.discover() >= {"events", "tasks", "people"}


def test_what_it_makes_reaches_the_server(client: Client, elsewhere: Elsewhere, kinds: Kinds) -> None:
    uids = new_uids(kinds)
    for kind, uid in uids.items():
        text = sample(kind, uid, f"Made here {uid}")
        client.create(kind, without_exception(text) if kind == "series" else text)
    client.sync(*kinds)
    for kind, uid in uids.items():
        text = reaches(elsewhere, kind, f"Made here {uid}")
        assert lost(kind, text) - client.drops - {"Moved of"} == set(), text


def test_it_shows_what_was_made_elsewhere(client: Client, elsewhere: Elsewhere, kinds: Kinds) -> None:
    uids = new_uids(kinds)
    put(elsewhere, uids)
    client.sync(*kinds)
    for kind, uid in uids.items():
        assert lost(kind, shows(client, kind, uid, f"Old {uid}")) - client.drops == set()


def test_what_it_changes_reaches_the_server_and_the_rest_stays(
    client: Client, elsewhere: Elsewhere, kinds: Kinds
) -> None:
    uids = new_uids(kinds)
    put(elsewhere, uids)
    client.sync(*kinds)
    for kind, uid in uids.items():
        shows(client, kind, uid, f"Old {uid}")
        client.retitle(kind, uid, f"Changed {uid}")
    client.sync(*kinds)
    for kind, uid in uids.items():
        text = reaches(elsewhere, kind, f"Changed {uid}")
        assert f"UID:{uid}\n" in text
        assert lost(kind, text) - client.drops == set(), text


def test_one_occurrence_that_it_changes_reaches_the_server(client: Client, elsewhere: Elsewhere) -> None:
    uids = new_uids(("series",))
    uid = uids["series"]
    put(elsewhere, uids)
    client.sync("series")
    shows(client, "series", uid, f"Old {uid}")
    client.retitle_one(uid, "20270308T080000Z", f"Other {uid}")
    client.sync("series")
    text = reaches(elsewhere, "series", f"Other {uid}")
    assert text.count("BEGIN:VEVENT") == 3, text
    assert title_line("series", f"Old {uid}") in text
    assert title_line("series", f"Moved of Old {uid}") in text


def test_a_series_and_an_occurrence_that_it_makes_reach_the_server(client: Client, elsewhere: Elsewhere) -> None:
    (uid,) = new_uids(("series",)).values()
    client.create("series", without_exception(sample("series", uid, f"Made here {uid}")))
    client.sync("series")
    reaches(elsewhere, "series", f"Made here {uid}")
    shows(client, "series", uid, f"Made here {uid}")
    client.retitle_one(uid, "20270308T080000Z", f"Other {uid}")
    client.sync("series")
    text = reaches(elsewhere, "series", f"Other {uid}")
    assert text.count("BEGIN:VEVENT") == 2, text
    assert text.count("RECURRENCE-ID") == 1
    assert title_line("series", f"Made here {uid}") in text


def test_it_sees_a_change_that_was_made_elsewhere(client: Client, elsewhere: Elsewhere, kinds: Kinds) -> None:
    uids = new_uids(kinds)
    put(elsewhere, uids)
    client.sync(*kinds)
    for kind, uid in uids.items():
        shows(client, kind, uid, f"Old {uid}")
    put(elsewhere, uids, "New")
    client.sync(*kinds)
    for kind, uid in uids.items():
        text = shows(client, kind, uid, f"New {uid}")
        assert title_line(kind, f"Old {uid}") not in text
        if kind == "series":
            assert title_line(kind, f"Moved of New {uid}") in text


def test_what_it_deletes_goes_from_the_server(client: Client, elsewhere: Elsewhere, kinds: Kinds) -> None:
    uids = new_uids(kinds)
    put(elsewhere, uids)
    client.sync(*kinds)
    for kind, uid in uids.items():
        shows(client, kind, uid, f"Old {uid}")
        client.delete(kind, uid)
    client.sync(*kinds)
    for kind, uid in uids.items():
        goes(elsewhere.texts, kind, uid)


def test_it_sees_a_deletion_that_was_made_elsewhere(client: Client, elsewhere: Elsewhere, kinds: Kinds) -> None:
    uids = new_uids(kinds)
    put(elsewhere, uids)
    client.sync(*kinds)
    for kind, uid in uids.items():
        shows(client, kind, uid, f"Old {uid}")
        elsewhere.delete(kind, uid)
    client.sync(*kinds)
    for kind, uid in uids.items():
        goes(client.texts, kind, uid)
