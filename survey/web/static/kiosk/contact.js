/* Speaking with the server: pairing, sending what is kept until a checkpoint holds it, and being heard of. */

import { forgetKnown, undo } from "./doors.js";
import { encode, newPair, publicPoint, signRequest, toHex } from "./crypto.js";
import { REFUSED, TAKEN, WAITING, count, listAnswers, recall, remember, settle } from "./store.js";

const MOST = 50;
const MOST_BYTES = 500_000;
const MOST_RECEIPTS = 200;
const NEVER_TAKEN = ["spent", "unknown_code", "other_wave", "closed"];
const NEVER_READ = [400, 413];
let listened = "";

/** The server said no: `status` is HTTP's. A network that fails is a TypeError instead. */
export class Refused extends Error {
  constructor(status) {
    super(`refused: ${status}`);
    this.status = status;
  }
}

/** Pair this device by the code that an operator read out. Throws Refused, or a TypeError without a network. */
export async function pair(code) {
  const keys = { current: await newPair(), next: null };
  const signature = await signRequest(keys.current, "/kiosk/pair", "", "", encode(code));
  const point = toHex(await publicPoint(keys.current));
  const answer = await fetch("/kiosk/pair", post(JSON.stringify({ code, point, signature })));
  if (!answer.ok) throw new Refused(answer.status);
  const work = await answer.json();
  await remember("keys", keys);
  await learn(work);
  await navigator.storage?.persist?.();
}

/** One round: say how this device is, send what waits, forget what a checkpoint holds. Never two at once. */
export async function contact(told = () => {}) {
  return navigator.locks.request("contact", { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    await replay(told);
    await forgetHeld();
    const work = await tell();
    await learn(work);
    await listenAhead();
    if (work.clear_unreadable) await clearUnreadable();
    if (work.renew_key) await renewKey(work.device);
  });
}

/** An operator asked: send once more what could not be read, and let go of what the server still cannot read. */
async function clearUnreadable() {
  for await (const { changed, dropped } of bring(REFUSED)) {
    const unreadable = changed.filter(({ state }) => state === REFUSED);
    await settle(changed.filter(({ state }) => state === TAKEN), [...dropped, ...unreadable]);
  }
  await tell();
}

/** Say what is kept here; what the server says of this device's work. */
async function tell() {
  const counted = await count();
  const { [WAITING]: waiting, [REFUSED]: unreadable, since } = counted;
  return ask("/kiosk/contact", { waiting, waiting_since: since, unreadable });
}

/** Send what waits. */
async function replay(told) {
  for await (const { changed, dropped, undone, outcomes } of bring(WAITING)) {
    await settle(changed, dropped);
    await undo(undone);
    outcomes.forEach(told);
  }
}

/** Bring the server all in a state, oldest first. What it cannot digest is sent alone, and keeps nobody back. */
async function* bring(state) {
  let after = 0;
  let most = MOST;
  for (;;) {
    const batch = within(await listAnswers(state, after, most));
    if (!batch.length) return;
    try {
      const outcomes = await ask("/kiosk/replay", batch.map(({ key, envelope }) => ({ key, envelope })));
      yield { ...sort(batch, outcomes), outcomes };
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 403) throw error;
      if (batch.length > 1) { most = 1; continue; }
      if (NEVER_READ.includes(error.status)) yield { ...sort(batch, [{ key: batch[0].key, outcome: "malformed" }]), outcomes: [] };
    }
    after = batch.at(-1).n;
    most = MOST;
  }
}

/** An answer leaves the queue when the server has said, after its commit, that it was taken or never will be. */
function sort(batch, outcomes) {
  const byKey = new Map(outcomes.map((each) => [each.key, each]));
  const changed = [];
  const dropped = [];
  const undone = [];
  for (const answer of batch) {
    const { outcome, receipt } = byKey.get(answer.key) ?? {};
    if (outcome === "stored" || outcome === "replayed") changed.push({ ...answer, state: TAKEN, receipt });
    else if (outcome === "malformed") changed.push({ ...answer, state: REFUSED });
    else if (outcome === "noted" || NEVER_TAKEN.includes(outcome)) dropped.push(answer);
    if (answer.door && (outcome === "malformed" || NEVER_TAKEN.includes(outcome))) undone.push(answer.door);
  }
  return { changed, dropped, undone };
}

/** Drop what a checkpoint holds; send again what the server no longer knows, as after a restored backup. */
async function forgetHeld() {
  let after = 0;
  for (;;) {
    const batch = await listAnswers(TAKEN, after, MOST_RECEIPTS);
    if (!batch.length) return;
    const states = await ask("/kiosk/held", batch.map(({ receipt }) => receipt));
    const lost = batch.filter((_, place) => states[place] === "unknown");
    const held = batch.filter((_, place) => states[place] === "included");
    await settle(lost.map((answer) => ({ ...answer, state: WAITING })), held);
    after = batch.at(-1).n;
  }
}

/** What the server says of this device's work; a new form is fetched before the old one is given up. */
async function learn(work) {
  const form = await recall("form");
  if (form?.digest !== work.form) {
    const answer = await fetch(`/kiosk/form/${encodeURIComponent(work.wave)}`);
    if (answer.ok) await remember("form", { digest: work.form, html: await answer.text() });
  }
  await forgetKnown(work.villages);
  await remember("work", { ...work, unpaired: false });
}

/** Fetch the recordings of the form once, so that the worker has them when the network is gone. */
async function listenAhead() {
  const form = await recall("form");
  if (!form || form.digest === listened || !navigator.serviceWorker?.controller) return;
  const addresses = [...form.html.matchAll(/src="(\/recordings\/[^"]+)"/g)].map(([, address]) => address);
  const answers = await Promise.all(addresses.map((address) => fetch(address)));
  if (answers.every((answer) => answer.ok)) listened = form.digest;
}

/** The new key is kept before it is sent: whichever the server knows afterwards, this device has it. */
async function renewKey(device) {
  const keys = await recall("keys");
  const next = await newPair();
  await remember("keys", { ...keys, next });
  const point = await publicPoint(next);
  const signature = await signRequest(next, "/kiosk/renew", device, "", new Uint8Array(point));
  await ask("/kiosk/renew", { point: toHex(point), signature });
  await remember("keys", { current: next, next: null });
}

/** A signed question. A key that is not known may have been renewed by a request whose answer was lost. */
async function ask(path, content) {
  const body = encode(JSON.stringify(content));
  const keys = await recall("keys");
  const answer = await send(path, body, keys.current);
  if (answer.status !== 403) return read(answer);
  if (keys.next) {
    const again = await send(path, body, keys.next);
    if (again.ok) await remember("keys", { current: keys.next, next: null });
    return read(again);
  }
  await remember("work", { ...(await recall("work")), villages: null, unpaired: true });
  throw new Refused(403);
}

async function send(path, body, pairOfKeys) {
  const { device } = await recall("work");
  const clock = String(Date.now());
  const signature = await signRequest(pairOfKeys, path, device, clock, body);
  return fetch(path, post(body, { "Device": device, "Device-Clock": clock, "Device-Signature": signature }));
}

async function read(answer) {
  if (!answer.ok) throw new Refused(answer.status);
  return answer.json();
}

function post(body, headers = {}) {
  return { method: "POST", body, headers: { "Content-Type": "application/json", ...headers }, cache: "no-store" };
}

/** As many as one request may carry. */
function within(batch) {
  let bytes = 0;
  return batch.filter(({ envelope }, place) => (bytes += envelope.length) <= MOST_BYTES || place === 0);
}

