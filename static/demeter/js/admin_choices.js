// Lists of choices in the administration are called as their fields. select2 gives them no name but the chosen text, so
// while nothing is chosen a screen reader hears nothing.
"use strict";
{
  const nameOf = (select) =>
    select.labels[0]?.textContent.trim() || select.closest("[data-label]")?.dataset.label || select.name;

  function nameAll() {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
      const choice = select.nextElementSibling.querySelector(".select2-selection");
      const chosen = choice.querySelector(".select2-selection__rendered[id]");
      choice.id ||= `${select.id}-choice`;
      choice.setAttribute("aria-label", nameOf(select));
      choice.setAttribute("aria-labelledby", chosen ? `${choice.id} ${chosen.id}` : choice.id);
      // To select2 it is a text box within the list, without a name of its own.
      for (const attribute of ["role", "aria-readonly"]) chosen?.removeAttribute(attribute);
      choice.querySelector(".select2-search__field")?.setAttribute("aria-label", nameOf(select));
    }
  }

  // select2 makes its lists when jQuery says that the page is ready, and those of an added row in the same event.
  document.addEventListener("DOMContentLoaded", () => {
    const $ = window.django?.jQuery;
    if (!$) return; // no form
    $(nameAll);
    $(document).on("select2:open", "select", ({ target }) => {
      document.querySelector(".select2-dropdown .select2-search__field")?.setAttribute("aria-label", nameOf(target));
    });
  });
  document.addEventListener("formset:added", () => requestAnimationFrame(nameAll));
}
