"""The plain routes: what is there, SQL of a person, and what people do with an answer."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

from jupyter_server.auth.decorator import authorized
from tornado import web

from genie_ext.display_json import rows_to_json
from genie_ext.frames import FOLDER, name_of
from genie_ext.guard import check
from genie_ext.server.base import Fault, Form, Handler
from genie_ext.server.history import History, Kept
from genie_ext.server.lakes import home_of
from genie_ext.server.notes import keep_case, propose
from genie_ext.server.rooms import Rooms
from genie_ext.server.suggestions import suggest
from genie_ext.session import Session
from genie_ext.types import Rows, Sql


class RunForm(Form):
    """SQL that a person wrote."""

    sql: str
    lake: str = ""


class NoteForm(Form):
    """What a person says of a turn."""

    turn: str
    verdict: Literal["up", "down", ""] = ""
    reason: str = ""


class StatusHandler(Handler):
    """GET status: the lakes, what may leave this machine, and what was spent."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Say what is there."""
        wanted = self.get_query_argument("lake", "")
        await self.answer(lambda: status(self.rooms, wanted, self.user))


def status(rooms: Rooms, wanted: str, user: str) -> dict[str, Any]:
    """Return what the head of the panel shows."""
    lakes = rooms.lakes()
    listed = [{"path": str(path), "name": path.name} for path in lakes]
    lake = rooms.lake(wanted)
    session = rooms.seat(lake, user).session()
    settings = session.settings
    models = session.agent.models
    known = models.caller.bound.settings if models is not None else {}
    return {
        "lake": {"path": str(lake), "name": lake.name, "tables": len(session.index.table_ids())},
        "lakes": listed,
        "privacy": settings.privacy,
        "models": [{"name": name, "tier": model.tier, "local": bool(model.local)} for name, model in known.items()],
        "budget": {"day": settings.budget_day, "spent": 0.0 if models is None else models.spent_today()},
        "index": session.index.version,
        "user": user,
    }


class SuggestionsHandler(Handler):
    """GET suggestions: questions that the lake can answer."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Suggest."""
        wanted = self.get_query_argument("lake", "")
        await self.answer(lambda: {"questions": list(self._suggested(self.rooms.lake(wanted)))})

    def _suggested(self, lake: Path) -> tuple[str, ...]:
        with self.rooms.seat(lake, self.user).held() as session:
            key = (lake, session.index.version)
            if key not in self.rooms.suggested:
                self.rooms.suggested[key] = suggest(session)
            return self.rooms.suggested[key]


class RunHandler(Handler):
    """POST run: SQL of a person, through guard and worker."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Run it."""
        form = self.form(RunForm)
        await self.answer(lambda: self._ran(form))

    def _ran(self, form: RunForm) -> dict[str, Any]:
        with self.rooms.seat(self.rooms.lake(form.lake), self.user, form.sql).held() as session:
            sql, rows = run(session, form.sql)
        tables = [str(table) for table in sql.tables]
        return {"sql": {"text": sql.text, "tables": tables}, "rows": rows_to_json(rows)}


def run(session: Session, text: str) -> tuple[Sql, Rows]:
    """Return a checked query and its rows.

    Raises:
        GuardError: It is not one read-only query over what may be read.
        EngineError: It failed, or ran too long.
    """
    agent = session.agent
    sql = check(text, agent.index, policy=agent.policy, row_limit=agent.row_limit)
    return sql, session.engine.run(sql)


class _OfTurn(Handler):
    def kept(self, turn: str) -> tuple[Path, History, Kept]:
        """Return a turn of the user, with the lake that it is about."""
        for lake, history in self.rooms.histories():
            if found := history.turn(self.user, turn):
                return lake, history, found
        raise Fault(HTTPStatus.NOT_FOUND, "There is no such answer any more.", "Ask again.")


class NoteHandler(_OfTurn):
    """POST feedback, verify and case: what a person thinks of an answer."""

    @web.authenticated
    @authorized
    async def post(self, kind: str) -> None:
        """Keep it."""
        form = self.form(NoteForm)
        await self.answer(lambda: {"message": self._keep(kind, form)})

    def _keep(self, kind: str, form: NoteForm) -> str:
        lake, history, kept = self.kept(form.turn)
        if kind == "feedback":
            if not form.verdict:
                raise Fault(HTTPStatus.BAD_REQUEST, "The request is not right: verdict is missing.")
            history.judge(self.user, kept.id, form.verdict, form.reason)
            return "Thank you: kept beside the index of the lake."
        if kept.turn["sql"] is None:
            raise Fault(HTTPStatus.BAD_REQUEST, "This answer has no query.", "Verify an answer with rows.")
        if kept.about:
            message = f"This answer is about the frame {name_of(kept.about)}, not about the lake."
            raise Fault(HTTPStatus.BAD_REQUEST, message, "Save the frame as a table, and ask again.")
        if kind == "case":
            return f"Added to {keep_case(home_of(lake), lake, kept)}."
        with self.rooms.seat(lake, self.user).held() as session:
            path = propose(session, kept, self.user)
        return f"Proposed in {path}: a person accepts it there, or with genie model accept."


class ChartHandler(_OfTurn):
    """GET charts/TURN.svg: the chart of an answer, for pages that draw none themselves."""

    @web.authenticated
    @authorized
    async def get(self, turn: str) -> None:
        """Send it as a picture; opened by itself it may run and load nothing."""
        width = min(max(int(found), 200), 1200) if (found := self.get_query_argument("width", "340")).isdigit() else 340
        dark = self.get_query_argument("dark", "0") == "1"
        body = await self.work(lambda: self._drawn(turn, width, dark=dark))
        self.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(body, set_content_type="image/svg+xml")

    def _drawn(self, turn: str, width: int, *, dark: bool) -> bytes:
        from genie_ext.chart_files import draw_svg

        answer = self.kept(turn)[2].turn["answer"]
        if answer is None or answer["chart"] is None:
            raise Fault(HTTPStatus.BAD_REQUEST, "This answer has no chart.")
        return draw_svg(answer["chart"], width=width, dark=dark)


class RowsHandler(_OfTurn):
    """GET rows/TURN.csv and .parquet: the rows of an answer, read again in full."""

    @web.authenticated
    @authorized
    async def get(self, turn: str, form: str) -> None:
        """Send them as a file."""
        body = await self.work(lambda: self._file(turn, form))
        kind = "text/csv; charset=utf-8" if form == "csv" else "application/vnd.apache.parquet"
        self.set_header("Content-Disposition", f'attachment; filename="rows.{form}"')
        self.finish(body, set_content_type=kind)

    def _file(self, turn: str, form: str) -> bytes:
        from genie_ext.export import to_bytes

        lake, _, kept = self.kept(turn)
        if kept.turn["sql"] is None:
            raise Fault(HTTPStatus.BAD_REQUEST, "This answer has no rows.")
        frame = self.rooms.frames(lake) / FOLDER / kept.about if kept.about else None
        if frame is not None and not frame.is_dir():
            message = f"The frame {name_of(kept.about)} is no longer kept."
            raise Fault(HTTPStatus.NOT_FOUND, message, "Ask about it again.")
        with self.rooms.seat(lake, self.user, turn, frame=frame).held() as session:
            _, rows = run(session, str(kept.turn["sql"]["text"]))
        return to_bytes(rows.table, form)
