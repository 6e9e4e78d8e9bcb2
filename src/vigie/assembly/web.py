"""The web process put together."""

import structlog

from vigie.access.users import FIRST
from vigie.assembly.access import first_password, open_door
from vigie.assembly.files import files, link_token
from vigie.config import Config
from vigie.control.alarms.catalogue import Alarm
from vigie.control.alarms.rules import web_rules
from vigie.delivery.overview import Overview
from vigie.errors import AccessError
from vigie.hardware.systemd import Notifier
from vigie.link.hub import Hub, Side
from vigie.link.messages import Snapshot
from vigie.link.server import LinkListener
from vigie.notify.dispatch import Dispatcher
from vigie.notify.outpost import Outpost
from vigie.telemetry.delivery_log import DeliveryLog
from vigie.telemetry.outbox import Outbox
from vigie.web.app import create_app
from vigie.web.server import serve as serve_application

log = structlog.get_logger(__name__)


def serve(config: Config) -> None:
    """Serve the web application, and send the messages to people, until a signal stops it.

    Raises:
        VigieError: the address cannot be listened on.
    """
    paths = files(config)
    hub = Hub(link_token(paths.token), paths.snapshot, lambda: link_token(paths.token))
    post = Dispatcher(Outbox(paths.journal), config.mail, config.site.name)
    overview = Overview(DeliveryLog(paths.journal)) if config.remote_write.url else None
    troubles = {
        Alarm.MAIL_REFUSED: post.is_in_trouble,
        Alarm.DELIVERY_FAILED: overview.is_in_trouble if overview else lambda: False,
    }
    outpost = Outpost(web_rules(config.alarms), Outbox(paths.journal), post.note, hub.silence_s, troubles)
    hub.side = lambda: Side(
        web_alarms=outpost.reports(), mail=post.state(), delivery=overview.report() if overview else None
    )
    hub.subscribe(lambda: _notice(post, hub.snapshot()))
    _tell_first_password(config)
    listener = LinkListener(paths.link, hub)
    application = create_app(config.web, hub, paths.journal, post, outpost, open_door(config), config.stack)

    notifier = Notifier()

    def on_ready(port: int) -> None:
        listener.start()
        url = f"http://{config.web.host}:{port}/flask/"
        post.start(outpost.step)
        notifier.ready()
        log.info("web ready", url=url)

    serve_application(application, config.web, on_ready, notifier.alive)
    listener.close()


def _notice(post: Dispatcher, snapshot: Snapshot | None) -> None:
    if snapshot is None:
        post.notice((), {})
    else:
        post.notice(snapshot["alarms"], _readings(snapshot))


def _readings(snapshot: Snapshot) -> dict[str, float]:
    """Return what a person who is told of an alarm wants to know, by the names of ``wording.readings``."""
    channels = {channel["channel"]: channel for channel in snapshot["channels"]}
    battery, charge, load = channels["battery"], channels["charge"], channels["load"]
    told = {
        "battery_v": battery["bus_v"],
        "charge_a": charge["current_a"],
        "temperature_c": snapshot["temperature_c"],
        "load_v": load["bus_v"],
        "load_w": load["power_w"],
        "lowest_v": snapshot["outage"]["lowest_v"] if snapshot["outage"] else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _tell_first_password(config: Config) -> None:
    """Make the first user where there is none; a broken file is told and keeps everybody out, not the program down."""
    try:
        password = first_password(config)
    except AccessError as error:
        log.critical("nobody can log in", error=str(error))
        return
    if password is not None:
        log.warning("first login: choose another password there", user=FIRST, password=password)
