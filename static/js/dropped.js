// What was dropped on a page: files, and the files of folders, each with its path below what was dropped.

const entriesOf = (reader) => new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
const fileOf = (entry) => new Promise((resolve, reject) => { entry.file(resolve, reject); });

async function* below(entry) {
  if (entry.isFile) {
    const blob = await fileOf(entry);
    yield { path: entry.fullPath.replace(/^\//, ""), size: blob.size, blob };
    return;
  }
  const reader = entry.createReader();
  for (let found = await entriesOf(reader); found.length; found = await entriesOf(reader)) {
    for (const one of found) yield* below(one);
  }
}

/** Reads the drop's entries at once, as browsers demand, and their files in its own time. */
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [];
  for (const entry of entries) {
    for await (const file of below(entry)) files.push(file);
  }
  return files;
}
