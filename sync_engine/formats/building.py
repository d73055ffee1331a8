"""Frozen records built at the price of plain ones.

The initializer of a frozen dataclass sets each field through `object.__setattr__`: half a microsecond for six, and
a card has a dozen records. An open twin with the same slots is filled, and then becomes what it is a twin of.
"""

from __future__ import annotations

from dataclasses import MISSING, field, fields, make_dataclass
from typing import Any, TypeVar, cast

Built = TypeVar("Built")


def builder(of: type[Built]) -> type[Built]:
    """Takes what the class takes, and makes instances of it."""

    def become(self: Any) -> None:
        self.__class__ = of

    given = [(one.name, Any, field(default=one.default, kw_only=one.kw_only)) for one in fields(cast("Any", of))]
    assert not any(one.default_factory is not MISSING for one in fields(cast("Any", of)))
    twin = make_dataclass(f"Open{of.__name__}", given, namespace={"__post_init__": become}, slots=True)
    return cast("type[Built]", twin)
