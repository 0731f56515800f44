// Thumbnails for a grid, many with one request; what is in sight now is loaded first.

const AT_ONCE = 60;
const KEPT = 3000;
const CALLS = 2;

export class Thumbnails {
  /** `came(ids)` hears which are there now. */
  constructor(server, came) {
    Object.assign(this, {server, came, calls: 0, wanted: []});
    this.urls = new Map();
    this.asked = new Set();
  }

  /** The address of a face's thumbnail; empty while it is not there. */
  of(id) {
    return this.urls.get(id) ?? "";
  }

  /** Say which are in sight; those that were wanted before, and are not any more, are let go. */
  want(ids) {
    this.wanted = ids.filter((id) => !this.urls.has(id) && !this.asked.has(id));
    this.load();
  }

  clear() {
    for (const url of this.urls.values()) if (url) URL.revokeObjectURL(url);
    this.urls = new Map();
    this.asked = new Set();
    this.wanted = [];
  }

  async load() {
    if (this.calls >= CALLS || !this.wanted.length) return;
    const ids = this.wanted.splice(0, AT_ONCE);
    const [urls, asked] = [this.urls, this.asked];
    for (const id of ids) asked.add(id);
    this.calls += 1;
    try {
      const answer = await fetch(`/api/v1/label/${this.server}/thumbnails?faces=${ids.join(",")}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const data = await answer.arrayBuffer();
      if (urls !== this.urls) return;
      this.read(ids, data);
      this.came(ids);
    } catch {
      // They are asked for again the next time that they come in sight.
      for (const id of ids) asked.delete(id);
    } finally {
      this.calls -= 1;
      this.load();
    }
  }

  read(ids, data) {
    const lengths = new DataView(data);
    let at = 0;
    for (const id of ids) {
      const length = lengths.getUint32(at);
      const file = new Blob([data.slice(at + 4, at + 4 + length)], {type: "image/webp"});
      this.urls.set(id, length ? URL.createObjectURL(file) : "");
      this.asked.delete(id);
      at += 4 + length;
    }
    // The oldest go; a grid shows a hundred at a time.
    for (const [id, url] of this.urls) {
      if (this.urls.size <= KEPT) break;
      this.urls.delete(id);
      if (url) URL.revokeObjectURL(url);
    }
  }
}
