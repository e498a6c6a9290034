"""The nursery's own classifier: its products, by a small layer that it has trained itself."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext as _

from mlpipeline.classifier.networks.features import feature_network
from mlpipeline.classifier.networks.head import load_head
from mlpipeline.classifier.networks.protocols import Answer, Inputs
from mlpipeline.detectors.errors import ModelUnavailable


class NurseryClassifier:
    """Answers with the products that it was trained on, and knows nothing else."""

    name = "nursery"

    def __init__(self, path: Path) -> None:
        self._network = feature_network()
        self.head, self.sha256 = load_head(path)
        self.labels = self.head.labels
        if self.head.features_sha256 != self._network.sha256:
            raise ModelUnavailable(
                _("The nursery's own classifier was trained on other features. Train it again: %(command)s.")
                % {"command": "manage.py train_classifier"}
            )

    def classify(self, pictures: Inputs) -> list[Answer]:
        """See Classifier."""
        shares = self.head.probabilities(self._network.run(pictures).features)
        best = shares.argmax(axis=1)
        return [
            Answer(self.labels[place], float(row[place])) for row, place in zip(shares, best, strict=True)
        ]
