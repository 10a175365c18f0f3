// Thoughts: small comforts. Every page works without this file.

const all = (selector, root = document) => root.querySelectorAll(selector);
const said = document.querySelector("[data-said-here]");

function say(words) {
  if (!said) return;
  said.textContent = words;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { said.textContent = ""; }, 2500);
}

// --- Times: the same words as the server's, kept fresh; the exact one in the reader's own zone ---

const locale = navigator.languages.find((language) => language.startsWith("en")) ?? "en-GB";
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function ago(when, now) {
  let seconds = Math.trunc((now - when) / 1000);
  const future = seconds < 0;
  seconds = Math.abs(seconds);
  if (seconds < 45) return "now";
  let label;
  if (seconds < 3600) label = `${Math.max(1, Math.round(seconds / 60))} min`;
  else if (seconds < 86400) label = `${Math.floor(seconds / 3600)} h`;
  else if (seconds < 604800) label = `${Math.floor(seconds / 86400)} d`;
  else {
    const date = `${when.getDate()} ${months[when.getMonth()]}`;
    return when.getFullYear() === now.getFullYear() ? date : `${date} ${when.getFullYear()}`;
  }
  return future ? `in ${label}` : label;
}

// As in "signed in 5 min ago".
function past(when, now) {
  const label = ago(when, now);
  return label === "now" ? "just now" : / (min|h|d)$/.test(label) ? `${label} ago` : label;
}

// As in "We try again at 14:05."
function soon(when, now) {
  if (when - now < 45000) return "in a moment";
  const clock = when.toLocaleTimeString(locale, { timeStyle: "short" });
  const day = when.toDateString() === now.toDateString() ? "" : `on ${when.getDate()} ${months[when.getMonth()]} `;
  return `${day}at ${clock}`;
}

function refreshTimes(root = document) {
  const now = new Date();
  for (const time of all("time[datetime]", root)) {
    const when = new Date(time.dateTime);
    if (Number.isNaN(when.getTime())) continue;
    const full = when.toLocaleString(locale, { dateStyle: "long", timeStyle: "short" });
    if ("exact" in time.dataset) time.textContent = full;
    else if (time.title) {
      time.title = full;
      const words = ("soon" in time.dataset ? soon : "past" in time.dataset ? past : ago)(when, now);
      if (time.textContent !== words) time.textContent = words;
    }
  }
}

// --- Writing ---

const segments = "Segmenter" in Intl ? new Intl.Segmenter() : null;

// As the server counts: every link is 23, a mention counts without its server.
export function lengthOf(text) {
  const plain = text
    .replace(/https?:\/\/\S+/gi, "x".repeat(23))
    .replace(/(^|[^\w/])(@\w+(?:[\w.-]*\w)?)@[\w.:-]*\w/g, "$1$2");
  return segments ? [...segments.segment(plain)].length : [...plain].length;
}

function grow(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

function composer(form) {
  const area = form.elements.source;
  const warning = form.elements.summary;
  const counter = form.querySelector("[data-counter]");
  const submit = form.querySelector("[data-submit]");
  const limit = Number(form.dataset.max);
  const update = () => {
    const left = limit - lengthOf(area.value) - (warning ? lengthOf(warning.value) : 0);
    const near = left <= 100;
    counter.textContent = !near ? "" : left < 0 ? `${-left} too many` : `${left} left`;
    counter.classList.toggle("near", near && left >= 0);
    counter.classList.toggle("over", left < 0);
    const empty = !area.value.trim() && !form.querySelector("[name=media]");
    submit.disabled = left < 0 || empty || form.dataset.busy === "1";
    grow(area);
  };
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "attach" || event.submitter?.name === "drop") attach(form, event, update);
    else form.dataset.sent = "1";
  });
  form.addEventListener("change", (event) => { if (event.target.name === "files" && event.target.files.length) attach(form, event, update); });
  addEventListener("beforeunload", (event) => {
    if (!form.dataset.sent && area.value.trim() && area.value !== area.defaultValue) event.preventDefault();
  });
  clock(form);
  emojis(form, area);
  if (area.value) area.setSelectionRange(area.value.length, area.value.length);
  update();
}

// A time is the reader's own: which distance from UTC that is depends on the day.
function clock(form) {
  const time = form.elements.scheduled_at, zone = form.elements.utc_offset, submit = form.querySelector("[data-submit]");
  if (!time) return;
  const words = submit.textContent;
  const update = () => {
    const at = time.value ? new Date(time.value) : new Date();
    const minutes = String(-at.getTimezoneOffset());
    if (![...zone.options].some((option) => option.value === minutes)) zone.add(new Option(minutes, minutes));
    zone.value = minutes;
    submit.textContent = time.value && words !== "Save" ? "Schedule" : words;
  };
  if (time.value) {
    const at = new Date(Date.parse(`${time.value}Z`) - Number(zone.value) * 60000);
    time.value = new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  }
  zone.closest("[data-zone]").hidden = true;
  time.addEventListener("input", update);
  update();
}

// An emoji goes where the cursor is; what there is comes from the page for writing when it is first asked for.
function emojis(form, area) {
  const box = form.querySelector("[data-emojis]");
  if (!box) return;
  const find = Object.assign(document.createElement("input"), { type: "search", placeholder: "Find one", ariaLabel: "Find an emoji" });
  const buttons = () => [...all("button[name=emoji]", box)];
  find.addEventListener("input", (event) => {
    event.stopPropagation();
    const wanted = find.value.trim().toLowerCase();
    for (const button of buttons()) button.hidden = !`${button.value} ${button.ariaLabel ?? ""}`.toLowerCase().includes(wanted);
  });
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (!event.ctrlKey && !event.metaKey) buttons().find((button) => !button.hidden)?.click();
  });
  box.addEventListener("toggle", async () => {
    if (!box.open) return;
    if (!buttons().length) {
      try {
        const page = new DOMParser().parseFromString(await (await fetch("/compose")).text(), "text/html");
        box.querySelector("[data-shelves]").replaceWith(page.querySelector("[data-shelves]"));
      } catch {
        return;
      }
    }
    if (!find.isConnected) box.querySelector("[data-shelves]").before(find);
    find.focus();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { box.open = false; area.focus(); }
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=emoji]");
    if (!button) return;
    event.preventDefault();
    const [start, end] = [area.selectionStart, area.selectionEnd];
    const [before, after] = [area.value.slice(0, start), area.value.slice(end)];
    area.setRangeText(`${/\S$/.test(before) ? " " : ""}${button.value}${/^\s/.test(after) ? "" : " "}`, start, end, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    say(`${button.ariaLabel ?? button.value} is in the text`);
  });
}

// Files come at once: the same POST as the button's, then only the cards are taken from the answer.
async function attach(form, event, update) {
  event.preventDefault();
  const data = new FormData(form, event.submitter?.name ? event.submitter : null);
  if (!event.submitter) data.set("attach", "1");
  form.dataset.busy = "1";
  update();
  say(event.submitter?.name === "drop" ? "Removing…" : "Uploading…");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("form[data-composer]");
    if (!fresh) throw new Error(answer.statusText);
    const known = new Set([...all("[name=media]", form)].map((one) => one.value));
    const swap = (selector) => {
      const [old, now] = [form.querySelector(selector), fresh.querySelector(selector)];
      if (old && now) old.replaceWith(now);
      else if (old) old.remove();
    };
    swap("[data-cards]");
    const files = form.querySelector("[data-files]"), room = fresh.querySelector("[data-files]");
    if (files) { files.hidden = !room; files.open = false; form.elements.files.value = ""; }
    const added = [...all("[name=media]", form)].find((one) => !known.has(one.value));
    (added ? form.elements[`alt_${added.value}`] : form.elements.source).focus();
    say(fresh.querySelector("#composer-error")?.textContent.trim() ?? "");
  } catch {
    say("That did not work. Try again in a moment.");
  }
  form.elements.source.required = !form.querySelector("[name=media]");
  form.dataset.busy = "";
  update();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest?.("form[data-composer]");
    const submit = form?.querySelector("[data-submit]");
    if (submit && !submit.disabled) { event.preventDefault(); form.requestSubmit(submit); }
  }
  if (event.key === "Escape") {
    const open = event.target.closest?.("details.menu[open], details.alt[open]") ?? document.querySelector("details.menu[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  }
});

// --- Menus close when the attention goes elsewhere ---

document.addEventListener("click", (event) => {
  for (const open of all("details.menu[open], details.alt[open]")) if (!open.contains(event.target)) open.open = false;
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => say(copy.dataset.said), () => say(copy.dataset.copy));
  const back = event.target.closest("[data-back]");
  if (back && document.referrer.startsWith(`${location.origin}/`) && history.length > 1) { event.preventDefault(); history.back(); }
});

// --- Like, boost and bookmark stay where they are: the same POST, then only this button is taken from the answer ---

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (!form.matches("form.acts") || !submitter?.hasAttribute("aria-pressed")) return;
  event.preventDefault();
  if (submitter.ariaBusy) return;
  const pressed = submitter.ariaPressed === "true";
  submitter.ariaPressed = String(!pressed);
  submitter.ariaBusy = "true";
  const { id } = form.closest("article");
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(submitter.formAction, { method: "POST", body, keepalive: true });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const named = (button) => button.className === submitter.className;
    const fresh = [...all("button[aria-pressed]", page.getElementById(id) ?? page)].find(named);
    if (!answer.ok || !fresh) throw new Error(answer.statusText);
    const focused = document.activeElement === submitter;
    submitter.replaceWith(fresh);
    if (focused) fresh.focus({ preventScroll: true });
  } catch {
    submitter.ariaPressed = String(pressed);
    submitter.ariaBusy = null;
    say("That did not work. Try again in a moment.");
  }
});

// --- Home says how much is new; only while somebody looks, for browsers open six connections at most ---

function listen(bar) {
  const link = bar.querySelector("a");
  let stream = null;
  let count = 0;
  const update = () => {
    count += 1;
    link.textContent = count === 1 ? "1 new thought" : `${count} new thoughts`;
    bar.hidden = false;
  };
  const open = () => {
    stream?.close();
    stream = document.hidden ? null : new EventSource(bar.dataset.stream);
    stream?.addEventListener("update", update);
  };
  document.addEventListener("visibilitychange", open);
  open();
}

// --- Choosing many ---

function bulk(form) {
  const boxes = [...all("input[name=ids]", form)];
  const every = form.querySelector("[data-all]");
  const count = form.querySelector("[data-count]");
  const actions = [...all("button[value=retry], button[value=discard]", form)];
  if (!every) return;
  every.hidden = false;
  const update = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    every.checked = chosen === boxes.length;
    every.indeterminate = chosen > 0 && chosen < boxes.length;
    count.textContent = chosen ? `${chosen} chosen` : "Choose all here";
    for (const button of actions) button.disabled = !chosen;
  };
  every.addEventListener("change", () => { for (const box of boxes) box.checked = every.checked; });
  form.addEventListener("change", update);
  update();
}

// --- A picture's mean colour while it loads (the first component of its blurhash) ---

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

function blur(image) {
  const value = [...image.dataset.blur.slice(2, 6)].reduce((sum, digit) => sum * 83 + digits.indexOf(digit), 0);
  image.style.backgroundColor = `rgb(${value >> 16} ${(value >> 8) & 255} ${value & 255})`;
}

function enhance(root) {
  for (const hidden of all("[data-copy][hidden]", root)) hidden.hidden = false;
  for (const image of all("img[data-blur]", root)) blur(image);
  refreshTimes(root);
}

enhance(document);
all("form[data-composer]").forEach(composer);
all("form[data-bulk]").forEach(bulk);
all("[data-stream]").forEach(listen);
for (const area of all("textarea[data-grow]")) { area.addEventListener("input", () => grow(area)); grow(area); }
setInterval(() => { if (!document.hidden) refreshTimes(); }, 30000);
