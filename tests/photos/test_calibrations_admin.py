"""Calibrations in the administration: looked at by all, reset by supervisors, typed in by nobody."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from photos.models import CalibrationSample, PlaceCalibration

LIST = reverse("admin:photos_placecalibration_changelist")


@pytest.fixture
def calibration(make_photo, count, place):
    session = count(make_photo(), place)
    row = PlaceCalibration.objects.create(
        storage_location=place,
        product=session.product,
        packaging=session.packaging,
        container_type="segment",
        photos=3,
        plants=360,
        plant_area_cm2=40.5,
        plant_area_cm2_spread=2.5,
        plant_area_px=900,
        plants_per_m2=100,
        plants_per_m2_spread=7.5,
        plants_per_m2_most=120,
        visible_share=0.75,
    )
    CalibrationSample.objects.create(
        calibration=row,
        session=session,
        plants=120,
        plant_area_cm2=40.5,
        plant_area_px=900,
        plants_per_m2=100,
        visible_share=0.75,
    )
    return row


def page(calibration):
    return reverse("admin:photos_placecalibration_change", args=[calibration.pk])


def reset(client, calibration):
    return client.post(LIST, {"action": "reset", "_selected_action": [calibration.pk]}, follow=True)


def test_the_list_shows_the_values_and_from_how_many_photos(signed_in, supervisor, calibration):
    text = signed_in(supervisor).get(LIST).text
    assert "40.5 ± 2.5" in text
    assert "100.0 ± 7.5" in text
    assert calibration.storage_location.code in text


def test_a_calibration_shows_the_counts_behind_its_values(signed_in, supervisor, calibration):
    name = calibration.samples.get().session.image.original_filename
    assert name in signed_in(supervisor).get(page(calibration)).text


def test_nobody_types_values_in(signed_in, admin, calibration):
    client = signed_in(admin)
    assert client.post(page(calibration), {"photos": 99}).status_code == 403
    calibration.refresh_from_db()
    assert calibration.photos == 3


def test_a_supervisor_resets_a_calibration_and_the_log_keeps_what_it_was(signed_in, supervisor, calibration):
    answer = reset(signed_in(supervisor), calibration)
    calibration.refresh_from_db()
    assert f"Calibration reset: {calibration}" in answer.text
    assert (calibration.photos, calibration.forgotten_by) == (0, supervisor)
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (supervisor, str(calibration.pk))
    assert "3 photos, 40.5 ± 2.5 cm² a plant, 100.0 ± 7.5 plants per m²" in entry.get_change_message()


def test_a_worker_resets_nothing(signed_in, worker, calibration):
    reset(signed_in(worker), calibration)
    calibration.refresh_from_db()
    assert calibration.photos == 3
    assert not LogEntry.objects.exists()
