"""The general classifier: ImageNet's thousand classes, for a nursery that has trained nothing yet."""

from __future__ import annotations

from mlpipeline.classifier.networks import features
from mlpipeline.classifier.networks.features import feature_network, softmax
from mlpipeline.classifier.networks.protocols import Answer, Inputs


class GeneralClassifier:
    """Names are those of ImageNet with underscores, as older clients know them: Eskimo_dog, great_white_shark."""

    name = f"general {features.NAME}"

    def __init__(self) -> None:
        from torchvision.models import EfficientNet_B0_Weights

        self._network = feature_network()
        self.sha256 = self._network.sha256
        self.labels = [name.replace(" ", "_") for name in EfficientNet_B0_Weights.DEFAULT.meta["categories"]]

    def classify(self, pictures: Inputs) -> list[Answer]:
        """See Classifier."""
        shares = softmax(self._network.run(pictures).logits)
        best = shares.argmax(axis=1)
        return [
            Answer(self.labels[place], float(row[place])) for row, place in zip(shares, best, strict=True)
        ]
