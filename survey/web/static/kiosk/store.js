/* What this device keeps: who it is, the form, and answers in envelopes. On the disk before anybody is thanked. */

const NAME = "hailong-kiosk";
const DEVICE = "device";
const ANSWERS = "answers";
export const WAITING = "waiting";
export const TAKEN = "taken";
export const REFUSED = "refused";

let opening = null;

function open() {
  opening ||= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(DEVICE);
      request.result.createObjectStore(ANSWERS, { keyPath: "n", autoIncrement: true }).createIndex("state", "state");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

/** Run some requests in one transaction; what the last gave, after the disk has it ("strict": past a power cut). */
async function within(store, mode, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(store, mode, { durability: "strict" });
    const request = work(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request ? request.result : undefined);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** A fact about this device: `work` (who it is, what it asks), `keys`, `form`, `done` (at doors). */
export const recall = (name) => within(DEVICE, "readonly", (store) => store.get(name));
export const remember = (name, value) => within(DEVICE, "readwrite", (store) => store.put(value, name));

/** `door` is where it was said, which is no secret on a device that has the list of doors. */
export const addAnswer = (key, envelope, day, door = null) =>
  within(ANSWERS, "readwrite", (store) => store.add({ key, envelope, day, door, state: WAITING }));

/** Answers in a state, oldest first, after the one numbered `after`. */
export async function listAnswers(state, after, most) {
  const found = [];
  await within(ANSWERS, "readonly", (store) => {
    store.openCursor(IDBKeyRange.lowerBound(after, true)).onsuccess = (event) => {
      const cursor = event.target.result;
      if (!cursor || found.length >= most) return;
      if (cursor.value.state === state) found.push(cursor.value);
      cursor.continue();
    };
  });
  return found;
}

/** Put changed answers back and drop others, all or nothing. */
export const settle = (changed, dropped) =>
  within(ANSWERS, "readwrite", (store) => {
    changed.forEach((answer) => store.put(answer));
    dropped.forEach((answer) => store.delete(answer.n));
  });

/** How many are in each state, and the day of the oldest that waits. */
export async function count() {
  const counted = { [WAITING]: 0, [TAKEN]: 0, [REFUSED]: 0, since: null };
  await within(ANSWERS, "readonly", (store) => {
    for (const state of [WAITING, TAKEN, REFUSED]) {
      store.index("state").count(state).onsuccess = (event) => { counted[state] = event.target.result; };
    }
    store.index("state").get(WAITING).onsuccess = (event) => { counted.since = event.target.result?.day ?? null; };
  });
  return counted;
}
