// The multimeter's own: hold, smallest and largest value since the page was opened.
import { hold } from "./bind.js";
import { number } from "./format.js";
import { onLook } from "./live.js";
import { all, one, setValue, toggle } from "./page.js";
import { lookUp } from "./state.js";

const extremes = new Map();

function follow(snapshot) {
  for (const node of all("[data-extreme]")) {
    const { extreme: path, of } = node.dataset;
    const value = lookUp(snapshot, path);
    const key = `${path} ${of}`;
    if (value !== null) extremes.set(key, Math[of](value, extremes.get(key) ?? value));
    setValue(node, number(extremes.get(key), 2));
  }
}

export function begin() {
  toggle(one("hold"), false, (isHeld) => {
    document.body.classList.toggle("is-held", isHeld);
    hold(isHeld);
  });
  one("reset-extremes").addEventListener("click", () => extremes.clear());
  onLook((look, isNews) => isNews && look.isFresh && follow(look.snapshot));
}
