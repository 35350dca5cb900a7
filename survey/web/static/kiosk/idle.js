/* Nobody may find what the one before typed: after a minute without a touch the screen asks, then clears itself.
   Where somebody else asks the questions, on the phone or at a door, a pause may be longer. */

const SECONDS = { kiosk: 60, phone: 600, interviewer: 600 };
const WARNING = 20;

/** Watch from now on: `isBusy` says whether there is anything to clear, `ask` shows the question, `clear` clears. */
export function watch({ channel, isBusy, ask, tick, stay, clear }) {
  const whole = () => (SECONDS[channel()] ?? SECONDS.kiosk) + WARNING;
  let left = whole();
  const touched = () => {
    if (left <= WARNING && isBusy()) stay();
    left = whole();
  };
  for (const event of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(event, touched, { passive: true });
  setInterval(() => {
    if (!isBusy()) { left = whole(); return; }
    left -= 1;
    if (left === WARNING) ask();
    if (left <= WARNING) tick(left);
    if (left <= 0) { clear(); left = whole(); }
  }, 1000);
}
