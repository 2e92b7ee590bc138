"""What a server keeps for panel and phone page: sessions that stay open, threads for all of them, what was said."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from genie_ext.errors import GenieError, LakeUnavailableError
from genie_ext.server.history import History
from genie_ext.server.lakes import find_lakes, home_of
from genie_ext.server.seats import Seat
from semantic.errors import SemanticError

AT_ONCE = 8
"""Questions that are worked on at the same time; more wait, and the server serves on."""
MOST_WAITING = 100
"""Questions under way, those that wait included, from which on more are turned away."""
SEATS = 2
"""Sessions of one user and lake: what is asked side by side. A thread keeps its seat, which remembers it."""
IDLE_S = 1800.0
"""Seconds without a question after which a session gives its memory and its process back."""
FRAME_IDLE_S = 300.0
"""The same for a frame: each is a session of its own, and they come and go."""
LOCAL = "local"
"""The user where the server has one: the names that Jupyter makes up then differ by browser."""
_PLAIN = 4


class Rooms:
    """What a server keeps.

    Args:
        root: The folder that the server shows; lakes are looked for there.
        at_once: How many questions are worked on at the same time.
    """

    def __init__(self, root: Path, *, at_once: int = AT_ONCE) -> None:
        self.root = root.resolve()
        self.pool = ThreadPoolExecutor(at_once, thread_name_prefix="genie-ask")
        # Lists and files do not wait behind questions.
        self.desk = ThreadPoolExecutor(_PLAIN, thread_name_prefix="genie-desk")
        self.under_way = 0
        self.suggested: dict[tuple[Path, str], tuple[str, ...]] = {}
        self._lock = threading.Lock()
        self._seats: dict[tuple[Path, str], tuple[Seat, ...]] = {}
        self._histories: dict[Path, History] = {}

    def lakes(self) -> tuple[Path, ...]:
        """Return the lakes that may be asked, the usual one first."""
        return find_lakes(self.root)

    def lake(self, wanted: str) -> Path:
        """Return the lake of this path, the first one where none is wanted.

        Raises:
            LakeUnavailableError: There is none, or it is not among those that may be asked.
        """
        lakes = self.lakes()
        if not wanted:
            if not lakes:
                raise LakeUnavailableError(
                    f"There is no lake in {self.root}.",
                    hint="Put a DuckDB file there, or set GENIE_LAKE before the server starts.",
                )
            return lakes[0]
        path = Path(wanted).expanduser().resolve()
        if path not in lakes:
            hint = "Put it below the folder of the server, or set GENIE_LAKE before the server starts."
            raise LakeUnavailableError(f"{wanted} is no lake that this server may ask.", hint=hint)
        return path

    def seat(self, lake: Path, user: str, thread: str = "", *, frame: Path | None = None) -> Seat:
        """Return where a user's thread sits, over a lake or a frame that is asked about in its place."""
        with self._lock:
            place = (frame or lake, user)
            if place not in self._seats:
                name, seats = "" if user == LOCAL else user, SEATS if frame is None else 1
                self._seats[place] = tuple(Seat(lake, name, frame=frame) for _ in range(seats))
            return self._seats[place][sum(thread.encode()) % len(self._seats[place])]

    def frames(self, lake: Path) -> Path:
        """Return the folder whose subfolder holds frames that were asked about: where the history of a lake stands.

        Raises:
            LakeError: There is no lake any more.
        """
        return self.history(lake).path.parent

    def rest(self, idle_s: float = IDLE_S) -> int:
        """Close the sessions that nobody used for so many seconds; return how many. They open again when asked."""
        with self._lock:
            seats = [seat for own in self._seats.values() for seat in own]
        return sum(seat.rest(min(idle_s, FRAME_IDLE_S) if seat.about_frame else idle_s) for seat in seats)

    def history(self, lake: Path) -> History:
        """Return what was asked of a lake.

        Raises:
            LakeError: There is no lake any more.
        """
        with self._lock:
            if lake not in self._histories:
                self._histories[lake] = History.beside(home_of(lake))
            return self._histories[lake]

    def histories(self) -> tuple[tuple[Path, History], ...]:
        """Return what was asked of all lakes that may be asked and can be opened, with each lake."""
        found = []
        for lake in self.lakes():
            try:
                found.append((lake, self.history(lake)))
            except (GenieError, SemanticError):
                # One damaged lake must not hide the threads of the others; asking it says what is wrong.
                continue
        return tuple(found)

    def rest_aside(self) -> None:
        """Do so beside the loop of the server."""
        self.desk.submit(self.rest)

    def close(self) -> None:
        """Stop what runs, and close all sessions."""
        for pool in (self.pool, self.desk):
            pool.shutdown(wait=False, cancel_futures=True)
        for seats in tuple(self._seats.values()):
            for seat in seats:
                seat.close()
