"""A data agent for notebooks: ask a lake in plain language.

```python
from genie_ext import Genie

with Genie("demo-lake") as genie:
    result = genie.ask("How many orders were placed last month?")
    result.df, result.sql, result.checks, result.confidence
```
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genie_ext.api import Genie, Result
    from genie_ext.config import Settings, load_settings
    from genie_ext.magic import load_ipython_extension, unload_ipython_extension
    from genie_ext.session import Session
    from genie_ext.types import Turn

__all__ = [
    "Genie",
    "Result",
    "Session",
    "Settings",
    "Turn",
    "load_ipython_extension",
    "load_settings",
    "unload_ipython_extension",
]

_ROOMS = {
    "Genie": "genie_ext.api",
    "Result": "genie_ext.api",
    "Session": "genie_ext.session",
    "Settings": "genie_ext.config",
    "Turn": "genie_ext.types",
    "load_ipython_extension": "genie_ext.magic",
    "load_settings": "genie_ext.config",
    "unload_ipython_extension": "genie_ext.magic",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package costs nothing."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter's server where its extension is."""
    return [{"module": "genie_ext"}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built panel is."""
    return [{"src": "labextension", "dest": "genie-labextension"}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Add the routes of the panel to a Jupyter server."""
    from genie_ext.server.app import load

    load(app)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
