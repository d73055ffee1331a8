"""What requests are written for, and how they name what they ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exchangelib.fields import FieldPath
from exchangelib.version import EXCHANGE_2016, Version

VERSION = Version(build=EXCHANGE_2016)
"""2016, 2019 and SE all understand it, so nobody has to find out which of them a server is."""


def paths(model: Any, names: Iterable[str]) -> list[FieldPath]:
    """Fields of exchangelib's items to ask for, by name; of a list such as phone numbers, all entries."""
    return [FieldPath(model.get_field_by_fieldname(name)) for name in dict.fromkeys(names)]
