"""Cut a foreign file down to the form that is known, and say what was cut."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

_ROUNDS = 20


def pruned(data: Any, form: type[BaseModel]) -> tuple[Any, tuple[str, ...]]:
    """Return the data without what breaks a form, and a line for each part that was cut.

    Unknown keys go alone; an entry that lacks a key or has a wrong value in it goes with its nearest list item.
    """
    data = _filled(data)
    lost: list[str] = []
    for _ in range(_ROUNDS):
        try:
            form.model_validate(data)
        except ValidationError as error:
            cuts = {_cut(item["loc"], item["type"], data): item for item in error.errors()}
            # From the back, so that positions in lists stay what they are.
            for key in sorted((key for key in cuts if key), key=_order, reverse=True):
                lost += [f"{_spelled(key)} is not read: {_reason(cuts[key])}"] if _delete(data, key) else []
            if not any(cuts):
                break
        else:
            break
    return data, tuple(reversed(lost))


def _filled(data: Any) -> Any:
    """Return a copy less keys without a value."""
    if isinstance(data, dict):
        return {str(key): _filled(item) for key, item in data.items() if item is not None}
    return [_filled(item) for item in data] if isinstance(data, list) else data


def _cut(loc: tuple[str | int, ...], kind: str, data: Any) -> tuple[str | int, ...]:
    """Return the way to what has to go."""
    key: list[str | int] = []
    here = data
    for part in loc:
        inside = part in here if isinstance(here, dict) else isinstance(part, int) and isinstance(here, list)
        if not inside:
            break
        key.append(part)
        here = here[part]
    # A location may go on with the kinds of value that were tried.
    if kind != "missing" and key and isinstance(key[-1], str):
        return tuple(key)
    while key and not isinstance(key[-1], int):
        key.pop()
    return tuple(key)


def _delete(data: Any, key: tuple[str | int, ...]) -> bool:
    here = data
    for part in key[:-1]:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            return False
    if isinstance(here, dict):
        return here.pop(key[-1], None) is not None
    if isinstance(here, list) and isinstance(key[-1], int) and key[-1] < len(here):
        del here[key[-1]]
        return True
    return False


def _order(key: tuple[str | int, ...]) -> list[str]:
    return [f"{part:09}" if isinstance(part, int) else part for part in key]


def _spelled(key: tuple[str | int, ...]) -> str:
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _reason(item: Any) -> str:
    if item["type"] == "extra_forbidden":
        return "the format has no such key"
    name = str(item["loc"][-1])
    return f"{name} is missing" if item["type"] == "missing" else f"{name}: {str(item['msg']).lower()}"
