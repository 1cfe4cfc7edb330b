"""One setting at a time: from what stands in the environment or a YAML file to a value, or an error that helps.

Every message names the setting, its value and what would be right, as those of Weir's C++ side do.
Thread safety: pure functions.
"""
from typing import Any, Sequence

_YES = ("true", "1", "yes", "on")
_NO = ("false", "0", "no", "off", "")


class SettingError(ValueError):
    """A setting that cannot be used; the message names it, its value and what would be right."""


def refuse(name: str, value: object, right: str) -> SettingError:
    """The error for a value that cannot be used."""
    return SettingError(f"{name}={value!r}: must be {right}")


def flag(name: str, value: object) -> bool:
    """True for true, 1, yes, on; False for false, 0, no, off and nothing; any case."""
    word = str(value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise refuse(name, value, "true, 1, yes or on, or false, 0, no or off")


def whole_number(name: str, value: Any, least: int, most: int) -> int:
    """An int of the range, both ends in it; text that spells one will do, a bool will not."""
    right = f"a whole number from {least} to {most}"
    if isinstance(value, bool) or isinstance(value, float) and not value.is_integer():
        raise refuse(name, value, right)
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise refuse(name, value, right) from None
    if not least <= number <= most:
        raise refuse(name, value, right)
    return number


def choice(name: str, value: object, choices: Sequence[str]) -> str:
    """One of some words; False stands for `off`, as YAML reads that."""
    word = "off" if value is False else str(value).strip().lower()
    if word not in choices:
        raise refuse(name, value, f"{', '.join(choices[:-1])} or {choices[-1]}")
    return word


def port(name: str, value: object) -> int:
    return whole_number(name, value, 1, 65535)


def host(name: str, value: object) -> str:
    """An address or a host name alone."""
    text = str(value)
    if not text or any(c.isspace() or c in "/[]" for c in text) or text.count(":") == 1:
        raise refuse(name, value, "an address or host name alone, as in 127.0.0.1, 0.0.0.0 or ::1")
    return text


def text(name: str, value: object) -> str:
    """Any text that is not empty."""
    if isinstance(value, (dict, list)) or str(value) == "":
        raise refuse(name, value, "text")
    return str(value)
