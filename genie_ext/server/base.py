"""What all routes share: who asks, errors as JSON, and work that must not hold up the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from jupyter_server.base.handlers import APIHandler
from pydantic import BaseModel, ConfigDict, ValidationError

from genie_ext.errors import GenieError, LakeUnavailableError
from genie_ext.server.rooms import LOCAL, Rooms
from semantic.errors import SemanticError

_T = TypeVar("_T")
_F = TypeVar("_F", bound="Form")


class Form(BaseModel):
    """The body of a request."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Fault(Exception):  # noqa: N818 - it is what the browser is told
    """What is wrong with a request."""

    def __init__(self, status: HTTPStatus, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint


class Handler(APIHandler):
    """A route of the panel."""

    auth_resource = "genie"

    @property
    def rooms(self) -> Rooms:
        """What the server keeps for the panel."""
        found: Rooms = self.settings["genie"]
        return found

    @property
    def user(self) -> str:
        """Who asks: the name that an identity provider vouches for, else the server's only user."""
        name = str(getattr(self.current_user, "username", "") or "")
        provider = type(self.identity_provider).__name__
        return LOCAL if provider in _MADE_UP or not name else name

    def form(self, kind: type[_F]) -> _F:
        """Return the body of the request.

        Raises:
            Fault: It is not what the route takes.
        """
        try:
            return kind.model_validate_json(self.request.body or b"{}")
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise Fault(HTTPStatus.BAD_REQUEST, f"The request is not right: {where}: {first['msg']}.") from error

    async def work(self, job: Callable[[], _T]) -> _T:
        """Return what a job does, done beside the loop of the server."""
        return await asyncio.get_running_loop().run_in_executor(self.rooms.desk, job)

    async def answer(self, job: Callable[[], dict[str, Any]]) -> None:
        """Finish with what a job returns, as JSON, which is written beside the loop, too."""
        self.finish(await self.work(lambda: json.dumps(job(), allow_nan=False)))

    def write_error(self, status_code: int, **given: Any) -> None:
        """Finish with the message of an error; what is unexpected is in the server's log and says so."""
        error = given.get("exc_info", (None, None, None))[1]
        status, told = told_of(error, status_code)
        self.set_status(status)
        self.finish(json.dumps(told))

    def log_exception(self, kind: Any, error: Any, trace: Any) -> None:
        """Log what is unexpected, with its trace; the rest is told to who asked."""
        if not isinstance(error, (Fault, GenieError, SemanticError)):
            super().log_exception(kind, error, trace)


_MADE_UP = frozenset({"IdentityProvider", "PasswordIdentityProvider", "LegacyIdentityProvider"})


def told_of(error: BaseException | None, status: int = 500) -> tuple[int, dict[str, str]]:
    """Return the status and the words of an error."""
    if isinstance(error, Fault):
        return error.status, {"message": error.message, "hint": error.hint}
    if isinstance(error, (GenieError, SemanticError)):
        found = HTTPStatus.NOT_FOUND if isinstance(error, LakeUnavailableError) else HTTPStatus.BAD_REQUEST
        return found, {"message": error.message, "hint": error.hint or ""}
    reason = str(getattr(error, "reason", "") or getattr(error, "log_message", "") or HTTPStatus(status).phrase)
    hint = "The log of the server says more." if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
    return status, {"message": reason, "hint": hint}
