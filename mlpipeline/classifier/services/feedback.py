"""What people say of predictions, and what the classifier learns from it."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from demeter.accounts.models import User
from inventory.models import Product
from mlpipeline.classifier.choices import SampleType
from mlpipeline.classifier.models import ClassifiedPicture, Feedback, ProductSampleImage


def give_feedback(
    *, user: User, feedback: str, score: float, predicted_class: str, image_file_name: str
) -> Feedback:
    """Write down what a person says of a prediction. A picture that is known stands beside it."""
    row = Feedback(
        user=user,
        feedback=feedback,
        score=score,
        predicted_class=predicted_class,
        image_file_name=image_file_name,
        picture=ClassifiedPicture.objects.filter(file_name=image_file_name).first(),
    )
    row.full_clean()
    row.save(force_insert=True)
    return row


@transaction.atomic
def correct(*, feedback: Feedback, product: Product, user: User) -> ProductSampleImage:
    """Say which product a picture really shows: it becomes a sample that the classifier learns from.

    Said again of the same feedback, the newer word counts; a sample that there is already is kept.
    """
    if feedback.picture is None:
        raise ValueError("Feedback without a picture cannot be learned from.")
    ProductSampleImage.objects.filter(feedback=feedback).exclude(product=product).delete()
    defaults: dict[str, Any] = {
        "feedback": feedback,
        "sample_type": SampleType.QUALITY_CHECK,
        "created_by": user,
        "captured_on": timezone.localdate(feedback.picture.created_at),
    }
    sample, _is_new = ProductSampleImage.objects.get_or_create(
        product=product, picture=feedback.picture, defaults=defaults
    )
    return sample
