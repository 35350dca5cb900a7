/* What the kiosk shows, from one screen to the next. Nothing of a person outlives the screen that they see. */

import { canonicalCode } from "./code.js";
import { Refused, contact, pair } from "./contact.js";
import { makeDoors } from "./door_screens.js";
import { follow, go, isComplete, isHelped, isLast, read } from "./form.js";
import { watch } from "./idle.js";
import { Refusing, keep, today, whyRefusing } from "./queue.js";
import { REFUSED, TAKEN, WAITING, count, recall } from "./store.js";

const ROUND = 60_000;
const TURN = 6_000;
const QUIET = ["start", "work", "pair", "closed", "full"];

const SPEAKING = '[data-do="begin"], [data-speaks]';

const main = document.getElementById("screen");
const asked = new URLSearchParams(location.search).get("language");
const home = document.querySelector(`[data-screens="${CSS.escape(asked ?? "")}"]`) ? asked : document.documentElement.lang;
let shown = "";
let language = home;
let person = fresh();
let channel = "kiosk";
let paused = matchMedia("(prefers-reduced-motion: reduce)").matches;

function fresh() {
  return { code: null, key: null, door: null };
}

/** Whether the form is asked in a language: a draft serves only pilots. */
const speaks = (work, language) => work?.languages?.includes(language) ?? true;

const part = (name) => main.querySelector(`[data-part="${name}"]`);
const say = (name, text) => { const place = part(name); if (place) place.textContent = text; };
const reveal = (name, visible = true) => { const place = part(name); if (place) place.hidden = !visible; };
const words = (screen) => document.querySelector(`[data-screens="${language}"] [data-screen="${screen}"]`).content;

/** Put a screen up: whatever stood there before is gone, and nobody can go back to it. */
function show(screen, content = words(screen)) {
  shown = screen;
  document.documentElement.lang = language;
  main.replaceChildren(content.cloneNode(true));
  for (const form of main.querySelectorAll("form")) form.addEventListener("submit", submitted);
  window.scrollTo(0, 0);
  main.querySelector("h1")?.setAttribute("tabindex", "-1");
  main.querySelector("h1")?.focus();
  refresh();
}

/** The screen to begin with, by what this device is and holds. */
async function begin() {
  await putUp(await look());
}

/** What this device is and holds, and the screen that it begins with. */
async function look() {
  const work = await recall("work");
  if (!work || work.unpaired) return { work, first: "pair" };
  return { work, first: (await whyRefusing()) ? "full" : firstOf(work) };
}

/** Forget whoever was here and put the first screen up, in one go: nobody can touch anything in between. */
function putUp({ work, first }) {
  channel = work?.channel ?? "kiosk";
  person = fresh();
  language = home;
  document.documentElement.classList.remove("larger");
  if (first === "work") return doors.showList();
  return show(first);
}

/** What a device shows when nobody is in the middle of something: doors, the kiosk's start, or that nothing is asked. */
function firstOf(work) {
  const open = work.open && work.opens <= today() && today() <= work.closes;
  if (!open) return "closed";
  return work.villages ? "work" : "start";
}

const doors = makeDoors({ main, part, say, reveal, show, begin, round, askAt, channel: () => channel });

/** Begin the form with whoever was drawn behind a door. */
async function askAt(door, spoken) {
  language = spoken;
  await showForm(null, door);
}

const DO = {
  begin({ dataset }) {
    language = dataset.language;
    document.documentElement.requestFullscreen?.().catch(() => {});
    show("code");
  },
  voice() { showForm(null); },
  home() { begin(); },
  letter({ dataset }) { type((typed) => typed + dataset.letter); },
  erase() { type((typed) => typed.slice(0, -1)); },
  next() { go(form(), true); },
  back() { go(form(), false); },
  stay() { stay(); },
  larger(button) { press(button, document.documentElement.classList.toggle("larger")); },
  pause(button) { paused = !paused; press(button, paused); },
  ...doors.DO,
};

const SUBMIT = {
  async pair(data) {
    say("wrong", "");
    try {
      await pair(canonicalCode(data.get("code")) ?? data.get("code"));
      await begin();
      round();
    } catch (error) {
      const why = error instanceof Refused ? (error.status === 429 ? "many" : "unknown") : "offline";
      complain(why);
    }
  },
  async code(data) {
    const code = canonicalCode(data.get("code"));
    if (code) await showForm(code);
    else complain("check");
  },
  async answers() {
    if (!isComplete(form())) return;
    if (!isLast(form())) { go(form(), true); return; }
    await send();
  },
  ...doors.SUBMIT,
};

async function send() {
  const button = main.querySelector("section:not([hidden]) button:not([type])");
  button.disabled = true;
  try {
    const key = await keep({
      code: person.code, language, answers: read(form()), questionnaire: form().dataset.questionnaire, door: person.door,
      helped: isHelped(form()),
    });
    if (person.door) await doors.noteInterview(person.door);
    person = { ...fresh(), key };
    show("thanks");
    round();
  } catch (error) {
    if (!(error instanceof Refusing)) console.error(error);
    person = fresh();
    show("full");
  }
}

async function showForm(code, door = null) {
  const kept = await recall("form");
  const parsed = new DOMParser().parseFromString(kept.html, "text/html");
  const template = parsed.querySelector(`template[data-language="${language}"]`);
  person = { ...fresh(), code, door };
  show("form", document.importNode(template.content, true));
  reveal("helped", channel === "kiosk");
  form().addEventListener("change", () => follow(form()));
  follow(form());
}

const form = () => main.querySelector("form");

function submitted(event) {
  event.preventDefault();
  SUBMIT[event.target.dataset.form](new FormData(event.target), event.submitter);
}

function complain(why) {
  say("wrong", main.querySelector(`[data-says="${why}"]`).textContent);
  main.querySelector(".typed").focus();
}

function type(change) {
  const field = main.querySelector(".typed");
  field.value = change(field.value);
  say("wrong", "");
}

function press(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}

/** What is kept here, on whatever screen says so. */
async function refresh() {
  const [counted, work] = [await count(), await recall("work")];
  for (const place of main.querySelectorAll('[data-part="waiting"]')) place.textContent = counted[WAITING];
  reveal("kept", counted[WAITING] > 0);
  reveal("voice", Boolean(work?.voice));
  for (const button of main.querySelectorAll(SPEAKING)) button.hidden = !speaks(work, button.dataset.language);
  say("agency", work?.agency[language] ?? work?.agency.vi ?? "");
  say("device", work?.device ?? "");
  say("taken", counted[TAKEN]);
  say("refused", counted[REFUSED]);
  const persisted = await navigator.storage?.persisted?.();
  reveal("persisted", persisted);
  reveal("not-persisted", !persisted);
}

/** What the server said of an answer, if whoever gave it still stands here. */
function hear({ key, outcome, receipt }) {
  if (shown !== "thanks" || key !== person.key) return;
  const said = { stored: "sent", replayed: "sent", spent: "spent" }[outcome] ?? "closed";
  reveal("saved", false);
  reveal(said);
  if (!receipt) return;
  say("receipt", `${receipt.slice(0, 5)}-${receipt.slice(5)}`);
  reveal("receipted");
}

/** Speak with the server; without it everything goes on. */
async function round() {
  try {
    await contact(hear);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof Refused)) console.error(error);
  }
  await refresh();
  if (QUIET.includes(shown) && !main.contains(document.activeElement?.closest("form"))) await settle();
}

/** Change between start, closed and full when there is reason to, and to a new version of this page. */
async function settle() {
  const before = shown;
  const found = await look();
  if (shown !== before) return; // somebody began while this was read: they are not thrown back
  if (found.first !== "pair" && found.work.version !== document.documentElement.dataset.version) {
    navigator.serviceWorker?.getRegistration("/kiosk/").then((worker) => worker?.update()).catch(() => {});
  }
  if (found.first !== shown) await putUp(found);
  else if (shown === "work") await doors.drawList();
}

async function turn() {
  const work = await recall("work");
  const blocks = [...main.querySelectorAll(".turn")].filter(({ lang }) => speaks(work, lang));
  if (paused || shown !== "start" || blocks.length === 0) return;
  const here = blocks.findIndex((block) => !block.hidden);
  for (const block of main.querySelectorAll(".turn")) block.hidden = block !== blocks[(here + 1) % blocks.length];
}

function ask() {
  document.body.append(words("still").cloneNode(true));
  document.querySelector("dialog").showModal();
}

function stay() {
  document.querySelector("dialog")?.remove();
}

main.addEventListener("click", clicked);
document.body.addEventListener("click", (event) => { if (event.target.closest("dialog")) clicked(event); });
function clicked(event) {
  const button = event.target.closest("[data-do]");
  if (button) DO[button.dataset.do](button);
}

watch({
  channel: () => channel,
  isBusy: () => !QUIET.includes(shown),
  ask,
  tick: (left) => { const place = document.querySelector('dialog [data-part="seconds"]'); if (place) place.textContent = left; },
  stay,
  clear: () => { stay(); begin(); },
});
setInterval(turn, TURN);
setInterval(round, ROUND);
addEventListener("online", round);
addEventListener("contextmenu", (event) => event.preventDefault());
navigator.serviceWorker?.register("/kiosk/worker.js", { scope: "/kiosk/" });
if (navigator.serviceWorker?.controller) {
  navigator.serviceWorker.addEventListener("controllerchange", () => { if (QUIET.includes(shown)) location.reload(); });
}
await begin();
round();
