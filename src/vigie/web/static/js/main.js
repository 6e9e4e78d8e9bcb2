import * as alarms from "./alarms.js";
import * as bind from "./bind.js";
import * as command from "./command.js";
import { connect, onLook } from "./live.js";
import { all } from "./page.js";

onLook(bind.update);
command.begin();
alarms.begin();
const { page } = document.body.dataset;
if (page === "multimeter") for (const part of ["./multimeter.js", "./chart.js"]) (await import(part)).begin();
bind.begin();
connect();
addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || document.querySelector("dialog[open]")) return;
  for (const menu of all("[data-menu][open]")) {
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus) menu.querySelector("summary").focus();
  }
});
addEventListener("click", (event) => {
  for (const menu of all("[data-menu][open]")) menu.open = menu.contains(event.target);
});
