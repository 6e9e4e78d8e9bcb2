// What the server wrote into this page for its scripts.
const data = JSON.parse(document.getElementById("page-data").textContent);

export const { root, language, timezone, words, texts, mayOrder, state: firstState } = data;

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
export const word = (kind, name) => words[kind][name] ?? name.replaceAll("_", " ");
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];
export const one = (id) => document.getElementById(id);

/** Set text only when it differs: an untouched node keeps its selection and costs no layout. */
export function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}
