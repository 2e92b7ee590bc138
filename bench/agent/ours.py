"""The model path with everything on: index, linking, guard, locked worker, checks, ledger; nothing is cached."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.agent.runner import Ask, arguments, run
from bench.agent.script import PLANNER, WRITER
from genie_ext.config import load_settings
from genie_ext.errors import GenieError
from genie_ext.session import Session

TOLD = arguments()
SYSTEMS = {
    "every question to models": {"least_tier": "open"},
    "as it ships": {},
}


def session(home: Path) -> Session:
    """Return a session whose planner and writer are the scripted server."""
    models = {
        "planner": {"provider": "openai", "model": PLANNER, "tier": "frontier", "base_url": TOLD.url},
        "writer": {"provider": "openai", "model": WRITER, "tier": "open", "base_url": TOLD.url},
    }
    given = {"models": models, "effort": "low", "response_cache": False, "home": home, **SYSTEMS[TOLD.system]}
    return Session(TOLD.database, settings=load_settings(TOLD.database, **given))


def main() -> None:
    """Ask."""
    with tempfile.TemporaryDirectory() as home:

        def make() -> Ask:
            opened = session(Path(home))

            def ask(question: str) -> bool:
                try:
                    return opened.ask(question).answer is not None
                except GenieError:
                    return False

            return ask

        run(make, TOLD)


if __name__ == "__main__":
    main()
