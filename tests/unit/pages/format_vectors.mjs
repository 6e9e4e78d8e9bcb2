// Write every vector as format.js does: takes {page, vectors} on stdin, gives the texts on stdout.
let told = "";
for await (const part of process.stdin) told += part;
const { page, vectors } = JSON.parse(told);
globalThis.document = { getElementById: () => ({ textContent: JSON.stringify(page) }) };
const { write } = await import(new URL("format.js", `file://${process.argv[2]}/`));
process.stdout.write(JSON.stringify(vectors.map(({ value, form, now }) => write(value, form, now))));
