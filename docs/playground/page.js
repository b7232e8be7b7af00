// The page: what is typed goes to the worker, what comes back is put in as text, never as HTML.
const $ = (id) => document.getElementById(id);
const worker = new Worker("worker.js", { type: "module" });
const LETTERS = [["reads", "R", "reads files"], ["writes", "W", "changes files"], ["runs", "X", "runs commands"],
  ["network", "N", "uses the network"], ["delegates", "D", "calls agents"], ["mcp", "M", "MCP servers"]];
let asked = 0, waiting = false, again = false, path = "";

function element(name, text, ...classes) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  made.classList.add(...classes.filter(Boolean));
  return made;
}

function fill(select, formats, first) {
  if (first) select.append(new Option(first, ""));
  for (const one of formats) select.append(new Option(`${one.title} (${one.id})`, one.id));
}

function ask() {
  if (waiting) { again = true; return; }
  waiting = true;
  const text = $("source").value;
  worker.postMessage({ number: ++asked, asked: { text, path, from: $("from").value, to: $("to").value } });
}

function letters(rights) {
  const whole = new Set(rights.filter((r) => !r.includes("(")).map((r) => r.split(":")[0]));
  const part = new Set(rights.map((r) => r.split(/[(:]/)[0]));
  const box = element("span", undefined, "letters");
  for (const [word, letter, title] of LETTERS) {
    const all = whole.has("all") || whole.has(word), some = part.has(word);
    const one = element("span", all ? letter : some ? letter.toLowerCase() : "·", all || some ? `r-${word}` : "none");
    one.title = all || some ? title + (all ? "" : ", limited") : `not: ${title}`;
    box.append(one);
  }
  return box;
}

function show(answer, took) {
  $("problem").hidden = !answer.problem;
  $("problem").textContent = answer.problem ?? "";
  $("result").hidden = Boolean(answer.problem);
  if (!answer.problem) {
    $("format").textContent = `read as: ${answer.title}` + (answer.loads ? "" : ` — its program would not load it: ${answer.reason}`);
    $("output").textContent = answer.text;
    const refused = answer.status.includes("refused");
    const status = refused ? `refused: there it could also ${answer.gained.join(", ")}` : `${answer.status.join(", ")} — ${answer.place}`;
    $("status").textContent = status;
    $("status").className = answer.status[0];
    notes(answer.notes);
  }
  document.body.dataset.took = took.toFixed(1);
}

function programs(agents, to) {
  const table = $("programs");
  table.replaceChildren();
  for (const agent of agents) {
    const asks = element("tr");
    asks.append(element("th", agent.name), cell(letters(agent.rights)), element("td", "what its file asks for"));
    table.append(asks);
    for (const one of agent.cells) {
      const row = element("tr", undefined, one.id === to && "chosen");
      const free = ["refused", "failed", "skipped", "not loaded"].includes(one.how);
      row.append(element("td", one.program), cell(free ? element("span", one.how, "word") : letters(one.rights)), element("td", free ? "" : one.how));
      table.append(row);
    }
  }
}

function cell(inner) {
  const made = element("td");
  made.append(inner);
  return made;
}

function notes(found) {
  const list = $("notes");
  list.replaceChildren();
  for (const note of found) {
    const item = element("li", undefined, note.effect);
    item.append(element("b", note.code), ` ${note.effect}${note.line ? ` line ${note.line}` : ""}: ${note.text}`);
    if (note.help) item.append(element("small", note.help));
    list.append(item);
  }
  if (!found.length) list.append(element("li", "Everything arrived; nothing to say.", "info"));
}

worker.onmessage = ({ data }) => {
  if (data.kind === "failed") { $("loading").textContent = `Python could not be started: ${data.text}`; return; }
  if (data.kind === "ready") {
    fill($("from"), data.formats, "find out");
    fill($("to"), data.formats.filter((one) => one.written));
    $("to").value = "vscode";
    $("loading").hidden = true;
    restore().then(ask);
    return;
  }
  const newest = data.number === asked && !again;
  if (data.kind === "converted") { if (newest) show(data.answer, data.took); return; }
  if (newest) { programs(data.agents, data.to); document.body.dataset.state = "shown"; }
  waiting = false;
  if (again) { again = false; ask(); }
};

// -- sharing: the text travels behind the #, which no browser sends to a server ---------------

async function pass(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

async function share() {
  const state = { text: $("source").value, from: $("from").value, to: $("to").value, path };
  const packed = await pass(new TextEncoder().encode(JSON.stringify(state)), new CompressionStream("deflate-raw"));
  const code = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  history.replaceState(null, "", `#${code}`);
  await navigator.clipboard?.writeText(location.href).catch(() => {});
  $("share").textContent = "in the address";
}

async function restore() {
  if (location.hash.length < 2) return;
  try {
    const raw = atob(location.hash.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = await pass(Uint8Array.from(raw, (letter) => letter.charCodeAt(0)), new DecompressionStream("deflate-raw"));
    const state = JSON.parse(new TextDecoder().decode(bytes));
    $("source").value = String(state.text);
    path = String(state.path ?? "");
    for (const id of ["from", "to"]) if ([...$(id).options].some((one) => one.value === state[id])) $(id).value = state[id];
  } catch { /* a broken address is an empty one */ }
}

$("source").addEventListener("input", () => { path = ""; ask(); });
for (const id of ["from", "to"]) $(id).addEventListener("change", ask);
$("share").addEventListener("click", share);
$("copy").addEventListener("click", () => navigator.clipboard.writeText($("output").textContent));
$("file").addEventListener("change", (event) => take(event.target.files[0]));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files[0]); });

async function take(file) {
  if (!file) return;
  $("source").value = await file.text();
  path = file.name;
  ask();
}
