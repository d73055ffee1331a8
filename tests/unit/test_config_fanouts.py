"""[[fanouts]] in the configuration: what is refused, and how it is told."""

from __future__ import annotations

import pytest

from config import ConfigError, parse

ACCOUNT = '[[accounts]]\nname = "service"\nurl = "https://a.example"\n'
FANOUT = '[[fanouts]]\nname = "book"\naccount = "service"\ncollection = "Contacts"\n'
WHO = 'mailboxes = ["Ada@Example.org", "bob@example.org"]\n'


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        parse(text)
    return [f"{problem.key}: {problem.message}" for problem in raised.value.problems]


def test_a_fanout_has_good_defaults_and_small_letters() -> None:
    [fanout] = parse(ACCOUNT + FANOUT + WHO + 'except = ["Bob@example.org"]').fanouts
    assert (fanout.folder, fanout.direction, fanout.kinds) == ("AgendaHub", "out", ("contact",))
    assert fanout.mailboxes == ("ada@example.org", "bob@example.org")
    assert fanout.left_out == ("bob@example.org",)


def test_what_others_share_is_for_microsofts_systems() -> None:
    shared = ACCOUNT + 'shared = ["bob@example.org", "public:/Company/Holidays"]\n'
    assert "only accounts of exchange" in problems(shared)[0]
    assert "no public folders" in problems(shared + 'connector = "microsoft365"\nauth = "bearer"')[0]
    assert parse(shared + 'connector = "exchange"\nusername = "ada"').accounts[0].shared[0] == "bob@example.org"
    assert "write addresses" in problems(ACCOUNT + 'connector = "exchange"\nusername = "ada"\nshared = ["bob"]')[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FANOUT + WHO, "there is no [[accounts]] entry of this name"),
        (ACCOUNT + 'connector = "google_workspace"\nauth = "bearer"\n' + FANOUT + WHO, 'auth = "app"'),
        (ACCOUNT + FANOUT, "say who gets it"),
        (ACCOUNT + FANOUT + WHO + 'kinds = ["contact", "event"]', "cannot share a collection"),
        (ACCOUNT + FANOUT + 'mailboxes = ["ada"]', "write the address of a mailbox"),
        (ACCOUNT + FANOUT + WHO + 'direction = "in"', "must be 'out' or 'both'"),
        (ACCOUNT + FANOUT + WHO + FANOUT.replace("book", "two") + WHO, 'fan-out "book" uses this folder already'),
        (ACCOUNT + FANOUT + WHO + FANOUT + 'folder = "Other"\n' + WHO, "this name is already taken"),
        (ACCOUNT + FANOUT.replace('"book"', '"a/b"') + WHO, "has no / and no @"),
        (
            ACCOUNT
            + '[[bindings]]\nname = "x"\naccount = "service"\nremote = "/x/"\ncollection = "Contacts"\n'
            + 'kinds = ["event"]\n'
            + FANOUT
            + WHO,
            "contacts and calendar entries cannot share",
        ),
        (
            ACCOUNT
            + '[[bindings]]\nname = "book/ada@example.org"\naccount = "service"\nremote = "/x/"\n'
            + 'collection = "B"\nkinds = ["event"]\n'
            + FANOUT
            + WHO,
            "are made for the mailboxes of fan-outs",
        ),
    ],
)
def test_a_fanout_that_cannot_work_is_refused(text: str, expected: str) -> None:
    found = problems(text)
    assert any(expected in problem for problem in found), found
    assert len(found) == 1, found
