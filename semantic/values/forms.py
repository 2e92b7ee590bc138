"""Other ways to write the words of a question: places, usual abbreviations, initials, sexes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product

from semantic.names import STOP_WORDS, normalise
from semantic.values.places import place_forms

Form = tuple[str, frozenset[str]]
"""A form as values are kept, and words of which one must be in the name of its column; none where any will do."""

_SHORT = """dept department|univ university|uni university|corp corporation|inc incorporated|ltd limited|co company
intl international|natl national|mgmt management|mgr manager|eng engineering|engr engineer|acct accounting
acct account|govt government|assoc association|asst assistant|prof professor|dr doctor|st saint|st street
ave avenue|rd road|blvd boulevard|mt mount|ft fort|comp computer|sci science|tech technology|dev development
admin administration|admin administrator|info information|edu education|math mathematics|econ economics
bio biology|chem chemistry|phys physics|psych psychology|stat statistics|lit literature|hist history|lab laboratory
bros brothers|no number|vs versus|max maximum|min minimum|avg average|temp temperature|apt apartment|bldg building
mktg marketing|ops operations|hr human resources|it information technology|r&d research and development
ceo chief executive officer|cfo chief financial officer|cto chief technology officer|vp vice president
jan january|feb february|mar march|apr april|jun june|jul july|aug august|sep september|sept september|oct october
nov november|dec december|mon monday|tue tuesday|tues tuesday|wed wednesday|thu thursday|thur thursday
thurs thursday|fri friday|sat saturday|sun sunday|q1 first quarter|q2 second quarter|q3 third quarter
q4 fourth quarter|pc personal computer|tv television|suv sport utility vehicle|km kilometers|kg kilograms"""
_SEXES = {
    "f": "female females woman women girl girls", "m": "male males man men boy boys",
    "female": "woman women girl girls", "male": "man men boy boys", "w": "woman women", "woman": "female women",
    "man": "male men", "girl": "female girls", "boy": "male boys",
}  # fmt: skip
_SEX_COLUMNS = frozenset({"sex", "gender"})
_ANY: frozenset[str] = frozenset()
_MOST = 12
_LONGEST = 4
_CODE = 3
_CODES_IN_SMALL = frozenset({"usa", "uk", "uae", "nyc"})
_FEWEST_INITIALS = 3
_MOST_INITIALS = 6


def other_forms(text: str) -> tuple[Form, ...]:
    """Return the other ways to write a phrase that mean just the same, in normal form."""
    norm = normalise(text)
    if len(norm) <= _CODE and not text.isupper() and norm not in _CODES_IN_SMALL and norm in place_forms():
        return ()  # "id" is not Idaho
    sexes = [(form, _SEX_COLUMNS) for form in _sexes().get(norm, ())]
    return (*place_forms().get(norm, ()), *sexes, *((form, _ANY) for form in dict.fromkeys(_abbreviated(norm))))


def initials_of(text: str) -> str:
    """Return the initials of a name of several capitalised words, empty where it is none."""
    words = [word for word in text.split() if word.lower() not in STOP_WORDS]
    if not _FEWEST_INITIALS <= len(words) <= _MOST_INITIALS or not all(word[0].isupper() for word in words):
        return ""
    return "".join(word[0] for word in words).lower()


def has_initials(norm: str, letters: str) -> bool:
    """Tell whether letters are the initials of all words of a value that mean something."""
    words = norm.replace("-", " ").split()
    plain = "".join(word[0] for word in words if word not in STOP_WORDS)
    return letters in {plain, "".join(word[0] for word in words)}


def _abbreviated(norm: str) -> Iterator[str]:
    """Yield the phrase with words shortened and written out, with and without dots."""
    words = norm.split()
    if len(words) > _LONGEST:
        return
    choices = [(word, *_short_forms().get(word.rstrip("."), ())) for word in words]
    made = (" ".join(chosen) for chosen in islice(product(*choices), 1, _MOST * 2))
    yield from islice((form for form in dict.fromkeys(made) if form != norm), _MOST)
    if whole := _short_forms().get(norm, ()):
        yield from whole


@lru_cache(maxsize=1)
def _short_forms() -> dict[str, tuple[str, ...]]:
    forms: dict[str, dict[str, None]] = {}
    for pair in _SHORT.replace("\n", "|").split("|"):
        short, full = pair.split(" ", 1)
        forms.setdefault(short, {})[full] = None
        forms.setdefault(full, {}).update({short: None, f"{short}.": None})
    return {form: tuple(others) for form, others in forms.items()}


@lru_cache(maxsize=1)
def _sexes() -> dict[str, tuple[str, ...]]:
    forms: dict[str, list[str]] = {}
    for stored, said in _SEXES.items():
        for word in said.split():
            forms.setdefault(word, []).append(stored)
    return {word: tuple(stored) for word, stored in forms.items()}
