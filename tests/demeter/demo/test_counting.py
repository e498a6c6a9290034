"""Following jobs to their end."""

from typing import Any

import pytest

from demeter.demo import counting
from demeter.demo.counting import CountingStalled, follow


class Answers:
    """A server that gives these answers one after the other, the last one for ever."""

    def __init__(self, *answers: list[dict[str, Any]]) -> None:
        self.answers = list(answers)

    def job_statuses(self, upload_session_id: str) -> dict[str, Any]:
        jobs = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        percents = [job["progress_percent"] for job in jobs if job["status"] != "rejected"]
        return {"jobs": jobs, "summary": {"overall_progress_percent": sum(percents) / max(len(percents), 1)}}


def job(name: str, status: str, percent: int = 0, **fields: Any) -> dict[str, Any]:
    return {"job_id": name, "filename": f"{name}.jpg", "status": status, "stage": "detecting",
            "progress_percent": percent, **fields}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_pause_between_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "POLL_EVERY_S", 0.0)


def test_each_photo_is_told_once_when_it_ends_and_progress_only_when_it_moves() -> None:
    told: list[str] = []
    done = job("a", "completed", 100, result={"total": 42})
    server = Answers(
        [job("a", "processing", 50), job("b", "pending")],
        [job("a", "processing", 50), job("b", "pending")],
        [done, job("b", "processing", 20)],
        [done, job("b", "failed", 100, error_message="unreadable")],
    )
    follow(server, "upload", told.append)  # type: ignore[arg-type]
    assert [line.split(":")[0].strip() for line in told if ".jpg" in line] == ["a.jpg", "b.jpg"]
    assert "42" in told[1]
    assert "unreadable" in told[-1]
    assert len(told) == 4


def test_an_upload_whose_files_were_all_refused_has_nothing_to_wait_for() -> None:
    told: list[str] = []
    follow(Answers([job("a", "rejected", code="empty_file")]), "upload", told.append)  # type: ignore[arg-type]
    assert len(told) == 1


def test_jobs_that_do_not_move_are_given_up_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "STALLED_AFTER_S", 0.0)
    with pytest.raises(CountingStalled):
        follow(Answers([job("a", "processing", 50)]), "upload", lambda line: None)  # type: ignore[arg-type]
