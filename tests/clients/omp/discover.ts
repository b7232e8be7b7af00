// What Oh My Pi finds in a project, by its own function: discover.ts PACKAGE PROJECT
const [pack, project] = process.argv.slice(2)
const { discoverAgents } = await import(`${pack}/src/task/discovery.ts`)
const { agents } = await discoverAgents(project)
console.log(JSON.stringify(agents.filter((agent) => agent.source === "project")))
