// A sign-out in the administration, whose pages are not ours: it leaves nobody to the kept page, as waiting.js does.
"use strict";
import("./store.js").then(({ NOBODY, USER }) => {
  document.addEventListener("submit", ({ target }) => {
    if (target.id === "logout-form") localStorage.setItem(USER, NOBODY);
  });
});
