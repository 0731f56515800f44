// Reads the files of a zip piece by piece, without unpacking it as a whole.

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const COMMENT = 65_557;

/** Return {name, blob()} of each file in a zip. Throws an Error that says what is wrong. */
export async function filesOf(zip) {
  const tail = await view(zip, Math.max(0, zip.size - COMMENT), zip.size);
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw new Error(`${zip.name} is no zip, or is cut short.`);
  const count = tail.getUint16(at + 10, true);
  const start = tail.getUint32(at + 16, true);
  if (start === 0xffffffff || count === 0xffff) throw new Error(`${zip.name} is too large a zip: make several.`);
  const list = await view(zip, start, start + tail.getUint32(at + 12, true));
  const found = [];
  for (let place = 0; place + 46 <= list.byteLength && list.getUint32(place, true) === ENTRY;) {
    const lengths = [28, 30, 32].map((each) => list.getUint16(place + each, true));
    const bytes = new Uint8Array(list.buffer, place + 46, lengths[0]);
    const entry = {
      name: new TextDecoder().decode(bytes),
      locked: (list.getUint16(place + 8, true) & 1) === 1,
      method: list.getUint16(place + 10, true),
      packed: list.getUint32(place + 20, true),
      size: list.getUint32(place + 24, true),
      start: list.getUint32(place + 42, true),
    };
    if (!entry.name.endsWith("/")) {
      found.push({name: entry.name, size: entry.size, blob: (most) => unpacked(zip, entry, most)});
    }
    place += 46 + lengths[0] + lengths[1] + lengths[2];
  }
  return found;
}

async function unpacked(zip, entry, most) {
  if (entry.locked || ![0, 8].includes(entry.method)) throw new Error("It is locked, or packed in a way that I can't read.");
  const head = await view(zip, entry.start, entry.start + 30);
  const start = entry.start + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const part = zip.slice(start, start + entry.packed);
  if (entry.method === 0) return part;
  // What it unpacks to is counted: the zip may say anything.
  const parts = [];
  let size = 0;
  const reader = part.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.length;
    if (size > most) {
      await reader.cancel();
      throw new Error("It is larger than may be.");
    }
    parts.push(read.value);
  }
  return new Blob(parts);
}

async function view(file, from, to) {
  return new DataView(await file.slice(from, to).arrayBuffer());
}
