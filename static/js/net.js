// Every request of our own: the CSRF token, the offline bar, and signing in again when the session has ended.
import { alertLine, say } from "./text.js";

const body = document.body;
const offlineBar = document.getElementById("xj-offline");
let lastContact = Date.now();
let signingIn = null;

export const csrf = () => document.querySelector('meta[name="csrf-token"]').content;
export const sinceContact = () => Date.now() - lastContact;
export const touch = () => { lastContact = Date.now(); };

export function setOffline(off) {
  if (offlineBar) offlineBar.hidden = !off;
}

function adopt(page) {
  const token = page.querySelector('meta[name="csrf-token"]')?.content;
  if (token) {
    document.querySelector('meta[name="csrf-token"]').content = token;
    document.querySelectorAll('input[name="csrfmiddlewaretoken"]').forEach((input) => { input.value = token; });
  }
  const user = page.body.dataset.user;
  return !user || !body.dataset.user || user === body.dataset.user;
}

const parse = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");

function showForm(dialog, page, address) {
  const place = dialog.querySelector("[data-sign-in-place]");
  const form = page.querySelector("form[data-sign-in-form]");
  if (!form) return null;
  form.action = new URL(form.getAttribute("action") || address, address).href;
  place.replaceChildren(...[...page.querySelectorAll("#messages > *")], form);
  (form.querySelector("[aria-invalid]") || form.querySelector("input:not([type=hidden])"))?.focus();
  return form;
}

async function askToSignIn() {
  const dialog = document.getElementById("xj-sign-in");
  const address = new URL(body.dataset.signInUrl || "/", location.href).href;
  if (!dialog || !body.dataset.signInUrl) {
    location.reload();
    return new Promise(() => {});
  }
  const response = await fetch(address, { credentials: "same-origin" });
  let page = await parse(response);
  if (!page.querySelector("form[data-sign-in-form]")) return adopt(page);
  if (!dialog.open) dialog.showModal();
  return new Promise((done) => {
    const next = (form) => form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const data = new FormData(form, event.submitter);
      const answer = await fetch(form.action, { method: "POST", body: data, credentials: "same-origin" });
      page = await parse(answer);
      const again = showForm(dialog, page, answer.url);
      if (again) { next(again); return; }
      dialog.close();
      done(adopt(page));
    });
    next(showForm(dialog, page, response.url));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
  });
}

/** Ask to sign in over the page; one dialog for all who wait. Another person than before gets a fresh page. */
export function signIn() {
  signingIn ??= askToSignIn().then((same) => {
    touch();
    if (!same) {
      alertLine(say("other_person"), "amber");
      location.reload();
      return new Promise(() => {});
    }
    return true;
  }).finally(() => { signingIn = null; });
  return signingIn;
}

/** fetch() for our pages. A 401 asks to sign in and then repeats the same request. Network faults throw. */
export async function send(url, { method = "GET", body: data, headers = {} } = {}) {
  const go = () => {
    if (data instanceof FormData && data.has("csrfmiddlewaretoken")) data.set("csrfmiddlewaretoken", csrf());
    const own = { "X-Requested-With": "XMLHttpRequest", Accept: "application/json", "X-CSRFToken": csrf(), ...headers };
    return fetch(url, { method, body: data, headers: own, credentials: "same-origin" });
  };
  let response;
  try {
    response = await go();
    if (response.status === 401) {
      await signIn();
      response = await go();
    }
  } catch (fault) {
    setOffline(true);
    throw fault;
  }
  setOffline(false);
  touch();
  return response;
}

/** What a refused answer says, in words for the reader. */
export async function faultText(response) {
  const kind = response.headers.get("Content-Type") || "";
  if (kind.includes("json")) {
    const answer = await response.json();
    return answer.message || say("refused");
  }
  const page = await parse(response);
  return pageFault(page, response.status);
}

export function pageFault(page, status) {
  const text = page.querySelector("[data-error-text]")?.textContent.trim();
  const number = page.querySelector("[data-error-number]")?.textContent.trim();
  if (status >= 500) return say("server_fault", { number: number || "—" });
  return text || say("refused");
}

// A form posted long after the last contact first makes sure that the session still stands, so that nothing typed is lost.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const ours = form.method === "post" && !form.hasAttribute("hx-post") && !form.closest("dialog#xj-sign-in");
  if (event.defaultPrevented || !ours || !body.dataset.sessionUrl || sinceContact() < 180000) return;
  event.preventDefault();
  const { submitter } = event;
  send(body.dataset.sessionUrl).then(() => { touch(); form.requestSubmit(submitter); }, () => {});
});

document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRFToken"] = csrf(); });
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.xhr.status) { touch(); setOffline(false); } });
document.addEventListener("htmx:sendError", () => setOffline(true));
document.addEventListener("htmx:responseError", (event) => {
  const { xhr, requestConfig, target } = event.detail;
  if (xhr.status === 401) {
    const values = {};
    for (const [key, value] of requestConfig.formData?.entries?.() ?? []) (values[key] ??= []).push(value);
    signIn().then(() => {
      if ("csrfmiddlewaretoken" in values) values.csrfmiddlewaretoken = csrf();
      window.htmx.ajax(requestConfig.verb, requestConfig.path, { source: requestConfig.elt, target, values });
    });
    return;
  }
  alertLine(pageFault(new DOMParser().parseFromString(xhr.responseText, "text/html"), xhr.status));
});
window.addEventListener("offline", () => setOffline(true));
window.addEventListener("online", () => setOffline(false));

// After one second the reader is told that the page is still loading.
const waits = new Map();
document.addEventListener("htmx:beforeRequest", (event) => {
  const { target } = event.detail;
  waits.set(event.detail.xhr, setTimeout(() => target.setAttribute("data-loading", say("loading")), 1000));
});
document.addEventListener("htmx:afterRequest", (event) => {
  clearTimeout(waits.get(event.detail.xhr));
  waits.delete(event.detail.xhr);
  event.detail.target.removeAttribute("data-loading");
});
