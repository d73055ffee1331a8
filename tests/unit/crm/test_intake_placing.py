"""Which request a mail belongs to (REQUESTS.md 3)."""

from __future__ import annotations

from itertools import product

import pytest

from crm.intake.placing import Candidate, Facts, Placement, Way, place

EVA, BOB = "eva@customer.example", "bob@elsewhere.example"


def _candidate(number: int, way: Way, *, people: str = "", mailbox: str = "", is_over: bool = False) -> Candidate:
    return Candidate(number, way, frozenset(people.split()), frozenset(mailbox.split()), is_over)


def _placed(*candidates: Candidate, sender: str = EVA, mailbox: str = "support", automatic: bool = False) -> Placement:
    return place(Facts(sender, mailbox, candidates, automatic))


def test_q03_nothing_known_is_a_new_request() -> None:
    assert _placed() == Placement(None)


def test_q03_our_signature_is_enough_whoever_answers() -> None:
    assert _placed(_candidate(7, Way.SIGNED, people=EVA), sender=BOB).request_id == 7
    assert _placed(_candidate(7, Way.SIGNED), sender="").trusted


def test_q03_a_known_mail_needs_its_sender_or_its_mailbox() -> None:
    assert _placed(_candidate(7, Way.KNOWN, people=EVA)).request_id == 7
    assert _placed(_candidate(7, Way.KNOWN, mailbox="support"), sender=BOB).request_id == 7
    stranger = _placed(_candidate(7, Way.KNOWN, people=EVA, mailbox="sales"), sender=BOB)
    assert stranger == Placement(None, possibly=(7,))


def test_q03_a_number_in_the_subject_is_no_proof() -> None:
    assert _placed(_candidate(7, Way.TOKEN, people=EVA)).request_id == 7
    guessed = _placed(_candidate(7, Way.TOKEN, people=EVA, mailbox="support"), sender=BOB)
    assert guessed == Placement(None, possibly=(7,))
    assert _placed(_candidate(7, Way.TOKEN, people=EVA), sender="").request_id is None


def test_q03_signed_outranks_known_and_known_outranks_the_number() -> None:
    number, known, signed = (
        _candidate(1, Way.TOKEN, people=EVA),
        _candidate(2, Way.KNOWN, people=EVA),
        _candidate(3, Way.SIGNED),
    )
    assert _placed(number, known, signed).request_id == 3
    assert _placed(number, known).request_id == 2


def test_q03_the_newest_reference_comes_first() -> None:
    assert _placed(_candidate(1, Way.KNOWN, people=EVA), _candidate(2, Way.KNOWN, people=EVA)).request_id == 1


def test_q03_closed_too_long_ago_is_gone_on_with_in_a_new_request() -> None:
    old = _candidate(7, Way.SIGNED, is_over=True)
    assert _placed(old) == Placement(None, Way.SIGNED, continues=7)
    assert _placed(old, automatic=True).request_id == 7, "a machine opens nothing"


@pytest.mark.parametrize("sender", [EVA, BOB, ""])
def test_q03_whatever_is_known_it_is_one_place_and_never_a_strangers(sender: str) -> None:
    """Total: all pairs of candidates, and the rule of each way holds for whatever comes out."""
    kinds = [
        _candidate(number, way, people=people, mailbox=mailbox, is_over=over)
        for number, way, people, mailbox, over in product(
            (1, 2), (Way.SIGNED, Way.KNOWN, Way.TOKEN), ("", EVA), ("support", "sales"), (False, True)
        )
    ]
    for pair in product(kinds, kinds):
        found = _placed(*pair, sender=sender)
        assert found == _placed(*pair, sender=sender)
        target = found.request_id or found.continues
        if target is None:
            assert set(found.possibly) == {one.request_id for one in pair}
            continue
        assert not (found.request_id and found.continues)
        assert any(one.request_id == target and one.way is found.way and _may(one, sender) for one in pair)


def _may(candidate: Candidate, sender: str) -> bool:
    part = bool(sender) and sender in candidate.people
    return {
        Way.SIGNED: True,
        Way.KNOWN: part or "support" in candidate.mailboxes,
        Way.TOKEN: part,
    }[candidate.way]
