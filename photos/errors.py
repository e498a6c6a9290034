"""What is refused about photos."""

from demeter.errors import DemeterError


class EmptyFile(DemeterError):
    """The file holds no byte."""

    code, status = "empty_file", 400


class InvalidFileType(DemeterError):
    """The content is none of the accepted picture formats, whatever the name says."""

    code, status = "invalid_file_type", 400


class FileTooLarge(DemeterError):
    """The file has more bytes than a photo may have."""

    code, status = "file_too_large", 400


class ImageTooLarge(DemeterError):
    """The picture has more pixels than a photo may have."""

    code, status = "image_too_large", 400


class UnreadableImage(DemeterError):
    """The picture is broken: its header or its body cannot be read."""

    code, status = "unreadable_image", 400


class TooManyFiles(DemeterError):
    """More files in one request than allowed."""

    code, status = "too_many_files", 400


class StepLost(DemeterError):
    """The work has moved on to another worker, or has ended: what this one made is not wanted any more."""

    code, status = "step_lost", 409


class CountRunning(DemeterError):
    """The photo is being counted already."""

    code, status = "already_running", 409


class NotCounted(DemeterError):
    """The photo has no finished count that could be booked or accepted."""

    code, status = "not_counted", 409


class UnknownLocation(DemeterError):
    """There is no such place, or it is not in use any more."""

    code, status = "unknown_location", 400


class StoreUnavailable(DemeterError):
    """The store or the staging folder does not answer; it can pass by itself."""

    code, status = "store_unavailable", 503
