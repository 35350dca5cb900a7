/* What an interviewer or a caller sees before and after the form: the list of doors, and one door. */

import { COMPLETE, countAdults, findDoor, listVillages, noteAttempt } from "./doors.js";
import { Refusing, keep } from "./queue.js";

/** The acts of these screens. `screen` is what the kiosk's own screen lends: its parts, and how to go on. */
export function makeDoors(screen) {
  const { main, part, say, reveal, show, begin, askAt, round, channel } = screen;
  let here = null;

  async function showList(noted = false) {
    show("work");
    reveal("noted", noted);
    await drawList();
  }

  async function drawList() {
    const list = part("villages");
    if (!list || list.contains(document.activeElement)) return;
    const villages = await listVillages();
    list.replaceChildren(...villages.map(drawVillage));
    reveal("none", villages.length === 0);
  }

  function drawVillage({ code, name, doors }) {
    const village = copy("village");
    fill(village, "name", name);
    fill(village, "left", doors.filter(({ done }) => !done).length);
    fill(village, "all", doors.length);
    village.querySelector("ul").append(...doors.map((door) => drawDoor(code, door)));
    return village;
  }

  function drawDoor(psu, door) {
    const line = copy("line");
    const button = line.querySelector("button");
    Object.assign(button.dataset, { psu, number: door.number });
    button.disabled = door.done;
    fill(line, "address", door.address);
    fill(line, "state", door.outcome ? wordOf(door.outcome) : "");
    line.querySelector('[data-part="unsent"]').hidden = !door.waits;
    return line;
  }

  async function showDoor(psu, number) {
    here = { psu, number };
    const door = await findDoor(psu, number);
    show("door");
    say("address", door.address);
    if (channel() !== "phone") main.querySelectorAll("[data-by-phone]").forEach((option) => option.remove());
    reveal("count", door.adults === null);
    reveal("ask", door.adults !== null);
    if (door.adults === null) return;
    const sentence = part("drawn");
    const drawn = door.drawn[door.adults - 1];
    sentence.textContent = sentence.dataset.text.replace("{drawn}", drawn).replace("{adults}", door.adults);
  }

  async function keepCall(outcome, isFinal) {
    const { adults } = await findDoor(here.psu, here.number);
    try {
      await keep({ code: null, language: document.documentElement.lang, answers: {}, door: { ...here, adults, outcome } });
    } catch (error) {
      if (!(error instanceof Refusing)) console.error(error);
      return show("full");
    }
    await noteAttempt(here.psu, here.number, outcome, isFinal);
    await showList(true);
    return round();
  }

  const copy = (name) => main.querySelector(`template[data-copy="${name}"]`).content.firstElementChild.cloneNode(true);
  const fill = (place, name, text) => { place.querySelector(`[data-part="${name}"]`).textContent = text; };
  const wordOf = (outcome) => main.querySelector(`[data-says="${outcome}"]`)?.textContent ?? outcome;

  return {
    showList,
    drawList,
    noteInterview: ({ psu, number }) => noteAttempt(psu, number, COMPLETE, true),
    DO: {
      door({ dataset }) { showDoor(dataset.psu, Number(dataset.number)); },
      list() { begin(); },
    },
    SUBMIT: {
      async adults(data) {
        const adults = Number(data.get("adults"));
        if (!Number.isInteger(adults) || adults < 1 || adults > 30) return reveal("wrong-count");
        await countAdults(here.psu, here.number, adults);
        return showDoor(here.psu, here.number);
      },
      async interview(data, button) {
        const [sex, age] = [data.get("sex"), data.get("age")];
        if (!sex || !age) return reveal("wrong-person");
        const { adults } = await findDoor(here.psu, here.number);
        return askAt({ ...here, adults, outcome: COMPLETE, sex, age }, button.value);
      },
      async call(data) {
        const outcome = data.get("outcome");
        if (!outcome) return reveal("wrong-call");
        const option = main.querySelector(`option[value="${outcome}"]`);
        return keepCall(outcome, "final" in option.dataset);
      },
    },
  };
}
