/* Answers are kept here first and sent afterwards, always: with a network the way is only shorter. */

import { newKey, sealEnvelope } from "./crypto.js";
import { name } from "./doors.js";
import { REFUSED, TAKEN, WAITING, addAnswer, count, recall } from "./store.js";

export const MOST = 5000;
export const MOST_DAYS = 7;
const DAY = 86_400_000;

/** Thrown when this device must not take more: `full` (too many) or `old` (not heard for too long). */
export class Refusing extends Error {}

/** This device's date, as the place has it. */
export function today(now = new Date()) {
  return new Date(now - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** Why no more answers may be taken: `full`, `old`, or null. */
export async function whyRefusing(now = new Date()) {
  const counted = await count();
  if (counted[WAITING] + counted[TAKEN] + counted[REFUSED] >= MOST) return "full";
  const days = counted.since ? (Date.parse(today(now)) - Date.parse(counted.since)) / DAY : 0;
  return days > MOST_DAYS ? "old" : null;
}

/** Put an answer in its envelope and keep it; its key, once it is on the disk. Throws Refusing. */
export async function keep({ code, language, answers, questionnaire, door = null, helped = false }) {
  const why = await whyRefusing();
  if (why) throw new Refusing(why);
  const work = await recall("work");
  const key = newKey();
  const day = today();
  const asked = { wave: work.wave, agency: work.agency_code, questionnaire: questionnaire ?? work.questionnaire };
  const said = { code, language, answers, on: day, ...asked, ...(door ? { door } : {}), ...(helped ? { helped } : {}) };
  const envelope = await sealEnvelope(work.server_key, said, key);
  await addAnswer(key, envelope, day, door && name(door.psu, door.number));
  return key;
}
