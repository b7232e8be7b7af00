// Has Cline's own library (@cline/core) read .cline/agents/*.{yml,yaml}. Nothing is started.
import fs from "node:fs"
import path from "node:path"
import { pathToFileURL } from "node:url"

const [base, given] = process.argv.slice(2)
const dir = path.resolve(given)
const root = path.join(base, "node_modules", "@cline", "core")

// not exported by the library: how names in `tools` are mapped (runtime-builder in @cline/core 0.0.86)
const ALIAS = { apply_diff: "editor", attempt_completion: "submit_and_exit", bash: "run_commands",
	execute_command: "run_commands", list_code_definition_names: "search_codebase", list_files: "run_commands",
	read_file: "read_files", replace_in_file: "editor", search_files: "search_codebase", use_skill: "skills",
	write_to_file: "editor" }

async function main() {
	const core = await import(pathToFileURL(path.join(root, "dist", "index.js")).href)
	const known = core.ALL_DEFAULT_TOOL_NAMES || ["read_files", "search_codebase", "run_commands",
		"fetch_web_content", "apply_patch", "editor", "skills", "ask_question", "submit_and_exit"]
	const got = core.loadConfiguredAgentConfigs({ searchPaths: [path.join(dir, ".cline", "agents")] })
	const names = new Map(core.buildConfiguredAgentToolDescriptors(got.configs).map((d) => [d.config, d.toolName]))
	const rel = (p) => path.relative(dir, p)
	const agents = got.configs.map((c) => {
		const mapped = c.tools && c.tools.map((t) => ALIAS[t.toLowerCase()] ?? t.toLowerCase())
		const unknown = mapped && c.tools.filter((t, i) => !known.includes(mapped[i]))
		return { file: rel(c.path), name: c.name, tool_name: names.get(c), description: c.description,
			tools: mapped ? [...new Set(mapped.filter((t) => known.includes(t)).concat(c.skills ? ["skills"] : []))] : "all",
			...(unknown && unknown.length ? { tools_without_effect: unknown } : {}),
			skills: c.skills ?? null, model: c.modelId ?? null, provider: c.providerId ?? null,
			mode: "subagent", maxIterations: c.maxIterations ?? null, prompt: c.systemPrompt }
	})
	const errors = got.errors.map((e) => ({ file: rel(e.path), message: String(e.error.message) }))
	const seen = new Set([...agents.map((a) => a.file), ...errors.map((e) => e.file)])
	const folder = path.join(dir, ".cline", "agents")
	if (fs.existsSync(folder))
		for (const e of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
			const f = rel(path.join(e.parentPath ?? e.path, e.name))
			if (e.isFile() && !seen.has(f))
				errors.push({ file: f, silent: true, message: "not read (only *.yml and *.yaml directly in .cline/agents, first of a name wins)" })
		}
	const version = JSON.parse(fs.readFileSync(path.join(root, "package.json"))).version
	process.stdout.write(JSON.stringify({ client: "cline", version, via: "@cline/core", agents, errors, known: { tools: known } }, null, 1) + "\n")
	process.exit(0)
}
main().catch((e) => { console.error(e); process.exit(1) })
