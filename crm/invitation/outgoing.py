"""Inviting customers to a meeting of ours, and calling it off. Only a person's word sends such a mail."""

from __future__ import annotations

from crm.actor import Actor
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


def invite(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, text: str = "") -> int:
    """Mail a REQUEST to the guests of an activity, as it is now; gives the id of the message.

    Once more after a change: the same event with a higher SEQUENCE. Raises `Refused` without guests or time.
    """
    raise NotImplementedError


def call_off(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, text: str = "") -> int:
    """Mail a CANCEL to the guests of an activity that was cancelled; gives the id of the message."""
    raise NotImplementedError
