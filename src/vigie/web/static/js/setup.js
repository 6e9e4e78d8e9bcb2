// Waits until the settings fit, and shows the pages then. Without it a person loads the page again.
const ASK_EVERY_MS = 2000;
const { root, waitsFor } = document.body.dataset;

const ask = async () => {
  try {
    const answer = await fetch(`${root}/healthz`, { cache: "no-store" });
    if (answer.ok && (await answer.json()).waits_for !== waitsFor) {
      location.reload();
      return;
    }
  } catch { /* the web process is starting again */ }
  setTimeout(ask, ASK_EVERY_MS);
};
setTimeout(ask, ASK_EVERY_MS);
