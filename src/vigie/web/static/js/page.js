// What the server wrote into this page for its scripts.
const data = JSON.parse(document.getElementById("page-data").textContent);

export const { root, language, dayMark, timezone, words, texts, limits, mayOrder, state: firstState } = data;

export const NOTHING = "—";
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
export const word = (kind, name) => words[kind][name] ?? name.replaceAll("_", " ");
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];
export const one = (id) => document.getElementById(id);

/** Set text only when it differs: an untouched node keeps its selection and costs no layout. */
export function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

/** The same for a measured value; a dash says what it means. */
export function setValue(node, text) {
  if (node.textContent === text) return;
  const why = text === NOTHING ? texts.no_value : null;
  Object.assign(node, { textContent: text, role: why && "img", ariaLabel: why, title: why ?? "" });
}

/** Make a button stay pressed or not; `apply` is told what it is, now and after every click. */
export function toggle(button, isPressed, apply) {
  button.setAttribute("aria-pressed", isPressed);
  apply(isPressed);
  button.onclick = () => toggle(button, !isPressed, apply);
}
