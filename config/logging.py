"""One line per event: JSON in production, readable elsewhere, with request, user, store and task ids, without PII.

Django calls `configure` once at set-up, in web processes, workers and commands alike.
"""

import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# The digits in the middle of a mainland mobile number, however it is written: 138 0013 8000, +86-13800138000.
_MOBILE = re.compile(r"(?<![0-9])((?:\+?86|0086)?[ -]?1[3-9][0-9])([ -]?)[0-9]{4}([ -]?)([0-9]{4})(?![0-9])")
_SENSITIVE = (
    "pass(?:word|wd)|secret|token|authori[sz]ation|cookie|session_?id|(?:session|api|aes|secret)[_-]?key|ticket"
)
_SECRET_KEY = re.compile(_SENSITIVE, re.IGNORECASE)
# access_token=…, "corpsecret": "…", password: …
_ASSIGNMENT = re.compile(
    rf"""((?:[\w-]*(?:{_SENSITIVE})[\w-]*)["']?\s*[=:]\s*["']?)(?!["'\s])[^\s"'&,;)}}\]]+""", re.IGNORECASE
)
_CREDENTIAL = re.compile(r"\b(Bearer|Token|Basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^\s/:@]*:)[^\s/@]+(@)")
_HIDDEN = "***"


def mask_text(text: str) -> str:
    """The text with mobile numbers shortened to 138****8000 and anything that looks like a secret hidden."""
    text = _URL_PASSWORD.sub(rf"\1{_HIDDEN}\2", text)
    text = _CREDENTIAL.sub(rf"\1 {_HIDDEN}", text)
    text = _ASSIGNMENT.sub(rf"\1{_HIDDEN}", text)
    return _MOBILE.sub(r"\1\2****\3\4", text)


def _masked(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, dict):
        return {
            mask_text(str(key)): _HIDDEN if _SECRET_KEY.search(str(key)) else _masked(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item) for item in value]
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    masked = mask_text(text)
    return value if isinstance(value, int) and masked == text else masked


def mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask a whole event, keys and tracebacks included; the last step before it is written."""
    masked: EventDict = _masked(event)
    return masked


def drop_request_started(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """One access line per request: the one that knows how it ended."""
    if event.get("event") in {"request_started", "streaming_started", "streaming_finished"}:
        raise structlog.DropEvent
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(options: dict[str, Any]) -> None:
    """Set up structlog and the standard library's loggers; `options` is `settings.LOGGING`: json, level."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            drop_request_started,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(standard_library(options))


def standard_library(options: dict[str, Any]) -> dict[str, Any]:
    """The `dictConfig` under which every logger writes our lines; gunicorn's master takes it too."""
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if options["json"]
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_SHARED, structlog.stdlib.ExtraAdder()],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    mask_event,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": options["level"]},
        "loggers": {
            # The request line is django-structlog's; these would say it a second time.
            "django.request": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            "gunicorn.access": {"level": "CRITICAL"},
            "gunicorn.error": {"handlers": [], "propagate": True},
            "uvicorn.access": {"handlers": [], "level": "CRITICAL"},
            "celery.app.trace": {"level": "CRITICAL"},
            "celery.worker.strategy": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},  # it logs whole addresses, tokens included
            "httpcore": {"level": "WARNING"},
        },
    }
