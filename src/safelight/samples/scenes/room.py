"""Rooms: a box in perspective with a floor of boards, windows and furniture made of boxes. Nobody is at home."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from safelight.samples.canvas import Colour, Light, Painting, Point, mix, vary
from safelight.samples.noise import Field, Size, fractal

PAINTS: tuple[Colour, ...] = (
    (0.86, 0.82, 0.74),
    (0.62, 0.70, 0.74),
    (0.74, 0.66, 0.54),
    (0.56, 0.62, 0.50),
    (0.80, 0.58, 0.50),
    (0.46, 0.50, 0.60),
)
WOODS: tuple[Colour, ...] = (
    (0.52, 0.36, 0.22),
    (0.66, 0.50, 0.34),
    (0.34, 0.22, 0.15),
    (0.74, 0.66, 0.56),
    (0.88, 0.87, 0.84),
)
CLOTHS: tuple[Colour, ...] = (
    (0.60, 0.18, 0.18),
    (0.18, 0.30, 0.46),
    (0.26, 0.40, 0.30),
    (0.78, 0.62, 0.28),
    (0.48, 0.44, 0.42),
)
Place = tuple[float, float, float]
"""Metres: right of the room's left wall, above its floor, in front of its viewer."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera in the room: where it stands, and its focal length in picture widths."""

    x: float
    eye: float
    focal: float
    aspect: float
    centre: float

    def at(self, place: Place) -> Point:
        """Return where a place of the room falls in the picture."""
        x, y, z = place
        scale = self.focal / max(z, 0.15)
        return self.centre + (x - self.x) * scale, 0.5 + (self.eye - y) * scale * self.aspect


class Room:
    """A room of width, height and depth in metres, being painted from back to front."""

    def __init__(self, rng: np.random.Generator, size: Size) -> None:
        self.rng = rng
        self.wide, self.tall, self.deep = (float(rng.uniform(*span)) for span in ((3.0, 5.5), (2.4, 3.0), (4.5, 7.0)))
        self.camera = Camera(
            x=self.wide * float(rng.uniform(0.25, 0.75)),
            eye=float(rng.uniform(1.1, 1.7)),
            focal=float(rng.uniform(0.62, 0.95)),
            aspect=size[0] / size[1],
            centre=float(rng.uniform(0.38, 0.62)),
        )
        self.daylight = float(rng.uniform(0.55, 1.05))
        self.light_left = bool(rng.random() < 0.5)
        self.painting = Painting(np.zeros((size[1], size[0], 3), np.float32))

    def face(self, corners: list[Place], colour: Colour, shade: float = 1.0) -> None:
        """Paint a flat face in the room's light."""
        tone = mix((0, 0, 0), colour, min(1.0, shade * self.daylight))
        self.painting.polygon([self.camera.at(corner) for corner in corners], tone)

    def box(self, near: Place, extent: Place, colour: Colour) -> None:
        """Paint an upright box: its front lower left corner, and its width, height and depth."""
        (x, y, z), (w, h, d) = near, extent
        side, facing = (0.62, 0.86) if self.light_left else (0.92, 0.74)
        if y + h < self.camera.eye:
            self.face([(x, y + h, z), (x + w, y + h, z), (x + w, y + h, z + d), (x, y + h, z + d)], colour, 1.12)
        if x > self.camera.x:
            self.face([(x, y, z), (x, y, z + d), (x, y + h, z + d), (x, y + h, z)], colour, 1.54 - side)
        if x + w < self.camera.x:
            self.face([(x + w, y, z), (x + w, y, z + d), (x + w, y + h, z + d), (x + w, y + h, z)], colour, side)
        self.face([(x, y, z), (x + w, y, z), (x + w, y + h, z), (x, y + h, z)], colour, facing)


def room(rng: np.random.Generator, size: Size) -> Light:
    """Return a room."""
    space = Room(rng, size)
    _shell(space)
    _windows(space)
    furniture = [_bookcase, _bed, _table, _sofa, _cupboard, _plant, _lamp]
    chosen = rng.permutation(len(furniture))[: int(rng.integers(3, 6))]
    slots = np.sort(rng.uniform(1.9, space.deep - 1.0, len(chosen)))[::-1]
    if rng.random() < 0.6:
        _rug(space)
    for kind, z in zip(chosen, slots, strict=True):
        furniture[kind](space, float(z))
    light = space.painting.light()
    return light * _falling_light(space, light)[..., None]


def _falling_light(space: Room, light: Light) -> Field:
    height, width = light.shape[:2]
    across = np.linspace(1.12, 0.80, width, dtype=np.float32)
    if not space.light_left:
        across = across[::-1]
    unevenness = fractal(space.rng, (width, height), cells=5, octaves=6)
    return np.asarray(across[None, :] * (0.88 + 0.24 * unevenness), np.float32)


def _shell(space: Room) -> None:
    rng, w, h, d = space.rng, space.wide, space.tall, space.deep
    wall = vary(rng, PAINTS[int(rng.integers(len(PAINTS)))])
    floor = vary(rng, WOODS[int(rng.integers(len(WOODS)))])
    n = 0.2
    space.face([(0, h, n), (w, h, n), (w, h, d), (0, h, d)], (0.93, 0.92, 0.90), 0.90)
    space.face([(0, 0, n), (0, 0, d), (0, h, d), (0, h, n)], wall, 0.72 if space.light_left else 0.95)
    space.face([(w, 0, n), (w, 0, d), (w, h, d), (w, h, n)], wall, 0.95 if space.light_left else 0.72)
    space.face([(0, 0, d), (w, 0, d), (w, h, d), (0, h, d)], wall, 0.84)
    board = float(rng.uniform(0.12, 0.3))
    for step in range(int(w / board) + 1):
        left, right = step * board, min(w, (step + 1) * board)
        cuts = [n, *np.sort(rng.uniform(n, d, 3)).tolist(), d]
        for near, far in itertools.pairwise(cuts):
            plank = vary(rng, floor, 0.045)
            space.face([(left, 0, near), (right - 0.008, 0, near), (right - 0.008, 0, far), (left, 0, far)], plank)
    for x in (0.0, w):
        space.face([(x, 0, n), (x, 0, d), (x, 0.1, d), (x, 0.1, n)], (0.94, 0.93, 0.9), 0.85)
    space.face([(0, 0, d), (w, 0, d), (w, 0.1, d), (0, 0.1, d)], (0.94, 0.93, 0.9), 0.9)


def _windows(space: Room) -> None:
    """Set windows into the wall the light comes from, or the back wall, and hang a picture of plain colours."""
    rng, d = space.rng, space.deep
    outside = vary(rng, (0.72, 0.85, 0.96), 0.08)
    x = 0.0 if space.light_left else space.wide
    for near in np.arange(1.6, d - 1.2, 1.9):
        _pane(space, _side_wall(x, float(near)), outside)
    if rng.random() < 0.5:
        start = float(rng.uniform(0.3, space.wide - 1.6))
        _pane(space, lambda along, up: (start + along, up, d), outside)
    else:
        start, low = float(rng.uniform(0.4, space.wide - 1.2)), float(rng.uniform(1.2, 1.5))
        tall = float(rng.uniform(0.4, 0.8))
        space.face(
            [(start, low, d), (start + 0.9, low, d), (start + 0.9, low + tall, d), (start, low + tall, d)],
            (0.16, 0.12, 0.1),
        )
        for part in range(3):
            left = start + 0.06 + part * 0.26
            field = [
                (left, low + 0.06, d),
                (left + 0.26, low + 0.06, d),
                (left + 0.26, low + tall - 0.06, d),
                (left, low + tall - 0.06, d),
            ]
            space.face(field, vary(rng, CLOTHS[int(rng.integers(len(CLOTHS)))], 0.2))


def _side_wall(x: float, near: float) -> Callable[[float, float], Place]:
    return lambda along, up: (x, up, near + along)


def _pane(space: Room, at: Callable[[float, float], Place], outside: Colour) -> None:
    def quad(left: float, right: float, low: float, high: float) -> list[Place]:
        return [at(left, low), at(right, low), at(right, high), at(left, high)]

    space.face(quad(-0.08, 1.28, 0.82, 2.18), (0.95, 0.94, 0.92), 0.95)
    for column in range(2):
        for row in range(2):
            left, low = column * 0.62, 0.9 + row * 0.62
            space.face(quad(left, left + 0.57, low, low + 0.57), mix(outside, (0.35, 0.45, 0.30), 0.5 * (1 - row)), 1.9)


def _rug(space: Room) -> None:
    rng = space.rng
    left, near = float(rng.uniform(0.3, space.wide * 0.4)), float(rng.uniform(1.4, 2.4))
    right, far = left + float(rng.uniform(1.2, 2.2)), near + float(rng.uniform(1.2, 2.2))
    first, second = (vary(rng, CLOTHS[int(rng.integers(len(CLOTHS)))], 0.1) for _ in range(2))
    for ring in range(4):
        i = ring * 0.14
        corners: list[Place] = [
            (left + i, 0, near + i),
            (right - i, 0, near + i),
            (right - i, 0, far - i),
            (left + i, 0, far - i),
        ]
        space.face(corners, first if ring % 2 else second)


def _wood(space: Room) -> Colour:
    return vary(space.rng, WOODS[int(space.rng.integers(len(WOODS)))])


def _cloth(space: Room) -> Colour:
    return vary(space.rng, CLOTHS[int(space.rng.integers(len(CLOTHS)))], 0.1)


def _spot(space: Room, wide: float) -> float:
    """Return where along the width a thing may stand, rather at a wall than in the middle."""
    free = max(0.1, space.wide - wide - 0.1)
    return 0.05 + free * float(space.rng.beta(0.6, 0.6))


def _bookcase(space: Room, z: float) -> None:
    wood, w, h, d = _wood(space), float(space.rng.uniform(0.8, 1.6)), float(space.rng.uniform(1.5, 2.2)), 0.32
    x, z = _spot(space, w), max(z, space.deep - 1.4)
    space.box((x, 0, z), (w, h, d), wood)
    shelves = 5
    for shelf in range(shelves):
        low, high = h * (shelf + 0.08) / shelves, h * (shelf + 0.95) / shelves
        space.face(
            [(x + 0.04, low, z), (x + w - 0.04, low, z), (x + w - 0.04, high, z), (x + 0.04, high, z)],
            mix(wood, (0, 0, 0), 0.6),
        )
        book = x + 0.06
        while book < x + w - 0.12:
            thick, tall = float(space.rng.uniform(0.025, 0.06)), (high - low) * float(space.rng.uniform(0.6, 0.95))
            space.face(
                [(book, low, z), (book + thick, low, z), (book + thick, low + tall, z), (book, low + tall, z)],
                _cloth(space),
                0.95,
            )
            book += thick + 0.004 + (0.1 if space.rng.random() < 0.08 else 0)


def _bed(space: Room, z: float) -> None:
    w, x = 1.3, _spot(space, 1.3)
    space.box((x, 0, z + 0.8), (w, 0.9, 0.08), _wood(space))
    space.box((x, 0.1, z - 0.9), (w, 0.32, 1.7), (0.90, 0.89, 0.86))
    space.box((x - 0.02, 0.36, z - 0.92), (w + 0.04, 0.14, 1.2), _cloth(space))
    space.box((x + 0.15, 0.44, z + 0.4), (w - 0.3, 0.12, 0.3), (0.95, 0.94, 0.92))


def _table(space: Room, z: float) -> None:
    wood, w, h, d = _wood(space), float(space.rng.uniform(1.0, 1.7)), 0.74, 0.8
    x = _spot(space, w)
    for leg_x in (x + 0.04, x + w - 0.1):
        for leg_z in (z + d - 0.1, z + 0.04):
            space.box((leg_x, 0, leg_z), (0.06, h, 0.06), wood)
    space.box((x, h, z), (w, 0.05, d), wood)
    for _ in range(int(space.rng.integers(1, 4))):
        spot = (x + float(space.rng.uniform(0.1, w - 0.3)), h + 0.05, z + float(space.rng.uniform(0.1, 0.5)))
        space.box(
            spot, (float(space.rng.uniform(0.06, 0.2)), float(space.rng.uniform(0.05, 0.25)), 0.12), _cloth(space)
        )


def _sofa(space: Room, z: float) -> None:
    cloth, w = _cloth(space), float(space.rng.uniform(1.4, 2.0))
    x = _spot(space, w)
    space.box((x, 0.1, z + 0.6), (w, 0.75, 0.2), cloth)
    space.box((x, 0.1, z), (w, 0.32, 0.6), mix(cloth, (1, 1, 1), 0.08))
    for arm in (x - 0.04, x + w - 0.16):
        space.box((arm, 0.1, z), (0.2, 0.52, 0.75), cloth)
    for cushion in range(2):
        space.box((x + 0.2 + cushion * (w - 0.9), 0.42, z + 0.42), (0.5, 0.3, 0.14), _cloth(space))


def _cupboard(space: Room, z: float) -> None:
    wood, w, h = _wood(space), float(space.rng.uniform(0.8, 1.4)), float(space.rng.uniform(0.7, 1.1))
    x = _spot(space, w)
    space.box((x, 0, z), (w, h, 0.45), wood)
    for row in range(3):
        for column in range(2):
            left, low = x + 0.04 + column * w / 2, 0.05 + row * h / 3
            right, high = left + w / 2 - 0.08, low + h / 3 - 0.06
            space.face(
                [(left, low, z), (right, low, z), (right, high, z), (left, high, z)], mix(wood, (1, 1, 1), 0.10), 0.92
            )
            grip = (left + right) / 2
            space.face(
                [
                    (grip - 0.05, high - 0.06, z),
                    (grip + 0.05, high - 0.06, z),
                    (grip + 0.05, high - 0.04, z),
                    (grip - 0.05, high - 0.04, z),
                ],
                (0.1, 0.1, 0.1),
            )


def _plant(space: Room, z: float) -> None:
    x = _spot(space, 0.4) + 0.2
    space.box((x - 0.16, 0, z), (0.32, 0.34, 0.32), vary(space.rng, (0.66, 0.36, 0.24)))
    for _ in range(16):
        lean, up = float(space.rng.uniform(-0.55, 0.55)), float(space.rng.uniform(0.4, 1.1))
        leaf = vary(space.rng, (0.16, 0.36, 0.14), 0.08)
        tip: Place = (x + lean, 0.34 + up, z + 0.1)
        middle = (x + lean * 0.4, 0.34 + up * 0.55)
        space.face(
            [(x, 0.34, z + 0.1), (middle[0] - 0.07, middle[1], z + 0.1), tip, (middle[0] + 0.07, middle[1], z + 0.1)],
            leaf,
        )


def _lamp(space: Room, z: float) -> None:
    x, top = _spot(space, 0.5) + 0.25, float(space.rng.uniform(1.3, 1.6))
    space.box((x - 0.14, 0, z), (0.28, 0.03, 0.28), (0.15, 0.15, 0.15))
    space.box((x - 0.015, 0, z + 0.12), (0.03, top, 0.03), (0.2, 0.2, 0.2))
    shade = vary(space.rng, (0.98, 0.88, 0.66), 0.06)
    space.face(
        [
            (x - 0.24, top, z + 0.1),
            (x + 0.24, top, z + 0.1),
            (x + 0.14, top + 0.34, z + 0.1),
            (x - 0.14, top + 0.34, z + 0.1),
        ],
        shade,
        1.3,
    )
