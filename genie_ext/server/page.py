"""The phone page and its files."""

from __future__ import annotations

import html
from http import HTTPStatus
from pathlib import Path

from jupyter_server.base.handlers import FileFindHandler, JupyterHandler
from tornado import web


class PageHandler(JupyterHandler):
    """GET genie: the page, for who is logged in."""

    def initialize(self, static: Path) -> None:
        """Know where the built files are."""
        self.static = static

    @web.authenticated
    def get(self) -> None:
        """Send the page with the address of this server."""
        page = self.static / "mobile.html"
        if not page.is_file():
            raise web.HTTPError(HTTPStatus.NOT_FOUND, reason="The page was not built: install genie-ext from a wheel")
        # Read once, so that the browser gets the cookie that its questions are signed with.
        _ = self.xsrf_token
        base = html.escape(self.base_url, quote=True)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page.read_text(encoding="utf-8").replace("{{base}}", base))


class PublicHandler(FileFindHandler):
    """Script and style of the page; they hold no data."""
