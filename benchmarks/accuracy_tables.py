"""The figures of `benchmarks.accuracy` as the tables of `docs/accuracy_96.md`."""

from __future__ import annotations

from benchmarks.statistics import table
from models.intervals import Share


def percent(share: dict) -> str:
    """A share with its interval, as it is written in a table."""
    return str(Share(share["hits"], share["total"]))


def sections(figures: dict) -> dict[str, str]:
    """The tables of `docs/accuracy_96.md`, by section."""
    source = (
        f"Model {figures['model']} (the held-out model), {figures['side']} px; "
        f"`{figures['command']}`; {figures['machine']}; {figures['date']}. "
        "Intervals: 95 %, Wilson; those over repeated draws are narrower than they should be."
    )
    known, fixed = figures["known"], figures["at_fitted_threshold"]
    rows = [
        [f"known, named among {known['gallery']}: top-1", percent(known["top_1"])],
        ["known: top-5", percent(known["top_5"])],
        ["unseen, 5-shot, among themselves", percent(figures["unseen_5_alone"])],
        ["unseen, 1-shot, among themselves", percent(figures["unseen_1_alone"])],
        ["unseen, 5-shot, beside the known", percent(figures["unseen_5_beside_known"])],
        ["unseen, 1-shot, beside the known", percent(figures["unseen_1_beside_known"])],
        ["unseen official icons, 1-shot", percent(figures["icons_1"])],
        *(
            [
                f"known: TPIR at FPIR = {float(rate):.0%}",
                percent(share),
            ]
            for rate, share in figures["tpir_at"].items()
        ),
        ["impostors: FPIR at the threshold of the other half", percent(fixed["impostors_named"])],
        ["known: TPIR at that threshold", percent(fixed["known_named_rightly"])],
        ["crops without a face named, at that threshold", percent(fixed["no_face_named"])],
        *(
            [f"{what} left out as a non-face", percent(figures["left_out_as_no_face"][part])]
            for part, what in (
                ("no_face", "crops without a face"),
                ("known", "known faces"),
                ("impostors", "impostors' faces"),
            )
        ),
        ["expected calibration error, 15 bins", f"{figures['calibration_error']:.3f}"],
        ["rightly labelled, known: top-1", percent(figures["rightly_labelled"]["top_1"])],
        [
            "rightly labelled, known: TPIR at FPIR = 5%",
            percent(figures["rightly_labelled"]["tpir_at_0.05"]),
        ],
    ]
    whole = known["top_1"]["share"]
    damages = [
        [name, percent(share), f"{100 * (whole - share['share']):.1f}"]
        for name, share in figures["damage"].items()
    ]
    return {
        "accuracy": f"{source}\n\n{table(['measure', 'result'], rows)}",
        "damage": table(["damage", "known, top-1", "points lost"], damages),
        "parts": parts_table(figures["parts"]),
    }


def parts_table(parts: dict[str, dict]) -> str:
    """The `part_figures` of each way, by its name, a line each."""
    head = ["", "known", "unseen, 5", "unseen, 1", "5, beside known", "icons, 1", "at 5 %", "grey"]
    rows = [
        [
            name,
            *(
                f"{100 * one:.1f}"
                for one in (
                    part["known"]["top_1"]["share"],
                    part["unseen_5_alone"]["share"],
                    part["unseen_1_alone"]["share"],
                    part["unseen_5_beside_known"]["share"],
                    part["icons_1"]["share"],
                    part["tpir_at"]["0.05"]["share"],
                    part["grey"]["share"],
                )
            ),
        ]
        for name, part in parts.items()
    ]
    return table(head, rows)
