"""The HTTP API: the state, commands, series, events. Every error is a problem document."""

from typing import Any
from uuid import uuid4

from apiflask import APIBlueprint, HTTPError
from flask import Response, current_app, request
from flask_babel import gettext
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from vigie.access.door import MustWait
from vigie.access.people import Refused
from vigie.clock import machine_utc_s
from vigie.control.signals import Channel
from vigie.errors import CommandRefused, JournalError
from vigie.link.hub import BadAnswer, ControllerAway, Hub, NoAnswer
from vigie.link.messages import Answer, Command
from vigie.notify.dispatch import Dispatcher
from vigie.notify.outpost import Outpost
from vigie.telemetry.reader import JournalReader
from vigie.telemetry.records import EventKind
from vigie.web import schemas
from vigie.web.access import CONFIRM, current_door, current_visitor, is_confirmed, needs, sender, words_of
from vigie.web.presentation import SEVERITIES, judged
from vigie.web.problems import MEDIA_TYPE, problem
from vigie.web.security import SAFE_METHODS, RateLimit

DEADLINE_MS = 5_000
ANSWER_TIMEOUT_S = 3.0

blueprint = APIBlueprint("api", __name__, tag="Vigie")


def _errors(**texts: str) -> dict[int, Any]:
    """Describe the errors of a route: ``e404="no such channel"``."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        int(code[1:]): {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}
        for code, text in texts.items()
    }


_REFUSED = {
    409: {
        "description": "The controller refused it; `reason` says why",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}},
    }
}
_HOST = {"e421": "Called by a name that is not in web.trusted_hosts"}
_DOOR = {
    "e401": "Neither logged in nor a program with the secret of the data folder",
    "e403": "The role does not allow it; or the password must be changed first; or sent by a page of another site",
    **_HOST,
}
_FORBIDDEN = f"{_DOOR['e403']}; or the password must be typed again first (`type` is `{CONFIRM}`)"
_BROKEN = {"e503": "The file of users cannot be read; `detail` says what to do"}
_ORDER = {
    "e400": "The body is not JSON",
    "e411": "The body comes without a length",
    "e413": "The body is larger than 64 kB",
    "e415": "The body is not application/json",
    "e429": "Too many orders from this address; Retry-After says when",
}
_INVALID = {"e422": "The parameters or the body do not fit; `errors` names every fault"}
_JOURNAL = {"e503": "The journal cannot be read; `detail` says why"}


@blueprint.before_request
def _require_json() -> None:
    """Refuse a body that is not JSON, or that is nested beyond reading, before a schema sees it."""
    if request.method in SAFE_METHODS:
        return
    if not request.is_json:
        raise UnsupportedMediaType("send the body as application/json")
    try:
        request.get_json()
    except RecursionError as error:
        raise BadRequest("the body is nested too deeply") from error
    except BadRequest as error:
        raise BadRequest("the body is not valid JSON") from error


@blueprint.get("/healthz")
@needs(None)
@blueprint.output(schemas.Health, description="The web process answers")
@blueprint.doc(responses=_errors(**_HOST))
def healthz() -> dict[str, Any]:
    """Whether the web process is alive.

    200 means that this process answers. Whether the controller does is in `link` and `age_ms`.
    """
    state = _hub().state()
    return {"link": state["link"], "age_ms": state["age_ms"]}


@blueprint.get("/api/v1/state")
@blueprint.doc(
    responses={
        200: {
            "description": "The state",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/StateAnswer"}}},
        }
    }
    | _errors(**_DOOR, **_BROKEN)
)
def state() -> dict[str, Any]:
    """The newest snapshot, its age, and what is to be said of it while it is fresh.

    The same object goes to live pages over Socket.IO (namespace `/live`, event `state`).
    """
    return judged(_hub().state())


@blueprint.post("/api/v1/commands")
@blueprint.input(schemas.CommandRequest, location="json")
@blueprint.output(Answer, description="The controller accepted it")
@blueprint.doc(
    responses=_REFUSED
    | _errors(
        e502="The controller failed on the command",
        e503="No controller is connected; nothing was sent",
        e504="The controller did not answer within 3 s; look at the state before trying again",
        **{**_DOOR, "e403": _FORBIDDEN},
        **_ORDER,
        **_INVALID,
    )
)
def command(json_data: schemas.CommandRequest) -> Answer | tuple[Answer, int] | Response:
    """Order the controller to do something.

    Returns when the controller has decided, at most one period later. Repeating the same `id` is safe.
    """
    if (busy := _too_many_orders()) is not None:
        return busy
    now_utc_ms = round(machine_utc_s() * 1000)
    visitor = current_visitor()
    who = json_data.who if visitor is None or visitor.is_program else visitor.name
    if _is_dangerous(json_data) and not is_confirmed():
        return problem(403, gettext("type your password again before this order"), kind=CONFIRM)
    order = Command(
        id=json_data.id or uuid4().hex,
        action=json_data.action,
        mode=json_data.mode,
        relay=json_data.relay,
        contact=json_data.contact,
        manual_s=json_data.manual_s,
        alarm=json_data.alarm,
        shelve_s=json_data.shelve_s,
        not_after_utc_ms=now_utc_ms + DEADLINE_MS if json_data.not_after_utc_ms is None else json_data.not_after_utc_ms,
        who=who,
        why=json_data.why,
    )
    if (own := _own_answer(order)) is not None:
        return own if own.is_accepted else (own, 409)
    has_noted = _noted_own(order)
    try:
        answer = _hub().send_command(order, ANSWER_TIMEOUT_S)
    except ControllerAway as error:
        return problem(503, str(error))
    except NoAnswer as error:
        return problem(504, str(error))
    except BadAnswer as error:
        return problem(502, str(error))
    if has_noted and answer.reason == "not_latched":  # nothing there, but something here
        answer = answer.model_copy(update={"is_accepted": True, "reason": "acknowledged"})
    return answer if answer.is_accepted else (answer, 409)


@blueprint.post("/api/v1/confirmation")
@blueprint.input(schemas.PasswordAgain, location="json")
@blueprint.output(schemas.Confirmation, description="It is right")
@blueprint.doc(
    responses=_errors(
        e404="Nobody has logged in here with a password, and no order wants one",
        e422="The password is wrong, or the body does not fit",
        **{**_ORDER, "e429": "Too many wrong passwords; Retry-After says when the next one is looked at"},
        **_DOOR,
        **_BROKEN,
    )
)
def confirmation(json_data: schemas.PasswordAgain) -> dict[str, float] | Response:
    """The password again, typed before orders that take over from the modes.

    For pages: programs that send the secret of the data folder are never asked.
    """
    door, visitor = current_door(), current_visitor()
    if door is None or visitor is None or visitor.session is None:
        return problem(404, "nobody has logged in here with a password: send the order itself")
    try:
        door.confirm(visitor, json_data.password, sender())
    except MustWait as refusal:
        return problem(429, words_of(refusal), headers={"Retry-After": str(refusal.wait_s)})
    except Refused as refusal:
        return problem(422, words_of(refusal, has_name=False))
    return {"valid_s": door.settings.confirm_minutes * 60.0}


@blueprint.get("/api/v1/channels/<channel>/series")
@blueprint.input(schemas.ChannelQuery, location="query")
@blueprint.output(schemas.SeriesReply, description="The series")
@blueprint.doc(
    responses=_errors(e404="No such channel; there are battery, charge, load, spare", **_DOOR, **_INVALID, **_JOURNAL)
)
def channel_series(channel: str, query_data: schemas.ChannelQuery) -> dict[str, Any] | Response:
    """A stretch of one quantity of a channel.

    Each point keeps the minimum and the maximum of its slice, so that no spike is lost.
    """
    names = [member.name.lower() for member in Channel]
    if channel not in names:
        return problem(404, f"no channel {channel[:40]!r}; there are {', '.join(names)}")
    return _series(query_data.quantity, Channel[channel.upper()], query_data)


@blueprint.get("/api/v1/temperature/series")
@blueprint.input(schemas.TemperatureQuery, location="query")
@blueprint.output(schemas.SeriesReply, description="The series")
@blueprint.doc(responses=_errors(**_DOOR, **_INVALID, **_JOURNAL))
def temperature_series(query_data: schemas.TemperatureQuery) -> dict[str, Any]:
    """A stretch of the battery temperature."""
    return _series("temperature_c", None, query_data)


@blueprint.get("/api/v1/ambient/series")
@blueprint.input(schemas.TemperatureQuery, location="query")
@blueprint.output(schemas.SeriesReply, description="The series")
@blueprint.doc(responses=_errors(**_DOOR, **_INVALID, **_JOURNAL))
def ambient_series(query_data: schemas.TemperatureQuery) -> dict[str, Any]:
    """A stretch of the temperature of the air around the battery."""
    return _series("ambient_c", None, query_data)


@blueprint.get("/api/v1/events")
@blueprint.input(schemas.EventsQuery, location="query")
@blueprint.output(schemas.EventsReply, description="The events, newest first")
@blueprint.doc(responses=_errors(**_DOOR, **_INVALID, **_JOURNAL))
def events(query_data: schemas.EventsQuery) -> dict[str, Any] | Response:
    """What happened, newest first."""
    known = [kind.value for kind in EventKind]
    wanted = [name for name in query_data.kind.split(",") if name]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        text = f"no such kind: {', '.join(unknown)}; there are {', '.join(known)}"
        return problem(422, text, [{"where": "query", "field": "kind", "message": text}])
    start, end = _bounds(query_data)
    found = _journal().events(start, end, [EventKind(name) for name in wanted], query_data.limit)
    return {"events": [{**event._asdict(), "data": dict(event.data)} for event in found]}


@blueprint.get("/api/v1/alarms")
@blueprint.output(schemas.AlarmsReply, description="The alarms that are not at rest, most urgent first")
@blueprint.doc(responses=_errors(**_DOOR, **_BROKEN))
def alarms() -> dict[str, Any]:
    """What stands now: the controller's alarms and the web process's own.

    How each came and went is in the events of kind `alarm`.
    """
    known = _hub().state()
    standing = [*(known["snapshot"]["alarms"] if known["snapshot"] else ()), *known["web_alarms"]]
    return {"alarms": sorted(standing, key=lambda alarm: -SEVERITIES.index(alarm["severity"]))}


@blueprint.get("/api/v1/outages")
@blueprint.input(schemas.AskedSpan, location="query")
@blueprint.output(schemas.OutagesReply, description="The outages that ended in the span, newest first")
@blueprint.doc(responses=_errors(**_DOOR, **_INVALID, **_JOURNAL))
def outages(query_data: schemas.AskedSpan) -> dict[str, Any]:
    """Outages, drills and charger faults that are over; one that lasts is in the state."""
    start, end = _bounds(query_data)
    found = _journal().events(start, end, [EventKind.OUTAGE], schemas.MOST_OUTAGES)
    return {"outages": [{"kind": one.subject, **one.data} for one in found if one.after == "ended"]}


@blueprint.get("/api/v1/mail")
@blueprint.output(schemas.MailReply, description="The messages to people")
@blueprint.doc(responses=_errors(**_DOOR, **_JOURNAL))
def mail() -> dict[str, Any]:
    """The newest messages to people and how it stands with each."""
    post = _post()
    report = None if post is None else post.state()
    if post is None or report is None:
        return {**schemas.NO_MAIL, "messages": []}
    return {**report, "messages": post.letters(schemas.MOST_MESSAGES)}


@blueprint.post("/api/v1/mail/test")
@blueprint.input(schemas.MailTest, location="json")
@blueprint.output(schemas.MailTestReply, description="How it went with each receiver")
@blueprint.doc(
    responses=_errors(
        e422="The body does not fit, nobody is told, or no receiver is called so",
        **_ORDER,
        **_DOOR,
        **_BROKEN,
    )
)
def mail_test(json_data: schemas.MailTest) -> dict[str, Any] | Response:
    """Hand over a test message now, to one receiver or to all.

    Takes as long as the mail server does, `mail.timeout_s` for each answer of it at most.
    """
    if (busy := _too_many_orders()) is not None:
        return busy
    post = _post()
    if post is None:
        return problem(422, "this web process sends no messages")
    try:
        return {"results": [result._asdict() for result in post.test(json_data.receiver)]}
    except CommandRefused as error:
        return problem(422, str(error))


def _is_dangerous(order: schemas.CommandRequest) -> bool:
    """Return whether an order needs the password typed lately: it takes over from the modes, or opens R1 or R2."""
    return order.mode in schemas.BY_HAND or (order.contact == "open" and order.relay in {"R1", "R2"})


def journal_unreadable(error: JournalError) -> Response:
    """Answer 503: the journal cannot be read."""
    return problem(503, str(error))


def complete_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """Add the models that the description refers to but APIFlask does not find by itself."""
    known = spec["components"]["schemas"]
    for model in (schemas.StateAnswer, schemas.Problem):
        described = model.model_json_schema(ref_template="#/components/schemas/{model}")
        known.update(described.pop("$defs", {}))
        known[model.__name__] = described
    return spec


def _series(quantity: str, channel: Channel | None, query: schemas.TemperatureQuery) -> dict[str, Any]:
    start, end = _bounds(query)
    series = _journal().series(quantity, channel, start, end, query.points)
    return {
        "quantity": quantity,
        "channel": None if channel is None else channel.name.lower(),
        "unit": schemas.UNITS[quantity],
        **series._asdict(),
    }


def _bounds(span: schemas.AskedSpan) -> tuple[int, int]:
    """Return begin and end; "now" is the plant's, which a fast simulation carries into the future."""
    snapshot = _hub().state()["snapshot"]
    now_utc_ms = round(machine_utc_s() * 1000) if snapshot is None else snapshot["utc_ms"] + 1
    start, end = span.bounds(now_utc_ms)
    if start >= end:
        text = f"the span {start}..{end} is empty: from_utc_ms must be less than to_utc_ms"
        raise HTTPError(422, detail={"query": {"from_utc_ms": [text]}})
    return start, end


def _own_answer(order: Command) -> Answer | None:
    """Return what became of an order about one of the web process's own alarms, None when it is the controller's."""
    outpost: Outpost | None = current_app.extensions["vigie_outpost"]
    if outpost is None or order.alarm is None or not outpost.is_mine(order.alarm):
        return None
    if order.action == "shelve":
        is_done = outpost.shelve(order.alarm, order.shelve_s or 0.0, order.who, order.why)
        done, refused = "done", "not_shelved"
    elif order.action == "unshelve":
        is_done = outpost.unshelve(order.alarm, order.who, order.why)
        done, refused = "done", "not_shelved"
    else:
        is_done = outpost.acknowledge(order.alarm, order.who, order.why)
        done, refused = "acknowledged", "not_latched"
    snapshot = _hub().snapshot()
    return Answer(
        id=order.id,
        is_accepted=is_done,
        reason=done if is_done else refused,
        mode=snapshot["mode"] if snapshot else "observe",
        contacts={relay["relay"]: relay["commanded"] for relay in snapshot["relays"]} if snapshot else {},
        seq=snapshot["seq"] if snapshot else 0,
    )


def _noted_own(order: Command) -> bool:
    """Take note of the web process's own alarms where an order is about all; return whether there were any."""
    outpost: Outpost | None = current_app.extensions["vigie_outpost"]
    is_about_all = order.action == "acknowledge" and order.alarm is None
    return is_about_all and outpost is not None and outpost.acknowledge(None, order.who, order.why)


def _too_many_orders() -> Response | None:
    limit: RateLimit = current_app.extensions["vigie_rate_limit"]
    wait_s = limit.wait_s(request.remote_addr or "")
    if wait_s <= 0:
        return None
    retry = {"Retry-After": str(max(1, round(wait_s + 0.5)))}
    return problem(429, f"too many orders from this address; wait {wait_s:.1f} s", headers=retry)


def _post() -> Dispatcher | None:
    post: Dispatcher | None = current_app.extensions["vigie_post"]
    return post


def _hub() -> Hub:
    hub: Hub = current_app.extensions["vigie_hub"]
    return hub


def _journal() -> JournalReader:
    journal: JournalReader = current_app.extensions["vigie_journal"]
    return journal
