import pytest
from pydantic import ValidationError

from vigie.web.schemas import CommandRequest


@pytest.mark.parametrize(
    "body",
    [
        {"action": "set_mode", "mode": "protect"},
        {"action": "set_mode", "mode": "manual", "manual_s": 600},
        {"action": "set_contact", "relay": "R2", "contact": "open", "who": "Ada", "why": "test"},
        {"action": "acknowledge", "id": "abc_DEF-123", "not_after_utc_ms": 1},
        {"action": "acknowledge", "alarm": "mains_lost"},
        {"action": "shelve", "alarm": "mains_lost", "shelve_s": 3600, "why": "grid works announced"},
        {"action": "unshelve", "alarm": "mains_lost"},
    ],
)
def test_complete_orders_are_taken(body: dict[str, object]) -> None:
    assert CommandRequest.model_validate(body).action == body["action"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"action": "set_mode"}, "set_mode needs mode"),
        ({"action": "set_contact"}, "set_contact needs contact; set_contact needs relay"),
        ({"action": "set_mode", "mode": "cycle", "relay": "R1"}, "set_mode takes no relay"),
        ({"action": "acknowledge", "contact": "open"}, "acknowledge takes no contact"),
        ({"action": "shelve", "alarm": "mains_lost"}, "shelve needs shelve_s; shelve needs why"),
        ({"action": "unshelve"}, "unshelve needs alarm"),
        ({"action": "set_mode", "mode": "observe", "alarm": "mains_lost"}, "set_mode takes no alarm"),
        ({"action": "acknowledge", "alarm": "mains_last"}, "no alarm 'mains_last'; did you mean mains_lost?"),
        ({"action": "set_mode", "mode": "observe", "manual_s": 5}, "manual_s belongs to set_mode manual"),
    ],
)
def test_what_an_action_lacks_or_has_too_much_is_named(body: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        CommandRequest.model_validate(body)
