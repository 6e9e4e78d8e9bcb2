import * as bind from "./bind.js";
import * as command from "./command.js";
import { connect, onLook } from "./live.js";

const pages = { home: "./home.js", multimeter: "./multimeter.js" };

onLook(bind.update);
command.begin();
const { page } = document.body.dataset;
if (page in pages) (await import(pages[page])).begin();
if (page === "multimeter") (await import("./chart.js")).begin();
bind.begin();
connect();
addEventListener("click", (event) => {
  const menu = document.querySelector("details.menu");
  if (menu.open && !menu.contains(event.target)) menu.open = false;
});
