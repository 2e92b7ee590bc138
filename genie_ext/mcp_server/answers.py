"""Turns what the session says into the forms of the results."""

from __future__ import annotations

from dataclasses import replace

from genie_ext.agent.explain import Explanation
from genie_ext.display_json import rows_to_json
from genie_ext.mcp_server.forms import (
    Answered,
    AskedBack,
    AskOut,
    Check,
    ExplainOut,
    Kind,
    Reading,
    Refused,
    RowsOut,
    Table,
    Word,
)
from genie_ext.types import Answer, Rows, Sql, Turn


def say_turn(turn: Turn, thread: str, *, rows: int) -> AskOut:
    """Return a turn with its first rows."""
    kind: Kind = "answer" if turn.answer else "clarification" if turn.clarification else "refusal"
    back, refusal = turn.clarification, turn.refusal
    return AskOut(
        kind=kind,
        thread=thread,
        answer=_answered(turn, turn.answer, rows) if turn.answer else None,
        clarification=AskedBack(question=back.question, choices=list(back.choices)) if back else None,
        refusal=Refused(
            reason=refusal.reason, missing=list(refusal.missing), suggestions=list(refusal.suggestions)
        ) if refusal else None,
        tier=turn.tier,
        usd=turn.spent.usd,
        seconds=round(turn.seconds, 3),
    )  # fmt: skip


def say_rows(sql: Sql, rows: Rows) -> RowsOut:
    """Return the rows of a query with what it read."""
    return RowsOut(
        sql=sql.text, tables=[str(table) for table in sql.tables], rows=_table(rows), seconds=round(rows.seconds, 3)
    )


def say_explanation(explanation: Explanation) -> ExplainOut:
    """Return how a question is read."""
    return ExplainOut(
        question=explanation.question,
        words=[Word(words=word.words, kind=word.kind, meaning=word.meaning) for word in explanation.words],
        unused=list(explanation.unused),
        settled=explanation.settled,
        readings=[
            Reading(
                sentence=one.sentence, chance=one.chance, proposed_by=list(one.proposed_by), result=one.result,
                sql=one.sql,
            )
            for one in explanation.readings
        ],
        reasons=list(explanation.reasons),
        against=list(explanation.against),
        outcome=explanation.outcome,
    )  # fmt: skip


def _answered(turn: Turn, answer: Answer, rows: int) -> Answered:
    return Answered(
        text=answer.text,
        key_figure=answer.key_figure,
        label=answer.label,
        confidence=answer.confidence,
        reasons=list(answer.reasons),
        interpretation=turn.plan.interpretation if turn.plan else "",
        sql=turn.sql.text if turn.sql else "",
        sources=list(answer.sources),
        rows=_table(_first(turn.rows, rows)) if turn.rows is not None else None,
        findings=[
            Check(check=one.check, severity=one.severity, message=one.message, evidence=one.evidence)
            for one in turn.findings
        ],
    )


def _first(rows: Rows, most: int) -> Rows:
    more = rows.truncated or rows.table.num_rows > most
    return replace(rows, table=rows.table.slice(0, most), truncated=more)


def _table(rows: Rows) -> Table:
    return Table.model_validate(rows_to_json(rows))
