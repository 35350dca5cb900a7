/* The form on the screen: a step at a time, questions that depend on others, and what must be answered. */

const HELPED = "_helped";

const stepsOf = (form) => [...form.querySelectorAll("section.step")];
const current = (form) => stepsOf(form).find((step) => !step.hidden);

/** Show the questions that the answers bring up, and hide the rest with what was answered there. */
export function follow(form) {
  const holds = (condition) => {
    if (condition.every) return condition.every.every(holds);
    if (condition.some) return condition.some.some(holds);
    const chosen = form.querySelector(`input[name="${CSS.escape(condition.item)}"]:checked:enabled`);
    return Boolean(chosen) && condition.choices.includes(chosen.value);
  };
  for (const part of form.querySelectorAll("fieldset[data-if]")) {
    part.hidden = part.disabled = !holds(JSON.parse(part.dataset.if));
  }
}

/** Go on to the next step that asks something, or back; false when this one lacks an answer. */
export function go(form, forward) {
  const missing = forward && firstMissing(form);
  if (missing) return ask(missing);
  const steps = stepsOf(form);
  const here = steps.indexOf(current(form));
  const rest = forward ? steps.slice(here + 1) : steps.slice(0, here).reverse();
  const next = rest.find(asksSomething);
  if (!next) return true;
  steps.forEach((step) => { step.hidden = step !== next; });
  next.querySelector("h2").focus();
  window.scrollTo(0, 0);
  return true;
}

/** Whether nothing comes after the step that is shown. */
export const isLast = (form) => {
  const steps = stepsOf(form);
  return !steps.slice(steps.indexOf(current(form)) + 1).some(asksSomething);
};

/** Whether the step on the screen is complete; if not, the first question without an answer gets the focus. */
export function isComplete(form) {
  const missing = firstMissing(form);
  return missing ? ask(missing) : true;
}

/** Item code to choice code or comment. */
export function read(form) {
  return Object.fromEntries([...new FormData(form)].filter(([name, value]) => name !== HELPED && value.trim() !== ""));
}

/** Whether whoever answers said that somebody else worked the device. */
export const isHelped = (form) => Boolean(form.elements.namedItem(HELPED)?.checked);

const asksSomething = (step) => [...step.querySelectorAll("fieldset")].some((part) => !part.disabled);

function firstMissing(form) {
  const asked = [...current(form).querySelectorAll("fieldset[data-required]:not([disabled])")];
  for (const part of asked) part.querySelector('[data-part="missing"]').hidden = true;
  return asked.find((part) => !part.querySelector("input:checked"));
}

function ask(part) {
  part.querySelector('[data-part="missing"]').hidden = false;
  part.querySelector("input").focus();
  return false;
}
