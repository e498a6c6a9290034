"""Why a label is not read."""

from demeter.errors import TemporaryError


class LabelReaderUnavailable(TemporaryError):
    """The process that reads labels was ended from outside, or took too long."""

    code, status = "label_reader_unavailable", 503
