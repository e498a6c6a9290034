"""What keeps the models of this machine from counting."""

from demeter.errors import DemeterError


class ModelUnavailable(DemeterError):
    """The weights are missing, altered or unreadable: no photo can be counted until a person has put that right."""

    code = "model_unavailable"
    status = 503
