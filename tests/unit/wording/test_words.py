import re
from enum import IntEnum

import pytest

from vigie.control import commands, signals
from vigie.telemetry.records import EventKind
from vigie.wording.sentences import tell
from vigie.wording.words import describe, describe_name, languages, translator, vocabulary

ENUMS = [
    kind
    for module in (commands, signals)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, IntEnum) and kind is not IntEnum
]
LANGUAGES = languages()


def test_every_enum_of_control_is_looked_at() -> None:
    assert {kind.__name__ for kind in ENUMS} >= {
        "Mode",
        "Phase",
        "Mains",
        "Reason",
        "Verdict",
        "Status",
        "Contact",
        "Relay",
    }


def test_french_english_and_german_are_there() -> None:
    assert {"fr", "en", "de"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ENUMS)
def test_every_member_has_words_of_its_own_in_every_language(kind: type[IntEnum], language: str) -> None:
    words = [describe(member, translator(language)) for member in kind]
    assert all(words)
    assert len(set(words)) == len(words), "two members say the same"


def test_a_name_off_the_wire_reads_like_the_member() -> None:
    french = translator("fr")
    assert describe_name("contact", "open", french) == "ouvert" == describe(signals.Contact.OPEN, french)


def test_an_unknown_name_stays_readable() -> None:
    assert describe_name("reason", "something_new", translator("fr")) == "something new"


def test_a_language_without_words_gives_english() -> None:
    assert describe(commands.Verdict.OK, translator("xx")) == "All is well"


def test_the_vocabulary_of_a_page_holds_every_enum() -> None:
    words = vocabulary(translator("fr"))
    assert words["reason"]["mains_lost"] == "coupure secteur\u00a0: la batterie est nécessaire"
    assert {kind.__name__.lower() for kind in ENUMS} <= set(words)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_of_event_is_a_sentence(kind: EventKind, language: str) -> None:
    before, after = {"switching": ("closed", "open"), "mode": ("observe", "protect")}.get(kind.value, ("", ""))
    sentence = tell(kind.value, "R2", before, after, translator(language))
    assert sentence
    assert not re.search(r"%\(|\{", sentence)


def test_french_sentences_name_the_thing() -> None:
    french = translator("fr")
    assert tell("switching", "R2", "closed", "open", french) == "R2 ouvert"
    assert tell("fault", "mains", "", "", french) == "Défaut\u00a0: secteur"
    assert (
        tell("alarm", "mains_lost", "normal", "unacknowledged", french, "raised") == "Coupure secteur\u00a0: déclenchée"
    )
    assert tell("outage", "drill", "", "ended", french) == "Fin de l’essai d’autonomie"
    assert tell("charge", "battery", "left", "charged", french) == "Batterie chargée"


def test_german_sentences_name_the_thing() -> None:
    german = translator("de")
    assert tell("switching", "R2", "closed", "open", german) == "R2 geöffnet"
    assert tell("fault", "mains", "", "", german) == "Störung: Netz"
    assert tell("alarm", "mains_lost", "normal", "unacknowledged", german, "raised") == "Netz ausgefallen: ausgelöst"
    assert tell("outage", "drill", "", "ended", german) == "Autonomietest vorbei"


@pytest.mark.parametrize("language", sorted({*LANGUAGES} - {"en"}))
@pytest.mark.parametrize("kind", ["truth", "contact_fault", "outage", "weight", "letter"])
def test_names_off_the_wire_have_words_of_their_own(kind: str, language: str) -> None:
    english, other = vocabulary(str)[kind], vocabulary(translator(language))[kind]
    assert list(english) == list(other)
    assert len(set(other.values())) == len(other)
