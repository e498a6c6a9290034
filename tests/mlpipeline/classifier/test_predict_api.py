"""POST /model/predict as older clients call it, and the same under /api/v1/."""

import hashlib
import re

import pytest
from django.test import Client

from mlpipeline.classifier.models import ClassifiedPicture, Prediction
from mlpipeline.classifier.services import answering, predictions
from tests.mlpipeline.classifier.conftest import encoded, upload

pytestmark = pytest.mark.django_db

ROOT_PATHS = ["/model/predict", "/model/predict/"]
PATHS = [*ROOT_PATHS, "/api/v1/model/predict", "/api/v1/model/predict/"]
BOUNDARY = "b0undary"


def send(client, path, content=None, name="plant.png", **more):
    files = {} if content is None else {"file": upload(content, name)}
    return client.post(path, {**files, **more}, format="multipart")


@pytest.mark.parametrize("path", PATHS)
def test_a_picture_is_named_after_its_content_and_answered(bearer, stranger, answering_worker, path):
    content = encoded(230)
    response = send(bearer(stranger), path, content, "Plant.PNG")
    assert response.status_code == 200
    answer = {
        "success": True,
        "prediction": "light",
        "score": 0.902,  # 230 of 255
        "image_file_name": f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}.png",
    }
    version = "brightness (bbbbbbbb)"
    assert response.json() == (answer if path in ROOT_PATHS else {**answer, "model_version": version})
    assert response.headers["X-Model-Version"] == version


def test_the_same_picture_is_kept_once(bearer, stranger, worker, answering_worker):
    for user in (stranger, worker, stranger):
        assert send(bearer(user), "/model/predict", encoded()).status_code == 200
    assert ClassifiedPicture.objects.count() == 1
    assert Prediction.objects.count() == 3


def test_an_account_that_nobody_has_approved_may_ask_little(
    bearer, stranger, viewer, answering_worker, settings
):
    settings.PREDICTIONS_UNAPPROVED_PER_MIN = 2

    def statuses(user, path):
        return [send(bearer(user), path, encoded(seed=seed)).status_code for seed in range(3)]

    assert statuses(stranger, "/model/predict") == [200, 200, 429]
    refused = send(bearer(stranger), "/api/v1/model/predict", encoded())
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert statuses(viewer, "/model/predict") == [200, 200, 200]


@pytest.mark.parametrize("name", ["a.PNG", "a.jpg", "a.JPEG", "a.b.gif", "photo.png"])
def test_endings_count_in_any_case(bearer, viewer, answering_worker, name):
    kind = "GIF" if name.endswith("gif") else "JPEG" if "jp" in name.lower() else "PNG"
    assert send(bearer(viewer), "/model/predict", encoded(kind=kind), name).status_code == 200


@pytest.mark.parametrize("name", ["a.webp", "a.txt", "a", "png", "a.png.exe", ".png"])
def test_other_endings_are_refused_in_these_words(bearer, viewer, answering_worker, name):
    response = send(bearer(viewer), "/model/predict", encoded(), name)
    assert (response.status_code, response.json()) == (400, {"detail": "File type is not supported."})


def test_under_the_api_errors_have_its_form_and_language(bearer, viewer, answering_worker):
    response = bearer(viewer).post(
        "/api/v1/model/predict",
        {"file": upload(encoded(), "a.txt")},
        format="multipart",
        HTTP_ACCEPT_LANGUAGE="es",
    )
    assert response.status_code == 400
    body = response.json()
    assert (body["code"], body["error"]) == ("invalid_file_type", "El tipo de archivo no se admite.")


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        pytest.param(
            '--{b}\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--{b}--\r\n',
            400, "No file provided", id="a form sent without a file chosen",
        ),
        pytest.param(
            '--{b}\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\nabc\r\n--{b}--\r\n',
            400, "No file provided", id="content without a name",
        ),
        pytest.param(
            '--{b}\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\nabc\r\n--{b}--\r\n',
            422, "The request has no part “file”.", id="another part",
        ),
        pytest.param(
            '--{b}\r\nContent-Disposition: form-data; name="file"; filename="photo"\r\n\r\nabc\r\n--{b}--\r\n',
            400, "File type is not supported.", id="a name without an ending",
        ),
        pytest.param(
            '--{b}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n\r\n--{b}--\r\n',
            400, "The file is empty.", id="no content",
        ),
        pytest.param(
            '--{b}\r\nContent-Disposition: form-data; name="file"; filename="a.gif"\r\n\r\nGIF89a\r\n--{b}--\r\n',
            400, "The picture is damaged and cannot be read. Send another one.", id="half a header",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ROOT_PATHS)
def test_what_is_no_picture_is_refused(bearer, viewer, answering_worker, path, body, status, detail):
    response = bearer(viewer).post(
        path, body.format(b=BOUNDARY), content_type=f"multipart/form-data; boundary={BOUNDARY}"
    )
    assert (response.status_code, response.json()) == (status, {"detail": detail})
    assert not ClassifiedPicture.objects.exists()


def test_a_request_without_a_body_lacks_the_part(bearer, viewer, answering_worker):
    response = bearer(viewer).post("/model/predict")
    assert response.status_code == 422


def test_the_content_decides_not_the_ending(bearer, viewer, answering_worker):
    client = bearer(viewer)
    assert send(client, "/model/predict", b"<svg>" * 50, "a.png").status_code == 400
    assert send(client, "/model/predict", encoded(kind="JPEG"), "a.png").status_code == 200


def test_a_body_that_turns_out_broken_is_refused_by_the_worker(bearer, viewer, answering_worker):
    whole = encoded(kind="JPEG", size=(300, 300))
    response = send(bearer(viewer), "/model/predict", whole[: len(whole) - 200], "a.jpg")
    assert response.status_code == 400
    assert "damaged" in response.json()["detail"]
    assert answering_worker.batches == []


@pytest.mark.parametrize("path", PATHS)
def test_only_who_is_signed_in_by_a_token_is_answered(client: Client, viewer, path):
    response = client.post(path, {"file": upload(encoded())})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    if path in ROOT_PATHS:
        assert list(response.json()) == ["detail"]
        client.force_login(viewer)  # a session's cookie counts for nothing here
        assert client.post(path, {"file": upload(encoded())}).status_code == 401


def test_without_a_worker_nobody_waits(bearer, viewer):
    response = send(bearer(viewer), "/model/predict", encoded())
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"
    assert not Prediction.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "detail"),
    [
        (encoded(), "a.txt", "File type is not supported."),
        (b"", "a.png", "The file is empty."),
        (b"GIF89a", "a.gif", "The picture is damaged and cannot be read. Send another one."),
    ],
)
def test_what_is_no_picture_is_refused_without_a_worker_too(bearer, viewer, content, name, detail):
    response = send(bearer(viewer), "/model/predict", content, name)
    assert (response.status_code, response.json()) == (400, {"detail": detail})


def test_an_answer_that_does_not_come_is_a_timeout(bearer, viewer, living_worker, settings):
    settings.PREDICTION_TIMEOUT_S = 0.05
    response = send(bearer(viewer), "/model/predict", encoded())
    assert response.status_code == 504
    row = Prediction.objects.get()
    assert (row.status, row.error_code) == ("failed", predictions.TIMED_OUT)
    assert answering.answer_waiting() == 0  # nobody waits for it any more


@pytest.mark.parametrize("path", ["/model/other", "/model/", "/feedbacks", "/user/7/secrets"])
def test_unknown_paths_of_older_clients_speak_their_language(client: Client, path):
    response = client.get(path, HTTP_ACCEPT_LANGUAGE="es")
    assert response.status_code == 404
    assert response.json() == {"detail": "This does not exist, or you may not see it."}


def test_another_method_is_refused_in_plain_form(bearer, viewer):
    response = bearer(viewer).get("/model/predict", HTTP_ACCEPT_LANGUAGE="es")
    assert response.status_code == 405
    assert re.fullmatch(r'Method "?GET"? not allowed.', response.json()["detail"])
