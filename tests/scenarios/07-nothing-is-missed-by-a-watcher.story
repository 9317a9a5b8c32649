Nothing is missed by a watcher

Consumers drowned in a dozen kinds of events, and some changes had none. Here each change of a referral is
one row of one stream, in the order of the log, and whoever was away goes on from where it stopped.
---
person Jordan
parole-north refers Jordan to housing-harbor as ROOM
housing-harbor collects
housing-harbor moves ROOM receive --worker w-21
parole-north collects
expect rows of parole-north: referral watch --once: ROOM, ROOM
parole-north runs referral watch --once as LAST
the broker is killed
housing-harbor moves ROOM accept
housing-harbor moves ROOM start
parole-north collects
expect rows of parole-north: referral watch --once --limit 4: ROOM, ROOM, ROOM, ROOM
expect parole-north: referral watch --once with toState=IN_PROGRESS, by=housing-harbor, version=4
expect no row of probation-west: referral watch --once
# After the first row's position there are the three others.
expect rows of parole-north: referral watch --once --after {LAST.logSequence}: ROOM, ROOM, ROOM
