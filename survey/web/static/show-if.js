/* Questions that depend on others appear as soon as they are brought up. Without this the server asks them anyway.
   ES5: old phones run it too. */
(function () {
  "use strict";
  var parts = [].slice.call(document.querySelectorAll("fieldset[data-if]"));

  function holds(condition) {
    if (condition.every) { return condition.every.every(holds); }
    if (condition.some) { return condition.some.some(holds); }
    var chosen = document.querySelector('input[name="' + condition.item + '"]:checked:enabled');
    return !!chosen && condition.choices.indexOf(chosen.value) >= 0;
  }

  function follow() {
    parts.forEach(function (part) {
      part.hidden = part.disabled = !holds(JSON.parse(part.getAttribute("data-if")));
    });
  }

  document.addEventListener("change", follow);
  window.addEventListener("pageshow", follow);
  follow();
})();
