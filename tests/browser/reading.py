"""What stands on a live page: every text with what a reader can tell of it, once the page has heard a state."""

from typing import Any, NamedTuple

from playwright.sync_api import Page

SCRIPT = """
const live = () => import(new URL("./live.js", document.querySelector('script[src$="/js/main.js"]').src));
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
const load = window.fetch;
let before = new Map();
let loading = 0;

/** Tell when a piece that the page has asked for is in its place: a moment after it has come. */
window.fetch = async (...asked) => {
  loading += 1;
  try {
    const response = await load(...asked);
    return new Response(await response.text(), response);
  } finally {
    setTimeout(() => { loading -= 1; }, 40);
  }
};

const attributes = ["title", "aria-label", "alt", "placeholder", "data-title", "data-consequence", "data-confirm"];
const isMarked = (node) => getComputedStyle(node, "::before").content === '"["';

/** Return what is new; with `looks` also what can be seen of it and what is marked as old, which costs more. */
function read(looks) {
  const now = new Map();
  const say = (path, text, near, live) => now.set(path, [text, live?.dataset.live ?? "", live?.dataset.fmt ?? "",
    Boolean(looks && near?.checkVisibility()), Boolean(looks && live && isMarked(live))]);
  const walk = (node, path) => {
    if (node.nodeType === Node.TEXT_NODE && node.data.trim()) {
      say(path, node.data.trim(), node.parentElement, node.parentElement?.closest("[data-live]"));
    }
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches("script, style, noscript, [lang=en], .technical")) return;
    for (const name of attributes) if (node.getAttribute(name)) say(`${path}@${name}`, node.getAttribute(name));
    [...(node.content ?? node).childNodes].forEach((child, at) => walk(child, `${path}/${at}`));
  };
  walk(document.body, "");
  const news = [...now].filter(([path, one]) => String(before.get(path)) !== String(one));
  const gone = [...before.keys()].filter((path) => !now.has(path));
  before = now;
  const bar = document.querySelector(".alarm-bar");
  const wires = [...document.querySelectorAll(".node [data-wire]")].map((one) => [one.dataset.wire, one.dataset.state]);
  return { news, gone, verdict: document.body.dataset.verdict, stale: document.body.classList.contains("is-stale"),
    bar: bar?.dataset.severity ?? "", calm: document.querySelector("#alarms-now > .calm") !== null,
    wires: Object.fromEntries(wires) };
}

window.hear = async ([started, seq, utcMs], isLast) => {
  const { currentLook } = await live();
  const until = performance.now() + 2000;
  const isHeard = () => {
    const { snapshot, isFresh } = currentLook();
    return isFresh && snapshot.loop.started_utc_ms === started && snapshot.seq === seq && snapshot.utc_ms === utcMs;
  };
  const wait = async (isDone) => { while (!isDone() && performance.now() < until) await pause(); };
  await wait(isHeard);
  const followers = isLast ? document.querySelectorAll("[data-follows=journal]") : [];
  for (const piece of followers) piece.innerHTML = await (await load(piece.dataset.url, { cache: "no-store" })).text();
  await wait(() => !loading);
  return isHeard() && performance.now() < until ? read(false) : null;
};
window.read = read;
"""
"""``hear`` waits for a state and what the page asks for then; what it asks the journal 2 s later comes at once."""


class Text(NamedTuple):
    """One text of a page and what is around it."""

    text: str
    live: str
    """The field of the snapshot it shows, if any."""
    form: str
    is_visible: bool
    """Told of a page that was looked at, and so is the next."""
    is_bracketed: bool
    """Shown as one that is not of now."""


class Shown(NamedTuple):
    """A page as it was read."""

    texts: dict[str, Text]
    """By where they stand, which is the same in every language."""
    news: list[str]
    """Where there is another text than before."""
    verdict: str
    stale: bool
    bar: str
    """Severity of the alarm bar; empty without one."""
    calm: bool
    """It says that there is no alarm."""
    wires: dict[str, str]


class Reader:
    """Somebody who looks at one page and remembers what stands there."""

    def __init__(self, page: Page, url: str) -> None:
        page.add_init_script(f"(() => {{{SCRIPT}}})()")
        page.goto(url)
        self.page = page
        self._texts: dict[str, Text] = {}

    def hear(self, snapshot: dict[str, Any], *, is_last: bool) -> Shown | None:
        """Return the page as it is with a snapshot; None when it did not come in time, or is not live any more.

        With the last one of its journal it also tells of that.
        """
        key = [snapshot["loop"]["started_utc_ms"], snapshot["seq"], snapshot["utc_ms"]]
        found = self.page.evaluate("([key, isLast]) => hear(key, isLast)", [key, is_last])
        return found and self._shown(found)

    def look(self) -> Shown:
        """Return the page as it is; hidden texts and attributes too, but not what is marked as English."""
        return self._shown(self.page.evaluate("read(true)"))

    def _shown(self, found: dict[str, Any]) -> Shown:
        for path in found.pop("gone"):
            del self._texts[path]
        news = {path: Text(*one) for path, one in found.pop("news")}
        self._texts |= news
        return Shown(dict(self._texts), list(news), **found)
