"""Keep secrets out of what is stored or shown: tokens travel in query strings, and errors quote addresses."""

import re

_SECRETS = re.compile(
    r"""((?:[\w-]*(?:access_token|secret|ticket|welcome_code|response_code|aeskey))["']?\s*[=:]\s*["']?)[^\s"'&,;)}\]<]+""",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text with the values of tokens, secrets, tickets and one-time codes hidden."""
    return _SECRETS.sub(r"\1***", text)
