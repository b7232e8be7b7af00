// Runs the functions of Command Code that find agents, read them and choose their tools, taken out of its bundle as they
// are, on the .commandcode/agents of a project; prints one JSON object. No session of it is run: that wants a login.
//
// Of its constants those that the functions need stand here; each is looked up in the bundle, or nothing is answered.
import fs from "node:fs"
import fsp from "node:fs/promises"
import os from "node:os"
import path from "node:path"
import { createRequire } from "node:module"

const [base, given] = process.argv.slice(2)
const project = path.resolve(given)
const pkg = path.join(base, "node_modules/command-code")
const code = fs.readFileSync(path.join(pkg, "dist/cli.mjs"), "utf8")
const { load } = createRequire(path.join(pkg, "any.js"))("js-yaml")

const FUNCTIONS = `isPlainObject3 parseFrontmatter sanitizeAgentName toAgentToolDisplayName isReservedAgentName str homeDir9
parentDir2 walkUpToFindDir2 userAgentDir projectAgentDirs parseToolAccess parseDenyList recordAgentConfigWarning
parseMaxTurns parsePermissionMode normalizePermissionMode isReasoningEffort parseReasoningEffort parseBooleanFlag
quoteBareToolsWildcard scanAgentsDir scanAllAgents createAgentRegistry resolveSubagentTools toPascalCase`.split(/\s+/)
// name in the bundle -> its value there
const CONSTANTS = {
	Lr: 'new Set(["default","auto-accept","plan","bypass","dont-ask"])',
	Dr: '{standard:"default",manual:"default",acceptedits:"auto-accept","accept-edits":"auto-accept",dontask:"dont-ask",yolo:"bypass",bypasspermissions:"bypass","bypass-permissions":"bypass"}',
	Uw: '["explore","plan","review","general"]',
	Ww: 'new Set(["agent","agent_output"])',
	zw: '["low","medium","high","xhigh","max"]',
	Fw: "10",
}
// what it offers to its agents; the last of a server that the session has
const NEVER = ["enter_plan_mode", "exit_plan_mode", "ask_user_question", "run_command", "enter_worktree", "exit_worktree", "sleep", "schedule_wakeup"]
const TOOLS = `read_file edit_file read_directory write_file grep glob shell_command shell_output monitor_command monitor_events
shell_tasks cron_create cron_list cron_delete schedule_wakeup todo_write task_create task_update task_list task_get task_output
task_stop ask_user_question run_command kill_shell sleep exit_plan_mode enter_plan_mode plan_review enter_worktree exit_worktree
get_diagnostics taste web_search web_fetch vision agent agent_output activate_skill`.split(/\s+/)

// from `function NAME(` to the bracket that closes its body; strings are passed over
function body(name) {
	const found = new RegExp(`(?:async )?function ${name}\\(`).exec(code)
	if (!found) throw new Error(`no function ${name} in the bundle`)
	const end = (at, open, close) => {
		for (let depth = 0, quote = ""; ; at++) {
			const sign = code[at]
			if (quote) {
				if (sign === "\\") at++
				else if (sign === quote) quote = ""
			} else if ("\"'`".includes(sign)) quote = sign
			else if (sign === open) depth++
			else if (sign === close && !--depth) return at
		}
	}
	const parameters = end(found.index + found[0].length - 1, "(", ")")
	return code.slice(found.index, end(parameters + 1, "{", "}") + 1)
}

function program() {
	for (const [name, value] of Object.entries(CONSTANTS))
		if (!code.includes(`${name}=${value}`)) throw new Error(`${name} is not ${value} in the bundle`)
	for (const name of [...NEVER, ...TOOLS]) if (!code.includes(`"${name}"`)) throw new Error(`no ${name} in the bundle`)
	const renamed = /(\w+)=\{bash_output:\{/.exec(code)
	const lines = Object.entries(CONSTANTS).map(([name, value]) => `const ${name}=${value};`)
	lines.push(`const ${renamed[1]}={bash_output:{to:"shell_output"},tool_search:{to:"search_tools"},read_multiple_files:{to:"read_file"}};`)
	lines.push("const __name=(f)=>f,Hw=[],Vw=new Set(),Gw={};", ...FUNCTIONS.map(body))
	lines.push("const PS=Object.fromEntries(TOOLS.map(e=>[toPascalCase(e),e]));", "return {createAgentRegistry,resolveSubagentTools}")
	return new Function("fe", "TOOLS", lines.join("\n"))(load, TOOLS)
}

const { createAgentRegistry, resolveSubagentTools } = program()
const home = fs.mkdtempSync(path.join(os.tmpdir(), "command-code-"))
const there = (file) => fsp.access(file).then(() => true, () => false)
const runtime = {
	env: () => ({ HOME: home }),
	cwd: () => project,
	fs: { exists: ({ path: file }) => there(file), readdir: ({ path: file }) => fsp.readdir(file), read: ({ path: file }) => fsp.readFile(file, "utf8") },
}
const errors = [], warnings = []
console.error = (...words) => {
	const file = /from (.*):$/.exec(String(words[0]))
	errors.push({ file: file ? `.commandcode/agents/${file[1]}` : null, message: words.slice(1).join(" "), stage: "load" })
}
const available = [...TOOLS, "mcp__srv__tool"].filter((name) => !NEVER.includes(name)).map((name) => ({ schema: { name } }))
const registry = await createAgentRegistry({ runtime, warnings, bundled: [] })
const agents = registry.list().map((agent) => ({
	file: path.relative(project, agent.filePath),
	name: agent.name,
	description: agent.description,
	prompt: agent.systemPrompt,
	tools: resolveSubagentTools({ access: agent.tools, disallowedTools: agent.disallowedTools, available }).map((tool) => tool.schema.name),
	model: agent.model ?? null,
	effort: agent.reasoningEffort ?? null,
	permissionMode: agent.permissionMode ?? null,
	maxTurns: agent.maxTurns ?? null,
	background: agent.background ?? null,
}))
fs.rmSync(home, { recursive: true })
const { version } = JSON.parse(fs.readFileSync(path.join(pkg, "package.json"), "utf8"))
process.stdout.write(JSON.stringify({ client: "commandcode", version, agents, errors, warnings }, null, 1) + "\n")
