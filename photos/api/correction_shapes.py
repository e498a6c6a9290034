"""The shapes of requests and answers about what was found in a photo and what people correct in it."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from demeter.api_examples import answer_example
from photos.api import examples
from photos.choices import BookingState, CalculationMethod, ContainerType
from photos.services.review.edits import MAX_BY_HAND


class _BoxSerializer(serializers.Serializer[Any]):
    center_x = serializers.FloatField(help_text="px of the whole, upright picture")
    center_y = serializers.FloatField()
    width_px = serializers.FloatField()
    height_px = serializers.FloatField()


class AddedBoxSerializer(_BoxSerializer):
    """A plant or empty pot that a person marks; the answer names the id it gets."""

    class_name = serializers.CharField(
        max_length=30, help_text="plant, dead, empty, or a further class that the weights know"
    )


class MovedBoxSerializer(_BoxSerializer):
    """A detection by its id, with the place and size that a person gives it."""

    id = serializers.IntegerField()


class RelabelSerializer(serializers.Serializer[Any]):
    """A detection by its id, and the class that a person says it is."""

    id = serializers.IntegerField()
    class_name = serializers.CharField(max_length=30)


class RetypeSerializer(serializers.Serializer[Any]):
    """A container by its id, and the type that a person says it is."""

    container_id = serializers.IntegerField()
    type = serializers.ChoiceField(ContainerType.choices)


class HandCountSerializer(serializers.Serializer[Any]):
    """A count by hand. It goes before what is marked."""

    container_id = serializers.IntegerField(
        allow_null=True, required=False, default=None, help_text="null: the whole photo"
    )
    living = serializers.IntegerField(
        min_value=0, max_value=MAX_BY_HAND, allow_null=True, help_text="null takes the count by hand back"
    )
    dead = serializers.IntegerField(min_value=0, max_value=MAX_BY_HAND, required=False, default=0)
    empty = serializers.IntegerField(
        min_value=0,
        max_value=MAX_BY_HAND,
        required=False,
        allow_null=True,
        default=None,
        help_text="null: as marked",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A missed plant, a leaf that was none, a dead plant",
            request_only=True,
            value={
                "version": 1,
                "add": [
                    {
                        "center_x": 812.5,
                        "center_y": 440,
                        "width_px": 38,
                        "height_px": 36,
                        "class_name": "plant",
                    }
                ],
                "delete": [5011],
                "relabel": [{"id": 5012, "class_name": "dead"}],
            },
        )
    ]
)
class CorrectionRequestSerializer(serializers.Serializer[Any]):
    """Applied in this order: restore, add, move, relabel, delete, retype, hand_counts; all or nothing."""

    version = serializers.IntegerField(min_value=1, help_text="That of the findings which are corrected.")
    edit_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="The client's own name of this edit: sent again, it gets the first answer and changes nothing.",
    )
    restore = serializers.ListField(
        child=serializers.IntegerField(), required=False, help_text="Takes back that a box was deleted."
    )
    add = AddedBoxSerializer(many=True, required=False)
    move = MovedBoxSerializer(many=True, required=False)
    relabel = RelabelSerializer(many=True, required=False)
    delete = serializers.ListField(child=serializers.IntegerField(), required=False)
    retype = RetypeSerializer(many=True, required=False)
    hand_counts = HandCountSerializer(many=True, required=False)


class ModelSumsSerializer(serializers.Serializer[Any]):
    """What the model itself has counted."""

    detected = serializers.IntegerField()
    estimated = serializers.IntegerField()
    dead = serializers.IntegerField()
    empty = serializers.IntegerField()


class SumsSerializer(ModelSumsSerializer):
    """The count as it is corrected, validated or not."""

    total = serializers.IntegerField()
    living = serializers.IntegerField()


@answer_example(examples.CORRECTION_ANSWER)
class CorrectionAnswerSerializer(serializers.Serializer[Any]):
    """The findings after a correction: their new version, and the sums that follow."""

    version = serializers.IntegerField()
    added_ids = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="In the order of `add`; ids below zero are people's boxes.",
    )
    sums = SumsSerializer()


class KeptHandCountSerializer(serializers.Serializer[Any]):
    """A count by hand as it was kept; without a container it is one of the whole photo."""

    container_id = serializers.IntegerField(allow_null=True)
    living = serializers.IntegerField()
    dead = serializers.IntegerField()
    empty = serializers.IntegerField(allow_null=True)


class _NumbersField(serializers.ListField):
    child = serializers.FloatField()


class _CountsField(serializers.ListField):
    child = serializers.IntegerField()


@answer_example(examples.DETECTIONS)
class DetectionsSerializer(serializers.Serializer[Any]):
    """Parallel arrays of one length, in px of the whole, upright picture, with all corrections so far."""

    session_id = serializers.UUIDField()
    version = serializers.IntegerField()
    id = serializers.ListField(
        child=serializers.IntegerField(), help_text="Below zero: a box that a person added."
    )
    center_x = _NumbersField()
    center_y = _NumbersField()
    width_px = _NumbersField()
    height_px = _NumbersField()
    confidence = _NumbersField()
    class_name = serializers.ListField(child=serializers.CharField())
    is_empty_container = serializers.ListField(child=serializers.BooleanField())
    is_alive = serializers.ListField(child=serializers.BooleanField())
    container_id = serializers.ListField(
        child=serializers.IntegerField(allow_null=True), help_text="null where the photo shows no container"
    )
    hand_counts = KeptHandCountSerializer(many=True)
    model_sums = ModelSumsSerializer()
    sums = SumsSerializer()


@answer_example(examples.CONTAINERS)
class ContainersSerializer(serializers.Serializer[Any]):
    """Parallel arrays of one length, with all corrections so far."""

    session_id = serializers.UUIDField()
    version = serializers.IntegerField()
    id = serializers.ListField(child=serializers.IntegerField())
    type = serializers.ListField(child=serializers.ChoiceField(ContainerType.choices))
    polygon = serializers.ListField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.FloatField())),
        help_text="[[x, y], …] in px",
    )
    capacity = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    detected = serializers.ListField(child=serializers.IntegerField())
    estimated = serializers.ListField(child=serializers.IntegerField())
    empty = serializers.ListField(child=serializers.IntegerField())
    dead = serializers.ListField(child=serializers.IntegerField())
    model_type = serializers.ListField(child=serializers.ChoiceField(ContainerType.choices))
    model_detected = _CountsField()
    model_estimated = _CountsField()
    model_empty = _CountsField()
    model_dead = _CountsField()
    boxes_living = _CountsField(help_text="Boxes that the model found, before any correction.")
    boxes_dead = _CountsField()
    boxes_empty = _CountsField()


@answer_example(examples.ESTIMATIONS)
class EstimationsSerializer(serializers.Serializer[Any]):
    """Parallel arrays of one length: one entry for each band of a container, as the model estimated it."""

    session_id = serializers.UUIDField()
    container_id = serializers.ListField(child=serializers.IntegerField())
    container_type = serializers.ListField(child=serializers.ChoiceField(ContainerType.choices))
    band_number = serializers.ListField(child=serializers.IntegerField())
    band_y_start = _NumbersField()
    band_y_end = _NumbersField()
    estimated_count = serializers.ListField(
        child=serializers.FloatField(),
        help_text="Before rounding: a container is rounded once, not each band.",
    )
    residual_area_px = serializers.ListField(
        child=serializers.FloatField(), help_text="Before floor suppression."
    )
    processed_area_px = serializers.ListField(
        child=serializers.FloatField(), help_text="After floor suppression."
    )
    avg_plant_area_px = _NumbersField()
    vegetation_polygon = serializers.ListField(
        child=serializers.ListField(
            child=serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
        ),
        help_text="GeoJSON-style rings in px; a ring within a ring is a hole.",
    )
    calculation_method = serializers.ListField(child=serializers.ChoiceField(CalculationMethod.choices))
    confidence = _NumbersField()


class AdjustmentsSerializer(serializers.Serializer[Any]):
    """Counts by hand that the person who validates makes: of the whole photo, of some containers, or both."""

    living = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MAX_BY_HAND,
        help_text="On the whole photo. `dead` and `empty` are refused without it.",
    )
    dead = serializers.IntegerField(required=False, min_value=0, max_value=MAX_BY_HAND, default=0)
    empty = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=MAX_BY_HAND, default=None
    )
    containers = HandCountSerializer(many=True, required=False, default=list)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Here, and not in `validate`, because what was sent is known no more once the defaults stand in it."""
        wanted: dict[str, Any] = super().to_internal_value(data)
        if "living" in wanted:
            return wanted
        if any(data.get(name) is not None for name in ("dead", "empty")):
            raise serializers.ValidationError(
                {"living": [_("Say how many living plants there are too: a count by hand begins with them.")]}
            )
        if not wanted["containers"] and set(data) - set(self.fields):
            names = ", ".join(sorted(str(name) for name in set(data) - set(self.fields)))
            text = _("Nothing of this is an adjustment: %(names)s. Send `living` or `containers`.")
            raise serializers.ValidationError({"non_field_errors": [text % {"names": names[:100]}]})
        return wanted


class ValidateRequestSerializer(serializers.Serializer[Any]):
    """A supervisor's word that a count is right, with the last corrections and a note."""

    adjustments = AdjustmentsSerializer(required=False, allow_null=True)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")
    version = serializers.IntegerField(
        required=False, min_value=1, help_text="That of the findings which were looked at; 409 if it is old."
    )


@answer_example(examples.VALIDATE_ANSWER)
class ValidateAnswerSerializer(serializers.Serializer[Any]):
    """Who validated a count and when, what people changed in it, and what it booked."""

    validated = serializers.BooleanField()
    validated_by = serializers.CharField(help_text="The name of who validated it.")
    validation_date = serializers.DateTimeField()
    manual_adjustments = serializers.DictField(
        help_text="note; corrections: how many of which, the model's sums and those of people; missing, kept."
    )
    movement_ids = serializers.ListField(
        child=serializers.UUIDField(), help_text="All movements that this count has booked, oldest first."
    )
    booking_state = serializers.ChoiceField(BookingState.choices)
    booked_quantity = serializers.IntegerField(allow_null=True)
