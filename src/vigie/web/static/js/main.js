import * as alarms from "./alarms.js";
import * as bind from "./bind.js";
import * as command from "./command.js";
import { connect, onLook } from "./live.js";
import { all } from "./page.js";

const pages = { home: "./home.js", multimeter: "./multimeter.js" };

onLook(bind.update);
command.begin();
alarms.begin();
const { page } = document.body.dataset;
if (page in pages) (await import(pages[page])).begin();
if (page === "multimeter") (await import("./chart.js")).begin();
bind.begin();
connect();
addEventListener("click", (event) => {
  for (const menu of all("[data-menu][open]")) menu.open = menu.contains(event.target);
});
