/* Nobody may find what the one before typed: after a minute without a touch the screen asks, then clears itself. */

const SECONDS = 60;
const WARNING = 20;

/** Watch from now on: `isBusy` says whether there is anything to clear, `ask` shows the question, `clear` clears. */
export function watch({ isBusy, ask, tick, stay, clear }) {
  let left = SECONDS + WARNING;
  const touched = () => {
    if (left <= WARNING && isBusy()) stay();
    left = SECONDS + WARNING;
  };
  for (const event of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(event, touched, { passive: true });
  setInterval(() => {
    if (!isBusy()) { left = SECONDS + WARNING; return; }
    left -= 1;
    if (left === WARNING) ask();
    if (left <= WARNING) tick(left);
    if (left <= 0) { clear(); left = SECONDS + WARNING; }
  }, 1000);
}
