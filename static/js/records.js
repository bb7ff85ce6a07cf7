// Student file and class: a tab that could not be loaded offers to try again; the watermark of the reader.
const panel = document.getElementById("tab-panel");

function retry(detail) {
  const box = document.createElement("div");
  box.className = "card card-body xj-row";
  const words = document.createElement("span");
  words.textContent = panel.dataset.failed;
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "btn", textContent: panel.dataset.retry });
  const { path } = detail.requestConfig;
  button.addEventListener("click", () => window.htmx.ajax("GET", path, { target: panel }));
  box.append(words, button);
  panel.replaceChildren(box);
}

if (panel) {
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      if (event.detail.target === panel && event.detail.xhr?.status !== 401) retry(event.detail);
    });
  }
}

const mark = document.querySelector("[data-watermark]")?.dataset.watermark;
if (mark) {
  const text = new Option(mark).innerHTML;
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="240" height="240"><text x="120" y="120" fill="#1f2937" font-family="sans-serif" font-size="14" text-anchor="middle" transform="rotate(-24 120 120)">${text}</text></svg>`;
  const sheet = document.createElement("div");
  sheet.className = "xj-watermark";
  sheet.setAttribute("aria-hidden", "true");
  sheet.style.backgroundImage = `url("data:image/svg+xml,${encodeURIComponent(drawing)}")`;
  document.body.append(sheet);
}
