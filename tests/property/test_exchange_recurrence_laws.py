"""Recurrences to EWS and back, by exchangelib's own XML."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from exchangelib import recurrence as ews
from exchangelib.version import EXCHANGE_2016, Version
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from connectors.exchange.mapping_recurrence import get_recurrence, put_recurrence
from connectors.microsoft.patterns import Pattern, PatternKind, Recurrence
from sync_engine.errors import Rejected
from tests.property.microsoft_records import recurrences, starts
from tests.property.outlook_calendar import outlook_days


def _through_xml(value: Any) -> Any:
    """As the server would get and send it back."""
    version = Version(build=EXCHANGE_2016)
    value.clean(version=version)
    written = etree.tostring(value.to_xml(version=version))
    return ews.Recurrence.from_xml(etree.fromstring(written), account=None)


@settings(max_examples=150, deadline=None)
@given(starts.flatmap(lambda at: recurrences(at.date())))
def test_r16_a_recurrence_through_ews_takes_place_on_the_same_days(recurrence: Recurrence) -> None:
    got = get_recurrence(_through_xml(put_recurrence(recurrence)))
    assert outlook_days(got) == outlook_days(recurrence)
    assert get_recurrence(_through_xml(put_recurrence(got))) == got


@given(starts, st.sampled_from([tuple(range(7)), (0, 1, 2, 3, 4), (5, 6)]), st.sampled_from([1, 4, -1]))
def test_the_first_workday_of_a_month_is_kept(at: Any, days: tuple[int, ...], index: int) -> None:
    recurrence = Recurrence(Pattern(PatternKind.MONTHLY_BY_DAY, 1, days, index=index), at.date())
    assert get_recurrence(_through_xml(put_recurrence(recurrence))) == recurrence


def test_r09_what_ews_cannot_express_is_refused() -> None:
    for pattern, reason in [
        (Pattern(PatternKind.MONTHLY_BY_DAY, 1, (0, 2), index=1), "set of weekdays"),
        (Pattern(PatternKind.YEARLY, 9, day=1, month=1), "eight years"),
    ]:
        with pytest.raises(Rejected, match=reason):
            put_recurrence(Recurrence(pattern, date(2026, 1, 1)))
