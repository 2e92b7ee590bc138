"""The notebook face: %genie connects, %ask and %%ask answer.

```python
%load_ext genie_ext
%genie connect demo-lake
%ask How many orders were placed last month?
```
"""

from __future__ import annotations

import atexit
import keyword
import re
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from genie_ext import disk
from genie_ext.api import Result
from genie_ext.config import Settings, debug_wanted, default_lake, load_settings
from genie_ext.display_width import one_line
from genie_ext.errors import GenieError, QuestionError
from genie_ext.frames import is_frame, keep_frame, parquet_of, settings_about
from genie_ext.progress import Line, describe
from genie_ext.session import Session
from genie_ext.types import Turn
from semantic.errors import SemanticError
from semantic.types import Progress

_BOARD_WIDTH = 100
_CHART = "application/vnd.vegalite.v5+json"

HELP = """\
%genie connect PATH      open a lake: a DuckDB file, a data file or a folder of them
%genie connect NAME      use the open DuckDB connection, or ask about the frame, in the variable NAME
%genie status            say what is connected
%genie new               start a new conversation; follow-up questions forget what was before
%genie index [--force]   read the lake again where it changed
%genie help              show this
%ask QUESTION            answer; the rows are in _answer, all the rest in _result
%%ask [NAME] [--no-chart]
QUESTION                 the same, with the rows in NAME as well"""

# IPython takes a line that ends in a question mark for a call for help.
_QUESTION = re.compile(r"^(\s*)%ask\s+(\S.*\?)\s*$")

_notebooks: dict[int, Notebook] = {}


def load_ipython_extension(shell: Any) -> None:
    """Register %genie, %ask and %%ask; IPython calls this on %load_ext genie_ext."""
    unload_ipython_extension(shell)
    notebook = _notebooks[id(shell)] = Notebook(shell)
    shell.register_magic_function(notebook.genie, magic_kind="line", magic_name="genie")
    shell.register_magic_function(notebook.ask, magic_kind="line_cell", magic_name="ask")
    shell.input_transformers_cleanup.append(_keep_question_marks)
    atexit.register(notebook.close)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away and close the session; IPython calls this on %unload_ext genie_ext."""
    if notebook := _notebooks.pop(id(shell), None):
        atexit.unregister(notebook.close)
        notebook.close()
        for kind, name in (("line", "genie"), ("line", "ask"), ("cell", "ask")):
            shell.magics_manager.magics[kind].pop(name, None)
        shell.input_transformers_cleanup.remove(_keep_question_marks)


class Notebook:
    """The session and the conversation of one notebook.

    Args:
        shell: The IPython shell it belongs to.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.session: Session | None = None
        self.lake: Any = None
        self.thread = _new_thread()
        # A kernel shows displays that can be updated; a terminal prints each update as a new one.
        self.rich = getattr(shell, "kernel", None) is not None

    def genie(self, line: str) -> None:
        """Connect a lake and look after the session: %genie help."""
        verb, _, rest = line.strip().partition(" ")
        verbs: dict[str, Callable[[str], None]] = {
            "connect": self._connect,
            "status": self._status,
            "new": self._new,
            "index": self._index,
            "help": lambda _: _say(HELP),
            "": lambda _: _say(HELP),
        }
        with _one_line_errors():
            if verb not in verbs:
                raise QuestionError(f"%genie has no {verb!r}.", hint="See %genie help.")
            verbs[verb](rest.strip())

    def ask(self, line: str, cell: str | None = None) -> None:
        """Answer a question: %ask QUESTION, or %%ask [NAME] [--no-chart] with the question below."""
        with _one_line_errors():
            name, chart = ("", True) if cell is None else _options(line)
            turn = self._answer(line if cell is None else cell, chart=chart)
            result = Result(turn)
            # A refusal empties the names, so that no cell below goes on with the rows of an earlier question.
            rows = result.df if result.ok and turn.rows else None
            self.shell.push({"_answer": rows, "_result": result, **({name: rows} if name else {})})

    def close(self) -> None:
        """Close the session."""
        if self.session:
            self.session.close()
            self.session = None

    def _connect(self, target: str) -> None:
        if not target:
            raise QuestionError("%genie connect needs a lake.", hint="Name a path or a variable with a connection.")
        found = self.shell.user_ns.get(target)
        if is_frame(found):
            settings = load_settings(None)
            home = settings.home or Path.cwd() / ".genie"
            self._open(keep_frame(home, target, parquet_of(found)), settings_about(settings))
        else:
            self._open(found if hasattr(found, "execute") else target.strip("\"'"))
        self._status("")

    def _open(self, lake: Any, settings: Settings | None = None) -> Session:
        path = Path(lake).expanduser() if isinstance(lake, str | Path) else None
        with _Board(rich=self.rich) as board:
            session = Session(path or lake, settings=settings or load_settings(path), progress=board.update)
        self.close()
        self.session, self.lake, self.thread = session, lake, _new_thread()
        return session

    def _current(self) -> Session:
        if self.session:
            return self.session
        if lake := default_lake():
            return self._open(lake)
        raise QuestionError("No lake is connected.", hint="Connect one first: %genie connect PATH")

    def _status(self, _: str) -> None:
        session = self._current()
        index = session.index
        _say(f"{session.lake.root}: {len(index.table_ids())} tables, index {index.version} ({index.encoder_identity})")

    def _new(self, _: str) -> None:
        self.thread = _new_thread()
        _say("A new conversation has begun.")

    def _index(self, options: str) -> None:
        from genie_ext.lakes import refresh_index

        session, force = self._current(), options == "--force"
        with _Board(rich=self.rich) as board:
            report = refresh_index(session.lake, session.settings, progress=board.update, force=force)
        self._open(self.lake)
        _say(f"{report.tables} tables, {report.changed} of them read again in {report.seconds:.1f} s.")

    def _answer(self, question: str, *, chart: bool) -> Turn:
        session = self._current()
        with _Board(rich=self.rich) as board:
            for event in session.events(question, thread=self.thread):
                board.show(event.text)
            turn: Turn = event.value
            board.finish(turn, chart=chart)
        return turn


class _Board:
    """Where one call shows how far it is and then its answer: one display in a kernel, a line on a terminal."""

    def __init__(self, *, rich: bool) -> None:
        self._rich = rich
        self._line = Line(quiet=True)
        self._handle: Any = None
        self._finished = False

    def show(self, text: str) -> None:
        """Show a text in place of the one before."""
        if self._rich:
            self._put({"text/plain": one_line(text, _BOARD_WIDTH)})
        else:
            self._line.show(text)

    def update(self, progress: Progress) -> None:
        """Show how far a build is."""
        self.show(describe(progress))

    def finish(self, turn: Turn, *, chart: bool) -> None:
        """Show the answer in place of the progress, and its chart below."""
        from genie_ext.display import mime_bundle

        bundle = mime_bundle(turn)
        drawing = bundle.pop(_CHART, None)
        self._finished = True
        if not self._rich:
            self._line.clear()
            _say(bundle["text/plain"])
            return
        self._put(bundle)
        if chart and drawing:
            _display({_CHART: drawing, "text/plain": "(a chart)"})

    def _put(self, bundle: dict[str, Any]) -> None:
        if self._handle is None:
            self._handle = _display(bundle, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the progress where no answer took its place."""
        self._line.clear()
        if self._handle is not None and not self._finished:
            self._handle.update({"text/plain": ""}, raw=True)


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn every error into IPython's one-line message; a stopped question leaves the session as it was."""
    from IPython.core.error import UsageError

    try:
        yield
    except (GenieError, SemanticError) as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        if debug_wanted():
            raise
        raise UsageError(f"{disk.explain('A file or folder cannot be used', error)} {disk.HINT}") from None
    except KeyboardInterrupt:
        raise UsageError("Stopped.") from None
    except UsageError:
        raise
    except Exception as error:
        if debug_wanted():
            raise
        message = f"Unexpected {type(error).__name__}: {error}. Set GENIE_DEBUG=1 to see where."
        raise UsageError(message) from None


def _keep_question_marks(lines: list[str]) -> list[str]:
    """Write `%ask …?` as the call it stands for, before IPython makes a call for help of it."""
    return [_QUESTION.sub(_as_call, line) for line in lines]


def _as_call(found: re.Match[str]) -> str:
    return f"{found[1]}get_ipython().run_line_magic('ask', {found[2]!r})\n"


def _options(line: str) -> tuple[str, bool]:
    """Return the name and whether a chart is wanted, from the line of %%ask."""
    name, chart = "", True
    for word in line.split():
        if word in {"--chart", "--no-chart"}:
            chart = word == "--chart"
        elif word.isidentifier() and not keyword.iskeyword(word) and not name:
            name = word
        else:
            hint = "Write %%ask NAME, and the question in the lines below."
            raise QuestionError(f"%%ask cannot use {word!r} as the name of a variable.", hint=hint)
    return name, chart


def _new_thread() -> str:
    return f"notebook-{uuid.uuid4().hex[:12]}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _display(bundle: dict[str, Any], **options: Any) -> Any:
    from IPython.display import display

    return display(bundle, raw=True, **options)
