// What Elk and Phanpy do with masto.js, at a live instance: prints one JSON object of what it was told.
import { createRestAPIClient, createStreamingAPIClient } from "masto";

const { ORIGIN: url, ADA, BOB, PICTURE } = process.env;
const ada = createRestAPIClient({ url, accessToken: ADA });
const bob = createRestAPIClient({ url, accessToken: BOB });
const told = {};

const instance = await ada.v2.instance.fetch();
told.domain = instance.domain;
const me = await ada.v1.accounts.verifyCredentials();
const other = await bob.v1.accounts.verifyCredentials();
told.people = [me.username, other.username];
await ada.v1.accounts.$select(other.id).follow({ reblogs: false });

const file = new Blob([Buffer.from(PICTURE, "base64")], { type: "image/png" });
const media = await bob.v2.media.create({ file, description: "A square" });
told.media = [media.type, media.url !== null, media.meta.original.width];
const pictured = await bob.v1.statuses.create({ status: "Look", mediaIds: [media.id] });
told.attached = pictured.mediaAttachments.map((one) => one.description);
const asked = await bob.v1.statuses.create({
  status: "Tea?",
  poll: { options: ["Yes", "No"], expiresIn: 3600, multiple: true },
});
const voted = await ada.v1.polls.$select(asked.poll.id).votes.create({ choices: [0, 1] });
told.voted = [voted.ownVotes, voted.votesCount];

for (const number of [1, 2, 3]) await bob.v1.statuses.create({ status: `Number ${number}` });
told.pages = [];
for await (const page of ada.v1.timelines.home.list({ limit: 2 })) told.pages.push(page.length);

const filter = await ada.v2.filters.create({
  title: "Fog",
  context: ["home"],
  filterAction: "warn",
  keywordsAttributes: [{ keyword: "fog", wholeWord: "true" }],
});
told.filter = [filter.title, filter.keywords.map((one) => one.keyword)];
const groups = await bob.v2.notifications.list();
told.groups = groups.notificationGroups.map((one) => one.type);
const found = await ada.v2.search.list({ q: other.acct, type: "accounts" });
told.found = found.accounts.map((one) => one.username);
try {
  await ada.v1.statuses.$select("nothing").fetch();
} catch (error) {
  told.refused = [error.name, error.statusCode];
}

const streaming = createStreamingAPIClient({ streamingApiUrl: instance.configuration.urls.streaming, accessToken: ADA });
const events = streaming.user.subscribe();
told.events = [];
const heard = (async () => {
  for await (const event of events) {
    told.events.push([event.event, event.payload?.content ?? event.payload]);
    if (event.event === "delete") break;
  }
})();
// The server does not answer a subscription: whoever is subscribed hears of a changed filter.
while (told.events.length === 0) {
  await ada.v2.filters.$select(filter.id).update({ title: "Mist" });
  await new Promise((resolve) => setTimeout(resolve, 200));
}
told.events.length = 0;
// A stream tells what is there when it tells: each event is awaited before the next thing is done.
const hear = async (name) => {
  while (!told.events.some(([heard]) => heard === name)) await new Promise((resolve) => setTimeout(resolve, 50));
};
const live = await bob.v1.statuses.create({ status: "Live" });
await hear("update");
await bob.v1.statuses.$select(live.id).update({ status: "Changed" });
await hear("status.update");
await bob.v1.statuses.$select(live.id).remove();
await heard;
streaming.close();
told.events = told.events.filter(([name]) => name !== "filters_changed");
told.live = live.id;
console.log(JSON.stringify(told));
