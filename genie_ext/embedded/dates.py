"""Date phrases of a question as half-open ranges of days.

Weeks start on Monday (ISO 8601). A range is [start, end); None leaves that side open.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Unit = Literal["day", "week", "month", "quarter", "year"]

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH = r"(?:" + "|".join(f"{name}|{name[:3]}" for name in MONTHS) + r"|sept)\b\.?"
_YEAR = r"(?:1[5-9]\d\d|20\d\d)"
_ISO = r"\d{4}-\d{1,2}-\d{1,2}"
_DAY = rf"(?:{_ISO}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH},? {_YEAR})"
_POINT = rf"(?:{_DAY}|{_MONTH},? {_YEAR}|q[1-4],? {_YEAR}|{_YEAR}(?:'s|s)?|{_MONTH})"
_NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
}  # fmt: skip
_COUNT = r"(\d+|" + "|".join(_NUMBER_WORDS) + r")"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatePhrase:
    """A range of days that some words of the question stand for.

    Attributes:
        start: First day, None for open.
        end: Day after the last one, None for open.
        text: The words.
        at: Position of the first character in the question.
        until: Position after the last character.
        years: True where the words name whole years only, which may also mean a column of year numbers.
    """

    start: dt.date | None
    end: dt.date | None
    text: str
    at: int
    until: int
    years: bool = False


def floor_to(day: dt.date, unit: Unit) -> dt.date:
    """Return the first day of the unit that holds `day`."""
    if unit == "week":
        return day - dt.timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def shift(day: dt.date, unit: Unit, count: int) -> dt.date:
    """Return `day` moved by `count` units; a day past the month's end becomes its last day."""
    if unit in ("day", "week"):
        return day + dt.timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + count * {"month": 1, "quarter": 3, "year": 12}[unit]
    first = dt.date(months // 12, months % 12 + 1, 1)
    following = dt.date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first.replace(day=min(day.day, (following - dt.timedelta(days=1)).day))


def find_dates(text: str, today: dt.date) -> tuple[DatePhrase, ...]:
    """Return the date phrases of a question, in order and without overlaps; `today` anchors the relative ones."""
    lower = text.lower()
    taken: list[DatePhrase] = []
    for pattern, read in _RULES:
        for match in pattern.finditer(lower):
            if any(match.start() < other.until and other.at < match.end() for other in taken):
                continue
            span = _read_safely(read, match, today)
            if span is not None:
                taken.append(_phrase(text, match, span))
    return tuple(sorted(taken, key=lambda phrase: phrase.at))


Span = tuple[dt.date | None, dt.date | None]


def _read_safely(
    read: Callable[[re.Match[str], dt.date], Span | None], match: re.Match[str], today: dt.date
) -> Span | None:
    try:
        return read(match, today)
    except (ValueError, OverflowError):  # 30 February, a million years ago
        return None


def _phrase(text: str, match: re.Match[str], span: Span) -> DatePhrase:
    words = text[match.start() : match.end()]
    years = re.fullmatch(rf"[a-z' ]*{_YEAR}(?:(?: and| or| to|-| -) ?(?:the year )?{_YEAR})?", words.lower())
    only_years = years is not None and re.search(rf"\b{_MONTH}", words.lower()) is None
    return DatePhrase(start=span[0], end=span[1], text=words, at=match.start(), until=match.end(), years=only_years)


def _point(text: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the range of a named day, month, quarter or year."""
    text = text.strip()
    if re.fullmatch(rf"{_YEAR}'?s", text):
        text = text.removesuffix("s").removesuffix("'")
    if re.fullmatch(_YEAR, text):
        return dt.date(int(text), 1, 1), dt.date(int(text) + 1, 1, 1)
    if iso := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text):
        day = dt.date(*(int(part) for part in iso.groups()))
        return day, day + dt.timedelta(days=1)
    if quarter := re.fullmatch(rf"q([1-4]),? ({_YEAR})", text):
        start = dt.date(int(quarter[2]), 3 * int(quarter[1]) - 2, 1)
        return start, shift(start, "quarter", 1)
    return _named_month(text, today)


def _named_month(text: str, today: dt.date) -> tuple[dt.date, dt.date]:
    name = re.search(_MONTH, text)
    if name is None:
        raise ValueError(text)
    month = next(i for i, full in enumerate(MONTHS, 1) if full.startswith(name[0].strip(".")[:3]))
    year = re.search(_YEAR, text)
    number = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?\b", text)
    if year and number:
        day = dt.date(int(year[0]), month, int(number[1]))
        return day, day + dt.timedelta(days=1)
    # A month without a year is the last one that has begun.
    start = dt.date(int(year[0]) if year else today.year - (month > today.month), month, 1)
    return start, shift(start, "month", 1)


def _count(word: str) -> int:
    return _NUMBER_WORDS.get(word) or int(word)


def _last_units(match: re.Match[str], today: dt.date) -> Span:
    unit = _unit(match[2])
    end = today + dt.timedelta(days=1)
    if unit == "day":
        return shift(end, "day", -_count(match[1])), end
    return shift(today, unit, -_count(match[1])) + dt.timedelta(days=1), end


def _relative_unit(match: re.Match[str], today: dt.date) -> Span:
    unit = _unit(match[2])
    start = floor_to(today, unit)
    offset = {"this": 0, "current": 0, "last": -1, "previous": -1, "prior": -1, "past": -1, "next": 1}[match[1]]
    start = shift(start, unit, offset)
    return start, shift(start, unit, 1)


def _unit(word: str) -> Unit:
    return {"d": "day", "w": "week", "m": "month", "q": "quarter", "y": "year"}[word[0]]  # type: ignore[return-value]


def _to_date(match: re.Match[str], today: dt.date) -> Span:
    word = match[1] or match[2]
    unit: Unit = {"y": "year", "m": "month", "q": "quarter", "w": "week"}[word[0]]  # type: ignore[assignment]
    return floor_to(today, unit), today + dt.timedelta(days=1)


def _between(match: re.Match[str], today: dt.date) -> Span | None:
    first, second = match[1], match[2]
    year = re.search(_YEAR, second)
    if year and not re.search(_YEAR, first):
        first = f"{first} {year[0]}"
    start, end = _point(first, today)[0], _point(second, today)[1]
    return (start, end) if start < end else None


def _adjacent_years(match: re.Match[str], today: dt.date) -> Span | None:
    return _between(match, today) if abs(int(match[2]) - int(match[1])) == 1 else None


def _named_day(match: re.Match[str], today: dt.date) -> Span:
    day = today if match[0] == "today" else today - dt.timedelta(days=1)
    return day, day + dt.timedelta(days=1)


def _decade(match: re.Match[str], _today: dt.date) -> Span:
    start = int(match[1])
    return dt.date(start, 1, 1), dt.date(start + 10, 1, 1)


def _said_quarter(match: re.Match[str], _today: dt.date) -> Span:
    start = dt.date(int(match[2]), 3 * _QUARTERS[match[1][:2]] - 2, 1)
    return start, shift(start, "quarter", 1)


_QUARTERS = {"fi": 1, "1s": 1, "se": 2, "2n": 2, "th": 3, "3r": 3, "fo": 4, "4t": 4, "la": 4}
_NTH = r"(first|second|third|fourth|last|1st|2nd|3rd|4th)"
_UNIT = r"(week|month|quarter|year)"
_UNITS = r"(days?|weeks?|months?|quarters?|years?)"
_THE = r"(?:the )?(?:year )?"
_NAMED = rf"{_DAY}|{_MONTH},? {_YEAR}|q[1-4],? {_YEAR}"
_TO = r"(?:and|to|until|through|-)"
_WHOLE = r"(?:the )?(?:year |month of )?"
_LAST = r"(?:last|past|previous|trailing)"
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], dt.date], Span | None]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (rf"\b(?:in |over |during |within |for |from )?(?:the )?{_LAST} {_COUNT} {_UNITS}\b", _last_units),
        (r"\b(?:(year|month|quarter|week)[- ]to[- ]date|(ytd|mtd|qtd|wtd))\b", _to_date),
        (
            rf"\b(?:in |during |for |from )?(?:the )?(this|current|last|previous|prior|next) {_UNIT}\b",
            _relative_unit,
        ),
        (rf"\b(?:in |during |for |of )?(?:the )?{_NTH} quarter (?:of )?(?:the year )?({_YEAR})\b", _said_quarter),
        (r"\b(?:today|yesterday)\b", _named_day),
        (
            rf"\b(?:between|from) (?:the years? )?({_POINT}) (?:and|to|until|through|-) (?:the year )?({_POINT})",
            _between,
        ),
        (rf"\b(?:in |during |for )?({_YEAR}) (?:or|and) ({_YEAR})\b", _adjacent_years),
        (rf"\b({_YEAR}) ?(?:-|–|to|through) ?({_YEAR})\b", _between),
        (r"\b(?:in |during )?the ((?:1[5-9]|20)\d0)'?s\b", _decade),
        (rf"\b(?:since|starting(?: in| from)?) {_THE}({_POINT})", lambda m, t: (_point(m[1], t)[0], None)),
        (rf"\b(?:after|later than) {_THE}({_POINT})", lambda m, t: (_point(m[1], t)[1], None)),
        (rf"\b(?:before|prior to|earlier than) {_THE}({_POINT})", lambda m, t: (None, _point(m[1], t)[0])),
        (rf"\b(?:until|up to|through) {_THE}({_POINT})", lambda m, t: (None, _point(m[1], t)[1])),
        (
            rf"\b(?:in|during|for|of|on|from|(?:what|how) about) {_WHOLE}({_NAMED}|{_YEAR}|{_MONTH})(?!\d)",
            lambda m, t: _point(m[1], t),
        ),
        (rf"({_DAY}|\b{_MONTH},? {_YEAR}\b|\bq[1-4],? {_YEAR}\b)", lambda m, t: _point(m[1], t)),
    )
)
