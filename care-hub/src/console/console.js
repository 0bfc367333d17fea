// The living part of the responders' page: one stream for all tabs, changed regions swapped in, sound, the STALE banner.
// Everything works without it; it never touches a field in which somebody types, and never moves a list under a pointer.
"use strict";
(() => {
  const STALE_AFTER_MS = 12_000;
  const $ = (id) => document.getElementById(id);
  const path = document.body.dataset.path;
  const hearsHomes = document.body.dataset.hears === "homes";
  let ahead = Number(document.body.dataset.now) - Date.now(); // the hub's clock against ours
  let heardAt = Date.now();
  let open = []; // the alarms that are open, as the stream last said

  // --- The stream: the tab that holds the lock listens for all (a browser opens six connections to a host, no more).
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("tecs-live") : null;
  let lastAlarms = null; // what the listening tab tells a tab that comes later
  if (tabs) {
    tabs.onmessage = ({ data }) => {
      if (data.name !== "hello") hear(data.name, data.text);
      else if (lastAlarms) tabs.postMessage({ name: "alarms", text: lastAlarms });
    };
    tabs.postMessage({ name: "hello" });
  }
  const listen = () => new Promise(() => {
    let source;
    const start = () => {
      source = new EventSource("/live");
      for (const name of ["alarms", "homes", "beat"]) {
        source.addEventListener(name, ({ data }) => {
          if (name === "alarms") lastAlarms = data;
          if (tabs) tabs.postMessage({ name, text: data });
          hear(name, data);
        });
      }
    };
    start();
    // A refused stream is closed for good by the browser: ask again.
    setInterval(() => { if (source.readyState === EventSource.CLOSED) start(); }, 3_000);
  });
  if (navigator.locks && tabs) navigator.locks.request("tecs-live", listen);
  else listen();

  function hear(name, text) {
    const data = JSON.parse(text);
    heardAt = Date.now();
    if (data.now_ms) ahead = data.now_ms - heardAt;
    if (name === "alarms") {
      news(data.alarms);
      if (document.hidden) renewSoon(); else renew();
    } else if (name === "homes" && hearsHomes) {
      renewSoon();
    }
  }

  // --- The page: load it again, swap the regions that changed.
  let loading = false, again = false, later = 0;
  const renewSoon = () => { later ||= setTimeout(() => { later = 0; renew(); }, 2_000); };
  async function renew() {
    if (loading) { again = true; return; }
    loading = true;
    try {
      const answer = await fetch(path + (path === location.pathname ? location.search : ""), { cache: "no-store" });
      if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the banner says it when the beats stay away as well */ }
    loading = false;
    if (again) { again = false; renew(); }
  }
  function swap(fresh) {
    document.title = fresh.title;
    for (const next of fresh.querySelectorAll("[data-live]")) {
      const now = $(next.id);
      if (!now) continue;
      if (next.dataset.live === "list") merge(next);
      else if (now.innerHTML !== next.innerHTML) replace(now, next);
    }
    tick();
  }
  function replace(now, next) {
    const focused = now.contains(document.activeElement) ? document.activeElement.id : "";
    const opened = [...now.querySelectorAll("details")].map((d) => d.open);
    const typed = [...now.querySelectorAll("input[type=text][id]")].map((field) => [field.id, field.value]);
    now.replaceWith(next);
    for (const [id, text] of typed) if ($(id)) $(id).value = text;
    next.querySelectorAll("details").forEach((d, i) => { d.open = Boolean(opened[i]); });
    const to = focused && ($(focused) || next.querySelector("a, button"));
    if (to) to.focus({ preventScroll: true });
  }

  // --- The list: while a pointer is over it or the focus is in it, rows keep their places and their heights.
  let over = false, waiting = null;
  const rowsOf = (queue) => [...queue.querySelectorAll(".row")];
  const held = () => over || $("rows").contains(document.activeElement);
  function merge(next) {
    const now = $("queue");
    const [old, fresh] = [rowsOf(now), rowsOf(next)];
    const same = old.map((r) => r.id).join() === fresh.map((r) => r.id).join();
    if (!held() || !rowsOf(now).length) { waiting = null; settle(now, next); return; }
    for (const row of old) {
      const to = fresh.find((r) => r.id === row.id);
      if (to) change(row, to.cloneNode(true));
      else row.classList.add("gone");
    }
    waiting = same ? null : next;
    const known = new Set(old.map((r) => r.id));
    tellWaiting(fresh.filter((r) => !known.has(r.id)), old.filter((r) => r.classList.contains("gone")).length);
  }
  function settle(now, next) {
    const old = new Map(rowsOf(now).map((r) => [r.id, r]));
    for (const row of rowsOf(next)) {
      const have = old.get(row.id);
      if (have && have.dataset.version === row.dataset.version) row.replaceWith(have);
    }
    for (const row of rowsOf(next)) row.style.minHeight = "";
    replace(now, next);
    $("fresh").hidden = true;
  }
  function change(row, to) {
    if (row.dataset.version === to.dataset.version) return;
    const height = row.offsetHeight;
    to.style.minHeight = `${height}px`;
    replace(row, to);
    if (to.offsetHeight > height) replace(to, row); // it would push the others: it waits until nobody points
  }
  function tellWaiting(added, gone) {
    const words = added.length ? `${added.length} new: ${added.map((r) => `${r.querySelector(".tag").lastChild.textContent}, ${r.querySelector("h2").textContent}`).slice(0, 3).join("; ")}` : "";
    const over = gone ? `${gone} no longer open` : "";
    $("fresh").hidden = !waiting;
    $("fresh-text").textContent = [words, over].filter(Boolean).join("; ") || "The order has changed";
  }
  const release = () => { if (waiting && !held()) { const next = waiting; waiting = null; settle($("queue"), next); } };
  if ($("queue")) {
    document.addEventListener("pointerover", ({ target, pointerType }) => {
      over = pointerType === "mouse" && $("rows").contains(target);
      release();
    });
    document.documentElement.addEventListener("pointerleave", () => { over = false; release(); });
    document.addEventListener("focusout", () => setTimeout(release));
    $("fresh-show").addEventListener("click", () => { over = false; release(); $("main").focus(); });
  }

  // --- Ages, each second, by the hub's clock; the same words as the hub writes.
  const two = (n) => String(n).padStart(2, "0");
  function age(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
    if (s < 172800) return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
    return `${Math.floor(s / 86400)} days`;
  }
  function tick() {
    for (const wait of document.querySelectorAll(".wait")) {
      const ms = Date.now() + ahead - Number(wait.dataset.since);
      wait.querySelector(".age").textContent = age(ms);
      const limit = wait.querySelector(".limit");
      const [text, kind] = ms > 180_000 ? ["over 180 s", "over-180"] : ms > 60_000 ? ["over 60 s", "over-60"] : ["within 60 s", "in-time"];
      if (limit && limit.textContent !== text) { limit.textContent = text; limit.className = `limit ${kind}`; }
    }
  }

  // --- What is new, said to the ear: by the screen reader and by sound.
  const rung = new Set(JSON.parse(sessionStorage.getItem("rung") || "[]"));
  let ringAt = 0;
  function news(alarms) {
    open = alarms;
    const fresh = alarms.filter((a) => !rung.has(`${a.case}:${a.times}`));
    rung.clear();
    for (const a of alarms) rung.add(`${a.case}:${a.times}`);
    sessionStorage.setItem("rung", JSON.stringify([...rung]));
    if (!fresh.length) return;
    const text = fresh.slice(0, 3).map((a) => a.says + (a.times > 1 ? `, ${a.times} times` : "")).join(". ") + (fresh.length > 3 ? `. And ${fresh.length - 3} more.` : ".");
    $(fresh.some((a) => a.sound === "high") ? "pressing" : "calm").textContent = text;
    if (fresh.some((a) => a.waits && a.sound !== "low")) ringAt = 0;
    else play("low");
    ring();
  }
  function ring() {
    const loudest = ["high", "medium"].find((s) => open.some((a) => a.waits && a.sound === s));
    if (!loudest || Date.now() - ringAt < BURSTS[loudest].every) return;
    ringAt = Date.now();
    play(loudest);
  }

  // Bursts after IEC 60601-1-8: ten pulses for high, three for medium, two for low; the stale tone is like none of them.
  const BURSTS = {
    high: { at: [0, 0.25, 0.5, 0.95, 1.2, 2, 2.25, 2.5, 2.95, 3.2], tones: [660], every: 10_000 },
    medium: { at: [0, 0.4, 0.8], tones: [520], every: 20_000 },
    low: { at: [0, 0.4], tones: [440, 350], every: Infinity },
    stale: { at: [0, 0.3, 0.6, 0.9], tones: [300, 200], every: 6_000 },
  };
  let audio = null, mine = false; // the one tab that may be heard
  const wanted = () => localStorage.getItem("sound") === "on";
  const heard = () => Boolean(audio) && audio.state === "running" && wanted();
  function play(name) {
    if (!heard() || !mine) return;
    BURSTS[name].at.forEach((after, i) => {
      const { tones } = BURSTS[name], tone = audio.createOscillator(), gain = audio.createGain(), t = audio.currentTime + after;
      tone.frequency.value = tones[i % tones.length];
      gain.gain.setValueAtTime(0, t);
      gain.gain.linearRampToValueAtTime(0.5, t + 0.02);
      gain.gain.setValueAtTime(0.5, t + 0.13);
      gain.gain.linearRampToValueAtTime(0, t + 0.17);
      tone.connect(gain).connect(audio.destination);
      tone.start(t);
      tone.stop(t + 0.2);
    });
  }
  async function sound() {
    audio ||= new AudioContext();
    if (audio.state !== "running") await Promise.race([audio.resume(), new Promise((r) => setTimeout(r, 300))]);
    if (audio.state === "running" && !mine) {
      const hold = () => new Promise(() => { mine = true; });
      if (navigator.locks) navigator.locks.request("tecs-sound", hold); else hold();
    }
    label();
  }
  function label() {
    $("sound").textContent = heard() ? "Sound is on: turn off" : wanted() ? "Sound is blocked: press to hear" : "Turn sound on";
    $("sound").toggleAttribute("data-on", heard());
  }
  $("sound").hidden = false;
  $("sound").addEventListener("click", async () => {
    localStorage.setItem("sound", heard() ? "off" : "on");
    await sound();
    if (heard()) play("low");
  });
  if (wanted()) {
    sound(); // a browser may want a gesture first: any will do
    for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, sound, { once: true });
  }
  label();

  // --- Once a second: ages, the next burst, and whether the hub still speaks.
  let staleRang = 0;
  setInterval(() => {
    tick();
    const now = Date.now(), silent = now - heardAt, stale = silent > STALE_AFTER_MS;
    if (stale) {
      if ($("stale").hidden) $("stale").append("STALE: the care hub has not been heard. New alarms do not reach this page. ", Object.assign(document.createElement("span"), { id: "stale-for" }));
      $("stale").hidden = false;
      $("stale-for").textContent = `Silent for ${age(silent)}.`;
      $("stale-for").setAttribute("aria-live", "off");
      if (now - staleRang >= BURSTS.stale.every) { staleRang = now; play("stale"); }
    } else if (!$("stale").hidden) {
      $("stale").hidden = true;
      $("stale").textContent = "";
      renew();
    }
    if (!stale) ring();
  }, 1_000);
})();
