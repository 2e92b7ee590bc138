"""The line to a server: one HTTP client per call, which another thread can cut at any moment."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from genie_ext.models.base import Cancel

if TYPE_CHECKING:
    import ssl

    import httpx2

CONNECT_S = 10.0
"""Seconds to reach a server; the time that a model thinks is another matter."""


def is_loopback(url: str) -> bool:
    """Tell whether an address is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def open_line(server: str, *, timeout_s: float, cancel: Cancel | None) -> Iterator[httpx2.Client]:
    """Yield an HTTP client for one call to a server; `cancel` cuts it, also while the server says nothing.

    The proxy of the environment is used, but not for this machine. No redirect is followed: key and prompt go to the
    server that was set and nowhere else.

    Raises:
        httpx2.ReadTimeout: The call as a whole took longer, however steadily the server drips.
    """
    import httpx2

    sockets, late = _Sockets(), threading.Event()

    def give_up() -> None:
        late.set()
        sockets.cut()

    timer = threading.Timer(timeout_s, give_up)
    timer.daemon = True
    forget = cancel.on_set(sockets.cut) if cancel is not None else lambda: None

    def watch(request: httpx2.Request) -> None:
        request.extensions = {**request.extensions, "trace": sockets.note}

    client = httpx2.Client(
        timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
        verify=_trust(),
        trust_env=not is_loopback(server),
        event_hooks={"request": [watch]},
        follow_redirects=False,
    )
    try:
        with client:
            timer.start()
            yield client
    except Exception as error:
        if late.is_set():
            raise httpx2.ReadTimeout(f"no whole reply in {timeout_s:g} s") from error
        raise
    finally:
        timer.cancel()
        forget()


class _Sockets:
    """The sockets of one client, so that they can be shut down from another thread: a plain close wakes nobody."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._cut = False

    def note(self, event: str, info: dict[str, Any]) -> None:
        """Keep the socket of a connection that was made; called by the client for each thing it does."""
        if not event.endswith(("connect_tcp.complete", "start_tls.complete")):
            return
        own = info["return_value"].get_extra_info("socket")
        with self._lock:
            self._open.append(own)
            cut = self._cut
        if cut:
            self.cut()

    def cut(self) -> None:
        """Shut all of them down."""
        with self._lock:
            self._cut = True
            held = list(self._open)
        for own in held:
            with suppress(OSError):
                socket.socket.shutdown(own, socket.SHUT_RDWR)


@cache
def _trust() -> ssl.SSLContext:
    """Return the certificates that are trusted, read once: reading them takes longer than a call on a fast line."""
    import httpx2

    return httpx2.create_ssl_context()
