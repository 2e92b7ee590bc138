"""What a cell looks like: an e-mail, a number with a check digit, a person's name."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[\w.+'%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?:\+|00|\()?\d[\d ().\-/]{5,24}(?:\s?(?:x|ext\.?)\s?\d{1,6})?", re.IGNORECASE)
_PLAIN_PHONE = re.compile(r"(?:\+\d|\(\d{2,4}\) ?\d)[\d ().\-/x]{5,24}")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?.*|\d\d?[./-]\d\d?[./-]\d{2,4}|(?:18|19|20)\d\d|.*\b[A-Za-z]{3,9}\b.*\b\d{4}")
_NATIONAL = re.compile(r"(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}")
_CARD = re.compile(r"[3-6]\d{3}(?:[ -]?\d){9,15}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IP = re.compile(rf"(?:{_BYTE}\.){{3}}{_BYTE}(?:/\d\d?)?|(?=(?:.*:){{3}})[0-9a-fA-F:]{{6,39}}")
_FULL_NAME = re.compile(r"[^\W\d_][^\W\d_.'’-]*[.'’-]?[^\W\d_]*,?(?: [^\W\d_][\w.'’-]*){1,3}")
_COMPANY = re.compile(
    r"\b(?:inc|corp|corporation|co|ltd|limited|llc|llp|plc|gmbh|ag|sa|bv|group|company|associates|partners|"
    r"holdings?|technologies|solutions|systems|services|bank|university|college|school)\b\.?",
    re.IGNORECASE,
)


_COMMON_NAMES = """
aaron adam adrian ahmed alan albert alex alexander alexandra alfred ali alice amanda amy ana andrea andreas
andrew andy angela anita ann anna anne anthony antonio arthur barbara ben benjamin bernard bill billy bob
brandon brian bruce carl carlos carol caroline catherine charles charlie charlotte chris christian christina
christine christopher claire clara claude craig cristian daniel daniela david deborah dennis diana diane diego
dominique donald donna douglas dylan eddie edward elena elizabeth ellen emily emma eric erik eugene eva evelyn
fatima felix fernando frances francesco francis francisco frank fred frederick gabriel gary george gerald
giovanni gloria grace greg gregory hannah hans harold harry heather heidi helen henry howard hugo ian ibrahim
igor ingrid irene isaac isabel ivan jack jacob jacques james jan jane janet jason jean jeff jeffrey jennifer
jeremy jerry jessica jim joan joe johan john johnny jon jonathan jorge jose joseph joshua juan judith judy
julia julian julie karen karl kate katherine kathleen kathryn katie keith kelly ken kenneth kevin kim klaus
kyle larry laura lauren lee leo leonard lewis linda lisa louis louise lucas lucia lucy luis luke manuel marc
marco margaret maria marie mario mark martha martin mary matt matteo matthew maurice max megan melissa michael
michel michelle miguel mike mohamed mohammed monica nancy natalie nathan neil nicholas nicole nina noah nora
olivia oscar pablo pamela patricia patrick paul paula pedro peter phil philip philippe pierre rachel ralph
raymond rebecca ricardo richard rick robert roberto robin roger roland ronald rosa rose roy russell ruth ryan
sam samantha samuel sandra sara sarah scott sean sergio sharon simon sofia sophia sophie stefan stephanie
stephen steve steven stuart susan sven sylvia teresa terry theodore thomas tim timothy tina todd tom tony
tyler ursula valerie vanessa victor victoria vincent virginia walter wayne wendy werner william wolfgang yusuf
yves zachary zoe"""
_FIRST_NAMES = frozenset(_COMMON_NAMES.split())


def is_known_name(cell: str) -> bool:
    """Tell whether a cell is written like a person's name and holds a first name that is known."""
    words = cell.replace(",", " ").replace(".", " ").lower().split()
    return is_full_name(cell) and any(word in _FIRST_NAMES for word in (words[0], words[-1]))


def is_first_name(cell: str) -> bool:
    """Tell whether a cell is nothing but a first name that is known."""
    return cell.lower() in _FIRST_NAMES


def is_email(cell: str) -> bool:
    """Tell whether a cell is an e-mail address."""
    return _EMAIL.fullmatch(cell) is not None


def is_phone(cell: str) -> bool:
    """Tell whether a cell may be a phone number."""
    return _PHONE.fullmatch(cell) is not None and 7 <= sum(map(str.isdigit, cell)) <= 20


def is_plainly_phone(cell: str) -> bool:
    """Tell whether a cell can be nothing but a phone number."""
    return _PLAIN_PHONE.fullmatch(cell) is not None and 8 <= sum(map(str.isdigit, cell)) <= 17


def is_date(cell: str) -> bool:
    """Tell whether a cell is a day or a year."""
    return _DATE.fullmatch(cell) is not None


def is_national_id(cell: str) -> bool:
    """Tell whether a cell is a social security number with its dashes."""
    return _NATIONAL.fullmatch(cell) is not None


def is_card(cell: str) -> bool:
    """Tell whether a cell is the number of a payment card: right length, right start, right check digit (Luhn)."""
    if not _CARD.fullmatch(cell):
        return False
    digits = [int(c) for c in reversed(cell) if c.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return 13 <= len(digits) <= 19 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def is_bank_account(cell: str) -> bool:
    """Tell whether a cell is an IBAN with the right check digits (97)."""
    plain = cell.replace(" ", "").upper()
    if not _IBAN.fullmatch(plain):
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def is_ip(cell: str) -> bool:
    """Tell whether a cell is an address of the internet protocol."""
    return _IP.fullmatch(cell) is not None


def is_address(cell: str) -> bool:
    """Tell whether a cell may be a postal address: words, and no page or path."""
    return any(c.isalpha() for c in cell) and "://" not in cell and "@" not in cell and len(cell) > 3


def is_full_name(cell: str) -> bool:
    """Tell whether a cell is written like the name of a person: two to four words, each with a capital."""
    if _FULL_NAME.fullmatch(cell) is None or is_company(cell):
        return False
    return all(word[0].isupper() or word.lower() in {"de", "van", "von", "der", "la", "el", "da"}
               for word in cell.replace(",", " ").split())  # fmt: skip


def is_company(cell: str) -> bool:
    """Tell whether a cell is plainly the name of an organisation."""
    return _COMPANY.search(cell) is not None
