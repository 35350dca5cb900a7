/* Keys that never leave this device, signatures, and envelopes that only the server opens. */

const SIGN = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const AGREE = { name: "ECDH", namedCurve: "P-256" };
const PURPOSE = new TextEncoder().encode("hailong/envelope");
const BLOCK = 512;

export const encode = (text) => new TextEncoder().encode(text);
export const toHex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
export const fromHex = (text) => Uint8Array.from(text.match(/../g) || [], (byte) => parseInt(byte, 16));

/** A random key under which an answer is known until a checkpoint holds it. */
export const newKey = () => toHex(crypto.getRandomValues(new Uint8Array(16)));

/** A signing pair whose private half cannot be taken out, not even by this page. */
export const newPair = () => crypto.subtle.generateKey(SIGN, false, ["sign", "verify"]);

export const publicPoint = (pair) => crypto.subtle.exportKey("raw", pair.publicKey);

/** A signature over what the server will see: where, who, when by this device's clock, what. */
export async function signRequest(pair, path, device, clock, body) {
  const digest = toHex(await crypto.subtle.digest("SHA-256", body));
  const message = encode(["hailong/device", path, device, clock, digest].join("\n"));
  return toHex(await crypto.subtle.sign(SIGN, pair.privateKey, message));
}

/** What the server alone can open. Padded, so that its length does not tell how much was written. */
export async function sealEnvelope(serverPoint, content, key) {
  const once = await crypto.subtle.generateKey(AGREE, false, ["deriveBits"]);
  const server = await crypto.subtle.importKey("raw", fromHex(serverPoint), AGREE, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: server }, once.privateKey, 256);
  const secret = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const stretch = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info: PURPOSE };
  const sealing = await crypto.subtle.deriveKey(stretch, secret, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const wrapped = { name: "AES-GCM", iv: nonce, additionalData: encode(key) };
  const sealed = await crypto.subtle.encrypt(wrapped, sealing, pad(encode(JSON.stringify(content))));
  const point = await crypto.subtle.exportKey("raw", once.publicKey);
  return toHex(point) + toHex(nonce) + toHex(sealed);
}

/** JSON may end in spaces. */
function pad(bytes) {
  const padded = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK).fill(32);
  padded.set(bytes);
  return padded;
}
