"""The shapes of requests and answers about labels."""

from typing import Any

from rest_framework import serializers

from demeter.api_examples import answer_example
from inventory.api import examples
from inventory.api.serializers import LocationReferenceSerializer


class LabelFormSerializer(serializers.Serializer[Any]):
    """For the description: the form. The service looks at the file itself."""

    file = serializers.FileField(help_text="A picture of a label, up to 4 MB and 16 megapixels.")


@answer_example({"code_count": 1, "locations": [examples.LOOKUP["candidates"][1]["location"]]})
class LabelSerializer(serializers.Serializer[Any]):
    """What the labels in a picture name."""

    code_count = serializers.IntegerField(
        help_text="QR codes that could be read, those of no location among them."
    )
    locations = LocationReferenceSerializer(
        many=True,
        help_text="The locations in use whose labels these are: several where neighbouring labels are in view.",
    )
