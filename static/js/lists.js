// Lists: filters that apply themselves, the marked row, ticks and the bulk bar.
import { say, toast } from "./text.js";

const rows = () => [...document.querySelectorAll("[data-rows] tbody:not(.xj-day) tr, [data-rows] > li:not(.xj-timeline-day)")];
const current = () => document.querySelector("[data-rows] .is-current");

export function moveRow(step) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(current());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + step))];
  current()?.classList.remove("is-current");
  next.classList.add("is-current");
  next.scrollIntoView({ block: "nearest" });
  next.querySelector("a")?.focus({ preventScroll: true });
  return true;
}

export function openRow() {
  const link = current()?.querySelector("a");
  link?.click();
  return Boolean(link);
}

export function tickRow() {
  const box = current()?.querySelector('input[name="ids"]');
  box?.click();
  return Boolean(box);
}

function showTicks(form) {
  const boxes = [...form.querySelectorAll('input[name="ids"]')];
  const ticked = boxes.filter((box) => box.checked);
  boxes.forEach((box) => box.closest("tr, li")?.classList.toggle("is-ticked", box.checked));
  const all = form.querySelector("[data-bulk-all]");
  if (all) {
    all.checked = ticked.length > 0 && ticked.length === boxes.length;
    all.indeterminate = ticked.length > 0 && ticked.length < boxes.length;
  }
  const bar = form.querySelector("[data-bulk-bar]");
  if (!bar) return;
  bar.hidden = !ticked.length;
  bar.querySelector("[data-bulk-count]").textContent = say("selected", { count: ticked.length });
}

let last = null;

document.addEventListener("click", (event) => {
  const box = event.target;
  const form = box.closest?.("[data-bulk]");
  if (!form) return;
  if (box.closest("[data-bulk-none]")) {
    form.querySelectorAll('input[name="ids"]').forEach((one) => { one.checked = false; });
    showTicks(form);
  } else if (box.matches("[data-bulk-all]")) {
    form.querySelectorAll('input[name="ids"]').forEach((one) => { one.checked = box.checked; });
    showTicks(form);
  } else if (box.matches('input[name="ids"]')) {
    if (event.shiftKey && last && form.contains(last)) {
      const all = [...form.querySelectorAll('input[name="ids"]')];
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
    }
    last = box;
    showTicks(form);
  }
});

document.addEventListener("submit", (event) => {
  const limit = Number(event.target.dataset.bulkLimit);
  if (limit && new FormData(event.target).getAll("ids").length > limit) {
    event.preventDefault();
    toast(say("too_many", { count: limit }));
  }
});

let wait;
const apply = (form, delay) => { clearTimeout(wait); wait = setTimeout(() => form.requestSubmit(), delay); };

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form && event.target.type !== "search") apply(form, 0);
});
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form && event.target.type === "search" && !event.isComposing) apply(form, 300);
});
document.addEventListener("compositionend", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form) apply(form, 300);
});
window.addEventListener("pageshow", () => document.querySelectorAll("[data-bulk]").forEach(showTicks));
