"""What happens to the processes, in words for the terminal."""

from django.core.management.base import OutputWrapper
from django.utils.translation import gettext as _

from demeter.supervisor import ProcessEvent


def describe(event: ProcessEvent) -> str:
    """One line about a process."""
    facts = {
        "name": event.name,
        "pid": event.pid,
        "code": event.exit_code,
        "pause": f"{event.again_in_s:.1f}",
    }
    if event.kind == "started":
        return _("%(name)s: started (process %(pid)d)") % facts
    if event.kind == "died":
        return _("%(name)s: ended unexpectedly (%(code)d), starts again in %(pause)s s") % facts
    return _("%(name)s: stopped") % facts


def write_line(output: OutputWrapper, text: str) -> None:
    """Write a line at once. A terminal that was closed reads nothing, and that must stop nobody's work."""
    try:
        output.write(text)
        output.flush()
    except OSError:
        return
