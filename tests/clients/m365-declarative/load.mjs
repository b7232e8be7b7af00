// What the Microsoft 365 Agents Toolkit makes of the declarative agents in a project; prints one JSON object.
//
// Each file is read, filled in (`$[file('…')]`, `${{…}}`) and held against the schema that it names by the toolkit's own
// functions, as `atk provision` does before it sends the app; the schemas are in its packages. The service is never asked.
import fs from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

const [base, given] = process.argv.slice(2)
const dir = path.resolve(given)
const print = console.log
console.log = console.warn = console.error = () => {}
globalThis.fetch = () => Promise.reject(new Error("no network"))

const require = createRequire(path.join(base, "node_modules/@microsoft/teamsfx-core/package.json"))
const core = "@microsoft/teamsfx-core/build/component/driver/teamsApp/utils"
const nothing = () => {}
const context = {
	projectPath: dir,
	platform: "cli",
	logProvider: { error: nothing, warning: nothing, info: nothing, debug: nothing, verbose: nothing },
}

function folders(at) {
	const found = []
	for (const one of fs.readdirSync(at, { withFileTypes: true })) {
		if (one.name === "node_modules" || one.name === ".git") continue
		const full = path.join(at, one.name)
		if (one.isDirectory()) found.push(...folders(full))
		else if (one.name.endsWith(".json") && one.name !== "manifest.json") found.push(full)
	}
	return found.sort()
}

async function main() {
	const from = path.join(base, "node_modules", core)
	const { copilotGptManifestUtils } = require(path.join(from, "CopilotGptManifestUtils"))
	const { AppManifestUtils } = require("@microsoft/teamsfx-api")
	const version = require(path.join(base, "node_modules/@microsoft/teamsfx-core/package.json")).version
	const result = { client: "m365-declarative", version, agents: [], errors: [] }
	for (const full of folders(dir)) {
		const file = path.relative(dir, full).split(path.sep).join("/")
		const refused = (message) => result.errors.push({ file, message: String(message).slice(0, 300) })
		try {
			const read = await copilotGptManifestUtils.getManifest(full, context)
			if (read.isErr()) {
				refused(read.error.message)
				continue
			}
			const agent = read.value
			const wrong = await AppManifestUtils.validateAgainstSchema(agent)
			if (wrong.length) refused(wrong.join("; "))
			else
				result.agents.push({
					file,
					name: agent.name,
					description: agent.description,
					prompt: agent.instructions ?? null,
					tools: (agent.capabilities ?? []).map((one) => one.name),
					model: null,
				})
		} catch (e) {
			refused(e.message)
		}
	}
	print(JSON.stringify(result, null, 1))
	process.exit(0)
}

main()
