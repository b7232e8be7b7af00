// Reads .roomodes of the project (and custom_modes.yaml, the user-level file, if present)
// the way the Roo Code extension does; print one JSON object.
//
// Roo Code is a VS Code extension with no offline loader on npm, so this follows the steps of
// its CustomModesManager (strip BOM, replace odd characters, YAML, JSON as fallback for
// .roomodes) and validates with the extension's own published zod schema (@roo-code/types).
// The group-to-tool table is not in the published package; it is restated below from the
// extension's sources (src/shared/tools.ts, v3.52.1).
import fs from "node:fs"
import path from "node:path"
import { createRequire } from "node:module"

const [base, dir] = process.argv.slice(2)
const root = path.join(base, "node_modules")
const require = createRequire(path.join(root, "any.js"))
const roo = require(path.join(root, "@roo-code/types"))
const yaml = require(path.join(root, "yaml"))
const version = require(path.join(root, "@roo-code/types/package.json")).version

const GROUP_TOOLS = {
	read: ["read_file", "search_files", "list_files", "codebase_search"],
	edit: ["apply_diff", "write_to_file", "generate_image"],
	command: ["execute_command", "read_command_output"],
	mcp: ["use_mcp_tool", "access_mcp_resource"],
	modes: ["switch_mode", "new_task"],
}
const ALWAYS = ["ask_followup_question", "attempt_completion", "switch_mode", "new_task",
	"update_todo_list", "run_slash_command", "skill"]
// characters the extension rewrites before parsing
const ODD = { 0x00a0: " ", 0x200b: "", 0x200c: "", 0x200d: "", 0x2018: "'", 0x2019: "'", 0x201c: '"', 0x201d: '"',
	0x2010: "-", 0x2011: "-", 0x2012: "-", 0x2013: "-", 0x2014: "-", 0x2015: "-", 0x2212: "-" }

function clean(text) {
	let out = "", changed = 0
	for (const ch of text.replace(/^\uFEFF/, "")) {
		const to = ODD[ch.codePointAt(0)]
		if (to === undefined) out += ch
		else { out += to; changed++ }
	}
	return [out, changed]
}

function readFile(dir, name, source, result) {
	const file = path.join(dir, name)
	if (!fs.existsSync(file)) return
	const fail = (message, extra) => result.errors.push({ file: name, message, ...extra })
	const text = fs.readFileSync(file, "utf8")
	const [cleaned, changed] = clean(text)
	if (changed) fail(`${changed} odd character(s) (dashes, quotes, no-break or zero-width spaces) were rewritten on load`, { note: true })
	let doc
	try {
		doc = yaml.parse(cleaned) ?? {}
	} catch (e) {
		try {
			if (name !== ".roomodes") throw e
			doc = JSON.parse(text)
		} catch {
			return fail("YAML: " + String(e.message).split("\n")[0])
		}
	}
	if (typeof doc !== "object" || !doc.customModes) return fail("no customModes: nothing loaded, nothing said")
	const whole = roo.customModesSettingsSchema.safeParse(doc)
	if (!whole.success) {
		for (const i of whole.error.issues) {
			const mode = i.path[0] === "customModes" && doc.customModes[i.path[1]]
			fail(`${i.path.join(".")}: ${i.message}`, mode && mode.slug ? { slug: mode.slug } : {})
		}
		fail("the whole file is rejected: none of its modes load", { fatal: true })
		// which modes would load on their own
		const alone = Array.isArray(doc.customModes)
			? doc.customModes.filter((m) => roo.modeConfigSchema.safeParse(m).success).map((m) => m.slug) : []
		if (alone.length) result.valid_alone = (result.valid_alone || []).concat(alone)
		return
	}
	whole.data.customModes.forEach((m, n) => {
		const raw = doc.customModes[n]
		const dropped = Object.keys(raw).filter((k) => !(k in m))
		const gone = (raw.groups || []).filter((g) => roo.deprecatedToolGroups.includes(Array.isArray(g) ? g[0] : g))
		const names = m.groups.map((g) => (Array.isArray(g) ? g[0] : g))
		const tools = new Set(ALWAYS)
		names.forEach((g) => GROUP_TOOLS[g].forEach((t) => tools.add(t)))
		result.agents.push({
			file: name, name: m.slug, displayName: m.name,
			description: m.description ?? null, whenToUse: m.whenToUse ?? null,
			model: null, mode: "primary", source,
			groups: m.groups, tools: [...tools],
			permission: m.groups.filter(Array.isArray).map(([group, o]) => ({ group, ...o })),
			prompt: m.roleDefinition, customInstructions: m.customInstructions ?? null,
			overrides_builtin: roo.DEFAULT_MODES.some((d) => d.slug === m.slug),
			...(dropped.length ? { ignored_fields: dropped } : {}),
			...(gone.length ? { dropped_groups: gone } : {}),
		})
	})
}

const result = { client: "roo", version, via: "@roo-code/types zod schema", agents: [], errors: [],
	known: { tools: roo.toolNames, groups: roo.toolGroups } }
readFile(dir, ".roomodes", "project", result)
readFile(dir, "custom_modes.yaml", "global", result)
// a project mode hides a user-level mode with the same slug
result.agents = result.agents.filter((a) => a.source === "project"
	|| !result.agents.some((b) => b.source === "project" && b.name === a.name))
result.builtin_agents = roo.DEFAULT_MODES.map((m) => m.slug)
process.stdout.write(JSON.stringify(result, null, 1) + "\n")
