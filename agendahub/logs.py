"""Structured logs on standard error: for people on a terminal, JSON lines otherwise. No secret passes `redaction`."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from agendahub.library_logs import hold_back
from agendahub.redaction import redact
from config.settings import LogSettings
from connectors import request_log


def set_up(settings: LogSettings) -> None:
    """Configure structlog and the standard library's loggers, which libraries use."""
    as_json = settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer()
    foreign = [structlog.stdlib.ExtraAdder(allow=request_log.FIELDS), *shared]
    _handle(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=foreign), settings.level)


def _handle(formatter: logging.Formatter, level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    hold_back(root.level)


def _without_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value if name.startswith("_") else redact(value, name) for name, value in event.items()}
