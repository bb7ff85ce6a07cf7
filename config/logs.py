"""Logging that keeps personal data out: one line of JSON per event in production, plain lines elsewhere."""

import re
from typing import Any

import structlog

_ID_OR_PHONE = re.compile(r"(?<![0-9A-Fa-f-])(?:[1-9]\d{16}[\dXx]|1[3-9]\d{9})(?![0-9A-Fa-f-])")
_DATABASE_DETAIL = re.compile(r"(DETAIL|CONTEXT|详细描述|细节):.*?(?=\n\S|\Z)", re.DOTALL)
_WITHHELD_KEYS = {"password", "id_number", "phone", "address", "name", "params", "query", "token"}


def without_personal_data(text: str) -> str:
    """The text with ID numbers, mobile numbers and the database's quoted values blanked."""
    return _ID_OR_PHONE.sub("[withheld]", _DATABASE_DETAIL.sub(r"\1: [withheld]", text))


def scrub(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Processor: blank values under telling keys, and telling numbers in any text."""
    for key, value in event.items():
        if key in _WITHHELD_KEYS:
            event[key] = "[withheld]"
        elif isinstance(value, str):
            event[key] = without_personal_data(value)
    return event


def logging_settings(*, as_json: bool) -> dict[str, Any]:
    """The ``LOGGING`` setting."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
    ]
    closing: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        scrub,
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": closing,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            "axes": {"level": "ERROR"},
        },
    }
