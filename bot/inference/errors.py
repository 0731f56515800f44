"""Why a picture was not answered. Each text is kind, complete and fit to be sent."""

from __future__ import annotations


class InferenceError(Exception):
    """The worker did not answer a picture; `str()` of it is what the person may read."""


class QueueFull(InferenceError):  # noqa: N818 - as asyncio.QueueFull
    """More pictures wait than the worker takes."""

    def __init__(self) -> None:
        super().__init__(
            "I'm busy: too many pictures are waiting right now. Please try again in a minute."
        )


class JobTimeout(InferenceError):  # noqa: N818 - named after the outcome, like JobCancelled
    """A picture took longer than the configuration allows."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(
            f"I gave up on {name}: it took more than {seconds:g} seconds. "
            "A smaller picture, or a quieter moment, may work."
        )


class JobCancelled(InferenceError):  # noqa: N818 - not a failure
    """The picture's message is gone, or the bot is shutting down: nobody waits for an answer."""

    def __init__(self) -> None:
        super().__init__("I stopped looking at this picture: its message is gone.")
