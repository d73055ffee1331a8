"""Numbers of rows in addresses, as ``{number:row}``: Starlette's own ``int`` breaks off at thousands of digits."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor


class RowNumber(Convertor[int]):
    """Up to 18 digits, which every database can count to. Of anything longer there is no page."""

    regex = "[0-9]{1,18}"

    def convert(self, value: str) -> int:
        """As a number."""
        return int(value)

    def to_string(self, value: int) -> str:
        """As a part of an address."""
        return str(value)


def register() -> None:
    """Make it known, before routes are made."""
    register_url_convertor("row", RowNumber())
