// Asks a security key and puts what it says into the form. Without this script the page offers codes.
"use strict";

const fromBase64 = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));

const toBase64 = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const readable = (options) => {
  options.challenge = fromBase64(options.challenge);
  if (options.user) options.user.id = fromBase64(options.user.id);
  for (const list of [options.excludeCredentials, options.allowCredentials]) {
    for (const each of list || []) each.id = fromBase64(each.id);
  }
  return options;
};

const written = (credential) => {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toBase64(credential.response[name]);
  }
  const id = toBase64(credential.rawId);
  return JSON.stringify({ id, rawId: id, type: credential.type, response, clientExtensionResults: {} });
};

for (const form of document.querySelectorAll("form[data-ask], form[data-make]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    const field = form.elements.credential;
    if (field.value) return;
    event.preventDefault();
    const options = JSON.parse(form.dataset.ask || form.dataset.make);
    const asked = { publicKey: readable(options) };
    try {
      const given = form.dataset.ask
        ? await navigator.credentials.get(asked)
        : await navigator.credentials.create(asked);
      field.value = written(given);
      form.submit();
    } catch {
      form.querySelector("button").focus();
    }
  });
}
