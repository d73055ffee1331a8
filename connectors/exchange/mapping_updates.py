"""Single entries of an item's lists, such as one phone number: exchangelib's names for them, and updates of no others.

exchangelib writes a list of numbers by deleting all that it does not know of; here the entry that changed is sent and
nothing else (SYNC.md R20). An entry is called as exchangelib calls it: ``phone_numbers__MobilePhone``,
``physical_addresses__Home__street``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchangelib.fields import FieldPath
from exchangelib.indexed_properties import EmailAddress, ImAddress, PhoneNumber, PhysicalAddress
from exchangelib.services import UpdateItem

from connectors.described import Table, properties

OWN_NAMES = ("hub_uid", "hub_key", "hub_unfinished")
_LISTS = {
    "email_addresses": (EmailAddress, "email"),
    "phone_numbers": (PhoneNumber, "phone_number"),
    "im_addresses": (ImAddress, "im_address"),
    "physical_addresses": (PhysicalAddress, ""),
}


class Shown(Mapping[str, Any]):
    """An item of exchangelib as properties by name; single entries too."""

    def __init__(self, item: Any) -> None:
        self._item = item

    def __getitem__(self, name: str) -> Any:
        listed, _, entry = name.partition("__")
        if not listed or not entry:
            return getattr(self._item, name, None)
        label, _, part = entry.partition("__")
        found = next((one for one in getattr(self._item, listed, None) or () if one.label == label), None)
        return getattr(found, part or _LISTS[listed][1], None)

    def __iter__(self) -> Iterator[str]:
        return iter(field.name for field in self._item.FIELDS)

    def __len__(self) -> int:
        return len(self._item.FIELDS)


def item_values(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What exchangelib's class takes: entries put together to lists, cleared properties left out."""
    values: dict[str, Any] = {}
    entries: dict[str, dict[str, dict[str, Any]]] = {}
    for name, value in properties.items():
        listed, _, entry = name.partition("__")
        if value is None:
            continue
        if not listed or not entry:
            values[name] = value
            continue
        label, _, part = entry.partition("__")
        entries.setdefault(listed, {}).setdefault(label, {})[part or _LISTS[listed][1]] = value
    for listed, found in entries.items():
        values[listed] = [_LISTS[listed][0](label=label, **parts) for label, parts in found.items()]
    return values


def names_of(table: Table[Any]) -> tuple[str, ...]:
    """The fields of exchangelib to ask a server for: those of a table, and our own keys."""
    fields = [next((listed for listed in _LISTS if name.startswith(listed)), name) for name in properties(table)]
    return tuple(dict.fromkeys([*fields, *OWN_NAMES]))


def changed_item(kind: Any, patch: Mapping[str, Any], **known: Any) -> tuple[Any, list[str]]:
    """An item of exchangelib's class `kind` with the changed properties, and their names, for `SparseUpdate.call`.

    `known`: id, changekey, account.
    """
    return kind(**item_values(patch), **known), list(patch)


class SparseUpdate(UpdateItem):  # type: ignore[misc]
    """UpdateItem that also takes single entries by name."""

    def _update_elems(self, target: Any, fieldnames: Sequence[str]) -> Iterator[Any]:
        entries = [name for name in fieldnames if name.partition("__")[0] in _LISTS and "__" in name]
        yield from super()._update_elems(target, [name for name in fieldnames if name not in entries])
        for name in entries:
            yield self._entry_elem(target, name)

    def _entry_elem(self, target: Any, name: str) -> Any:
        listed, label, *parts = name.split("__")
        field = target.FIELDS[listed]
        subfield = field.value_cls.FIELDS[parts[0] if parts else _LISTS[listed][1]]
        path = FieldPath(field=field, label=label, subfield=subfield)
        value = Shown(target)[name]
        if not value:
            return self._delete_field_elem(path)
        entry = field.value_cls(**{"label": label, subfield.name: value})
        return self._set_field_elem(type(target), path, entry)
