// The words of the page's script, in the page's language (written by the server as data).
const holder = document.getElementById("xj-texts");
const texts = holder ? JSON.parse(holder.textContent) : {};

export function say(key, values = {}) {
  return (texts[key] || key).replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "");
}

const sprite = document.querySelector(".xj-icon use")?.getAttribute("href").split("#")[0];

/** A line of words behind an icon, as the field component writes them. */
export function line(css, icon, words) {
  const box = document.createElement("p");
  box.className = css;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "xj-icon xj-icon-16");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${icon}`);
  svg.append(use);
  box.append(svg, words);
  return box;
}

let timer;

/** Show a line at the foot of the page for three seconds. */
export function toast(words) {
  let box = document.getElementById("xj-toast");
  if (!box) {
    box = document.createElement("div");
    box.id = "xj-toast";
    box.className = "xj-toast";
    box.setAttribute("role", "status");
    document.body.append(box);
  }
  box.textContent = words;
  box.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { box.hidden = true; }, 3000);
}

/** Put an alert above the page's content; an empty text takes it away. */
export function alertLine(words, kind = "red") {
  const place = document.getElementById("messages");
  if (!place) return;
  place.querySelector("[data-script-alert]")?.remove();
  if (!words) return;
  const box = document.createElement("div");
  box.className = `xj-alert xj-${kind}`;
  box.dataset.scriptAlert = "";
  box.setAttribute("role", "alert");
  const text = document.createElement("div");
  text.textContent = words;
  box.append(text);
  place.append(box);
  box.scrollIntoView({ block: "nearest" });
}
