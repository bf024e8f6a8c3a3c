// Opens the saved views of this page that are not open yet; each brings its data and the bundle along.
(() => {
  for (const place of document.querySelectorAll(".poppy-page:not([data-open])")) {
    const run = /poppy-run-([0-9a-f]+)/.exec(place.className)[1];
    const data = place.querySelector("script[type='application/json']");
    const text = place.querySelector("script[type='text/plain']");
    if (data === null || text === null) continue;
    place.dataset.open = "";
    if (globalThis[Symbol.for("poppy_ipython.page")]?.has(run)) continue;
    const url = URL.createObjectURL(new Blob([text.textContent], { type: "text/javascript" }));
    import(url)
      .then(({ page }) => page.open(JSON.parse(data.textContent)))
      .catch((error) => console.warn("poppy_ipython: the saved view stays a picture:", error))
      .finally(() => URL.revokeObjectURL(url));
  }
})();
