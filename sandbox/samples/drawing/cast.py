"""The invented characters, and the drawings of them that lie on the shelf.

Every name and design is the project's own.
"""

from __future__ import annotations

from dataclasses import replace

from .figure import Drawing
from .looks import Look, Shot

HIKARI = Look(
    "Hikari Mochizuki",
    (246, 164, 88),
    (48, 158, 128),
    "long",
    "swept",
    ("clips",),
    accent=(236, 72, 96),
    outfit="sailor",
    cloth=(250, 250, 252),
    trim=(48, 70, 132),
)
REN = Look(
    "Ren Amagasaki",
    (62, 74, 116),
    (70, 132, 230),
    "short",
    "messy",
    ("headphones",),
    accent=(64, 196, 208),
    outfit="hoodie",
    cloth=(92, 104, 128),
    trim=(244, 244, 240),
)
SUZU = Look(
    "Suzu Hanasaki",
    (246, 158, 190),
    (206, 72, 132),
    "twintails",
    "straight",
    ("ribbon",),
    accent=(120, 96, 214),
    outfit="shirt",
    cloth=(255, 236, 240),
    trim=(124, 92, 150),
    eye_height=1.06,
)
YUKI = Look(
    "Yukishiro Tsumugi",
    (206, 216, 238),
    (150, 92, 206),
    "wavy",
    "parted",
    ("flower",),
    accent=(224, 84, 112),
    outfit="kimono",
    cloth=(70, 84, 150),
    trim=(246, 226, 178),
    skin=(255, 236, 228),
)
MIKAN = Look(
    "Mikan Torigoe",
    (150, 92, 60),
    (228, 150, 40),
    "buns",
    "curtain",
    ("glasses",),
    accent=(206, 74, 60),
    outfit="shirt",
    cloth=(250, 244, 228),
    trim=(66, 122, 104),
    skin=(252, 220, 196),
)
KUROE = Look(
    "Kuroe Nekozawa",
    (70, 58, 82),
    (222, 178, 46),
    "bob",
    "straight",
    ("ears", "star"),
    accent=(250, 208, 92),
    outfit="cloak",
    cloth=(228, 222, 240),
    trim=(84, 62, 132),
    eye_height=0.96,
)

CAST = {
    "hikari": HIKARI,
    "ren": REN,
    "suzu": SUZU,
    "tsumugi": YUKI,
    "mikan": MIKAN,
    "kuroe": KUROE,
}
"""The characters by their short name."""

NIGHT, EVENING, INDOORS = (150, 158, 214), (255, 214, 190), (255, 244, 226)

DRAWINGS: dict[str, dict[str, Drawing]] = {
    "hikari": {
        "on a sunny day": Drawing(((HIKARI, Shot()),), "sky", seed=1),
        "laughing": Drawing(
            ((HIKARI, Shot(0.52, 0.5, 0.3, 9, 0.5, "laugh", (0.3, 0), 0.8)),),
            "dots",
            size=(520, 520),
            seed=2,
        ),
        "at sunset": Drawing(
            ((HIKARI, Shot(0.42, 0.5, 0.17, -6, -0.7, "dreamy", (-0.5, 0))),),
            "dusk",
            "soft",
            (720, 480),
            EVENING,
            3,
        ),
        "from the manga": Drawing(
            ((HIKARI, Shot(0.5, 0.5, 0.27, -8, -0.3, "serious", (-0.2, 0), 0.0)),),
            "rays",
            "grey",
            (460, 560),
            None,
            4,
        ),
    },
    "ren": {
        "at home": Drawing(
            ((REN, Shot(0.54, 0.46, 0.25, 4, -0.5, "smile", (-0.3, 0), 0.3)),),
            "room",
            light=INDOORS,
            seed=5,
        ),
        "in the rain": Drawing(
            ((REN, Shot(0.5, 0.48, 0.25, 3, 0.0, "shy", (0.2, 0), 0.2)),), "rain", seed=6
        ),
        "close up": Drawing(
            ((REN, Shot(0.48, 0.52, 0.29, -7, 0.3, "surprised", (0, 0), 0.5)),),
            "rays",
            size=(520, 520),
            seed=8,
        ),
        "in a daydream": Drawing(
            ((REN, Shot(0.5, 0.47, 0.24, 7, 0.0, "pout")),), "dots", "soft", seed=9
        ),
    },
    "suzu": {
        "under the cherry tree": Drawing(
            ((SUZU, Shot(0.5, 0.44, 0.21, -4, 0.2, "smile")),), "blossoms", seed=10
        ),
        "caught unawares": Drawing(
            ((SUZU, Shot(0.5, 0.5, 0.27, 6, -0.3, "surprised", (-0.2, -0.2), 0.9)),),
            "dots",
            size=(520, 520),
            seed=11,
        ),
        "as a sticker": Drawing(
            ((SUZU, Shot(0.5, 0.47, 0.25, 0, 0, "laugh")),), "plain", "flat", (500, 500), None, 12
        ),
        "by moonlight": Drawing(
            ((SUZU, Shot(0.56, 0.46, 0.19, -9, -0.5, "shy", (-0.3, 0.2), 0.8)),),
            "night",
            "soft",
            (640, 520),
            (196, 198, 240),
            13,
        ),
    },
    "tsumugi": {
        "at the festival": Drawing(
            ((YUKI, Shot(0.5, 0.44, 0.22, 5, 0.4, "smile", (0.2, 0))),),
            "night",
            light=(226, 216, 246),
            seed=14,
        ),
        "dreaming": Drawing(
            ((YUKI, Shot(0.46, 0.47, 0.25, -8, -0.4, "dreamy", (-0.3, 0.3), 0.7)),),
            "blossoms",
            "soft",
            seed=15,
        ),
        "from the manga": Drawing(
            ((YUKI, Shot(0.5, 0.48, 0.27, 3, 0.2, "surprised", (0, 0), 0.3)),),
            "plain",
            "grey",
            (480, 560),
            None,
            16,
        ),
        "on the last page": Drawing(
            ((YUKI, Shot(0.5, 0.46, 0.24, -12, 0.6, "shy", (0.3, 0.3), 1.0)),),
            "dusk",
            light=EVENING,
            seed=17,
            spoiler=True,
        ),
    },
    "mikan": {
        "in the library": Drawing(
            ((MIKAN, Shot(0.46, 0.47, 0.25, -3, 0.3, "smile")),), "room", light=INDOORS, seed=18
        ),
        "cheering": Drawing(
            ((MIKAN, Shot(0.5, 0.5, 0.28, 10, -0.2, "laugh", (0, 0), 0.7)),),
            "rays",
            size=(520, 520),
            seed=19,
        ),
        "in soft light": Drawing(
            ((MIKAN, Shot(0.5, 0.48, 0.25, -5, 0, "pout")),), "dots", "soft", (500, 500), None, 20
        ),
        "on the way home": Drawing(
            ((MIKAN, Shot(0.6, 0.5, 0.18, 4, -0.6, "serious", (-0.5, 0))),),
            "dusk",
            size=(720, 480),
            seed=21,
        ),
    },
    "kuroe": {
        "in the starlight": Drawing(
            ((KUROE, Shot(0.5, 0.48, 0.24, 0, -0.2, "smile")),),
            "night",
            light=(232, 228, 255),
            seed=22,
        ),
        "curious": Drawing(
            ((KUROE, Shot(0.5, 0.54, 0.27, 8, 0.2, "surprised", (0.2, -0.2))),),
            "dots",
            size=(520, 520),
            seed=23,
        ),
        "sulking": Drawing(
            ((KUROE, Shot(0.47, 0.5, 0.26, 5, 0.1, "pout", (0.5, 0), 0.8)),), "dusk", seed=24
        ),
        "from the manga": Drawing(
            ((KUROE, Shot(0.5, 0.5, 0.26, 6, -0.4, "serious", (-0.3, 0), 0)),),
            "rays",
            "grey",
            (460, 560),
            None,
            25,
        ),
    },
}
"""The drawings of each character by their title."""

GROUP = Drawing(
    (
        (YUKI, Shot(0.5, 0.4, 0.115, 2, 0.0, "dreamy")),
        (SUZU, Shot(0.22, 0.5, 0.125, -5, 0.4, "laugh", blush=0.7)),
        (REN, Shot(0.79, 0.5, 0.125, 5, -0.4, "smile")),
    ),
    "sky",
    size=(900, 600),
    seed=30,
)

_NODDING = Shot(0.5, 0.5, 0.27)
NOD = tuple(
    Drawing(
        (
            (
                HIKARI,
                replace(
                    _NODDING,
                    tilt=tilt,
                    y=0.5 + abs(tilt) / 700,
                    expression="wink" if i == 3 else "smile",
                ),
            ),
        ),
        "dots",
        size=(320, 360),
        seed=2,
    )
    for i, tilt in enumerate((-6.0, -3.0, 0.0, 4.0, 7.0, 4.0, 0.0, -3.0))
)
"""The frames of the animation."""
