/* A change that was typed and not saved is not lost without a word. The pages work without this. */
(function () {
  "use strict";
  var changed = false;
  document.addEventListener("input", function () { changed = true; });
  document.addEventListener("submit", function () { changed = false; });
  window.addEventListener("beforeunload", function (event) {
    if (changed) { event.preventDefault(); }
  });
})();
