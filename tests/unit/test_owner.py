"""Whose mailbox it is: asked for when it is first needed, and again only where the server could not tell."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.owner import Owner

ADA, BOB = "ada@example.com", "bob@example.com"


class Server:
    """Tells addresses, one answer a question."""

    def __init__(self, *answers: Iterable[str] | None) -> None:
        self.answers = list(answers)

    def __call__(self) -> Iterable[str] | None:
        return self.answers.pop(0)


def test_it_is_asked_once_and_only_when_it_matters() -> None:
    server = Server(["Ada@Example.com", ""])
    owner = Owner(server)
    assert not owner.is_in(frozenset())
    assert owner.is_in(frozenset({BOB}), "Bob@example.com")
    assert not owner.is_in(frozenset({ADA}), BOB)
    assert not owner.is_known_out(frozenset({BOB}))  # nobody knows yet
    assert server.answers
    assert owner.is_in(frozenset({ADA, BOB}))
    assert not owner.is_in(frozenset({BOB, ""}))
    assert owner.is_known_out(frozenset({BOB}))
    assert not owner.is_known_out(frozenset({ADA}))


def test_a_server_that_cannot_tell_is_asked_again() -> None:
    owner = Owner(Server(None, [ADA]))
    assert not owner.is_in(frozenset({ADA}))
    assert not owner.is_known_out(frozenset({BOB}))
    assert owner.is_in(frozenset({ADA}))


def test_an_owner_without_an_address_is_in_nothing() -> None:
    owner = Owner(Server([]))
    assert not owner.is_in(frozenset({ADA}))
    assert owner.is_known_out(frozenset({ADA}))
