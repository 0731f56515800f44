"""What a newcomer meets in the first minute of the demo, with the real models."""

from __future__ import annotations

import io

from PIL import Image

from bot.cli.demo import HOW_TO_TEACH, WATCHED, teach_cast
from bot.inference import Stages
from sandbox import Sandbox
from sandbox.samples.shelf import Sample, cast, load_samples
from tests.e2e.conftest import PATIENCE_S, Start, text_of, watch

SAMPLES = load_samples()


def sky() -> bytes:
    """Return a picture that shows nobody."""
    out = io.BytesIO()
    Image.new("RGB", (320, 240), "skyblue").save(out, "PNG")
    return out.getvalue()


def file_of(sample: Sample) -> tuple[str, bytes]:
    return sample.filename, sample.read()


def test_the_cast_is_everybody_drawn_with_all_their_pictures() -> None:
    drawn = cast(SAMPLES)
    assert {name: len(pictures) for name, pictures in drawn.items()} == {
        "Hikari Mochizuki": 4,
        "Ren Amagasaki": 4,
        "Suzu Hanasaki": 4,
        "Yukishiro Tsumugi": 4,
        "Mikan Torigoe": 4,
        "Kuroe Nekozawa": 4,
    }
    assert all(name in drawn for name in ("Hikari Mochizuki", SAMPLES[0].group))


async def test_the_first_sample_is_named_and_the_last_character_is_taught_as_the_line_says(
    sandbox: Sandbox, start: Start, models: Stages
) -> None:
    ann = sandbox.member("ann")
    (first, *_, last) = cast(SAMPLES).items()
    async with start(models, answers={"no_face": True}) as bot:
        await watch(bot, WATCHED[0])
        await teach_cast(bot, sandbox, [first])
        name, pictures = first
        posted = await ann.post(WATCHED[0], files=[file_of(pictures[0])])
        said = text_of(await sandbox.answer_to(posted, PATIENCE_S))
        assert name in said
        assert "Probably" not in said
        posted = await ann.post(WATCHED[0], files=[("sky.png", sky())])
        assert "no drawn face" in text_of(await sandbox.answer_to(posted, PATIENCE_S))

        name, pictures = last
        assert name in HOW_TO_TEACH.format(name=name)
        command = {"name": name, "image1": file_of(pictures[0])}
        taught = await sandbox.answer(await ann.slash(WATCHED[0], "teach", command), PATIENCE_S)
        assert f"I know **{name}** now" in text_of(taught)
        posted = await ann.post(WATCHED[0], files=[file_of(pictures[1])])
        assert name in text_of(await sandbox.answer_to(posted, PATIENCE_S))
