"""The Python face: `Genie` asks, `Result` holds the answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from genie_ext.config import load_settings
from genie_ext.errors import CannotAnswerError
from genie_ext.session import Session
from genie_ext.types import Answer, Finding, Plan, Tier, Turn

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Result:
    """An answer, or the reason why there is none; shows itself in notebooks and terminals.

    Attributes:
        turn: All of the question and its answer.
    """

    turn: Turn

    @property
    def ok(self) -> bool:
        """True where there is an answer."""
        return self.turn.answer is not None

    @property
    def df(self) -> pd.DataFrame:
        """The rows as a pandas frame; raises CannotAnswerError where there is no answer."""
        return self.arrow.to_pandas()

    @property
    def arrow(self) -> pa.Table:
        """The rows as an Arrow table; raises CannotAnswerError where there is no answer."""
        if self.turn.rows is None or not self.ok:
            raise self._reason()
        return self.turn.rows.table

    @property
    def sql(self) -> str:
        """The SQL as shown to people, empty where none was run."""
        return self.turn.sql.text if self.turn.sql else ""

    @property
    def plan(self) -> Plan | None:
        """How the question was understood."""
        return self.turn.plan

    @property
    def checks(self) -> tuple[Finding, ...]:
        """What was checked and with what result."""
        return self.turn.findings

    @property
    def answer(self) -> Answer | None:
        """The answer in words with its sources, reasons and chart."""
        return self.turn.answer

    @property
    def text(self) -> str:
        """The answer in words, the question back, or the reason of the refusal."""
        if self.turn.answer:
            return self.turn.answer.text
        return self._reason().message

    @property
    def confidence(self) -> float:
        """Chance of being right after the checks, 0 to 1; 0 where there is no answer."""
        return self.turn.answer.confidence if self.turn.answer else 0.0

    @property
    def tier(self) -> Tier:
        """Which engine of thought answered."""
        return self.turn.tier

    def _reason(self) -> CannotAnswerError:
        if back := self.turn.clarification:
            return CannotAnswerError(back.question, hint=f"Ask again with one of: {'; '.join(back.choices)}.")
        if refusal := self.turn.refusal:
            missing = [item for item in refusal.missing if item not in refusal.reason]
            what = [f"Missing: {'; '.join(missing).rstrip('.')}."] if missing else []
            return CannotAnswerError(refusal.reason, hint=" ".join([*what, *refusal.suggestions]))
        return CannotAnswerError("The question has no rows.", hint="Look at the checks of the result.")

    def __str__(self) -> str:
        """Return the answer as text for a terminal."""
        from genie_ext.display import to_text

        return to_text(self.turn)

    def __repr__(self) -> str:
        """Return the answer as text for a terminal."""
        return str(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002 - protocol
        from genie_ext.display import mime_bundle

        return mime_bundle(self.turn)


class Genie:
    """Asks one lake.

    Args:
        lake: Path of a lake, or an open DuckDB connection.
        settings: Fields of `Settings` that differ from genie.toml and the environment.

    Raises:
        ConfigError: A setting is wrong.
        LakeError: There is no lake at that path.
    """

    def __init__(self, lake: str | Path | duckdb.DuckDBPyConnection, **settings: Any) -> None:
        path = lake if isinstance(lake, str | Path) else None
        self.session = Session(lake, settings=load_settings(path, **settings))

    def ask(self, text: str, *, thread: str = "") -> Result:
        """Answer a question.

        Args:
            text: The question.
            thread: Name of a conversation; questions of one thread may refer to the one before.
        """
        return Result(self.session.ask(text, thread=thread))

    def close(self) -> None:
        """End the worker and close the index."""
        self.session.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
