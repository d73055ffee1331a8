"""How heavy a request is: what its type adds, how much it matters, and how much work it is."""

from __future__ import annotations

from crm.errors import Invalid

MOST = 1_000_000


def weigh(type_weight: int, priority: int, effort: int) -> int:
    """The priority counts ten times as much as the effort, which decides between equals."""
    return type_weight + 10 * priority + effort


def checked(name: str, value: object, least: int, most: int) -> int:
    """A number within its bounds; raises `Invalid`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Invalid(f"The {name} must be a whole number from {least} to {most}.")
    return value
