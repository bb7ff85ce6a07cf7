// The frame: menu, dialogs, copying, printing, filtering a short list.
import { say, toast } from "./text.js";

const root = document.documentElement;

function fold() {
  const folded = root.classList.toggle("menu-folded");
  document.cookie = `xueji_menu=${folded ? "folded" : "open"}; path=/; max-age=31536000; samesite=lax`;
}

function openDialog(opener) {
  const dialog = document.getElementById(opener.dataset.opens);
  if (!dialog) return;
  const form = dialog.querySelector("form");
  const bulk = opener.closest("[data-bulk]");
  if (form && bulk) {
    form.querySelectorAll("[data-copied]").forEach((input) => input.remove());
    for (const id of new FormData(bulk).getAll("ids")) {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: "ids", value: id });
      input.dataset.copied = "";
      form.append(input);
    }
  }
  dialog.showModal();
}

async function copy(button) {
  const words = button.dataset.copy || document.querySelector(button.dataset.copyFrom)?.textContent.trim() || "";
  await navigator.clipboard.writeText(words);
  toast(say("copied"));
}

const acts = [
  ["[data-menu-fold]", fold],
  ["[data-menu-open]", () => root.classList.add("menu-open"), true],
  ["[data-menu-close]", () => root.classList.remove("menu-open"), true],
  ["[data-opens]", openDialog],
  ["[data-closes]", (button) => button.closest("dialog").close()],
  ["[data-copy], [data-copy-from]", copy],
  ["[data-print]", () => window.print()],
];

document.addEventListener("click", (event) => {
  for (const [selector, act, stop] of acts) {
    const found = event.target.closest(selector);
    if (!found) continue;
    if (stop) event.preventDefault();
    act(found);
    return;
  }
});

document.addEventListener("input", (event) => {
  const { filters } = event.target.dataset;
  if (!filters || event.isComposing) return;
  const words = event.target.value.trim().toLowerCase();
  for (const item of document.querySelector(filters).children) item.hidden = !item.textContent.toLowerCase().includes(words);
});
