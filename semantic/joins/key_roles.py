"""Roles: words that point at a table without its name, such as a manager at employees or a client at customers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

SELF_ROLES = frozenset({"manager", "mgr", "supervisor", "super", "boss", "parent", "mentor", "reportsto", "reportto",
                        "head", "previous", "prev", "next", "original", "superior", "advisor", "ssn"})  # fmt: skip
_PERSON_WORDS = """manager mgr supervisor boss head chief leader lead director chair rep representative agent owner
    author creator editor reviewer approver assignee assigned requester reporter responsible operator inspector sender
    recipient receiver buyer seller host guest winner loser male female husband wife spouse father mother parent coach
    trainer captain contact advisor tutor mentor examiner judge member customer client patient tenant"""
_PERSON_ROLES = frozenset(_PERSON_WORDS.split())
_PERSON_TABLES = (
    "person", "employee", "staff", "user", "member", "party", "individual", "worker", "people", "personnel", "contact",
)  # fmt: skip
_PEOPLE = frozenset(_PERSON_TABLES)
_SYNONYMS = (
    ("customer", "client", "buyer", "patron"),
    ("employee", "staff", "worker", "personnel"),
    ("product", "item", "article", "good"),
    ("movie", "film"),
    ("doctor", "physician"),
    ("vehicle", "car"),
    ("supplier", "vendor"),
    ("teacher", "instructor", "lecturer", "professor"),
    ("shop", "store"),
    ("company", "firm", "organisation", "organization"),
    ("job", "position", "occupation"),
    ("country", "nation"),
    ("picture", "image", "photo"),
    ("pupil", "student"),
    ("purchase", "order"),
    ("user", "account"),
)  # fmt: skip
_SAME = {word: tuple(w for w in group if w != word) for group in _SYNONYMS for word in group}
_CALENDARS = frozenset(
    {"calendar", "date", "day", "calendardate", "datedimension", "dateday", "datespine", "calendarspine"}
)


def other_words(core: tuple[str, ...]) -> Iterator[str]:
    """Yield names of tables that a column with this core may mean without saying so, likeliest first."""
    last = core[-1]
    yield from _SAME.get(last, ())
    if last in _PERSON_ROLES or (len(core) > 1 and core[0] in _PERSON_ROLES):
        yield from (name for name in _PERSON_TABLES if name not in _SAME.get(last, ()))


def is_people(words: Iterable[str]) -> bool:
    """Tell whether a table whose name has these words lists people."""
    return not _PEOPLE.isdisjoint(words)


def is_calendar(form: str) -> bool:
    """Tell whether a table of this name lists days."""
    return form in _CALENDARS
