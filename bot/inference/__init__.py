"""The inference worker: pictures in from the event loop, names out, all work in threads.

`InferenceWorker` queues, batches, cancels and times; what it runs in its threads is a `Stages`
object (`load_stages` makes the real one of the models), so that each can be tested alone.
"""

from bot.inference.errors import InferenceError, JobCancelled, JobTimeout, QueueFull
from bot.inference.loading import load_stages
from bot.inference.results import Drawing, FacePictures, IdentifiedPicture, Job
from bot.inference.stages import Stages
from bot.inference.worker import InferenceWorker

__all__ = [
    "Drawing",
    "FacePictures",
    "IdentifiedPicture",
    "InferenceError",
    "InferenceWorker",
    "Job",
    "JobCancelled",
    "JobTimeout",
    "QueueFull",
    "Stages",
    "load_stages",
]
