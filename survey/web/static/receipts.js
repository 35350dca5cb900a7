/* Looks a receipt up in the published lists. The code is hashed here and sent nowhere. */
(function () {
  "use strict";
  var form = document.getElementById("check");
  if (!form || !window.crypto || !crypto.subtle || !window.fetch || !window.TextEncoder) { return; }
  var told = document.getElementById("told");
  var lists = [].slice.call(document.querySelectorAll("a.list"));

  /* As the receipt is normalised before it is hashed: capitals, no spaces, O is 0, I and L are 1. */
  function letters(typed) {
    return typed.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  }

  function hash(code) {
    return crypto.subtle.digest("SHA-256", new TextEncoder().encode(code)).then(function (digest) {
      return [].map.call(new Uint8Array(digest), function (byte) {
        return (byte < 16 ? "0" : "") + byte.toString(16);
      }).join("");
    });
  }

  function find(wanted, index) {
    if (index === lists.length) { return form.dataset.missing; }
    return fetch(lists[index].href).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.text();
    }).then(function (text) {
      var lines = text.trim().split("\n");
      if (lines.indexOf(wanted) < 0) { return find(wanted, index + 1); }
      return form.dataset.found.replace("{number}", lists[index].dataset.number).replace("{others}", lines.length - 1);
    });
  }

  form.hidden = false;
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var code = letters(document.getElementById("code").value);
    if (!/^[0-9A-HJKMNP-TV-Z]{10}$/.test(code)) { told.textContent = form.dataset.wrong; return; }
    told.textContent = "…";
    hash(code).then(function (wanted) { return find(wanted, 0); }).then(
      function (words) { told.textContent = words; },
      function () { told.textContent = form.dataset.broken; }
    );
  });
})();
