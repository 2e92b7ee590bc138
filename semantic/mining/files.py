"""A file that is read for meaning: its text and its parsed content, each read once and only when asked for."""

from __future__ import annotations

import json
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

from semantic.errors import SourceError

LARGEST = 200_000_000
"""Bytes; a larger file is no text that people wrote."""


class SourceFile:
    """One file with the name it is shown under.

    Args:
        path: Where it lies.
        place: What messages and sources call it, relative to the folder it was found in.
    """

    def __init__(self, path: Path, place: str) -> None:
        self.path = path
        self.place = place
        self.suffix = path.suffix.lower()

    @cached_property
    def text(self) -> str:
        """The file as text.

        Raises:
            SourceError: It is too large, unreadable or not UTF-8.
        """
        try:
            if self.path.stat().st_size > LARGEST:
                raise SourceError(f"{self.place}: larger than {LARGEST // 1_000_000} MB")
            return self.path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceError(f"{self.place}: not UTF-8 text (byte {error.start})") from error
        except OSError as error:
            raise SourceError(f"{self.place}: {error.strerror}") from error

    @cached_property
    def data(self) -> Any:
        """The parsed content of a JSON or YAML file.

        Raises:
            SourceError: It does not parse; the message names the line.
        """
        if self.suffix in {".yml", ".yaml"}:
            return _yaml(self.text, self.place)
        try:
            return json.loads(self.text)
        except json.JSONDecodeError as error:
            raise SourceError(f"{self.place}:{error.lineno}: not JSON: {error.msg}") from error
        except RecursionError as error:
            raise SourceError(f"{self.place}: nested too deeply") from error
        except ValueError as error:
            raise SourceError(f"{self.place}: not readable as JSON: {error}") from error


def _yaml(text: str, place: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError

    try:
        with warnings.catch_warnings():
            # YAML allows it: the later anchor counts from there on.
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            return YAML(typ="safe").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SourceError(f"{place}:{line}: not YAML: {error.problem}") from error
    except RecursionError as error:
        raise SourceError(f"{place}: nested too deeply") from error
    except (YAMLError, ValueError, LookupError) as error:
        # Dates that no calendar has, numbers too long and unknown words under a tag are no errors of YAML's own.
        raise SourceError(f"{place}: not readable as YAML: {error}") from error
