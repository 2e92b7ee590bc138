"""A server on this machine that speaks both wires from a script: for tests, and to try prompts without paying.

It speaks them as they are, streams, usage, refusals and stalls included, so that what works with it works with them.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from genie_ext.models.scripted_wires import AnthropicWire, Asked, OpenAIWire, Scripted

_PIECE = 8
"""Bytes written at once where a reply that is not streamed drips."""

Script = Callable[[Asked], Scripted] | Sequence[Scripted]


class ScriptedServer:
    """Serves a script while the `with` block runs.

    Args:
        script: Replies in their order, the last one over and over, or what makes the reply to a request.

    Attributes:
        requests: What was asked, in its order.
        broken: Set as soon as a client hangs up before it has its reply.
    """

    def __init__(self, script: Script) -> None:
        self.requests: list[Asked] = []
        self.broken = threading.Event()
        self.ended = threading.Event()
        self._script = script
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def openai_url(self) -> str:
        """Address of OpenAI's wire."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def anthropic_url(self) -> str:
        """Address of Anthropic's wire."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Start to serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving; replies that stall end."""
        self.ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reply(self, asked: Asked) -> Scripted:
        """Return the reply to a request, which is kept in `requests`."""
        with self._lock:
            self.requests.append(asked)
            place = len(self.requests) - 1
        reply = self._script(asked) if callable(self._script) else self._script[min(place, len(self._script) - 1)]
        if asked.form in reply.unknown_forms:
            return Scripted(status=400, text=f"{asked.form} is not supported: response_format")
        return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: ScriptedServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.owner = owner


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        wire = "openai" if self.path.endswith("/chat/completions") else "anthropic"
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(wire=wire, body=body, headers=headers)
        reply = self.server.owner.reply(asked)
        with suppress(OSError):
            if self._stalled(reply.stall_s):
                self._answer(asked, reply)

    def _stalled(self, seconds: float) -> bool:
        """Wait; return False where the client hung up meanwhile, or the server ended."""
        end, owner = time.monotonic() + seconds, self.server.owner
        while time.monotonic() < end and not owner.ended.is_set():
            self.connection.settimeout(min(0.02, seconds))
            try:
                gone = self.connection.recv(1, socket.MSG_PEEK) == b""
            except TimeoutError:
                continue
            except OSError:
                gone = True
            finally:
                self.connection.settimeout(None)
            if gone:
                owner.broken.set()
                return False
        return not owner.ended.is_set()

    def _answer(self, asked: Asked, reply: Scripted) -> None:
        speak = OpenAIWire if asked.wire == "openai" else AnthropicWire
        if reply.raw is not None:
            self._send(reply.status, reply.raw, reply.headers)
        elif reply.status >= 400:
            complaint = {"type": "error", "error": {"message": reply.text, "type": "error"}}
            self._send(reply.status, json.dumps(complaint).encode(), reply.headers)
        elif asked.body.get("stream"):
            self._stream(list(speak.stream(asked, reply)), reply)
        else:
            whole = json.dumps(speak.whole(asked, reply)).encode()
            self._send(200, whole, reply.headers, drip_s=reply.drip_s, cut=reply.cut)

    def _send(
        self, status: int, body: bytes, headers: Mapping[str, str], *, drip_s: float = 0.0, cut: bool = False
    ) -> None:
        self._head(status, {"content-type": "application/json", "content-length": str(len(body)), **headers})
        step = _PIECE if drip_s else len(body) or 1
        self._write([body[i : i + step] for i in range(0, len(body), step)], drip_s=drip_s, cut=cut)

    def _stream(self, events: list[str], reply: Scripted) -> None:
        self._head(200, {"content-type": "text/event-stream", "connection": "close", **reply.headers})
        self._write([event.encode() for event in events], drip_s=reply.drip_s, cut=reply.cut)
        self.close_connection = True

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _write(self, pieces: list[bytes], *, drip_s: float, cut: bool) -> None:
        """Write pieces with pauses between them; where it is cut, half of it and then break the line."""
        if cut and len(pieces) == 1:
            pieces = [pieces[0][: len(pieces[0]) // 2], b""]
        for place, piece in enumerate(pieces[: len(pieces) // 2] if cut else pieces):
            if place and drip_s and not self._stalled(drip_s):
                self.close_connection = True
                return
            self.wfile.write(piece)
            self.wfile.flush()
        if cut:
            self._break()

    def _break(self) -> None:
        """Reset the line, so that the client sees an error and not an end."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing: tests look at `requests`."""
