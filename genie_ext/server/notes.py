"""What a person says of an answer becomes a proposal for the semantic model, or a case for `genie eval`."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from genie_ext.errors import ConfigError
from genie_ext.guard import check
from genie_ext.server.history import Kept
from genie_ext.session import Session

CASES = "cases.jsonl"


def keep_case(home: Path, lake: Path, kept: Kept) -> Path:
    """Add a question with its query to the cases of a lake; return their file, which `genie eval` reads.

    Raises:
        ConfigError: The file cannot be written.
    """
    path = home / CASES
    case = {"id": kept.id, "db": lake.stem, "question": kept.question, "sql_duckdb": kept.turn["sql"]["text"]}
    try:
        home.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(case, ensure_ascii=False) + "\n")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error}.", hint="Make its folder writable.") from error
    return path


def propose(session: Session, kept: Kept, user: str) -> Path:
    """Write question and query into knowledge.yaml as a proposal; return the file.

    Raises:
        GuardError: The query is no longer allowed.
        ModelError: A file breaks its form, or cannot be written.
    """
    from semantic.facts import PastQuery, Source
    from semantic.model.edit import propose_query
    from semantic.model.files import KNOWLEDGE_FILE
    from semantic.model.load import load_model
    from semantic.model.queries import one_line
    from semantic.model.read import read_said

    agent, lake = session.agent, session.lake
    sql = check(str(kept.turn["sql"]["text"]), agent.index, policy=agent.policy, row_limit=agent.row_limit)
    tables = tuple(agent.index.table(table) for table in agent.index.table_ids())
    today = dt.datetime.now(dt.UTC).date().isoformat()
    source = Source(kind="person", place="panel", owner=user, last=today)
    # The files take the id of a proposal over its query on one line; any other looks like a person's change to it.
    query = PastQuery(text=kept.question, sql=one_line(sql.text), tables=sql.tables, sources=(source,))
    said = read_said(load_model(lake.model or lake.home), tables)
    if query.id in said.waiting or any(isinstance(fact, PastQuery) and fact.id == query.id for fact in said.facts):
        return said.model.folder / KNOWLEDGE_FILE
    return propose_query(said, query)
