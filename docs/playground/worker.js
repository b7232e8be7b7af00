// Python in a thread of its own, so that typing stays quick. Nothing is fetched but the files beside this one.
import { loadPyodide } from "./pyodide.mjs";

let python, app;

async function start() {
  python = await loadPyodide({ indexURL: new URL("./", self.location.href).href });
  const site = await (await fetch("site.zip")).arrayBuffer();
  python.unpackArchive(site, "zip", { extractDir: "/site" });
  python.runPython("import sys; sys.path.insert(0, '/site')");
  app = python.pyimport("app");
  const formats = JSON.parse(app.formats());
  self.postMessage({ kind: "ready", formats });
}

// Two answers: the conversion at once, then what the other programs make of it.
self.onmessage = ({ data }) => {
  const asked = JSON.stringify(data.asked);
  const begun = performance.now();
  try {
    const answer = JSON.parse(app.convert(asked));
    self.postMessage({ kind: "converted", number: data.number, answer, took: performance.now() - begun });
    const agents = answer.problem ? [] : JSON.parse(app.programs(asked, answer.format));
    self.postMessage({ kind: "programs", number: data.number, agents, to: data.asked.to });
  } catch (error) {
    const problem = `a mistake in agentconv: ${String(error).trim().split("\n").pop()}`;
    self.postMessage({ kind: "converted", number: data.number, answer: { problem }, took: 0 });
    self.postMessage({ kind: "programs", number: data.number, agents: [], to: "" });
  }
};

start().catch((error) => self.postMessage({ kind: "failed", text: String(error) }));
