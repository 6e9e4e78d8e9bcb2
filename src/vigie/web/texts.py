"""The texts the page's scripts need, in the page's language. Nothing a person reads is written in JavaScript."""

from flask_babel import gettext

from vigie.web import limits
from vigie.web.formats import no_value
from vigie.web.origins import NOT_ACCEPTED


def script_texts() -> dict[str, str]:
    """Return texts by the name scripts use. ``{name}`` stands for what the script fills in."""
    return {
        "day": gettext("d"),
        "byte": gettext("B"),
        "no_value": no_value(),
        "no_error": gettext("no error"),
        "yes": gettext("yes"),
        "no": gettext("no"),
        "rest": gettext("at rest"),
        "charging": gettext("charging"),
        "discharging": gettext("discharging"),
        "not_live": gettext("Not live."),
        "no_snapshot": gettext("No measurement has arrived yet."),
        "not_connected": gettext("The controller is not connected; these values are old."),
        "silent": gettext("The controller has been silent for {age}."),
        "page_cut": gettext("This page has had no answer from the server for {age}."),
        "not_accepted": gettext(NOT_ACCEPTED),
        "full": gettext("{most} pages follow this installation already, and more may not: close one of them."),
        "sending": gettext("Order sent…"),
        "confirmed": gettext("Confirmed."),
        "refused": gettext("Refused: {why}."),
        "unconfirmed": gettext("Not confirmed within 3 seconds. Check before you try again."),
        "no_server": gettext("Not confirmed: the server did not answer."),
        "not_now": gettext("Not sent: this is no longer possible."),
        "no_controller": gettext("Not sent: the controller is not connected."),
        "busy": gettext("Too many requests from here. Wait a little, then try again."),
        "checking": gettext("Checking the password…"),
        "mail_sending": gettext("Test mail on its way…"),
        "sent": gettext("sent"),
        "connected": gettext("connected"),
        "lost": gettext("lost"),
        "never": gettext("never seen"),
        "ago": gettext("{age} ago"),
        "voltage": gettext("Voltage"),
        "current": gettext("Current"),
        "time": gettext("Time"),
        "minimum": gettext("min"),
        "mean": gettext("mean"),
        "maximum": gettext("max"),
        "chart_empty": gettext("Nothing was recorded in this span."),
        "chart_failed": gettext("The journal could not be read: {why}"),
        **limits.labels(),
        "floor_v": gettext("floor"),
    }
