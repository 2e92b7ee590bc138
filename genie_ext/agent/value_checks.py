"""Value checks: does any row hold what the conditions of a step, and of the steps inside it, compare with?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from genie_ext.agent.evidence import Evidence, finding
from genie_ext.agent.parts import parts_of
from genie_ext.agent.probes import nearest_values, value_exists
from genie_ext.embedded.steps import conditions
from genie_ext.types import ColumnRef, Filter, Finding, Severity, Step

_EQUALITIES = ("=", "in", "!=", "not in")


def check_values(evidence: Evidence) -> Sequence[Finding]:
    """Find filter values that no row holds, with the nearest that do."""
    asked = list(dict.fromkeys(_asked(evidence.step)))
    missing = [item for item in asked if not value_exists(evidence.context, evidence.probe, *item[:2])]
    if asked and not missing:
        message = f"{'Every filter value exists' if len(asked) > 1 else 'The filter value exists'} in the data."
        return [finding("values", "ok", message)]
    return [_no_value(evidence, ref, value, harmless=harmless) for ref, value, harmless in missing]


def _asked(step: Step) -> Iterator[tuple[ColumnRef, str, bool]]:
    """Yield the values that columns are compared with, and whether one that is not there does no harm."""
    for part, taken_away in parts_of(step):
        for condition in conditions(part):
            if isinstance(condition.subject, ColumnRef):
                harmless = taken_away or condition.operator in ("!=", "not in")
                yield from ((condition.subject, value, harmless) for value in _texts(condition))


def _texts(condition: Filter) -> list[str]:
    return [v for v in condition.values if isinstance(v, str)] if condition.operator in _EQUALITIES else []


def _no_value(evidence: Evidence, ref: ColumnRef, value: str, *, harmless: bool) -> Finding:
    """Return the finding of a value that no row holds; leaving out what is not there does no harm."""
    near = nearest_values(evidence.context, ref, value)
    suggestion = f"Nearest: {', '.join(near)}." if near else ""
    severity: Severity = "warning" if harmless else "error"
    return finding("values", severity, f"No row has {ref.column} “{value}”.", suggestion)
