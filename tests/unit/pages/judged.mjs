// Age every state as state.js does: takes {page, cases} on stdin, gives what a page would say.
let told = "";
for await (const part of process.stdin) told += part;
const { page, cases } = JSON.parse(told);
globalThis.document = { getElementById: () => ({ textContent: JSON.stringify(page) }) };
const { lookAt } = await import(new URL("state.js", `file://${process.argv[2]}/`));
process.stdout.write(JSON.stringify(cases.map(({ state, cutMs }) => lookAt(state, state.age_ms, cutMs, null))));
