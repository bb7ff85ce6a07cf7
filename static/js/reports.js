// A chart that could not be loaded offers to try again in its own place.
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const place = event.detail.target?.closest?.(".xj-home-chart");
    if (!place || event.detail.xhr?.status === 401) return;
    const words = document.createElement("p");
    words.textContent = place.dataset.failed;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn", textContent: place.dataset.retry });
    button.addEventListener("click", () => window.htmx.ajax("GET", place.getAttribute("hx-get"), { target: place }));
    place.replaceChildren(words, button);
  });
}
