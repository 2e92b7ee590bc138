"""Saves a chart to a file that opens offline."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from genie_ext.display_cells import clean
from genie_ext.errors import ConfigError

# no source but the page itself: the browser refuses every request that a specification could ask for
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Chart</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; \
style-src 'unsafe-inline'; img-src data: blob:">
<style>body{margin:0;padding:24px;background:#fff;font-family:system-ui,sans-serif}</style>
<script>@BUNDLE@</script></head>
<body><div id="chart"></div><script type="application/json" id="spec">@SPEC@</script>
<script>vegaEmbed("#chart", JSON.parse(document.getElementById("spec").textContent),
{mode: "vega-lite", actions: false, renderer: "svg"}).catch(console.error);</script></body></html>
"""


def save_chart(spec: dict[str, Any], path: Path) -> None:
    """Write a chart to a file that needs no network to open.

    Args:
        spec: What `choose_chart` gave.
        path: Ends in .html, .svg, .png or .json.

    Raises:
        ConfigError: The file has another suffix, or cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in {".html", ".svg", ".png", ".json"}:
        raise ConfigError(
            f"A chart cannot be saved as {path.name}.", hint="End the name in .html, .svg, .png or .json."
        )
    content = _rendered(_drawable(spec), suffix)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"The chart cannot be written to {path}: {error.strerror or error}.") from error


def draw_svg(spec: dict[str, Any], *, width: int, dark: bool = False) -> bytes:
    """Return a chart as an SVG picture on no background.

    Args:
        spec: What `choose_chart` gave.
        width: Pixels that its plot takes.
        dark: True for light ink.
    """
    import vl_convert

    sized = {**_drawable(spec), "width": width, "background": "transparent"}
    drawn = vl_convert.vegalite_to_svg(sized, vl_version=_version(), theme="dark" if dark else None)
    return str(drawn).encode()


def _version() -> str:
    import vl_convert

    return next(version for version in reversed(vl_convert.get_vegalite_versions()) if version.startswith("5."))


def _drawable(value: Any) -> Any:
    """Return the specification without characters that XML has no place for: they abort vl_convert, process and all."""
    if isinstance(value, str):
        return clean(value, lines=True)
    if isinstance(value, dict):
        return {_drawable(key): _drawable(item) for key, item in value.items()}
    return [_drawable(item) for item in value] if isinstance(value, list) else value


def _rendered(spec: dict[str, Any], suffix: str) -> bytes:
    if suffix == ".json":
        return (json.dumps(spec, indent=2, allow_nan=False) + "\n").encode()
    import vl_convert

    version = _version()
    if suffix == ".png":
        return bytes(vl_convert.vegalite_to_png(spec, vl_version=version, scale=2))
    if suffix == ".svg":
        return str(vl_convert.vegalite_to_svg(spec, vl_version=version)).encode()
    return _PAGE.replace("@BUNDLE@", _bundle(version)).replace("@SPEC@", _inert(spec)).encode()


@cache
def _bundle(version: str) -> str:
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version))


def _inert(spec: dict[str, Any]) -> str:
    """Return JSON that stays data inside a script element: vl_convert's own pages do not escape it."""
    text = json.dumps(spec, allow_nan=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
