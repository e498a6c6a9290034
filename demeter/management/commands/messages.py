"""`manage.py messages`: the translated texts, kept in step with the sources."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from demeter.translations import catalogue_errors, translated_languages, write_catalogue


class Command(BaseCommand):
    """Collects texts into the catalogues and compiles them; or, with --check, only says what is missing."""

    help = "Collect new texts into the translations and compile them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Change nothing; fail if anything is missing."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            self._check()
        else:
            self._write()

    def _check(self) -> None:
        faults = [fault for language in translated_languages() for fault in catalogue_errors(language)]
        if faults:
            raise CommandError(
                "\n".join([*faults, "Run `make messages`, translate what is new, run it again."])
            )
        self.stdout.write("The translations are complete.")

    def _write(self) -> None:
        for language in translated_languages():
            missing = write_catalogue(language)
            self.stdout.write(f"{language}: {len(missing)} without a translation")
            for msgid in missing:
                self.stdout.write(f"  {msgid}")
