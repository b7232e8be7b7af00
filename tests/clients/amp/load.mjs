// What Amp's own plugin runtime makes of .amp/plugins of a project: `amp plugins exec` starts it offline on a plugin of ours,
// which hands the runtime's API to each plugin of the project and tells which agent modes were registered. Loading runs them.
//
// The runtime checks what createAgent and registerAgentMode are given. Which tools a list gives is settled by ampcode.com:
// here as the API's comments say (globs over names; `exclude` wins), over the names that stand in the runtime's source.
import { spawnSync } from "node:child_process"
import fs from "node:fs"
import os from "node:os"
import path from "node:path"

const [base, given] = process.argv.slice(2)
const root = path.resolve(given)
const pkg = path.join(base, "node_modules/@ampcode/cli-linux-x64")
const version = JSON.parse(fs.readFileSync(path.join(pkg, "package.json"), "utf8")).version
const folder = path.join(root, ".amp/plugins")
const names = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith(".ts")).sort() : []

const tmp = fs.mkdtempSync(path.join(os.tmpdir(), "amp-"))
const answer = path.join(tmp, "answer.json")
const asking = path.join(tmp, ".amp/plugins/asking.ts")
fs.mkdirSync(path.dirname(asking), { recursive: true })
fs.writeFileSync(asking, `
import fs from "node:fs"
export default async function (amp) {
	const out = { source: fs.readFileSync(process.argv[1], "utf8"), files: {} }
	for (const [name, file] of ${JSON.stringify(names.map((name) => [name, path.join(folder, name)]))}) {
		amp.agentModes.clear()
		const one = (out.files[name] = { modes: [], error: "" })
		try {
			await (await import(file)).default(amp)
		} catch (error) {
			one.error = String(error?.message ?? error)
		}
		one.modes = [...amp.agentModes.values()]
	}
	fs.writeFileSync(${JSON.stringify(answer)}, JSON.stringify(out))
}
`)
const run = spawnSync(path.join(pkg, "amp"), ["plugins", "exec", asking, "session.start", "--data", '{"thread":{"id":"T-1"}}'],
	{ cwd: root, encoding: "utf8", timeout: 120000 })
const out = { client: "amp", version, via: "plugins exec", known: { tools: [] }, agents: [], errors: [] }
if (!fs.existsSync(answer)) throw new Error(`the runtime said nothing: ${(run.stderr || run.stdout || "").slice(-600)}`)
const said = JSON.parse(fs.readFileSync(answer, "utf8"))

// lists of names in the runtime's source: those of built-in modes, and of all tools that are known by name
const lists = [...said.source.matchAll(/\[((?:"[A-Za-z_]+"|\.\.\.\w+)(?:,(?:"[A-Za-z_]+"|\.\.\.\w+))*)\]/g)].map((found) => found[1])
const TOOLS = new Set(lists.filter((one) => /"(?:shell_command|set_schedule|slack_write|gmail_read|google_docs_read|list_github_subscriptions|list_slack_listeners)"/.test(one)).flatMap((one) => [...one.matchAll(/"(\w+)"/g)].map((m) => m[1])))
out.known.tools = [...TOOLS].sort()

const glob = (text) => new RegExp(`^${text.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".")}$`)
const named = (patterns) => patterns.flatMap((one) => one.startsWith("mcp__") ? [one] : [...TOOLS].filter((name) => glob(one).test(name)))
// null: all of them
function tools(selection = "all") {
	if (Array.isArray(selection)) selection = { include: selection }
	const { include = "all", add = [], exclude = [] } = selection === "all" ? {} : selection
	if (include === "all" && !exclude.length) return null
	const there = [...(include === "all" ? [...TOOLS, "mcp__*"] : named(include)), ...named(add)]
	return [...new Set(there)].filter((name) => !exclude.some((one) => glob(one).test(name)))
}

// the client finds modes by these comments before it runs a plugin, and warns where they differ from what is registered
const MARK = /^\s*\/\/\s*@amp-agent-mode\s+(\{.*\})\s*$/
function marks(text) {
	const found = text.split(/\r?\n/).map((line) => MARK.exec(line)?.[1]).filter(Boolean)
	return found.map((one) => { try { return JSON.parse(one) } catch { return {} } })
}

// what the definition has to be where it is sent on: the schema of the client (zdH in its source), which cannot be called
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]
const texts = (value) => Array.isArray(value) && value.every((one) => typeof one === "string")
const selection = (value) => value === "all" || texts(value) || (value !== null && typeof value === "object" && !Array.isArray(value)
	&& [value.include, value.add, value.exclude].every((one) => one === undefined || texts(one) || (one === "all" && one === value.include)))
function odd(a) {
	if (a.name !== undefined && typeof a.name !== "string") return "`name` is no text"
	if (a.tools !== undefined && !selection(a.tools)) return "`tools` is no selection"
	if (a.reasoningEffort !== undefined && !EFFORTS.includes(a.reasoningEffort)) return "`reasoningEffort` is no level"
	return ""
}

for (const name of names) {
	const file = `.amp/plugins/${name}`
	const { modes, error } = said.files[name]
	const there = marks(fs.readFileSync(path.join(folder, name), "utf8"))
	const wrong = modes.map((m) => odd(m.agent)).find(Boolean) ?? ""
	for (const m of wrong ? [] : modes) {
		const marked = there.some((one) => one.key === m.key && one.label === m.label && (one.color ?? "") === (m.color ?? "").toLowerCase())
		const a = m.agent
		out.agents.push({ file, name: m.key, title: m.label, description: m.description ?? null, prompt: a.instructions,
			tools: tools(a.tools), model: a.model, extends: a.extends ?? null, effort: a.reasoningEffort ?? null, marked })
	}
	if (error || wrong || !modes.length) out.errors.push({ file, message: error || wrong || "it registers no agent mode" })
}
fs.rmSync(tmp, { recursive: true, force: true })
console.log(JSON.stringify(out, null, 1))
