// Runs the agent discovery code of Pi's own subagent extension (shipped inside the
// Pi package as an example) on .pi/agents; print one JSON object.
//
// The discovery code (examples/extensions/subagent/agents.ts) and the frontmatter parser
// (dist/utils/frontmatter.js) are Pi's; only the two path constants it imports are supplied here.
import fs from "node:fs"
import os from "node:os"
import path from "node:path"
import { createRequire } from "node:module"

const [base, given] = process.argv.slice(2)
const dir = path.resolve(given)
const require = createRequire(path.join(base, "node_modules", "any.js"))
const pkg = path.join(base, "package")

// the program's own set, and what the extensions that come with it call their tools
function names() {
	const code = (file) => fs.readFileSync(path.join(pkg, "dist", file), "utf8")
	const own = /allToolNames = new Set\(\[([^\]]*)\]/.exec(code("core/tools/index.js"))
	const more = ["extensions/codemode/tool.js", "extensions/tool-search/tool.js", "core/mcp-servers.js"]
		.flatMap((file) => [...code(file).matchAll(/(?:_NAME|_TOOL) = "([a-z_]+)"/g)])
		.map((found) => found[1])
	return [...(own ? own[1].match(/[a-z_]+/g) : []), ...new Set(more)]
}
const TOOLS = names()

// names or * patterns, optionally +name or -name; MCP tools are mcp__server__tool
const known = (t) => t.startsWith("mcp__") || t.includes("*") || TOOLS.includes(t.replace(/^[+-]/, ""))

async function main() {
	const tmp = fs.mkdtempSync(path.join(os.tmpdir(), "load-pi-"))
	const result = { client: "pi", version: JSON.parse(fs.readFileSync(path.join(pkg, "package.json"))).version,
		via: "examples/extensions/subagent/agents.ts", known: { tools: TOOLS }, agents: [], errors: [] }
	try {
		const shim = path.join(tmp, "shim.mjs")
		fs.writeFileSync(shim, `export { parseFrontmatter } from ${JSON.stringify(path.join(pkg, "dist/utils/frontmatter.js"))}
export const CONFIG_DIR_NAME = ".pi"
export const getAgentDir = () => ${JSON.stringify(path.join(tmp, "home", ".pi", "agent"))}
`)
		const { createJiti } = require(path.join(base, "node_modules", "jiti"))
		const jiti = createJiti(path.join(pkg, "index.js"), { moduleCache: false, fsCache: false,
			alias: { "@earendil-works/pi-coding-agent": shim } })
		const { discoverAgents } = await jiti.import(path.join(pkg, "examples/extensions/subagent/agents.ts"))
		const folder = path.join(dir, ".pi", "agents")
		const files = fs.existsSync(folder)
			? fs.readdirSync(folder, { recursive: true }).map(String).filter((f) => fs.statSync(path.join(folder, f)).isFile()).sort() : []
		for (const f of files) {
			const rel = path.join(".pi", "agents", f)
			const one = path.join(tmp, "one")
			fs.rmSync(one, { recursive: true, force: true })
			fs.mkdirSync(path.dirname(path.join(one, rel)), { recursive: true })
			fs.copyFileSync(path.join(folder, f), path.join(one, rel))
			try {
				const got = discoverAgents(one, "project").agents
				if (!got.length) result.errors.push({ file: rel, silent: true, message: "not loaded and nothing said (needs .md directly in .pi/agents, and name and description as strings)" })
				for (const a of got)
					result.agents.push({ file: rel, name: a.name, description: a.description, tools: a.tools ?? "all",
						...(a.tools && a.tools.some((t) => !known(t)) ? { tools_not_builtin: a.tools.filter((t) => !known(t)) } : {}),
						model: a.model ?? null, mode: "subagent", prompt: a.systemPrompt })
			} catch (e) {
				result.errors.push({ file: rel, fatal: true, message: String(e.message).split("\n")[0] })
			}
		}
		try {
			result.project = { loads: true, agents: discoverAgents(dir, "project").agents.map((a) => a.name) }
		} catch (e) {
			result.project = { loads: false, message: String(e.message).split("\n")[0] }
		}
	} finally {
		fs.rmSync(tmp, { recursive: true, force: true })
	}
	process.stdout.write(JSON.stringify(result, null, 1) + "\n")
}
main().catch((e) => { console.error(e); process.exit(1) })
