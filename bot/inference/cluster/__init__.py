"""Pictures worked on by a Ray cluster: what the bot asks, and what `moedex serve` answers with.

`backend`, `client`, `wire` and `settings` are the bot's side and need no Ray. `door` is HTTP in
front of a cluster, `deployments` is what runs on its nodes, `node` starts and ends both; `bulk`
names files by the million. Those need `moedex[cluster]`.
"""
