"""Why a picture is not classified."""

from demeter.errors import DemeterError


class UnsupportedExtension(DemeterError):
    """The name of the file ends like no picture that is classified."""

    code, status = "invalid_file_type", 400


class NoFileProvided(DemeterError):
    """The part of the file has no name: a form was sent without a file chosen."""

    code, status = "no_file", 400


class FilePartMissing(DemeterError):
    """The request has no part `file`."""

    code, status = "file_missing", 422


class NameTaken(DemeterError):
    """Another picture has the same MD5, and so the same name."""

    code, status = "name_taken", 409


class TooManyPredictions(DemeterError):
    """An account that nobody has approved asks more than such a one may."""

    code, status = "too_many_predictions", 429


class NoModelWorker(DemeterError):
    """No worker lives that could classify."""

    code, status = "no_worker", 503


class PredictionTimedOut(DemeterError):
    """No worker has answered in time."""

    code, status = "timed_out", 504


class PredictionFailed(DemeterError):
    """The model could not be asked: a fault of ours, which is in the log."""

    code, status = "prediction_failed", 500
