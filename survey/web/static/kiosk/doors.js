/* Doors: where an interviewer or a caller goes, and what was done there since the server last heard of it. */

import { recall, remember } from "./store.js";

const DONE = "done";
export const COMPLETE = "1.1";

/** One door in one word. */
export const name = (psu, number) => `${psu}/${number}`;

/** Villages with their doors: what the server said, or what was done here since. */
export async function listVillages() {
  const [work, done] = [await recall("work"), (await recall(DONE)) ?? {}];
  return work.villages.map((village) => ({
    ...village,
    doors: village.doors.map((door) => merge(door, done[name(village.code, door.number)])),
  }));
}

export async function findDoor(psu, number) {
  const village = (await listVillages()).find(({ code }) => code === psu);
  return village.doors.find((door) => door.number === number);
}

/** Count the adults once: whom to ask follows from the village's draw, and no second count changes it. */
export async function countAdults(psu, number, adults) {
  const door = await findDoor(psu, number);
  if (door.adults === null) await note(psu, number, { adults, calls: door.calls, outcome: door.outcome, done: door.done });
}

/** Remember an attempt that is kept here, so that the list shows it before the server knows of it. */
export async function noteAttempt(psu, number, outcome, isDone) {
  const door = await findDoor(psu, number);
  await note(psu, number, { adults: door.adults, calls: door.calls + 1, outcome, done: isDone });
}

/** Forget what the server knows by now, and doors that are not ours any more. */
export async function forgetKnown(villages) {
  const done = (await recall(DONE)) ?? {};
  const doors = new Map((villages ?? []).flatMap(({ code, doors }) => doors.map((door) => [name(code, door.number), door])));
  const left = Object.entries(done).filter(([at, mine]) => doors.has(at) && isNews(mine, doors.get(at)));
  await remember(DONE, Object.fromEntries(left));
}

/** What was brought of these doors was not taken: they are again as the server has them. */
export async function undo(names) {
  if (!names.length) return;
  const done = (await recall(DONE)) ?? {};
  await remember(DONE, Object.fromEntries(Object.entries(done).filter(([at]) => !names.includes(at))));
}

const isNews = (mine, door) => mine.calls > door.calls || (mine.adults !== null && door.adults === null);

function merge(door, mine) {
  if (!mine) return door;
  const adults = door.adults ?? mine.adults;
  const latest = mine.calls > door.calls ? mine : door;
  const { calls, outcome, done } = latest;
  return { ...door, adults, calls, outcome, done, waits: mine.calls > door.calls };
}

async function note(psu, number, what) {
  const done = (await recall(DONE)) ?? {};
  await remember(DONE, { ...done, [name(psu, number)]: what });
}
