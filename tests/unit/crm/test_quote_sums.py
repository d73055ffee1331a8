"""What quotes come to. The second opinion is decimal arithmetic."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.document.model import Line, Tax
from crm.document.sums import divided, sums
from crm.errors import Invalid

lines = st.builds(
    Line,
    text=st.just("Work"),
    quantity_thousandths=st.integers(-(10**7), 10**7),
    price_cents=st.integers(-(10**7), 10**7),
    discount_basis_points=st.integers(0, 10_000),
    tax_basis_points=st.sampled_from([0, 400, 1000, 1900, 2200]),
)


def cents(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.lists(lines, min_size=1, max_size=12))
def test_sums_agree_with_decimal_arithmetic(drawn: list[Line]) -> None:
    found = sums(drawn)
    nets = [
        cents(
            Decimal(line.price_cents)
            * Decimal(line.quantity_thousandths)
            / 1000
            * (10_000 - line.discount_basis_points)
            / 10_000
        )
        for line in drawn
    ]
    by_rate: dict[int, int] = defaultdict(int)
    for line, net in zip(drawn, nets, strict=True):
        by_rate[line.tax_basis_points] += net
    taxes = {rate: cents(Decimal(net) * rate / 10_000) for rate, net in by_rate.items()}
    assert list(found.lines) == nets
    assert {tax.basis_points: tax.tax_cents for tax in found.taxes} == taxes
    assert (found.net_cents, found.tax_cents) == (sum(nets), sum(taxes.values()))
    assert found.total_cents == found.net_cents + found.tax_cents


def test_tax_is_rounded_once_for_each_rate() -> None:
    """Three times 0.10 at 22 %: 6.6 cents of tax together, not three times 2.2 rounded to 2."""
    found = sums([Line("a", 1000, 10, tax_basis_points=2200)] * 3 + [Line("b", 1000, 10, tax_basis_points=400)])
    assert found.taxes == (Tax(400, 10, 0), Tax(2200, 30, 7))
    assert (found.net_cents, found.tax_cents, found.total_cents) == (40, 7, 47)


def test_quantities_and_discounts() -> None:
    hours = Line("Work", 1500, 8000, "h", discount_basis_points=1000, tax_basis_points=2200)  # 1.5 h at 80.00, - 10 %
    assert sums([hours]).lines == (10_800,)
    assert sums([hours, Line("Taken back", -1000, 5000)]).net_cents == 5800


@pytest.mark.parametrize(("number", "by", "wanted"), [(5, 10, 1), (-5, 10, -1), (4, 10, 0), (15, 10, 2), (0, 7, 0)])
def test_halves_go_away_from_zero(number: int, by: int, wanted: int) -> None:
    assert divided(number, by) == wanted


@pytest.mark.parametrize(
    "bad",
    [
        [],
        [Line("x", 1, 1)] * 501,
        [Line(" ", 1, 1)],
        [Line("x", 1, 10**13 + 1)],
        [Line("x", 10**14, 1)],
        [Line("x", 1000, 1, discount_basis_points=10_001)],
        [Line("x", 1000, 1, tax_basis_points=-1)],
        [Line("x", 10**13, 10**13)],
    ],
)
def test_lines_that_are_none_are_refused(bad: list[Line]) -> None:
    with pytest.raises(Invalid):
        sums(bad)


def test_lines_that_take_each_other_back_are_not_larger_than_what_a_database_keeps() -> None:
    huge = Line("Gold", 10**13, 10**13)
    with pytest.raises(Invalid):
        sums([huge, Line("Gold back", -(10**13), 10**13)])
