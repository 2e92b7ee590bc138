"""Tell columns that hold personal data, by their names and by what their cells look like, and keep the cells back."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache

from semantic.names import is_opaque, singular, split_words
from semantic.types import Column, Table
from semantic.values.personal_values import (
    is_address,
    is_bank_account,
    is_card,
    is_company,
    is_date,
    is_email,
    is_first_name,
    is_full_name,
    is_ip,
    is_known_name,
    is_national_id,
    is_phone,
    is_plainly_phone,
)


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


PERSONS = _set(
    """actor actress applicant architect attendee author builder candidate captain chef client climber coach contact
    contestant customer cyclist dependent director doctor donor driver editor employee engineer entrepreneur faculty
    follower friend golfer guest gymnast host individual inspector instructor investor journalist judge lawyer lead
    member mentor musician nurse officer owner participant passenger patient perpetrator person personnel
    physician pilot player politician professional professor provider recipient referee reporter representative
    researcher resident reviewer rider runner salesperson scientist secretary singer skater speaker staff student
    subscriber supervisor swimmer teacher technician tenant trainee trainer user victim visitor volunteer voter winner
    worker wrestler manager assignee requester submitter buyer cardholder beneficiary borrower signatory
    prescriber practitioner"""
)
"""Words for people in the singular."""
_ORGANISED = _set(
    """accommodation airport attraction bank bar branch brand building business campus church cinema clinic club college
    company department dorm dormitory facility farm firm gallery hall hospital hotel house institution lab league
    library location manufacturer market merchant museum office organization organisation park plant property publisher
    resort restaurant salon school shop stadium station store studio supplier team theater theatre university vendor
    venue warehouse winery"""
)
_AFFIXES = _set(
    """dim fact fct stg int tmp raw src base data tbl table info detail details history snapshot enhanced master record
    list profile current all v vw view"""
)
_NAME_PARTS = _set("first last given family middle maiden full sur fore nick login")
_NAMES = _set(
    """surname forename firstname lastname fname lname fullname middlename maidenname username familyname givenname
    loginname"""
)
_ABOUT = _set(
    """is has can did count number total type status sent opened verified enabled valid rate score hash subject template
    format domain length kind category preference id key uuid consent timestamp area extension send code anonymous"""
)
_IDENTITY = _set("ssn passport nin nino nhs aadhaar cpf curp personnummer tin")
_PHONE = _set("phone telephone mobile cellphone fax tel msisdn cell phones homephone workphone")
_ADDRESS = _set("address addr street addresses address1 address2 addressline streetaddress")
_HOME = _set("home billing shipping delivery mailing postal residential permanent residence")
_NO_HOME = _set("ip mac web url email mail e wallet network host server memory")
_ADDRESS_ENDS = _ADDRESS | _set("line line1 line2 detail details content text full 1 2 3")
_EMAIL_ENDS = _set("email emails mail address addresses emailaddress to from cc bcc")
_BIRTH = _set("birth birthday birthdate dob born dateofbirth")
_NO_BIRTH = _set("place city country state weight rate order town location name region")
# Words, and parts of words, without which a number or a date is personal by no name.
_TELLING = _IDENTITY | _PHONE | _ADDRESS | _BIRTH | _set(
    "email emails mail emailaddress ip ipaddress iban bank account card creditcard pan cc"
)  # fmt: skip
_TELLING_PARTS = ("national", "social", "driver")
_SHORTEST_CARD = 13
_MOSTLY = 0.6
_SURELY = 0.8
_MANY = 3


def personal_kind(column: Column, table: Table) -> str:
    """Return the kind of personal data a column holds, empty where it holds none as far as one can tell."""
    if column.family not in {"text", "number", "date"} or _is_plainly_none(column):
        return ""
    look = _Look(column, table)
    return next((kind for kind, test in _KINDS if test(look)), "")


def _is_plainly_none(column: Column) -> bool:
    """Tell, for the many numbers and dates whose names say nothing of persons, that they are no numbers of cards."""
    told = not _TELLING.isdisjoint(split_words(column.name)) or any(w in column.name.lower() for w in _TELLING_PARTS)
    if column.family == "text" or told:
        return False
    cells = column.profile.frequent if column.profile else ()
    return column.family == "date" or all(len(value) < _SHORTEST_CARD for value, _ in cells)


def marked(table: Table) -> Table:
    """Return the table with its personal columns marked; what a person says about a column stands."""
    kinds = ("" if c.personal else personal_kind(c, table) for c in table.columns)
    columns = (replace(c, personal=kind) if kind else c for c, kind in zip(table.columns, kinds, strict=True))
    return replace(table, columns=tuple(columns))


def public_view(table: Table) -> Table:
    """Return the table without the cells of its personal columns: what a text for a model may be made from."""
    return replace(table, columns=tuple(public_column(column) for column in table.columns))


def public_column(column: Column) -> Column:
    """Return the column without its cells where they are personal data."""
    if not column.personal or column.profile is None:
        return column
    return replace(column, profile=replace(column.profile, minimum=None, maximum=None, frequent=()))


class _Look:
    """A column with the words of its name, the subject of its table, and the cells that are known."""

    def __init__(self, column: Column, table: Table) -> None:
        self.column = column
        self.words = frozenset(split_words(column.name))
        # Custom fields of some systems end in a lone "c".
        self.order = split_words(column.name.removesuffix("_c").removesuffix("__c")) or ("",)
        self.last = self.order[-1]
        self.singles = frozenset(singular(word) for word in self.words)
        self.whole = "".join(split_words(column.name))
        self.subject = _subject(table)
        self.of_organisation = bool(self.singles & _ORGANISED) or self.subject in _ORGANISED
        self.of_people = self.subject in PERSONS or any(_is_of_people(other.name) for other in table.columns)
        self.cells = [value.strip() for value, _ in column.profile.frequent if value.strip()] if column.profile else []
        self.longest = max(map(len, self.cells), default=0)

    def named(self, words: Collection[str]) -> bool:
        """Tell whether the name holds one of the words and does not speak about the thing instead."""
        return bool(self.words & set(words)) and not self.words & _ABOUT

    def look_like(self, test: Callable[[str], bool], share: float = _MOSTLY) -> bool:
        """Tell whether so many of the cells pass; where none are known the name decides."""
        return not self.cells or sum(map(test, self.cells)) >= share * len(self.cells)

    def surely(self, test: Callable[[str], bool], least: int) -> bool:
        """Tell whether the cells alone leave no doubt; none of fewer characters than `least` passes the test."""
        return len(self.cells) >= _MANY and self.longest >= least and self.look_like(test, _SURELY)

    def mostly(self, test: Callable[[str], bool]) -> bool:
        """Tell whether more than half of the cells pass, of enough to tell."""
        return len(self.cells) >= _MANY and self.look_like(test, 0.5)


def _subject(table: Table) -> str:
    """Return what a row of the table is: the last word of its name that says something."""
    words = [singular(word) for word in split_words(table.id.name)]
    while len(words) > 1 and words[-1] in _AFFIXES:
        words.pop()
    return words[-1] if words else ""


@lru_cache(maxsize=65536)
def _is_of_people(name: str) -> bool:
    """Tell whether a column holds a part of a person's name by its own name: "last_name", "LName", "username"."""
    words = split_words(name)
    parts = len(words) > 1 and words[-1] in {"name", "names"} and words[-2] in _NAME_PARTS
    return parts or bool(_NAMES & set(words)) or "".join(words) in _NAMES


def _holds_email(look: _Look) -> bool:
    named = look.named({"email", "mail", "emailaddress", "emails"}) and look.last in _EMAIL_ENDS
    return look.surely(is_email, 5) or (named and look.look_like(is_email))


def _holds_ip(look: _Look) -> bool:
    if "version" in look.words:
        return False
    return look.surely(is_ip, 6) or (look.named({"ip", "ipaddress"}) and look.look_like(is_ip))


def _holds_bank_account(look: _Look) -> bool:
    named = "iban" in look.words or {"bank", "account"} <= look.words
    return look.surely(is_bank_account, 15) or (named and look.look_like(lambda cell: sum(map(str.isdigit, cell)) >= 6))


def _holds_card(look: _Look) -> bool:
    named = bool(look.words & {"card", "creditcard", "pan", "cc"}) and not look.words & {"type", "id", "name", "status"}
    return look.surely(is_card, _SHORTEST_CARD) or (
        named and look.words & {"number", "no", "num", "nr", "pan"} != set()
        and look.look_like(lambda cell: 12 <= sum(map(str.isdigit, cell)) <= 19)
    )  # fmt: skip


def _holds_national_id(look: _Look) -> bool:
    whole = " ".join(split_words(look.column.name))
    named = look.words & _IDENTITY or re.search(r"social security|national id|driver'?s? licen[sc]e (?:no|num)", whole)
    digits = look.look_like(lambda cell: sum(map(str.isdigit, cell)) >= 5)
    return look.surely(is_national_id, 11) or bool(named and digits and not look.words & {"type", "code", "status"})


def _holds_phone(look: _Look) -> bool:
    if look.of_organisation and not look.of_people:
        return False  # the number of a shop is public
    named = bool(look.words & _PHONE) and not look.words & (_ABOUT - {"number"})
    return look.surely(is_plainly_phone, 7) or (named and look.look_like(is_phone))


def _holds_birth_date(look: _Look) -> bool:
    if not look.words & _BIRTH or look.words & (_NO_BIRTH | _ABOUT):
        return False
    return look.column.family == "date" or look.look_like(is_date)


def _holds_address(look: _Look) -> bool:
    named = look.named(_ADDRESS) and not look.words & _NO_HOME
    # One beside the names of people is theirs; any other may be of a place.
    whole = look.last in _ADDRESS_ENDS
    owned = look.of_people or look.subject == "address" or look.singles & (PERSONS | _HOME)
    return bool(
        named
        and whole
        and owned
        and not look.of_organisation
        and look.column.family == "text"
        and look.look_like(is_address)
    )


def _holds_name(look: _Look) -> bool:
    if look.column.family != "text" or look.words & (_ABOUT - {"full"}):
        return False
    if look.cells and (look.look_like(is_opaque) or sum(map(is_company, look.cells)) > 0.3 * len(look.cells)):
        return False
    if _is_of_people(look.column.name):
        return not look.singles & _ORGANISED
    if look.last == "name":
        return _is_name_of_person(look)
    alone = len(look.words) == 1
    written = look.look_like(is_full_name) and bool(look.singles & PERSONS) and bool(look.cells)
    return alone and (look.mostly(is_known_name) or written)


def _is_name_of_person(look: _Look) -> bool:
    """Tell whether a column called a name is that of people: by whom it names, by its table, or by its cells."""
    own = look.subject in PERSONS and look.singles <= {look.subject, "name"}
    called = [word for word in look.order[:-1] if word not in {"display", "screen", "nick"}]
    # The word before counts: "user_role_name" names a role.
    if own or (called and singular(called[-1]) in PERSONS):
        return True
    known = look.mostly(is_known_name) or (look.whole == "name" and look.mostly(is_first_name))
    return known and not look.singles & _ORGANISED


_KINDS: tuple[tuple[str, Callable[[_Look], bool]], ...] = (
    ("e-mail", _holds_email), ("ip address", _holds_ip), ("bank account", _holds_bank_account),
    ("card number", _holds_card), ("national id", _holds_national_id), ("phone", _holds_phone),
    ("birth date", _holds_birth_date), ("address", _holds_address), ("name", _holds_name),
)  # fmt: skip
