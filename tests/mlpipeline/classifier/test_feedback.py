"""Feedback: who sees what, what is refused, and how it becomes a sample."""

import pytest
from django.urls import reverse

from mlpipeline.classifier.choices import SampleType
from mlpipeline.classifier.models import Feedback, ProductSampleImage
from mlpipeline.classifier.services.feedback import correct, give_feedback
from mlpipeline.classifier.services.pictures import keep_picture
from tests.inventory.factories import ProductFactory
from tests.mlpipeline.classifier.conftest import encoded, upload

pytestmark = pytest.mark.django_db

SAID = {"feedback": "wrong", "score": "0.75", "predicted_class": "Siberian_husky", "image_file_name": "a.png"}


@pytest.mark.parametrize("path", ["/feedback", "/feedback/", "/api/v1/feedback", "/api/v1/feedback/"])
def test_feedback_is_written_and_given_back(bearer, stranger, path):
    response = bearer(stranger).post(path, SAID, format="json")
    assert response.status_code == 201
    row = Feedback.objects.get()
    body = response.json()
    assert body.pop("created_at")
    assert body == {**SAID, "score": 0.75, "id": row.pk, "user_id": stranger.pk}


@pytest.mark.parametrize("missing", SAID)
def test_every_field_is_required(bearer, viewer, missing):
    given = {name: value for name, value in SAID.items() if name != missing}
    response = bearer(viewer).post("/feedback/", given, format="json")
    assert response.status_code == 400
    assert missing in response.json()["detail"]


@pytest.mark.parametrize("score", ["much", "nan", "inf", None, [1]])
def test_a_score_is_a_number(bearer, viewer, score):
    response = bearer(viewer).post("/feedback/", {**SAID, "score": score}, format="json")
    assert response.status_code == 400
    assert not Feedback.objects.exists()


def test_everybody_sees_his_own_alone(bearer, viewer, admin):
    for user in (viewer, admin):
        give_feedback(user=user, feedback=user.name, score=1, predicted_class="a", image_file_name="a.png")
    mine = bearer(admin).get("/feedback/").json()
    assert [row["feedback"] for row in mine] == [admin.name]
    assert bearer(viewer).get("/api/v1/feedback/").json()["results"][0]["feedback"] == viewer.name


def test_feedback_comes_in_the_order_asked_for_but_not_at_the_root(bearer, viewer):
    for score in (0.5, 0.9, 0.1):
        give_feedback(user=viewer, feedback="a", score=score, predicted_class="a", image_file_name="a.png")
    client = bearer(viewer)

    def scores(query):
        return [row["score"] for row in client.get(f"/api/v1/feedback/{query}").json()["results"]]

    assert scores("") == [0.1, 0.9, 0.5]  # newest first
    assert scores("?ordering=score") == [0.1, 0.5, 0.9]
    assert scores("?ordering=-score") == [0.9, 0.5, 0.1]
    assert client.get("/api/v1/feedback/?ordering=user").status_code == 400
    assert [row["score"] for row in client.get("/feedback/?ordering=user").json()] == [0.1, 0.9, 0.5]


def test_a_correction_makes_one_sample_and_the_last_word_counts(viewer, supervisor):
    picture = keep_picture(upload(encoded()))
    row = give_feedback(
        user=viewer, feedback="no", score=1, predicted_class="a", image_file_name=picture.file_name
    )
    agave, aloe = ProductFactory.create_batch(2)

    correct(feedback=row, product=agave, user=supervisor)
    correct(feedback=row, product=aloe, user=supervisor)
    correct(feedback=row, product=aloe, user=supervisor)

    sample = ProductSampleImage.objects.get()
    assert (sample.product, sample.picture, sample.created_by) == (aloe, picture, supervisor)
    assert sample.sample_type == SampleType.QUALITY_CHECK


def test_supervisors_see_all_feedback_beside_its_picture_and_correct_it(
    signed_in, viewer, worker, supervisor
):
    picture = keep_picture(upload(encoded()))
    row = give_feedback(
        user=viewer, feedback="an aloe", score=0.5, predicted_class="a", image_file_name=picture.file_name
    )
    product = ProductFactory()
    address = reverse("admin:mlpipeline_feedback_change", args=[row.pk])
    client = signed_in(supervisor)

    assert picture.file_name in client.get(address).text
    assert "<img" in client.get(reverse("admin:mlpipeline_feedback_changelist")).text
    assert client.post(address, {"product": product.pk, "feedback": "other"}).status_code == 302
    assert ProductSampleImage.objects.get().product == product
    row.refresh_from_db()
    assert row.feedback == "an aloe"  # what was said stays
    assert signed_in(worker).get(address).status_code in (302, 403)


def test_a_sample_is_uploaded_in_the_administration(signed_in, supervisor):
    product = ProductFactory()
    address = reverse("admin:mlpipeline_productsampleimage_add")
    fields = {"product": product.pk, "sample_type": "reference", "is_primary": "on"}
    client = signed_in(supervisor)

    assert client.post(address, {**fields, "file": upload(encoded(), "a.png")}).status_code == 302
    again = client.post(address, {**fields, "file": upload(encoded(seed=9), "b.png")})
    refused = client.post(address, {**fields, "file": upload(b"text", "a.txt")})

    assert ProductSampleImage.objects.get().product == product
    assert again.status_code == refused.status_code == 200  # the form, with what is wrong


@pytest.mark.parametrize("rows", [1, 7])
def test_a_list_of_feedback_costs_the_same_queries_however_many_there_are(
    bearer, viewer, django_assert_num_queries, rows
):
    client = bearer(viewer)
    for _ in range(rows):
        client.post("/feedback/", SAID, format="json")
    with django_assert_num_queries(3):  # the caller, their number, the page
        assert len(client.get("/api/v1/feedback").json()["results"]) == rows
    with django_assert_num_queries(2):
        assert len(client.get("/feedback").json()) == rows
