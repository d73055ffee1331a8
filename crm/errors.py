"""What can go wrong in this room, named after the reaction.

```
CrmError
├── Forbidden    the actor may see the object but not do this                       403
├── NotThere     there is none, or the actor may not know that there is one         404
├── Stale        somebody else changed it meanwhile: look again                     409
├── Refused      it cannot be done to this object in its state; the sentence says why   409
├── Missing      something must be given first: `fields` names what                 422
└── Invalid      what was given makes no sense                                      422
```
"""

from __future__ import annotations

from collections.abc import Sequence


class CrmError(Exception):
    """One sentence for a person."""


class Forbidden(CrmError):
    """The actor may see it, but not do this."""


class NotThere(CrmError):
    """There is none; or it is somebody else's, which must sound the same."""


class Stale(CrmError):
    """It was changed since the actor looked."""

    def __init__(self, message: str, version: int = 0) -> None:
        super().__init__(message)
        self.version = version  # of the object now


class Refused(CrmError):
    """Not in this state."""


class Missing(CrmError):
    """Something is asked for first."""

    def __init__(self, message: str, fields: Sequence[str]) -> None:
        super().__init__(message)
        self.fields = tuple(fields)  # responsible, customer, reason ...


class Invalid(CrmError):
    """What was given cannot be used."""
