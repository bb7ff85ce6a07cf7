// The applicant form: the server's checks as one types, regions by name, the same address again. Nothing is judged here.
import { faultText, send } from "./net.js";
import { alertLine, line } from "./text.js";

const root = document.querySelector("[data-intake]");
const form = document.getElementById("applicant-form");

const boxOf = (name) => form.querySelector(`[data-field="${name}"]`);
const inputOf = (name) => form.elements[name];

function clear(name) {
  const box = boxOf(name);
  box?.classList.remove("has-error");
  box?.querySelectorAll(".xj-fault, .xj-warn").forEach((one) => one.remove());
  form.querySelectorAll(`[data-warns="${name}"]`).forEach((one) => one.remove());
  inputOf(name)?.removeAttribute("aria-invalid");
}

function show(name, faults) {
  clear(name);
  const box = boxOf(name);
  const input = inputOf(name);
  if (!box || !input) return;
  for (const { level, text } of faults) {
    const wrong = level === "error";
    const words = line(wrong ? "xj-fault" : "xj-warn", wrong ? "alert-circle" : "alert-triangle", text);
    words.id = `${input.id}-${wrong ? "error" : "warning"}`;
    box.append(words);
    input.setAttribute("aria-describedby", words.id);
    if (wrong) {
      box.classList.add("has-error");
      input.setAttribute("aria-invalid", "true");
    }
  }
}

const touched = new Set();
let asked = 0;

function fill(values) {
  for (const [name, value] of Object.entries(values)) {
    const input = inputOf(name);
    if (!input || (input.value && !input.dataset.auto) || input.value === value) continue;
    input.value = value;
    input.dataset.auto = "1";
    touched.add(name);
    const label = boxOf(name)?.querySelector(".xj-label");
    if (label && !label.querySelector(".xj-auto")) {
      const mark = document.createElement("span");
      mark.className = "xj-auto";
      mark.textContent = root.dataset.autoLabel;
      label.append(mark);
    }
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function nameRegions(names) {
  for (const [name, words] of Object.entries(names)) {
    const input = inputOf(name);
    const box = boxOf(name);
    if (!input || !box) continue;
    let help = box.querySelector(".xj-help");
    if (!help && words) {
      help = document.createElement("p");
      help.className = "xj-help";
      input.after(help);
    }
    if (help) help.textContent = words;
  }
}

function tickSections() {
  for (const part of form.querySelectorAll("[data-part]")) {
    const item = root.querySelector(`[data-section="${part.dataset.part}"]`);
    const fields = [...part.querySelectorAll("[data-field]")];
    const inputs = fields.map((box) => [box.querySelector("input, select"), box.querySelector(".xj-required")]);
    const given = (input) => (input?.type === "checkbox" ? input.checked : Boolean(input?.value));
    const asked = inputs.filter(([, star]) => star);
    const open = asked.length ? asked.some(([input]) => !given(input)) : !inputs.some(([input]) => given(input));
    const wrong = fields.some((box) => box.classList.contains("has-error"));
    item?.classList.toggle("is-fault", wrong);
    item?.classList.toggle("is-done", !wrong && !open);
  }
}

async function check() {
  const mine = ++asked;
  let answer;
  try {
    const response = await send(root.dataset.checkUrl, { method: "POST", body: new FormData(form) });
    if (!response.ok) throw new Error(await faultText(response));
    answer = await response.json();
  } catch (fault) {
    if (!(fault instanceof TypeError)) alertLine(fault.message);
    return;
  }
  if (mine !== asked) return;
  fill(answer.filled);
  nameRegions(answer.regions);
  for (const box of form.querySelectorAll("[data-field]")) {
    const name = box.dataset.field;
    const faults = answer.faults[name] || [];
    const value = inputOf(name)?.value;
    if (value || touched.has(name)) show(name, faults.filter((one) => value || one.code !== "required" || touched.has(name)));
  }
  const age = Object.values(answer.faults).flat().some((one) => ["age_unusual", "under_age"].includes(one.code));
  const reason = form.querySelector("[data-age]");
  if (reason && age) reason.hidden = false;
  tickSections();
}

let wait;
const later = (delay) => { clearTimeout(wait); wait = setTimeout(check, delay); };

async function suggest(input) {
  const data = new FormData();
  data.set("q", input.value);
  let response;
  try {
    response = await send(root.dataset.regionsUrl, { method: "POST", body: data });
  } catch {
    return;
  }
  if (!response.ok) return;
  const { options } = await response.json();
  document.getElementById(`regions-${input.name}`).replaceChildren(...options.map(([code, words]) => new Option(words, code)));
}

let typing;
if (form && root) {
  form.addEventListener("input", (event) => {
    const input = event.target;
    if (event.isTrusted && input.dataset.auto) {
      delete input.dataset.auto;
      boxOf(input.name)?.querySelector(".xj-auto")?.remove();
    }
    if (!("region" in input.dataset) || event.isComposing || input.value.length < 2) return;
    clearTimeout(typing);
    typing = setTimeout(() => suggest(input), 250);
  });
  form.addEventListener("change", (event) => {
    touched.add(event.target.name);
    later(50);
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-same]");
    if (!button) return;
    const input = inputOf(button.dataset.same);
    input.value = inputOf("current_address").value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.focus();
  });
  form.addEventListener("focusin", (event) => {
    const part = event.target.closest("[data-part]")?.dataset.part;
    root.querySelectorAll("[data-section]").forEach((item) => {
      const link = item.querySelector("a");
      if (item.dataset.section === part) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  });
  tickSections();
}

document.querySelector("dialog[data-open-now]")?.showModal();
document.querySelectorAll(".xj-return").forEach((dialog) => dialog.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) dialog.querySelector("form").requestSubmit();
}));
