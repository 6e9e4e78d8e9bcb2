"""The French that people at the cabinet read is that of their trade: one word for one thing, and no other."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from vigie.wording.words import CATALOGUES, DOMAIN

ROOT = Path(__file__).resolve().parents[3]
INSTEAD = {
    r"\bcharges\b": "équipements (loads); recharges (of a battery)",
    r"\bexercices?\b|\bdrills?\b": "essai d’autonomie",
    r"\bessais?\b(?! d['’]autonomie| de capacité)": "essai d’autonomie, essai de capacité",
    r"\baffaiss": "chute de tension en charge",
    r"\bplus de charge(?=,)": "plus de consommation",
    r"\bsans courant\b": "non alimenté",
    r"\blâche": "le relais retombe",
    r"\bétendue": "plage",
    r"\bpôle plus|\bpremière partie": "borne +; partition",
    r"\bpasser? outre": "outrepasser",
    r"\bbougé?e?r?s?\b|\bmouvements?\b": "manœuvrer, varier",
    r"\bsans cesse\b|\bmaintenue? en charge|\bcourant de maintien": "maintenue en floating",
    r"\bsecteur perdu|\bdisparues?\b|\b(coupure|panne)s? du secteur": "coupure secteur, terminée",
    r"\bsentez|\bdéchargez la voie": "vérifiez au thermomètre; réduisez le courant de la voie",
    r"\bmode (observation|protection|cycle)\b|\bcyclage|\bobservation\b": "Observer, Protéger, Cycler",
    r"\bobservateurs?\b|\bquittance": "lecteur; acquitter",
}
"""Pattern of what is not said, in any case, and what is said instead."""
ALLOWED = {
    "sous tension, sans courant": "a wire that is live and carries nothing",
    "message d’essai": "a mail",
    "%(tries)s essais": "attempts",
    "Le prochain essai sera": "an attempt",
    "Courriel d’essai en route": "a mail",
    "Envoyer un courriel d’essai": "a mail",
    "Ceci est un essai.": "a mail",
    "Premier essai : 12 V et lampe": "a relay and a lamp on the bench",
    "fils d'essai": "those of the lamp",
}


def texts() -> Iterator[tuple[str, str]]:
    """Yield each French text of the product with where it stands, without placeholders and what is typed."""
    for name in (CATALOGUES / f"fr/LC_MESSAGES/{DOMAIN}.po", ROOT / "tools/dashboards/fr.po"):
        with name.open("rb") as file:
            for message in read_po(file):
                for text in message.string if isinstance(message.string, tuple | list) else (message.string,):
                    if message.id:
                        yield name.name, _bare(re.sub(r"\{\w+(:[^{}]*)?\}", "…", str(text)))
    for page in (*(ROOT / "deploy/nginx/pages/fr").glob("*.html"), *(ROOT / "docs/drawings").glob("*.fr.svg")):
        yield page.name, _bare(unescape(re.sub(r"<[^>]*>", " ", page.read_text(encoding="utf-8"))))
    yield "README.fr.md", _bare((ROOT / "README.fr.md").read_text(encoding="utf-8"))


def _bare(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"`[^`]*`", "…", text))


@pytest.mark.parametrize("wrong", INSTEAD)
def test_a_word_of_another_trade_does_not_come_back(wrong: str) -> None:
    allowed = "|".join(map(re.escape, ALLOWED))
    found = [
        f"{where}: {text[max(0, hit.start() - 40) : hit.end() + 40]}"
        for where, told in texts()
        for text in [re.sub(allowed, "…", told)]
        for hit in re.finditer(wrong, text, re.IGNORECASE)
    ]
    assert found == [], f"say {INSTEAD[wrong]}"


def test_every_allowance_is_used() -> None:
    together = "\n".join(text for _, text in texts())
    assert [allowed for allowed in ALLOWED if allowed not in together] == []


def test_a_mode_has_its_one_name() -> None:
    pattern = r"\b[Mm]ode ([A-ZÀ-Ý]\w+|manuel|cycl\w*|prot\w*|obs\w*)"
    assert {name for _, text in texts() for name in re.findall(pattern, text)} == {
        "Observer", "Protéger", "Cycler", "Manuel", "Maintenir",
    }  # fmt: skip
