"""Rules of intake: in their order, each with the reason, written as JSON without surprises."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crm.errors import Invalid
from crm.mail import automatic
from crm.mail.reading import read_mail
from crm.rules.distribution import Candidate, choose
from crm.rules.evaluating import dry_run, evaluate
from crm.rules.facts import facts_of
from crm.rules.fields import FIELDS, NUMBER_OPERATORS, TEXT_OPERATORS
from crm.rules.json_form import as_json, from_kept, kept_form, rule_from
from crm.rules.model import Facts, Outcome, Rule
from tests.unit.crm.test_mail_reading import sample

EVA = Facts(
    sender="eva@customer.example",
    sender_name="Eva Neri",
    recipients=("help@company.example", "sales@company.example"),
    mailbox="support",
    subject="Fattura 2026/7 errata",
    text="Buongiorno,\nla fattura non è corretta.",
    attachments=("invoice.pdf",),
    size=5000,
    headers={"x-priority": ("1",)},
    verified=True,
    customer_known=True,
    categories=("VIP",),
    language="it",
)


def rule(*when: dict[str, Any], name: str = "one", match: str = "all", **then: Any) -> Rule:
    return rule_from({"name": name, "match": match, "when": list(when), "then": then or {"tags": ["hit"]}})


def hit(**condition: Any) -> bool:
    return evaluate([rule(condition)], EVA).tags == ("hit",)


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "from", "value": "EVA@customer.example"},
        {"field": "from", "operator": "ends", "value": "@customer.example"},
        {"field": "from_name", "operator": "contains", "value": "neri"},
        {"field": "domain", "value": ["other.example", "customer.example"]},
        {"field": "to", "value": "sales@company.example"},
        {"field": "mailbox", "value": "support"},
        {"field": "subject", "operator": "starts", "value": "fattura"},
        {"field": "subject", "operator": "matches", "value": r"\b20\d\d/\d+\b"},
        {"field": "text", "operator": "contains", "value": "CORRETTA"},
        {"field": "text", "operator": "matches", "value": "^la .* corretta\\.$"},
        {"field": "subject_or_text", "operator": "contains", "value": "buongiorno"},
        {"field": "attachment", "operator": "ends", "value": ".pdf"},
        {"field": "header", "header": "X-Priority", "value": "1"},
        {"field": "category", "value": "vip"},
        {"field": "language", "value": "it"},
        {"field": "automatic", "value": False},
        {"field": "verified", "value": True},
        {"field": "known", "value": True},
        {"field": "invitation", "value": False},
        {"field": "attachments", "operator": "above", "value": 0},
        {"field": "attachments", "operator": "is", "value": 1},
        {"field": "size", "operator": "below", "value": 5001},
    ],
    ids=str,
)
def test_q06_a_condition_holds_and_its_contrary_does_not(condition: dict[str, Any]) -> None:
    assert hit(**condition)
    assert not hit(**condition, **{"not": True})


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "from", "value": "eva"},
        {"field": "domain", "value": "example"},
        {"field": "subject", "operator": "matches", "value": "^errata"},
        {"field": "header", "header": "X-Other", "operator": "contains", "value": "1"},
        {"field": "authentication", "operator": "contains", "value": "fail"},
        {"field": "automatic", "value": True},
        {"field": "size", "operator": "above", "value": 5000},
    ],
    ids=str,
)
def test_q06_a_condition_that_does_not_hold(condition: dict[str, Any]) -> None:
    assert not hit(**condition)
    assert hit(**condition, **{"not": True})


def test_q06_all_or_any_and_none() -> None:
    yes, no = {"field": "known", "value": True}, {"field": "known", "value": False}
    assert not evaluate([rule(yes, no)], EVA).tags
    assert evaluate([rule(yes, no, match="any")], EVA).tags
    assert evaluate([rule()], EVA).tags
    assert evaluate([rule(match="any")], EVA).tags


def test_q06_the_first_rule_that_sets_a_value_has_it_and_tags_come_together() -> None:
    rules = [
        rule(name="a", type="support", tags=["x"], priority=5),
        rule(name="b", type="commercial", effort=2, group="Sales", tags=["x", "y"]),
        rule(name="c", responsible="ada", distribution="least_busy", spam=True),
    ]
    found = evaluate(rules, EVA)
    assert (found.request_type, found.priority, found.effort, found.tags) == ("support", 5, 2, ("x", "y"))
    assert (found.group, found.responsible, found.distribution) == ("Sales", "", "")  # one decision, of the first
    assert found.spam
    assert "type commercial (an earlier rule has set another)" in found.verdicts[1].effects


def test_q06_stop_and_switched_off() -> None:
    off = rule_from({"name": "off", "enabled": False, "then": {"spam": True}})
    found = evaluate([off, rule(name="a", stop=True), rule(name="b", ignore=True)], EVA)
    assert (found.spam, found.ignore) == (False, False)
    assert [(one.asked, one.matched) for one in found.verdicts] == [(False, False), (True, True), (False, False)]
    assert found.verdicts[2].effects == ("rule 'a' said stop",)


def test_q06_the_dry_run_says_which_rule_matched_and_why() -> None:
    rules = [
        rule(
            {"field": "subject", "operator": "contains", "value": ["offer", "quote"]}, name="quotes", type="commercial"
        ),
        rule(
            {"field": "subject", "operator": "matches", "value": "ordine n.? \\d"},
            {"field": "automatic", "value": False},
            name="orders",
            type="support",
            priority=4,
        ),
    ]
    found = dry_run(rules, sample("person"), mailbox="support")
    assert found.request_type == "support"
    assert found.explanation.splitlines() == [
        "quotes: does not match",
        '  no  the subject contains "offer" or "quote": it is "Ordine n° 7: perché manca"',
        "orders: matches",
        '  yes the subject matches "ordine n.? \\d": found in "Ordine n° 7: perché manca"',
        "  yes is not automatic mail: it is not",
        "  -> type support",
        "  -> priority 4",
    ]


def test_a_pattern_that_costs_too_much_does_not_match_and_says_so() -> None:
    text = "".join(Random(1).choices("ab", k=100_000))
    found = evaluate([rule({"field": "text", "operator": "matches", "value": "(a|b)a.{90}c"})], Facts(text=text))
    assert not found.tags
    assert found.verdicts[0].conditions[0].why == "the pattern takes too long for this mail"


def test_facts_of_a_mail_that_a_colleague_passed_on() -> None:
    raw = sample("forwarded_attached")
    mail = read_mail(raw)
    assert facts_of(mail, raw).sender == "ada@company.example"
    assert facts_of(mail, raw, passed_on=True).sender == "carla@customer.example"
    assert facts_of(mail, raw).headers["message-id"] == ("<fw.2@company.example>",)
    assert facts_of(read_mail(sample("person")), b"").language == "it"


# ---------------------------------------------------------------- JSON

WHOLE: dict[str, Any] = {
    "name": "Invoices",
    "enabled": False,
    "match": "any",
    "when": [
        {"field": "subject", "operator": "contains", "value": ["invoice", "fattura"]},
        {"field": "header", "operator": "is", "value": "1", "header": "x-priority", "not": True},
    ],
    "then": {"type": "commercial", "priority": 4, "effort": 1, "group": "Sales", "distribution": "least_busy",
             "spam": True, "ignore": True, "tags": ["invoice"], "stop": True},
}  # fmt: skip


def test_json_there_and_back() -> None:
    made = rule_from(WHOLE)
    assert as_json(made) == WHOLE
    conditions, actions = kept_form(made)
    assert from_kept(0, made.name, made.enabled, conditions, actions) == made
    with pytest.raises(Invalid, match="damaged in the store"):
        from_kept(1, "x", True, "{", "{}")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": " "}, "A rule needs a name"),
        ({"name": "x" * 201}, "A rule needs a name"),
        ({"colour": 1}, "A rule has no 'colour'"),
        ({"match": "some"}, '"match" is "all"'),
        ({"when": {}}, '"when" is a list'),
        ({"when": [1]}, "Condition 1 must be a JSON object"),
        ({"when": [{"field": "moon"}]}, "Condition 1: there is no field 'moon'"),
        ({"when": [{"field": "size", "operator": "contains"}]}, "size can be asked with is, above, below"),
        ({"when": [{"field": "size", "operator": "above", "value": "x"}]}, '"value" is a number'),
        ({"when": [{"field": "known", "value": 1}]}, '"value" is true or false'),
        ({"when": [{"field": "text", "value": ""}]}, '"value" is a text'),
        ({"when": [{"field": "text", "value": []}]}, '"value" is a text'),
        ({"when": [{"field": "text", "value": "x", "not": 1}]}, '"not" is true or false'),
        ({"when": [{"field": "header", "value": "x"}]}, '"header" names the header'),
        ({"when": [{"field": "text", "operator": "matches", "value": "(a"}]}, r"a \) is missing"),
        ({"then": {}}, "A rule must do something"),
        ({"then": None}, "must be a JSON object"),
        ({"then": {"priority": 6}}, '"priority" is a number from 1'),
        ({"then": {"priority": True}}, '"priority" is a number from 1'),
        ({"then": {"group": "a", "responsible": "b"}}, "not both"),
        ({"then": {"distribution": "dice"}}, '"distribution" is one of'),
        ({"then": {"tags": "x"}}, '"tags" is a list'),
        ({"then": {"type": 5}}, '"type" is a name'),
        ({"then": {"move": "x"}}, "has no 'move'"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as raised:
        rule_from(WHOLE | change)
    assert str(raised.value).endswith(".")


# ---------------------------------------------------------------- distribution

BUSY = [
    Candidate(1, open_requests=5, open_weight=50, last_at=datetime(2026, 1, 1, tzinfo=UTC)),
    Candidate(2, open_requests=1, open_weight=60, last_at=datetime(2026, 1, 3, tzinfo=UTC)),
    Candidate(3, open_requests=9, open_weight=50, last_at=datetime(2026, 1, 2, tzinfo=UTC)),
]


def test_q06_distribution() -> None:
    assert choose("least_busy", BUSY) == 1
    assert choose("least_busy", BUSY[1:]) == 3
    assert choose("round_robin", BUSY) == 1
    assert choose("round_robin", [*BUSY, Candidate(9)]) == 9  # never had one
    assert choose("direct", BUSY) is None
    assert choose("direct", BUSY[:1]) == 1
    assert choose("round_robin", []) is None


def test_q06_round_robin_comes_round() -> None:
    people = {n: Candidate(n) for n in (1, 2, 3)}
    got = []
    for hour in range(6):
        who = choose("round_robin", list(people.values()))
        assert who is not None
        people[who] = Candidate(who, last_at=datetime(2026, 1, 1, hour, tzinfo=UTC))
        got.append(who)
    assert got == [1, 2, 3, 1, 2, 3]


def test_no_rules_decide_nothing() -> None:
    assert evaluate([], EVA) == Outcome()


def test_the_page_for_admins_names_everything() -> None:
    page = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
    kinds = {value for name, value in vars(automatic).items() if name.isupper() and isinstance(value, str)}
    for word in (*FIELDS, *TEXT_OPERATORS, *NUMBER_OPERATORS, *kinds, *WHOLE["then"]):
        assert f"`{word}`" in page, word
    example = page.split("```json\n")[1].split("```")[0]
    assert as_json(rule_from(json.loads(example)))["name"] == "Invoices of big customers"


def test_the_rules_to_begin_with_do_what_their_page_says() -> None:
    page = (Path(__file__).parents[3] / "docs" / "requests.md").read_text(encoding="utf-8")
    rules = [rule_from(json.loads(part.split("```")[0])) for part in page.split("```json\n")[1:]]
    assert [rule.name for rule in rules] == ["Newsletters", "Orders"]
    news = replace(EVA, sender="post@news.example.com", automatic="list")
    asks = replace(EVA, subject="Preventivo per due lampade")
    assert evaluate(rules, news).ignore
    assert [evaluate(rules, facts).ignore for facts in (replace(news, sender=EVA.sender), asks, EVA)] == [False] * 3
    assert [evaluate(rules, facts).request_type for facts in (asks, EVA)] == ["Commercial", ""]
