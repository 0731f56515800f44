// The history of a face: who said what, what its label became, and taking back what one said.

import {button, call, element} from "./page.js";

/** The lines of a face's history; `undone()` hears that what one said was taken back. */
export async function historyOf(server, face, undone) {
  const {events, mine} = await call(`/api/v1/label/${server}/faces/${face}/log`);
  const lines = events.map((each) => {
    const when = new Date(each.at).toLocaleString("en", {dateStyle: "medium", timeStyle: "short"});
    return element("li", "", `${when}: ${each.who} ${each.what}`);
  });
  if (!lines.length) lines.push(element("li", "", "Nobody said anything yet."));
  if (mine) {
    const way = element("li", "way");
    way.append(button("Take back what you said", async () => {
      const body = {said: [{face, kind: mine}]};
      await call(`/api/v1/label/${server}/undo`, {method: "POST", body});
      await undone();
    }));
    lines.push(way);
  }
  return lines;
}
