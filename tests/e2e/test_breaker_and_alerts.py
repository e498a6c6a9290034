"""A real S3 server is stopped and started under the running product: people are told once of each change."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from demeter.demo.counting import follow
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.http_sink import HttpSink, http_sink
from tests.support.local_stack import Embedded, running_stack
from tests.support.nursery_photos import render_small
from tests.support.s3_server import has_swift, running_s3
from tests.support.servers import may_be_skipped
from tests.support.smtp_sink import SmtpSink, smtp_sink
from tests.support.waiting import reached

pytestmark = pytest.mark.skipif(
    may_be_skipped(has_swift() or None), reason="the S3 server is missing (make servers)"
)

BUCKETS = {"S3_BUCKET": "demeter", "S3_BUCKET_PROCESSED": "processed"}  # staging is a folder
ADD = (
    "INSERT INTO alert_recipients (name, channel, address, language, is_active, created_at)"
    " VALUES (?, ?, ?, ?, 1, '2026-11-29')"
)
STATE = "SELECT COALESCE(MAX(state), 'closed') FROM circuit_breakers WHERE name = 'store'"
WITHIN_S = 300


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[FaultyProxy, SmtpSink, HttpSink, dict[str, str]]]:
    with ExitStack() as running:
        s3 = running.enter_context(running_s3(log_dir=tmp_path / "s3"))
        for bucket in BUCKETS.values():
            s3.client().create_bucket(Bucket=bucket)
        proxy = running.enter_context(faulty_proxy(s3.port))
        mail, web = running.enter_context(smtp_sink()), running.enter_context(http_sink())
        settings = {
            **BUCKETS,
            **s3.settings(proxy.url),
            "STORE_BREAKER_OPEN_S": "5",
            "SWEEP_EVERY_S": "1",
            "EMAIL_URL": mail.url,
            "EMAIL_FROM": "demeter@nursery.example",
            "ALERT_WEBHOOK_NETWORKS": "127.0.0.0/8",
            "PUBLIC_URL": "https://nursery.example",
            # What a busy machine makes slow is no news here.
            "ALERT_QUEUE_WITHOUT_WORKER_S": "3600",
            "ALERT_OLD_JOB_S": "3600",
        }
        yield proxy, mail, web, settings


@pytest.fixture
def stack(
    servers: tuple[FaultyProxy, SmtpSink, HttpSink, dict[str, str]], tmp_path: Path
) -> Iterator[Embedded]:
    with running_stack(tmp_path, servers[3]) as running:
        yield running


def test_uploads_are_taken_meanwhile_and_counted_and_stored_after_and_each_change_is_told_once(
    stack: Embedded, servers: tuple[FaultyProxy, SmtpSink, HttpSink, dict[str, str]], tmp_path: Path
) -> None:
    proxy, mail, web, _settings = servers
    stack.change(ADD, "Rosa", "email", "rosa@nursery.example", "es")
    stack.change(ADD, "Night", "json", web.url, "en")
    client = stack.client()
    photos = [render_small(tmp_path / "photos", f"photo{n}", seed=900_050 + n) for n in range(4)]
    proxy.mode = "refuses"
    uploads = [client.upload([photo])["upload_session_id"] for photo in photos[:3]]
    assert reached(lambda: stack.value(STATE) == "open", within_s=WITHIN_S)
    uploads.append(client.upload(photos[3:])["upload_session_id"])  # taken while it is open
    assert reached(lambda: len(mail.mails) >= 1 and len(web.posted) >= 1, within_s=WITHIN_S)
    proxy.mode = "passes"
    assert reached(lambda: stack.value(STATE) == "closed", within_s=WITHIN_S)
    for upload in uploads:
        follow(client, upload, lambda line: None)
        [job] = client.job_statuses(upload)["jobs"]
        assert job["status"] == "completed"
        assert job["result"]["total"] > 0
    unmade = (
        "SELECT COUNT(*) FROM s3_images i JOIN photo_processing_sessions s"
        " ON s.original_image_id = i.image_id"
        " WHERE s3_key_thumbnail = '' OR processed_image_id IS NULL OR NOT is_stored"
    )
    assert reached(lambda: stack.value(unmade) == 0, within_s=WITHIN_S)
    assert stack.value("SELECT MAX(losses + failures) FROM processing_steps") == 0
    open_deliveries = "SELECT COUNT(*) FROM alert_deliveries WHERE status != 'sent'"
    assert reached(lambda: len(web.posted) >= 2 and stack.value(open_deliveries) == 0, within_s=WITHIN_S)
    told = [(posted.json["kind"], posted.json["subject"], posted.json["is_raised"]) for posted in web.posted]
    assert told == [("breaker", "store", True), ("breaker", "store", False)]
    assert [message["Subject"] for message in mail.mails] == [
        "[DemeterAI] El almacén de fotos no responde",
        "[DemeterAI] El almacén de fotos volvió",
    ]
    assert web.posted[0].json["link"].startswith("https://nursery.example/admin/demeter/alert/")
