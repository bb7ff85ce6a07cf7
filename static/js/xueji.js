// The page's script: plain ES modules, no bundler. Words come from the server; nothing personal goes into browser storage.
import "./net.js";
import "./frame.js";
import "./lists.js";
import "./keys.js";
import "./forms.js";
import "./reveal.js";
import "./charts.js";
import "./search.js";

document.documentElement.classList.add("has-script");
