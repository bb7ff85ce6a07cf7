// Keys. Single letters can be switched off, do nothing inside inputs and nothing while an input method composes.
import { openRow, moveRow, tickRow } from "./lists.js";

const STORE = "xueji-letter-keys";
const lettersOn = () => localStorage.getItem(STORE) !== "off";
const typing = (target) => target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const visible = (element) => element && element.getClientRects().length > 0 && !element.disabled;

function press(key) {
  const found = [...document.querySelectorAll(`[data-key="${key}"]`)].find(visible);
  if (!found) return false;
  found.matches("input, select, textarea") ? found.focus() : found.click();
  return true;
}

const letters = {
  "/": () => { const box = document.getElementById("xj-search"); box?.focus(); box?.select(); return Boolean(box); },
  "?": () => { document.getElementById("xj-keys")?.showModal(); return true; },
  j: () => moveRow(1),
  k: () => moveRow(-1),
  x: tickRow,
  Enter: openRow,
};

function letter(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (press(key)) return true;
  if (letters[key]) return letters[key](event);
  if (/^[1-9]$/.test(key)) {
    const tab = document.querySelectorAll("[data-tabs] > li")[Number(key) - 1]?.querySelector("a");
    tab?.click();
    return Boolean(tab);
  }
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    const done = event.key === "Enter" ? press("primary") : event.key.toLowerCase() === "s" && !event.shiftKey && press("save");
    if (done) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !lettersOn() || document.querySelector("dialog[open]")) return;
  if (typing(event.target)) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  if (letter(event)) event.preventDefault();
});

// An Enter that picks a candidate of the input method must not submit.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopPropagation();
}, true);

const choice = document.querySelector("[data-keys-switch]");
if (choice) {
  choice.checked = lettersOn();
  choice.addEventListener("change", () => localStorage.setItem(STORE, choice.checked ? "on" : "off"));
}
