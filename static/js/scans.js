// Scans beside a form: opened in place, larger, smaller and turned by buttons and keys, attached without leaving the form.
import { faultText, send } from "./net.js";
import { alertLine, toast } from "./text.js";

const STEPS = [1, 1.25, 1.5, 2, 3, 4];

function redraw(viewer) {
  const zoom = STEPS[Number(viewer.dataset.at || 0)];
  const turn = Number(viewer.dataset.angle || 0);
  for (const page of viewer.querySelectorAll(".xj-viewer-page")) {
    const picture = page.querySelector("img");
    if (!picture) continue;
    const width = viewer.querySelector(".xj-viewer-pages").clientWidth - 18;
    const sideways = turn % 180 !== 0;
    const ratio = picture.naturalWidth ? picture.naturalHeight / picture.naturalWidth : 1.4;
    const shown = sideways ? (width * zoom) / ratio : width * zoom;
    picture.style.width = `${shown}px`;
    picture.style.transform = `rotate(${turn}deg)`;
    page.style.width = `${width * zoom}px`;
    page.style.height = `${sideways ? shown : shown * ratio}px`;
  }
}

function tellFault(picture) {
  picture.replaceWith(picture.closest("[data-viewer]").dataset.fault);
}

async function open(link) {
  const stage = document.querySelector("[data-scan-stage]");
  if (!stage) return;
  let response;
  try {
    response = await send(link.href);
  } catch {
    return;
  }
  if (!response.ok) {
    alertLine(await faultText(response));
    return;
  }
  stage.innerHTML = await response.text();
  document.querySelectorAll("[data-scan]").forEach((one) => one.removeAttribute("aria-current"));
  link.setAttribute("aria-current", "true");
  stage.querySelectorAll("img").forEach((picture) => picture.addEventListener("load", () => redraw(picture.closest("[data-viewer]"))));
}

async function post(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await send(form.action, { method: "POST", body: new FormData(form) });
    if (!response.ok) {
      alertLine(await faultText(response));
      return;
    }
    const { html, version, message } = await response.json();
    document.getElementById("scans").outerHTML = html;
    const input = document.querySelector('#applicant-form [name="version"]');
    if (input) input.value = version;
    toast(message);
  } catch (fault) {
    if (!(fault instanceof TypeError)) throw fault;
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-scan]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    open(link);
    return;
  }
  const tool = event.target.closest("[data-zoom], [data-turn]");
  const viewer = tool?.closest("[data-viewer]");
  if (!viewer) return;
  if (tool.dataset.turn) viewer.dataset.angle = (Number(viewer.dataset.angle || 0) + Number(tool.dataset.turn)) % 360;
  else if (tool.dataset.zoom === "0") viewer.dataset.at = 0;
  else viewer.dataset.at = Math.min(STEPS.length - 1, Math.max(0, Number(viewer.dataset.at || 0) + Number(tool.dataset.zoom)));
  redraw(viewer);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-scan-form]")) return;
  event.preventDefault();
  post(event.target);
});

document.addEventListener("error", (event) => {
  if (event.target.matches?.("[data-viewer] img")) tellFault(event.target);
}, true);

document.querySelectorAll("[data-viewer] img").forEach((picture) => {
  const ready = () => redraw(picture.closest("[data-viewer]"));
  if (picture.complete && !picture.naturalWidth) tellFault(picture);
  else picture.complete ? ready() : picture.addEventListener("load", ready);
});
const first = document.querySelector("[data-scans-open] a[data-scan], .xj-review a[data-scan]");
if (first) open(first);
