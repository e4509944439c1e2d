"""A picture as SVG: boxes in layers, arrows from the top to the bottom, in the light and in the dark. What became of a step is said
in words too, and not by a colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from memproc.flows.picture.drawing import Arrow, Box, Drawn

WIDTH, GAP_ACROSS, GAP_DOWN, MARGIN, HEAD = 280, 32, 44, 20, 36
LINE, PADDING = 18, 12
MOST_CHARS = 38

_TIP = (
    '<marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
    '<path d="M0 0L10 5L0 10z"/></marker>'
)
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 16px; font-weight: 600; }
.id { font-weight: 600; }
.more { fill: #59636e; font-size: 12px; }
.box { fill: #ffffff; stroke: #6b7580; stroke-width: 1.5; }
.done .box { fill: #d7f0dd; stroke: #1a7f37; }
.failed .box { fill: #fbdcd9; stroke: #b42318; }
.running .box { fill: #d9e8fb; stroke: #1f5fbf; }
.asking .box { fill: #fdf0cf; stroke: #9a6700; }
.skipped .box { fill: #eceff2; stroke: #6b7580; stroke-dasharray: 5 3; }
.arrow { fill: none; stroke: #59636e; stroke-width: 1.5; }
.order { stroke-dasharray: 4 3; }
.ground { fill: #ffffff; }
marker path { fill: #59636e; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.more { fill: #9da7b1; }
.ground { fill: #0d1117; }
.box { fill: #161b22; stroke: #8b949e; }
.done .box { fill: #12361f; stroke: #3fb950; }
.failed .box { fill: #4a1512; stroke: #f85149; }
.running .box { fill: #0f2d52; stroke: #58a6ff; }
.asking .box { fill: #463200; stroke: #d29922; }
.skipped .box { fill: #21262d; stroke: #8b949e; }
.arrow { stroke: #9da7b1; }
marker path { fill: #9da7b1; }
}
"""


def svg(picture: Drawn) -> str:
    """Return an SVG document."""
    heights = _heights(picture)
    tops = [MARGIN + HEAD]
    for height in heights:
        tops.append(tops[-1] + height + GAP_DOWN)
    columns = 1 + max(box.column for box in picture.boxes)
    width = max(2 * MARGIN + columns * (WIDTH + GAP_ACROSS) - GAP_ACROSS, 2 * MARGIN + 9 * len(picture.title))
    height = tops[-1] - GAP_DOWN + MARGIN
    places = {box.id: (MARGIN + box.column * (WIDTH + GAP_ACROSS), tops[box.layer], _height(box)) for box in picture.boxes}
    title, size = escape(picture.title), f'width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}" role="img" aria-labelledby="title">',
        f'<title id="title">{title}</title>',
        f"<style>{_STYLE}</style>",
        f"<defs>{_TIP}</defs>",
        f'<rect class="ground" {size}/>',
        f'<text class="title" x="{MARGIN}" y="{MARGIN + 16}">{title}</text>',
        *(_arrow(arrow, places) for arrow in picture.arrows),
        *(line for box in picture.boxes for line in _box(box, places[box.id])),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _heights(picture: Drawn) -> list[int]:
    """Return how high each layer is: as its highest box."""
    layers = 1 + max(box.layer for box in picture.boxes)
    return [max(_height(box) for box in picture.boxes if box.layer == layer) for layer in range(layers)]


def _lines(box: Box) -> list[str]:
    return [*([box.about] if box.about else []), *box.notes]


def _height(box: Box) -> int:
    return 2 * PADDING + LINE * (1 + len(_lines(box)))


def _box(box: Box, place: tuple[int, int, int]) -> Iterator[str]:
    across, down, height = place
    said = f"{box.do}: {box.status}" if box.status else box.do
    yield f'<g class="{escape(box.status or "plain")}">'
    yield f"<title>{escape(' '.join([box.id, said, *_lines(box)]))}</title>"
    yield f'<rect class="box" x="{across}" y="{down}" width="{WIDTH}" height="{height}" rx="8"/>'
    top = down + PADDING + LINE - 5
    yield f'<text class="id" x="{across + PADDING}" y="{top}">{escape(_short(box.id, 22))}</text>'
    yield f'<text class="more" x="{across + WIDTH - PADDING}" y="{top}" text-anchor="end">{escape(said)}</text>'
    for number, line in enumerate(_lines(box), 1):
        yield f'<text class="more" x="{across + PADDING}" y="{top + number * LINE}">{escape(_short(line, MOST_CHARS))}</text>'
    yield "</g>"


def _arrow(arrow: Arrow, places: dict[str, tuple[int, int, int]]) -> str:
    across, down, height = places[arrow.start]
    to_across, to_down, _ = places[arrow.end]
    x, y, to_x = across + WIDTH / 2, down + height, to_across + WIDTH / 2
    bend = (to_down - y) / 2
    path = f"M{x:g} {y}C{x:g} {y + bend:g} {to_x:g} {to_down - bend:g} {to_x:g} {to_down}"
    return f'<path class="arrow{"" if arrow.is_needed else " order"}" d="{path}" marker-end="url(#tip)"/>'


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
