// Keeps the ranking live: listens for its state by Server-Sent Events, asks for it every two seconds
// where that fails, and fetches the table when the page is behind. Every page works without this.
"use strict";

(() => {
  const board = document.getElementById("bang");
  if (!board) return;

  const announcer = document.getElementById("loan-bao");
  const pollEvery = 2000;
  let poll = null;
  let loading = null;
  let wanted = null;

  const shown = () => board.firstElementChild.dataset.stamp;

  function pulse(state) {
    const element = board.querySelector("[data-pulse]");
    element.className = "pulse " + state;
    element.textContent = element.dataset[state];
  }

  function receive(state) {
    if (state.stamp !== shown()) {
      wanted = state.stamp;
      if (!loading) loading = load().catch(() => pulse("offline")).finally(() => { loading = null; });
    } else {
      pulse(state.pending ? "pending" : "current");
    }
  }

  // One fetch at a time; a state that arrives meanwhile is caught up with afterwards.
  async function load() {
    for (let tries = 0; wanted && wanted !== shown() && tries < 5; tries += 1) {
      const target = wanted;
      const answer = await fetch(board.dataset.table, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error("status " + answer.status);
      replace(await answer.text());
      if (wanted === target) wanted = null;
    }
  }

  function replace(html) {
    const focused = document.activeElement?.closest("[data-unit]")?.dataset.unit;
    const before = ranks();
    board.innerHTML = html;
    const moved = mark(before);
    if (focused) board.querySelector(`[data-unit="${CSS.escape(focused)}"] a`)?.focus();
    if (moved) announcer.textContent = board.dataset.updated + " " + moved;
  }

  function ranks() {
    const rows = [...board.querySelectorAll("tr[data-unit]")];
    return new Map(rows.map((row) => [row.dataset.unit, { ...row.dataset }]));
  }

  // Shows for a moment which rows changed, and says it to screen readers.
  function mark(before) {
    const words = [];
    if (before.size === 0) return "";
    for (const row of board.querySelectorAll("tr[data-unit]")) {
      const old = before.get(row.dataset.unit);
      if (!old || (old.rank === row.dataset.rank && old.total === row.dataset.total)) continue;
      row.classList.add("changed");
      const steps = Number(old.rank) - Number(row.dataset.rank);
      if (!steps) continue;
      const up = steps > 0;
      const badge = document.createElement("small");
      badge.className = up ? "move up" : "move down";
      badge.textContent = (up ? "▲" : "▼") + Math.abs(steps);
      row.querySelector(".place").append(badge);
      const name = row.querySelector(".unit a").textContent;
      words.push(`${name} ${up ? board.dataset.up : board.dataset.down}: ${row.dataset.rank}`);
    }
    return words.join("; ");
  }

  async function ask() {
    try {
      const answer = await fetch(board.dataset.status, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error("status " + answer.status);
      receive(await answer.json());
    } catch {
      pulse("offline");
    }
  }

  function startPolling() {
    if (!poll) poll = setInterval(ask, pollEvery);
  }

  function stopPolling() {
    clearInterval(poll);
    poll = null;
  }

  function connect() {
    const events = new EventSource(board.dataset.events);
    events.addEventListener("open", stopPolling);
    events.addEventListener("ranking", (event) => receive(JSON.parse(event.data)));
    events.addEventListener("error", () => {
      startPolling();
      // A refusal ends the source for good; a broken connection is taken up again by the browser.
      if (events.readyState === EventSource.CLOSED) setTimeout(connect, 30000);
    });
    addEventListener("pagehide", () => events.close(), { once: true });
    addEventListener("pageshow", (event) => { if (event.persisted) connect(); }, { once: true });
  }

  connect();
})();
