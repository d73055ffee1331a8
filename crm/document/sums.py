"""What the lines of a quote come to. Whole cents; halves are rounded away from zero, as invoices do.

A line is rounded once, when its price times quantity is made; tax is rounded once for each rate, over the sum of its
lines, so that many small lines do not add up to other cents than the customer's own sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm.document.model import Line, Tax
from crm.errors import Invalid

MOST_LINES = 500
_LARGEST = 10**13  # of a price in cents, a quantity in thousandths and a sum in cents
_WHOLE = 10_000  # basis points


@dataclass(frozen=True, slots=True)
class Sums:
    """Of a quote."""

    lines: tuple[int, ...]  # net cents of each line
    taxes: tuple[Tax, ...]
    net_cents: int
    tax_cents: int
    total_cents: int


def sums(lines: Sequence[Line]) -> Sums:
    """Raises `Invalid` for lines that are none."""
    if not 0 < len(lines) <= MOST_LINES:
        raise Invalid(f"A quote has 1 to {MOST_LINES} lines.")
    nets = tuple(net(line) for line in lines)
    taxes = taxes_of([(line.tax_basis_points, cents) for line, cents in zip(lines, nets, strict=True)])
    whole, tax = sum(nets), sum(one.tax_cents for one in taxes)
    if max(abs(whole), abs(whole + tax)) > _LARGEST:
        raise Invalid("The sum of the quote is too large.")
    return Sums(nets, taxes, whole, tax, whole + tax)


def net(line: Line) -> int:
    """Cents of a line, without tax. Raises `Invalid`."""
    _check(line)
    exact = line.price_cents * line.quantity_thousandths * (_WHOLE - line.discount_basis_points)
    cents = divided(exact, 1000 * _WHOLE)
    if abs(cents) > _LARGEST:  # lines that take each other back have a small sum
        raise Invalid(f"The sum of {line.text[:40]!r} is too large.")
    return cents


def taxes_of(lines: Sequence[tuple[int, int]]) -> tuple[Tax, ...]:
    """By rate, from (basis points, net cents) of each line."""
    by_rate: dict[int, int] = {}
    for rate, cents in lines:
        by_rate[rate] = by_rate.get(rate, 0) + cents
    return tuple(Tax(rate, cents, divided(cents * rate, _WHOLE)) for rate, cents in sorted(by_rate.items()))


def divided(number: int, by: int) -> int:
    """Rounded to the next whole number, halves away from zero. `by` is positive."""
    rounded = (2 * abs(number) + by) // (2 * by)
    return rounded if number >= 0 else -rounded


def _check(line: Line) -> None:
    if not line.text.strip() or len(line.text) > 1000 or len(line.unit) > 40:
        raise Invalid("Each line needs a text of at most 1,000 characters, and a unit of at most 40.")
    if max(abs(line.price_cents), abs(line.quantity_thousandths)) > _LARGEST:
        raise Invalid(f"Price and quantity of {line.text[:40]!r} are too large.")
    if not 0 <= line.discount_basis_points <= _WHOLE:
        raise Invalid(f"The discount of {line.text[:40]!r} must be between 0 and 100 %.")
    if not 0 <= line.tax_basis_points <= 10 * _WHOLE:
        raise Invalid(f"The tax of {line.text[:40]!r} must be between 0 and 1,000 %.")
