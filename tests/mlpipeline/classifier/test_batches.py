"""Rows are the truth: predictions are claimed together, answered once, and end in any case."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from mlpipeline.classifier.models import ClassifiedPicture, Prediction
from mlpipeline.classifier.services import answering, batches, pictures, predictions
from mlpipeline.detectors.errors import ModelUnavailable
from mlpipeline.models import ModelVersion
from mlpipeline.tasks.classifying import (
    answer_predictions_first,
    classify_pictures,
    sweep_old_predictions,
    sweep_predictions,
    upload_classified,
)
from photos import storage
from photos.services.execution import cleanup
from tests.mlpipeline.classifier.conftest import encoded, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("living_worker")]


@pytest.fixture(autouse=True)
def _kept_connection(monkeypatch):
    """The work of the io queue closes its connection, with which the transaction of a test would be gone."""
    monkeypatch.setattr(connection, "close", lambda: None)


@pytest.fixture
def ask(worker):
    """Ask what so many different pictures show."""

    def make(number=1, shade=200):
        return [
            predictions.request_prediction(user=worker, file=upload(encoded(shade, seed=seed)))
            for seed in range(number)
        ]

    return make


def fresh(rows):
    return [Prediction.objects.get(pk=row.pk) for row in rows]


def test_predictions_that_wait_are_answered_together_up_to_the_size_of_a_batch(ask, classifier):
    rows = ask(19)
    assert answering.answer_waiting() == 19
    assert classifier.batches == [8, 8, 3]
    assert {row.label for row in fresh(rows)} == {"light"}
    assert ModelVersion.objects.get().sha256 == classifier.sha256


def test_pictures_that_come_for_ever_do_not_keep_a_worker_from_its_photos(ask, classifier, monkeypatch):
    rows, answer = ask(9), classifier.classify

    def answer_and_get_more(given):
        if len(classifier.batches) < 50:
            Prediction.objects.filter(pk__in=[row.pk for row in rows]).update(status="pending", claim=None)
        return answer(given)

    monkeypatch.setattr(classifier, "classify", answer_and_get_more)
    monkeypatch.setattr(answering, "WORKED_S", 0.0)
    answer_predictions_first()
    assert classifier.batches == [8]


def test_without_batching_each_is_answered_by_itself(ask, classifier, settings):
    settings.ENABLE_BATCH = False
    [*_, last] = ask(3)
    classify_pictures(str(last.pk))
    assert classifier.batches == [1, 1, 1]


def test_a_full_batch_waits_for_nobody(ask, classifier, settings):
    settings.BATCH_TIMEOUT = 3600.0
    [*_, last] = ask(8)
    classify_pictures(str(last.pk))
    assert classifier.batches == [8]


def test_what_is_not_full_is_answered_when_the_first_has_waited_long_enough(ask, classifier, settings):
    settings.BATCH_TIMEOUT = 0.2
    [row] = ask()
    classify_pictures(str(row.pk))
    [row] = fresh([row])
    assert row.answered_at - row.created_at >= timedelta(seconds=0.2)


def test_a_message_that_comes_again_finds_nothing_to_do(ask, classifier):
    [row] = ask()
    answering.answer_waiting()
    answered_at = fresh([row])[0].answered_at
    assert classify_pictures(str(row.pk)) == 0
    assert fresh([row])[0].answered_at == answered_at


def test_a_lost_worker_gives_back_what_it_held_and_each_is_then_tried_alone(ask, classifier):
    rows = ask(3)
    assert len(batches.claim_batch()) == 3  # and is never heard of again
    assert batches.claim_batch() == []
    Prediction.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))

    assert answering.answer_waiting() == 3
    assert classifier.batches == [1, 1, 1]
    assert {row.status for row in fresh(rows)} == {"answered"}


def test_a_worker_that_was_given_up_writes_nothing(ask):
    [row] = ask()
    [late] = batches.claim_batch()
    Prediction.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    [other] = batches.claim_batch()
    answer = {"score": 0.5, "model_name": "m", "model_sha256": "0" * 64}

    assert not batches.save_answer(late, label="late", **answer)
    assert batches.save_answer(other, label="right", **answer)
    assert not batches.save_answer(other, label="twice", **answer)
    assert fresh([row])[0].label == "right"


def test_a_model_that_cannot_be_read_fails_the_predictions_with_its_reason(ask, monkeypatch):
    def missing():
        raise ModelUnavailable("no file")

    monkeypatch.setattr(answering, "load_classifier", missing)
    [row] = ask()
    assert answering.answer_waiting() == 0
    assert fresh([row])[0].error_code == "model_unavailable"


def test_one_bad_picture_spoils_nothing_for_the_others(ask, classifier, worker):
    whole = encoded(kind="JPEG", size=(300, 300))
    broken = predictions.request_prediction(user=worker, file=upload(whole[:-200], "a.jpg"))
    good = ask(2, shade=20)
    answering.answer_waiting()
    assert fresh([broken])[0].error_code == "unreadable_image"
    assert {row.label for row in fresh(good)} == {"dark_one"}


def test_the_sweep_sends_what_was_lost_and_ends_what_is_overdue(ask):
    _lost, sent, overdue = ask(3)
    Prediction.objects.filter(pk=sent.pk).update(sent_at=timezone.now())
    Prediction.objects.filter(pk=overdue.pk).update(expires_at=timezone.now())
    assert sweep_predictions() == {"sent_again": 1, "overdue": 1}
    assert fresh([overdue])[0].error_code == predictions.TIMED_OUT


def test_a_picture_is_stored_once_and_links_to_its_staged_bytes_stay_good(ask):
    [row] = ask()
    picture = row.picture
    for _time in range(2):
        upload_classified(picture.pk)
    key = storage.classified_key(picture.file_name)
    assert storage.store("default").exists(key)
    assert storage.store("staging").exists(picture.staging_key)
    assert ClassifiedPicture.objects.get().staging_key == ""


def test_a_picture_outlives_the_clearing_of_staging_until_the_store_has_it(ask, monkeypatch):
    monkeypatch.setattr(cleanup, "STAGING_KEPT", -timedelta(minutes=1))
    [row] = ask()
    assert cleanup.delete_expired()["staged_files"] == 0
    upload_classified(row.picture_id)
    assert storage.store("default").exists(storage.classified_key(row.picture.file_name))
    assert cleanup.delete_expired()["staged_files"] == 1


def test_a_stored_picture_is_read_from_the_store(ask, classifier):
    [first] = ask()
    upload_classified(first.picture_id)
    [again] = ask()
    assert again.picture.staging_key == ""
    assert answering.answer_waiting() == 2


def test_what_is_old_is_cleared_but_what_somebody_commented_stays(ask, worker):
    rows = ask(2)
    for row in rows:
        upload_classified(row.picture_id)
    long_ago = timezone.now() - timedelta(days=91)
    Prediction.objects.update(created_at=long_ago)
    ClassifiedPicture.objects.update(used_at=long_ago)
    kept = rows[0].picture
    kept.feedback.create(
        user=worker, feedback="x", score=1, predicted_class="y", image_file_name=kept.file_name
    )

    assert sweep_old_predictions() == {"unstored": 0, "predictions": 2, "pictures": 1}
    assert list(ClassifiedPicture.objects.all()) == [kept]
    assert storage.store("default").exists(storage.classified_key(kept.file_name))
    assert not storage.store("default").exists(storage.classified_key(rows[1].picture.file_name))


def unused_for_long(row):
    """The picture of a prediction that is stored, and that nobody has asked about for long."""
    upload_classified(row.picture_id)
    Prediction.objects.all().delete()
    ClassifiedPicture.objects.update(used_at=timezone.now() - timedelta(days=91))
    return ClassifiedPicture.objects.get()


def test_a_picture_that_is_sent_while_old_ones_are_deleted_stays(ask, classifier, monkeypatch):
    [row] = ask()
    picture = unused_for_long(row)
    queryset = type(ClassifiedPicture.objects.all())
    unused_since = queryset.unused_since
    asked = []

    def and_then_it_is_sent(rows, when):
        found = unused_since(rows, when)
        if asked:
            return found
        found = rows.filter(pk__in=[row.pk for row in found])
        asked.extend(ask())
        return found

    monkeypatch.setattr(queryset, "unused_since", and_then_it_is_sent)
    assert pictures.delete_unused() == 0
    assert storage.store("default").exists(storage.classified_key(picture.file_name))
    assert answering.answer_waiting() == 1


def test_a_picture_that_is_sent_while_its_bytes_are_deleted_is_stored_again(ask, classifier, monkeypatch):
    [row] = ask()
    picture = unused_for_long(row)
    delete = storage.delete

    def sent_and_stored_just_before(alias, key):
        [again] = ask()
        upload_classified(again.picture_id)
        delete(alias, key)

    monkeypatch.setattr(storage, "delete", sent_and_stored_just_before)
    assert pictures.delete_unused() == 1
    upload_classified(ClassifiedPicture.objects.get().pk)  # as the sweep does
    assert storage.store("default").exists(storage.classified_key(picture.file_name))
    assert answering.answer_waiting() == 1


def test_a_killed_clearing_leaves_no_row_without_bytes(ask, monkeypatch):
    [row] = ask()
    unused_for_long(row)

    def killed(alias, key):
        assert not ClassifiedPicture.objects.exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(storage, "delete", killed)
    with pytest.raises(KeyboardInterrupt):
        pictures.delete_unused()


def test_a_picture_that_is_lost_is_staged_when_it_is_sent_again(ask, classifier):
    [row] = ask()
    upload_classified(row.picture_id)
    for alias, key in (
        ("default", storage.classified_key(row.picture.file_name)),
        ("staging", row.picture.staging_key),
    ):
        storage.delete(alias, key)
    assert answering.answer_waiting() == 0
    assert fresh([row])[0].error_code == "original_missing"
    [again] = ask()
    assert answering.answer_waiting() == 1
    upload_classified(again.picture_id)
    assert storage.store("default").exists(storage.classified_key(row.picture.file_name))


def test_two_pictures_of_one_md5_do_not_pass_for_each_other(ask):
    [row] = ask()
    ClassifiedPicture.objects.update(sha256="0" * 64)
    with pytest.raises(pictures.NameTaken):
        ask()
    assert Prediction.objects.count() == 1
    assert row.picture.file_name == ClassifiedPicture.objects.get().file_name
