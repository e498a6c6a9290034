"""The page that names a picture: for everybody who is signed in, and for nobody else."""

import pytest
from django.urls import resolve, reverse

from demeter.serving.admission import large_body_of
from mlpipeline.classifier.models import Feedback, Prediction
from mlpipeline.classifier.services import answering
from tests.mlpipeline.classifier.conftest import encoded, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("living_worker")]

CLASSIFY = "/classify/"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


@pytest.fixture
def sent(signed_in, stranger):
    """A stranger's picture on its way: his browser, and the page that follows it."""
    client = signed_in(stranger)
    response = client.post(CLASSIFY, {"file": upload(encoded())})
    assert response.status_code == 302
    return client, response.headers["Location"]


def test_a_picture_is_sent_answered_and_commented(sent, classifier):
    client, page = sent
    waiting = client.get(page, **ENGLISH)
    assert 'http-equiv="refresh"' in waiting.text
    assert "no-store" in waiting.headers["Cache-Control"]

    answering.answer_waiting()
    answered = client.get(page, **ENGLISH)
    assert 'http-equiv="refresh"' not in answered.text
    assert ">light<" in answered.text
    assert "78.4" in answered.text

    assert client.post(f"{page}feedback/", {"feedback": "an aloe"}).status_code == 302
    row = Feedback.objects.get()
    prediction = Prediction.objects.get()
    assert (row.feedback, row.predicted_class, row.picture) == ("an aloe", "light", prediction.picture)
    assert "an aloe" in client.get(page).text
    assert client.get(CLASSIFY).text.count(page) == 1


def test_a_picture_that_cannot_be_read_says_why(signed_in, viewer, classifier):
    client = signed_in(viewer)
    whole = encoded(kind="JPEG", size=(300, 300))
    page = client.post(CLASSIFY, {"file": upload(whole[:-200], "a.jpg")}).headers["Location"]
    answering.answer_waiting()
    text = client.get(page, **ENGLISH).text
    assert "The picture is damaged" in text
    assert "feedback/" not in text


def test_an_answer_that_never_comes_ends_the_waiting(sent):
    client, page = sent
    Prediction.objects.update(expires_at=Prediction.objects.get().created_at)
    text = client.get(page, **ENGLISH).text
    assert "not looked at in time" in text
    assert "refresh" not in text


@pytest.mark.parametrize(
    ("files", "words"),
    [({}, "Choose a picture."), ({"file": upload(b"text", "a.txt")}, "File type is not supported.")],
    ids=["nothing chosen", "no picture"],
)
def test_what_is_refused_is_said_on_the_page(signed_in, viewer, files, words):
    response = signed_in(viewer).post(CLASSIFY, files, follow=True, **ENGLISH)
    assert words in response.text
    assert not Prediction.objects.exists()


def test_the_pages_of_others_do_not_exist(sent, signed_in, admin):
    _client, page = sent
    assert signed_in(admin).get(page).status_code == 404
    assert signed_in(admin).post(f"{page}feedback/", {"feedback": "x"}).status_code == 404


def test_feedback_needs_words(sent, classifier):
    client, page = sent
    answering.answer_waiting()
    assert client.post(f"{page}feedback/", {"feedback": " "}).status_code == 400
    assert not Feedback.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_not_signed_in_is_sent_there(client, method):
    response = getattr(client, method)(CLASSIFY)
    assert (response.status_code, response.headers["Location"]) == (
        302,
        f"{reverse('sign-in')}?next={CLASSIFY}",
    )


@pytest.mark.parametrize(
    ("path", "is_awaited"),
    [
        (CLASSIFY, False),
        ("/admin/mlpipeline/productsampleimage/add/", False),
        ("/model/predict", True),
        ("/api/v1/model/predict/", True),
    ],
)
def test_pictures_are_received_as_uploads_are_and_only_the_api_waits(path, is_awaited):
    body = large_body_of(resolve(path).func, "POST")
    assert body is not None
    assert (body.max_bytes, body.is_awaited) == (20 * 1024**2, is_awaited)


def test_on_a_port_of_its_own_the_page_stands_alone(settings, signed_in, admin, client, classifier):
    settings.ROOT_URLCONF = "demeter.classifier_urls"
    browser = signed_in(admin)
    page = browser.post("/", {"file": upload(encoded())}).headers["Location"]
    answering.answer_waiting()
    assert browser.get("/").status_code == browser.get(page).status_code == 200
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"
    assert client.get("/sign-in/").status_code == client.get("/healthz").status_code == 200
    assert "/admin" not in browser.get("/").text
    for elsewhere in ("/admin/", "/photos/", "/api/v1/auth/me", "/login"):
        assert browser.get(elsewhere).status_code == 404
