"""Argument checks: 40063 missing or empty, 40035 of the wrong type, 40058 out of bounds (wecom.md §4.3)."""

from collections.abc import Iterator, Mapping
from typing import Any

from wecom.sandbox.answers import Refused


class Arguments:
    """The parameters of one call. Names nobody asks for are ignored, as WeCom does.

    :param texts_only: they came in the address, so numbers are digits.
    """

    def __init__(self, given: Mapping[str, Any], *, texts_only: bool = False, path: str = "") -> None:
        self.given = given
        self._texts_only = texts_only
        self._path = path

    def __contains__(self, name: str) -> bool:
        return self.given.get(name) is not None

    def text(
        self,
        name: str,
        *,
        required: bool = False,
        chars: int | None = None,
        octets: int | None = None,
        default: str = "",
    ) -> str:
        """:param chars: most characters; :param octets: most bytes of UTF-8."""
        value = self.given.get(name)
        if value is None or value == "":
            if required:
                raise Refused(40063, self._path + name)
            return default if value is None else ""
        if not isinstance(value, str):
            raise Refused(40035, self._path + name)
        if (chars is not None and len(value) > chars) or (
            octets is not None and len(value.encode("utf-8", "replace")) > octets
        ):
            raise Refused(40058, f"{self._path}{name} too long")
        return value

    def number(self, name: str, *, default: int | None = None, low: int | None = None, high: int | None = None) -> int:
        """A whole number; without a default it is required."""
        value = self.given.get(name)
        if value is None:
            if default is None:
                raise Refused(40063, self._path + name)
            return default
        if self._texts_only and isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:18])
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused(40035, self._path + name)
        if (low is not None and value < low) or (high is not None and value > high):
            raise Refused(40058, f"{self._path}{name} out of range")
        return value

    def choice(self, name: str, allowed: tuple[Any, ...], *, default: Any = None) -> Any:
        value = self.given.get(name, default)
        if value is None:
            raise Refused(40063, self._path + name)
        if isinstance(value, (dict, list)) or value not in allowed:
            raise Refused(40058, self._path + name)
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.given.get(name)
        if value is None:
            return default
        if value not in (0, 1):
            raise Refused(40035, self._path + name)
        return bool(value)

    def texts(self, name: str, *, most: int | None = None, required: bool = False) -> list[str]:
        """A list of texts, without repetitions."""
        value = self.given.get(name)
        if value is None or value == []:
            if required:
                raise Refused(40063, self._path + name)
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Refused(40035, self._path + name)
        if most is not None and len(value) > most:
            raise Refused(40058, f"{self._path}{name} too many")
        return list(dict.fromkeys(value))

    def numbers(self, name: str, *, most: int | None = None) -> list[int]:
        value = self.given.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise Refused(40035, self._path + name)
        if most is not None and len(value) > most:
            raise Refused(40058, f"{self._path}{name} too many")
        return value

    def part(self, name: str, *, required: bool = False) -> "Arguments":
        """A nested object; a missing one is empty."""
        value = self.given.get(name)
        if value is None and not required:
            return Arguments({}, path=f"{self._path}{name}.")
        if value is None:
            raise Refused(40063, self._path + name)
        if not isinstance(value, dict):
            raise Refused(40035, self._path + name)
        return Arguments(value, path=f"{self._path}{name}.")

    def parts(self, name: str, *, most: int) -> Iterator["Arguments"]:
        value = self.given.get(name)
        if value is None:
            return
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Refused(40035, self._path + name)
        if len(value) > most:
            raise Refused(40058, f"{self._path}{name} too many")
        for index, item in enumerate(value):
            yield Arguments(item, path=f"{self._path}{name}[{index}].")
