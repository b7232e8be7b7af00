// What GitAgent's own loader makes of the sub-agents of a repository (agents/*.md); prints one JSON object.
//
// Each file is put into a repository of its own, whose agent has no other. An agent is there when the loader finds it and
// the prompt that it builds for the agent of the repository lists it. The instructions below the header are read by the
// model itself, with the tool `read`, so they are not shown.
import fs from "node:fs"
import os from "node:os"
import path from "node:path"
import { pathToFileURL } from "node:url"

const [base, given] = process.argv.slice(2)
const dir = path.resolve(given)
const pkg = path.join(base, "node_modules/@open-gitagent/gitagent")
const print = console.log
console.log = console.warn = console.error = () => {}

const ROOT = `spec_version: "0.1.0"
name: root
version: 1.0.0
description: The agent of the repository.
model: {preferred: "anthropic:claude-sonnet-4-5-20250929", fallback: []}
tools: [cli, read]
runtime: {max_turns: 5}
`

async function main() {
	const imported = (file) => import(pathToFileURL(path.join(pkg, "dist", file)).href)
	const { loadAgent } = await imported("loader.js")
	const version = JSON.parse(fs.readFileSync(path.join(pkg, "package.json"), "utf8")).version
	const result = { client: "gitagent", version, agents: [], errors: [] }
	const tmp = fs.mkdtempSync(path.join(os.tmpdir(), "load-gitagent-"))
	const folder = path.join(dir, "agents")
	const files = fs.existsSync(folder) ? fs.readdirSync(folder).filter((f) => f.endsWith(".md")).sort() : []
	try {
		for (const f of files) {
			const one = path.join(tmp, "one")
			fs.rmSync(one, { recursive: true, force: true })
			fs.mkdirSync(path.join(one, "agents"), { recursive: true })
			fs.writeFileSync(path.join(one, "agent.yaml"), ROOT)
			fs.copyFileSync(path.join(folder, f), path.join(one, "agents", f))
			// a second one: they are sorted by their names, which fails for what is no text
			fs.writeFileSync(path.join(one, "agents", "zz-beside.md"), "---\ndescription: Stands beside.\n---\n")
			const file = path.posix.join("agents", f)
			try {
				const loaded = await loadAgent(one)
				const found = loaded.subAgents.find((a) => a.path === file)
				const listed = found && loaded.systemPrompt.includes(`<name>${found.name}</name>\n<description>${found.description}</description>`)
				if (!listed) result.errors.push({ file, silent: true, message: "not listed" })
				else result.agents.push({ file, name: String(found.name), description: String(found.description) })
			} catch (e) {
				result.errors.push({ file, fatal: true, message: String(e.message).split("\n")[0] })
			}
		}
	} finally {
		fs.rmSync(tmp, { recursive: true, force: true })
	}
	print(JSON.stringify(result, null, 1))
	process.exit(0)
}
main()
