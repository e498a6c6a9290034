"""The tasks of the wiring: watching the whole, and telling people."""

from celery import shared_task

from demeter.alerts.deliveries import deliver
from demeter.alerts.queue import SEND
from demeter.alerts.rounds import watch_and_notify


@shared_task(name="sweep_alerts", ignore_result=True)
def sweep_alerts() -> None:
    """Look for what broke or is well again, and have people told. Beat calls it every few seconds."""
    watch_and_notify()


@shared_task(name=SEND, ignore_result=True)
def send_alert(delivery_id: int) -> None:
    """Tell one recipient of one alert. May come twice, late or never: the row says what is to be done."""
    deliver(delivery_id)
