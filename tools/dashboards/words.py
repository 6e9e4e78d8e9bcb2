"""A dashboard's texts in one language: the product's own words where it has them, else the catalogue beside."""

from enum import IntEnum
from pathlib import Path

from babel.messages.pofile import read_po

from vigie.control.alarms.catalogue import Alarm
from vigie.wording import alarms
from vigie.wording.languages import SOURCE_LANGUAGE
from vigie.wording.words import describe, translator

CATALOGUE = "{language}.po"


class Words:
    """Turns English texts into ``language``."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.asked: set[str] = set()
        """Every text that was wanted so far."""
        self._translate = translator(language)
        self._own = {} if language == SOURCE_LANGUAGE else catalogue(language)

    def __call__(self, text: str) -> str:
        """Return ``text`` in the language.

        Raises:
            KeyError: neither the product nor the catalogue beside has it.
        """
        self.asked.add(text)
        if self.language == SOURCE_LANGUAGE:
            return text
        word = self._translate(text)
        return self._own[text] if word == text else word

    def state(self, member: IntEnum) -> str:
        """Return a state as Vigie's pages call it, with a capital."""
        word = describe(member, self._translate)
        return word[:1].upper() + word[1:]

    def alarm(self, alarm: Alarm) -> str:
        """Return an alarm's title."""
        return alarms.title(alarm.name.lower(), self._translate)


def catalogue(language: str) -> dict[str, str]:
    """Return the texts of the catalogue beside, by the English one."""
    with (Path(__file__).parent / CATALOGUE.format(language=language)).open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}
