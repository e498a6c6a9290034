"""What can be wrong with a picture or with a call to the counting core."""

from collections.abc import Iterator
from contextlib import contextmanager


class VisionError(Exception):
    """This picture cannot be counted. Trying again cannot help, so it is never retried.

    `code` is a stable word for clients and tables, `message` an English sentence for a log. The message is the
    one positional argument, so that the error survives the pickling between processes.
    """

    code = "vision_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(VisionError):
    """An array has the wrong shape, type or range."""

    code = "invalid_input"


class UnreadableImage(VisionError):
    """The bytes are no picture, or a broken one."""

    code = "unreadable_image"


class ImageTooLarge(VisionError):
    """The picture has more pixels than the machine is willing to hold."""

    code = "image_too_large"


class DetectorFault(Exception):
    """A detector or segmenter answered with something that breaks its protocol.

    The fault lies in the model or in what runs it, not in the picture, so it is no VisionError: a worker tries again,
    and then says that something is wrong on our side.
    """


@contextmanager
def model_to_blame() -> Iterator[None]:
    """While a model answers: what is no detection and no container is its fault and not the picture's."""
    try:
        yield
    except InvalidInput as error:
        raise DetectorFault(f"a model answered with what is impossible: {error}") from error
