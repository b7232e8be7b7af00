// Parses .continue/agents/*.md with Continue's own agent-file parser
// (@continuedev/config-yaml); print one JSON object.
import fs from "node:fs"
import path from "node:path"
import { pathToFileURL } from "node:url"

const [base, given] = process.argv.slice(2)
const dir = path.resolve(given)
const pkg = path.join(base, "node_modules", "@continuedev", "config-yaml")
// the names of its built-in tools, out of the bundle of the Continue CLI (src/tools/builtInToolNames.ts)
const cli = fs.readFileSync(path.join(base, "package", "dist", "index.js"), "utf8")
const BUILTIN = JSON.parse(/\["AskQuestion"(?:,"[A-Za-z]+")+\]/.exec(cli)[0])

async function main() {
	const lib = await import(pathToFileURL(path.join(pkg, "dist", "index.js")).href)
	const result = { client: "continue", version: JSON.parse(fs.readFileSync(path.join(pkg, "package.json"))).version,
		via: "@continuedev/config-yaml parseAgentFile", known: { tools: BUILTIN }, agents: [], errors: [] }
	const folder = path.join(dir, ".continue", "agents")
	const files = fs.existsSync(folder)
		? fs.readdirSync(folder, { recursive: true }).map(String).filter((f) => fs.statSync(path.join(folder, f)).isFile()).sort() : []
	for (const f of files) {
		const rel = path.join(".continue", "agents", f)
		if (f.includes(path.sep) || !/\.(md|markdown)$/.test(f)) {
			result.errors.push({ file: rel, silent: true, message: "not looked at (only *.md directly in .continue/agents)" })
			continue
		}
		const said = []
		const warn = console.warn
		console.warn = (...a) => said.push(a.map(String).join(" ").split("\n")[0])
		try {
			const a = lib.parseAgentFile(fs.readFileSync(path.join(folder, f), "utf8"))
			const t = a.tools === undefined ? undefined : lib.parseAgentFileTools(a.tools)
			const named = t ? t.tools.filter((x) => !x.mcpServer).map((x) => x.toolName) : []
			const unknown = named.filter((x) => !BUILTIN.includes(x))
			result.agents.push({ file: rel, name: a.name, description: a.description ?? null,
				// the CLI: no list, or only built_in: every built-in tool; else just those named
				tools: !t || (!named.length && (t.allBuiltIn || !t.mcpServers.length)) ? "all" : named.filter((x) => BUILTIN.includes(x)),
				mcp: t ? t.tools.filter((x) => x.mcpServer) : [],
				...(unknown.length ? { tools_not_builtin: unknown } : {}),
				model: a.model ?? null, mode: "primary", rules: a.rules === undefined ? null : lib.parseAgentFileRules(a.rules),
				prompt: a.prompt })
		} catch (e) {
			result.errors.push({ file: rel, message: [...said, String(e.message)].join("; ") })
		} finally {
			console.warn = warn
		}
	}
	process.stdout.write(JSON.stringify(result, null, 1) + "\n")
}
main().catch((e) => { console.error(e); process.exit(1) })
