// A masked value is fetched on the click, shown for 30 seconds under a running line, and masked again.
import { faultText, send } from "./net.js";
import { alertLine, say } from "./text.js";

const SHOWN_FOR = 30000;
const open = new Map();

function mask(box) {
  const kept = open.get(box);
  if (!kept) return;
  clearTimeout(kept.timer);
  const value = box.querySelector(".xj-masked-value");
  value.textContent = kept.masked;
  value.setAttribute("aria-label", kept.label);
  box.classList.remove("is-open");
  open.delete(box);
}

async function reveal(box) {
  const value = box.querySelector(".xj-masked-value");
  const response = await send(box.dataset.reveal, { method: "POST" }).catch(() => null);
  if (!response) return;
  if (!response.ok) { alertLine(await faultText(response)); return; }
  const full = (await response.json()).value;
  open.set(box, { masked: value.textContent, label: value.getAttribute("aria-label"), timer: setTimeout(() => mask(box), SHOWN_FOR) });
  value.textContent = full;
  value.setAttribute("aria-label", `${full} (${say("shown_for")})`);
  box.classList.add("is-open");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".xj-eye");
  if (!button) return;
  const box = button.closest("[data-reveal]");
  if (open.has(box)) { mask(box); return; }
  if (box.dataset.busy) return;
  [...open.keys()].forEach(mask);
  box.dataset.busy = "1";
  reveal(box).finally(() => { delete box.dataset.busy; });
});
window.addEventListener("pagehide", () => [...open.keys()].forEach(mask));
