// Forms: drafts saved by themselves, a guard over unsaved words, Enter to the next field, focus on the first fault.
import { faultText, send } from "./net.js";
import { line, say } from "./text.js";

const dirty = new WeakSet();
const saving = new WeakMap();
const EVERY = 10000;

const note = (form, words, fault = false) => {
  const place = form.querySelector("[data-saved]");
  if (!place) return;
  place.textContent = words;
  place.classList.toggle("is-fault", fault);
};

function draft(form) {
  const data = new FormData(form);
  for (const [key, value] of [...data]) if (value instanceof File) data.delete(key);
  return data;
}

export function save(form) {
  if (!form.dataset.busy && dirty.has(form)) saving.set(form, put(form));
}

async function put(form) {
  form.dataset.busy = "1";
  dirty.delete(form);
  try {
    const response = await send(form.dataset.autosave || form.action, {
      method: "POST", body: draft(form), headers: { "X-Autosave": "1" },
    });
    if (!response.ok) throw new Error(await faultText(response));
    const answer = await response.json();
    if (answer.version !== undefined && form.elements.version) form.elements.version.value = answer.version;
    note(form, say("saved", { time: answer.saved_at }));
    form.dispatchEvent(new CustomEvent("xueji:saved", { bubbles: true, detail: answer }));
  } catch (fault) {
    dirty.add(form);
    note(form, fault instanceof TypeError ? say("unsaved") : fault.message, true);
  } finally {
    delete form.dataset.busy;
  }
}

let composing = false;
document.addEventListener("compositionstart", () => { composing = true; });
document.addEventListener("compositionend", () => { composing = false; });
const mark = (event) => {
  const form = event.target.closest?.("form[data-autosave], form[data-guard]");
  if (form) dirty.add(form);
};
document.addEventListener("input", mark);
document.addEventListener("change", mark);
setInterval(() => { if (!composing) document.querySelectorAll("form[data-autosave]").forEach(save); }, EVERY);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save-draft]");
  if (!button) return;
  const form = button.form || button.closest("form");
  dirty.add(form);
  save(form);
  event.preventDefault();
});

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented) return;
  if (!form.dataset.busy) { dirty.delete(form); return; }
  // A save on its way changes the version that the form must name.
  event.preventDefault();
  saving.get(form).then(() => form.requestSubmit(submitter));
});
window.addEventListener("beforeunload", (event) => {
  const open = [...document.querySelectorAll("form[data-autosave], form[data-guard]")].some((form) => dirty.has(form));
  if (open) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-enter-next]");
  if (!form || event.key !== "Enter" || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return;
  if (event.target.matches("textarea, button, [type=submit], a")) return;
  event.preventDefault();
  const fields = [...form.elements].filter((one) => one.type !== "hidden" && !one.disabled && !one.readOnly && one.getClientRects().length);
  fields[fields.indexOf(event.target) + 1]?.focus();
});

// What the browser finds missing is said beside the field in the page's language, not in a bubble that vanishes.
const complaint = (input) => {
  if (!input.validity.valueMissing) return say("unfit");
  return say(input.type === "checkbox" ? "tick" : "missing");
};
document.addEventListener("invalid", (event) => {
  event.preventDefault();
  const input = event.target;
  const first = [...input.form.elements].find((one) => one.willValidate && !one.validity.valid);
  if (input === first) input.focus();
  if (input.dataset.complained) return;
  input.dataset.complained = "1";
  input.setAttribute("aria-invalid", "true");
  const words = line("xj-fault", "alert-circle", complaint(input));
  words.id = `${input.id || input.name}-complaint`;
  input.setAttribute("aria-describedby", words.id);
  const box = input.closest(".xj-field, .xj-drop");
  if (box) box.append(words);
  else (input.closest("label") || input).after(words);
}, true);
const forgive = ({ target }) => {
  if (!target.dataset?.complained) return;
  delete target.dataset.complained;
  document.getElementById(target.getAttribute("aria-describedby"))?.remove();
  target.removeAttribute("aria-invalid");
  target.removeAttribute("aria-describedby");
};
document.addEventListener("input", forgive);
document.addEventListener("change", forgive);

// A chosen file is named in the page's own words; the control of the browser lies unseen above them.
const name = (input) => {
  const place = input.closest(".xj-pick")?.querySelector("[data-file-name]");
  if (!place) return;
  place.dataset.none ??= place.textContent;
  place.textContent = [...input.files].map((file) => file.name).join(", ") || place.dataset.none;
};
document.addEventListener("change", (event) => { if (event.target.type === "file") name(event.target); });
window.addEventListener("pageshow", () => document.querySelectorAll(".xj-pick input").forEach(name));

(document.querySelector(".xj-field [aria-invalid=true]") || document.querySelector("[data-error-summary]"))?.focus();
