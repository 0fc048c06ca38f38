// Keeps the page up to date while it is open. Without it the page works the same, on reload.
"use strict";

const news = document.getElementById("news");
let source = null;
let pause = 2000;

function story() {
  return document.getElementById("story");
}

async function refresh() {
  const answer = await fetch(location.href, { cache: "no-store", redirect: "error" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("story");
  if (!fresh || fresh.dataset.version === story().dataset.version) return;
  // What is being typed stands outside of the story, and is left alone.
  story().replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  news.textContent = "";
  setTimeout(() => { news.textContent = news.dataset.text; }, 100);
}

function listen() {
  source = new EventSource(story().dataset.events);
  source.addEventListener("open", () => {
    pause = 2000;
    document.getElementById("live").hidden = false;
    document.getElementById("reload").hidden = true;
  });
  source.addEventListener("news", (event) => {
    if (event.data !== story().dataset.version) refresh().catch(() => {});
  });
  source.addEventListener("error", () => {
    // A lost connection comes back by itself; a refused one is tried again, ever more slowly.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(listen, pause);
    pause = Math.min(2 * pause, 60000);
  });
}

if (story() && "EventSource" in window) {
  listen();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
