/* The code of a citizen's slip: ten Crockford letters and one that catches a slip of the hand, as the server has it. */

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const FORGIVEN = { O: "0", I: "1", L: "1" };
const LENGTH = 10;

/** The one spelling of a typed code, or null when it is none. */
export function canonicalCode(typed) {
  const letters = typed.toUpperCase().replace(/[\s-]/g, "").replace(/[OIL]/g, (letter) => FORGIVEN[letter]);
  const isCode = letters.length === LENGTH + 1 && [...letters].every((letter) => LETTERS.includes(letter));
  return isCode && letters[LENGTH] === checkLetter(letters.slice(0, LENGTH)) ? letters : null;
}

/** Sum of the letters times growing powers of a generator of GF(32), x^5 + x^2 + 1. */
function checkLetter(letters) {
  let check = 0;
  let power = 1;
  for (const letter of letters) {
    power = times(power, 2);
    check ^= times(power, LETTERS.indexOf(letter));
  }
  return LETTERS[check];
}

function times(one, other) {
  let product = 0;
  for (; other; other >>= 1) {
    if (other & 1) product ^= one;
    one <<= 1;
    if (one & 32) one ^= 0b100101;
  }
  return product;
}
