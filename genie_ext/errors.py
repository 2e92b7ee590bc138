"""Errors of the agent and its faces, one tree.

```
GenieError                exit code  what happened
├── ConfigError               2      genie.toml, an environment variable or an argument is wrong
├── QuestionError             2      the question is empty or too long
├── LakeUnavailableError      2      no lake there, no index, locked or broken
├── StateError                1      state.db (ledger, budgets, cache) cannot be read or written
├── CannotAnswerError         3      refused: something the answer needs is missing
├── GuardError                4      the SQL is not a read-only query over allowed tables
├── BudgetError               5      the next call to a model would go over a budget
├── PrivacyError              2      data would leave the machine although the settings forbid it
├── ModelError                6      no model gave what was needed
│   ├── ModelAccessError             the key is missing, wrong or not allowed to do it
│   ├── ModelBusyError               too many calls, or the server is overloaded: later it may work
│   ├── ModelDownError               the server cannot be reached, failed or broke off
│   ├── ModelTimeoutError            it did not answer in time
│   ├── ModelRequestError            the server says that the request is wrong (unknown model, too long …)
│   ├── ModelReplyError              the reply is empty, cut off, or not of the form that was asked for
│   └── ModelStoppedError            the user stopped it
└── EngineError               1      the worker could not run the query
    ├── QueryError                   the engine refused the SQL
    ├── QueryTimeoutError            it ran longer than the limit
    ├── QueryCancelledError          the user stopped it
    └── ResourceLimitError           it went over the memory or size limit
```
"""

from __future__ import annotations

from typing import ClassVar


class GenieError(Exception):
    """Base of every error this package raises.

    Args:
        message: What happened and where, one sentence.
        hint: The next step for the user, one sentence, may be empty.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the message followed by the hint."""
        return f"{self.message} {self.hint}".strip()


class ConfigError(GenieError):
    """A setting is wrong."""

    exit_code = 2


class QuestionError(GenieError):
    """The question itself cannot be used."""

    exit_code = 2


class LakeUnavailableError(GenieError):
    """The lake or its index cannot be opened."""

    exit_code = 2


class CannotAnswerError(GenieError):
    """The question was understood as far as possible and refused."""

    exit_code = 3


class GuardError(GenieError):
    """SQL that does not pass the guard.

    Args:
        message: What is not allowed.
        hint: What to do instead.
        sql: The refused text.
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "", sql: str = "") -> None:
        super().__init__(message, hint=hint)
        self.sql = sql


class EngineError(GenieError):
    """The engine could not run a query; `sql` is the text it was given."""

    def __init__(self, message: str, *, hint: str = "", sql: str = "") -> None:
        super().__init__(message, hint=hint)
        self.sql = sql


class QueryError(EngineError):
    """The engine refused the SQL."""


class QueryTimeoutError(EngineError):
    """The query ran longer than the limit and was stopped."""


class QueryCancelledError(EngineError):
    """The query was stopped by the user."""


class ResourceLimitError(EngineError):
    """The query went over the memory or size limit and was stopped."""


class StateError(GenieError):
    """The file of ledger, budgets and cache cannot be read or written."""


class BudgetError(GenieError):
    """The next call to a model would go over a budget."""

    exit_code = 5


class PrivacyError(GenieError):
    """Data would leave the machine although the settings forbid it."""

    exit_code = 2


class ModelError(GenieError):
    """No model gave what was needed.

    Args:
        message: What happened and where, one sentence.
        hint: The next step for the user, one sentence, may be empty.
        said: What the server itself said, shortened; empty where it said nothing.
        status: HTTP status of its reply, 0 where there was none.
    """

    exit_code = 6

    def __init__(self, message: str, *, hint: str = "", said: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.said = said
        self.status = status


class ModelAccessError(ModelError):
    """The key is missing, wrong or not allowed to do it."""


class ModelBusyError(ModelError):
    """Too many calls, or the server is overloaded.

    Args:
        message: What happened and where, one sentence.
        hint: The next step for the user, one sentence, may be empty.
        said: What the server itself said, shortened.
        status: HTTP status of its reply.
        wait_s: Seconds the server asks to wait, None where it does not say.
    """

    def __init__(
        self, message: str, *, hint: str = "", said: str = "", status: int = 0, wait_s: float | None = None
    ) -> None:
        super().__init__(message, hint=hint, said=said, status=status)
        self.wait_s = wait_s


class ModelDownError(ModelError):
    """The server cannot be reached, failed or broke off."""


class ModelTimeoutError(ModelError):
    """The server did not answer in time."""


class ModelRequestError(ModelError):
    """The server says that the request is wrong."""


class ModelReplyError(ModelError):
    """The reply is empty, cut off, or not of the form that was asked for."""


class ModelStoppedError(ModelError):
    """The user stopped the call."""
