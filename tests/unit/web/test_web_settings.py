import pytest

from vigie.errors import SettingsError
from vigie.web.settings import WebSettings, check


@pytest.mark.parametrize("name", ["*", "*.example.org", "pi.*", ".", ""])
def test_a_name_that_would_trust_everybody_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=r"web\.trusted_hosts .* write the full name"):
        check(WebSettings(trusted_hosts=(".lan", name)))


def test_names_and_domains_are_taken() -> None:
    check(WebSettings(trusted_hosts=("pi.example.org", ".example.org")))
