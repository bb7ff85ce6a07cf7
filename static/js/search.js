// The search box of the frame: what is typed is asked after a pause, never while an input method composes.
const box = document.getElementById("xj-search");
const found = document.getElementById("xj-found");
let wait;
let asked = "";

const close = () => { if (found) { found.hidden = true; box.setAttribute("aria-expanded", "false"); } };
const links = () => [...found.querySelectorAll("a")];

function ask() {
  const words = box.value.trim();
  if (!words) { asked = ""; close(); return; }
  if (words === asked) { found.hidden = false; return; }
  asked = words;
  window.htmx.trigger(box, "xj-typed");
}

function move(step) {
  const all = links();
  const next = all[all.indexOf(document.activeElement) + step];
  (next ?? (step > 0 ? all[0] : box))?.focus();
}

if (box && found) {
  const later = () => { clearTimeout(wait); wait = setTimeout(ask, 250); };
  box.addEventListener("input", (event) => { if (!event.isComposing) later(); });
  box.addEventListener("compositionend", later);
  box.addEventListener("focus", () => { if (box.value.trim() === asked && asked) found.hidden = false; });
  found.addEventListener("htmx:afterSwap", () => {
    found.hidden = !box.value.trim();
    box.setAttribute("aria-expanded", String(!found.hidden));
  });
  box.form.addEventListener("keydown", (event) => {
    if (event.isComposing || found.hidden) return;
    if (event.key === "Escape") { close(); box.focus(); }
    if (event.key === "ArrowDown") { event.preventDefault(); move(1); }
    if (event.key === "ArrowUp") { event.preventDefault(); move(-1); }
  });
  box.form.addEventListener("submit", () => { clearTimeout(wait); close(); });
  document.addEventListener("click", (event) => { if (!event.target.closest(".xj-search")) close(); });
}
