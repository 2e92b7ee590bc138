"""How the files differ from what was mined and from the lake as it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from semantic.facts import Facts
from semantic.model.files import Problem
from semantic.model.proposals import Proposal, find_proposals, propose
from semantic.model.said import Said, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How the files differ from what was mined and from the lake as it is.

    Attributes:
        proposals: What mining says and people have not settled.
        broken: What the files say that the lake no longer has.
        gone: Proposals in the files that nothing mined stands behind any more, with their lines.
        left: The same as proposals, to be accepted or rejected like others.
    """

    proposals: tuple[Proposal, ...] = ()
    broken: tuple[Problem, ...] = ()
    gone: tuple[Problem, ...] = ()
    left: tuple[Proposal, ...] = ()


def compare(facts: Facts, said: Said, *, declared: Collection[str] = ()) -> Difference:
    """Return how the files differ from what was mined.

    Args:
        facts: What was mined.
        said: What the files say.
        declared: Keys of joins that are constraints of the lake already; these need nobody's word.
    """
    mined = {key_of(fact) for name in _MINED for fact in getattr(facts, name)}
    without = [waiting for known, waiting in said.waiting.items() if known not in mined]
    gone = tuple(
        said.model.problem("warning", item.file, item.key, f"{item.id} is proposed here, but no longer mined")
        for item in without
    )
    left = tuple(propose(item.fact, "gone") for item in without if item.fact)
    joins = tuple(join for join in facts.joins if join.id not in declared or join.id in said.waiting)
    found = find_proposals(replace(facts, joins=joins), said)
    return Difference(proposals=found, broken=tuple(said.problems), gone=gone, left=left)


_MINED = ("metrics", "dimensions", "segments", "queries", "terms", "notes", "joins", "rules")
