// What the SDK's own loader and validator, loadLocalAgents({validate: true}), make of .agents of a project; each file by
// itself, for of two with one id the later one wins. An agent's file is a program, and loading it runs it.
//
// The tools are those that a model would be told of: names of the list that the program has a tool for (getToolSet; the
// table is read from the bundle, which exports none), and the tools of its own MCP servers (getMCPToolData).
import fs from "node:fs"
import os from "node:os"
import path from "node:path"
import { pathToFileURL } from "node:url"

const [base, given] = process.argv.slice(2)
const root = path.resolve(given)
const pkg = path.join(base, "node_modules/@codebuff/sdk")
const version = JSON.parse(fs.readFileSync(path.join(pkg, "package.json"), "utf8")).version
const bundle = fs.readFileSync(path.join(pkg, "dist/index.mjs"), "utf8")
const TOOLS = [...(/\nvar toolParams = \{([^}]*)\}/.exec(bundle)?.[1] ?? "").matchAll(/^\s*(\w+):/gm)].map((m) => m[1])
const print = process.stdout.write.bind(process.stdout)
process.stdout.write = () => true

const said = []
for (const word of ["log", "info", "warn", "debug", "error"]) console[word] = (...all) => said.push(all.map(String).join(" "))
const { loadLocalAgents } = await import(pathToFileURL(path.join(pkg, "dist/index.mjs")))

function tools(agent) {
	const names = agent.toolNames ?? []
	const agents = (agent.spawnableAgents ?? []).length > 0 // without any the tool is there, and starts nobody
	const own = names.filter((name) => TOOLS.includes(name) && (agents || !name.startsWith("spawn_agent")))
	const servers = Object.keys(agent.mcpServers ?? {}).flatMap((server) => {
		const asked = names.filter((name) => name.split("/")[0] === server && name.includes("/"))
		return asked.length ? asked.filter((name) => !name.endsWith("/*")) : [`${server}/*`]
	})
	return [...own, ...servers]
}

const out = { client: "codebuff", version: `sdk ${version}`, known: { tools: TOOLS }, agents: [], errors: [] }
const folder = path.join(root, ".agents")
const files = fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true }).map(String).sort() : []
for (const name of files.filter((one) => fs.statSync(path.join(folder, one)).isFile())) {
	const file = path.posix.join(".agents", name)
	const one = fs.mkdtempSync(path.join(os.tmpdir(), "one-"))
	const target = path.join(one, ".agents", name)
	fs.mkdirSync(path.dirname(target), { recursive: true })
	fs.copyFileSync(path.join(folder, name), target)
	said.length = 0
	const { agents, validationErrors } = await loadLocalAgents({ agentsPath: path.join(one, ".agents"), verbose: true, validate: true })
	for (const a of Object.values(agents))
		out.agents.push({
			file, name: a.id, title: a.displayName, description: a.spawnerPrompt ?? null, prompt: a.instructionsPrompt ?? null,
			tools: tools(a), model: a.model, effort: a.reasoningOptions?.effort ?? null, agents: a.spawnableAgents ?? [],
			steps: Boolean(a.handleSteps),
		})
	const problems = [...validationErrors.map((e) => e.message), ...said].map((text) => text.replaceAll(one + path.sep, ""))
	if (!Object.keys(agents).length) out.errors.push({ file, message: problems[0]?.slice(0, 400) ?? "passed over without a word" })
}
print(JSON.stringify(out, null, 1) + "\n")
process.exit(0)
