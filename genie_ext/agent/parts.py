"""Parts: the steps inside a step, each of which can be silently wrong by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from genie_ext.agent.evidence import Check, Evidence
from genie_ext.embedded.steps import conditions
from genie_ext.types import Finding, Step


def parts_of(step: Step) -> Iterator[tuple[Step, bool]]:
    """Yield a step, the steps it compares with and those it is combined with, and whether each is taken away."""
    yield step, False
    for condition in conditions(step):
        if condition.step is not None:
            yield from _taken(condition.step, away=condition.operator == "not in")
    if step.combined is not None:
        yield from _taken(step.combined.step, away=step.combined.kind == "except")


def in_every_part(check: Check) -> Check:
    """Return a check that looks at every part of a step; it is passed only where all parts pass."""

    def check_parts(evidence: Evidence) -> Sequence[Finding]:
        parts = [_evidence_of(evidence, part) for part, _ in parts_of(evidence.step)]
        found = list(dict.fromkeys(finding for part in parts for finding in check(part)))
        return [finding for finding in found if finding.severity != "ok"] or found[:1]

    return check_parts


def _taken(step: Step, *, away: bool) -> Iterator[tuple[Step, bool]]:
    for part, taken in parts_of(step):
        yield part, away or taken


def _evidence_of(evidence: Evidence, part: Step) -> Evidence:
    read = replace(part, defaults=evidence.step.defaults)  # one default holds for all parts
    return replace(evidence, plan=replace(evidence.plan, steps=(read,)))
