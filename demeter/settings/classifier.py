"""What one picture shows (mlpipeline.classifier)."""

from demeter.settings.environment import DATA_HOME, env

# auto: the nursery's own as soon as it has trained one (manage.py train_classifier), else the general one.
CLASSIFIER = env.str("CLASSIFIER", default="auto")  # auto | nursery | general
CLASSIFIER_HEAD_FILE = DATA_HOME / "models" / "classifier.pt"
# A worker answers so many pictures together, or those that there are when the first has waited so long (s).
BATCH_SIZE = env.int("BATCH_SIZE", default=8)
BATCH_TIMEOUT = env.float("BATCH_TIMEOUT", default=1.0)
ENABLE_BATCH = env.bool("ENABLE_BATCH", default=True)  # false: one after the other, each at once
# Pictures a minute of an account that registered by itself and that nobody has approved yet.
PREDICTIONS_UNAPPROVED_PER_MIN = env.int("PREDICTIONS_UNAPPROVED_PER_MIN", default=60)
PREDICTION_TIMEOUT_S = 60.0  # contract: 504 after that
